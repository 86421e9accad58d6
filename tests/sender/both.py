"""Both processes in one: the other side of the line is a thread of the test's."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from s3syncd.core.entry import Action, Kind, LocalEntry, Outcome, Settle
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from s3syncd.local.held import HeldRoot
from s3syncd.pool import Lane, Pool
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.pacing import Turns
from s3syncd.s3.poller import Poller
from s3syncd.s3.settings import BucketSettings
from s3syncd.sender.branch import Branch, Place
from s3syncd.sender.office import _MANY, Office
from s3syncd.sender.second import Second, Sizes
from s3syncd.transfer import Note, Ports, Transfer, TransferSettings
from tests.sender.journal import Journal
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY, StubServer
from tests.waiting import until

SETTLED = Settle(quiet_seconds=0.0, open_seconds=0.0, is_closed=True)
_TELLABLE_NS = 30_000_000  # a younger stat may be left as it is by another write


class ThreadProcess:
    """The second process as a thread; a kill ends the line and nothing else."""

    def __init__(
        self, end: socket.socket, sizes: Sizes, make_transfer: Callable[..., Transfer]
    ) -> None:
        self._end = socket.socket(fileno=os.dup(end.fileno()))
        second = Second(self._end, sizes, make_transfer=make_transfer)
        self._thread = threading.Thread(target=second.run, daemon=True)
        self._thread.start()

    def wait(self) -> int:
        self._thread.join()
        return 0

    def kill(self) -> None:
        self._end.shutdown(socket.SHUT_RDWR)


@dataclass
class Both:
    """A site of the first process, and the second one."""

    root: Path
    stub: StubServer
    pool: Pool
    poller: Poller
    lane: Lane
    office: Office
    journal: Journal
    notes: list[Note] = field(default_factory=list)
    buckets: list[Bucket] = field(default_factory=list)

    def site(self, *, turns: Turns | None = None, **policy: Any) -> tuple[Branch, Transfer, Bucket]:
        """Make a site whose bucket was reached."""
        given: dict[str, Any] = {
            "mode": "upload", "retire_deleted": False, "retire_foreign": False,
            "on_drift": "overwrite", "storage_class": None, "covers": lambda _path: True,
        } | policy  # fmt: skip
        settings = TransferSettings(Policy(**given))
        bucket = Bucket(
            BucketSettings(
                bucket="bucket", endpoint=self.stub.endpoint, region="us-east-1",
                access_key=ACCESS_KEY, secret_access_key=SECRET_ACCESS_KEY,
            ),
            poller=self.poller,
            turns=turns,
        )  # fmt: skip
        bucket.connect()
        self.buckets.append(bucket)
        branch = Branch(self.office, bucket, Place(str(self.root), "p/", (), (), ()), settings)
        branch.open(self.notes.append, etag_is_md5=None)
        return branch, self.transfer(branch, bucket, settings), bucket

    def transfer(self, branch: Branch, bucket: Bucket, settings: TransferSettings) -> Transfer:
        return Transfer(
            bucket, Scope(prefix="p/", exclusions=(), inclusions=()), self.root, settings,
            clock=time.time_ns, lane=self.lane, commit_intent=lambda _note: lambda _resume: None,
            report=self.notes.append, ports=Ports(HeldRoot(self.root), beside=branch),
        )  # fmt: skip

    def write(self, path: str, content: bytes = b"content") -> Action:
        """Write a file, wait until its stat can be relied on, and decide to upload it."""
        target = self.root / path
        target.write_bytes(content)
        seen = target.stat()
        until(lambda: time.time_ns() > seen.st_ctime_ns + _TELLABLE_NS)
        return self.action(path)

    def action(self, path: str) -> Action:
        """Decide to upload a file."""
        seen = (self.root / path).stat()
        entry = LocalEntry(
            path, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_mode
        )
        return Action(Kind.UPLOAD, path, entry, None, None, 2, "new")

    def begin(self) -> None:
        """Have the second process begun."""
        for _ in range(_MANY):
            self.office.line()
        until(lambda: self.office.line() is not None)

    def asked(self) -> int:
        """Give how many uploads went to the second process so far."""
        line = self.office.line()
        return 0 if line is None else line.asked

    def offer(self, transfer: Transfer, action: Action) -> list[Any]:
        """Have an action carried out; its outcome will be in the list."""
        told: list[Any] = []
        assert self.lane.offer(
            lambda: transfer.call_for(action, settle=SETTLED), size_bytes=1, done=told.append
        )
        return told

    def outcome(self, transfer: Transfer, action: Action) -> Outcome:
        """Have an action carried out and wait for it."""
        told = self.offer(transfer, action)
        until(lambda: bool(told))
        assert isinstance(told[0], Outcome), told
        return told[0]


def hanging(release: threading.Event) -> Callable[[StubServer, Any], Any]:
    """Give a behaviour that answers when it is told to."""

    def behave(stub: StubServer, seen: Any) -> Any:
        release.wait(20)
        return stub.carry_out(seen)

    return behave
