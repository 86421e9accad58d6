"""Stopped at any point around an effect, the intent tells afterwards what is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3syncd import failpoints
from s3syncd.core.entry import Action, Kind, Outcome
from s3syncd.ledger import Intent
from s3syncd.transfer import IntentNeeded, MultipartCreated
from tests.descriptors import held_below
from tests.transfer.world import MIB, World


def stop_at(world: World, point: str, action: Action, intent: Intent | None) -> None:
    failpoints.arm(f"{point}=raise")
    with pytest.raises(RuntimeError, match=point):
        world.carry_out(action, intent=intent)


@pytest.mark.parametrize(
    ("point", "truth"), [("upload.before_put", "not_applied"), ("upload.after_put", "put")]
)
def test_small_upload(tmp_path: Path, point: str, truth: str) -> None:
    world = World(tmp_path / "root")
    world.write("a", b"content")
    before = held_below(Path("/"))
    stop_at(world, point, world.upload("a"), world.intent("a"))
    assert held_below(Path("/")) == before
    assert truth_of(world.recover(world.intent("a"))) == truth


@pytest.mark.parametrize(
    ("point", "truth"),
    [
        ("upload.before_create", "not_applied"),
        ("upload.after_create", "not_applied"),
        ("upload.after_part", "resumable"),
        ("upload.before_complete", "resumable"),
        ("upload.after_complete", "put"),
    ],
)
def test_upload_in_parts(tmp_path: Path, point: str, truth: str) -> None:
    world = World(tmp_path / "root")
    world.write("a", bytes(9 * MIB))
    before = held_below(Path("/"))
    stop_at(world, point, world.upload("a"), None)
    assert held_below(Path("/")) == before
    intent = committed(world)
    outcome = world.recover(intent)
    assert truth_of(outcome) == truth
    if truth == "resumable":
        assert outcome.follow_up is not None
        assert world.carry_out(outcome.follow_up, intent=intent).effect == "put"
    assert not world.bucket.uploads


def committed(world: World) -> Intent:
    """The intent as the ledger has it after what the call committed."""
    intent = world.intent("a")
    for note, _ in world.committed:
        if isinstance(note, IntentNeeded):
            intent = intent._replace(op_id=note.op_id, part_size_bytes=note.part_size_bytes)
        elif isinstance(note, MultipartCreated):
            intent = intent._replace(upload_id=note.upload_id)
    return intent


@pytest.mark.parametrize(
    ("point", "truth"),
    [
        ("delete.before_head", "not_applied"),
        ("delete.before_delete", "not_applied"),
        ("delete.after_delete", "deleted"),
    ],
)
def test_deletion(tmp_path: Path, point: str, truth: str) -> None:
    world = World(tmp_path / "root")
    world.write("a", b"content")
    found = world.bucket.store("p/a", b"content")
    row = world.row("a")
    (world.root / "a").unlink()
    intent = world.intent("a", Kind.DELETE_REMOTE, etag_before=found.etag)
    stop_at(world, point, world.action("a", baseline=row), intent)
    assert truth_of(world.recover(intent, baseline=row)) == truth


@pytest.mark.parametrize(
    ("point", "truth"),
    [("reclass.before_copy", "not_applied"), ("reclass.after_copy", "reclassed")],
)
def test_change_of_class(tmp_path: Path, point: str, truth: str) -> None:
    world = World(tmp_path / "root", storage_class="GLACIER_IR")
    world.write("a", b"content")
    found = world.bucket.store("p/a", b"content")
    row = world.row("a")
    intent = world.intent("a", Kind.RECLASS, etag_before=found.etag)
    stop_at(world, point, world.action("a", baseline=row), intent)
    assert truth_of(world.recover(intent, baseline=row)) == truth


def truth_of(outcome: Outcome) -> str:
    return outcome.effect if outcome.effect != "none" else outcome.reason
