"""Calls as the pool runs them: parts in parallel, bounded, and files closed when all is over."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from s3syncd.core.entry import Outcome, Result
from s3syncd.core.retry import FailureKind
from s3syncd.ledger import Intent
from s3syncd.pool import Call, Handle, Lane, Pool
from s3syncd.transfer import TransferSettings
from tests.fakes_bucket import FakeBucket, failure
from tests.transfer.world import CLOSED, MIB, World
from tests.waiting import until

PARTS = 12


class SlowBucket(FakeBucket):
    """Holds the answers to parts back until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def upload_part(self, *args: Any, **told: Any) -> Any:
        start = super().upload_part(*args, **told)

        def held_back(resume: Callable[[Any], None]) -> None:
            with self._lock:
                self.waiting.append(lambda: start(resume))

        return held_back

    def let_go(self) -> None:
        with self._lock:
            ready, self.waiting = self.waiting, []
        for answer in ready:
            answer()


class CountingLane:
    """The lane of a pool; knows how many children are spawned and have not ended."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._lock = threading.Lock()
        self.children = self.most_children = 0

    def spawn(self, make_call: Callable[[], Call], *, size_bytes: int) -> Handle:
        self._count(1)

        def counted() -> Call:
            try:
                return (yield from make_call())
            finally:
                self._count(-1)

        return self._lane.spawn(counted, size_bytes=size_bytes)

    def offer(self, *args: Any, **told: Any) -> bool:
        return self._lane.offer(*args, **told)

    def _count(self, change: int) -> None:
        with self._lock:
            self.children += change
            self.most_children = max(self.children, self.most_children)


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(workers=4, max_in_flight=64, buffer_bytes=128 * MIB)
    pool.start()
    yield pool
    pool.stop(timeout=10)


def world_in(tmp_path: Path, pool: Pool) -> World:
    world = World(tmp_path / "root")
    world.bucket = SlowBucket()
    world.lane = CountingLane(pool.lane("site", lambda: None))
    world.transfer = world.make(TransferSettings(world.policy, multipart_threshold_bytes=MIB))
    return world


def offer(world: World, path: str) -> list[Any]:
    answers: list[Any] = []
    action = world.upload(path)
    assert world.lane.offer(
        lambda: world.transfer.call_for(action, settle=CLOSED), size_bytes=0, done=answers.append
    )
    return answers


def test_at_most_eight_parts_of_a_file_are_under_way(tmp_path: Path, pool: Pool) -> None:
    world = world_in(tmp_path, pool)
    world.write("big", os.urandom(MIB) * 8 * PARTS)
    before = len(list(Path("/proc/self/fd").iterdir()))
    answers = offer(world, "big")
    bucket: Any = world.bucket
    until(lambda: len(bucket.waiting) == 8, what="eight parts are on their way")

    def go_on() -> bool:
        bucket.let_go()
        return bool(answers)

    until(go_on, what="the upload has ended")
    assert isinstance(answers[0], Outcome)
    assert answers[0].effect == "put"
    assert world.lane.most_children == 8
    assert bucket.objects["p/big"].body == (world.root / "big").read_bytes()
    world.transfer.rest()
    # Fewer, where connections of earlier tests end meanwhile.
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_failing_part_ends_the_call_after_the_others(tmp_path: Path, pool: Pool) -> None:
    world = world_in(tmp_path, pool)
    world.write("big", bytes(8 * MIB * PARTS))
    bucket: Any = world.bucket
    bucket.fail("upload_part", failure(FailureKind.REFUSED, "AccessDenied", 403))
    answers = offer(world, "big")
    until(lambda: len(bucket.waiting) == 8, what="eight parts are on their way")

    def go_on() -> bool:
        bucket.let_go()
        return bool(answers)

    until(go_on, what="the upload has ended")
    assert answers[0].result is Result.REFUSED
    assert bucket.count("upload_part") == 8
    assert not bucket.uploads


def test_large_touched_file_gives_turns_to_others(tmp_path: Path, pool: Pool) -> None:
    world = world_in(tmp_path, pool)
    world.write("big", bytes(80 * MIB))
    answers = offer(world, "big")
    bucket: Any = world.bucket

    def go_on() -> bool:
        bucket.let_go()
        return bool(answers)

    until(go_on, what="the upload has ended")
    row = answers[0].row
    world.touch("big")
    action = world.action("big", baseline=row)
    again: list[Any] = []
    assert world.lane.offer(
        lambda: world.transfer.call_for(action, settle=CLOSED), size_bytes=0, done=again.append
    )
    until(lambda: again, what="the second upload has ended")
    assert again[0].effect == "unchanged"


def test_a_store_that_is_silent_to_control_requests_holds_no_worker(
    tmp_path: Path, pool: Pool
) -> None:
    world = world_in(tmp_path, pool)
    world.write("big", bytes(8 * MIB * 2))
    asked = control_requests(world)
    upload_id = world.bucket.begin("p/big", {1: bytes(8 * MIB)})
    intent = world.intent("big", upload_id=upload_id, part_size_bytes=8 * MIB)
    world.bucket.begin("p/big", {})
    assert carried_out(world, intent).effect == "put"
    assert asked == {"list_parts", "list_uploads", "abort_multipart", "complete_multipart"}
    world.write("big", bytes(8 * MIB * 3))
    assert carried_out(world, None).effect == "put"
    assert "create_multipart" in asked


def control_requests(world: World) -> set[str]:
    """Note which are made from now on; each on a thread apart."""
    bucket: Any = world.bucket
    asked: set[str] = set()

    def noting(name: str, called: Any) -> Any:
        def ask(*args: Any, **more: Any) -> Any:
            is_apart = threading.current_thread().name == "worker-apart"
            asked.add(name if is_apart else f"{name} holds a worker")
            return called(*args, **more)

        return ask

    for name in (
        "create_multipart", "complete_multipart", "abort_multipart", "list_parts", "list_uploads",
    ):  # fmt: skip
        setattr(bucket, name, noting(name, getattr(bucket, name)))
    return asked


def carried_out(world: World, intent: Intent | None) -> Outcome:
    answers: list[Any] = []
    action, bucket = world.action("big"), cast(Any, world.bucket)
    assert world.lane.offer(
        lambda: world.transfer.call_for(action, settle=CLOSED, intent=intent),
        size_bytes=0, done=answers.append,
    )  # fmt: skip

    def go_on() -> bool:
        bucket.let_go()
        return bool(answers)

    until(go_on, what="the upload has ended")
    return cast(Outcome, answers[0])
