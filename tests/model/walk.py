"""The walk through all states, and the judge of where each leads when nothing more happens."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from tests.model.steps import World
from tests.model.values import ETAGS, State, Step

__all__ = ["Report", "walk"]

_MOST_STEPS = 400  # of an undisturbed run: far more than two passes and what follows from them
# S3's conditions know an object by its bytes: what somebody else deletes and puts again, equal to a
# byte, between our look and our request is taken for the version that was there.
_EXCEPTED = ("ABA", "EXCUSED")
_NOISY = "NOISY: at rest it goes on asking for effects"


@dataclass
class Report:
    """What a walk has met.

    Attributes:
        states: different ones, each judged.
        steps: taken between them.
        broken: how often what was broken; `EXCUSED` is what the promises except.
        traces: the first way to each of them, as names of steps.
    """

    states: int = 0
    steps: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    traces: dict[str, list[str]] = field(default_factory=dict)

    @property
    def violations(self) -> int:
        """How often something happened that no promise excepts."""
        return sum(n for what, n in self.broken.items() if not what.startswith(_EXCEPTED))


class _Judge:
    """Runs a state undisturbed to its rest. Remembers each state on the way."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[int, str] = {}

    def verdict(self, state: State) -> str:
        """Say what is wrong where this state leads when nothing more happens, or ''."""
        way: list[int] = []
        rest, has_effect = None, False
        verdict = self._known.get(hash(state))
        while verdict is None:
            way.append(hash(state))
            if len(way) > _MOST_STEPS:
                verdict = "UNSETTLED: it does not come to rest"
                break
            after = self._world.onward(state)
            if after is None:
                if state == rest:
                    verdict = _NOISY if has_effect else self._at_rest(state)
                    break
                rest, has_effect = state, False
                after = self._world.passed(state)
            request = after.call and after.call.request
            has_effect |= request is not None and request.verb != "head"
            state = after
            verdict = self._known.get(hash(state)) if state != rest else None
        for key in way:
            self._known[key] = verdict
        return verdict

    def _at_rest(self, state: State) -> str:
        now = state.memory.now
        if now.intent or now.late or now.deletion or now.retry or state.process.open:
            return "LEFTOVER: something is kept that nobody waits for"
        return self._ahead(state) or self._differing(state)

    def _ahead(self, state: State) -> str:
        row, remote = state.memory.now.row, state.remote
        if row is None:
            return ""
        is_there = remote is not None and ETAGS[remote.content] == row.etag
        if not is_there and not state.process.is_drift:
            return "AHEAD: a row of a version that is not there"
        return ""

    def _differing(self, state: State) -> str:
        local, remote, row = state.local, state.remote, state.memory.now.row
        options = self._world.options
        if local is None:
            return self._left_over(state)
        content = self._world.files.made(local)[0]
        if remote is not None and remote.content == content and row is not None:
            return "" if row[1:5] == local[1:5] else "DIVERGED: the row is not of this file"
        is_held = options.on_drift == "hold" and state.process.is_drift and remote is not None
        if not is_held:
            return "DIVERGED: the bucket has not what the file has"
        if remote is not None and remote.born >= 0:
            return self._excused(state, "RES: our own version is held for somebody else's")
        return ""

    def _left_over(self, state: State) -> str:
        """No file: an object of ours stays only where deletions do not cross."""
        remote = state.remote
        if not self._world.options.retire_deleted or remote is None or remote.born < 0:
            return ""
        return self._excused(state, "RES: what the user deleted is still there")

    def _excused(self, state: State, what: str) -> str:
        """Say whether the promises except it: nobody knew what our own last effect came to."""
        budget = self._world.options.budget
        faults = budget.crashes - state.crashes + budget.losses - state.losses
        if state.is_ledger_lost:
            return f"EXCUSED, the ledger was lost: {what}"
        if faults >= 2:
            return f"EXCUSED, a second fault before the first was known: {what}"
        return what


def walk(
    world: World, *, most_states: int = 0, is_shortest: bool = False, stops: bool = False
) -> Report:
    """Walk through every state and judge it.

    Args:
        world: whose states.
        most_states: stop after so many; 0: never.
        is_shortest: breadth first, with the way to what is found.
        stops: end at the first violation.
    """
    report, judge = Report(), _Judge(world)
    first = world.first()
    seen = {hash(state) for state in first}
    came_from: dict[int, tuple[int, str]] = {}
    open_states = deque(first)
    while open_states and not (most_states and report.states >= most_states):
        if stops and report.violations:
            break
        state = open_states.popleft() if is_shortest else open_states.pop()
        report.states += 1
        if verdict := judge.verdict(state):
            _note(report, came_from, state, verdict)
        for step in world.after(state):
            report.steps += 1
            key = hash(step.state)
            if key not in seen:
                seen.add(key)
                open_states.append(step.state)
                if is_shortest:
                    came_from[key] = hash(state), step.name
            if step.broken:
                _note(report, came_from, state, step.broken, step)
    return report


def _note(
    report: Report, came_from: dict[int, tuple[int, str]], state: State, what: str,
    last: Step | None = None,
) -> None:  # fmt: skip
    report.broken[what] += 1
    if report.broken[what] > 1:
        return
    names, key = ([last.name] if last else []), hash(state)
    while key in came_from:
        key, name = came_from[key]
        names.append(name)
    report.traces[what] = [*names[::-1], f"ops {state.ops} {state.local} {state.remote}"]
