"""An upload in parts publishes a whole file, once, and its version is known in the end."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from s3syncd.core.entry import Kind, Result
from s3syncd.core.retry import FailureKind
from s3syncd.transfer import IntentNeeded, MultipartCreated, PartDone
from tests.fakes_bucket import failure
from tests.transfer.parts.content import CONTENT, PART, etag_of, sent
from tests.transfer.world import MIB, World


def test_object_is_made_of_parts_and_the_row_tells_the_stat(world: World) -> None:
    outcome = world.carry_out(world.upload("d/big"))
    found = world.bucket.objects["p/d/big"]
    assert (outcome.result, outcome.effect, outcome.is_stale) == (Result.DONE, "put", False)
    assert found.body == CONTENT
    assert found.part_sizes == [PART, PART, MIB]
    assert outcome.row is not None
    assert outcome.row[:6] == tuple(world.entry("d/big"))
    assert (outcome.row.md5, outcome.row.etag) == (None, etag_of(CONTENT))
    assert outcome.sent_bytes == len(CONTENT)
    assert world.bucket.count("complete") == 1


def test_each_part_is_admitted_with_its_own_size(world: World) -> None:
    world.carry_out(world.upload("d/big"))
    assert world.lane.sizes[-3:] == [PART, PART, MIB]


def test_intent_and_upload_id_are_durable_before_what_they_announce(world: World) -> None:
    world.carry_out(world.upload("d/big"))
    (needed, at_first), (created, at_second) = world.committed
    assert isinstance(needed, IntentNeeded)
    assert (needed.path, needed.local) == ("d/big", world.entry("d/big"))
    assert (needed.etag_before, needed.part_size_bytes) == (None, PART)
    assert world.bucket.requests[:at_first] == []
    assert isinstance(created, MultipartCreated)
    assert [name for name, _ in world.bucket.requests[:at_second]] == ["create"]
    assert created.upload_id == world.bucket.last("complete")["upload_id"]
    assert world.bucket.objects["p/d/big"].metadata["s3syncd-op"] == needed.op_id
    done = [note for note in world.notes if isinstance(note, PartDone)]
    assert [note.number for note in done] == [1, 2, 3]


def test_committed_intent_of_this_very_file_is_not_committed_again(world: World) -> None:
    intent = world.intent("d/big", op_id="op-9")
    world.carry_out(world.upload("d/big"), intent=intent)
    assert [type(note) for note, _ in world.committed] == [MultipartCreated]
    assert world.bucket.objects["p/d/big"].metadata["s3syncd-op"] == "op-9"


def test_intent_of_another_state_of_the_file_is_replaced(world: World) -> None:
    intent = world.intent("d/big", op_id="op-9", ctime_ns=1)
    world.carry_out(world.upload("d/big"), intent=intent)
    assert isinstance(world.committed[0][0], IntentNeeded)
    assert world.bucket.objects["p/d/big"].metadata["s3syncd-op"] != "op-9"


@pytest.mark.parametrize("kind", [IntentNeeded, MultipartCreated])
def test_nothing_is_sent_without_the_ledger(world: World, kind: type) -> None:
    world.can_commit = lambda note: not isinstance(note, kind)
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.reason) == (Result.RETRYABLE, "ledger_unavailable")
    assert sent(world) == []
    assert not world.bucket.uploads


def test_class_and_type_are_told_at_the_beginning(tmp_path: Path) -> None:
    world = World(tmp_path / "root", storage_class="GLACIER_IR")
    world.write("a.json", bytes(2 * MIB))
    outcome = world.carry_out(world.upload("a.json"))
    found = world.bucket.objects["p/a.json"]
    assert (found.storage_class, found.content_type) == ("GLACIER_IR", "application/json")
    assert "mtime" in found.metadata
    assert outcome.row is not None
    assert outcome.row.storage_class == "GLACIER_IR"


def test_store_that_tells_no_etag_is_asked_for_it(world: World) -> None:
    world.bucket.tells_complete_etag = False
    outcome = world.carry_out(world.upload("d/big"))
    assert outcome.row is not None
    assert outcome.row.etag == etag_of(CONTENT)


def test_answered_version_is_provisional_and_costs_no_look(world: World) -> None:
    """rclone reads the whole object to tell its version: that is for later."""
    outcome = world.carry_out(world.upload("d/big"))
    assert outcome.is_provisional
    assert world.bucket.count("head") == 0


def test_version_seen_by_a_look_is_not_provisional(world: World) -> None:
    world.bucket.tells_complete_etag = False
    assert not world.carry_out(world.upload("d/big")).is_provisional


def test_version_is_confirmed_as_the_store_lists_it(world: World) -> None:
    """rclone answers Complete with an ETag made of the parts, and lists the MD5 of the whole."""
    world.bucket.lists_md5_of_parts = True
    row = world.carry_out(world.upload("d/big")).row
    assert row is not None
    assert row.etag == etag_of(CONTENT)
    confirmed = world.confirm(world.published("d/big"), baseline=row)
    assert (confirmed.result, confirmed.effect, confirmed.is_stale) == (Result.DONE, "put", False)
    assert confirmed.row == row._replace(etag=hashlib.md5(CONTENT).hexdigest())
    assert [name for name, _ in world.bucket.requests[-2:]] == ["complete", "head"]
    world.touch("d/big")
    outcome = world.carry_out(world.action("d/big", baseline=confirmed.row))
    assert outcome.effect == "unchanged"


def test_version_of_the_next_writer_is_not_confirmed(world: World) -> None:
    row = world.carry_out(world.upload("d/big")).row
    intent = world.published("d/big")
    world.bucket.store("p/d/big", b"theirs")
    outcome = world.confirm(intent, baseline=row)
    assert (outcome.result, outcome.row) == (Result.SUPERSEDED, None)
    assert outcome.follow_up is not None
    assert (outcome.follow_up.kind, outcome.follow_up.reason) == (Kind.UPLOAD, "drift")


def test_file_changed_since_its_upload_is_told_with_the_confirmed_version(world: World) -> None:
    row = world.carry_out(world.upload("d/big")).row
    intent = world.published("d/big")
    world.touch("d/big")
    assert world.confirm(intent, baseline=row).is_stale


def test_look_that_fails_confirms_nothing(world: World) -> None:
    row = world.carry_out(world.upload("d/big")).row
    world.bucket.fail("head", failure(FailureKind.THROTTLED, "SlowDown", 503))
    outcome = world.confirm(world.published("d/big"), baseline=row)
    assert (outcome.result, outcome.row) == (Result.RETRYABLE, None)
