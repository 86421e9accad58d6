"""An upload in parts publishes a whole file or nothing, and goes on where it was interrupted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3syncd.core.digest import multipart_etag
from s3syncd.core.entry import Action, Kind, Result, Settle
from s3syncd.core.retry import FailureKind
from s3syncd.transfer import IntentNeeded, MultipartCreated, PartDone, TransferSettings
from tests.fakes_bucket import failure
from tests.transfer.world import CLOSED, MIB, World

PART = 8 * MIB
CONTENT = b"".join(bytes([n]) * MIB for n in range(17))  # three parts, the last of 1 MiB
PARTS = {n + 1: CONTENT[n * PART : (n + 1) * PART] for n in range(3)}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "root")
    world.write("d/big", CONTENT)
    return world


def sent(world: World) -> list[int]:
    return [told["number"] for name, told in world.bucket.requests if name == "upload_part"]


def etag_of(content: bytes) -> str:
    parts = [content[n : n + PART] for n in range(0, len(content), PART)]
    return multipart_etag([hashlib.md5(part).digest() for part in parts])


# --- what is sent ---------------------------------------------------------------------------------


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


# --- torn -----------------------------------------------------------------------------------------


def rewrite_last_byte(world: World) -> None:
    with (world.root / "d/big").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"!")


def grow(world: World) -> None:
    with (world.root / "d/big").open("ab") as file:
        file.write(b"more")


def shrink(world: World) -> None:
    with (world.root / "d/big").open("r+b") as file:
        file.truncate(3 * MIB)


def move_directory(world: World) -> None:
    """The file itself stays as it is: only the path no longer leads to it."""
    (world.root / "d").rename(world.root / "e")


def replace_directory(world: World) -> None:
    move_directory(world)
    world.write("d/big", CONTENT)


@pytest.mark.parametrize(
    "act", [rewrite_last_byte, grow, shrink, move_directory, replace_directory]
)
def test_file_changed_while_its_parts_go_is_not_published(
    world: World, act: Callable[[World], None]
) -> None:
    good = world.bucket.store("p/d/big", b"good copy")
    world.bucket.on("upload_part", lambda: act(world))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "changed_while_reading")
    assert world.bucket.objects["p/d/big"] is good
    assert world.bucket.count("complete") == 0
    assert not world.bucket.uploads


def test_change_is_noticed_before_all_parts_are_sent(tmp_path: Path) -> None:
    world = World(tmp_path / "root")
    world.write("big", bytes(20 * PART))
    world.bucket.on("upload_part", lambda: world.touch("big"))
    world.carry_out(world.upload("big"))
    assert world.bucket.count("upload_part") < 12


def test_file_with_a_writer_is_not_begun(world: World) -> None:
    world.ahead_seconds = 1.0
    with (world.root / "d/big").open("ab"):
        outcome = world.carry_out(world.upload("d/big"), settle=Settle())
    assert outcome.reason == "not_quiet"
    assert not world.bucket.requests


def test_writer_that_came_while_the_parts_went_prevents_publication(world: World) -> None:
    world.ahead_seconds = 1.0
    opened: list[Any] = []
    world.bucket.on("upload_part", lambda: opened.append((world.root / "d/big").open("ab")))
    outcome = world.carry_out(world.upload("d/big"), settle=Settle())
    for file in opened:
        file.close()
    if outcome.reason == "not_quiet" and not opened:
        pytest.skip("no leases on this filesystem")
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
    assert not world.bucket.uploads
    assert world.bucket.count("complete") == 0


def test_growing_file_past_its_deadline_is_published_up_to_its_first_size(world: World) -> None:
    world.bucket.on("upload_part", lambda: grow(world))
    outcome = world.carry_out(world.upload("d/big"), settle=replace(CLOSED, is_past_deadline=True))
    assert (outcome.effect, outcome.is_stale) == ("put", True)
    assert world.bucket.objects["p/d/big"].body == CONTENT


def test_file_replaced_while_it_is_published_is_stale(world: World) -> None:
    world.bucket.on("complete", lambda: move_directory(world))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.effect, outcome.is_stale) == ("put", True)


# --- unchanged ------------------------------------------------------------------------------------


def put_before(world: World) -> Action:
    """The file was uploaded in parts and then touched; give what a pass decides."""
    row = world.carry_out(world.upload("d/big")).row
    assert row is not None
    world.touch("d/big")
    world.bucket.requests.clear()
    return world.action("d/big", baseline=row)


def test_touch_of_a_large_file_sends_nothing(world: World) -> None:
    action = put_before(world)
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.effect) == (Result.DONE, "unchanged")
    assert outcome.row is not None
    assert outcome.row[:6] == tuple(world.entry("d/big"))
    assert not world.bucket.requests


def test_touched_file_that_was_put_in_parts_gives_turns_to_others(world: World) -> None:
    row = world.carry_out(world.upload("d/big")).row
    world.lane.sizes.clear()
    world.touch("d/big")
    assert world.carry_out(world.action("d/big", baseline=row)).effect == "unchanged"
    assert world.lane.sizes == [0, 0, 0]


def test_change_of_one_byte_at_equal_size_is_sent(world: World) -> None:
    put_before(world)
    row = world.row("d/big", ctime_ns=0)
    rewrite_last_byte(world)
    outcome = world.carry_out(world.action("d/big", baseline=row))
    assert outcome.effect == "put"
    assert world.bucket.objects["p/d/big"].body == CONTENT[:-1] + b"!"


def test_layout_of_others_is_never_assumed(world: World) -> None:
    """Same count of parts in the ETag says nothing where the ETag itself differs."""
    action = put_before(world)
    assert action.baseline is not None
    other = action.baseline._replace(etag="0" * 32 + "-3")
    outcome = world.carry_out(action._replace(baseline=other, remote=None))
    assert outcome.effect == "put"


# --- resuming -------------------------------------------------------------------------------------


def interrupted(world: World, parts: dict[int, bytes]) -> Any:
    upload_id = world.bucket.begin("p/d/big", parts, metadata={"s3syncd-op": "op-1"})
    return world.intent("d/big", upload_id=upload_id, part_size_bytes=PART)


def test_parts_that_the_bucket_holds_are_not_sent_again(world: World) -> None:
    intent = interrupted(world, {1: PARTS[1], 3: PARTS[3]})
    outcome = world.carry_out(world.upload("d/big"), intent=intent)
    assert outcome.effect == "put"
    assert sent(world) == [2]
    assert outcome.sent_bytes == PART
    assert world.bucket.objects["p/d/big"].body == CONTENT
    assert world.bucket.count("create") == 0


def test_part_that_is_not_the_files_is_sent_again(world: World) -> None:
    intent = interrupted(world, {1: b"?" * PART, 2: PARTS[2], 3: PARTS[3][:-1]})
    assert world.carry_out(world.upload("d/big"), intent=intent).effect == "put"
    assert sent(world) == [1, 3]
    assert world.bucket.objects["p/d/big"].body == CONTENT


def test_every_other_upload_of_exactly_this_key_is_aborted(world: World) -> None:
    intent = interrupted(world, PARTS)
    world.bucket.begin("p/d/big", {1: b"older"})
    neighbour = world.bucket.begin("p/d/big2", {1: b"another key's"})
    assert world.carry_out(world.upload("d/big"), intent=intent).effect == "put"
    assert set(world.bucket.uploads) == {neighbour}


def test_upload_of_an_older_state_of_the_file_is_aborted_and_begun_anew(world: World) -> None:
    intent = interrupted(world, PARTS)
    world.touch("d/big")
    outcome = world.carry_out(world.upload("d/big"), intent=intent)
    assert outcome.effect == "put"
    assert intent.upload_id not in world.bucket.uploads
    assert sent(world) == [1, 2, 3]


def test_upload_with_another_part_size_is_aborted_and_begun_anew(world: World) -> None:
    intent = interrupted(world, {1: PARTS[1]})._replace(part_size_bytes=PART // 2)
    assert world.carry_out(world.upload("d/big"), intent=intent).effect == "put"
    assert sent(world) == [1, 2, 3]
    assert not world.bucket.uploads


def test_upload_that_was_completed_after_all_is_recognised(world: World) -> None:
    intent = world.intent("d/big", upload_id="upload-gone", part_size_bytes=PART)
    world.bucket.store("p/d/big", CONTENT, etag="e-3", metadata={"s3syncd-op": "op-1"})
    outcome = world.carry_out(world.upload("d/big"), intent=intent)
    assert (outcome.result, outcome.effect) == (Result.DONE, "put")
    assert outcome.row is not None
    assert outcome.row.etag == "e-3"
    assert sent(world) == []


def test_upload_that_is_gone_without_an_object_is_begun_anew(world: World) -> None:
    intent = world.intent("d/big", upload_id="upload-gone", part_size_bytes=PART)
    assert world.carry_out(world.upload("d/big"), intent=intent).effect == "put"
    assert sent(world) == [1, 2, 3]


# --- failures -------------------------------------------------------------------------------------


def test_part_is_sent_again_after_a_passing_trouble(world: World) -> None:
    world.bucket.fail("upload_part", failure(FailureKind.TRANSIENT, "InternalError", 500), times=2)
    assert world.carry_out(world.upload("d/big")).effect == "put"
    assert world.bucket.count("upload_part") == 5


def test_part_that_changed_before_it_is_sent_again_is_not_sent(world: World) -> None:
    world.bucket.on("upload_part", lambda: world.rewrite("d/big", b"other"))
    world.bucket.fail("upload_part", failure(FailureKind.TRANSIENT, "InternalError", 500))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "changed_while_reading")
    assert sent(world) == [1, 2, 3]
    assert not world.bucket.uploads


def test_lasting_trouble_keeps_the_upload_to_be_taken_up(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "InternalError", 500, is_unknown=True)
    world.bucket.fail("upload_part", told, times=10**6)
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, False)
    assert len(world.bucket.uploads) == 1


@pytest.mark.parametrize("retries", [0, 2])
def test_part_is_repeated_as_often_as_configured_with_a_growing_pause(
    world: World, retries: int
) -> None:
    world.transfer = world.make(TransferSettings(world.policy, MIB, ops_retries=retries))
    told = failure(FailureKind.TRANSIENT, "InternalError", 500)
    world.bucket.fail("upload_part", told, times=10**6)
    assert world.carry_out(world.upload("d/big")).result is Result.RETRYABLE
    numbers = sent(world)
    assert {numbers.count(number) for number in numbers} == {1 + retries}
    pauses = [args["attempt"] for name, args in world.bucket.requests if name == "back_off"]
    assert sorted(pauses[:retries]) == list(range(1, retries + 1))


def test_complete_is_repeated_only_after_a_look(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "InternalError", 500, is_unknown=True)
    world.bucket.fail("complete", told, times=2)
    assert world.carry_out(world.upload("d/big")).effect == "put"
    steps = [name for name, _ in world.bucket.requests if name in {"complete", "head", "back_off"}]
    assert steps[:5] == ["complete", "head", "back_off", "complete", "head"]
    assert world.bucket.count("complete") == 3


def test_complete_that_was_carried_out_in_spite_of_its_answer_is_not_repeated(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "InternalError", 500, is_unknown=True)
    world.bucket.fail("complete", told, is_applied=True)
    assert world.carry_out(world.upload("d/big")).effect == "put"
    assert world.bucket.count("complete") == 1


def test_throttling_is_not_answered_with_more(world: World) -> None:
    world.bucket.fail("upload_part", failure(FailureKind.THROTTLED, "SlowDown", 503))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.reason, outcome.scope) == ("throttled", "bucket")
    assert sent(world).count(1) == 1


def test_forbidden_part_leaves_no_upload_behind(world: World) -> None:
    world.bucket.fail("upload_part", failure(FailureKind.REFUSED, "AccessDenied", 403))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.reason) == (Result.REFUSED, "access_denied")
    assert not world.bucket.uploads


def test_upload_that_cannot_be_aborted_keeps_its_intent(world: World) -> None:
    world.bucket.on("upload_part", lambda: grow(world))
    world.bucket.fail("abort", failure(FailureKind.REFUSED, "AccessDenied", 403))
    outcome = world.carry_out(world.upload("d/big"))
    assert outcome.result is Result.RETRYABLE
    assert len(world.bucket.uploads) == 1


def test_failing_create_begins_nothing(world: World) -> None:
    world.bucket.fail("create", failure(FailureKind.THROTTLED, "SlowDown", 503))
    assert world.carry_out(world.upload("d/big")).reason == "throttled"
    assert sent(world) == []


def test_complete_without_an_answer_that_was_applied_is_a_success(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "ReadTimeoutError", is_unknown=True)
    world.bucket.fail("complete", told, is_applied=True)
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.effect) == (Result.DONE, "put")
    assert outcome.row is not None
    assert outcome.row.etag == etag_of(CONTENT)


def test_complete_without_an_answer_and_without_an_object_stays_unknown(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "ReadTimeoutError", is_unknown=True)
    world.bucket.fail("complete", told)
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, True)
    assert len(world.bucket.uploads) == 1


def test_complete_and_look_without_an_answer_stay_unknown(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "ReadTimeoutError", is_unknown=True)
    world.bucket.fail("complete", told, is_applied=True)
    world.bucket.fail("head", failure(FailureKind.REFUSED, "AccessDenied", 403))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, True)


def test_lost_condition_publishes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("d/big", CONTENT)
    world.bucket.on("complete", lambda: world.bucket.store("p/d/big", b"theirs"))
    outcome = world.carry_out(world.action("d/big"))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "foreign_change")
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.CONFLICT
    assert world.bucket.objects["p/d/big"].body == b"theirs"
    assert not world.bucket.uploads


def test_an_object_that_vanished_before_its_condition_was_asked_is_put_anew(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("d/big", CONTENT)
    row = world.carry_out(world.action("d/big")).row
    world.rewrite("d/big", CONTENT[::-1])
    del world.bucket.objects["p/d/big"]
    outcome = world.carry_out(world.action("d/big", baseline=row, is_listed=False))
    assert outcome.result is Result.SUPERSEDED
    assert outcome.follow_up is not None
    assert (outcome.follow_up.kind, outcome.follow_up.reason) == (Kind.UPLOAD, "vanished")
    assert not world.bucket.uploads


def test_a_complete_that_misses_what_shall_not_be_there_is_not_repeated_at_once(
    tmp_path: Path,
) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("d/big", CONTENT)
    world.bucket.fail("complete", failure(FailureKind.MISSING, "HTTP404", 404))
    outcome = world.carry_out(world.action("d/big"))
    assert (outcome.result, outcome.reason) == (Result.RETRYABLE, "vanished")
