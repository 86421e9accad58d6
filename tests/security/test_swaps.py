"""Somebody who may write below the root swaps directories and files for links, and for FIFOs.

Nothing outside the root may ever be read or sent: the daemon may be allowed to read what the user
is not. Swaps are exchanges, so that there never is a moment with nothing in the place.
"""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.site import Site
from tests.e2e.world import World
from tests.faults.user import _exchange
from tests.strict.process import RemoteStore
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

_CANARY = b"not to be read by anybody but its owner "
_SENT = 300  # puts, at least, while everything is swapped
_NAMES = [f"{number:03}" for number in range(40)]
_FEW = _NAMES[:15]


class Swapper(threading.Thread):
    """Exchanges what belongs below the root for what does not, as fast as it can."""

    def __init__(self, pairs: list[tuple[Path, Path]]) -> None:
        super().__init__(daemon=True)
        self.count = 0
        self._pairs = pairs
        self._is_over = threading.Event()
        self._is_swapped = False

    def run(self) -> None:
        while not self._is_over.is_set() or self._is_swapped:
            for one, other in self._pairs:
                _exchange(one, other)
            self._is_swapped = not self._is_swapped
            self.count += 1
            if self.count % 20 == 0:  # the daemon shares the cores
                self._is_over.wait(0.001)

    def stop(self) -> None:
        self._is_over.set()
        self.join(20)


def _pairs(site: Site, outside: Path) -> list[tuple[Path, Path]]:
    """Make files, directories and what each is exchanged with; that lies below the root, too."""
    root = site.root
    for name in _NAMES:
        site.write(f"d/{name}", f"mine {name}")
        site.write(f"deep/a/b/{name}", f"mine {name}")
        (outside / name).write_bytes(_CANARY + name.encode())
    (outside / "a/b").mkdir(parents=True)
    (outside / "only outside").write_bytes(_CANARY)
    for name in _NAMES:
        (outside / "a/b" / name).write_bytes(_CANARY + name.encode())
    for name in _FEW:
        site.write(f"file{name}", "mine")
        site.write(f"queue{name}", "mine")
        (root / f"link to file{name}").symlink_to(outside / name)
        os.mkfifo(root / f"fifo{name}")
    (root / "link to d").symlink_to(outside)
    (root / "link to deep").symlink_to(outside)
    (root / "link to a").symlink_to(os.path.relpath(outside / "a", root / "deep"))
    return [
        (root / "d", root / "link to d"),
        (root / "deep", root / "link to deep"),
        *((root / f"file{name}", root / f"link to file{name}") for name in _FEW),
        *((root / f"queue{name}", root / f"fifo{name}") for name in _FEW),
    ]


def _has(site: Site, name: str) -> bool:
    return name in site.names()


def _write_through(root: Path, path: str, content: str) -> None:
    """Write by a name that may lead out at any moment, and never follow it there."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        *parents, name = path.split("/")
        for parent in parents:
            below = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = below
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_TRUNC
        fd = os.open(name, flags, dir_fd=folder)
        os.write(fd, content.encode())
        os.close(fd)
    except OSError:
        return  # it leads elsewhere right now
    finally:
        os.close(folder)


def test_nothing_outside_the_root_is_ever_sent(strict_world: World, strict: RemoteStore) -> None:
    world = strict_world
    outside = world.folder / "outside"
    outside.mkdir()
    site = world.site(bucket="bucket", retire_deleted=True, max_delete=10**6)
    pairs = _pairs(site, outside)
    daemon = world.daemon(delete_grace_seconds=0.1, settle_open_seconds=0.1).start()
    daemon.wait(lambda s: s["last_reconcile_at"])
    swapper = Swapper(pairs)
    swapper.start()
    number = 0
    try:
        while len(strict.history().of("PutObject")) < _SENT or swapper.count < 1500:
            number += 1
            assert number < 400, "little is sent"
            for name in _NAMES[number % 10 :: 10]:
                _write_through(site.root, f"d/{name}", f"mine {number}")
                _write_through(site.root, f"deep/a/b/{name}", f"mine {number}")
            for name in _FEW:
                _write_through(site.root, f"file{name}", f"mine {number}")
                _write_through(site.root, f"queue{name}", f"mine {number}")
            canary = f"canary {number}"
            site.write(canary)  # a hung worker, or scanner, would not send it
            until(partial(_has, site, canary), 20, f"{canary} arrives")
            if number % 5 == 0:
                daemon.ask("rescan", remote=number % 10 == 0)
    finally:
        swapper.stop()
    for path in site.root.iterdir():  # what was a directory and is a link keeps its objects
        if path.is_symlink() or path.is_fifo():
            path.unlink()
    daemon.run("rescan", "--wait")
    daemon.in_sync(timeout=40)
    site.assert_equal()
    history = strict.history()
    serials = [event.made for event in history if event.made is not None]
    assert len(serials) >= _SENT
    contents = [strict.version(serial).body for serial in serials]
    assert not [content for content in contents if _CANARY in content]
    assert not [event.key for event in history if "outside" in event.key]
    assert all((outside / name).read_bytes() == _CANARY + name.encode() for name in _NAMES)
    assert daemon.stop() in {0, 4}
