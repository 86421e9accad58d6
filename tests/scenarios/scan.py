"""A scanner without a thread: it looks at a real directory when the test lets it."""

from __future__ import annotations

import os
import stat
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.messages import Look, Looked, RootSeen, ScanBatch
from s3syncd.core.paths import Scope
from s3syncd.core.safety import RootIdentity
from s3syncd.local.identity import RootError, identity_of, open_root
from s3syncd.local.inner import Known
from s3syncd.local.messages import NamesSkipped

__all__ = ["InlineScanner"]

_BATCH = 16  # small, so that a scenario of a few dozen files has several batches
_BATCHES = 4


class _Scan:
    def __init__(
        self, pass_id: int, prefix: str, batches: Iterator[list[LocalEntry | UnknownMark]]
    ):
        self.pass_id = pass_id
        self.prefix = prefix
        self.batches = batches
        self.untaken = 0


class InlineScanner:
    """Answers requests when `step` is called, one at a time.

    Attributes:
        unknown: directories (`d/`) or files that cannot be judged, with the reason of their mark.
        breaks_after: the next scan ends incomplete after so many batches; None: whole.
        is_broken: every scan ends incomplete before its first batch.
        is_held: no scan goes on; looks are answered all the same.
        are_looks_held: no look is answered.
        busy: how many seconds the step at hand has taken.
        skipped: names that are no text, which the next whole scans meet.
        asked_mounts: each answer to a mount: path, identity, and the paths of the sample.
        looks: how often each path was looked at.
        scans: the prefix of each scan asked for; '' is the whole root.
    """

    def __init__(self, root: Path, scope: Scope, post: Callable[[object], None]) -> None:
        self.root = root
        self._scope = scope
        self.unknown: dict[str, str] = {}
        self.breaks_after: int | None = None
        self.is_broken = False
        self.is_held = False
        self.are_looks_held = False
        self.looks: Counter[str] = Counter()
        self.scans: list[str] = []
        self.is_hung = False
        self.busy = 0.0
        self.skipped: NamesSkipped | None = None
        self.asked_mounts: list[tuple[str, RootIdentity | None, list[str]]] = []
        self._post = post
        self._expected: RootIdentity | None = None
        self._urgent: deque[Callable[[], None]] = deque()
        self._looks: deque[tuple[list[str], RootIdentity | None]] = deque()
        self._scans: list[_Scan] = []

    # --- the face of `local.scanner.Scanner` ----------------------------------------------------

    def start(self) -> None:
        """Nothing to start."""

    def stop(self, timeout: float) -> bool:
        """Forget every request."""
        self._urgent.clear()
        self._looks.clear()
        self._scans.clear()
        return timeout >= 0

    def expect_root(self, identity: RootIdentity | None) -> None:
        self._expected = identity

    def full(self, pass_id: int) -> None:
        self._begin(pass_id, "", is_recursive=True)

    def directory(self, pass_id: int, path: str, *, is_recursive: bool) -> None:
        self._begin(pass_id, path, is_recursive=is_recursive)

    def look(self, paths: list[str]) -> None:
        self._looks.append((list(paths), self._expected))

    def accept_mount(
        self, path: str, identity: RootIdentity | None, sample: Sequence[Known]
    ) -> None:
        self.asked_mounts.append((path, identity, [known.path for known in sample]))

    def check_root(self) -> None:
        self._urgent.append(self._see_root)

    def busy_seconds(self) -> float:
        return self.busy

    def taken(self, pass_id: int) -> None:
        for scan in self._scans:
            if scan.pass_id == pass_id and scan.untaken:
                scan.untaken -= 1

    def cancel(self, pass_id: int) -> None:
        for scan in [scan for scan in self._scans if scan.pass_id == pass_id]:
            self._end(scan, [], is_complete=False)

    # --- for the test ---------------------------------------------------------------------------

    def step(self) -> bool:
        """Answer one request, or send one batch; return whether there was anything to do."""
        if self.is_hung:
            return False
        if self._urgent:
            self._urgent.popleft()()
            return True
        if self._looks and not self.are_looks_held:
            self._look(*self._looks.popleft())
            return True
        ready = [scan for scan in self._scans if scan.untaken < _BATCHES]
        if not ready or self.is_held:
            return False
        self._advance(min(ready, key=lambda scan: scan.prefix == ""))
        return True

    # --- inside ---------------------------------------------------------------------------------

    def _begin(self, pass_id: int, prefix: str, *, is_recursive: bool) -> None:
        self.scans.append(prefix)
        self._scans.append(_Scan(pass_id, prefix, self._batches(prefix, is_recursive)))

    def _advance(self, scan: _Scan) -> None:
        try:
            os.close(open_root(self.root, expected=self._expected))
        except RootError as error:
            self._end(scan, [], is_complete=False)
            self._post_root(error)
            return
        if self.is_broken:
            self._end(scan, [], is_complete=False)
            return
        batch = next(scan.batches, None)
        if batch is None:
            is_broken, self.breaks_after = self.breaks_after is not None, None
            self._end(scan, [], is_complete=not is_broken)
            return
        if self.breaks_after is not None and self.breaks_after <= 0:
            self.breaks_after = None
            self._end(scan, [], is_complete=False)
            return
        if self.breaks_after is not None:
            self.breaks_after -= 1
        scan.untaken += 1
        self._post(ScanBatch(scan.pass_id, batch, is_last=False, is_complete=True))

    def _end(
        self, scan: _Scan, entries: list[LocalEntry | UnknownMark], *, is_complete: bool
    ) -> None:
        if scan in self._scans:
            self._scans.remove(scan)
            if self.skipped is not None and not scan.prefix and is_complete:
                self._post(replace(self.skipped, pass_id=scan.pass_id))
            self._post(ScanBatch(scan.pass_id, entries, is_last=True, is_complete=is_complete))

    def _batches(self, prefix: str, is_recursive: bool) -> Iterator[list[LocalEntry | UnknownMark]]:
        """Read the directory when the first batch is asked for, not before."""
        entries = sorted(self._entries(prefix, is_recursive), key=lambda entry: entry[0])
        for start in range(0, len(entries), _BATCH):
            yield entries[start : start + _BATCH]

    def _entries(self, prefix: str, is_recursive: bool) -> Iterator[LocalEntry | UnknownMark]:
        if prefix in self.unknown:
            yield UnknownMark(prefix, self.unknown[prefix])
            return
        top = self.root / prefix if prefix else self.root
        is_there = top.is_dir() and not top.is_symlink()
        names = sorted(each.name for each in top.iterdir()) if is_there else []
        for name in names:
            path = prefix + name
            if f"{path}/" in self.unknown:
                yield UnknownMark(f"{path}/", self.unknown[f"{path}/"])
                continue
            look = self._look_at(path)
            if look != "directory" and not self._scope.is_selected(path):
                continue
            if look == "directory":
                if is_recursive:
                    yield from self._entries(f"{path}/", is_recursive=True)
            elif not isinstance(look, str):
                yield look

    def _look(self, paths: list[str], expected: RootIdentity | None) -> None:
        self.looks.update(paths)
        try:
            os.close(open_root(self.root, expected=expected))
        except RootError as error:
            self._post(Looked({}, root_ok=False))
            self._post_root(error)
            return
        self._post(Looked({path: self._look_at(path) for path in paths}, root_ok=True))

    def _look_at(self, path: str) -> Look:
        for place, reason in self.unknown.items():
            if path == place or (place.endswith("/") and path.startswith(place)):
                return UnknownMark(path, reason)
        try:
            seen = os.lstat(self.root / path)
        except (FileNotFoundError, NotADirectoryError):
            return "absent"
        if stat.S_ISDIR(seen.st_mode):
            return "directory"
        if not stat.S_ISREG(seen.st_mode):
            return UnknownMark(path, "symlink" if stat.S_ISLNK(seen.st_mode) else "special_file")
        return LocalEntry(
            path, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_mode
        )

    def _see_root(self) -> None:
        try:
            root_fd = open_root(self.root)
        except RootError as error:
            self._post_root(error)
            return
        self._post(RootSeen(identity_of(root_fd), "", ""))
        os.close(root_fd)

    def _post_root(self, error: RootError) -> None:
        self._post(RootSeen(error.seen, "" if error.seen else "root_missing", str(error)))
