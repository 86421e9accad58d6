"""What the status shows first when there is more than it can show."""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.retry import FailureKind
from s3syncd.core.standing import waits_for_person
from tests.fakes_bucket import failure
from tests.scenarios.world import World

REFUSED = failure(FailureKind.REFUSED, "AccessDenied", 403)


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
