"""What was decided, or asked, before something else became known is looked at once more.

A pass of a large tree takes minutes, a listing as long as its store takes, and a look at a file an
instant in which an answer about it may come: nothing that a user did meanwhile may be passed over
because another word about the path came first. Nobody has heard of what is written here without a
hint.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3syncd.core.entry import Action, Kind, Outcome, Result
from s3syncd.site.messages import Recovered
from tests.scenarios.troubles import HUNG_UP
from tests.scenarios.world import MULTIPART_BYTES, World


def test_a_file_that_came_back_while_its_object_was_asked_for_is_uploaded(settled: World) -> None:
    """Gone on both sides when the pass looked; the listing took its time."""
    settled.remove("f000")
    del settled.store.objects["p/f000"]
    settled.store.on("peek", lambda: settled.write("f000", "back"))
    settled.command("rescan", remote=True)
    settled.settle()
    assert settled.objects == settled.files


@pytest.mark.parametrize("text", ["newest", ""], ids=["written", "deleted"])
def test_what_a_pass_met_after_an_upload_that_it_is_older_than_is_done(
    settled: World, text: str
) -> None:
    settled.scanner.is_held = True
    settled.command("rescan")
    settled.write("f000", "newer", hint=True)
    settled.run(5)
    assert settled.objects["f000"] == b"newer"
    if text:
        settled.write("f000", text)
    else:
        settled.remove("f000")
    settled.scanner.is_held = False
    settled.settle()
    assert settled.objects == settled.files


def test_a_file_that_comes_while_its_object_is_deleted_is_uploaded(settled: World) -> None:
    """The pass meets it while the deletion is under way, which has looked for it before."""

    def come_back() -> None:
        settled.write("f000", "back")
        settled.command("rescan")
        settled.lane.is_held = True

    settled.remove("f000", hint=True)
    settled.store.on("delete", come_back)
    settled.run(10)
    assert "f000" in settled.site.backlog.in_flight
    settled.lane.is_held = False
    settled.settle()
    assert settled.objects == settled.files


# --- an effect that was in doubt ------------------------------------------------------------------


def known_after_a_lost_answer(world: World) -> None:
    """The upload got no answer, and was carried out."""
    world.store.fail("put", HUNG_UP, is_applied=True)
    world.store.on("head", lambda: setattr(world.lane, "is_held", True))
    world.write("f000", "without an answer", hint=True)
    world.run(1)


def known_to_be_late(world: World) -> None:
    """An older upload is carried out after the newer one was answered."""
    world.store.fail("put", HUNG_UP)
    world.write("f000", "late", hint=True)
    world.run(0.5)
    put = world.store.last("put")
    world.run(5)
    world.write("f000", "newest", hint=True)
    world.run(5)
    assert world.objects["f000"] == b"newest"
    world.store.store(
        put["key"], put["body"], metadata=put["metadata"], content_type=put["content_type"]
    )
    world.store.on("head", lambda: setattr(world.lane, "is_held", True))
    world.run(70)


def known_by_another_name(world: World) -> None:
    """As rclone: what Complete answers is not what is listed."""
    world.store.lists_md5_of_parts = True
    world.write("f000", "x" * (MULTIPART_BYTES + 1), hint=True)
    world.run(5)
    world.store.on("head", lambda: setattr(world.lane, "is_held", True))
    world.run(70)


_KNOWN = [known_after_a_lost_answer, known_to_be_late, known_by_another_name]


@pytest.mark.parametrize("happen", _KNOWN)
def test_a_deletion_decided_while_the_version_was_in_doubt_is_of_that_version(
    settled: World, happen: Callable[[World], None]
) -> None:
    """The second look at the file and the answer about its object come in the same turn."""
    happen(settled)
    assert settled.lane.is_held
    settled.remove("f000", hint=True)
    settled.run(1)
    settled.scanner.are_looks_held = True
    settled.run(5)
    settled.scanner.are_looks_held = settled.lane.is_held = False
    settled.settle()
    assert settled.objects == settled.files
    assert settled.deleted() == ["f000"]


def test_a_file_put_back_while_its_upload_was_in_doubt_is_compared_with_what_came_of_it(
    settled: World,
) -> None:
    """It is what it was before, and its object is not."""
    before = settled.files["f000"].decode()
    known_after_a_lost_answer(settled)
    settled.scanner.are_looks_held = True
    settled.write("f000", before, hint=True)
    settled.run(1)
    settled.scanner.are_looks_held = settled.lane.is_held = False
    settled.settle()
    assert settled.objects == settled.files


def test_a_file_touched_while_its_listed_version_was_asked_for_keeps_that_version(
    settled: World,
) -> None:
    """Touched an instant after the call that asked has looked at it for the last time."""
    known_by_another_name(settled)
    row = settled.ledger.baseline("f000")
    assert row is not None
    listed = settled.store.objects["p/f000"].etag
    assert row.etag != listed
    action = Action(Kind.UPLOAD, "f000", None, row, None, 0, "recovered")
    told = Outcome(action, Result.DONE, "put", row._replace(etag=listed))
    settled.scanner.are_looks_held = True
    settled.write("f000", settled.files["f000"].decode(), hint=True)
    settled.run(1)
    settled.scanner.are_looks_held = False
    while settled.scanner.step():
        pass
    settled.inbox.put(Recovered("f000", told))
    settled.turn()
    settled.lane.is_held = False
    settled.settle()
    row = settled.ledger.baseline("f000")
    assert row is not None
    assert row[:5] == settled.entry("f000")[:5]
    assert row.etag == listed


# --- what others did to a path that waits ---------------------------------------------------------


def test_what_others_put_over_a_file_whose_deletion_was_held_is_overwritten(world: World) -> None:
    """The file is back as it was, unheard; the pass that meets it meets their object, too."""
    away = world.root.with_name("away")
    world.fill(25, "d/")
    world.fill(25)
    world.settle()
    (world.root / "d").rename(away)
    world.command("rescan")
    world.run(40)
    assert world.status["held_deletions"] == 25
    away.rename(world.root / "d")
    world.store.store("p/d/f000", b"somebody else's")
    world.command("rescan", remote=True)
    world.settle()
    assert world.objects == world.files


def test_what_others_put_over_a_file_that_failed_is_overwritten_when_it_is_tried_again(
    settled: World,
) -> None:
    """Only touched: compared with what was agreed on before, nothing would be sent."""

    def unreadable(action: Action) -> Outcome:
        return Outcome(action, Result.REFUSED, reason="unreadable")

    settled.scripts["f000"] = [unreadable]
    settled.write("f000", hint=True)  # the same content
    settled.run(5)
    assert settled.ledger.retry("f000") is not None
    settled.store.store("p/f000", b"somebody else's")
    settled.command("rescan", remote=True)
    settled.run(5)
    assert settled.ledger.retry("f000") is not None, "the pause is kept"
    settled.leap(3700)
    settled.settle()
    assert settled.objects == settled.files
