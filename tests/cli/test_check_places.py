"""`check` of where the daemon writes: tried for real, and nothing left behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from s3syncd.cli.daemon_probes import try_ledger
from s3syncd.core.finding import Finding, Verdict
from s3syncd.errors import LedgerError
from s3syncd.ledger import Ledger
from s3syncd.local.room import DiskRoom
from s3syncd.local.writable import (
    owner_warning,
    probe_ledger_files,
    probe_log_file,
    probe_state_dir,
)
from tests.cli.places import NOBODY, as_nobody, snapshot


def state_of(state_dir: Path) -> Finding:
    return probe_state_dir(state_dir, try_ledger=lambda _: None)


def test_a_state_directory_that_can_be_made_is_fine_and_not_made(tmp_path: Path) -> None:
    found = state_of(tmp_path / "a" / "b")
    assert (found.verdict, found.text) == (
        Verdict.OK, f"{tmp_path}/a/b will be made, in {tmp_path}",
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_everything_is_tried_and_nothing_stays_behind(tmp_path: Path) -> None:
    tried: list[Path] = []

    def tried_ledger(directory: Path) -> None:
        tried.append(directory)
        try_ledger(directory)

    (tmp_path / "lock").write_text("17\n")
    before = snapshot(tmp_path)
    assert probe_state_dir(tmp_path, try_ledger=tried_ledger).verdict is Verdict.OK
    assert tried[0].parent == tmp_path
    assert not tried[0].exists()
    assert snapshot(tmp_path) == before
    assert (tmp_path / "lock").read_text() == "17\n"


@pytest.mark.parametrize("below", ["", "b/c"])
def test_a_file_in_the_place_of_the_state_directory_is_told(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    found = state_of(tmp_path / "file" / below)
    assert found.verdict is Verdict.FAILED
    assert f"{tmp_path}/file is no directory" in found.text
    assert found.remedy.startswith("set state_dir to a directory")


def test_a_lock_that_is_a_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    found = state_of(tmp_path)
    assert "cannot be written: Is a directory" in found.text
    assert found.remedy == "move that directory away, or set state_dir to another place"


def test_a_file_system_on_which_no_ledger_works_is_told(tmp_path: Path) -> None:
    def refuse(_: Path) -> None:
        raise LedgerError("ledger x: no WAL on this file system (got delete)")

    found = probe_state_dir(tmp_path, try_ledger=refuse)
    assert found.verdict is Verdict.FAILED
    assert "no WAL" in found.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/sys").is_dir(), reason="a read-only place that Linux has")
def test_a_read_only_file_system_is_told_to_root_too() -> None:
    found = state_of(Path("/proc/sys/s3syncd"))
    assert found.verdict is Verdict.FAILED
    assert "/proc/sys/s3syncd cannot be written: " in found.text
    assert "let root" not in found.remedy


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="where Linux lets nobody make anything")
def test_a_place_where_nothing_can_be_made_has_one_remedy_alone() -> None:
    for place in (Path("/proc/none/state"), Path("/proc/none")):
        assert state_of(place).remedy == "set state_dir to another place"
        found = probe_log_file(place / "s.log", Path("/elsewhere"))
        assert (found.verdict, found.remedy) == (Verdict.FAILED, "set log.file to another place")


def test_a_file_in_the_place_of_a_sites_folder_is_to_be_moved(tmp_path: Path) -> None:
    (tmp_path / "site").touch()
    found = probe_ledger_files(tmp_path / "site")
    assert found is not None
    assert found.remedy.startswith("move away the file that stands where a directory has to be")


def test_another_owner_is_named_with_both_ways_out(open_place: Path) -> None:
    (open_place / "mine").mkdir(mode=0o755)
    with as_nobody():
        made, there = state_of(open_place / "state"), state_of(open_place / "mine")
    assert {made.verdict, there.verdict} == {Verdict.FAILED}
    assert "cannot be written: Permission denied" in made.text
    assert f"{open_place} belongs to root, and this is nobody" in made.remedy
    # Never the directory above: it may be /var/lib.
    assert made.remedy.endswith(f"install -d -o nobody -m 700 {open_place}/state")
    assert there.remedy.endswith(f"chown -R nobody {open_place}/mine")


def test_a_disk_that_is_nearly_full_is_a_warning(tmp_path: Path) -> None:
    found = probe_state_dir(
        tmp_path, try_ledger=lambda _: None, look=lambda _: DiskRoom(2**20, 2**40)
    )
    assert (found.verdict, found.probe) == (Verdict.WARNING, "state_dir")
    assert "has 1 MiB left" in found.text


def test_a_ledger_of_another_user_is_found_before_the_daemon_meets_it(tmp_path: Path) -> None:
    assert probe_ledger_files(tmp_path / "none") is None
    folder = tmp_path / "site"
    Ledger.open(folder / "ledger.sqlite", identity="x").close()
    before = snapshot(folder)
    assert probe_ledger_files(folder) is None
    assert snapshot(folder) == before
    (folder / "ledger.sqlite-wal").mkdir()
    found = probe_ledger_files(folder)
    assert found is not None
    assert (found.verdict, found.probe) == (Verdict.FAILED, "ledger")


# --- the log --------------------------------------------------------------------------------------


def test_a_log_that_can_be_made_or_written_is_fine_and_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "s.log"
    assert probe_log_file(log, tmp_path / "state").verdict is Verdict.OK
    assert list(tmp_path.iterdir()) == []
    log.write_text("line\n")
    before = log.stat()
    assert probe_log_file(log, tmp_path / "state").verdict is Verdict.OK
    assert (log.read_text(), log.stat().st_mtime_ns) == ("line\n", before.st_mtime_ns)


def test_a_log_below_a_state_directory_that_will_be_made_is_fine(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    assert probe_log_file(state_dir / "s.log", state_dir).verdict is Verdict.OK


def test_a_log_without_its_directory_is_told_with_the_command(tmp_path: Path) -> None:
    found = probe_log_file(tmp_path / "none" / "s.log", tmp_path / "state")
    assert found.verdict is Verdict.FAILED
    assert found.remedy.startswith(f"mkdir -p {tmp_path}/none ")


def test_a_log_whose_directory_is_a_file_or_that_is_a_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = probe_log_file(tmp_path / "file" / "s.log", tmp_path / "state")
    assert (found.verdict, found.probe) == (Verdict.FAILED, "log_file")
    assert found.remedy.startswith("move away the file that stands where a directory has to be")
    found = probe_log_file(tmp_path, tmp_path / "state")
    assert found.text == f"{tmp_path} is a directory"


@pytest.mark.skipif(sys.platform != "linux", reason="devices of Linux")
def test_a_device_is_a_log_as_well(tmp_path: Path) -> None:
    for name in ("/dev/null", "/dev/stdout"):
        assert probe_log_file(Path(name), tmp_path).verdict is Verdict.OK


def test_a_pipe_that_nobody_reads_does_not_hold_the_check(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert probe_log_file(tmp_path / "fifo", tmp_path).verdict is Verdict.FAILED


def test_a_log_that_cannot_be_made_anew_after_rotation_is_a_warning(open_place: Path) -> None:
    log = open_place / "s.log"
    log.touch()
    log.chmod(0o666)
    with as_nobody():
        found = probe_log_file(log, open_place / "state")
        missing = probe_log_file(open_place / "none.log", open_place / "state")
    assert found.verdict is Verdict.WARNING
    assert "not made anew when it is rotated" in found.text
    assert missing.verdict is Verdict.FAILED
    assert missing.remedy.endswith(f"install -o nobody -m 640 /dev/null {open_place}/none.log")


# --- root looks for somebody else -----------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_is_told_that_the_place_is_somebody_elses(tmp_path: Path) -> None:
    assert owner_warning([tmp_path / "none", tmp_path]) is None
    os.chown(tmp_path, NOBODY, -1)
    found = owner_warning([tmp_path / "none", tmp_path])
    assert found is not None
    assert found.verdict is Verdict.WARNING
    assert "belongs to nobody" in found.text
    assert "sudo -u nobody" in found.remedy
