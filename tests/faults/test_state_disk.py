"""The disk of the state fails or is full: nothing without an intent, a reason, and by itself on."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3syncd.errors import FatalError
from s3syncd.supervisor.lock import StateLock
from tests.e2e.daemon import Daemon
from tests.e2e.site import Site
from tests.e2e.world import World, needs_root
from tests.strict.process import RemoteStore
from tests.waiting import until

pytestmark = pytest.mark.e2e

needs_fiu = pytest.mark.skipif(
    shutil.which("fiu-run") is None, reason="fiu-run is not installed (Debian: fiu-utils)"
)

# A site whose ledger fails is begun anew after that, in good order.
_EXPECTED = ['"event": "site.failed"', "Traceback"]
_FAILS = "enable name=posix/io/sync/*"  # fsync, fdatasync and their like: EIO
_WORKS = "disable name=posix/io/sync/*"


def _site(world: World) -> Site:
    site = world.site(bucket="bucket", retire_deleted=True, max_delete=1000)
    for number in range(6):
        site.write(f"{number}", f"content {number}")
    return site


def _change(site: Site, round_number: int) -> None:
    site.write(f"new{round_number}", "new")
    site.write("1", f"other content {round_number}")
    (site.root / "2").unlink(missing_ok=True)


def _ledger_descriptors(daemon: Daemon) -> list[str]:
    assert daemon.process is not None
    found = []
    for link in Path(f"/proc/{daemon.process.pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except FileNotFoundError:  # closed meanwhile
            continue
        if "ledger.sqlite" in target:
            found.append(target)
    return found


def _control(daemon: Daemon, prefix: Path, command: str) -> None:
    assert daemon.process is not None
    words = ["fiu-ctrl", "-f", str(prefix), "-c", command, str(daemon.process.pid)]
    subprocess.run(words, check=True, timeout=20, capture_output=True)


@needs_fiu
def test_nothing_is_sent_while_no_commit_is_known_to_be_durable(
    strict_world: World, strict: RemoteStore
) -> None:
    site = _site(strict_world)
    prefix = strict_world.folder / "fiu"
    daemon = strict_world.daemon(wrapper=["fiu-run", "-x", "-f", str(prefix)])
    daemon.start().in_sync()
    before = strict.history().mark

    _control(daemon, prefix, _FAILS)
    _change(site, 1)
    status = daemon.wait(lambda s: s["reason"] == "ledger_unavailable")
    assert status["state"] == "unavailable"
    assert not status["in_sync"]
    assert "disk I/O error" in daemon.log_path.read_text()
    # What the failed commit left in the page cache is not believed: the connection is given up.
    until(lambda: not _ledger_descriptors(daemon), 15, "it is closed between two attempts")
    assert strict.history().mutations(since=before) == []

    # Also at a start, where not even that the ledger is in use can be noted.
    daemon.kill()
    daemon._wrapper += ["-c", _FAILS]
    daemon.start()
    daemon.wait(lambda s: s["reason"] == "ledger_unavailable")
    _change(site, 2)
    assert strict.history().mutations(since=before) == []

    _control(daemon, prefix, _WORKS)
    daemon.in_sync(timeout=40)
    site.assert_equal()
    assert len(_ledger_descriptors(daemon)) >= 2
    sent = [event.key for event in strict.history().mutations(since=before)]
    assert sorted(sent) == ["1", "2", "new1", "new2"]


def test_full_disk_keeps_nobody_from_the_lock(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("12345\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # no file can grow, as on a full disk
    try:
        lock = StateLock(tmp_path)
        with pytest.raises(FatalError, match="another s3syncd"):
            StateLock(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    lock.release()


@pytest.fixture
def small_disk(strict_world: World) -> Iterator[Path]:
    """A file system of 8 MiB: twice what the WAL takes before it is moved into the ledger."""
    path = strict_world.folder / "disk"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(path)], check=True)
    yield path
    strict_world.abandon()
    subprocess.run(["umount", "-l", str(path)], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as opened:
        for size in (65536, 4096, 1):
            try:
                while opened.write(bytes(size)):
                    pass
            except OSError:
                continue


@needs_root
def test_a_full_disk_of_the_state_is_waited_out_by_itself(
    strict_world: World, strict: RemoteStore, small_disk: Path
) -> None:
    strict_world.expected_crashes += _EXPECTED
    site = _site(strict_world)
    daemon = strict_world.daemon(state_dir=str(small_disk / "state"))
    # Full from the beginning: not even the ledger can be made.
    (small_disk / "state").mkdir(mode=0o700)
    filler = small_disk / "filler"
    _fill(filler)
    daemon.start(is_waited=False)
    until(lambda: "full" in daemon.tail(), 20, "the full disk is told")
    assert strict.history().mutations() == []
    filler.unlink()
    daemon.in_sync(timeout=40)
    site.assert_equal()

    # Full while it runs: the WAL cannot grow by what three hundred changes need.
    _fill(filler)
    for number in range(300):
        site.write(f"d/{number}", str(number))
    (site.root / "2").unlink()
    status = daemon.wait(lambda s: s["reason"] == "ledger_unavailable")
    assert "free space" in status["hint"]
    known = len(strict.history().mutations())
    assert known < 300
    os.truncate(filler, 0)
    daemon.in_sync(timeout=40)
    assert site.is_equal()
