"""One run: several sequences of a user's work under faults, each to its quiet end."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.simulation.judge import BrokenError
from tests.simulation.world import Place, World
from tests.strict.oracle import Violation

__all__ = [
    "RAM",
    "SEQUENCES",
    "Report",
    "check_idle",
    "lose_ledger",
    "run_seed",
    "run_task",
    "settle",
]

RAM: Final = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())
"""Where ledgers are made: FULL as everywhere, where syncing costs nothing."""

SEQUENCES: Final = 10  # in a run: they share the making of a ledger, and its loss at the end
_OPERATIONS: Final = (1, 2, 3, 4, 4, 5, 6, 8)  # that a sequence tries: many short ones find more
_LEAVING: Final = ("late", "crash", "crash_inside", "ledger_lost", "stop")  # requests under way
_IDLE_SHARE: Final = 0.25  # of the sequences are followed by a cycle that must ask for nothing
_PATIENCE_SECONDS: Final = 4 * 3600.0  # a clock that was set back an hour puts a retry off by one
_LATE_SECONDS: Final = 61.0  # what may be applied late is looked for after a minute


@dataclass
class Report:
    """What a run met. `failure` is '' for one in which every promise was kept."""

    seed: int
    digest: str = ""
    failure: str = ""
    sequences: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    deletions: int = 0
    crashes: int = 0
    claims: int = 0
    lines: list[str] = field(default_factory=list)


def run_seed(
    seed: int, *, sequences: int = SEQUENCES, only: frozenset[str] | None = None,
    is_kept: bool = False,
) -> Report:  # fmt: skip
    """Run a seed.

    Args:
        seed: of everything.
        sequences: how many, one after the other in one world.
        only: kinds of faults in place of drawn ones.
        is_kept: the report has the lines of the trace.
    """
    report = Report(seed)
    with tempfile.TemporaryDirectory(prefix="s3syncd-simulation-", dir=RAM) as name:
        world = World(seed, Path(name), is_kept=is_kept)
        try:
            for number in range(1, sequences + 1):
                _sequence(world, only, is_last=number == sequences)
                report.sequences += 1
            lose_ledger(world)
        except Exception as error:  # noqa: BLE001 - whatever it is, the seed shows it
            report.failure = f"{type(error).__name__}: {error}"
        finally:
            world.close()
    _fill(report, world)
    return report


def run_task(task: tuple[int, int, bool]) -> Report:
    """Run a seed with so many sequences; the lines of the trace are kept if the last is true."""
    seed, sequences, is_kept = task
    return run_seed(seed, sequences=sequences, is_kept=is_kept)


def _sequence(world: World, only: frozenset[str] | None, *, is_last: bool) -> None:
    """The user works while things go wrong; then nothing goes wrong any more."""
    before = _doubts(world)
    for place in world.places:
        place.judge.begin()
    world.chances.begin(only)
    world.stale_before = world.chances.met["stale"]
    workload, random = world.workload, world.chances.random
    count = workload.choice(_OPERATIONS)
    pace = workload.choice((0.05, 0.5, 3.0))
    coming = sorted((random.randrange(count), kind) for kind in world.chances.events)
    for number in range(count):
        while coming and coming[0][0] == number:
            with world.crashing():
                world.happen(coming.pop(0)[1])
            world.run(random.random() * pace)
        place = workload.choice(world.places)
        if place.disk.shown is place.disk.tree:
            world.trace.add(f"{place.prefix} {place.user.act()}\n")
        world.run(workload.random() * pace)
    if random.random() < 0.7:
        world.run(random.choice((3.0, 10.0)))
    if "crash" in world.chances.events and random.random() < 0.5:
        with world.crashing():
            world.happen("crash")
    world.calm()
    settle(world, may_come_late=_doubts(world) != before)
    if is_last or random.random() < _IDLE_SHARE:
        check_idle(world)


def _doubts(world: World) -> int:
    """Count what leaves requests that nobody waits for."""
    return sum(world.chances.met[kind] for kind in _LEAVING)


def settle(world: World, *, may_come_late: bool) -> None:
    """Let it come to its end, and see that both sides are equal then."""
    world.run(1.0)
    if may_come_late:
        _run_until_applied(world)
        world.run(_LATE_SECONDS - 60.0)
        world.agenda.leap(60.0)
    for place in world.places:
        assert place.engine is not None
        place.engine.command("rescan", remote=True)
    world.run(1.0)
    _wait(world)
    for place in world.places:
        _fail_on(place.judge.equal())
        _fail_on(place.judge.uploads_left())
        _fail_on(place.judge.sound())


def _run_until_applied(world: World) -> None:
    for _ in range(600):
        if not world.wire.under_way:
            return
        world.run(1.0)
    raise BrokenError("requests that never end")


def _wait(world: World) -> None:
    """Wait until every site says that it is in sync; the pauses are slept through."""
    waited, pause = 0.0, 1.0
    while waited < _PATIENCE_SECONDS:
        if all(_is_done(world, place) for place in world.places) and not world.wire.under_way:
            return
        world.run(1.0)
        _approve(world)
        waited += 1.0
        if waited > 10 and not world.wire.under_way:
            world.agenda.leap(pause)
            waited += pause
            pause = min(600.0, 1.5 * pause)
    told = [place.engine.status for place in world.places if place.engine]
    raise BrokenError(f"never in sync: {told}")


def _is_done(world: World, place: Place) -> bool:
    """Whether a site says that it is in sync, and has done what was asked for or was due."""
    engine, now = place.engine, world.agenda.now
    assert engine is not None
    schedule, recovery = engine.site.schedule, engine.site.recovery
    is_at_it = schedule.is_scanning(now) or recovery.is_asking or recovery.next_due() <= now
    return bool(engine.status["in_sync"]) and engine.is_quiet and not is_at_it


def _approve(world: World) -> None:
    for place in world.places:
        assert place.engine is not None
        status = place.engine.status
        is_drift = any(problem["reason"] == "drift" for problem in status["problems"])
        if status["held_deletions"] or status["state"] == "halted" or is_drift:
            place.approve(world.model.store.event)


def check_idle(world: World) -> None:
    """A cycle on top asks for nothing."""
    mark = world.model.store.event
    for place in world.places:
        assert place.engine is not None
        place.engine.command("rescan", remote=True)
    world.run(1.0)
    _wait(world)
    for place in world.places:
        _fail_on(place.judge.oracle.nothing_asked_for(since=mark))


def lose_ledger(world: World) -> None:
    """Without its ledger it comes to the same again, and deletes nothing on the way."""
    for place in world.places:
        _fail_on(place.judge.sound())
    mark = world.model.store.event
    world.crash(loses_ledger=True)
    world.run(1.0)
    _wait(world)
    for place in world.places:
        _fail_on(place.judge.oracle.nothing_deleted(since=mark))
        _fail_on(place.judge.equal())
        _fail_on(place.judge.uploads_left())
        _fail_on(place.judge.sound())


def _fail_on(violations: list[Violation]) -> None:
    if violations:
        raise BrokenError("\n".join(f"{v.event}: {v.rule}: {v.what}" for v in violations))


def _fill(report: Report, world: World) -> None:
    report.digest = world.trace.digest
    report.met = world.chances.met
    report.crashes = world.crashes
    report.lines = world.trace.lines
    for place in world.places:
        report.operations.update(place.user.done)
        history = place.judge.history()
        report.requests += len(history)
        report.deletions += sum(e.operation == "DeleteObject" and bool(e.changes) for e in history)
        report.claims += place.judge.claims
