"""Nothing is dropped because it failed: it is tried again, ever less often."""

from __future__ import annotations

import itertools
from typing import Any

from s3syncd.core.entry import Action
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.failures.moments import moments_of
from tests.scenarios.troubles import BROKEN, REFUSED
from tests.scenarios.world import World


def test_a_failed_upload_is_tried_for_ever_at_growing_distances(settled: World) -> None:
    settled.store.fail("put", BROKEN, times=12)
    settled.jitter = 0.9
    settled.write("f000", "newer", hint=True)
    moments = moments_of(settled, "put", 3000)
    assert len(moments) == 13
    distances = [b - a for a, b in itertools.pairwise(moments)]
    assert distances[0] <= 7
    assert max(distances) <= 310
    assert distances == sorted(distances)
    assert settled.objects == settled.files
    assert settled.status["in_sync"]
    assert settled.ledger.retries()[0] == 0


def test_a_failing_path_is_a_problem_with_its_age(settled: World) -> None:
    settled.store.fail("put", BROKEN, times=1000)
    settled.write("f000", "newer", hint=True)
    settled.run(600)
    status = settled.status
    assert [(p["path"], p["reason"]) for p in status["problems"]] == [("f000", "transient")]
    assert status["problems_total"] == 1
    assert not status["in_sync"]
    assert status["oldest_pending_seconds"] > 590


def test_what_was_not_sent_because_the_site_stops_has_not_failed(settled: World) -> None:
    settled.store.fail("put", failure(FailureKind.CANCELED), times=1)
    settled.write("f000", "newer", hint=True)
    settled.run(0.5)
    assert settled.store.count("put") == 1
    assert settled.ledger.retries()[0] == 0
    assert not settled.status["in_sync"]
    settled.settle()
    assert settled.objects == settled.files


def test_retries_go_on_after_a_kill(settled: World) -> None:
    settled.store.fail("put", BROKEN, times=3)
    settled.write("f000", "newer", hint=True)
    settled.run(0.5)
    settled.ledger.commit()
    settled.restart()
    settled.settle()
    assert settled.objects == settled.files


def test_a_refused_upload_is_tried_hourly(settled: World) -> None:
    settled.store.fail("put", REFUSED, times=2)
    settled.write("f000", "newer", hint=True)
    settled.run(3500)
    assert settled.store.count("put") == 1
    settled.run(200)
    assert settled.store.count("put") == 2
    settled.run(3700)
    assert settled.objects == settled.files


def test_a_refused_upload_is_tried_at_once_when_the_file_changes(settled: World) -> None:
    settled.store.fail("put", REFUSED)
    settled.write("f000", "newer", hint=True)
    settled.run(60)
    settled.write("f000", "newest", hint=True)
    settled.run(10)
    assert settled.objects["f000"] == b"newest"


def test_passes_do_not_bring_a_refused_path_forward(settled: World) -> None:
    settled.store.fail("put", REFUSED, times=100)
    settled.write("f000", "newer", hint=True)
    settled.run(10)
    for _ in range(10):
        settled.command("rescan")
        settled.run(10)
    assert settled.store.count("put") == 1
    settled.write("f000", "changed, and only a pass sees it")
    settled.command("rescan")
    settled.run(10)
    assert settled.store.count("put") == 2


def test_a_call_that_crashes_is_looked_into_and_tried_again(settled: World) -> None:
    def crash(_action: Action) -> Any:
        raise RuntimeError("a bug")

    settled.scripts["f000"] = [crash]
    settled.write("f000", "newer", hint=True)
    settled.settle()
    assert settled.objects == settled.files
