"""What blocks is called on threads apart: it holds no worker, and sites share the threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from s3syncd.pool import Apart, Call, CallFailed, Lane, apart
from s3syncd.pool.apart import Annex
from s3syncd.site.access import Access
from tests.pool.rig import Inbox, at, at_once, running_pool
from tests.waiting import until


class Silence:
    """Blocks each who comes, until it ends or lets one go."""

    def __init__(self) -> None:
        self._passes = threading.Semaphore(0)
        self._lock = threading.Lock()
        self.came = 0

    def __call__(self) -> str:
        with self._lock:
            self.came += 1
        self._passes.acquire(timeout=30)
        return "said"

    def let_go(self, count: int = 1) -> None:
        self._passes.release(count)

    def expect(self, count: int) -> None:
        until(lambda: self.came == count, what=f"{count} wait in silence")


@pytest.fixture
def silence() -> Iterator[Silence]:
    silence = Silence()
    yield silence
    silence.let_go(1_000)


@pytest.fixture
def annex() -> Iterator[Annex]:
    annex = Annex()
    yield annex
    annex.stop()


def _lane() -> Lane:
    return Lane(None, "site", lambda: None)  # type: ignore[arg-type]


def _nowhere(_value: object) -> None:
    """Nobody waits for it."""


def _begin(
    annex: Annex, count: int, function: Callable[[], object], *, is_again: bool = False
) -> None:
    for _ in range(count):
        annex.begin(Apart(function, is_again=is_again), _lane(), _nowhere)


def test_what_blocks_holds_no_worker(silence: Silence) -> None:
    inbox = Inbox()
    with running_pool(workers=2, max_in_flight=4) as pool:
        for start in (Apart(silence), Apart(silence)):
            lane = pool.lane("stuck", inbox.on_room)
            assert lane.offer(at(start), size_bytes=0, done=inbox.done)
        for _ in range(2):
            lane = pool.lane("stuck", inbox.on_room)
            assert lane.offer(at(lane.idle(Apart(silence))), size_bytes=0, done=inbox.done)
        silence.expect(4)
        other = pool.lane("other", inbox.on_room)
        assert other.offer(at(at_once("done")), size_bytes=0, done=inbox.done)
        assert inbox.get() == "done"
        silence.let_go(4)
        assert inbox.take(4) == ["said"] * 4


def test_a_first_contact_that_is_silent_holds_no_worker_and_no_slot(silence: Silence) -> None:
    inbox, told = Inbox(), Inbox()
    with running_pool(workers=1, max_in_flight=4) as pool:
        lane = pool.lane("stuck", inbox.on_room)
        parts: Any = SimpleNamespace(
            lane=lane,
            bucket=SimpleNamespace(connect=silence),
            inbox=SimpleNamespace(put=told.done),
            settings=SimpleNamespace(on_drift="overwrite", endpoint="", region="", bucket="b"),
            ledger=SimpleNamespace(meta=lambda _name: None),
            scanner=SimpleNamespace(check_root=lambda: None),
        )
        Access(parts, on_change=lambda *_: None).advance(0.0)
        silence.expect(1)
        until(lambda: not lane.account.workers, what="the worker is free")
        assert lane.in_flight == 1
        assert sum(lane.account.slots) == 0
        silence.let_go()
        assert told.get().error is None


def test_what_is_raised_apart_is_raised_in_the_call() -> None:
    inbox = Inbox()

    def fail() -> int:
        raise OSError("refused")

    def call() -> Call:
        with pytest.raises(OSError, match="refused"):
            yield from apart(fail)
        return (yield from apart(lambda: 7))

    with running_pool() as pool:
        assert pool.lane("site", inbox.on_room).offer(call, size_bytes=0, done=inbox.done)
        assert inbox.get() == 7


def test_what_was_in_vain_leaves_threads_to_what_was_not_yet_tried(
    annex: Annex, silence: Silence
) -> None:
    _begin(annex, 60, silence, is_again=True)
    silence.expect(48)
    tried = threading.Event()
    _begin(annex, 1, tried.set)
    assert tried.wait(10)
    assert silence.came == 48


def test_what_was_not_yet_tried_goes_first(annex: Annex, silence: Silence) -> None:
    order: list[str] = []
    _begin(annex, 64, silence)
    _begin(annex, 1, lambda: order.append("again"), is_again=True)
    _begin(annex, 1, lambda: order.append("first"))
    silence.expect(64)
    silence.let_go(17)
    until(lambda: len(order) == 2, what="both had their turn")
    assert order == ["first", "again"]
    assert annex.threads <= 64


def test_busy_sites_leave_a_thread_to_each_of_the_others(annex: Annex, silence: Silence) -> None:
    for lane in [_lane() for _ in range(8)]:
        for _ in range(8):
            annex.begin(Apart(silence), lane, _nowhere)
    silence.expect(32 + 3)  # four lanes have all that one may have, and each other has one
    _begin(annex, 20, silence)
    silence.expect(32 + 3 + 20)


def test_one_site_has_a_few_threads_apart(annex: Annex, silence: Silence) -> None:
    lane, tried = _lane(), threading.Event()
    for _ in range(9):
        annex.begin(Apart(silence), lane, _nowhere)
    _begin(annex, 1, tried.set)
    assert tried.wait(10)
    silence.expect(8)
    silence.let_go()
    silence.expect(9)


def test_nothing_that_waits_is_begun_once_the_pool_has_stopped(silence: Silence) -> None:
    inbox = Inbox()
    before = set(threading.enumerate())
    with running_pool(workers=9, max_in_flight=64, timeout_seconds=0.05) as pool:
        lane = pool.lane("site", inbox.on_room)
        for _ in range(9):
            assert lane.offer(at(Apart(silence)), size_bytes=0, done=inbox.done)
        silence.expect(8)
    silence.let_go(20)
    mine = [t for t in set(threading.enumerate()) - before if t.name == "worker-apart"]
    until(lambda: not any(thread.is_alive() for thread in mine), what="the threads apart ended")
    assert silence.came == 8


def test_idle_threads_end_with_the_pool() -> None:
    inbox = Inbox()
    before = set(threading.enumerate())
    with running_pool() as pool:
        lane = pool.lane("site", inbox.on_room)
        assert lane.offer(at(Apart(lambda: "told")), size_bytes=0, done=inbox.done)
        assert inbox.get() == "told"
        mine = [t for t in set(threading.enumerate()) - before if t.name == "worker-apart"]
        assert len(mine) == 1
    until(lambda: not mine[0].is_alive(), 3, "the thread apart ended")


def test_a_system_without_threads_fails_the_call_and_not_the_worker(
    monkeypatch: pytest.MonkeyPatch, annex: Annex
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            _begin(annex, 1, lambda: None)
    assert annex.threads == 0
    tried = threading.Event()
    _begin(annex, 1, tried.set)
    assert tried.wait(10)


def test_an_exception_is_carried_where_there_is_no_pool() -> None:
    answers: list[Any] = []
    Apart(lambda: 1 // 0)(answers.append)
    assert isinstance(answers[0], CallFailed)
