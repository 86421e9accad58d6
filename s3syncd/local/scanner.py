"""The scan thread: the only one that looks at the tree.

A file system that hangs, hangs this thread and no other. Requests come from the site thread;
single looks go before directory scans, and those before a full scan. A scan whose batches the site
has not taken yet pauses, and the others go on.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.messages import Look, Looked, RootSeen, ScanBatch
from s3syncd.core.paths import Scope
from s3syncd.core.safety import RootIdentity
from s3syncd.local.identity import RootError, identity_of, open_root
from s3syncd.local.inner import InnerMounts, Known, Occupant
from s3syncd.local.messages import MountAccepted, MountSeen
from s3syncd.local.mounts import Mounts
from s3syncd.local.walk import Step, Walk, Watch

__all__ = ["Scanner"]

MAX_BATCHES: Final = 4
"""Batches of one scan that the site has not taken yet: 2,048 entries, some 0.7 MiB."""


class _Scan:
    """One request for a scan, from its arrival until its last batch."""

    def __init__(self, pass_id: int, walk: Walk, *, is_full: bool, root: RootIdentity | None):
        self.pass_id = pass_id
        self.walk = walk
        self.steps: Iterator[Step] = walk.steps()
        self.is_full = is_full
        self.root = root
        self.is_begun = False
        self.untaken = 0


class Scanner:
    """Looks at a root on request. Has a thread of its own; every method may be called from any.

    Args:
        root: absolute, without links.
        scope: what is selected.
        post: takes the answers, in the scan thread; must not block. `core.messages` (`ScanBatch`,
            `Looked`, `RootSeen`) and `local.messages`.
        watcher: told of each directory before it is listed; None: nothing is watched.
        clock: monotonic seconds.
        name: of the site, for the thread's name.
        mounts: what is accepted of what is mounted inside the root (`a/m/`).
    """

    def __init__(
        self,
        root: Path,
        scope: Scope,
        *,
        post: Callable[[object], None],
        watcher: Watch | None,
        clock: Callable[[], float] = time.monotonic,
        name: str = "",
        mounts: Mapping[str, RootIdentity] | None = None,
    ) -> None:
        self._root = root
        self._scope = scope
        self._post = post
        self._watcher = watcher
        self._clock = clock
        self._table = Mounts(root)
        self._mounts = InnerMounts(
            self._table, mounts or {}, on_new=lambda path, identity: post(MountSeen(path, identity))
        )
        self._changed = threading.Condition()
        self._urgent: deque[Callable[[], None]] = deque()
        self._scans: list[_Scan] = []
        self._expected: RootIdentity | None = None
        self._busy_since: float | None = None
        self._is_stopping = False
        # Not waited for at exit: a call into a dead file system may never return.
        self._thread = threading.Thread(target=self._run, name=f"scan-{name}", daemon=True)
        self.last_error = ""
        """What an unforeseen failure said; for status."""

    def start(self) -> None:
        """Begin to serve requests."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Serve nothing more; wait `timeout` seconds for the thread, tell whether it ended."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        if self._thread.ident is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def is_alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread.is_alive()

    def busy_seconds(self) -> float:
        """Give how long the step at hand has taken; above a few, the file system hangs."""
        since = self._busy_since
        return 0.0 if since is None else max(0.0, self._clock() - since)

    def expect_root(self, identity: RootIdentity | None) -> None:
        """From the next request on, believe this root only; None believes any."""
        self._expected = identity

    def full(self, pass_id: int) -> None:
        """Scan the whole root."""
        self._enqueue(pass_id, "", is_recursive=True, is_full=True)

    def directory(self, pass_id: int, path: str, *, is_recursive: bool) -> None:
        """Scan one directory (`a/b/`, the root is ``), and what is below if `is_recursive`."""
        self._enqueue(pass_id, path, is_recursive=is_recursive, is_full=False)

    def look(self, paths: list[str]) -> None:
        """Look at single paths; one `Looked` answers for all of them."""
        expected = self._expected
        self._ask(lambda: self._look(paths, expected))

    def accept_mount(self, path: str, identity: Occupant, sample: Sequence[Known]) -> None:
        """Let a mount belong to the tree, if it holds the files given; None: one that is gone not.

        `MountAccepted` says so; an empty sample asks for nothing more.
        """
        self._ask(lambda: self._accept_mount(path, identity, sample))

    def check_root(self) -> None:
        """See what stands at the root's place; a `RootSeen` answers."""
        self._ask(self._see_root)

    def taken(self, pass_id: int) -> None:
        """Say that one batch of the scan was consumed: it may send another."""
        with self._changed:
            for scan in self._scans:
                if scan.pass_id == pass_id and scan.untaken:
                    scan.untaken -= 1
                    self._changed.notify_all()
                    return

    def cancel(self, pass_id: int) -> None:
        """End a scan before its end; its last batch comes all the same, not complete."""
        with self._changed:
            self._urgent.extend(
                lambda scan=scan: self._end(scan, [], is_complete=False)  # type: ignore[misc]
                for scan in self._scans
                if scan.pass_id == pass_id
            )
            self._changed.notify_all()

    def _enqueue(self, pass_id: int, path: str, *, is_recursive: bool, is_full: bool) -> None:
        walk = Walk(
            self._scope,
            prefix=path,
            is_recursive=is_recursive,
            watch=self._watcher,
            mounts=self._mounts,
        )
        scan = _Scan(pass_id, walk, is_full=is_full, root=self._expected)
        with self._changed:
            self._scans.append(scan)
            self._changed.notify_all()

    def _ask(self, request: Callable[[], None]) -> None:
        with self._changed:
            self._urgent.append(request)
            self._changed.notify_all()

    def _run(self) -> None:
        while (step := self._next()) is not None:
            self._busy_since = self._clock()
            try:
                step()
            except Exception as error:  # noqa: BLE001 - the only reader of the tree must live on
                self.last_error = f"{type(error).__name__}: {error}"
            self._busy_since = None
        self._table.close()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._is_stopping:
                if self._urgent:
                    return self._urgent.popleft()
                ready = [scan for scan in self._scans if scan.untaken < MAX_BATCHES]
                if ready:
                    # Directory scans first, in the order they came.
                    scan = min(ready, key=lambda each: each.is_full)
                    return lambda: self._advance(scan)
                self._changed.wait()
        return None

    def _advance(self, scan: _Scan) -> None:
        """Make one step, through a root opened for it and known to be the scan's."""
        if scan not in self._scans:
            return  # canceled while it was chosen
        try:
            entries, is_last = self._step(scan)
            if is_last:
                os.close(open_root(self._root, expected=scan.root))
        except RootError as error:
            self._end(scan, [], is_complete=False)
            self._post_root(error)
            return
        except BaseException:
            self._end(scan, [], is_complete=False)
            raise
        if is_last:
            self._end(scan, entries, is_complete=True)
        elif entries:
            with self._changed:
                scan.untaken += 1
            self._post(ScanBatch(scan.pass_id, entries, is_last=False, is_complete=True))

    def _step(self, scan: _Scan) -> Step:
        root_fd = open_root(self._root, expected=scan.root)
        try:
            if scan.root is None:
                scan.root = identity_of(root_fd)
            self._mounts.refresh(root_fd, self._scope.is_pruned)
            if scan.is_full and not scan.is_begun and self._watcher is not None:
                self._watcher.begin_scan()
            scan.is_begun = True
            scan.walk.root_fd = root_fd
            return next(scan.steps)
        finally:
            os.close(root_fd)

    def _end(
        self, scan: _Scan, entries: list[LocalEntry | UnknownMark], *, is_complete: bool
    ) -> None:
        with self._changed:
            if scan not in self._scans:
                return
            self._scans.remove(scan)
        if is_complete and scan.is_full:
            self._post(scan.walk.nameless.told(scan.pass_id))
            if self._watcher is not None:
                self._watcher.end_scan()
        self._post(ScanBatch(scan.pass_id, entries, is_last=True, is_complete=is_complete))

    def _look(self, paths: list[str], expected: RootIdentity | None) -> None:
        try:
            root_fd = open_root(self._root, expected=expected)
        except RootError as error:
            self._post(Looked({}, root_ok=False))
            self._post_root(error)
            return
        results: Mapping[str, Look] = {}
        is_ok = False
        try:
            self._mounts.refresh(root_fd, self._scope.is_pruned)
            results = self._mounts.look(root_fd, paths)
            is_ok = True
        finally:
            os.close(root_fd)
            self._post(Looked(results, root_ok=is_ok))

    def _accept_mount(self, path: str, identity: Occupant, sample: Sequence[Known]) -> None:
        try:
            root_fd = open_root(self._root, expected=self._expected)
        except RootError:
            return  # met again in the next scan, if it is there
        try:
            is_accepted = self._mounts.accept(root_fd, path, identity, sample)
        finally:
            os.close(root_fd)
        if is_accepted:
            was_left_out = self._mounts.was_left_out(path)
            self._post(MountAccepted(path, identity, was_left_out=was_left_out))

    def _see_root(self) -> None:
        try:
            root_fd = open_root(self._root)
        except RootError as error:
            self._post_root(error)
            return
        try:
            seen = RootSeen(identity_of(root_fd), "", "")
            self._mounts.refresh(root_fd, self._scope.is_pruned)  # told of before the first scan
        except OSError as error:
            seen = RootSeen(None, "root_missing", str(error))
        finally:
            os.close(root_fd)
        self._post(seen)

    def _post_root(self, error: RootError) -> None:
        """Tell what is at the root's place instead, which is nothing where it cannot be opened."""
        self._post(RootSeen(error.seen, "" if error.seen else "root_missing", str(error)))
