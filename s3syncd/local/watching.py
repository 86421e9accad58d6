"""The care for the watches of one root: set up, mended, audited, and made up for where missing.

Knows no library: how events are read is the business of a `Reader` (`local.watcher`). Events are
the accelerator. Rescans are the truth, and whatever goes wrong here asks for one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from s3syncd.core.plural import counted
from s3syncd.local.cookie import Cookie
from s3syncd.local.hints import HintTable
from s3syncd.local.listener import FILE_MASK, ROOT_MASK, Listener
from s3syncd.local.mounts import Mounts, is_local
from s3syncd.local.reader import Reader
from s3syncd.local.watches import Watches

__all__ = ["Kind", "WatchStatus", "Watching"]

Kind = Literal["inotify", "polling", "down"]

_RETRY_SECONDS: Final = 60.0  # for a reader that cannot be had; more often cost Syncthing a core
_UNWATCHED_SECONDS: Final = 30.0  # directories without a watch are scanned in turn this often ...
_UNWATCHED_TURN: Final = 1_000  # ... so many at a time: 0.1-0.3 s of scanning
_DROP_TURN: Final = 1_000  # each dropped watch makes an event: no more than a queue can hold
_SAMPLE: Final = 10  # names of unwatched directories kept for status


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """For status, metrics and health. `message` is empty or names the trouble and its remedy.

    `proved_at`: when the watcher last proved to hear (monotonic); None: it cannot be told.
    """

    kind: Kind
    watched: int
    unwatched: int
    unwatched_sample: tuple[str, ...]
    overflows: int
    message: str
    proved_at: float | None = None


class Watching(ABC):
    """Hears of changes below one root and leaves hints.

    `watch`, `meet`, `begin_scan` and `end_scan` are the scan thread's, `beat` the site's; the rest
    may be called from any thread.

    Args:
        root: absolute, without links.
        hints: where hints are left.
        mode: `polling` never watches, `inotify` always; `auto` watches local filesystems.
        cookie_dir: a directory of our own, outside every root; None does without signs of life.
        is_pruned: tells that nothing below a directory (`a/b/`) matters.
        clock: monotonic seconds.
        name: of the site, for the thread's name.
    """

    def __init__(
        self,
        root: Path,
        hints: HintTable,
        *,
        mode: Literal["auto", "inotify", "polling"] = "auto",
        cookie_dir: Path | None = None,
        is_pruned: Callable[[str], bool] = lambda _directory: False,
        clock: Callable[[], float] = time.monotonic,
        name: str = "",
    ) -> None:
        self.root = root
        self.hints = hints
        self._mode = mode
        self._clock = clock
        self._name = f"watch-{name}"
        self._cookie = Cookie(cookie_dir) if cookie_dir is not None else None
        self._mounts = Mounts(root)
        self._watches = Watches()
        self._is_pruned = is_pruned
        self._listener = self._new_listener()
        self._reader: Reader | None = None
        self._stale: deque[int] = deque()
        self._is_polling = mode == "polling"
        self._is_stopped = False
        self._overflows = 0
        self._trouble = ""
        self._retry_at = 0.0
        self._next_turn = 0.0

    @abstractmethod
    def _new_reader(self, listener: Listener, name: str) -> Reader:
        """Make a reader, not started.

        Raises:
            OSError: a limit is reached.
        """

    @property
    def kind(self) -> Kind:
        """How changes are found now: `polling` and `down` leave it to rescans."""
        if self._is_polling:
            return "polling"
        return "inotify" if self.is_alive() else "down"

    def start(self) -> None:
        """Begin to listen; nothing is watched until a scan comes by. Never raises for a limit."""
        self._mounts.refresh()
        self._judge_filesystem()
        self._next_turn = self._clock() + _UNWATCHED_SECONDS
        if not self._is_polling:
            self._open()

    def stop(self, timeout: float) -> bool:
        """Stop listening; wait `timeout` seconds for the thread, tell whether it ended."""
        self._is_stopped = True
        reader, self._reader = self._reader, None
        self._mounts.close()
        if reader is None:
            return True
        reader.stop()
        reader.join(timeout)
        return not reader.is_alive()

    def is_alive(self) -> bool:
        """Tell whether the reader's thread runs."""
        reader = self._reader
        return reader is not None and reader.is_alive()

    def watch(self, path: str, fd: int) -> bool:
        """Watch the open directory `fd`, known as `path`; False where that is not possible."""
        reader = self._reader
        if reader is None or self._is_polling:
            return False
        mask = FILE_MASK if path else ROOT_MASK
        try:
            with self._watches.lock:
                # Through the descriptor: what is watched is what will be listed. The dot makes it
                # the directory itself, not the link to it.
                wd = reader.arm(b"/proc/self/fd/%d/." % fd, mask)
                self._watches.enter(wd, path, os.fstat(fd).st_ino)
        except OSError as error:
            self._watches.refuse(path, _word_for(error))
            return False
        return True

    def meet(self, path: str) -> None:
        """Have a directory scanned that no scan has been in yet."""
        if self._reader is not None and not self._watches.is_known(path):
            self.hints.scan(path, is_recursive=True)

    def begin_scan(self) -> None:
        """A full scan begins."""
        self._watches.begin_scan()

    def end_scan(self) -> None:
        """A full scan was complete: drop what it did not meet, compare with the kernel's list."""
        reader = self._reader
        if reader is None:
            return
        stale = self._watches.end_scan()
        try:
            audit = self._watches.audit(reader.live())
        except OSError:
            self._stale.extend(stale)
            return
        for path in audit.dead:
            self.hints.scan(path, is_recursive=True)
        mine = -1 if self._cookie is None else self._cookie.wd
        self._stale.extend(wd for wd in audit.strays if wd != mine)

    def beat(self, now: float) -> bool:
        """Care for the watches; to be called every 5 s or so. Tells whether all is well.

        Looks for mounts, sends a sign of life, mends a dead or deaf reader, drops watches that
        lead out of the tree, and has directories without a watch scanned in turn.

        Args:
            now: monotonic seconds.
        """
        if self._is_stopped:
            return False
        if self._mounts.refresh():
            self._judge_filesystem()
            self.hints.doubt("mounts")
        if self._is_polling:
            return True
        if now >= self._next_turn:
            self._next_turn = now + _UNWATCHED_SECONDS
            for path in self._watches.next_unwatched(_UNWATCHED_TURN):
                self.hints.scan(path)
        return self._mend(now)

    def status(self) -> WatchStatus:
        """Describe the state for status and metrics."""
        return WatchStatus(
            kind=self.kind,
            watched=len(self._watches),
            unwatched=self._watches.unwatched(),
            unwatched_sample=tuple(self._watches.sample(_SAMPLE)),
            overflows=self._overflows + self._listener.overflows,
            message=self._trouble or self._limit_message(),
            proved_at=None if self._cookie is None or self._is_polling else self._cookie.proved_at,
        )

    def _new_listener(self) -> Listener:
        cookie = self._cookie
        return Listener(
            self._watches,
            self.hints,
            is_pruned=self._is_pruned,
            on_cookie=cookie.answer if cookie is not None else lambda _wd: False,
        )

    def _judge_filesystem(self) -> None:
        is_local_root = is_local(self._mounts.kind)
        self._is_polling = self._mode == "polling" or (self._mode == "auto" and not is_local_root)

    def _open(self) -> None:
        """Make a new reader, which knows no directory yet: the scan that follows tells it all."""
        try:
            reader = self._new_reader(self._listener, self._name)
        except OSError as error:
            self._trouble = _instance_message(error)
            return
        self._trouble = ""
        reader.start()
        self._reader = reader
        if self._cookie is not None and self._cookie.prepare():
            # A limit that is reached already leaves us without signs of life, not without hints.
            with contextlib.suppress(OSError), self._watches.lock:
                self._cookie.wd = reader.arm_cookie(os.fsencode(self._cookie.directory))

    def _mend(self, now: float) -> bool:
        reader = self._reader
        is_well = reader is not None and reader.is_alive()
        if reader is not None and is_well:
            self._drop_stale(reader)
            if self._cookie is not None:
                is_well = not self._cookie.is_late(now)
                self._cookie.touch(now)
        if not is_well and now >= self._retry_at:
            self._retry_at = now + _RETRY_SECONDS
            self._replace(reader)
        return is_well

    def _drop_stale(self, reader: Reader) -> None:
        turn = [self._stale.popleft() for _ in range(min(_DROP_TURN, len(self._stale)))]
        with self._watches.lock:
            # A directory moved during the scan may have been met since, under its new path.
            reader.drop([wd for wd in turn if self._watches.find(wd) is None])

    def _replace(self, old: Reader | None) -> None:
        if old is not None:
            old.stop()
        self._reader = None
        self._overflows += self._listener.overflows
        self._watches = Watches()
        self._stale.clear()
        if self._cookie is not None:
            self._cookie.reset()
        self._listener = self._new_listener()
        self._open()
        self.hints.doubt("restart")

    def _limit_message(self) -> str:
        if not (count := self._watches.unwatched("limit")):
            return ""
        # At least double what is needed, and never less than systems have by default.
        wanted = max(524_288, 1 << (2 * (len(self._watches) + count)).bit_length())
        return (
            f"{counted(count, 'directory is', 'directories are')} not watched, only scanned every "
            f"{_UNWATCHED_SECONDS:.0f} s in turn: this user's inotify watches are used up. "
            f"Raise the limit: sysctl -w fs.inotify.max_user_watches={wanted}"
        )


def _word_for(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.ENOMEM}:
        return "limit"
    return "unreadable" if error.errno in {errno.EACCES, errno.EPERM} else "io_error"


def _instance_message(error: OSError) -> str:
    if error.errno == errno.EMFILE:
        return (
            "Changes are found by rescans only: no inotify instance is left. "
            "Raise the limit: sysctl -w fs.inotify.max_user_instances=8192"
        )
    return f"Changes are found by rescans only: {error}"
