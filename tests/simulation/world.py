"""A process with one or two sites, their users and their store: what happens to it, and to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from s3syncd import failpoints
from tests.simulation.agenda import Agenda, Trace
from tests.simulation.deletions import Deletions
from tests.simulation.disk import Disk
from tests.simulation.engine import Engine, settings_of
from tests.simulation.fate import Fate
from tests.simulation.judge import Judge
from tests.simulation.lanes import CrashError, as_crash
from tests.simulation.ledgers import Drive, FileDrive, MemoryDrive
from tests.simulation.nemesis import Chances
from tests.simulation.user import User
from tests.simulation.wire import BUCKET, Wire
from tests.strict.model import Model
from tests.strict.store import Options

__all__ = ["Place", "World"]

_EPOCH = 1_700_000_000.0
_ON_FILES = 16  # one run of so many has ledgers of files: they cost three times as much
_HOLD_SHARE = 0.2  # of the sites keep what others wrote until a person says otherwise
_FEW = frozenset({1, 3})
_LEASES_SHARE = 0.7  # of the sites can be told whether a file has a writer


class Place:
    """A site's two sides and its user; it outlives processes. The ears of its watcher, too."""

    def __init__(self, world: World, number: int, options: dict[str, Any], drive: Drive) -> None:
        self.number = number
        self.prefix = f"p{number}/"
        self.options = options
        self.engine: Engine | None = None
        self.is_deaf = False
        self.drive = drive
        self.disk = Disk(world.machine_wall, number)
        self.user = User(
            self.disk, world.workload, self, true_time=world.true_time,
            later=lambda seconds, act: world.agenda.note(seconds, "writer", act, outlives=True),
            serial=number * 100_000,
        )  # fmt: skip
        # Where so few may go unasked that one more is noticed, none may pass for a rename.
        self.disk.reuses_inodes = options["max_delete"] not in _FEW
        self.disk.has_leases = Random(f"{world.seed} {number} leases").random() < _LEASES_SHARE
        self.approvals: list[int] = []
        self.deletions = Deletions(self)
        self.judge = Judge(self, world)
        self._true_time = world.true_time
        self.changes = 0

    @property
    def has_root(self) -> bool:
        """Whether the user's tree stands at the root's place, and can be read."""
        return self.disk.shown is self.disk.tree and not self.disk.unreadable

    def approve(self, event: int) -> None:
        """Have a person confirm what is held, when the store has seen so many requests."""
        assert self.engine is not None
        self.approvals.append(event)
        self.deletions.approvals.append(self._true_time())
        self.engine.command("approve")

    def changed(self, path: str, *, is_closed: bool = True) -> None:
        self.changes += 1
        if self.engine is not None and self.disk.shown is self.disk.tree:
            if self.is_deaf:
                self.engine.hints.doubt("overflow")
            else:
                self.engine.hints.note(path, is_closed=is_closed)

    def moved(self, directory: str) -> None:
        self.changes += 1
        if self.engine is not None and self.disk.shown is self.disk.tree:
            if self.is_deaf:
                self.engine.hints.doubt("overflow")
            else:
                self.engine.hints.scan(directory, is_recursive=True)


class World:
    """See the package.

    Attributes:
        places: the sites.
        foreign: numbers of the requests of another writer.
        crashes: how often the process died.
        stale_before: how many listings before this sequence were behind.

    Args:
        seed: of all tapes.
        folder: for ledgers; best where syncing costs nothing.
        is_kept: the lines of the trace are kept.
    """

    def __init__(self, seed: int, folder: Path, *, is_kept: bool = False) -> None:
        self.seed = seed
        self.trace = Trace(is_kept=is_kept)
        self.workload = Random(f"{seed} workload")
        self.chance = Random(f"{seed} chance")
        self.agenda = Agenda(Random(f"{seed} order"), self.trace)
        self.chances = Chances(f"{seed} faults")
        self.shift = 0.0
        self.boot = 0
        self.crashes = 0
        self.fate = Fate(self)
        self.stale_before = 0
        self.foreign: set[int] = set()
        self.foreign_serials: dict[int, int] = {}  # -> number of the request that made it
        self.forgotten: set[int] = set()
        self.forgotten_uploads: set[str] = set()
        options = Options(min_part_bytes=0, has_md5_etags=self.chance.random() < 0.85)
        self.model = Model(clock=self.true_time, random=Random(f"{seed} ids"), options=options)
        self.model.store.create_bucket(BUCKET)
        self.wire = Wire(self.model, self.agenda, self.chances)
        count = 2 if self.chance.random() < 0.15 else 1
        drives = [_drive(seed, folder, number) for number in range(count)]
        self.places = [Place(self, n, self._options(), drive) for n, drive in enumerate(drives)]
        self.start()

    # --- time -----------------------------------------------------------------------------------

    def true_time(self) -> float:
        """Seconds since the epoch: the store's clock, and the diaries'."""
        return _EPOCH + self.agenda.now

    def machine_wall(self) -> float:
        """Seconds since the epoch as the machine has it: it may jump."""
        return self.true_time() + self.shift

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.agenda.now + seconds
        while self.agenda.now < end:
            with self.crashing():
                self.agenda.run_until(end)

    @contextmanager
    def crashing(self) -> Iterator[None]:
        """Within, the process may die."""
        try:
            yield
        except CrashError as crash:
            self.chances.met["crash_inside"] += 1
            self.trace.add(f"{crash}\n")
            self.crash()

    # --- the process ----------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process."""
        for place in self.places:
            settings = settings_of(place.number, tuple(sorted(place.options.items())))
            try:
                engine = Engine(
                    settings, place.disk, self.wire, place.drive, random=self.chance,
                    wall=self.machine_wall, boot_id=f"boot{self.boot}",
                )  # fmt: skip
            except RuntimeError as error:
                raise (as_crash(error) or error) from error
            engine.on_turn = place.judge.after_turn
            place.engine = engine

    def crash(self, *, loses_ledger: bool = False) -> None:
        """Let the process die, and start it again: all that was in memory is gone."""
        self.kill(loses_ledger=loses_ledger)
        with self.crashing():
            self.start()

    def kill(self, *, loses_ledger: bool = False) -> None:
        """Let the process die."""
        self.crashes += 1
        self.trace.add("crash\n")
        failpoints.disarm()
        self.wire.drop_pending()
        # Of what the process sent before, nobody remembers that it may come, without its ledger.
        self.agenda.life += 2 if loses_ledger else 1
        for place in self.places:
            engine, place.engine = place.engine, None
            if engine is not None:
                engine.die()
            if loses_ledger:
                place.drive.lose()
        if loses_ledger:
            self.forget_all()

    def forget_all(self) -> None:
        """Note what nobody knows any more: deletions and uploads that were under way."""
        bucket = self.model.store.buckets[BUCKET]
        self.forgotten |= {stack[-1].serial for stack in bucket.stacks.values()}
        self.forgotten_uploads |= set(bucket.uploads)
        for place in self.places:
            place.deletions.losses.append(self.true_time())

    def stop(self) -> None:
        """Stop the process in good order, and start it again."""
        engines = [place.engine for place in self.places if place.engine is not None]
        for engine in engines:
            engine.stop()
        crashes = self.crashes
        for _ in range(100):
            if self.crashes != crashes:
                return  # it died on the way
            if all(engine.site.is_stopped for engine in engines):
                break
            self.run(0.1)
        assert all(engine.site.is_stopped for engine in engines), "it does not stop"
        self.agenda.life += 1
        try:
            for engine in engines:
                engine.site.close()
        except RuntimeError as error:
            raise (as_crash(error) or error) from error
        for place in self.places:
            place.engine = None
        self.start()

    def close(self) -> None:
        """Give everything back."""
        for place in self.places:
            if place.engine is not None:
                place.engine.die()
        failpoints.disarm()

    # --- what happens to it ---------------------------------------------------------------------

    def happen(self, kind: str) -> None:
        """Let something of a kind happen now; whatever lasts ends with the faults."""
        self.fate.happen(kind)

    def calm(self) -> None:
        """End everything that lasts."""
        self.fate.calm()

    def _options(self) -> dict[str, Any]:
        random = self.chance
        return {
            "retire_deleted": random.random() < 0.88,
            "max_delete": random.choice((None, 1, 3, 1000, 1000)),
            "storage_class": "STANDARD_IA" if random.random() < 0.12 else None,
            "on_drift": "hold" if random.random() < _HOLD_SHARE else "overwrite",
        }


def _drive(seed: int, folder: Path, number: int) -> Drive:
    """Give what a site's ledger is on: a file in some runs, memory in most."""
    return MemoryDrive(number) if seed % _ON_FILES else FileDrive(folder / str(number))
