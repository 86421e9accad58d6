"""A stat so young that the next change may leave it as it is is not trusted."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3syncd.core.entry import Action, LocalEntry, Outcome, Result, Settle
from s3syncd.core.messages import Look
from s3syncd.local import files
from s3syncd.local.held import HeldRoot
from s3syncd.transfer import TransferSettings
from s3syncd.transfer.ports import Ports
from s3syncd.transfer.source import age_seconds, granule_seconds
from tests.transfer.world import CLOSED, MIB, World

SECOND_NS = 1_000_000_000
PAST = replace(CLOSED, is_past_deadline=True, is_growing=True)


class _CoarseFiles:
    """Real files, on a file system whose times are whole seconds."""

    def __getattr__(self, name: str) -> Any:
        return getattr(files, name)

    def stat_of(self, fd: int, path: str) -> LocalEntry:
        return _coarse(files.stat_of(fd, path))

    def lstat_path(self, root_fd: int, path: str) -> Look:
        look = files.lstat_path(root_fd, path)
        return _coarse(look) if isinstance(look, LocalEntry) else look


def _coarse(entry: LocalEntry) -> LocalEntry:
    return entry._replace(
        mtime_ns=entry.mtime_ns // SECOND_NS * SECOND_NS,
        ctime_ns=entry.ctime_ns // SECOND_NS * SECOND_NS,
    )


@pytest.fixture
def coarse(tmp_path: Path) -> World:
    """A site on such a file system."""
    world = World(tmp_path / "root")
    world.transfer = world.make(
        TransferSettings(world.policy, multipart_threshold_bytes=MIB),
        ports=Ports(HeldRoot(world.root), _CoarseFiles()),  # type: ignore[arg-type]
    )
    return world


def _touched(world: World) -> Action:
    """The object has the content, and the file was touched since."""
    world.write("a", b"content")
    world.bucket.store("p/a", b"content")
    row = world.row("a", mtime_ns=1)
    return world.action("a", baseline=row)


def _adoptable(world: World) -> Action:
    world.write("a", b"content")
    world.bucket.store("p/a", b"content")
    return world.action("a")


def _new(world: World) -> Action:
    world.write("a", b"content")
    return world.upload("a")


KINDS = pytest.mark.parametrize(
    ("make", "effect"), [(_touched, "unchanged"), (_adoptable, "adopted"), (_new, "put")]
)


@KINDS
def test_where_times_are_whole_seconds_a_file_rests_for_two(
    coarse: World, make: Callable[[World], Action], effect: str
) -> None:
    """Within that time another edit of the same size would leave the stat as it is, for ever."""
    action = make(coarse)
    coarse.ahead_seconds = 0.5
    early = coarse.carry_out(action, settle=CLOSED)
    assert (early.result, early.reason) == (Result.SUPERSEDED, "not_quiet")
    assert early.due_in_seconds is not None
    assert 0 < early.due_in_seconds <= 1.5
    coarse.ahead_seconds = 2.0
    assert coarse.carry_out(action, settle=CLOSED).effect == effect


@KINDS
def test_a_young_stat_that_must_be_recorded_is_one_that_no_later_stat_equals(
    coarse: World, make: Callable[[World], Action], effect: str
) -> None:
    action = make(coarse)
    coarse.ahead_seconds = 0.0
    outcome: Outcome = coarse.carry_out(action, settle=PAST)
    assert outcome.effect == effect
    assert outcome.row is not None
    assert outcome.row[1:5] != _coarse(coarse.entry("a"))[1:5], "the next look hashes again"
    assert outcome.is_stale, "and comes soon"


def test_a_settle_time_below_the_tick_of_the_clock_does_not_make_a_young_stat_sure(
    tmp_path: Path,
) -> None:
    world = World(tmp_path / "root")
    action = _new(world)
    world.ahead_seconds = -5.0  # of this very moment, as far as the clock can tell
    settle = Settle(quiet_seconds=0.0, is_closed=True)
    assert world.carry_out(action, settle=settle).reason == "not_quiet"
    world.ahead_seconds = 5.0
    assert world.carry_out(action, settle=settle).effect == "put"


@pytest.mark.parametrize(
    ("ctime_ns", "seconds"),
    [(1_700_000_000 * SECOND_NS, 2.0), (1_700_000_000 * SECOND_NS + 4_000_000, 0.02)],
)
def test_the_grain_of_times_is_seen_by_the_ctime(ctime_ns: int, seconds: float) -> None:
    entry = LocalEntry("a", 1, 5 * SECOND_NS, ctime_ns, 1, 0o100644)
    assert granule_seconds(entry) == seconds


@pytest.mark.parametrize(
    ("mtime", "ctime", "first_seen", "age"),
    [
        (50, 90, 0, 10),
        (95, 90, 0, 5),
        (200, 90, 0, 10),
        (50, 200, 0, 0),
        (50, 200, 70, 30),
        (200, 300, 0, 0),
        (200, 300, 60, 40),
    ],
)
def test_the_age_of_a_file_is_what_its_times_can_prove(
    mtime: int, ctime: int, first_seen: int, age: float
) -> None:
    """A ctime ahead proves nothing, though the mtime was set to long ago (cp -p, another clock)."""
    entry = LocalEntry("a", 1, mtime * SECOND_NS, ctime * SECOND_NS, 1, 0o100644)
    assert age_seconds(entry, 100 * SECOND_NS, first_seen * SECOND_NS) == age


def test_utime_hides_no_edit_within_a_tick(tmp_path: Path) -> None:
    """The mtime can be set back; the ctime that this leaves is young, and so is the stat."""
    world = World(tmp_path / "root")
    world.write("a", b"content")
    os.utime(world.root / "a", ns=(0, 0))
    world.ahead_seconds = 0.0
    outcome = world.carry_out(world.upload("a"), settle=replace(CLOSED, quiet_seconds=30.0))
    assert outcome.reason == "not_quiet"
