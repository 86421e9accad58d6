"""An upload in parts goes on where it was interrupted."""

from __future__ import annotations

from typing import Any

from s3syncd.core.entry import Result
from tests.transfer.parts.content import CONTENT, PART, PARTS, sent
from tests.transfer.world import World


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
