"""A large upload is in sync when it is published; how the store lists it is asked a minute later.

rclone answers Complete with an ETag made of the parts, and lists the MD5 of the whole.
"""

from __future__ import annotations

import hashlib

import pytest

from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.world import MULTIPART_BYTES, World

CONTENT = "x" * (MULTIPART_BYTES + 1)
LISTED = hashlib.md5(CONTENT.encode()).hexdigest()


@pytest.fixture
def uploaded(world: World) -> World:
    """Just published, and not yet asked about."""
    world.store.lists_md5_of_parts = True
    world.settle_and_rest()
    world.write("big", CONTENT, hint=True)
    world.settle()
    assert world.store.count("complete") == 1
    assert world.store.count("head") == 0
    return world


def recorded(world: World) -> str:
    row = world.ledger.baseline("big")
    assert row is not None
    return row.etag


def test_it_is_in_sync_before_the_store_was_asked(world: World) -> None:
    world.settle()
    world.write("big", CONTENT, hint=True)
    world.run(10)
    assert world.status["in_sync"]
    world.run(40)
    assert world.store.count("head") == 0
    assert world.ledger.intent("big") is not None


def test_listed_version_is_recorded_after_a_minute_with_one_request(uploaded: World) -> None:
    before = len(uploaded.store.requests)
    uploaded.run(70)
    assert [name for name, _ in uploaded.store.requests[before:]] == ["head"]
    assert recorded(uploaded) == LISTED
    assert uploaded.ledger.intents() == []
    assert uploaded.status["in_sync"]


def test_listed_version_recorded_means_nothing_to_do(uploaded: World) -> None:
    uploaded.run(70)
    carried = len(uploaded.carried)
    uploaded.command("rescan", remote=True)
    uploaded.settle()
    assert uploaded.carried[carried:] == []


def test_listing_before_the_answer_is_known_decides_nothing(uploaded: World) -> None:
    carried = len(uploaded.carried)
    uploaded.command("rescan", remote=True)
    uploaded.run(5)
    assert uploaded.carried[carried:] == []
    uploaded.run(70)
    assert recorded(uploaded) == LISTED


def test_deletion_waits_for_the_version_and_retires_the_object(uploaded: World) -> None:
    uploaded.remove("big", hint=True)
    uploaded.run(20)
    assert uploaded.objects == {}
    assert uploaded.ledger.intents() == []


def test_next_change_is_not_kept_waiting(uploaded: World) -> None:
    uploaded.write("big", CONTENT + "more", hint=True)
    uploaded.run(10)
    assert uploaded.objects == uploaded.files


def test_file_that_became_small_is_sent(uploaded: World) -> None:
    uploaded.write("big", "small", hint=True)
    uploaded.run(10)
    assert uploaded.objects == uploaded.files
    uploaded.run(70)
    assert uploaded.ledger.intents() == []
    assert uploaded.status["in_sync"]


def test_restart_asks_at_once(uploaded: World) -> None:
    uploaded.kill()
    uploaded.start()
    uploaded.settle()
    assert recorded(uploaded) == LISTED
    assert uploaded.ledger.intents() == []
    assert uploaded.store.count("complete") == 1


def test_look_that_fails_is_repeated(uploaded: World) -> None:
    uploaded.store.fail("head", failure(FailureKind.THROTTLED, "SlowDown", 503), times=2)
    uploaded.run(200)
    assert recorded(uploaded) == LISTED
    assert uploaded.store.count("head") == 3


def test_object_replaced_by_another_writer_is_put_right(uploaded: World) -> None:
    uploaded.store.store("p/big", b"theirs")
    uploaded.run(70)
    uploaded.settle()
    assert uploaded.objects == uploaded.files
    assert uploaded.log.of("object.overwritten")


def test_change_without_an_event_is_found_with_the_version(uploaded: World) -> None:
    uploaded.write("big", CONTENT + "unheard of")
    uploaded.run(70)
    uploaded.settle()
    assert uploaded.objects == uploaded.files


def test_newer_record_is_not_replaced_by_a_late_answer(uploaded: World) -> None:
    """Whatever wrote it: the answer speaks of the upload before."""
    row = uploaded.ledger.baseline("big")
    assert row is not None
    newer = row._replace(etag="newer")
    uploaded.ledger.record(newer)
    uploaded.run(70)
    assert recorded(uploaded) == "newer"


def test_few_versions_wait_to_be_confirmed(uploaded: World) -> None:
    intent = uploaded.ledger.intent("big")
    assert intent is not None
    recovery = uploaded.site.recovery
    for number in range(600):
        recovery.confirm(intent._replace(path=f"f{number}"), uploaded.now)
    assert recovery.next_due() <= uploaded.now


def test_a_stop_asks_at_once_so_that_the_next_start_need_not(uploaded: World) -> None:
    uploaded.stop()
    assert uploaded.store.count("head") == 1
    uploaded.start()
    assert recorded(uploaded) == LISTED
    assert uploaded.ledger.intents() == []


def test_a_paused_site_asks_nothing_at_its_stop(uploaded: World) -> None:
    uploaded.command("pause")
    uploaded.stop()
    assert uploaded.store.count("head") == 0


def test_a_stop_does_not_ask_about_lost_answers(world: World) -> None:
    world.settle()
    lost = failure(FailureKind.TRANSIENT, is_unknown=True)
    world.store.fail("put", lost)
    world.write("small", hint=True)
    world.run(5)
    asked = world.store.count("head")
    assert asked, "it was looked at once"
    world.stop()
    assert world.store.count("head") == asked, "the second look is the next start's"
