"""One site in a small world: real files, real ledger, real transfers; no threads and no waiting.

Time stands still unless `run` lets it pass; wall clock and monotonic clock go together. The wall
clock is ahead of the machine's, so that files are old enough to be sent as soon as they are there.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s3syncd.config.models import SiteConfig
from s3syncd.core.entry import Action, LocalEntry, Outcome, Settle
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from s3syncd.ledger import Ledger
from s3syncd.local.hints import HintTable
from s3syncd.local.room import DiskRoom
from s3syncd.site import Command, Inbox, Parts, Site
from s3syncd.site.messages import Hinted, Noted, Room, Stop
from s3syncd.transfer import Transfer, TransferSettings
from tests.scenarios.lanes import InlineLane
from tests.scenarios.scan import InlineScanner
from tests.scenarios.stand_ins import Lines, OpenGate, QuietWatcher, Scripted
from tests.scenarios.store import Store

__all__ = ["MULTIPART_BYTES", "PREFIX", "World"]

PREFIX = "p/"
AHEAD_SECONDS = 1_000.0
MULTIPART_BYTES = 64 * 1024
_TURNS_WITHOUT_TIME = 400  # more than any scenario needs to come to rest: beyond, it spins


class World:
    """See the module.

    Attributes:
        site: the site of the moment; another one after `restart`.
        carried: every action handed to a worker, in order.
        scripts: path -> what its next calls answer instead of what is true.
        waits: what `advance` returned, turn by turn.
    """

    def __init__(self, tmp_path: Path, **settings: Any) -> None:
        self.root = tmp_path / "root"
        self.root.mkdir()
        self.settings: dict[str, Any] = {"retire_deleted": True} | settings
        self._ledger_path = tmp_path / "state" / "ledger.sqlite"
        self.store = Store()
        self.log = Lines()
        self.now = 1_000.0
        self.range_rows = 20
        self._wall_from = time.time() + AHEAD_SECONDS - self.now
        self.carried: list[Action] = []
        self.settles: list[tuple[str, Settle]] = []
        self.scripts: dict[str, list[Callable[[Action], Outcome]]] = {}
        self.waits: list[float] = []
        self.jitter = 0.5
        self.gate = OpenGate()
        self.boot_id = "first"
        self.room: DiskRoom | None = None
        self.watcher: Any = QuietWatcher()
        self.start()

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Build the site as the supervisor does, and begin."""
        fields = {"name": "s", "path": str(self.root), "bucket": "bucket", "prefix": PREFIX}
        settings = SiteConfig.model_validate({
            **fields, "multipart_threshold_bytes": MULTIPART_BYTES, **self.settings,
        })  # fmt: skip
        scope = Scope(prefix=PREFIX, exclusions=settings.exclusions, inclusions=settings.inclusions)
        policy = Policy(
            mode="upload", retire_deleted=settings.retire_deleted,
            retire_foreign=settings.retire_foreign, on_drift=settings.on_drift,
            storage_class=settings.storage_class, covers=scope.covers,
        )  # fmt: skip
        self.inbox = Inbox()
        inbox = self.inbox
        self.ledger = Ledger.open(self._ledger_path, identity="i")
        self.scanner = InlineScanner(self.root, scope, inbox.put)
        self.lane = InlineLane(lambda: inbox.put(Room()))
        self.checksum_lane = InlineLane(lambda: inbox.put(Room()))
        self.hints = HintTable(lambda: inbox.put(Hinted()), clock=lambda: self.now)
        self.transfer = Transfer(
            self.store, scope, self.root, TransferSettings(policy, MULTIPART_BYTES),
            clock=lambda: int(self.wall() * 1e9), lane=self.lane,  # type: ignore[arg-type]
            commit_intent=lambda note: lambda resume: inbox.put(Noted(note, resume)),
            report=lambda note: inbox.put(Noted(note)),
        )  # fmt: skip
        self.parts = Parts(
            settings=settings, scope=scope, policy=policy, ledger=self.ledger,
            scanner=self.scanner, watcher=self.watcher, hints=self.hints, bucket=self.store,
            transfer=Scripted(self.transfer, self), lane=self.lane,
            checksum_lane=self.checksum_lane, inbox=inbox, gate=self.gate,
            clock=lambda: self.now, wall=self.wall, jitter=lambda: self.jitter, log=self.log,
            range_rows=self.range_rows, boot_id=self.boot_id,
            room=lambda: self.room,
        )  # type: ignore[arg-type]  # fmt: skip
        self.site = Site(self.parts)
        self.site.begin(self.now)

    def kill(self) -> None:
        """End without a word, as `kill -9`: what was not committed is gone."""
        db = self.ledger._db
        assert db is not None
        if db.in_transaction:
            db.rollback()
        db.close()

    def restart(self, **settings: Any) -> None:
        """Kill the site and start it anew, with other settings if given."""
        self.kill()
        self.settings |= settings
        self.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Stop in good order."""
        self.inbox.put(Stop(self.now + seconds))
        for _ in range(50):
            self.turn()
            if self.site.is_stopped:
                self.site.close()
                return
            self.now += seconds / 40
        raise AssertionError("the site does not stop")

    # --- time -----------------------------------------------------------------------------------

    def wall(self) -> float:
        """Seconds since the epoch, in the world."""
        return self._wall_from + self.now

    def turn(self) -> bool:
        """Let everybody do what can be done now, once; return whether anything was done."""
        messages = self.inbox.take(0)
        for message in messages:
            self.site.handle(message, self.now)
        self.waits.append(self.site.advance(self.now))
        has_moved = bool(messages)
        for one in (self.scanner, self.lane, self.checksum_lane):
            while one.step():
                has_moved = True
        return has_moved

    def run(self, seconds: float = 0.0) -> None:
        """Let time pass, and everything happen that is due; ends when all is at rest."""
        end = self.now + seconds
        still = 0
        while True:
            has_moved = self.turn()
            still += 1
            assert still < _TURNS_WITHOUT_TIME, f"the loop spins: {self.waits[-3:]}"
            if has_moved or self.waits[-1] <= 0:
                continue
            if self.now >= end:
                return
            self.now = min(end, self.now + self.waits[-1])
            still = 0

    def leap(self, seconds: float) -> None:
        """Let much time pass at once, as on a machine that slept, and then a little."""
        self.now += seconds
        self.run(60)

    def settle(self) -> None:
        """Run until the site says that it is in sync."""
        for _ in range(200):
            self.run(1.0)
            if self.status["in_sync"]:
                return
        raise AssertionError(f"not in sync: {self.status}")

    def settle_and_rest(self) -> None:
        """Have it in sync, and the comparison over that looks for requests of the run before."""
        self.settle()
        self.run(65)

    def filled(self, count: int) -> World:
        """Write `count` files, have them in sync, and forget how they came to be."""
        self.fill(count)
        self.settle_and_rest()
        self.store.requests.clear()
        self.carried.clear()
        self.scanner.looks.clear()
        return self

    # --- the local side -------------------------------------------------------------------------

    def write(self, path: str, text: str = "", *, hint: bool = False) -> None:
        """Write a file anew, in place if it is there."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        before = target.stat().st_ctime_ns if target.exists() else -1
        while not target.exists() or target.stat().st_ctime_ns == before:
            target.write_text(text or f"content of {path}")
        if hint:
            self.hint(path)

    def fill(self, count: int, directory: str = "") -> list[str]:
        """Write `count` files."""
        paths = [f"{directory}f{number:03}" for number in range(count)]
        for path in paths:
            self.write(path)
        return paths

    def remove(self, path: str, *, hint: bool = False) -> None:
        """Remove a file or a tree."""
        target = self.root / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()
        if hint:
            self.hint(path)

    def rename(self, old: str, new: str, *, hint: bool = False, is_closed: bool = True) -> None:
        """Move a file or a tree."""
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / old).rename(self.root / new)
        if hint:
            self.hint(old)
            self.hint(new, is_closed=is_closed)

    def hint(self, path: str, *, is_closed: bool = True) -> None:
        """Say what the watcher would say about a path."""
        self.hints.note(path, is_closed=is_closed, now=self.now)

    def entry(self, path: str) -> LocalEntry:
        seen = os.lstat(self.root / path)
        return LocalEntry(
            path, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_mode
        )

    # --- what came of it ------------------------------------------------------------------------

    def command(self, name: str, **arguments: object) -> dict[str, object]:
        """Send a command and give its answer."""
        answers: list[dict[str, object]] = []
        self.inbox.put(Command(name, arguments, answers.append))
        self.turn()
        return answers[0]

    @property
    def status(self) -> dict[str, Any]:
        return self.site.board.snapshot

    @property
    def objects(self) -> dict[str, bytes]:
        """The bucket, by path."""
        return {key.removeprefix(PREFIX): found.body for key, found in self.store.objects.items()}

    @property
    def files(self) -> dict[str, bytes]:
        """The root, by path."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
        }

    def puts(self) -> list[str]:
        """The paths put so far, in order."""
        return [key.removeprefix(PREFIX) for name, key in self.store.effects() if name == "put"]

    def deleted(self) -> list[str]:
        """The paths deleted so far, in order."""
        return [key.removeprefix(PREFIX) for name, key in self.store.effects() if name == "delete"]
