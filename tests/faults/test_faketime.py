"""A machine whose clock leaps, under the real daemon: libfaketime stands between it and the time.

Only the time of day leaps (`FAKETIME_DONT_FAKE_MONOTONIC`): a monotonic clock never does, and the
CRT, Python's waits and SQLite's would stand still with it. The times of files are the kernel's, and
leap for nobody else: what a leap does to the rule of quiet is asked with clocks that are arguments
(`tests/scenarios/test_clock.py`).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.world import World
from tests.waiting import until

_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        shutil.which("faketime") is None or not _LIBRARIES,
        reason="faketime is not installed (Debian: faketime)",
    ),
]


def _daemon(world: World, folder: Path) -> tuple[Daemon, Path]:
    """A daemon whose clock is as far off as the file says."""
    stamp = folder / "faketime"
    stamp.write_text("+0\n")
    daemon = world.daemon(
        wrapper=["env", f"LD_PRELOAD={_LIBRARIES[0]}"],
        environment={
            "FAKETIME_TIMESTAMP_FILE": str(stamp),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        },
    )
    return daemon, stamp


def _leap(stamp: Path, offset: str) -> None:
    fresh = stamp.with_suffix(".new")
    fresh.write_text(f"{offset}\n")
    fresh.replace(stamp)


def _says_clock(daemon: Daemon) -> bool:
    status: dict[str, Any] = daemon.site()
    return status["state"] == "unavailable" and "clock" in (status["hint"] or "").lower()


@pytest.mark.parametrize(
    ("offset", "is_running"),
    [("+1d", True), ("-1d", False)],
    ids=["ahead while it runs", "back between two runs"],
)
def test_a_clock_that_leaps_a_day_is_told_and_costs_nothing_but_time(
    strict_world: World, tmp_path: Path, offset: str, is_running: bool
) -> None:
    site = strict_world.site(bucket="bucket", retire_deleted=True)
    for number in range(4):
        site.write(f"{number}", f"content {number}")
    daemon, stamp = _daemon(strict_world, tmp_path)
    daemon.start().in_sync()
    if not is_running:
        daemon.kill()
    _leap(stamp, offset)
    if not is_running:
        daemon.start()
    site.write("new", "written meanwhile")
    (site.root / "0").unlink()
    until(lambda: _says_clock(daemon), 30, "the status names the clock")
    assert not daemon.site()["in_sync"]
    assert set(site.objects()) == {"0", "1", "2", "3"}, "nothing is sent or deleted meanwhile"
    _leap(stamp, "+0")
    daemon.in_sync()
    site.assert_equal()
