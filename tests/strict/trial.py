"""A daemon on trial: a user at work while things go wrong, and what is needed to judge."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from tests.e2e.daemon import Daemon
from tests.e2e.site import Site, tree
from tests.e2e.world import World
from tests.strict.author import Author
from tests.strict.diary import digest_of
from tests.strict.faults import Fault, Kind
from tests.strict.oracle import Oracle
from tests.strict.process import RemoteStore
from tests.waiting import until

MIB = 2**20
PREFIX = "p/"


def new_site(world: World, store: RemoteStore, **options: Any) -> Site:
    store.create_bucket("bucket")
    usual: dict[str, Any] = {"retire_deleted": True, "max_delete": 10**6}
    return world.site(prefix=PREFIX, bucket="bucket", **usual | options)


def oracle_of(store: RemoteStore, author: Author) -> Oracle:
    return Oracle(store, author.diary, bucket="bucket", prefix=PREFIX)


class Judged:
    """The daemon, as far as a run's end needs it."""

    def __init__(self, site: Site, daemon: Daemon) -> None:
        self._site = site
        self._daemon = daemon

    def settle(self) -> None:
        # A rescan that was waited for has heard of every change; what it found is then done.
        self._daemon.run("rescan", "--wait")
        self._daemon.in_sync(timeout=_PATIENCE_SECONDS)

    def idle_cycle(self) -> None:
        assert self._daemon.run("rescan", "--remote", "--wait").returncode == 0
        self._daemon.in_sync()

    def verify(self) -> None:
        assert self._daemon.run("verify").returncode == 0

    def lose_ledger(self) -> None:
        assert self._daemon.stop() == 0
        shutil.rmtree(self._daemon.ledger().parent)
        self._daemon.start()

    def files(self) -> Mapping[str, str]:
        return {path: digest_of(content) for path, content in tree(self._site.root).items()}


FAULTS = [
    Fault(kind=Kind.DROP_RESPONSE, operation="PutObject", nth=3, times=2),
    # Of a file that stays: for one that is deleted meanwhile the daemon waits a minute, rightly.
    Fault(kind=Kind.DROP_REQUEST, operation="PutObject", key=f"{PREFIX}stays"),
    Fault(kind=Kind.ERROR_AFTER, operation="PutObject", nth=6),
    Fault(kind=Kind.ERROR, operation="PutObject", nth=8, times=4, code="SlowDown"),
    # Longer than the grace of deletions: what goes by another name must wait for these.
    Fault(kind=Kind.DELAY, operation="PutObject", nth=9, times=15, seconds=0.4),
    Fault(kind=Kind.HOLD, operation="PutObject", nth=10, times=2, name="gate"),
    Fault(kind=Kind.DROP_RESPONSE, operation="DeleteObject", times=2),
    Fault(kind=Kind.DROP_REQUEST, operation="DeleteObject", nth=3),
    Fault(kind=Kind.ERROR_AFTER, operation="DeleteObject", nth=3, code="ServiceUnavailable"),
    Fault(kind=Kind.ERROR, operation="DeleteObject", nth=3, code="ConditionalRequestConflict"),
    Fault(kind=Kind.ERROR, operation="HeadObject", nth=2),
    Fault(kind=Kind.DROP_RESPONSE, operation="CreateMultipartUpload"),
    Fault(kind=Kind.ERROR, operation="UploadPart", nth=2, code="RequestTimeout"),
    Fault(kind=Kind.DROP_RESPONSE, operation="CompleteMultipartUpload"),
    Fault(kind=Kind.ERROR_IN_SUCCESS, operation="CompleteMultipartUpload"),
    Fault(kind=Kind.UNSORTED, operation="ListObjectsV2", key=PREFIX, nth=2),
    Fault(kind=Kind.TRUNCATE, operation="ListObjectsV2", key=PREFIX, kept_bytes=700),
]
_PATIENCE_SECONDS = 90.0  # a minute's wait for what a server may carry out late, and then the rest


class Run:
    """A user at work while things go wrong, until each fault was met by a request."""

    def __init__(self, site: Site, daemon: Daemon, store: RemoteStore, author: Author) -> None:
        self._daemon = daemon
        self._store = store
        self._author = author
        self._faults = {store.fault(fault): fault for fault in FAULTS}

    def unmet(self) -> list[Fault]:
        """Give the faults that no request met yet."""
        return [fault for number, fault in self._faults.items() if not self._store.met(number)]

    def _claimed(self) -> None:
        """Wait for the claim that both sides are equal, and see whether it is true."""
        self._daemon.run("rescan", "--wait")  # so that it has heard of everything
        before = self._store.history().mark
        self._daemon.in_sync(timeout=_PATIENCE_SECONDS)
        after = self._store.history().mark
        files = self._author.diary.files()
        oracle = oracle_of(self._store, self._author)
        assert oracle.claim_was_true(files, since=before, until=after) == []

    def round(self, number: int) -> None:
        """Let the user do something, and the daemon hear of it, half or all of it."""
        before = self._store.history().mark
        missing = {fault.operation for fault in self.unmet()}
        self._author.act(12)
        if any(fault.key == f"{PREFIX}stays" for fault in self.unmet()):
            self._author.write("stays", 1000 + number)
        if number % 4 == 1 and missing & {"CreateMultipartUpload", "CompleteMultipartUpload"}:
            self._author.write("large", 9 * MIB + number)
        if number % 4 == 2 and "ListObjectsV2" in missing:
            self._daemon.ask("rescan", remote=True)
        if number % 2:
            self._store.release("gate")
            self._claimed()
        else:
            until(
                lambda: self._store.history().mark > before + 8 or self._daemon.site()["in_sync"],
                20,
                "some requests, or nothing to ask for",
            )
