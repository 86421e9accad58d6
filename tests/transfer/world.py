"""A small world for calls: a real directory, a bucket in memory, and no threads."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from s3syncd.core.entry import (
    Action,
    BaselineRow,
    Kind,
    LocalEntry,
    Outcome,
    RemoteEntry,
    Settle,
)
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy, decide
from s3syncd.ledger import Intent
from s3syncd.pool import Call, CallFailed, Handle
from s3syncd.transfer import Transfer, TransferSettings
from tests.fakes_bucket import FakeBucket

__all__ = ["CLOSED", "MIB", "InlineLane", "World", "drive", "md5"]

MIB = 1024 * 1024
CLOSED = Settle(is_closed=True)
_PREFIX = "p/"


def md5(content: bytes) -> str:
    """Give the digest as it stands in rows and ETags."""
    return hashlib.md5(content).hexdigest()


def drive(call: Call) -> Any:
    """Run a call to its end on this thread; every start must answer at once."""
    value: Any = None
    while True:
        try:
            start = call.send(value)
        except StopIteration as end:
            return end.value
        answers: list[Any] = []
        start(answers.append)
        assert len(answers) == 1, "a start that did not answer, or twice"
        value = answers[0]


class InlineLane:
    """Runs each child to its end when it is spawned."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def spawn(self, make_call: Callable[[], Call], *, size_bytes: int) -> Handle:
        self.sizes.append(size_bytes)
        handle = Handle(Lock())
        try:
            result = drive(make_call())
        except Exception as error:  # noqa: BLE001 - as the pool does
            result = CallFailed(error)
        handle.finish(result, [])
        return handle


class World:
    """One site at `root`. Files are 10 s old unless `ahead_seconds` is set.

    `events` are the notes in order, and `("request", operation)` between them.
    """

    def __init__(self, root: Path, **policy: Any) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        self.bucket = FakeBucket()
        self.scope = Scope(prefix=_PREFIX, exclusions=[], inclusions=[])
        self.policy = Policy(**{
            "mode": "upload", "retire_deleted": True, "retire_foreign": False,
            "on_drift": "overwrite", "storage_class": None, "covers": lambda _path: True,
        } | policy)  # fmt: skip
        self.ahead_seconds = 10.0
        self.notes: list[Any] = []
        self.committed: list[tuple[Any, int]] = []
        self.can_commit: Callable[[Any], bool] = lambda _note: True
        self._on_clock: list[Callable[[], object]] = []
        self.lane: Any = InlineLane()
        self.transfer = self.make(TransferSettings(self.policy, multipart_threshold_bytes=MIB))

    def make(self, settings: TransferSettings, **more: Any) -> Transfer:
        return Transfer(
            self.bucket,  # type: ignore[arg-type]
            self.scope,
            self.root,
            settings,
            clock=self._clock,
            lane=self.lane,
            commit_intent=self._commit,
            report=self.notes.append,
            **more,
        )

    def _clock(self) -> int:
        """Called after the first stat and before reading: where a test changes the file."""
        while self._on_clock:
            self._on_clock.pop(0)()
        return time.time_ns() + int(self.ahead_seconds * 1e9)

    def _commit(self, note: Any) -> Any:
        self.committed.append((note, len(getattr(self.bucket, "requests", ()))))
        return lambda resume: resume(self.can_commit(note))

    def while_reading(self, act: Callable[[], object]) -> None:
        """Run `act` between the first stat and the reading."""
        self._on_clock.append(act)

    # --- local files ----------------------------------------------------------------------------

    def write(self, path: str, content: bytes) -> LocalEntry:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return self.entry(path)

    def rewrite(self, path: str, content: bytes, *, keep_mtime: bool = False) -> None:
        """Write in place, and let the ctime differ also where the clock ticks slowly."""
        target = self.root / path
        before = target.stat()
        while True:
            with target.open("r+b") as file:
                file.write(content)
            if keep_mtime:
                os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
            if target.stat().st_ctime_ns != before.st_ctime_ns:
                return

    def touch(self, path: str) -> LocalEntry:
        before = self.entry(path)
        while self.entry(path).ctime_ns == before.ctime_ns:
            os.utime(self.root / path)
        return self.entry(path)

    def entry(self, path: str) -> LocalEntry:
        seen = (self.root / path).lstat()
        return LocalEntry(
            path, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_mode
        )

    # --- the two other sides ---------------------------------------------------------------------

    def key(self, path: str) -> str:
        return _PREFIX + path

    def remote(self, path: str) -> RemoteEntry | None:
        found = self.bucket.objects.get(self.key(path))
        if found is None:
            return None
        return RemoteEntry(path, len(found.body), found.etag, found.storage_class)

    def row(self, path: str, **changes: Any) -> BaselineRow:
        """The baseline in which file and object agree as they are now."""
        found = self.bucket.objects[self.key(path)]
        md5 = None if found.part_sizes else hashlib.md5(found.body).hexdigest()
        row = BaselineRow(*self.entry(path), md5, found.etag, found.storage_class)
        return row._replace(**changes)

    def action(self, path: str, *, baseline: BaselineRow | None = None, **more: Any) -> Action:
        """Decide as a reconcile would, from what is there now."""
        is_there = (self.root / path).is_file()
        local = self.entry(path) if is_there else None
        action = decide(path, local, baseline, self.remote(path), self.policy, **more)
        assert action is not None
        return action

    def upload(self, path: str, **fields: Any) -> Action:
        """An upload of the file as it is, decided as new."""
        action = Action(Kind.UPLOAD, path, self.entry(path), None, None, 2, "new")
        return action._replace(**fields)

    def intent(self, path: str, kind: Kind = Kind.UPLOAD, **fields: Any) -> Intent:
        intent = Intent(path, "op-1", str(kind), created_wall=1.0)
        if (self.root / path).is_file():
            entry = self.entry(path)
            intent = intent._replace(
                size_bytes=entry.size_bytes,
                mtime_ns=entry.mtime_ns,
                ctime_ns=entry.ctime_ns,
                inode=entry.inode,
            )
        return intent._replace(**fields)

    def carry_out(
        self, action: Action, *, settle: Settle = CLOSED, intent: Intent | None = None
    ) -> Outcome:
        outcome = self._drive(self.transfer.call_for(action, settle=settle, intent=intent))
        assert isinstance(outcome, Outcome)
        return outcome

    def published(self, path: str) -> Intent:
        """The intent of the upload that has just been published, as a site has kept it."""
        needed, created = (note for note, _ in self.committed[-2:])
        return self.intent(
            path,
            op_id=needed.op_id,
            upload_id=created.upload_id,
            part_size_bytes=needed.part_size_bytes,
        )

    def confirm(self, intent: Intent, *, baseline: BaselineRow | None) -> Outcome:
        outcome = self._drive(self.transfer.confirm_for(intent, baseline=baseline))
        assert isinstance(outcome, Outcome)
        return outcome

    def recover(
        self, intent: Intent, *, baseline: BaselineRow | None = None, older: Sequence[Intent] = ()
    ) -> Outcome:
        outcome = self._drive(self.transfer.recover_for(intent, baseline=baseline, older=older))
        assert isinstance(outcome, Outcome)
        return outcome

    def _drive(self, call: Call) -> Any:
        try:
            return drive(call)
        finally:
            self.transfer.rest()
