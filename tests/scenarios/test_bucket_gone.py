"""A bucket that is gone for a while takes nothing with it: what was to be done is done afterwards.

A server whose disk is not mounted yet, an account that is locked, a bucket made anew by mistake
under another account: a HEAD is answered by a bare 404, as for any key that is not there.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3syncd.core.retry import FailureKind
from s3syncd.errors import SiteUnavailable
from s3syncd.site.messages import Sounded
from s3syncd.site.silence import Silence
from tests.fakes_bucket import failure
from tests.scenarios.troubles import NO_ANSWER
from tests.scenarios.world import World


@pytest.fixture
def settled(world: World) -> World:
    """Four files, uploaded and in sync."""
    world.fill(4)
    world.settle()
    return world


def come_back(world: World) -> None:
    world.store.is_gone = False
    world.run(120)
    world.settle()


def test_deletion_waits_for_the_bucket(settled: World) -> None:
    settled.remove("f000", hint=True)
    settled.store.is_gone = True
    settled.run(30)
    assert (settled.status["state"], settled.status["in_sync"]) == ("unavailable", False)
    assert settled.ledger.baseline("f000") is not None
    come_back(settled)
    assert settled.objects == settled.files
    assert settled.deleted() == ["f000"]


def test_deletion_without_an_answer_is_not_done_because_the_bucket_went(settled: World) -> None:
    settled.store.fail("delete", NO_ANSWER)
    settled.store.on("delete", lambda: setattr(settled.store, "is_gone", True))
    settled.remove("f000", hint=True)
    settled.run(100)
    assert not settled.status["in_sync"]
    come_back(settled)
    assert settled.objects == settled.files


def test_nothing_is_forgotten_that_a_kill_left_open(settled: World) -> None:
    settled.lane.is_held = True
    settled.remove("f000", hint=True)
    settled.run(30)
    assert settled.ledger.intent("f000") is not None
    settled.restart()
    settled.store.is_gone = True
    settled.run(100)
    assert settled.ledger.baseline("f000") is not None
    come_back(settled)
    assert settled.objects == settled.files


def test_upload_without_an_answer_is_not_undone_because_the_bucket_went(settled: World) -> None:
    """Nothing was known of the path before, and its file is gone before the bucket is back."""
    settled.store.fail("put", NO_ANSWER, is_applied=True)
    settled.store.on("head", lambda: setattr(settled.store, "is_gone", True))
    settled.write("new", hint=True)
    settled.run(1)
    settled.remove("new", hint=True)
    settled.run(2)
    settled.store.is_gone = False
    settled.settle()
    assert settled.objects == settled.files
    assert settled.deleted() == ["new"]


def test_what_both_sides_lost_is_forgotten_only_while_the_bucket_is_there(settled: World) -> None:
    settled.remove("f000")
    found = settled.store.objects.pop("p/f000")  # a listing that is behind does not know it ...
    settled.store.on("peek", lambda: setattr(settled.store, "is_gone", True))
    settled.command("rescan", remote=True)
    settled.run(5)
    assert settled.ledger.baseline("f000") is not None
    settled.store.objects["p/f000"] = found  # ... and there it is
    come_back(settled)
    assert settled.objects == settled.files


def test_a_look_that_stands_for_a_condition_forgets_nothing(
    make_world: Callable[..., World],
) -> None:
    world = make_world(on_drift="hold")
    world.store.honours_conditions = False  # so each write is preceded by a look
    world.fill(4)
    world.settle()
    world.store.is_gone = True
    world.write("f000", "another content", hint=True)
    world.run(10)
    assert world.ledger.baseline("f000") is not None
    world.remove("f000", hint=True)
    come_back(world)
    assert world.objects == world.files


def test_one_silence_and_no_sign_of_life_are_the_buckets_trouble(settled: World) -> None:
    silent = failure(FailureKind.TRANSIENT, "DeadlineExceeded", is_unknown=True)
    settled.store.everything_fails = silent
    settled.store.page_fails = {1: silent}
    settled.store.outage = SiteUnavailable("bucket_unavailable", "no answer", hint="look")
    settled.write("f000", "another content", hint=True)
    settled.run(5)
    assert (settled.status["state"], settled.status["in_sync"]) == ("unavailable", False)
    assert settled.status["reason"] == "bucket_unavailable"
    settled.store.everything_fails = settled.store.outage = None
    settled.store.page_fails = {}
    settled.settle()
    assert settled.objects == settled.files


def test_one_object_that_hangs_is_not_the_buckets_trouble(settled: World) -> None:
    settled.store.everything_fails = failure(
        FailureKind.TRANSIENT, "DeadlineExceeded", is_unknown=True
    )
    settled.write("f000", "another content", hint=True)
    states = set()
    for _ in range(60):
        settled.run(1)
        states.add(settled.status["state"])
    assert "unavailable" not in states
    assert settled.store.count("list") > 1, "it was asked"


def test_a_refused_sign_of_life_is_an_answer(settled: World) -> None:
    settled.store.everything_fails = failure(
        FailureKind.TRANSIENT, "DeadlineExceeded", is_unknown=True
    )
    settled.store.page_fails = {1: failure(FailureKind.TRANSIENT, "InternalError", 500)}
    settled.write("f000", "another content", hint=True)
    settled.run(10)
    assert settled.status["state"] != "unavailable"


def test_an_answer_meanwhile_speaks_for_the_bucket(settled: World) -> None:
    silent = failure(FailureKind.TRANSIENT, "DeadlineExceeded", is_unknown=True)
    settled.store.page_fails = {1: silent}
    lost: list[tuple[str, str]] = []
    silence = Silence(settled.parts, on_silent=lambda *said: lost.append(said))
    silence.met("silent", "look")
    silence.broken()
    silence.met("another", "look")
    silence.sounded(Sounded(False), settled.now)
    assert not lost, "it was asked before the answer"
    silence.sounded(Sounded(False), settled.now)
    assert lost == [("another", "look")]


def test_a_path_has_the_remedy_of_its_site(settled: World) -> None:
    settled.store.outage = SiteUnavailable("bucket_unavailable", "no answer", hint="look there")
    settled.store.everything_fails = failure(FailureKind.BUCKET, "NoSuchBucket", 404)
    settled.write("f000", "another content", hint=True)
    settled.run(10)
    assert settled.status["problems"][0]["reason"] == "bucket_unavailable"
    words = "no answer look there `s3syncd check` asks the same way."
    assert settled.status["problems"][0]["hint"] == settled.status["hint"] == words
