"""A large file that changes at any moment of its upload: what is published stood there at rest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.site import Site, tree
from tests.e2e.world import World
from tests.strict.diary import Diary, digest_of
from tests.strict.faults import Fault, Kind
from tests.strict.oracle import Oracle, Violation
from tests.strict.process import RemoteStore
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

_MIB = 2**20
_PREFIX = "p/"
_SIZE = 9 * _MIB  # parts of 8 MiB and of 1 MiB

# (operation, which of them): each request of such an upload, held before it is carried out.
_BOUNDARIES = {
    "create": ("CreateMultipartUpload", 1),
    "part1": ("UploadPart", 1),
    "part2": ("UploadPart", 2),
    "complete": ("CompleteMultipartUpload", 1),
}


class User:
    """Changes files, each in one step, and keeps a diary of what stood there."""

    def __init__(self, site: Site, aside: Path) -> None:
        self.diary = Diary()
        self._site = site
        self._aside = aside

    def write(self, path: str) -> None:
        self._wrote(path, content := os.urandom(_SIZE))
        self._site.write(path, content)

    def rewrite(self, path: str) -> None:
        """In place, all of it, and as long as before."""
        self._wrote(path, content := os.urandom(_SIZE))
        with (self._site.root / path).open("r+b", buffering=0) as opened:
            opened.write(content)

    def rewrite_the_end(self, path: str) -> None:
        """In place, a byte of the last part: the first part stays as it was sent."""
        content = bytearray((self._site.root / path).read_bytes())
        content[-1] ^= 1
        self._wrote(path, bytes(content))
        with (self._site.root / path).open("r+b", buffering=0) as opened:
            opened.seek(-1, os.SEEK_END)
            opened.write(content[-1:])

    def truncate(self, path: str) -> None:
        """Behind the first part."""
        self._wrote(path, (self._site.root / path).read_bytes()[: 8 * _MIB + 5])
        os.truncate(self._site.root / path, 8 * _MIB + 5)

    def append(self, path: str) -> None:
        self._wrote(path, (self._site.root / path).read_bytes() + b"more")
        with (self._site.root / path).open("ab", buffering=0) as opened:
            opened.write(b"more")

    def replace(self, path: str) -> None:
        self._aside.write_bytes(content := os.urandom(_SIZE))
        self._wrote(path, content)
        self._aside.rename(self._site.root / path)

    def delete(self, path: str) -> None:
        self.diary.removed(path, time.time())
        (self._site.root / path).unlink()

    def _wrote(self, path: str, content: bytes) -> None:
        self.diary.wrote(path, content, time.time())


_CHANGES: list[Callable[[User, str], None]] = [
    User.rewrite, User.rewrite_the_end, User.truncate, User.append, User.replace, User.delete,
]  # fmt: skip


def _told(violations: list[Violation]) -> str:
    return "\n".join(f"{each.event}: {each.rule}: {each.what}" for each in violations)


def test_what_changes_at_any_boundary_of_its_parts_is_never_torn(
    strict_world: World, strict: RemoteStore
) -> None:
    world = strict_world
    site = world.site(prefix=_PREFIX, bucket="bucket", retire_deleted=True, max_delete=1000)
    site.write("stays", "small")
    user = User(site, world.folder / "aside")
    user.diary.wrote("stays", b"small", time.time())
    # One request at a time: the parts go one after the other, and the next is not read yet.
    daemon = world.daemon(
        multipart_threshold=5 * _MIB, max_in_flight=1, settle_open_seconds=0.2
    ).start()
    daemon.in_sync()
    for boundary, (operation, nth) in _BOUNDARIES.items():
        for change in _CHANGES:
            path = f"{boundary}-{change.__name__}"
            hold = Fault(
                kind=Kind.HOLD, operation=operation, key=_PREFIX + path, nth=nth, name=path
            )
            number = strict.fault(hold)
            user.write(path)
            until(partial(strict.met, number), 20, f"{path} is held")
            change(user, path)
            strict.release(path)
    daemon.run("rescan", "--wait")
    daemon.in_sync(timeout=40)
    oracle = Oracle(strict, user.diary, bucket="bucket", prefix=_PREFIX)
    assert not (found := oracle.every_version_is_the_users()), _told(found)
    assert not (found := oracle.every_deletion_is_the_users()), _told(found)
    assert not (found := oracle.no_version_comes_back()), _told(found)
    files = {path: digest_of(content) for path, content in tree(site.root).items()}
    assert not (found := oracle.equal_to(files)), _told(found)
    until(lambda: not strict.open_uploads("bucket"), 15, "no upload is left")
    assert len(strict.history().of("AbortMultipartUpload")) >= len(_CHANGES)
