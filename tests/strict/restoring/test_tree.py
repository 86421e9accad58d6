"""A tree comes back from the bucket as it was, all of it, and once."""

from __future__ import annotations

import random

import pytest

from s3syncd.core.restored import Restored
from s3syncd.errors import FatalError
from tests.e2e.site import tree, write
from tests.strict.faults import Fault, Kind
from tests.strict.restoring.place import MIB, Place


def test_the_tree_comes_back_with_times_and_permissions(place: Place) -> None:
    large = random.Random(1).randbytes(17 * MIB + 5)
    described = {"mtime": "1234567890.123456789", "mode": "33256"}  # 0o100750
    place.put("a/deep/file", b"one", Metadata=described)
    place.put("empty", b"")
    place.put("with rclone's", b"two", Metadata={"mtime": "1", "mode": "0100604"})
    place.put("set-user-id", b"three", Metadata={"mode": str(0o104755)})
    place.put_in_parts("large", large[: 9 * MIB], large[9 * MIB :])
    place.put("marker/", b"")
    place.client.put_object(Bucket=place.bucket, Key="pineapple", Body=b"another prefix")
    work, told = place.restore()
    assert told == {}
    assert work.is_whole
    assert work.counts == {"restored": 5}
    assert tree(place.out) == {
        "a/deep/file": b"one", "empty": b"", "with rclone's": b"two", "set-user-id": b"three",
        "large": large,
    }  # fmt: skip
    seen = (place.out / "a/deep/file").stat()
    assert (seen.st_mtime_ns, seen.st_mode) == (1234567890_123456789, 0o100750)
    assert (place.out / "with rclone's").stat().st_mode == 0o100604
    assert (place.out / "set-user-id").stat().st_mode == 0o100755
    assert not (place.out / ".s3syncd-restore").exists()
    assert not place.root.exists()


def test_what_is_proved_to_be_there_is_not_fetched_again(own: Place) -> None:
    own.put("small", b"small")
    own.put_in_parts("parts", b"a" * 5 * MIB, b"b" * 3)
    own.restore()
    fetched = own.store.fault(Fault(kind=Kind.DELAY, operation="GetObject", times=99))
    work, told = own.restore(may_hold_files=True)
    assert (work.counts, told) == ({"present": 2}, {})
    assert own.store.met(fetched) == 0


def test_a_file_that_differs_is_kept_or_told(place: Place) -> None:
    place.put("same", b"same")
    place.put("other", b"from the bucket")
    write(place.out / "same", b"same")
    write(place.out / "other", b"from the   user")
    write(place.out / "own", b"own")
    with pytest.raises(FatalError, match="not empty"):
        place.restore()
    work, told = place.restore(may_hold_files=True)
    assert told == {"other": "differs"}
    assert not work.is_whole
    assert (place.out / "other").read_bytes() == b"from the   user"
    work, told = place.restore(may_replace=True)
    assert told == {"other": "replaced"}
    assert work.is_whole
    assert tree(place.out) == {"same": b"same", "other": b"from the bucket", "own": b"own"}


def test_archived_objects_are_named_and_the_rest_comes(place: Place) -> None:
    place.put("cold", b"cold", StorageClass="DEEP_ARCHIVE")
    place.put("warm", b"warm")
    work, told = place.restore()
    assert told == {"cold": "archived"}
    assert "restore-object" in Restored("cold", "archived").hint
    assert tree(place.out).keys() == {"warm", ".s3syncd-restore/claim"}
    assert work.is_worth_repeating
    assert not work.is_whole


def test_filters_and_inner_sites_are_left_out(place: Place) -> None:
    for key in ("a", "b.tmp", "cache/c"):
        place.put(key)
    work, told = place.restore(config=place.config(exclusions=["\\.tmp$", "^cache/"]))
    assert (told, work.excluded, work.counts) == ({}, 2, {"restored": 1})
