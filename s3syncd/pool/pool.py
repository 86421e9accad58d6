"""The workers and the trampoline: calls run until they wait, and workers never do."""

from __future__ import annotations

from threading import Lock, get_ident, local
from time import monotonic
from typing import TYPE_CHECKING, Any

from s3syncd import cores
from s3syncd.core.later import Later
from s3syncd.pool.admission import Admission
from s3syncd.pool.apart import Annex, Apart
from s3syncd.pool.calls import CallFailed, Handle, Idle, PoolStopped, Resume
from s3syncd.pool.crew import Crew
from s3syncd.pool.lane import Lane
from s3syncd.pool.shares import Shares

if TYPE_CHECKING:
    from collections.abc import Callable

    from s3syncd.pool.admission import Errand
    from s3syncd.pool.calls import Call, Running, Step
    from s3syncd.pool.crew import Waiter

__all__ = ["Pool"]

_ROAMS_FROM_BYTES = 1024 * 1024  # 1.6 ms of MD5: as long as some thirty hand-overs


class Pool:
    """Bounded workers shared by all sites.

    Args:
        workers: number of threads, `worker-0` and so on.
        max_in_flight: calls that hold a slot at the same time.
        buffer_bytes: memory that calls hold at the same time.
        waiter: where the worker without a step waits, for example for sockets.
        roams_from_bytes: a worker in a call that holds so much uses every core, because it will
            hash for longer than the interpreter's hand-overs between cores cost.
    """

    def __init__(
        self,
        workers: int,
        max_in_flight: int,
        buffer_bytes: int,
        *,
        roams_from_bytes: int = _ROAMS_FROM_BYTES,
        waiter: Waiter | None = None,
    ) -> None:
        self._admission = Admission(Shares(workers, max_in_flight, buffer_bytes))
        self._crew = Crew(workers, self._carry_out, waiter)
        self._put = self._crew.put
        self._annex = Annex()
        self._roams_from_bytes = roams_from_bytes
        self._here = local()  # .running: the call that this worker is in
        self._count_lock = Lock()
        self._ignored_resumes = 0
        self._faults = 0

    @property
    def in_flight(self) -> int:
        """Number of calls admitted and not done, of all lanes."""
        return self._admission.in_flight

    @property
    def ignored_resumes(self) -> int:
        """How often a call was resumed a second time for the same yield."""
        return self._ignored_resumes

    @property
    def faults(self) -> int:
        """How often `done`, `on_room`, a start that had resumed or the waiter's raised."""
        return self._faults + self._crew.faults

    def start(self) -> None:
        """Start the workers."""
        self._crew.start()

    def stop(self, timeout: float) -> int:
        """Let running calls finish for `timeout` seconds, then go without them.

        Calls that no worker has begun end with `CallFailed(PoolStopped())`. Calls that are left
        behind get no `done` (whether they had an effect is not known); those that wait for a
        resume are closed, so that their files are.

        Returns:
            Number of calls left behind.
        """
        deadline = monotonic() + timeout
        self._admission.begin_stop()
        self._admission.drained.wait(timeout)
        left = self._admission.abandon()
        unstarted = [running.done for running in left if running.done and not running.is_started]
        for done in unstarted:
            self._call_back(done, CallFailed(PoolStopped()))
        for running in left:
            if running.call is not None and not running.busy_workers:
                self._call_back(running.call.close)
        self._annex.stop()
        self._crew.stop(deadline)
        return len(left) - len(unstarted)

    def lane(self, name: str, on_room: Callable[[], None]) -> Lane:
        """Return a new lane; `on_room` is called from threads of the pool and must be cheap."""
        lane = Lane(self, name, on_room)
        self._admission.add(lane)
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
        running = self._admission.offer(lane, make_call, size_bytes, done)
        if running is None:
            return False
        self._put((running, None, None))
        return True

    def spawn(self, lane: Lane, make_call: Callable[[], Call], size_bytes: int) -> Handle:
        """See `Lane.spawn`."""
        parent: Running | None = getattr(self._here, "running", None)
        if parent is None or parent.lane is not lane:
            raise RuntimeError("spawn is for a call that runs on this lane")
        child, handle = self._admission.spawn(parent, make_call, size_bytes)
        if child is not None:
            self._put((child, None, None))
        return handle

    def close_lane(self, lane: Lane) -> None:
        """See `Lane.close`."""
        self._run(self._admission.close(lane))

    # --- workers --------------------------------------------------------------------------------

    def _carry_out(self, step: Step) -> None:
        errand = self._admission.enter(step)
        if errand is None:
            return
        here, running = self._here, step[0]
        is_long = running.size_bytes >= self._roams_from_bytes
        if is_long is not getattr(here, "is_roaming", False):
            here.is_roaming = is_long
            cores.roam(is_roaming=is_long)
        self._run(errand)
        here.running = running
        self._run(self._continue(*step))
        here.running = None

    def _continue(self, running: Running, value: Any, error: BaseException | None) -> Errand:
        """Run a call until it ends or waits: the trampoline."""
        try:
            call = running.call
            if call is None:
                call = running.call = self._begin(running)
            while True:
                if value.__class__ is Later:  # not yet a result: what the call waits for begins
                    start = value.start
                else:
                    start = call.send(value) if error is None else call.throw(error)
                if running.is_abandoned:
                    call.close()
                    break
                resume = Resume(running, self._put, self._count_ignored, get_ident())
                if isinstance(start, Idle):
                    resume.owner = 0  # it must queue for its slot and bytes
                    self._run(self._admission.give_back(running))
                error = self._call_start(start, resume, running.lane)
                if not (error or resume.has_value):
                    break
                if isinstance(start, Idle):
                    self._put((running, None, error))
                    break
                value = resume.value
        except StopIteration as stop:
            return self._admission.end(running, stop.value)
        except BaseException as raised:  # noqa: BLE001 - a call must never take its worker along
            return self._admission.end(running, CallFailed(raised))
        return self._admission.leave(running)

    def _begin(self, running: Running) -> Call:
        if self._admission.is_stopping and not running.is_child:
            raise PoolStopped
        try:
            return running.make_call()
        except StopIteration as error:  # would be taken for the end of a call
            raise RuntimeError("make_call raised StopIteration") from error

    def _call_start(
        self, start: Callable[[Resume], None], resume: Resume, lane: Lane
    ) -> BaseException | None:
        """Call a start; return the exception to be thrown into the call, if any."""
        if start.__class__ is Idle:
            start = start.start
        try:
            if start.__class__ is Apart:
                self._annex.begin(start, lane, resume)
            else:
                start(resume)
        except BaseException as error:  # noqa: BLE001 - it belongs to the call, not to the worker
            if resume.disarm() is not None:
                return error
            self._count_fault()
        finally:
            resume.owner = 0
        return None

    def _run(self, errand: Errand) -> None:
        for step in errand.steps:
            self._put(step)
        for callback, values in errand.callbacks:
            self._call_back(callback, *values)

    def _call_back(self, callback: Callable[..., object], *values: object) -> None:
        try:
            callback(*values)
        except BaseException:  # noqa: BLE001 - somebody else's mistake must not cost a worker
            self._count_fault()

    def _count_ignored(self) -> None:
        with self._count_lock:
            self._ignored_resumes += 1

    def _count_fault(self) -> None:
        with self._count_lock:
            self._faults += 1
