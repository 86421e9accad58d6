"""Nothing is dropped because it failed: retries, refusals, lost answers, lost buckets."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from s3syncd.core.entry import Action, Outcome, Result
from s3syncd.core.retry import FailureKind
from s3syncd.errors import SiteUnavailable
from tests.fakes_bucket import failure
from tests.scenarios.world import MULTIPART_BYTES, World

NO_ANSWER = failure(FailureKind.TRANSIENT, "AWS_IO_SOCKET_TIMEOUT", is_unknown=True)
BROKEN = failure(FailureKind.TRANSIENT, "InternalError", 500)
REFUSED = failure(FailureKind.REFUSED, "AccessDenied", 403)


@pytest.fixture
def settled(world: World) -> World:
    """20 files in sync."""
    world.fill(20)
    world.settle()
    world.store.requests.clear()
    return world


def _moments(world: World, operation: str, seconds: int, step: float = 1.0) -> list[float]:
    """Give when requests of a kind came."""
    moments = []
    for _ in range(int(seconds / step)):
        before = world.store.count(operation)
        world.run(step)
        moments += [world.now] * (world.store.count(operation) - before)
    return moments


def test_a_failed_upload_is_tried_for_ever_at_growing_distances(settled: World) -> None:
    settled.store.fail("put", BROKEN, times=12)
    settled.jitter = 0.9
    settled.write("f000", "newer", hint=True)
    moments = _moments(settled, "put", 3000)
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


def test_one_poison_file_never_makes_the_bucket_unavailable(settled: World) -> None:
    settled.scripts["f000"] = [
        lambda action: Outcome(action, Result.RETRYABLE, reason="transient") for _ in range(40)
    ]
    settled.write("f000", "newer", hint=True)
    settled.log.lines.clear()
    for _ in range(600):
        settled.run(10)
    assert len(settled.log.of("transfer.recovered")) + settled.ledger.retries()[0] == 1
    assert settled.log.of("bucket.changed") == []


def test_a_disk_that_cannot_be_read_is_not_the_buckets_trouble(settled: World) -> None:
    def unreadable(action: Action) -> Outcome:
        return Outcome(action, Result.RETRYABLE, reason="io_error", local_state="unknown")

    for path in settled.files:
        settled.scripts[path] = [unreadable] * 3
        settled.write(path, "newer", hint=True)
    states = set()
    for _ in range(60):
        settled.run(1)
        states.add(settled.status["state"])
    assert "unavailable" not in states
    settled.settle()


def test_no_answers_at_all_are_the_buckets_trouble(settled: World) -> None:
    settled.store.everything_fails = BROKEN
    settled.store.outage = SiteUnavailable("bucket_unavailable", "no answer", hint="look")
    for path in settled.files:
        settled.write(path, "newer", hint=True)
    settled.run(60)
    assert settled.status["state"] == "unavailable"
    assert settled.status["reason"] == "bucket_unavailable"
    settled.store.everything_fails = settled.store.outage = None
    settled.settle()
    assert settled.objects == settled.files


def test_a_few_silent_requests_are_the_buckets_trouble(settled: World) -> None:
    silence = failure(FailureKind.TRANSIENT, "DeadlineExceeded", is_unknown=True)
    settled.store.everything_fails = silence
    settled.store.outage = SiteUnavailable("bucket_unavailable", "no answer", hint="look")
    for path in list(settled.files)[:4]:
        settled.write(path, "newer", hint=True)
    settled.run(10)
    assert settled.status["reason"] == "bucket_unavailable"
    assert {p["reason"] for p in settled.status["problems"]} == {"stalled"}
    assert "silent" in settled.status["problems"][0]["hint"]
    settled.store.everything_fails = settled.store.outage = None
    settled.settle()
    assert settled.objects == settled.files


def test_a_bucket_that_answers_nothing_but_looks_is_asked_ever_less(settled: World) -> None:
    settled.jitter = 0.9
    settled.store.everything_fails = failure(FailureKind.BUCKET, "AWS_IO_SOCKET_TIMEOUT")
    settled.write("f000", "newer", hint=True)
    contacts, hints = [], set()
    for _ in range(600):
        contacts += _moments(settled, "connect", 1)
        hints.add(settled.status["hint"])
    assert contacts[-1] - contacts[-2] > 30
    assert len(contacts) < 30
    assert any("Requests to the bucket fail" in hint for hint in hints if hint)
    settled.store.everything_fails = None
    settled.run(90)
    assert settled.objects == settled.files
    settled.run(600)
    settled.store.fail("put", failure(FailureKind.BUCKET, "AWS_IO_SOCKET_TIMEOUT"))
    settled.write("f000", "newest", hint=True)
    settled.run(5)
    assert settled.objects == settled.files, "a loss long after is looked into at once"


def test_a_bucket_that_serves_between_its_losses_is_asked_soon(settled: World) -> None:
    settled.jitter = 0.9
    for number in range(12):
        settled.store.fail("put", failure(FailureKind.BUCKET, "AWS_IO_SOCKET_TIMEOUT"))
        settled.write("f000", f"version {number}", hint=True)
        settled.run(4)
        assert settled.objects == settled.files


def test_throttling_slows_down_and_never_makes_unavailable(settled: World) -> None:
    settled.store.fail("put", failure(FailureKind.THROTTLED, "SlowDown", 503), times=100)
    for path in settled.files:
        settled.write(path, "newer", hint=True)
    states = set()
    for _ in range(600):
        settled.run(1)
        states.add(settled.status["state"])
    assert "unavailable" not in states
    assert settled.objects == settled.files


# --- the bucket -----------------------------------------------------------------------------------


def test_a_refused_bucket_is_unavailable_and_comes_back(settled: World) -> None:
    settled.store.everything_fails = failure(FailureKind.BUCKET, "AccessDenied", 403)
    settled.store.outage = SiteUnavailable("bucket_unavailable", "403", hint="look at the policy")
    settled.write("f000", "newer", hint=True)
    settled.run(2)
    assert settled.status["state"] == "unavailable"
    assert settled.status["hint"].endswith("look at the policy `s3syncd check` asks the same way.")
    contacts = _moments(settled, "connect", 600)
    assert 8 <= len(contacts) <= 60
    assert not settled.status["in_sync"]
    settled.store.everything_fails = settled.store.outage = None
    settled.settle()
    assert settled.objects == settled.files


def test_a_hint_ends_in_sync_within_a_second_while_the_bucket_is_blocked(settled: World) -> None:
    settled.store.everything_fails = failure(FailureKind.BUCKET, "AccessDenied", 403)
    assert settled.status["in_sync"]
    settled.write("f000", "newer", hint=True)
    settled.run(1)
    assert not settled.status["in_sync"]


def test_a_site_without_its_bucket_starts_when_it_is_there(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.store.outage = SiteUnavailable("bucket_unavailable", "no such bucket", hint="make it")
    world.fill(3)
    world.run(300)
    assert world.status["state"] == "unavailable"
    world.store.outage = None
    world.settle()
    assert world.objects == world.files


# --- lost answers ---------------------------------------------------------------------------------


def test_a_lost_answer_is_looked_into_at_once_and_again_after_a_minute(settled: World) -> None:
    settled.store.fail("put", NO_ANSWER)
    settled.write("f000", "newer", hint=True)
    settled.run(1)
    assert settled.ledger.intent("f000") is not None or settled.objects["f000"] == b"newer"
    heads = [t for n, t in settled.store.requests if n == "head"]
    assert [told["key"] for told in heads] == ["p/f000"]
    settled.run(10)
    assert settled.objects == settled.files
    assert settled.store.count("head") == 1
    settled.run(70)
    assert settled.store.count("head") == 2
    assert settled.ledger.intents() == []


def test_an_effect_whose_answer_was_lost_is_recorded_and_not_repeated(settled: World) -> None:
    settled.store.fail("put", NO_ANSWER, is_applied=True)
    settled.write("f000", "newer", hint=True)
    settled.settle()
    assert settled.store.count("put") == 1
    assert settled.ledger.intents() == []
    assert settled.ledger.baseline("f000").etag == settled.store.objects["p/f000"].etag  # type: ignore[union-attr]


def test_nothing_is_sent_for_a_path_before_its_lost_answer_is_looked_into(settled: World) -> None:
    settled.store.fail("put", NO_ANSWER)
    settled.store.fail("head", NO_ANSWER, times=20)
    settled.write("f000", "newer", hint=True)
    settled.run(10)
    settled.write("f000", "newest", hint=True)
    settled.run(10)
    assert settled.store.count("put") == 1
    settled.run(900)
    assert settled.objects == settled.files


def test_a_put_applied_late_over_a_newer_one_is_found(settled: World) -> None:
    settled.store.fail("put", NO_ANSWER)
    settled.write("f000", "older", hint=True)
    settled.run(1)
    late = settled.store.last("put")
    settled.write("f000", "newest", hint=True)
    settled.run(10)
    assert settled.objects["f000"] == b"newest"
    settled.store.store(
        "p/f000", late["body"], metadata=late["metadata"], content_type=late["content_type"]
    )
    settled.run(100)
    assert settled.objects["f000"] == b"newest"
    assert settled.log.of("object.late")


def test_an_object_that_vanishes_while_an_older_put_may_still_come_is_put_again(
    settled: World,
) -> None:
    settled.write("new", "older")
    settled.store.fail("put", NO_ANSWER)
    settled.hint("new")
    settled.run(10)
    assert settled.objects["new"] == b"older"
    del settled.store.objects["p/new"]  # by somebody else
    settled.command("rescan", remote=True)
    settled.run(100)
    assert settled.objects["new"] == b"older"
    assert settled.status["in_sync"]


def test_a_second_look_that_misses_the_newer_version_has_it_put_again(settled: World) -> None:
    settled.write("new", "older")
    settled.store.fail("put", NO_ANSWER)
    settled.hint("new")
    settled.run(10)
    del settled.store.objects["p/new"]  # by somebody else, and no pass meets it
    settled.run(100)
    assert settled.objects["new"] == b"older"


def test_an_object_that_vanishes_while_its_touched_file_is_read_is_put_again(
    settled: World,
) -> None:
    settled.lane.is_held = True
    settled.write("f000", settled.files["f000"].decode(), hint=True)
    settled.run(1)
    assert settled.lane.in_flight
    del settled.store.objects["p/f000"]  # by somebody else
    settled.command("rescan", remote=True)
    settled.run(1)
    settled.lane.is_held = False
    settled.run(10)
    assert "f000" in settled.objects
    assert settled.status["in_sync"]


def test_an_object_that_vanishes_while_its_file_is_compared_with_it_is_put(world: World) -> None:
    world.write("a", "mine")
    world.store.store("p/a", b"mine")
    world.checksum_lane.is_held = True
    world.run(5)
    assert world.checksum_lane.in_flight
    del world.store.objects["p/a"]  # by somebody else
    world.command("rescan", remote=True)
    world.run(5)
    world.checksum_lane.is_held = False
    world.run(10)
    assert world.objects["a"] == b"mine"


def test_a_deletion_without_an_answer_counts_once_it_is_known(settled: World) -> None:
    settled.store.fail("delete", NO_ANSWER, is_applied=True)
    settled.remove("f000", hint=True)
    settled.settle()
    assert settled.store.count("delete") == 1
    assert settled.ledger.deletions_logged_since(0) == 1
    assert settled.ledger.baseline("f000") is None


def test_intents_left_by_a_kill_are_taken_up_before_anything_else(settled: World) -> None:
    settled.lane.is_held = True
    settled.write("f000", "newer", hint=True)
    settled.run(1)
    assert settled.ledger.intent("f000") is not None
    settled.restart()
    settled.store.requests.clear()
    settled.run(1)
    about = [(name, told.get("key")) for name, told in settled.store.requests if "key" in told]
    assert about[0] == ("head", "p/f000")
    settled.settle()
    assert settled.objects == settled.files
    settled.run(100)
    assert settled.ledger.intents() == []


def test_a_put_that_was_applied_before_a_kill_is_not_repeated(settled: World) -> None:
    settled.write("f000", "newer", hint=True)
    for _ in range(100):
        settled.turn()
        settled.now += 0.01
        if settled.store.count("put"):
            break
    assert settled.objects == settled.files
    assert settled.ledger.intent("f000") is not None, "the outcome was not taken yet"
    settled.restart()
    settled.settle()
    assert settled.store.count("put") == 1
    assert settled.objects == settled.files


def test_an_intent_that_was_never_acted_on_is_dropped_with_its_plan(settled: World) -> None:
    settled.lane.limit = 1
    for path in ("f000", "f001", "f002"):
        settled.write(path, "newer", hint=True)
    settled.lane.is_held = True
    settled.run(3)
    assert len(settled.ledger.intents()) >= 2
    for path in ("f000", "f001", "f002"):
        settled.remove(path, hint=True)
    settled.run(1)
    settled.lane.is_held = False
    settled.lane.limit = 64
    settled.settle()
    assert settled.ledger.intents() == []
    assert settled.objects == settled.files


# --- large files ----------------------------------------------------------------------------------


@pytest.fixture
def interrupted(world: World) -> World:
    """A large upload whose last request failed: its parts are in the bucket."""
    world.settle()
    world.store.fail("complete", BROKEN, times=6)  # once, and s3_ops_retries
    world.write("big", "x" * (MULTIPART_BYTES + 1), hint=True)
    world.jitter = 0.999
    for _ in range(40):
        world.run(0.05)
        if world.store.count("complete") >= 6:
            break
    assert world.store.uploads
    return world


def test_an_interrupted_upload_in_parts_is_taken_up(interrupted: World) -> None:
    interrupted.settle()
    assert interrupted.store.count("create") == 1
    assert interrupted.store.uploads == {}
    assert interrupted.objects == interrupted.files


def test_parts_of_a_file_that_is_gone_are_aborted(interrupted: World) -> None:
    interrupted.remove("big", hint=True)
    interrupted.settle()
    assert interrupted.store.uploads == {}
    assert interrupted.objects == {}


def test_parts_of_a_file_that_became_small_are_aborted(interrupted: World) -> None:
    interrupted.write("big", "small now", hint=True)
    interrupted.settle()
    interrupted.run(100)
    assert interrupted.store.uploads == {}
    assert interrupted.objects == {"big": b"small now"}
    names = [name for name, _ in interrupted.store.requests]
    assert names.index("abort") < names.index("put"), "they are billed"


def test_a_stop_leaves_an_interrupted_upload_to_the_next_start(interrupted: World) -> None:
    interrupted.stop()
    interrupted.start()
    interrupted.settle()
    assert interrupted.store.count("create") == 1
    assert interrupted.store.uploads == {}


# --- files that do not rest -----------------------------------------------------------------------


def _not_quiet(action: Action) -> Outcome:
    return Outcome(action, Result.SUPERSEDED, reason="not_quiet", due_in_seconds=5.0)


def test_the_deadline_goes_on_counting_while_a_file_is_not_quiet(settled: World) -> None:
    settled.scripts["f000"] = [_not_quiet] * 100
    settled.settles.clear()
    settled.write("f000", "newer", hint=True)
    settled.run(58)
    told = [settle.is_past_deadline for path, settle in settled.settles if path == "f000"]
    assert told
    assert not any(told)
    settled.run(10)
    assert settled.settles[-1][1].is_past_deadline


def test_an_unstable_file_is_tried_at_one_two_four_five_minutes(settled: World) -> None:
    def unstable(action: Action) -> Outcome:
        return Outcome(action, Result.SUPERSEDED, reason="unstable", due_in_seconds=60.0)

    settled.scripts["f000"] = [unstable] * 7
    settled.carried.clear()
    settled.write("f000", "newer", hint=True)
    moments: list[float] = []
    for _ in range(1500):
        before = len(settled.carried)
        settled.run(1)
        moments += [settled.now] * (len(settled.carried) - before)
        if len(moments) == 2:
            assert [p["reason"] for p in settled.status["problems"]] == ["unstable"]
            assert not settled.status["in_sync"]
    distances = [round(b - a, -1) for a, b in itertools.pairwise(moments)]
    assert distances[:6] == [60, 120, 240, 300, 300, 300]


def test_a_stale_outcome_makes_the_path_dirty(settled: World) -> None:
    def sent_stale(action: Action) -> Outcome:
        assert action.local is not None
        row = settled.ledger.baseline("f000")
        assert row is not None
        return Outcome(action, Result.DONE, "put", row._replace(ctime_ns=0), is_stale=True)

    settled.scripts["f000"] = [sent_stale]
    settled.write("f000", "newer", hint=True)
    settled.settle()
    assert settled.objects == settled.files


def test_a_call_that_crashes_is_looked_into_and_tried_again(settled: World) -> None:
    def crash(_action: Action) -> Any:
        raise RuntimeError("a bug")

    settled.scripts["f000"] = [crash]
    settled.write("f000", "newer", hint=True)
    settled.settle()
    assert settled.objects == settled.files


def test_a_server_that_is_silent_from_the_start_is_named(world: World) -> None:
    world.lane.is_held = True
    world.run(4)
    assert (world.status["state"], world.status["hint"]) == ("starting", None)
    world.run(4)
    assert (world.status["state"], world.status["reason"]) == ("starting", None)
    assert "server has not answered" in world.status["hint"]
    world.lane.is_held = False
    world.settle()
    assert world.status["hint"] is None


def test_a_directory_that_is_silent_from_the_start_is_named(world: World) -> None:
    world.scanner.is_hung = True
    world.run(4)
    assert world.status["hint"] is None
    world.run(4)
    assert "directory has not answered" in world.status["hint"]
    world.scanner.is_hung = False
    world.settle()
    assert world.status["hint"] is None
