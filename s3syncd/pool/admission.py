"""Admission: who gets in, who waits, and who is served when something is given back.

Each public method takes the pool's lock and calls nobody while it holds it: what is to be called
or queued afterwards is returned as an `Errand`.
"""

from __future__ import annotations

from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from s3syncd.pool.calls import CallFailed, Handle, Running
from s3syncd.pool.lane import Lane
from s3syncd.pool.shares import Shares

if TYPE_CHECKING:
    from collections.abc import Callable

    from s3syncd.pool.calls import Call, Step

__all__ = ["Admission", "Errand"]


class Errand:
    """What a thread does after it has let go of the lock.

    Attributes:
        steps: to be queued for the workers.
        callbacks: to be called, with these values, in this order.
    """

    __slots__ = ("callbacks", "steps")

    def __init__(self) -> None:
        self.callbacks: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self.steps: list[Step] = []


class Admission:
    """All that is shared between threads in the pool, under its one lock.

    Attributes:
        lock: guards everything here, the accounts of the lanes, and the handles.
        is_stopping: no new calls.
        drained: set when the pool is stopping and no call is left.
    """

    def __init__(self, shares: Shares) -> None:
        self.lock = Lock()
        self.is_stopping = False
        self.drained = Event()
        self._shares = shares
        self._lanes: dict[Lane, None] = {}
        self._waiting: dict[Lane, None] = {}  # lanes that room would help, longest first
        self._calls: dict[Running, None] = {}

    @property
    def in_flight(self) -> int:
        """Number of calls admitted and not done."""
        return len(self._calls)

    def add(self, lane: Lane) -> None:
        """Register a lane."""
        with self.lock:
            self._lanes[lane] = None
            self._shares.register(1)

    def offer(
        self,
        lane: Lane,
        make_call: Callable[[], Call],
        size_bytes: int,
        done: Callable[[object], None],
    ) -> Running | None:
        """Admit a call, or note that it would like room; see `Lane.offer`."""
        account = lane.account
        with self.lock:
            if lane.is_closed or self.is_stopping:
                return None
            if not self._shares.fits_offer(account, size_bytes):
                wanted = account.wanted_bytes
                account.wanted_bytes = size_bytes if wanted is None else min(wanted, size_bytes)
                self._wait(lane)
                return None
            account.offers += 1
            account.unstarted += 1
            account.courtesy = 0
            running = Running(lane, make_call, size_bytes, done=done)
            self._admit(running)
            return running

    def spawn(
        self, parent: Running, make_call: Callable[[], Call], size_bytes: int
    ) -> tuple[Running | None, Handle]:
        """Admit a child, or let it wait (then None, with its handle); see `Lane.spawn`."""
        child = Running(parent.lane, make_call, size_bytes, parent=parent)
        handle = child.handle = Handle(self.lock)
        account = parent.lane.account
        with self.lock:
            parent.open_children += 1
            if account.children or not self._shares.fits(account, size_bytes, is_child=True):
                account.children.append(child)
                self._wait(parent.lane)
                return None, handle
            self._admit(child)
        return child, handle

    def close(self, lane: Lane) -> Errand:
        """Refuse new offers of a lane; see `Lane.close`."""
        errand = Errand()
        with self.lock:
            lane.is_closed = True
            lane.account.wanted_bytes = None
            self._settle(lane, errand)
        return errand

    def enter(self, step: Step) -> Errand | None:
        """Give a worker to a step; None leaves it where it waits for its lane's share."""
        running = step[0]
        account = running.lane.account
        errand = Errand()
        with self.lock:
            if running.is_abandoned:
                return None
            if running.is_idle and not self._take_again(step):
                return None
            if account.workers >= self._shares.workers:
                account.parked.append(step)
                return None
            account.workers += 1
            running.busy_workers += 1
            if not running.is_started:
                running.is_started = True
                account.unstarted -= not running.is_child
                if account.wanted_bytes is not None:
                    self._make_use_of_room(errand)
        return errand

    def give_back(self, running: Running) -> Errand:
        """Take slot and bytes from a call that idles."""
        errand = Errand()
        with self.lock:
            self._shares.give_back(running.lane.account, running)
            running.is_idle = True
            self._make_use_of_room(errand)
        return errand

    def leave(self, running: Running) -> Errand:
        """Free the worker of a call that waits. The call may be running elsewhere already."""
        errand = Errand()
        with self.lock:
            self._free_worker(running, errand)
        return errand

    def end(self, running: Running, result: object) -> Errand:
        """Free all that a call holds; report it once its children are done too."""
        errand = Errand()
        with self.lock:
            if running.is_abandoned:
                return errand
            self._shares.give_back(running.lane.account, running)
            running.is_ended = True
            running.result = result
            running.call = None
            if running.open_children:
                self._drop_waiting_children(running, errand)
            self._free_worker(running, errand)
            self._complete(running, errand)
            self._make_use_of_room(errand)
        return errand

    def begin_stop(self) -> None:
        """Refuse all offers from here on; nobody is told of room any more."""
        with self.lock:
            self.is_stopping = True
            for lane in self._lanes:
                lane.account.wanted_bytes = None
            if not self._calls:
                self.drained.set()

    def abandon(self) -> list[Running]:
        """Forget all calls that are left, and return them; no step of theirs runs any more."""
        with self.lock:
            left = list(self._calls)
            self._calls.clear()
            for running in left:
                running.is_abandoned = True
        return left

    # --- the lock is held -----------------------------------------------------------------------

    def _take_again(self, step: Step) -> bool:
        running = step[0]
        account = running.lane.account
        fits = self._shares.fits(account, running.size_bytes, is_child=running.is_child)
        if account.returning or not fits:
            account.returning.append(step)
            self._wait(running.lane)
            return False
        running.is_idle = False
        self._shares.take(account, running)
        return True

    def _admit(self, running: Running) -> None:
        account = running.lane.account
        account.calls += 1
        self._calls[running] = None
        self._shares.take(account, running)
        self._shares.note(account)

    def _wait(self, lane: Lane) -> None:
        self._waiting[lane] = None
        self._shares.note(lane.account)

    def _free_worker(self, running: Running, errand: Errand) -> None:
        running.busy_workers -= 1
        running.lane.account.workers -= 1
        self._unpark(running.lane, errand)

    def _unpark(self, lane: Lane, errand: Errand) -> None:
        account = lane.account
        free = self._shares.workers - account.workers
        while account.parked and free > 0:
            errand.steps.append(account.parked.popleft())
            free -= 1

    def _drop_waiting_children(self, running: Running, errand: Errand) -> None:
        account = running.lane.account
        for child in [child for child in account.children if child.parent is running]:
            account.children.remove(child)
            running.open_children -= 1
            if child.handle is not None:
                ended = CallFailed(RuntimeError("the parent has ended"))
                child.handle.finish(ended, errand.callbacks)

    def _complete(self, running: Running, errand: Errand) -> None:
        """Report a call whose children are done too, and then perhaps the one it belongs to."""
        node: Running | None = running
        while node is not None and node.is_ended and not node.open_children:
            del self._calls[node]
            node.lane.account.calls -= 1
            node.lane.account.offers -= not node.is_child
            if node.handle is not None:
                node.handle.finish(node.result, errand.callbacks)
            if node.done is not None:
                errand.callbacks.append((node.done, (node.result,)))
            node = node.parent
            if node is not None:
                node.open_children -= 1
        self._settle(running.lane, errand)
        if self.is_stopping and not self._calls:
            self.drained.set()

    def _settle(self, lane: Lane, errand: Errand) -> None:
        """Divide anew after a lane may have run out of work or have gone."""
        has_grown = self._shares.note(lane.account)
        if lane.is_closed and not lane.account.calls and lane in self._lanes:
            del self._lanes[lane]
            self._shares.register(-1)
            has_grown = True
        if has_grown:
            for other in self._lanes:
                self._unpark(other, errand)
            self._make_use_of_room(errand)

    def _make_use_of_room(self, errand: Errand) -> None:
        """Serve the lanes that wait, the one that has waited longest first."""
        for lane in list(self._waiting):
            was_served = self._serve(lane, errand)
            is_waiting = lane.account.is_waiting
            if was_served or not is_waiting:
                del self._waiting[lane]
                if is_waiting:
                    self._waiting[lane] = None
                self._shares.note(lane.account)

    def _serve(self, lane: Lane, errand: Errand) -> bool:
        account, shares, before = lane.account, self._shares, len(errand.steps)
        while account.returning:
            running = account.returning[0][0]
            if not shares.fits(account, running.size_bytes, is_child=running.is_child):
                break
            running.is_idle = False
            shares.take(account, running)
            errand.steps.append(account.returning.popleft())
        while account.children:
            child = account.children[0]
            if not shares.fits(account, child.size_bytes, is_child=True):
                break
            account.children.popleft()
            self._admit(child)
            errand.steps.append((child, None, None))
        wanted = account.wanted_bytes
        if wanted is not None and shares.fits_offer(account, wanted, is_probe=True):
            shares.expect_offer(account)
            errand.callbacks.append((lane.on_room, ()))
            return True
        return len(errand.steps) > before
