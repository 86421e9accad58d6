"""Who gets in: limits, shares of several sites, and the call for room after a no."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from s3syncd.pool import Call, Pool
from tests.pool.rig import MIB, Gate, Inbox, at, at_once, fill, hanging, running_pool
from tests.waiting import until, within


def test_a_single_site_may_use_every_slot_and_no_more() -> None:
    gate, inbox = Gate(), Inbox()
    with running_pool(max_in_flight=16) as pool:
        lane = pool.lane("site", inbox.on_room)
        assert fill(lane, inbox, gate) == 16
        assert pool.in_flight == lane.in_flight == 16
        assert inbox.rooms == 0 or lane.account.wanted_bytes is not None
        rooms = inbox.rooms
        gate.open()
        until(lambda: inbox.rooms == rooms + 1, what="on_room after a slot came free")
        assert fill(lane, inbox, gate) == 1
        until(gate.open_all)
        until(lambda: gate.open_all() >= 0 and pool.in_flight == 0)


def test_an_offer_never_blocks_even_when_every_worker_hangs() -> None:
    inbox = Inbox()
    with running_pool(workers=2, max_in_flight=100) as pool:
        lane = pool.lane("site", inbox.on_room)
        accepted = 0
        with hanging() as hang:
            while lane.offer(at(hang), size_bytes=0, done=inbox.done):
                accepted += 1
            assert 2 <= accepted <= 2 + 2 * 2 + 2, "no more than the workers soon get to"
        inbox.take(accepted)
        until(lambda: inbox.rooms >= 1)


def test_bytes_are_taken_at_admission_and_given_back_at_the_end() -> None:
    gate, inbox = Gate(), Inbox()
    with running_pool(buffer_bytes=10 * MIB) as pool:
        lane = pool.lane("site", inbox.on_room)
        assert fill(lane, inbox, gate, size_bytes=3 * MIB) == 3
        assert lane.offer(at(gate), size_bytes=MIB, done=inbox.done)
        assert lane.offer(at(gate), size_bytes=0, done=inbox.done), "needs none"
        gate.expect(5)
        gate.open()
        assert inbox.get() is None
        until(lambda: inbox.rooms)
        assert lane.offer(at(gate), size_bytes=3 * MIB, done=inbox.done)
        assert not lane.offer(at(gate), size_bytes=1, done=inbox.done)
        until(lambda: gate.open_all() >= 0 and pool.in_flight == 0)


def test_a_request_larger_than_the_budget_runs_alone() -> None:
    gate, inbox = Gate(), Inbox()
    with running_pool(buffer_bytes=10 * MIB) as pool:
        lane = pool.lane("site", inbox.on_room)
        assert lane.offer(at(gate), size_bytes=MIB, done=inbox.done)
        assert not lane.offer(at(gate), size_bytes=50 * MIB, done=inbox.done)
        gate.open()
        until(lambda: inbox.rooms)
        assert lane.offer(at(gate), size_bytes=50 * MIB, done=inbox.done)
        assert not lane.offer(at(gate), size_bytes=1, done=inbox.done)
        assert not lane.offer(at(gate), size_bytes=50 * MIB, done=inbox.done)
        gate.open()
        until(lambda: inbox.rooms == 2)


def test_two_giants_of_two_sites_do_not_run_at_the_same_time() -> None:
    gate, inbox = Gate(), Inbox()
    with running_pool(buffer_bytes=10 * MIB) as pool:
        one, two = pool.lane("one", inbox.on_room), pool.lane("two", inbox.on_room)
        assert one.offer(at(gate), size_bytes=50 * MIB, done=inbox.done)
        assert not two.offer(at(gate), size_bytes=50 * MIB, done=inbox.done)
        gate.open()
        until(lambda: inbox.rooms == 1)
        assert two.offer(at(gate), size_bytes=50 * MIB, done=inbox.done)
        gate.open()
        inbox.take(2)


def test_two_busy_sites_hold_at_most_half_of_the_slots_each() -> None:
    stuck, gate, inbox = Gate(), Gate(), Inbox()
    with running_pool(max_in_flight=40) as pool:
        one, two = pool.lane("one", inbox.on_room), pool.lane("two", inbox.on_room)
        assert two.offer(at(gate), size_bytes=0, done=inbox.done)
        assert fill(one, inbox, stuck) == 20
        assert fill(two, inbox, gate) == 19
        until(lambda: gate.open_all() + stuck.open_all() >= 0 and pool.in_flight == 0)


def test_many_busy_sites_hold_at_least_four_slots_each() -> None:
    gate, inbox = Gate(), Inbox()
    with running_pool(max_in_flight=40) as pool:
        lanes = [pool.lane(f"{number}", inbox.on_room) for number in range(20)]
        for lane in lanes:
            assert lane.offer(at(gate), size_bytes=0, done=inbox.done)
        assert fill(lanes[0], inbox, gate) == 3
        until(lambda: gate.open_all() >= 0 and pool.in_flight == 0)


def test_a_site_alone_at_work_leaves_a_part_for_the_registered_others() -> None:
    stuck, inbox = Gate(), Inbox()
    with running_pool(max_in_flight=40, buffer_bytes=100 * MIB) as pool:
        one, two = pool.lane("one", inbox.on_room), pool.lane("two", inbox.on_room)
        assert fill(one, inbox, stuck, size_bytes=10 * MIB) == 8, "of bytes"
        assert fill(one, inbox, stuck) == 32 - 8, "of slots"
        assert fill(two, inbox, stuck, size_bytes=10 * MIB) == 2
        until(lambda: stuck.open_all() >= 0 and pool.in_flight == 0)


def test_a_site_whose_budget_is_held_by_others_still_gets_one_request() -> None:
    stuck, inbox = Gate(), Inbox()
    with running_pool(buffer_bytes=40 * MIB, max_in_flight=100) as pool:
        lanes = [pool.lane(f"{number}", inbox.on_room) for number in range(6)]
        for lane in lanes[:5]:
            fill(lane, inbox, stuck, size_bytes=8 * MIB)
        assert lanes[5].offer(at(at_once("through")), size_bytes=8 * MIB, done=inbox.done)
        assert inbox.get() == "through"
        until(lambda: stuck.open_all() >= 0 and pool.in_flight == 0)


def test_a_hung_disk_of_one_site_does_not_stop_another() -> None:
    inbox, other = Inbox(), Inbox()
    with running_pool(workers=4, max_in_flight=100) as pool, hanging() as hang:
        sick = pool.lane("sick", inbox.on_room)
        well = pool.lane("well", other.on_room)
        while sick.offer(at(hang), size_bytes=0, done=inbox.done):
            pass
        until(lambda: sick.account.workers == 3, what="the sick site has all it can get")
        for number in range(50):
            assert well.offer(at(at_once(number)), size_bytes=0, done=other.done)
            assert other.get() == number
        assert inbox.is_empty


def test_room_is_called_for_once_per_refusal() -> None:
    gate, inbox = Gate(), Inbox()
    with running_pool(max_in_flight=4) as pool:
        lane = pool.lane("site", inbox.on_room)
        assert fill(lane, inbox, gate) == 4
        rooms = inbox.rooms
        for _ in range(4):
            gate.open()
        inbox.take(4)
        until(lambda: pool.in_flight == 0)
        until(lambda: inbox.rooms == rooms + 1)
        assert lane.offer(at(at_once()), size_bytes=0, done=inbox.done)
        inbox.get()
        assert inbox.rooms == rooms + 1, "nobody was refused since"


def test_room_made_by_one_site_is_offered_to_another() -> None:
    gate, one_inbox, two_inbox = Gate(), Inbox(), Inbox()
    with running_pool(max_in_flight=100, buffer_bytes=10 * MIB) as pool:
        one, two = pool.lane("one", one_inbox.on_room), pool.lane("two", two_inbox.on_room)
        assert one.offer(at(gate), size_bytes=8 * MIB, done=one_inbox.done)
        assert two.offer(at(Gate()), size_bytes=MIB, done=two_inbox.done)
        assert not two.offer(at(gate), size_bytes=7 * MIB, done=two_inbox.done)
        gate.open()
        one_inbox.get()
        until(lambda: two_inbox.rooms == 1)
        assert two.offer(at(at_once("in")), size_bytes=7 * MIB, done=two_inbox.done)
        assert two_inbox.get() == "in"
        assert pool.stop(0.01) == 1


def test_a_closed_lane_refuses_and_lets_its_calls_finish() -> None:
    gate, inbox, other = Gate(), Inbox(), Inbox()
    with running_pool(max_in_flight=4) as pool:
        lane, rest = pool.lane("site", inbox.on_room), pool.lane("rest", other.on_room)
        assert fill(lane, inbox, gate) == 3
        rooms = inbox.rooms
        lane.close()
        assert not lane.offer(at(gate), size_bytes=0, done=inbox.done)
        for number in range(3):
            gate.open(number)
        assert sorted(inbox.take(3)) == [0, 1, 2]
        assert inbox.rooms == rooms, "a closed lane is not called for room"
        assert fill(rest, other, gate) == 4, "the part kept for others is free again"
        until(lambda: gate.open_all() >= 0 and pool.in_flight == 0)


class _Gauge:
    """Counts calls that are inside, and their bytes; keeps the highest."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = 0
        self.bytes_now = self.bytes_most = 0

    def change(self, count: int, size_bytes: int) -> None:
        with self.lock:
            self.now += count
            self.bytes_now += count * size_bytes
            self.most = max(self.most, self.now)
            self.bytes_most = max(self.bytes_most, self.bytes_now)


class _Site:
    """Offers random calls; after a no it offers nothing until the pool calls."""

    def __init__(self, pool: Pool, name: str, seed: int, make_call: Callable[..., Any]) -> None:
        self.inbox: SimpleQueue[object] = SimpleQueue()
        self.lane = pool.lane(name, lambda: self.inbox.put("room"))
        self.chance = random.Random(seed)
        self.make_call = make_call
        self.sent = self.done = 0
        self.is_refused = False

    def offer_all(self, calls: int) -> None:
        while self.sent < calls and not self.is_refused:
            size_bytes = self.chance.choice([0, 1000, MIB, 3 * MIB])
            call = self.make_call(size_bytes, self.chance.random() < 0.5)
            self.is_refused = not self.lane.offer(call, size_bytes=size_bytes, done=self.inbox.put)
            self.sent += not self.is_refused

    def run(self, calls: int) -> None:
        while self.done < calls:
            self.offer_all(calls)
            try:
                message = self.inbox.get(timeout=within(20))
            except Empty:
                return  # a call for room was lost; the test sees that calls are missing
            if message == "room":
                self.is_refused = False
            else:
                self.done += 1


@pytest.mark.parametrize("seed", range(3))
def test_no_call_for_room_is_lost_under_stress(seed: int) -> None:
    calls, limit, budget = 1500, 12, 8 * MIB
    network: SimpleQueue[Callable[[Any], None] | None] = SimpleQueue()
    gauge = _Gauge()

    def answer() -> None:
        while (resume := network.get()) is not None:
            resume(None)

    def make_call(size_bytes: int, is_late: bool) -> Callable[[], Call]:
        def call() -> Call:
            gauge.change(1, size_bytes)
            yield network.put if is_late else at_once()
            gauge.change(-1, size_bytes)
            return "end"

        return call

    with running_pool(workers=4, max_in_flight=limit, buffer_bytes=budget) as pool:
        sites = [_Site(pool, f"{number}", seed * 10 + number, make_call) for number in range(3)]
        threads = [threading.Thread(target=site.run, args=(calls,)) for site in sites]
        answerer = threading.Thread(target=answer)
        for thread in [*threads, answerer]:
            thread.start()
        for thread in threads:
            thread.join(50)
        network.put(None)
        answerer.join(10)
        assert [(site.sent, site.done) for site in sites] == [(calls, calls)] * 3
        assert gauge.most <= limit + 3, "a lane that holds nothing is always given one"
        assert gauge.bytes_most <= 2 * budget
        assert pool.faults == pool.ignored_resumes == 0
