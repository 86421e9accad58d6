"""One soak: people and the nemesis for some time, judged on the way and at the end."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from bench.figures import slope_per_minute
from tests.faults.footprint import footprint
from tests.soak.judge import came_late, judge_each
from tests.soak.nemesis import Nemesis
from tests.soak.stage import Place, Stage, stage
from tests.strict.ending import end_run
from tests.waiting import until

__all__ = ["Report", "soak"]

_MIB: Final = 2**20
_CHANGES_PER_SECOND: Final = 3.0
_HEARS_WITHIN_SECONDS: Final = 1.2  # a change is in the status within a second
_MASS_FILES: Final = 40  # more than the 25 that gamma may delete without a person
_WARM_UP_SHARE: Final = 0.3
_SLOPES_FROM_SECONDS: Final = 300.0  # a shorter run has no slope that says something
# A leak of one thing per change, or per fault, is ten times as steep.
_STEEPEST: Final = {"RSS in MiB": 1.0, "threads": 0.2, "descriptors": 1.0}
_MOST: Final = {"RSS in MiB": 300.0, "threads": 100.0, "descriptors": 700.0}


@dataclass
class Report:
    """What was done and seen."""

    seed: int
    seconds: float
    changes: int = 0
    requests: int = 0
    versions: int = 0
    deletions: int = 0
    claims: int = 0
    true_claims: int = 0
    holds: int = 0
    lost_ledgers: int = 0
    late: int = 0
    longest_late_seconds: float = 0.0
    strikes: dict[str, int] = field(default_factory=dict)
    footprint: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        struck = ", ".join(f"{name} {count}" for name, count in sorted(self.strikes.items()))
        held = ", ".join(f"{name} {told}" for name, told in self.footprint.items())
        return (
            f"seed {self.seed}, {self.seconds:.0f} s: {self.changes:,} changes by people, "
            f"{self.requests:,} requests, {self.versions:,} versions all whole, "
            f"{self.deletions:,} deletions all somebody's, in sync {self.true_claims} of "
            f"{self.claims} times asked and true each time, {self.holds} mass deletions held and "
            f"approved, {self.lost_ledgers} ledgers lost, {self.late} older versions excused that "
            f"came late and were put right within {self.longest_late_seconds:.1f} s\n"
            f"  struck: {struck}\n  held: {held}"
        )


def soak(folder: Path, *, seconds: float, seed: int, tell: Callable[[str], None]) -> Report:
    """Run one soak.

    Args:
        folder: empty.
        seconds: of unrest; setting up and the end come on top.
        seed: of everything that is chosen.
        tell: is given a line now and then.

    Raises:
        AssertionError: a promise was broken; the message says which.
    """
    report = Report(seed, seconds)
    with stage(folder, seed, changes_per_second=_CHANGES_PER_SECOND) as made:
        try:
            _Soak(made, report, tell).run()
        except BaseException:
            _keep_evidence(made, folder)
            raise
    return report


def _keep_evidence(stage: Stage, folder: Path) -> None:
    """Write down what the people and the store did, for whoever looks for the reason."""
    with (folder / "history.txt").open("w") as file:
        file.writelines(f"{event}\n" for event in stage.store.history())
    with (folder / "given_up.txt").open("w") as file:
        for proxy in stage.proxies:
            file.writelines(f"{at} {signature}\n" for signature, at in proxy.given_up.items())
    with (folder / "diaries.txt").open("w") as file:
        for place in stage.places.values():
            for path, lines in place.person.diary:
                file.writelines(f"{place.name} {path!r} {line}\n" for line in lines)


class _Soak:
    def __init__(self, stage: Stage, report: Report, tell: Callable[[str], None]) -> None:
        self._stage = stage
        self._report = report
        self._tell = tell
        self._nemesis = Nemesis(stage, stage.seed)
        self._random = Random(f"soak {stage.seed}")
        self._samples: list[tuple[float, dict[str, float]]] = []
        self._never = threading.Event()

    def run(self) -> None:
        places = self._stage.places.values()
        for place in places:
            place.person.act(20)
        for daemon in self._stage.daemons:
            daemon.start()
        for place in places:
            place.person.begin()
        try:
            self._unrest()
        finally:
            self._nemesis.calm()
            for place in places:
                place.person.end()
        self._tell("everybody rests; both sides must become equal")
        self._end()

    def _unrest(self) -> None:
        began = time.monotonic()
        rituals = self._rituals()
        while (at := time.monotonic() - began) < self._report.seconds:
            name = self._nemesis.strike()
            self._sample(at)
            self._stranger()
            self._approve()
            if self._random.random() < 0.3:
                self._claim(self._random.choice(list(self._stage.places.values())))
            if rituals and at > rituals[0][0] * self._report.seconds:
                rituals.pop(0)[1]()
            self._nemesis.rest(0, 1.5)
            if sum(self._nemesis.done.values()) % 20 == 0:
                self._tell(f"{at:.0f} s: {self._changes():,} changes, last {name}")
                for proxy in self._stage.proxies:
                    proxy.forget()

    def _rituals(self) -> list[tuple[float, Callable[[], None]]]:
        """Give what wants a moment's calm, and at which share of the time it is due."""
        return [
            (0.15, self._mass_deletion), (0.35, self._lost_ledger), (0.55, self._mass_deletion),
            (0.75, self._lost_ledger),
        ]  # fmt: skip

    def _changes(self) -> int:
        return sum(place.person.changes for place in self._stage.places.values())

    def _stranger(self) -> None:
        if self._random.random() < 0.5:
            try:
                self._stage.stranger.act()
            except Exception as error:  # noqa: BLE001 - the faults are theirs, too
                self._tell(f"the stranger met {type(error).__name__}")

    def _approve(self) -> None:
        for place in self._stage.places.values():
            if self._random.random() < 0.2:
                place.approve()

    def _claim(self, place: Place) -> None:
        """Ask whether it is in sync while nobody changes anything; if so it must be true."""
        if place.is_spoiled:
            return  # it cannot know before the next reconcile
        with place.person.lock:
            self._never.wait(_HEARS_WITHIN_SECONDS)
            since = self._stage.store.history().mark
            status = place.status()
            until_mark = self._stage.store.history().mark
            self._report.claims += 1
            if status and status["in_sync"]:
                self._report.true_claims += 1
                files = place.person.diary.files()
                broken = place.oracle.claim_was_true(files, since=since, until=until_mark)
                late = came_late(
                    place.part.history(), prefix=place.site.prefix, now=time.time(),
                    given_up=place.given_up,
                )  # fmt: skip
                broken = [each for each in broken if each.what.rpartition(": ")[0] not in late]
                assert not broken, f"{place.name} said in sync: {broken[:3]} {status}"

    def _mass_deletion(self) -> None:
        """Delete more than the limit at once: nothing goes before a person approved it."""
        place = self._stage.places["gamma"]
        self._nemesis.calm()
        with place.person.lock:
            for number in range(_MASS_FILES):
                place.person.write(f"mass/{number}", 300)
            place.settle()
            mark = self._stage.store.history().mark
            count = place.person.delete_tree("mass")
            until(
                lambda: (place.status() or {}).get("held_deletions", 0) >= count, 60,
                f"the deletions are held: {place.status()}",
            )  # fmt: skip
            assert not place.part.history().of("DeleteObject*", since=mark)
            self._report.holds += 1
            place.settle()

    def _lost_ledger(self) -> None:
        """Take the ledger of a site away while it rests: all is found again, nothing deleted."""
        place = self._stage.places["alpha"]
        self._nemesis.calm()
        with place.person.lock:
            place.settle()
            mark = self._stage.store.history().mark
            place.daemon.kill()
            shutil.rmtree(place.daemon.ledger(place.name).parent)
            place.daemon.start()
            place.settle()
            assert not place.oracle.nothing_deleted(since=mark)
            assert not place.oracle.equal_to(place.person.diary.files())
        self._report.lost_ledgers += 1

    def _end(self) -> None:
        places = self._stage.places.values()
        # All of them first: stopped at the end of one site, a daemon tells what others have left.
        ends: list[tuple[str, Callable[[], object]]] = [
            (f"{place.name} at rest", place.settle) for place in places
        ]
        ends += [(place.name, partial(self._end_of, place)) for place in places]
        judge_each([*ends, ("the stranger", self._nothing_of_the_strangers_is_missing)])
        history = self._stage.store.history()
        self._report.changes = self._changes()
        self._report.requests = len(history)
        self._report.versions = sum(event.made is not None for event in history)
        self._report.deletions = sum(
            len(place.part.history().deletions()) for place in self._stage.places.values()
        )
        self._report.strikes = self._nemesis.done
        self._judge_footprint()

    def _end_of(self, place: Place) -> None:
        self._tell(f"the end of {place.name}")
        place.settle()
        late = place.oracle.late()
        for each in late:
            self._tell(f"came late, right after {each.repair_seconds:.1f} s: {each.sight.event}")
        self._report.late += len(late)
        self._report.longest_late_seconds = max(
            [self._report.longest_late_seconds, *(each.repair_seconds for each in late)]
        )
        end_run(place, place.oracle, place.part)
        assert place.files() == place.person.diary.files(), place.name
        self._report.lost_ledgers += 1

    def _nothing_of_the_strangers_is_missing(self) -> None:
        missing = self._stage.stranger.missing()
        assert not missing, missing

    def _sample(self, at: float) -> None:
        process = self._stage.daemons[1].process
        assert process is not None
        seen = footprint(process.pid)
        self._samples.append((at, {
            "RSS in MiB": seen.rss_bytes / _MIB, "threads": float(seen.threads),
            "descriptors": float(seen.descriptors + seen.connections),
        }))  # fmt: skip

    def _judge_footprint(self) -> None:
        """The daemon that was never killed holds no more at the end than early on."""
        counted = [
            each for each in self._samples if each[0] >= _WARM_UP_SHARE * self._samples[-1][0]
        ]
        for name, steepest in _STEEPEST.items():
            values = [held[name] for _, held in counted]
            assert max(values) <= _MOST[name], f"{name}: {max(values)}"
            told = f"{min(values):.0f} .. {max(values):.0f}"
            if self._report.seconds >= _SLOPES_FROM_SECONDS:
                slope = slope_per_minute([(at, held[name]) for at, held in counted])
                told += f" ({slope:+.2f} a minute)"
                assert slope <= steepest, f"{name}: {told}"
            self._report.footprint[name] = told
