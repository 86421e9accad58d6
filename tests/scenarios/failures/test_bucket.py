"""What is the bucket's trouble and what a path's own, and what a site does without its bucket."""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import Action, Outcome, Result
from s3syncd.core.retry import FailureKind
from s3syncd.errors import SiteUnavailable
from tests.fakes_bucket import failure
from tests.scenarios.failures.moments import moments_of
from tests.scenarios.troubles import BROKEN
from tests.scenarios.world import World


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
        contacts += moments_of(settled, "connect", 1)
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


def test_a_refused_bucket_is_unavailable_and_comes_back(settled: World) -> None:
    settled.store.everything_fails = failure(FailureKind.BUCKET, "AccessDenied", 403)
    settled.store.outage = SiteUnavailable("bucket_unavailable", "403", hint="look at the policy")
    settled.write("f000", "newer", hint=True)
    settled.run(2)
    assert settled.status["state"] == "unavailable"
    assert settled.status["hint"].endswith("look at the policy `s3syncd check` asks the same way.")
    contacts = moments_of(settled, "connect", 600)
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
