"""An upload in one request sends a whole file, once, and says truly what it did."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from s3syncd.core.entry import Kind, Result
from s3syncd.transfer import EtagLearnt
from tests.transfer.world import MIB, World, md5


def test_object_holds_the_bytes_of_the_file_and_the_row_its_stat(world: World) -> None:
    entry = world.write("d/a.txt", b"hello")
    outcome = world.carry_out(world.upload("d/a.txt"))
    assert (outcome.result, outcome.effect, outcome.is_stale) == (Result.DONE, "put", False)
    assert world.bucket.objects["p/d/a.txt"].body == b"hello"
    assert outcome.row is not None
    assert outcome.row[:6] == tuple(entry)
    assert (outcome.row.md5, outcome.row.etag) == (md5(b"hello"), md5(b"hello"))
    assert outcome.sent_bytes == 5


def test_empty_file_is_an_object_too(world: World) -> None:
    world.write("empty", b"")
    assert world.carry_out(world.upload("empty")).effect == "put"
    assert world.bucket.objects["p/empty"].body == b""


def test_request_carries_md5_times_mode_and_type(world: World) -> None:
    world.write("a.json", b"{}")
    os.utime(world.root / "a.json", ns=(0, 1_234_567_890_000_000_007))
    world.carry_out(world.upload("a.json"))
    told = world.bucket.last("put")
    assert told["md5"] == hashlib.md5(b"{}").digest()
    assert told["content_type"] == "application/json"
    assert told["metadata"]["mtime"] == "1234567890.000000007"
    assert told["metadata"]["mode"] == str(world.entry("a.json").mode)
    assert told["metadata"]["s3syncd-md5"] == md5(b"{}")
    assert "s3syncd-op" not in told["metadata"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.tar.gz", "application/gzip"),
        ("A.HTML", "text/html"),
        ("README", "application/octet-stream"),
        (".html", "application/octet-stream"),
        ("dir.html/x", "application/octet-stream"),
    ],
)
def test_content_type_is_guessed_from_the_last_name(world: World, name: str, kind: str) -> None:
    world.write(name, b"x")
    world.carry_out(world.upload(name))
    assert world.bucket.last("put")["content_type"] == kind


def test_operation_id_of_the_intent_stands_in_the_object(world: World) -> None:
    world.write("a", b"x")
    world.carry_out(world.upload("a"), intent=world.intent("a", op_id="op-7"))
    assert world.bucket.objects["p/a"].metadata["s3syncd-op"] == "op-7"


def test_class_is_asked_for_only_if_configured(tmp_path: Path) -> None:
    plain = World(tmp_path / "plain")
    plain.write("a", b"x")
    row = plain.carry_out(plain.upload("a")).row
    assert plain.bucket.last("put")["storage_class"] is None
    assert row is not None
    assert row.storage_class == "STANDARD"
    cold = World(tmp_path / "cold", storage_class="STANDARD_IA")
    cold.write("a", b"x")
    row = cold.carry_out(cold.upload("a")).row
    assert cold.bucket.last("put")["storage_class"] == "STANDARD_IA"
    assert row is not None
    assert row.storage_class == "STANDARD_IA"


def test_touch_alone_sends_nothing_and_renews_the_row(world: World) -> None:
    world.write("a", b"same")
    world.bucket.store("p/a", b"same", storage_class="STANDARD_IA")
    row = world.row("a")
    entry = world.touch("a")
    outcome = world.carry_out(world.action("a", baseline=row))
    assert (outcome.result, outcome.effect) == (Result.DONE, "unchanged")
    assert outcome.row == row._replace(
        mtime_ns=entry.mtime_ns, ctime_ns=entry.ctime_ns, inode=entry.inode
    )
    assert not world.bucket.requests


def test_equal_content_is_sent_where_the_object_is_not_the_baselines(world: World) -> None:
    world.write("a", b"same")
    world.bucket.store("p/a", b"same")
    row = world.row("a")
    del world.bucket.objects["p/a"]
    vanished = world.carry_out(world.action("a", baseline=row))
    assert vanished.effect == "put"
    world.bucket.store("p/a", b"foreign and longer")
    drifted = world.carry_out(world.action("a", baseline=row))
    assert drifted.effect == "put"
    assert world.bucket.objects["p/a"].body == b"same"


def test_differing_etag_is_learnt_and_no_reason_to_send_again(world: World) -> None:
    world.bucket.etag_of = lambda body: md5(b"salt" + body)
    world.write("a", b"x")
    outcome = world.carry_out(world.upload("a"))
    assert outcome.effect == "put"
    assert outcome.row is not None
    assert outcome.row.etag == md5(b"saltx")
    assert world.notes == [EtagLearnt(False)]
    assert world.bucket.count("put") == 1
    world.carry_out(world.upload("a"))
    assert len(world.notes) == 1


def test_equal_etag_is_learnt_once(world: World) -> None:
    world.write("a", b"x")
    world.carry_out(world.upload("a"))
    world.carry_out(world.upload("a"))
    assert world.notes == [EtagLearnt(True)]


def test_etag_under_a_kms_key_teaches_nothing(world: World) -> None:
    world.bucket.etag_of = lambda body: md5(b"salt" + body)
    world.bucket.answer_headers = {"x-amz-server-side-encryption": "aws:kms"}
    world.write("a", b"x")
    assert world.carry_out(world.upload("a")).effect == "put"
    assert world.notes == []


def test_admission_counts_what_the_call_will_hold(world: World) -> None:
    world.write("small", bytes(1000))
    world.write("large", bytes(2 * MIB))
    assert world.transfer.bytes_for(world.upload("small")) == 1000
    assert world.transfer.bytes_for(world.upload("large")) == 0
    assert world.transfer.bytes_for(world.upload("small", kind=Kind.ADOPT)) == 0
