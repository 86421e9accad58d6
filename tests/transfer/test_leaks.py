"""However an upload ends, and however often: nothing of it is held afterwards."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from s3syncd.core.entry import Outcome
from s3syncd.core.retry import FailureKind
from s3syncd.pool import CallFailed, Pool
from s3syncd.s3.reply import Reply
from s3syncd.s3.wire import BodyView
from s3syncd.transfer import IntentNeeded, TransferSettings
from s3syncd.transfer.buffers import Buffers
from tests.fakes_bucket import FakeBucket, failure
from tests.transfer.world import CLOSED, MIB, World
from tests.waiting import until

TIMES = 3
PUT, PARTS = "put.bin", "parts.bin"
SIZES = {PUT: 3 * MIB, PARTS: 20 * MIB}
FAILED = failure(FailureKind.TRANSIENT, "InternalError", 500)
REFUSED = failure(FailureKind.REFUSED, "AccessDenied", 403)
UNKNOWN = failure(FailureKind.TRANSIENT, is_unknown=True)


class DeafBucket(FakeBucket):
    """Answers without having read the body, as where nobody listens; holds answers on demand."""

    def __init__(self) -> None:
        super().__init__()
        self.is_deaf = self.is_silent = False
        self.unanswered: list[Callable[[Any], None]] = []

    def _spoken_to(self, start: Callable[[], Any]) -> Any:
        if self.is_silent:
            return self.unanswered.append
        if self.is_deaf:
            return lambda resume: resume(Reply(0, {}, b"", FAILED))
        return start()

    def put(self, key: str, body: Any, **told: Any) -> Any:
        return self._spoken_to(lambda: FakeBucket.put(self, key, body, **told))

    def upload_part(self, *args: Any, **told: Any) -> Any:
        return self._spoken_to(lambda: FakeBucket.upload_part(self, *args, **told))


def nothing_goes_wrong(world: World) -> None:
    """Every upload succeeds."""


def requests_fail(world: World) -> None:
    for operation in ("put", "upload_part"):
        world.bucket.fail(operation, FAILED, times=10**6)


def requests_are_refused(world: World) -> None:
    for operation in ("put", "upload_part"):
        world.bucket.fail(operation, REFUSED, times=10**6)


def nobody_listens(world: World) -> None:
    world.bucket.is_deaf = True  # type: ignore[attr-defined]


def upload_is_not_created(world: World) -> None:
    world.bucket.fail("create", FAILED, times=10**6)


def upload_is_not_completed(world: World) -> None:
    world.bucket.fail("complete", UNKNOWN, times=10**6)


def look_has_no_answer(world: World) -> None:
    world.bucket.tells_complete_etag = False
    world.bucket.fail("head", UNKNOWN, times=10**6)


def file_is_rewritten(world: World) -> None:
    for operation, path in (("put", PUT), ("upload_part", PARTS)):
        world.bucket.on(operation, lambda path=path: world.rewrite(path, b"other"))


def file_is_cut_short(world: World) -> None:
    world.bucket.on("create", lambda: os.truncate(world.root / PARTS, 9 * MIB))
    world.while_reading(lambda: os.truncate(world.root / PUT, MIB))


def ledger_is_not_to_be_had(world: World) -> None:
    world.can_commit = lambda note: isinstance(note, IntentNeeded)


def call_raises(world: World) -> None:
    def fail(_note: Any) -> bool:
        raise RuntimeError("a mistake of ours")

    world.can_commit = fail


WAYS = [
    nothing_goes_wrong, requests_fail, requests_are_refused, nobody_listens,
    upload_is_not_created, upload_is_not_completed, look_has_no_answer, file_is_rewritten,
    file_is_cut_short, ledger_is_not_to_be_had, call_raises,
]  # fmt: skip


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(workers=4, max_in_flight=64, buffer_bytes=24 * MIB)
    pool.start()
    yield pool
    pool.stop(timeout=10)


@pytest.fixture
def world(tmp_path: Path, pool: Pool) -> World:
    world = World(tmp_path / "root")
    world.bucket = DeafBucket()
    world.lane = pool.lane("site", lambda: None)
    settings = TransferSettings(world.policy, multipart_threshold_bytes=16 * MIB, ops_retries=1)
    world.transfer = world.make(settings)
    return world


def held(world: World, pool: Pool) -> tuple[Any, ...]:
    """What an upload can hold: admission, files, threads, memory for bodies."""
    gc.collect()
    world.transfer.rest()
    account = world.lane.account
    memory = [one for one in gc.get_objects() if isinstance(one, Buffers | BodyView)]
    return (
        pool.in_flight,
        tuple(account.slots),
        tuple(account.held_bytes),
        len(list(Path("/proc/self/fd").iterdir())),
        threading.active_count(),
        len(memory),
    )


def is_no_more(now: tuple[Any, ...], before: tuple[Any, ...]) -> bool:
    """Less is fine: connections of earlier tests end meanwhile."""
    return all(one <= then for one, then in zip(now, before, strict=True))


def offer(world: World) -> list[Any]:
    answers: list[Any] = []
    for path, size_bytes in SIZES.items():
        world.write(path, os.urandom(1024) * (size_bytes // 1024))
        action = world.upload(path)
        until(
            lambda action=action: world.lane.offer(
                lambda: world.transfer.call_for(action, settle=CLOSED),
                size_bytes=world.transfer.bytes_for(action),
                done=answers.append,
            ),
            what="there is room",
        )
    return answers


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_nothing_is_held_after_the_end(world: World, pool: Pool, way: Any) -> None:
    before = held(world, pool)
    for _ in range(TIMES):
        way(world)
        answers = offer(world)
        until(lambda answers=answers: len(answers) == len(SIZES), what="both uploads have ended")
        assert all(isinstance(answer, Outcome | CallFailed) for answer in answers)
        del answers
    until(lambda: is_no_more(held(world, pool), before), what="all is given back")


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    "way", [nothing_goes_wrong, requests_fail, file_is_rewritten], ids=lambda way: way.__name__
)
@pytest.mark.usefixtures("without_collector")
def test_no_memory_of_parts_waits_for_the_collector(world: World, way: Any) -> None:
    """In a quiet daemon it may not come for an hour, and these are up to 32 MiB."""
    shelf = world.transfer._kit.shelf
    way(world)
    answers = offer(world)
    until(lambda: len(answers) == len(SIZES), what="both uploads have ended")
    assert shelf._shared is not None
    until(lambda: shelf._shared() is None, what="nothing is held")


def test_nothing_is_held_by_workers_that_wait(pool: Pool) -> None:
    class Held:
        """Something that a call's closure holds."""

    lane = pool.lane("site", lambda: None)
    is_open, has_ended = threading.Event(), threading.Semaphore(0)

    def call_with(_held: Held) -> Any:
        is_open.wait(10)  # so that each worker has one of them as its last
        yield from ()

    alive: weakref.WeakSet[Held] = weakref.WeakSet()
    for _ in range(4):
        held = Held()
        alive.add(held)
        lane.offer(
            lambda held=held: call_with(held), size_bytes=0, done=lambda _: has_ended.release()
        )
        del held
    is_open.set()
    for _ in range(4):
        assert has_ended.acquire(timeout=10)
    until(lambda: gc.collect() >= 0 and not len(alive), what="nothing is held")


def test_each_object_holds_what_its_file_held(world: World, pool: Pool) -> None:
    """Memory is used again while other bodies are under way, and never by two of them."""
    names = [f"f{number}" for number in range(12)]
    answers: list[Any] = []
    for name in names:
        size_bytes = 17 * MIB if name in {"f3", "f7"} else 2 * MIB
        world.write(name, os.urandom(MIB) * (size_bytes // MIB))
        action = world.upload(name)
        until(
            lambda action=action: world.lane.offer(
                lambda: world.transfer.call_for(action, settle=CLOSED),
                size_bytes=world.transfer.bytes_for(action),
                done=answers.append,
            ),
            what="there is room",
        )
    until(lambda: len(answers) == len(names), what="all uploads have ended")
    for name in names:
        body = world.bucket.objects[world.key(name)].body
        assert body == (world.root / name).read_bytes(), name


def test_stop_without_patience_leaves_no_file_open_and_no_memory(world: World, pool: Pool) -> None:
    before = held(world, pool)[3:]
    world.bucket.is_silent = True  # type: ignore[attr-defined]
    answers = offer(world)
    bucket: Any = world.bucket
    until(lambda: len(bucket.unanswered) == 4, what="a body and three parts are on their way")
    assert pool.stop(timeout=0) > 0
    del answers
    bucket.unanswered.clear()
    workers = 4
    until(
        lambda: is_no_more(held(world, pool)[3:], (before[0], before[1] - workers, before[2])),
        what="files are closed, workers gone and memory freed",
    )
