"""A site that only listens: it answers hints with scans, as a site does, and keeps all it heard."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.messages import Looked, RootSeen, ScanBatch
from s3syncd.core.paths import Scope
from s3syncd.core.safety import RootIdentity
from s3syncd.local.hints import Hint, HintTable
from s3syncd.local.messages import MountSeen
from s3syncd.local.scanner import Scanner
from s3syncd.local.watcher import Watcher
from tests.waiting import until

EVERYTHING = Scope(prefix="", exclusions=[], inclusions=[])


class Follower:
    """Holds scanner, watcher and hints of one root. `run` answers hints in a thread of its own."""

    def __init__(
        self,
        root: Path,
        *,
        scope: Scope = EVERYTHING,
        cookie_dir: Path | None = None,
        mode: str = "inotify",
        is_taking: bool = True,
        mounts: Mapping[str, RootIdentity] | None = None,
        is_watching: bool = True,
    ) -> None:
        self.wake = threading.Event()
        self.hints = HintTable(self.wake.set)
        self.watcher = Watcher(
            root, self.hints, mode=mode, cookie_dir=cookie_dir, is_pruned=scope.is_pruned
        )
        self.scanner = Scanner(
            root,
            scope,
            post=self._post,
            watcher=self.watcher if is_watching else None,
            mounts=mounts,
        )
        self.is_taking = is_taking
        self.is_accepting = True
        self.known: list[LocalEntry] = []
        self.messages: list[object] = []
        self.batches: dict[int, list[ScanBatch]] = {}
        self.heard: dict[str, Hint] = {}
        self.doubts: list[str] = []
        self.lost: list[str] = []
        self.seen: set[str] = set()
        self._pass_id = 0
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    def _post(self, message: object) -> None:
        self.messages.append(message)
        if isinstance(message, MountSeen) and self.is_accepting:
            self.scanner.accept_mount(message.path, message.identity, self.known)
        if isinstance(message, ScanBatch):
            self.batches.setdefault(message.pass_id, []).append(message)
            self.seen.update(e.path for e in message.entries if isinstance(e, LocalEntry))
            if self.is_taking and not message.is_last:
                self.scanner.taken(message.pass_id)

    def next_pass(self) -> int:
        self._pass_id += 1
        return self._pass_id

    def full(self) -> list[LocalEntry | UnknownMark]:
        """Scan everything and wait for the end; the entries."""
        return self._finish(self.scanner.full)

    def directory(self, path: str, *, is_recursive: bool) -> list[LocalEntry | UnknownMark]:
        return self._finish(
            lambda number: self.scanner.directory(number, path, is_recursive=is_recursive)
        )

    def _finish(self, ask: Callable[[int], None]) -> list[LocalEntry | UnknownMark]:
        number = self.next_pass()
        ask(number)
        self.wait_for(number)
        return self.entries(number)

    def begin_blocked(self) -> int:
        """Begin a full scan that nobody takes from, and wait until it has stopped sending."""
        self.is_taking = False
        number = self.next_pass()
        self.scanner.full(number)
        until(lambda: len(self.batches.get(number, [])) == 4)
        return number

    def unblock(self, number: int) -> ScanBatch:
        """Take what was sent and all that follows; the last batch."""
        self.is_taking = True
        for _ in range(4):
            self.scanner.taken(number)
        return self.wait_for(number)

    def wait_for(self, number: int) -> ScanBatch:
        """Wait for the last batch of a pass."""
        until(lambda: self.batches.get(number) and self.batches[number][-1].is_last, 20)
        return self.batches[number][-1]

    def entries(self, number: int) -> list[LocalEntry | UnknownMark]:
        return [entry for batch in self.batches[number] for entry in batch.entries]

    def look(self, *paths: str) -> Looked:
        count = len(self._of(Looked))
        self.scanner.look(list(paths))
        until(lambda: len(self._of(Looked)) > count)
        return self._of(Looked)[count]

    def check_root(self) -> RootSeen:
        count = len(self._of(RootSeen))
        self.scanner.check_root()
        until(lambda: len(self._of(RootSeen)) > count)
        return self._of(RootSeen)[count]

    def _of(self, kind: type) -> list:
        return [message for message in list(self.messages) if isinstance(message, kind)]

    def follow(self) -> None:
        """Begin to answer hints by scans."""
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_stopping:
            self.wake.wait()
            self.wake.clear()
            self.take()

    def take(self) -> None:
        """Empty the hint table once, and ask for the scans it calls for."""
        hints = self.hints.take()
        self.heard.update(hints.paths)
        if hints.root_lost:
            self.lost.append(hints.root_lost)
        if hints.is_doubt:
            self.doubts.append(hints.doubt_reason)
            self.scanner.full(self.next_pass())
        for path, is_recursive in hints.directories.items():
            self.scanner.directory(self.next_pass(), path, is_recursive=is_recursive)

    def is_told(self, path: str) -> bool:
        """Whether a hint or a scan named the path."""
        return path in self.heard or path in self.seen

    def stop(self) -> None:
        self._is_stopping = True
        self.wake.set()
        if self._thread is not None:
            self._thread.join()
        assert self.scanner.stop(10)
        assert self.watcher.stop(10)


@contextmanager
def following(root: Path, *, is_started: bool = True, **options: object) -> Iterator[Follower]:
    """A follower whose threads run, and end with the block."""
    follower = Follower(root, **options)
    follower.watcher.start()
    follower.scanner.start()
    try:
        if is_started:
            follower.check_root()  # as a site does: what is mounted is then accepted
            follower.full()
        yield follower
    finally:
        follower.stop()


def make_tree(root: Path, *paths: str) -> None:
    """Write a file at each path, its own path as content; `a/` makes a directory."""
    for path in paths:
        target = root / path
        if path.endswith("/"):
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path)


def files_below(root: Path) -> set[str]:
    """Every regular file, relative to the root, by the standard library's own walk."""
    return {
        (Path(folder) / name).relative_to(root).as_posix()
        for folder, _, names in os.walk(root)
        for name in names
    }
