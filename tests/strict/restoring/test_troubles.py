"""What ends a restore, and what is said of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3syncd.errors import FatalError, SiteUnavailable
from s3syncd.supervisor.restoring import Restoration, Wish
from tests.strict.faults import Fault, Kind
from tests.strict.restoring.place import Place


def test_a_bucket_that_is_not_there_is_told_and_nothing_is_made(place: Place) -> None:
    with pytest.raises(SiteUnavailable):
        place.restore(config=place.config(bucket="no-such-bucket"))
    assert not place.out.exists()


def test_credentials_that_expire_end_it_with_a_remedy(own: Place) -> None:
    own.put("a")
    own.store.fault(Fault(kind=Kind.ERROR, operation="GetObject", code="ExpiredToken", times=99))
    with pytest.raises(FatalError, match="ExpiredToken") as caught:
        own.restore()
    assert "same restore again" in caught.value.hint


def test_a_listing_that_breaks_off_is_no_whole_tree(own: Place) -> None:
    own.put("a")
    config = own.config()
    own.store.fault(Fault(kind=Kind.ERROR, operation="ListObjectsV2", nth=2, times=99))
    work = Restoration(config, Wish("data", own.out), claim="")
    with pytest.raises(SiteUnavailable, match="could not be listed"):
        list(work.found())
    assert not work.is_whole


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_a_full_disk_ends_it_at_once(place: Place, full: Callable[[Path], None]) -> None:
    for number in range(30):
        place.put(f"f{number:02}", bytes(100_000))
    full(place.out)
    with pytest.raises(FatalError, match=os.strerror(errno.ENOSPC)) as caught:
        place.restore()
    assert "free space" in caught.value.hint
    assert [path.name for path in (place.out / ".s3syncd-restore").iterdir()] == ["claim"]


@pytest.fixture
def full() -> Iterator[Callable[[Path], None]]:
    """Put a file system of 1 MiB at a place."""
    import subprocess

    mounted: list[Path] = []

    def make(path: Path) -> None:
        path.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
        if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("file systems cannot be mounted here")
        mounted.append(path)

    yield make
    for path in mounted:
        subprocess.run(["umount", str(path)], check=True)
