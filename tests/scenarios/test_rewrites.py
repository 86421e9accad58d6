"""Most files get other content within an hour: a word is said, and everything is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3syncd.core.entry import Action, BaselineRow, Kind
from s3syncd.site.rewrites import Rewrites
from tests.scenarios.world import Lines, World

HOUR = 3_600.0


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A hundred and twenty files in sync."""
    made = make_world()
    made.fill(120)
    made.settle()
    made.store.requests.clear()
    return made


def _rewrite(world: World, count: int, text: str) -> None:
    for number in range(count):
        world.write(f"f{number:03}", f"{text} {number}")
    world.command("rescan")
    world.settle()


def test_a_warning_is_given_and_nothing_is_kept_back(world: World) -> None:
    _rewrite(world, 110, "encrypted")
    assert world.objects == world.files
    assert len(world.puts()) == 110
    (told,) = world.log.of("files.rewritten")
    assert told["count"] == 100
    assert "versions" in str(told["hint"])


def test_no_word_of_files_that_are_touched_or_new(world: World) -> None:
    for number in range(120):
        (world.root / f"f{number:03}").touch()
    world.fill(120, "new/")
    world.command("rescan")
    world.settle()
    assert world.log.of("files.rewritten") == []


def test_no_word_of_objects_that_somebody_else_removed(world: World) -> None:
    world.store.objects.clear()
    world.command("rescan", remote=True)
    world.settle()
    assert len(world.puts()) == 120
    assert world.log.of("files.rewritten") == []


class _Sizes:
    """A ledger of so many files."""

    def count(self) -> tuple[int, int]:
        return 200, 0


@pytest.fixture
def told() -> Lines:
    return Lines()


@pytest.fixture
def now() -> list[float]:
    return [1_000_000.0]


@pytest.fixture
def rewrites(told: Lines, now: list[float]) -> Rewrites:
    return Rewrites(_Sizes(), told, wall=lambda: now[0])  # type: ignore[arg-type]


def _sent(rewrites: Rewrites, count: int, *, changed_before: float = 0.0) -> None:
    for number in range(count):
        known = BaselineRow(
            f"{number}", 1, 0, int(changed_before * 1e9), number, 0, None, "etag", ""
        )
        rewrites.put(Action(Kind.UPLOAD, known.path, None, known, None, 9, "changed"))


@pytest.mark.parametrize(("count", "is_told"), [(99, False), (100, True)])
def test_half_of_the_files_and_a_hundred_are_many(
    rewrites: Rewrites, told: Lines, count: int, is_told: bool
) -> None:
    _sent(rewrites, count)
    assert bool(told.of("files.rewritten")) is is_told


def test_a_file_that_is_rewritten_all_the_time_is_one(
    rewrites: Rewrites, told: Lines, now: list[float]
) -> None:
    for _ in range(300):
        now[0] += 1
        _sent(rewrites, 1, changed_before=now[0] - 1)
    assert told.of("files.rewritten") == []


def test_what_is_spread_over_hours_is_no_news(
    rewrites: Rewrites, told: Lines, now: list[float]
) -> None:
    for _ in range(5):
        _sent(rewrites, 60)
        now[0] += HOUR
    assert told.of("files.rewritten") == []


def test_it_is_said_once_a_day_while_it_goes_on(
    rewrites: Rewrites, told: Lines, now: list[float]
) -> None:
    for _ in range(48):
        _sent(rewrites, 200)
        now[0] += HOUR
    assert len(told.of("files.rewritten")) == 2


def test_a_clock_that_is_set_back_does_not_silence_it(
    rewrites: Rewrites, told: Lines, now: list[float]
) -> None:
    _sent(rewrites, 100)
    now[0] -= 100 * HOUR
    _sent(rewrites, 100)
    assert len(told.of("files.rewritten")) == 2
