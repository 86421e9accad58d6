"""A path that waits for something else comes to no deadline: its writer has only begun."""

from __future__ import annotations

from s3syncd.core.retry import FailureKind
from s3syncd.errors import SiteUnavailable
from tests.fakes_bucket import failure
from tests.scenarios.world import World

NO_ANSWER = failure(FailureKind.TRANSIENT, "AWS_ERROR_HTTP_CONNECTION_CLOSED", is_unknown=True)


def past_deadline(world: World, path: str) -> list[bool]:
    told = [settle.is_past_deadline for known, settle in world.settles if known == path]
    assert told, "nobody looked at it"
    return told


def test_a_path_that_waited_for_a_lost_answer_is_not_taken_for_a_file_that_grows(
    settled: World,
) -> None:
    """Its upload was applied, nothing tells of it, and another file is renamed to its place."""
    settled.store.fail("put", NO_ANSWER, is_applied=True)
    settled.store.silent.add("p/f000")
    settled.write("f000", "first", hint=True)
    settled.run(1)
    settled.write("f000", "second", hint=True)
    settled.run(75.3)
    settled.rename("f001", "f000", hint=True)
    settled.run(1)
    settled.write("f000", "begun anew")
    settled.hint("f000", is_closed=False)
    settled.settles.clear()
    settled.store.silent.clear()
    settled.run(60)
    assert not any(past_deadline(settled, "f000"))


def test_a_file_written_now_and_then_while_the_bucket_is_away_is_not_one_that_grows(
    settled: World,
) -> None:
    settled.store.outage = SiteUnavailable("bucket_unavailable", "away", hint="")
    settled.site.access.bucket_lost("away", "", settled.now)
    for number in range(15):
        settled.write("new", f"version {number}", hint=True)
        settled.run(5)
    settled.write("new", "begun anew")
    settled.settles.clear()
    settled.store.outage = None
    for _ in range(60):
        settled.hint("new", is_closed=False)
        settled.run(1)
        if settled.settles:
            break
    assert not any(past_deadline(settled, "new"))
