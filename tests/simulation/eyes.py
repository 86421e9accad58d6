"""The scan thread without a thread: one request after the other, each in its own time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.messages import Looked, RootSeen, ScanBatch
from s3syncd.core.safety import RootIdentity
from s3syncd.local.identity import RootError
from tests.simulation.agenda import Agenda
from tests.simulation.disk import Disk

__all__ = ["Eyes"]

_BATCH = 4  # entries: small, so that the tree changes between two batches of one scan
_BATCHES = 4


@dataclass(eq=False)
class _Scan:
    pass_id: int
    prefix: str
    is_recursive: bool
    is_full: bool
    root: RootIdentity | None
    after: str = ""
    untaken: int = 0


class Eyes:
    """The face of `local.scanner.Scanner`, over a `Disk`.

    Attributes:
        breaks: whether the scan under way ends before its end; asked at each batch.
    """

    def __init__(self, disk: Disk, agenda: Agenda, post: Callable[[object], None]) -> None:
        self.breaks: Callable[[], bool] = lambda: False
        self._disk = disk
        self._agenda = agenda
        self._post = post
        self._expected: RootIdentity | None = None
        self._urgent: deque[tuple[str, Callable[[], None]]] = deque()
        self._scans: list[_Scan] = []
        self._is_due = False

    def start(self) -> None:
        """Nothing to start."""

    def stop(self, timeout: float) -> bool:
        self._urgent.clear()
        self._scans.clear()
        return timeout >= 0

    def busy_seconds(self) -> float:
        """No file system hangs here."""
        return 0.0

    def expect_root(self, identity: RootIdentity | None) -> None:
        self._expected = identity

    def full(self, pass_id: int) -> None:
        self._begin(_Scan(pass_id, "", True, True, self._expected))

    def directory(self, pass_id: int, path: str, *, is_recursive: bool) -> None:
        self._begin(_Scan(pass_id, path, is_recursive, False, self._expected))

    def look(self, paths: list[str]) -> None:
        expected, asked = self._expected, list(paths)
        self._urgent.append(("look", lambda: self._look(asked, expected)))
        self._wake()

    def check_root(self) -> None:
        self._urgent.append(("root", self._see_root))
        self._wake()

    def taken(self, pass_id: int) -> None:
        for scan in self._scans:
            if scan.pass_id == pass_id and scan.untaken:
                scan.untaken -= 1
                self._wake()
                return

    def cancel(self, pass_id: int) -> None:
        for scan in self._scans:
            if scan.pass_id == pass_id:
                self._urgent.append(("end", lambda scan=scan: self._end(scan, False)))  # type: ignore[misc]
                self._wake()

    def _begin(self, scan: _Scan) -> None:
        self._scans.append(scan)
        self._wake()

    def _wake(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._agenda.soon("eyes", self._step, most_seconds=0.01)

    def _step(self) -> None:
        self._is_due = False
        if self._urgent:
            self._urgent.popleft()[1]()
        else:
            ready = [scan for scan in self._scans if scan.untaken < _BATCHES]
            if not ready:
                return
            self._advance(min(ready, key=lambda scan: scan.is_full))
        self._wake()

    def _advance(self, scan: _Scan) -> None:
        try:
            self._disk.identity(scan.root)
        except RootError as error:
            self._end(scan, False)
            self._post_root(error)
            return
        if self.breaks():
            self._end(scan, False)
            return
        walk = self._disk.walk(scan.prefix, scan.after, is_recursive=scan.is_recursive)
        entries = [each for each in islice(walk, _BATCH) if not isinstance(each, str)]
        if len(entries) < _BATCH:
            self._end(scan, True, entries)
            return
        scan.after = entries[-1].path
        scan.untaken += 1
        self._post(ScanBatch(scan.pass_id, entries, is_last=False, is_complete=True))

    def _end(
        self,
        scan: _Scan,
        is_complete: bool,
        entries: list[LocalEntry | UnknownMark] | None = None,
    ) -> None:
        if scan in self._scans:
            self._scans.remove(scan)
            self._post(ScanBatch(scan.pass_id, entries or [], True, is_complete))

    def _look(self, paths: list[str], expected: RootIdentity | None) -> None:
        try:
            self._disk.identity(expected)
        except RootError as error:
            self._post(Looked({}, root_ok=False))
            self._post_root(error)
            return
        tree = self._disk.shown
        assert tree is not None
        self._post(Looked({path: self._disk.look(tree, path) for path in paths}, root_ok=True))

    def _see_root(self) -> None:
        try:
            self._post(RootSeen(self._disk.identity(), "", ""))
        except RootError as error:
            self._post_root(error)

    def _post_root(self, error: RootError) -> None:
        self._post(RootSeen(error.seen, "" if error.seen else "root_missing", str(error)))
