"""Children: the parts of a large upload. They share with offers and never deadlock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3syncd.pool import Call, CallFailed, Handle, Lane, first_of
from tests.pool.rig import MIB, Gate, Inbox, at, at_once, fill, running_pool
from tests.waiting import until


def _parent(lane: Lane, parts: int, *, part_bytes: int = 0, window: int = 3) -> Callable[[], Call]:
    """As a multipart upload: a few parts at a time, whichever ends first makes place."""

    def call() -> Call:
        results: list[Any] = []
        running: list[Handle] = []
        for number in range(parts):
            if len(running) == window:
                handle = yield first_of(running)
                running.remove(handle)
                results.append(handle.result)
            running.append(lane.spawn(at(at_once(number)), size_bytes=part_bytes))
        while running:
            handle = yield lane.idle(first_of(running))
            running.remove(handle)
            results.append(handle.result)
        return sorted(results)

    return call


def test_a_parent_gets_the_result_of_each_child() -> None:
    inbox = Inbox()
    with running_pool() as pool:
        lane = pool.lane("site", inbox.on_room)

        def call() -> Call:
            handle = lane.spawn(at(at_once("part")), size_bytes=MIB)
            result = yield handle.wait
            again = yield handle.wait
            return result, again, handle.is_done, handle.result

        assert lane.offer(call, size_bytes=0, done=inbox.done)
        assert inbox.get() == ("part", "part", True, "part")


def test_a_child_that_raises_gives_its_parent_a_failure() -> None:
    inbox = Inbox()
    with running_pool() as pool:
        lane = pool.lane("site", inbox.on_room)

        def broken() -> Call:
            raise OSError("unreadable")
            yield

        def call() -> Call:
            return (yield lane.spawn(broken, size_bytes=0).wait)

        assert lane.offer(call, size_bytes=0, done=inbox.done)
        outcome = inbox.get()
        assert isinstance(outcome, CallFailed)
        assert isinstance(outcome.exception, OSError)


def test_the_first_of_several_children_is_the_one_that_is_done() -> None:
    gates, inbox = [Gate(), Gate(), Gate()], Inbox()
    with running_pool() as pool:
        lane = pool.lane("site", inbox.on_room)
        seen: list[Handle] = []

        def call() -> Call:
            handles = [lane.spawn(at(gate), size_bytes=0) for gate in gates]
            first = yield first_of(handles)
            seen.append(first)
            second = yield first_of([handle for handle in handles if handle is not first])
            seen.append(second)
            both = yield first_of(handles)  # done already: at once
            assert both.is_done
            rest = yield handles[0].wait
            return handles.index(first), handles.index(second), rest

        assert lane.offer(call, size_bytes=0, done=inbox.done)
        gates[2].expect(1)
        gates[2].open()
        until(lambda: len(seen) == 1)
        gates[1].expect(1)
        gates[1].open()
        until(lambda: len(seen) == 2)
        gates[0].expect(1)
        gates[0].open("last")
        assert inbox.get() == (2, 1, "last")
        assert pool.ignored_resumes == 0


@pytest.mark.parametrize(("workers", "slots"), [(1, 1), (1, 2), (2, 3)])
def test_parents_that_fill_every_slot_do_not_wait_for_ever(workers: int, slots: int) -> None:
    inbox = Inbox()
    parts, part_bytes = 10, 4 * MIB
    with running_pool(workers=workers, max_in_flight=slots, buffer_bytes=8 * MIB) as pool:
        lane = pool.lane("site", inbox.on_room)
        wanted, sent = 6, 0
        while sent < wanted:
            parent = _parent(lane, parts, part_bytes=part_bytes)
            rooms = inbox.rooms
            if lane.offer(parent, size_bytes=8 * MIB, done=inbox.done):
                sent += 1
            else:
                until(lambda seen=rooms: inbox.rooms > seen, what="room for the next parent")
        assert inbox.take(wanted) == [list(range(parts))] * wanted
        until(lambda: pool.in_flight == 0)
        assert sum(lane.account.slots) == sum(lane.account.held_bytes) == 0


def test_children_may_have_children_on_one_slot() -> None:
    inbox = Inbox()
    with running_pool(workers=1, max_in_flight=1) as pool:
        lane = pool.lane("site", inbox.on_room)

        def level(depth: int) -> Call:
            if depth == 0:
                return 1
            handles = [
                lane.spawn(lambda: level(depth - 1), size_bytes=0),
                lane.spawn(lambda: level(depth - 1), size_bytes=0),
            ]
            total = 0
            for handle in handles:
                total += yield handle.wait
            return total

        assert lane.offer(lambda: level(4), size_bytes=0, done=inbox.done)
        assert inbox.get() == 16


def test_a_parent_is_not_done_before_its_children_are() -> None:
    gate, inbox = Gate(), Inbox()
    with running_pool() as pool:
        lane = pool.lane("site", inbox.on_room)

        def call() -> Call:
            lane.spawn(at(gate), size_bytes=0)
            raise ValueError("gave up")
            yield

        assert lane.offer(call, size_bytes=5, done=inbox.done)
        gate.expect(1)
        until(lambda: sum(lane.account.held_bytes) == 0, what="the parent holds nothing")
        assert inbox.is_empty
        assert lane.in_flight == 2
        gate.open()
        assert isinstance(inbox.get().exception, ValueError)
        assert lane.in_flight == 0


def test_children_that_have_not_begun_when_the_parent_ends_never_run() -> None:
    gate, inbox = Gate(), Inbox()
    begun: list[str] = []
    with running_pool(workers=1, max_in_flight=2) as pool:
        lane = pool.lane("site", inbox.on_room)

        def part() -> Call:
            begun.append("part")
            yield gate

        def call() -> Call:
            for _ in range(5):
                lane.spawn(part, size_bytes=0)
            yield at_once()
            return "gave up"

        assert lane.offer(call, size_bytes=0, done=inbox.done)
        gate.expect(1)
        gate.open()
        assert inbox.get() == "gave up"
        assert begun == ["part"]
        assert lane.in_flight == 0


def test_only_a_running_call_of_the_lane_may_spawn() -> None:
    inbox = Inbox()
    with running_pool() as pool:
        lane, other = pool.lane("site", inbox.on_room), pool.lane("other", inbox.on_room)
        with pytest.raises(RuntimeError, match="spawn"):
            lane.spawn(at(at_once()), size_bytes=0)

        def call() -> Call:
            other.spawn(at(at_once()), size_bytes=0)
            yield at_once()

        assert lane.offer(call, size_bytes=0, done=inbox.done)
        assert isinstance(inbox.get().exception, RuntimeError)


def test_waiting_for_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="handle"):
        first_of([])


def _many_parts(lane: Lane, gate: Gate, count: int, size_bytes: int) -> Callable[[], Call]:
    def call() -> Call:
        handles = [lane.spawn(at(gate), size_bytes=size_bytes) for _ in range(count)]
        for handle in handles:
            yield handle.wait
        return "large"

    return call


def test_small_files_get_in_beside_a_large_one_with_many_parts() -> None:
    parts, inbox, small = Gate(), Inbox(), Gate()
    with running_pool(max_in_flight=8) as pool:
        lane = pool.lane("site", inbox.on_room)
        assert lane.offer(_many_parts(lane, parts, 100, 0), size_bytes=0, done=inbox.done)
        parts.expect(8)
        for _ in range(4):
            rooms = inbox.rooms
            assert not lane.offer(at(small), size_bytes=0, done=inbox.done)
            parts.open()
            until(lambda seen=rooms: inbox.rooms > seen)
            assert lane.offer(at(small), size_bytes=0, done=inbox.done)
        small.expect(4)
        assert not lane.offer(at(small), size_bytes=0, done=inbox.done)
        rooms = inbox.rooms
        parts.open()
        until(lambda: lane.account.slots == [4, 4] and parts.waiting == 4, what="a part follows")
        assert inbox.rooms == rooms, "small files have their half"
        until(lambda: parts.open_all() + small.open_all() >= 0 and pool.in_flight == 0)
        assert "large" in inbox.take(5)


def test_small_files_leave_the_room_that_the_next_part_needs() -> None:
    small, part, inbox = Gate(), Gate(), Inbox()
    with running_pool(max_in_flight=64, buffer_bytes=10 * MIB) as pool:
        lane = pool.lane("site", inbox.on_room)
        assert fill(lane, inbox, small, size_bytes=2 * MIB) == 5
        assert lane.offer(_many_parts(lane, part, 1, 9 * MIB), size_bytes=0, done=inbox.done)
        until(lambda: lane.account.children)
        for _ in range(5):
            small.open("small")
            assert inbox.get() == "small"
            assert not lane.offer(at(small), size_bytes=2 * MIB, done=inbox.done)
        part.expect(1)
        part.open()
        assert inbox.get() == "large"


def test_parts_get_in_beside_an_endless_stream_of_small_files() -> None:
    """A part that needs nearly all bytes is not starved by small requests that fit."""
    inbox = Inbox()
    with running_pool(max_in_flight=64, buffer_bytes=10 * MIB) as pool:
        lane = pool.lane("site", inbox.on_room)
        parent = _parent(lane, 20, part_bytes=9 * MIB)
        assert lane.offer(parent, size_bytes=0, done=inbox.done)
        offered = 0
        outcome: Any = None
        while not isinstance(outcome, list):
            if lane.offer(at(at_once("small")), size_bytes=2 * MIB, done=inbox.done):
                offered += 1
                assert offered < 100_000, "the parts starve"
            elif inbox.is_empty:
                until(lambda: not inbox.is_empty)
            if not inbox.is_empty:
                outcome = inbox.get()
        assert outcome == list(range(20))


def test_a_call_that_idles_gives_its_bytes_back_and_takes_them_again() -> None:
    idle, other, inbox = Gate(), Gate(), Inbox()
    with running_pool(buffer_bytes=10 * MIB) as pool:
        lane = pool.lane("site", inbox.on_room)
        order: list[str] = []

        def call() -> Call:
            yield lane.idle(idle)
            order.append("resumed")
            return "idled"

        assert lane.offer(call, size_bytes=8 * MIB, done=inbox.done)
        idle.expect(1)
        assert sum(lane.account.slots) == sum(lane.account.held_bytes) == 0
        assert lane.offer(at(other), size_bytes=8 * MIB, done=inbox.done)
        other.expect(1)
        idle.open()
        until(lambda: lane.account.returning, what="it waits for its bytes")
        assert order == []
        other.open("other")
        assert inbox.take(2) == ["other", "idled"]
        assert sum(lane.account.held_bytes) == 0
