"""A time in the past gives what was there then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3syncd.errors import FatalError
from tests.e2e.site import tree
from tests.strict.fake import FakeStore
from tests.strict.restoring.place import Place


@pytest.fixture
def past(store: FakeStore, client: Any, tmp_path: Path) -> Iterator[Place]:
    """A bucket that keeps versions, seen ten minutes ago."""
    store.create_bucket("versioned", versioning=True)
    store.shift_clock(-600)
    yield Place(store, client, "versioned", tmp_path)


def test_a_time_gives_what_was_there_then(past: Place) -> None:
    past.put("kept", b"kept")
    past.put("changed", b"old")
    past.put("deleted later", b"was there")
    past.put("deleted before", b"gone")
    past.client.delete_object(Bucket=past.bucket, Key="p/deleted before")
    past.store.shift_clock(100)
    at = time.time() - 450
    past.store.shift_clock(100)
    past.put("changed", b"new")
    past.put("added", b"added")
    past.client.delete_object(Bucket=past.bucket, Key="p/deleted later")
    work, told = past.restore(at=at)
    assert told == {}
    assert tree(past.out) == {"kept": b"kept", "changed": b"old", "deleted later": b"was there"}
    assert (work.later, work.versioning) == (1, "Enabled")
    _, _ = past.restore(directory=past.folder / "now")
    assert tree(past.folder / "now") == {"kept": b"kept", "changed": b"new", "added": b"added"}


def test_where_versioning_was_suspended_the_past_has_holes(past: Place) -> None:
    past.put("a", b"kept")
    suspended = {"Status": "Suspended"}
    past.client.put_bucket_versioning(Bucket=past.bucket, VersioningConfiguration=suspended)
    past.put("b", b"overwritten")
    past.store.shift_clock(300)
    past.put("b", b"newer")
    work, told = past.restore(at=time.time() - 400)
    assert (told, work.versioning, work.later) == ({}, "Suspended", 1)
    assert tree(past.out) == {"a": b"kept"}
    past.restore(at=time.time() - 100, directory=past.folder / "later")
    assert tree(past.folder / "later") == {"a": b"kept", "b": b"newer"}


def test_without_versions_there_is_no_past(place: Place) -> None:
    place.put("a")
    with pytest.raises(FatalError, match="keeps no versions"):
        place.restore(at=time.time())
    assert not place.out.exists()
