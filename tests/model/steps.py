"""Every step that can follow a state: of the users, of the network, of the daemon, and a crash.

A step that only the daemon takes is a turn of the real parts (`Process`) or of a real call
(`Calls`). Both are remembered by what they depend on, so that each is taken once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from s3syncd.core.entry import BaselineRow, LocalEntry, RemoteEntry
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from tests.model.bucket import apply
from tests.model.calls import MISSING, NO_ANSWER, NO_LOOK, Calls
from tests.model.files import Files
from tests.model.image import put, take
from tests.model.laws import flaw_of_deletion, flaw_of_row
from tests.model.ledger import MemoryLedger
from tests.model.process import Process
from tests.model.same import aged, free_name, ranked, with_late
from tests.model.values import (
    BODIES,
    ETAGS,
    PATH,
    Call,
    Durable,
    Memory,
    Obj,
    Options,
    Request,
    Scan,
    State,
    Step,
    Volatile,
)

__all__ = ["World"]

_REMEMBERED = 300_000  # turns, about 1 KiB each


class World:
    """All that can happen under one policy."""

    def __init__(self, options: Options, files: Files) -> None:
        self.options = options
        self.files = files
        scope = Scope(prefix="", exclusions=(), inclusions=())
        policy = Policy(
            "upload", options.retire_deleted, False,
            options.on_drift, None, scope.covers,  # type: ignore[arg-type]
        )  # fmt: skip
        self._ledger = MemoryLedger(keeps_intents="intents" not in options.off)
        self._process = Process(policy, scope, self._ledger)
        self._calls = Calls(policy, scope, files)
        self._turns: dict[Any, Any] = {}

    def first(self) -> list[State]:
        """Give the states that everything begins with."""
        budget = self.options.budget
        counts = budget.ops, budget.crashes, budget.losses
        empty = State(None, None, Memory(), Durable(), Volatile(), *counts, 0, -1, 0, 0)
        there = empty._replace(local=self.files.file(0, 0), used=1, known=1)
        met = there._replace(remote=Obj(1, "", -1), used=2, shown=2)
        made = {"empty": empty, "there": there, "met": met, "agreed": there}
        states = {name: self._begun(made[name]) for name in self.options.starts}
        if "agreed" in states:
            states["agreed"] = self._rested(states["agreed"])
        return list(states.values())

    def _rested(self, state: State) -> State:
        before = None
        while (after := self.onward(state)) is not None or state != before:
            if after is None:
                before, after = state, self.passed(state)
            state = after
        return state

    def onward(self, state: State) -> State | None:
        """Give what follows when nobody interferes, or None: only a pass finds something to do."""
        if state.call is not None:
            return self.of_call(state, state.call).state
        if state.process.looks:
            return self.look(state).state
        if state.memory.now != state.disk:
            return self.commit(state).state
        if state.scan is not None:
            return next(self.of_pass(state)).state
        return self.wait(state).state if self.can_wait(state) else None

    def passed(self, state: State) -> State:
        """Let a pass go by."""
        for _ in range(3):
            state = next(self.of_pass(state)).state
        return state

    def after(self, state: State) -> Iterator[Step]:
        """Give every step that can follow."""
        yield from self._of_users(state)
        yield from self._of_faults(state)
        if state.call is not None:
            yield self.of_call(state, state.call)
            if state.losses:
                yield from self._losing(state, state.call)
        if state.process.looks:
            yield self.look(state)
        if state.memory.now != state.disk:
            yield self.commit(state)
        if state.is_unheard:
            yield self._turn(state._replace(is_unheard=False), "hear")
        yield from self.of_pass(state)
        if self.can_wait(state):
            yield self.wait(state)

    # --- the users ------------------------------------------------------------------------------

    def _of_users(self, state: State) -> Iterator[Step]:
        if not state.ops:
            return
        number = self.options.budget.ops - state.ops + 1
        spent = state._replace(ops=state.ops - 1)
        if state.local is not None:
            yield Step("remove", spent._replace(local=None, is_unheard=True, deleted=number))
        if state.remote is not None:
            yield Step("their delete", spent._replace(remote=None))
        for content in range(min(state.used + 1, len(BODIES))):
            used, bit = max(state.used, content + 1), 1 << content
            file = self.files.file(content, number)
            yield Step(
                f"write {content}",
                spent._replace(local=file, is_unheard=True, used=used, known=state.known | bit),
            )
            theirs = Obj(content, "", -1)
            if theirs != state.remote:
                yield Step(
                    f"their put {content}",
                    spent._replace(remote=theirs, used=used, shown=state.shown | bit),
                )

    # --- faults ---------------------------------------------------------------------------------

    def _of_faults(self, state: State) -> Iterator[Step]:
        for request in state.late:
            left = list(state.late)
            left.remove(request)
            done, _reply, broken = apply(state._replace(late=tuple(left)), request, self.options)
            yield Step(f"late {request.verb}", done, broken)
        if state.crashes:
            crashed = state._replace(crashes=state.crashes - 1)
            yield self.crash(crashed)
            if self.options.loses_ledger:
                lost = crashed._replace(disk=Durable(), is_ledger_lost=True)
                yield self.crash(lost, name="crash without ledger")

    def crash(self, state: State, name: str = "crash") -> Step:
        """End the process at once and start it anew."""
        late, call = state.late, state.call
        if call is not None and call.request is not None and not call.is_applied:
            late = with_late(late, call.request)
        return Step(name, self._begun(state._replace(late=late)))

    def _begun(self, state: State) -> State:
        remote, row = state.remote, state.disk.row
        is_known = remote is None or (row is not None and row.etag == ETAGS[remote.content])
        if remote is not None and not remote.op and not is_known:
            # Adopted, perhaps, and that was not durable.
            state = state._replace(remote=remote._replace(born=-1))
        state = state._replace(
            memory=Memory(state.disk), call=None, scan=None, is_unheard=False, process=Volatile()
        )
        recovers = "recovery" not in self.options.off
        return self._turn(state, "begin", state.memory, recovers=recovers).state

    def _losing(self, state: State, call: Call) -> Iterator[Step]:
        """The answer to a request is lost. What was asked for may be done, now, later or never."""
        if call.request is None or call.is_applied:
            return
        late = with_late(state.late, call.request)
        reply = NO_LOOK if call.request.verb == "head" else NO_ANSWER
        lost = state._replace(losses=state.losses - 1, late=late)
        yield self._answered(f"{call.request.verb} lost", lost, call, reply)

    # --- what a worker does ---------------------------------------------------------------------

    def of_call(self, state: State, call: Call) -> Step:
        """Take the next step of the call under way."""
        request = call.request
        if request is None:
            return self._go_on("start", state, call._replace(trace=((state.local, None),)))
        if request.verb == "head":
            return self._answered("look at object", state, call, state.remote or MISSING)
        if call.is_applied:
            return self._answered(f"answer to {request.verb}", state, call, call.reply)
        done, reply, broken = apply(state, request, self.options)
        done = done._replace(call=call._replace(is_applied=True, reply=reply))
        return Step(f"apply {request.verb}", done, broken)

    def _answered(self, name: str, state: State, call: Call, reply: Any) -> Step:
        trace = (*call.trace, (state.local, reply))
        called = call._replace(trace=trace, request=None, reply=None, is_applied=False)
        return self._go_on(name, state, called)

    def _go_on(self, name: str, state: State, call: Call) -> Step:
        result = self._calls.go_on(call)
        if isinstance(result, Request):
            is_delete, retires = result.verb == "delete", self.options.retire_deleted
            broken = flaw_of_deletion(state, retires=retires) if is_delete else ""
            if result.verb == "put" and "acknowledgement" in self.options.off:
                state = self._recorded_early(state, result)
            return Step(name, state._replace(call=call._replace(request=result)), broken)
        state = state._replace(call=None)
        remote, row = state.remote, result.row
        is_adopted = result.effect == "adopted" and remote is not None and remote.born < 0
        if is_adopted and remote and row and ETAGS[remote.content] == row.etag:
            born = self.files.made(LocalEntry(*row[:6]))[1]
            state = state._replace(remote=remote._replace(born=born))
        event = "recovered" if call.job.action is None else "finished"
        return self._turn(state, event, result)._replace(name=f"{name}: {result.result}")

    def _recorded_early(self, state: State, request: Request) -> State:
        """What a program would do that records what it has only asked for."""
        assert state.local is not None
        row = BaselineRow(*state.local, None, ETAGS[request.content], "STANDARD")
        now = state.memory.now._replace(row=row)
        return state._replace(memory=state.memory._replace(now=now))

    # --- what the site's thread does ------------------------------------------------------------

    def look(self, state: State) -> Step:
        """The scan thread answers a look."""
        process = state.process._replace(looks=state.process.looks - 1)
        return self._turn(state._replace(process=process), "looked", state.local or "absent")

    def commit(self, state: State) -> Step:
        """Make the open group durable."""
        row, broken = state.memory.now.row, ""
        if row is not None and row != state.disk.row:
            broken = flaw_of_row(state, row, self.files)
        return Step("commit", state._replace(disk=state.memory.now), broken)

    def of_pass(self, state: State) -> Iterator[Step]:
        """A pass sees one side, then the other, in any order; then it decides."""
        scan = state.scan or Scan(state.memory.seq)
        if scan.is_local_seen and scan.is_remote_seen:
            remote = scan.remote
            listed = None
            if remote is not None:
                listed = RemoteEntry(PATH, len(BODIES[remote]), ETAGS[remote], "STANDARD")
            yield self._turn(state, "decide", scan.started_seq, scan.local, listed)
        if not scan.is_local_seen:
            seen = scan._replace(is_local_seen=True, local=state.local)
            yield Step("scan", state._replace(scan=seen))
        if not scan.is_remote_seen:
            content = None if state.remote is None else state.remote.content
            seen = scan._replace(is_remote_seen=True, remote=content)
            yield Step("list", state._replace(scan=seen))

    def can_wait(self, state: State) -> bool:
        """Whether a minute may pass and matter."""
        is_idle = state.call is None and not state.process.looks
        opened = state.process.open
        return is_idle and bool(state.late or (opened is not None and opened.is_later))

    def wait(self, state: State) -> Step:
        """A minute passes: what was not applied by now never will be."""
        return self._turn(aged(state), "turn")

    def _turn(self, state: State, event: str, *given: Any, **more: Any) -> Step:
        """Let the process take a turn; check what it recorded."""
        name = free_name(state)
        key = event, given, state.memory, state.process, name, state.scan is not None
        done = self._turns.get(key)
        if done is None:
            if len(self._turns) > _REMEMBERED:
                self._turns.clear()
            done = self._turns[key] = self._take_turn(state, event, given, more, name)
        memory, disk, process, offered = done
        broken = ""
        row = memory.now.row
        if row is not None and row != state.memory.now.row:
            broken = flaw_of_row(state, row, self.files)
        scan = None if event == "decide" else state.scan
        disk = state.disk if disk is None else disk
        state = state._replace(memory=memory, disk=disk, process=process, scan=scan)
        if offered:
            assert state.call is None, "two calls about one path"
            (job,) = offered
            op = job.intent.op_id if job.intent else name
            state = state._replace(call=Call(job, op))
        return Step(event, ranked(state), broken)

    def _take_turn(self, state: State, event: str, given: Any, more: Any, name: str) -> Any:
        process = self._process
        process.name = name
        self._ledger.is_passing = state.scan is not None
        put(process, state.memory, state.process)
        getattr(process, event)(*given, **more)
        return (*take(process), tuple(process.lane.offered))
