"""Workers, the trampoline, admission and stopping. The lock is never held while calling out."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Event, Lock, Thread, get_ident, local
from time import monotonic
from typing import TYPE_CHECKING, Any

from s3syncd.pool.calls import CallFailed, Handle, Idle, PoolStopped, Resume, Running
from s3syncd.pool.lane import Lane
from s3syncd.pool.shares import Shares

if TYPE_CHECKING:
    from collections.abc import Callable

    from s3syncd.pool.calls import Call, Step

__all__ = ["Pool"]


class _Errand:
    """What a thread does after it has let go of the lock: callbacks and steps to be queued."""

    __slots__ = ("callbacks", "steps")

    def __init__(self) -> None:
        self.callbacks: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self.steps: list[Step] = []


class Pool:
    """Bounded workers shared by all sites.

    Args:
        workers: number of threads, `worker-0` and so on.
        max_in_flight: calls that hold a slot at the same time.
        buffer_bytes: memory that calls hold at the same time.
    """

    def __init__(self, *, workers: int, max_in_flight: int, buffer_bytes: int) -> None:
        self._lock = Lock()
        self._ready: SimpleQueue[Step | None] = SimpleQueue()
        self._shares = Shares(workers, max_in_flight, buffer_bytes)
        self._lanes: dict[Lane, None] = {}
        self._waiting: dict[Lane, None] = {}  # lanes that room would help, longest first
        self._calls: dict[Running, None] = {}
        self._drained = Event()
        self._is_stopping = False
        self._here = local()
        self._threads = [
            Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(workers)
        ]
        self._ignored_resumes = 0
        self._faults = 0

    @property
    def in_flight(self) -> int:
        """Number of calls admitted and not done, of all lanes."""
        return len(self._calls)

    @property
    def ignored_resumes(self) -> int:
        """How often a call was resumed a second time for the same yield."""
        return self._ignored_resumes

    @property
    def faults(self) -> int:
        """How often `done`, `on_room` or a start that had already resumed raised an exception."""
        return self._faults

    def start(self) -> None:
        """Start the workers."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float) -> int:
        """Let running calls finish for `timeout` seconds, then go without them.

        Calls that no worker has begun end with `CallFailed(PoolStopped())`. Calls that are left
        behind get no `done` (whether they had an effect is not known); those that wait for a
        resume are closed, so that their files are.

        Returns:
            Number of calls left behind.
        """
        deadline = monotonic() + timeout
        with self._lock:
            self._is_stopping = True
            for lane in self._lanes:
                lane.account.wanted_bytes = None
            if not self._calls:
                self._drained.set()
        self._drained.wait(timeout)
        abandoned = self._abandon()
        for _ in self._threads:
            self._ready.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - monotonic()))
        return abandoned

    def lane(self, name: str, on_room: Callable[[], None]) -> Lane:
        """Return a new lane; `on_room` is called from a worker and must be cheap."""
        lane = Lane(self, name, on_room)
        with self._lock:
            self._lanes[lane] = None
            self._shares.register(1)
        return lane

    # --- for lanes ------------------------------------------------------------------------------

    def offer(
        self,
        lane: Lane,
        make_call: Callable[[], Call],
        size_bytes: int,
        done: Callable[[object], None],
    ) -> bool:
        """See `Lane.offer`."""
        account = lane.account
        with self._lock:
            if lane.is_closed or self._is_stopping:
                return False
            if not self._shares.fits_offer(account, size_bytes):
                wanted = account.wanted_bytes
                account.wanted_bytes = size_bytes if wanted is None else min(wanted, size_bytes)
                self._wait(lane)
                return False
            account.offers += 1
            account.unstarted += 1
            account.courtesy = 0
            running = Running(lane, make_call, size_bytes, done=done)
            self._admit(running)
        self._ready.put((running, None, None))
        return True

    def spawn(self, lane: Lane, make_call: Callable[[], Call], size_bytes: int) -> Handle:
        """See `Lane.spawn`."""
        parent: Running | None = getattr(self._here, "running", None)
        if parent is None or parent.lane is not lane:
            raise RuntimeError("spawn is for a call that runs on this lane")
        child = Running(lane, make_call, size_bytes, parent=parent)
        child.handle = Handle(self._lock)
        with self._lock:
            parent.open_children += 1
            account = lane.account
            if account.children or not self._shares.fits(account, size_bytes, is_child=True):
                account.children.append(child)
                self._wait(lane)
                return child.handle
            self._admit(child)
        self._ready.put((child, None, None))
        return child.handle

    def close_lane(self, lane: Lane) -> None:
        """See `Lane.close`."""
        errand = _Errand()
        with self._lock:
            lane.is_closed = True
            lane.account.wanted_bytes = None
            self._settle(lane, errand)
        self._run_errand(errand)

    # --- workers --------------------------------------------------------------------------------

    def _work(self) -> None:
        while (step := self._ready.get()) is not None:
            if self._enter(step):
                self._here.running = step[0]
                self._continue(*step)
                self._here.running = None

    def _enter(self, step: Step) -> bool:
        """Begin a step, or leave it where it waits for its lane's share."""
        running = step[0]
        account = running.lane.account
        errand = _Errand()
        with self._lock:
            if running.is_abandoned:
                return False
            if running.is_idle and not self._take_again(step):
                return False
            if account.workers >= self._shares.workers:
                account.parked.append(step)
                return False
            account.workers += 1
            running.busy_workers += 1
            if not running.is_started:
                running.is_started = True
                account.unstarted -= not running.is_child
                if account.wanted_bytes is not None:
                    self._make_use_of_room(errand)
        self._run_errand(errand)
        return True

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

    def _continue(self, running: Running, value: Any, error: BaseException | None) -> None:
        """Run a call until it ends or waits: the trampoline."""
        try:
            call = running.call
            if call is None:
                call = running.call = self._begin(running)
            while True:
                start = call.send(value) if error is None else call.throw(error)
                if running.is_abandoned:
                    call.close()
                    break
                resume = Resume(running, self._ready.put, self._count_ignored, get_ident())
                if isinstance(start, Idle):
                    resume.owner = 0  # it must queue for its slot and bytes
                    self._give_back(running)
                error = self._call_start(start, resume)
                if not (error or resume.has_value):
                    break
                if running.is_idle:
                    self._ready.put((running, None, error))
                    break
                value = resume.value
        except StopIteration as stop:
            self._end(running, stop.value)
        except BaseException as raised:  # noqa: BLE001 - a call must never take its worker along
            self._end(running, CallFailed(raised))
        else:
            self._leave(running)

    def _begin(self, running: Running) -> Call:
        if self._is_stopping and not running.is_child:
            raise PoolStopped
        try:
            return running.make_call()
        except StopIteration as error:  # would be taken for the end of a call
            raise RuntimeError("make_call raised StopIteration") from error

    def _call_start(self, start: Callable[[Resume], None], resume: Resume) -> BaseException | None:
        """Call a start; return the exception to be thrown into the call, if any."""
        try:
            start(resume)
        except BaseException as error:  # noqa: BLE001 - it belongs to the call, not to the worker
            if resume.disarm() is not None:
                return error
            self._count_fault()
        finally:
            resume.owner = 0
        return None

    def _give_back(self, running: Running) -> None:
        errand = _Errand()
        with self._lock:
            self._shares.give_back(running.lane.account, running)
            running.is_idle = True
            self._make_use_of_room(errand)
        self._run_errand(errand)

    def _leave(self, running: Running) -> None:
        """Free the worker of a call that waits. The call may be running elsewhere already."""
        errand = _Errand()
        with self._lock:
            self._free_worker(running, errand)
        self._run_errand(errand)

    def _end(self, running: Running, result: object) -> None:
        errand = _Errand()
        with self._lock:
            if running.is_abandoned:
                return
            self._shares.give_back(running.lane.account, running)
            running.is_ended = True
            running.result = result
            running.call = None
            if running.open_children:
                self._drop_unstarted_children(running)
            self._free_worker(running, errand)
            self._complete(running, errand)
            self._make_use_of_room(errand)
        self._run_errand(errand)

    # --- under the lock -------------------------------------------------------------------------

    def _admit(self, running: Running) -> None:
        account = running.lane.account
        account.calls += 1
        self._calls[running] = None
        self._shares.take(account, running)
        self._shares.note(account)

    def _wait(self, lane: Lane) -> None:
        self._waiting[lane] = None
        self._shares.note(lane.account)

    def _free_worker(self, running: Running, errand: _Errand) -> None:
        running.busy_workers -= 1
        running.lane.account.workers -= 1
        self._unpark(running.lane, errand)

    def _unpark(self, lane: Lane, errand: _Errand) -> None:
        account = lane.account
        free = self._shares.workers - account.workers
        while account.parked and free > 0:
            errand.steps.append(account.parked.popleft())
            free -= 1

    def _drop_unstarted_children(self, running: Running) -> None:
        account = running.lane.account
        for child in [child for child in account.children if child.parent is running]:
            account.children.remove(child)
            running.open_children -= 1

    def _complete(self, running: Running, errand: _Errand) -> None:
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
        if self._is_stopping and not self._calls:
            self._drained.set()

    def _settle(self, lane: Lane, errand: _Errand) -> None:
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

    def _make_use_of_room(self, errand: _Errand) -> None:
        """Serve the lanes that wait, the one that has waited longest first."""
        for lane in list(self._waiting):
            was_served = self._serve(lane, errand)
            is_waiting = lane.account.is_waiting
            if was_served or not is_waiting:
                del self._waiting[lane]
                if is_waiting:
                    self._waiting[lane] = None
                self._shares.note(lane.account)

    def _serve(self, lane: Lane, errand: _Errand) -> bool:
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

    # --- stopping, and what is done without the lock --------------------------------------------

    def _abandon(self) -> int:
        with self._lock:
            left = list(self._calls)
            self._calls.clear()
            for running in left:
                running.is_abandoned = True
            waiting = [
                running.call for running in left if running.call and not running.busy_workers
            ]
            unstarted = [
                running.done for running in left if running.done and not running.is_started
            ]
        for done in unstarted:
            self._call_back(done, CallFailed(PoolStopped()))
        for call in waiting:
            self._call_back(call.close)
        return len(left) - len(unstarted)

    def _run_errand(self, errand: _Errand) -> None:
        for step in errand.steps:
            self._ready.put(step)
        for callback, values in errand.callbacks:
            self._call_back(callback, *values)

    def _call_back(self, callback: Callable[..., object], *values: object) -> None:
        try:
            callback(*values)
        except BaseException:  # noqa: BLE001 - somebody else's mistake must not cost a worker
            self._count_fault()

    def _count_ignored(self) -> None:
        with self._lock:
            self._ignored_resumes += 1

    def _count_fault(self) -> None:
        with self._lock:
            self._faults += 1
