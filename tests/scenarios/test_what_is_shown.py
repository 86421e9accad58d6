"""What the status shows first when there is more than it can show."""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.standing import waits_for_person
from s3syncd.local.messages import NamesSkipped
from tests.scenarios.troubles import REFUSED
from tests.scenarios.world import World


def test_drift_is_shown_however_many_files_fail(make_world: Callable[..., World]) -> None:
    world = make_world(on_drift="hold")
    world.fill(5)
    world.settle()
    world.store.fail("put", REFUSED, times=1000)
    for number in range(120):
        world.write(f"refused-{number}")
    world.store.store("p/f000", b"theirs")
    world.command("sync")
    world.run(30)
    shown = world.status["problems"]
    assert (len(shown), shown[0]["path"], shown[0]["reason"]) == (100, "f000", "drift")
    assert world.status["problems_total"] == 121
    assert waits_for_person(world.status)


def test_names_that_are_no_text_are_all_counted_and_few_are_shown(world: World) -> None:
    sample = tuple(f"bad{number}" for number in range(10))
    world.scanner.skipped = NamesSkipped(1, 10_000, sample)
    for _ in range(3):  # counted anew in each pass, not added up
        world.command("rescan")
        world.run(30)
        assert world.status["problems_total"] == 10_000
        assert [each["path"] for each in world.status["problems"]] == list(sample)
    assert not world.status["in_sync"]
    world.scanner.skipped = NamesSkipped(1, 0, ())
    world.command("rescan")
    world.run(30)
    assert world.status["problems_total"] == 0
    assert world.status["in_sync"]


def test_ten_thousand_links_are_counted_and_cost_no_memory_each(world: World) -> None:
    world.settle()
    for number in range(10_000):
        world.site.problems.note(f"link{number}", "symlink")
    world.site.problems._skipped.more = world.site.problems._skipped.more_in_pass
    world.run(10)
    assert world.status["problems_total"] == world.status["problems_skipped"] == 10_000
    assert len(world.status["problems"]) == 100
    assert len(world.site.problems._skipped.known) == 1_000
    assert world.status["in_sync"]
