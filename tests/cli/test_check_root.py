"""`check` of the local side: root, watches, file system, and a tree counted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from s3syncd.core.cost import SMALL_BYTES
from s3syncd.core.finding import Finding, Verdict
from s3syncd.core.paths import Scope
from s3syncd.local.probe import probe_root
from s3syncd.local.survey import MOST_SECONDS, Survey, survey


def limits(tmp_path: Path, watches: int) -> Path:
    folder = tmp_path / "limits"
    folder.mkdir()
    (folder / "max_user_watches").write_text(f"{watches}\n")
    return folder


def probed_root(root: Path, **options: Any) -> dict[str, Finding]:
    tree = survey(root, Scope(prefix="", exclusions=(), inclusions=()), now=0.0)
    return {each.probe: each for each in probe_root(root, tree, **options)}


def test_a_readable_root_with_room_for_its_watches_is_fine(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    found = probed_root(root, limits=limits(tmp_path, 100))
    assert {each.verdict for each in found.values()} == {Verdict.OK}
    assert found["watching"].text.startswith("3 directories to watch, 100 allowed")


def test_too_few_watches_are_a_warning_with_the_sysctl(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for number in range(9):
        (root / str(number)).mkdir(parents=True)
    found = probed_root(root, limits=limits(tmp_path, 5))["watching"]
    assert found.verdict is Verdict.WARNING
    assert "sysctl -w fs.inotify.max_user_watches=" in found.remedy


def test_a_polling_site_needs_no_watches(tmp_path: Path) -> None:
    assert set(probed_root(tmp_path, watcher="polling")) == {"root"}


def mounted(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(f"1 0 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / {tmp_path} rw - {kind} x rw\n")
    return path


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p"])
def test_a_filesystem_without_events_is_a_warning_with_the_remedy(
    tmp_path: Path, kind: str
) -> None:
    table = mounted(tmp_path, kind)
    found = probed_root(tmp_path, mounted=table, poll_seconds=5.0)["filesystem"]
    assert found.verdict is Verdict.WARNING
    assert f"is on {kind}" in found.text
    assert "every 5 s" in found.text
    assert "watch_interval" in found.remedy
    forced = probed_root(tmp_path, mounted=table, watcher="inotify")["filesystem"]
    assert "watcher: auto" in forced.remedy
    assert "filesystem" not in probed_root(tmp_path, mounted=table, watcher="polling")


@pytest.mark.parametrize("kind", ["ext4", "xfs", "overlay", "fuseblk"])
def test_a_local_filesystem_is_no_warning(tmp_path: Path, kind: str) -> None:
    assert "filesystem" not in probed_root(tmp_path, mounted=mounted(tmp_path, kind))


def test_a_missing_root_fails_with_a_remedy(tmp_path: Path) -> None:
    found = probed_root(tmp_path / "none")
    assert set(found) == {"root"}
    assert found["root"].verdict is Verdict.FAILED
    assert "mount" in found["root"].remedy


def test_a_tree_is_counted_as_the_site_sees_it(tmp_path: Path) -> None:
    (tmp_path / "skip" / "below").mkdir(parents=True)
    (tmp_path / "a").mkdir()
    (tmp_path / "skip" / "x").write_bytes(b"")
    (tmp_path / "a" / "small").write_bytes(b"x")
    (tmp_path / "a" / "large").write_bytes(bytes(SMALL_BYTES))
    (tmp_path / "a" / "old").write_bytes(b"x")
    (tmp_path / "a" / "no.tmp").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    os.utime(tmp_path / "a" / "old", (0, 0))
    now = (tmp_path / "a" / "small").stat().st_mtime
    scope = Scope(prefix="", exclusions=("^skip/", r"\.tmp$"), inclusions=())
    assert survey(tmp_path, scope, now=now) == Survey(directories=2, files=3, small=2, recent=2)
    unlooked = survey(tmp_path, scope, now=now, has_sizes=False)
    assert unlooked == Survey(directories=2, files=3, small=0, recent=0)


def test_a_tree_that_takes_too_long_is_counted_in_part(tmp_path: Path) -> None:
    for number in range(1200):
        (tmp_path / str(number)).touch()
    moments = iter([0.0, MOST_SECONDS + 1])
    scope = Scope(prefix="", exclusions=(), inclusions=())
    tree = survey(tmp_path, scope, now=0.0, clock=lambda: next(moments))
    assert not tree.is_whole
    assert tree.files == 999
    found = {each.probe: each for each in probe_root(tmp_path, tree)}
    assert found["watching"].text.startswith("at least 1 directory to watch")
