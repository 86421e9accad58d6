"""After a crash the object itself tells what became of an intent; what is unclear stays so."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from s3syncd.core.entry import BaselineRow, Kind, Result
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.transfer.world import MIB, World

PART = 8 * MIB
OURS = {"s3syncd-op": "op-1"}
LOST = failure(FailureKind.TRANSIENT, "InternalError", 500)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "root")
    world.write("a", b"content")
    return world


# --- uploads --------------------------------------------------------------------------------------


def test_object_with_our_operation_id_was_put_by_us(world: World) -> None:
    world.carry_out(world.upload("a"), intent=world.intent("a"))
    outcome = world.recover(world.intent("a"))
    assert (outcome.result, outcome.effect, outcome.is_stale) == (Result.DONE, "put", False)
    assert outcome.row == world.row("a")


def test_object_with_our_content_was_put_by_us(world: World) -> None:
    """Some stores keep no metadata."""
    world.bucket.store("p/a", b"content")
    intent = world.intent("a", md5=hashlib.md5(b"content").hexdigest())
    assert world.recover(intent).effect == "put"


def test_file_changed_after_the_intent_gets_no_row_that_equals_it(world: World) -> None:
    intent = world.intent("a")
    world.rewrite("a", b"changed before it was read")
    world.carry_out(world.upload("a"), intent=intent)
    outcome = world.recover(intent)
    assert outcome.row is not None
    assert outcome.row.size_bytes == len(b"changed before it was read")
    assert outcome.row[:5] != world.entry("a")[:5]
    assert outcome.is_stale


def test_file_gone_after_the_upload_is_recorded_and_stale(world: World) -> None:
    world.carry_out(world.upload("a"), intent=world.intent("a"))
    intent = world.intent("a")
    (world.root / "a").unlink()
    outcome = world.recover(intent)
    assert (outcome.effect, outcome.is_stale) == ("put", True)


def test_missing_root_does_not_keep_an_effect_from_being_recorded(world: World) -> None:
    world.carry_out(world.upload("a"), intent=world.intent("a"))
    intent = world.intent("a")
    world.root.rename(world.root.with_name("away"))
    outcome = world.recover(intent)
    assert (outcome.effect, outcome.is_stale) == ("put", True)


def test_interrupted_upload_is_not_judged_without_the_root(world: World) -> None:
    large(world)
    upload_id = world.bucket.begin("p/a", {1: b"part"})
    intent = world.intent("a", upload_id=upload_id, part_size_bytes=PART)
    world.root.rename(world.root.with_name("away"))
    outcome = world.recover(intent)
    assert (outcome.result, outcome.scope) == (Result.RETRYABLE, "root")
    assert upload_id in world.bucket.uploads


def test_version_from_before_means_that_nothing_happened(world: World) -> None:
    found = world.bucket.store("p/a", b"old")
    outcome = world.recover(world.intent("a", etag_before=found.etag))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_applied")
    assert outcome.row is None


def test_no_object_from_before_means_that_nothing_happened(world: World) -> None:
    assert world.recover(world.intent("a")).reason == "not_applied"


@pytest.mark.parametrize("is_there", [True, False])
def test_neither_before_nor_ours_is_nobodys_baseline(world: World, is_there: bool) -> None:
    if is_there:
        world.bucket.store("p/a", b"foreign", metadata={"s3syncd-op": "another"})
    outcome = world.recover(world.intent("a", etag_before="before"))
    assert (outcome.result, outcome.effect) == (Result.DONE, "gone")
    assert outcome.is_stale
    assert outcome.row is None


def test_failing_look_tells_nothing(world: World) -> None:
    world.bucket.fail("head", LOST)
    outcome = world.recover(world.intent("a"))
    assert (outcome.result, outcome.effect) == (Result.RETRYABLE, "none")


def test_small_upload_costs_one_request(world: World) -> None:
    intent = world.intent("a")
    world.carry_out(world.upload("a"), intent=intent)
    world.bucket.requests.clear()
    world.recover(intent)
    assert [name for name, _ in world.bucket.requests] == ["head"]


def test_missing_bucket_does_not_pass_for_an_upload_that_was_not_applied(world: World) -> None:
    """Of a path of which nothing was known before: what was put there would be nobody's."""
    world.bucket.is_gone = True
    outcome = world.recover(world.intent("a"))
    assert (outcome.result, outcome.scope) == (Result.RETRYABLE, "bucket")


# --- uploads in parts -----------------------------------------------------------------------------


def large(world: World) -> None:
    world.write("a", bytes(9 * MIB))


def test_interrupted_upload_of_this_file_is_kept_and_every_other_aborted(world: World) -> None:
    large(world)
    kept = world.bucket.begin("p/a", {1: b"part"})
    world.bucket.begin("p/a", {1: b"of an older attempt"})
    neighbour = world.bucket.begin("p/ab", {1: b"another key's"})
    intent = world.intent("a", upload_id=kept, part_size_bytes=PART)
    outcome = world.recover(intent)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "resumable")
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.UPLOAD
    assert outcome.follow_up.local == world.entry("a")
    assert set(world.bucket.uploads) == {kept, neighbour}


def test_interrupted_upload_of_a_changed_file_is_aborted(world: World) -> None:
    large(world)
    upload_id = world.bucket.begin("p/a", {1: b"part"})
    intent = world.intent("a", upload_id=upload_id, part_size_bytes=PART)
    world.touch("a")
    assert world.recover(intent).reason == "not_applied"
    assert not world.bucket.uploads


def test_interrupted_upload_of_a_file_that_needs_none_is_aborted(world: World) -> None:
    large(world)
    upload_id = world.bucket.begin("p/a", {1: b"part"})
    world.bucket.store("p/a", bytes(9 * MIB), etag="e-2")
    intent = world.intent("a", upload_id=upload_id, part_size_bytes=PART, etag_before="e-2")
    row = BaselineRow(*world.entry("a"), None, "e-2", "STANDARD")
    outcome = world.recover(intent, baseline=row)
    assert (outcome.reason, outcome.follow_up) == ("not_applied", None)
    assert not world.bucket.uploads


def test_interrupted_upload_of_a_file_that_is_to_be_compared_first_is_aborted(world: World) -> None:
    """Kept, it would be asked about before each comparison, and compared after each answer."""
    large(world)
    upload_id = world.bucket.begin("p/a", {1: b"part"})
    world.bucket.store("p/a", bytes(9 * MIB), etag="e-2")
    intent = world.intent("a", upload_id=upload_id, part_size_bytes=PART, etag_before="e-2")
    outcome = world.recover(intent)
    assert outcome.reason == "not_applied"
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.ADOPT
    assert not world.bucket.uploads


def test_upload_created_before_its_id_was_known_is_aborted(world: World) -> None:
    large(world)
    world.bucket.begin("p/a", {})
    assert world.recover(world.intent("a", part_size_bytes=PART)).reason == "not_applied"
    assert not world.bucket.uploads


def test_recorded_upload_is_aborted_where_uploads_cannot_be_listed(world: World) -> None:
    large(world)
    upload_id = world.bucket.begin("p/a", {1: b"part"})
    intent = world.intent("a", upload_id=upload_id, part_size_bytes=PART)
    world.touch("a")
    world.bucket.fail("list_uploads", failure(FailureKind.REFUSED, "AccessDenied", 403))
    world.recover(intent)
    assert not world.bucket.uploads


def test_upload_that_cannot_be_aborted_keeps_its_intent(world: World) -> None:
    large(world)
    upload_id = world.bucket.begin("p/a", {1: b"part"})
    intent = world.intent("a", upload_id=upload_id, part_size_bytes=PART)
    world.touch("a")
    world.bucket.fail("abort", LOST)
    assert world.recover(intent).result is Result.RETRYABLE


def test_completed_upload_leaves_no_other_behind(world: World) -> None:
    large(world)
    world.bucket.store("p/a", bytes(9 * MIB), etag="e-2", metadata=OURS)
    left = world.bucket.begin("p/a", {1: b"part"})
    outcome = world.recover(world.intent("a", upload_id=left, part_size_bytes=PART))
    assert outcome.effect == "put"
    assert outcome.row is not None
    assert (outcome.row.etag, outcome.row.md5) == ("e-2", None)
    assert not world.bucket.uploads


def test_upload_that_does_not_show_is_aborted_where_the_work_of_an_older_one_does(
    world: World,
) -> None:
    large(world)
    world.bucket.store("p/a", b"content", etag="e", metadata={"s3syncd-op": "op-0"})
    begun = world.bucket.begin("p/a", {1: b"part"})
    intent = world.intent("a", upload_id=begun, part_size_bytes=PART)
    outcome = world.recover(intent, older=[world.intent("a", op_id="op-0", size_bytes=7)])
    assert outcome.row is not None
    assert (outcome.effect, outcome.row.etag) == ("put", "e")
    assert not world.bucket.uploads


# --- deletions and copies -------------------------------------------------------------------------


def test_deleted_object_drops_the_baseline(world: World) -> None:
    outcome = world.recover(world.intent("a", Kind.DELETE_REMOTE, etag_before="e"))
    assert (outcome.result, outcome.effect) == (Result.DONE, "deleted")


def test_object_still_there_was_not_deleted(world: World) -> None:
    found = world.bucket.store("p/a", b"content")
    intent = world.intent("a", Kind.DELETE_REMOTE, etag_before=found.etag)
    assert world.recover(intent).reason == "not_applied"
    assert "p/a" in world.bucket.objects


def test_another_object_in_its_place_drops_the_baseline(world: World) -> None:
    world.bucket.store("p/a", b"foreign")
    intent = world.intent("a", Kind.DELETE_REMOTE, etag_before="e")
    outcome = world.recover(intent)
    assert (outcome.effect, outcome.reason) == ("gone", "foreign_change")
    assert "p/a" in world.bucket.objects


def test_copy_with_our_operation_id_is_recorded(tmp_path: Path) -> None:
    world = World(tmp_path / "cold", storage_class="GLACIER_IR")
    world.write("a", b"content")
    world.bucket.store("p/a", b"content")
    row = world.row("a")
    world.bucket.store("p/a", b"content", etag="copied", metadata=OURS)
    intent = world.intent("a", Kind.RECLASS, etag_before=row.etag)
    outcome = world.recover(intent, baseline=row)
    assert outcome.effect == "reclassed"
    assert outcome.row == row._replace(etag="copied", storage_class="GLACIER_IR")


def test_copy_that_does_not_show_is_carried_out_again(tmp_path: Path) -> None:
    world = World(tmp_path / "cold", storage_class="GLACIER_IR")
    world.write("a", b"content")
    world.bucket.store("p/a", b"content")
    row = world.row("a")
    intent = world.intent("a", Kind.RECLASS, etag_before=row.etag)
    outcome = world.recover(intent, baseline=row)
    assert outcome.reason == "not_applied"
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.RECLASS


# --- a bucket that is not there -------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.UPLOAD, Kind.DELETE_REMOTE])
def test_missing_bucket_tells_nothing_of_what_was_intended(world: World, kind: Kind) -> None:
    world.bucket.store("p/a", b"content")
    row = world.row("a")
    intent = world.intent("a", kind, etag_before=row.etag)
    (world.root / "a").unlink()
    world.bucket.is_gone = True
    outcome = world.recover(intent, baseline=row)
    assert (outcome.result, outcome.scope) == (Result.RETRYABLE, "bucket")


def test_missing_bucket_tells_nothing_of_a_published_upload(world: World) -> None:
    world.bucket.store("p/a", b"content")
    row = world.row("a")
    (world.root / "a").unlink()
    world.bucket.is_gone = True
    outcome = world.confirm(world.intent("a"), baseline=row)
    assert (outcome.result, outcome.follow_up) == (Result.RETRYABLE, None)
