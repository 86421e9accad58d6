"""The same calls against real servers: what the bucket in memory promises must hold there too."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3syncd.core.entry import Action, Kind, Outcome, Result
from s3syncd.pool import Pool
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.listing import parse_listing
from s3syncd.transfer import TransferSettings
from tests.servers import (
    ACCESS_KEY,
    SECRET_ACCESS_KEY,
    S3Server,
    moto_server,
    rclone_server,
)
from tests.transfer.world import CLOSED, MIB, World
from tests.waiting import until

_numbers = itertools.count()


@pytest.fixture(scope="module", params=["moto", "rclone"])
def server(request: pytest.FixtureRequest) -> Iterator[S3Server]:
    with moto_server() if request.param == "moto" else rclone_server() as server:
        yield server


class RealWorld(World):
    """Carries out in the pool, against the bucket of a server."""

    def __init__(self, root: Path, bucket: Bucket, pool: Pool, **policy: Any) -> None:
        super().__init__(root, **policy)
        self.real = bucket
        self.bucket = bucket  # type: ignore[assignment]
        self.lane = pool.lane("site", lambda: None)
        self.transfer = self.make(TransferSettings(self.policy, multipart_threshold_bytes=MIB))

    def run(self, make_call: Any) -> Outcome:
        answers: list[Any] = []
        assert self.lane.offer(make_call, size_bytes=0, done=answers.append)
        until(lambda: answers, what="the call has ended")
        assert isinstance(answers[0], Outcome), answers[0]
        return answers[0]

    def carry_out(self, action: Any, *, settle: Any = CLOSED, intent: Any = None) -> Outcome:
        return self.run(lambda: self.transfer.call_for(action, settle=settle, intent=intent))

    def recover(self, intent: Any, *, baseline: Any = None) -> Outcome:
        return self.run(lambda: self.transfer.recover_for(intent, baseline=baseline))

    def confirm(self, intent: Any, *, baseline: Any = None) -> Outcome:
        return self.run(lambda: self.transfer.confirm_for(intent, baseline=baseline))

    def remote(self, path: str) -> Any:
        reply = self.real.call(self.real.list_page("p/"))
        assert reply.failure is None
        page = parse_listing(reply.body, self.scope.path_for)
        return next((entry for entry in page.entries if entry.path == path), None)

    def head(self, path: str) -> Any:
        return self.real.call(self.real.head(self.key(path)))


@pytest.fixture
def world(server: S3Server, tmp_path: Path) -> Iterator[RealWorld]:
    name = f"bucket-{next(_numbers)}"
    server.create_bucket(name)
    bucket = Bucket(
        BucketSettings(
            bucket=name,
            endpoint=server.endpoint,
            region="us-east-1",
            access_key=ACCESS_KEY,
            secret_access_key=SECRET_ACCESS_KEY,
            max_connections=16,
        )
    )
    bucket.connect()
    pool = Pool(workers=4, max_in_flight=64, buffer_bytes=128 * MIB)
    pool.start()
    yield RealWorld(tmp_path / "root", bucket, pool)
    pool.stop(timeout=10)
    assert bucket.close(10)


@pytest.mark.parametrize("name", ["a.txt", "d/ä ö+&?.bin", "empty"])
def test_upload_then_nothing_to_do_then_deletion(world: RealWorld, name: str) -> None:
    content = b"" if name == "empty" else b"content of it"
    world.write(name, content)
    put = world.carry_out(world.action(name))
    assert (put.result, put.effect, put.is_stale) == (Result.DONE, "put", False)
    assert put.row is not None
    listed = world.remote(name)
    assert (listed.etag, listed.size_bytes) == (put.row.etag, len(content))
    world.touch(name)
    assert world.carry_out(world.action(name, baseline=put.row)).effect == "unchanged"
    row = put.row
    (world.root / name).unlink()
    assert world.carry_out(world.action(name, baseline=row)).effect == "deleted"
    assert world.remote(name) is None
    gone = Action(Kind.DELETE_REMOTE, name, None, row, None, 13, "retired")
    assert world.carry_out(gone).effect == "gone"


def test_foreign_version_is_never_deleted(world: RealWorld) -> None:
    world.write("a", b"ours")
    row = world.carry_out(world.action("a")).row
    (world.root / "a").unlink()
    action = world.action("a", baseline=row)
    world.write("a", b"theirs, longer")
    world.carry_out(world.upload("a"))
    (world.root / "a").unlink()
    assert world.carry_out(action).reason == "foreign_change"
    assert world.remote("a") is not None


def test_upload_in_parts_is_adopted_after_a_lost_ledger(world: RealWorld) -> None:
    content = b"".join(bytes([n]) * MIB for n in range(17))
    world.write("big", content)
    put = world.carry_out(world.action("big"))
    assert (put.result, put.effect) == (Result.DONE, "put")
    put = world.confirm(world.published("big"), baseline=put.row)
    assert put.row is not None
    listed = world.remote("big")
    assert (listed.etag, listed.size_bytes) == (put.row.etag, len(content))
    world.touch("big")
    again = world.carry_out(world.action("big", baseline=put.row))
    assert again.effect == "unchanged"
    action = world.action("big")
    assert action.kind is Kind.ADOPT
    adopted = world.carry_out(action)
    assert adopted.effect == "adopted"


def test_interrupted_upload_is_taken_up_again(world: RealWorld) -> None:
    content = b"".join(bytes([n]) * MIB for n in range(9))
    world.write("big", content)
    first = content[: 8 * MIB]
    key = world.key("big")
    upload_id = world.real.create_multipart(key, metadata={"s3syncd-op": "op-1"})
    part = world.real.upload_part(key, upload_id, 1, first, md5=hashlib.md5(first).digest())
    assert world.real.call(part).failure is None
    other = world.real.create_multipart(key)
    intent = world.intent("big", upload_id=upload_id, part_size_bytes=8 * MIB)
    found = world.recover(intent)
    assert found.reason == "resumable"
    assert found.follow_up is not None
    put = world.carry_out(found.follow_up, intent=intent)
    assert (put.effect, put.sent_bytes) == ("put", MIB)
    assert other not in world.real.list_uploads(key)
    assert world.recover(intent).effect == "put"


def test_recovery_recognises_our_own_upload(world: RealWorld) -> None:
    world.write("a", b"content")
    intent = world.intent("a", op_id="op-42")
    put = world.carry_out(world.upload("a"), intent=intent)
    outcome = world.recover(intent)
    assert (outcome.effect, outcome.row) == ("put", put.row)


def test_class_change_keeps_the_object(world: RealWorld) -> None:
    world.write("a", b"content")
    row = world.carry_out(world.action("a")).row
    assert row is not None
    cold = RealWorld(world.root, world.real, world.lane._pool, storage_class="STANDARD_IA")
    action = cold.action("a", baseline=row)
    assert action.kind is Kind.RECLASS
    outcome = cold.carry_out(action)
    assert outcome.effect == "reclassed"
    assert outcome.row is not None
    assert outcome.row.storage_class == "STANDARD_IA"
    assert outcome.row.etag == cold.remote("a").etag
    assert "mtime" in cold.head("a").metadata
