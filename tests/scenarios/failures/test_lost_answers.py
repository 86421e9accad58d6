"""What no answer came for is looked into, at once and a minute later."""

from __future__ import annotations

from tests.scenarios.troubles import NO_ANSWER
from tests.scenarios.world import World


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
