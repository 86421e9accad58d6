"""What an inotify event means: a path to look at, a directory to scan, or doubt.

Runs in the watch reader, for every event: it only notes. Nothing is concluded from the kind or
the order of events. No path is believed for longer than until the next look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from s3syncd.local.hints import HintTable
from s3syncd.local.watches import Watches

__all__ = ["FILE_MASK", "ROOT_MASK", "Event", "Listener"]

# linux/inotify.h
_MODIFY: Final = 0x2
_ATTRIB: Final = 0x4
_CLOSE_WRITE: Final = 0x8
_MOVED_FROM: Final = 0x40
_MOVED_TO: Final = 0x80
_CREATE: Final = 0x100
_DELETE: Final = 0x200
_DELETE_SELF: Final = 0x400
_MOVE_SELF: Final = 0x800
_UNMOUNT: Final = 0x2000
_ONLYDIR: Final = 0x0100_0000
_DONT_FOLLOW: Final = 0x0200_0000
_EXCL_UNLINK: Final = 0x0400_0000
_ISDIR: Final = 0x4000_0000

FILE_MASK: Final = (
    _CREATE | _CLOSE_WRITE | _MODIFY | _MOVED_FROM | _MOVED_TO | _DELETE | _ATTRIB
    | _ONLYDIR | _DONT_FOLLOW | _EXCL_UNLINK
)  # fmt: skip
"""Without OPEN, ACCESS and CLOSE_NOWRITE: what we read ourselves makes no events. EXCL_UNLINK: a
deleted file that is still written to must not stay dirty for ever; the price is that writes through
an O_TMPFILE descriptor after it was linked are left to rescans."""

ROOT_MASK: Final = FILE_MASK | _DELETE_SELF | _MOVE_SELF

# The writer is done, or the path is gone: nothing more is to come from whom we heard.
_CLOSED: Final = _CLOSE_WRITE | _MOVED_TO | _MOVED_FROM | _DELETE
_WRITES: Final = ~_ATTRIB

# A directory that comes or goes by these is to be read with all below; one that is removed was
# empty, and of each file in it there was an event.
_DIRECTORY_MOVES: Final = _CREATE | _MOVED_FROM | _MOVED_TO

# A name that comes or goes.
_NAMES: Final = _CREATE | _MOVED_FROM | _MOVED_TO | _DELETE

_SELF: Final = _UNMOUNT | _DELETE_SELF | _MOVE_SELF


class Event(Protocol):
    """What is read of watchdog's event."""

    @property
    def wd(self) -> int:
        """The watch descriptor."""

    @property
    def mask(self) -> int:
        """The kernel's bits."""

    @property
    def name(self) -> bytes:
        """The name in the directory; empty when it is the directory itself."""


class Listener:
    """Turns events into hints: watchdog's `WatchCallback`.

    Args:
        watches: which descriptor is which directory.
        hints: where hints are left.
        is_pruned: tells that nothing below a directory (`a/b/`) matters.
        on_cookie: called for each event that belongs to none of the directories; returns whether
            it was the cookie's.
    """

    def __init__(
        self,
        watches: Watches,
        hints: HintTable,
        *,
        is_pruned: Callable[[str], bool],
        on_cookie: Callable[[int], bool],
    ) -> None:
        self._watches = watches
        self._hints = hints
        self._is_pruned = is_pruned
        self._on_cookie = on_cookie
        self.overflows = 0

    def on_event(self, event: Event) -> None:
        """Take one event."""
        directory = self._watches.find(event.wd)
        if directory is None:
            directory = self._find_again(event.wd)
            if directory is None:
                return
        mask = event.mask
        if mask & _SELF:
            self._note_self(event.wd, mask)
            return
        name = event.name.decode(errors="surrogateescape")
        if not name:
            if directory == "":  # of the others their parent hears, with the name
                self._hints.scan("")
        elif not name.isascii() and not _is_utf8(name):
            if mask & _NAMES:  # no key can stand for it; full scans tell of it, or no longer
                self._hints.doubt("undecodable_name")
        elif mask & _ISDIR:
            self._note_directory(f"{directory}{name}/", mask)
        else:
            self._hints.note(
                directory + name, is_closed=mask & _CLOSED != 0, is_write=mask & _WRITES != 0
            )

    def on_watch_deleted(self, wd: int) -> None:
        """Take in that the kernel dropped a watch: its directory is gone."""
        self._watches.forget(wd)

    def on_queue_overflow(self) -> None:
        """Take in that events were lost: anything may have changed."""
        self.overflows += 1
        self._hints.doubt("overflow")

    def on_failure(self) -> None:
        """Take in that an event could not be read or understood."""
        self._hints.doubt("exception")

    def _find_again(self, wd: int) -> str | None:
        """Wait for the scan thread, which may be entering this very watch."""
        with self._watches.lock:
            directory = self._watches.find(wd)
        if directory is None and not self._on_cookie(wd):
            self._hints.doubt("unknown_watch")
        return directory

    def _note_self(self, wd: int, mask: int) -> None:
        if wd != self._watches.root_wd:
            if mask & _UNMOUNT:
                self._hints.doubt("mounts")
            return
        if mask & _UNMOUNT:
            self._hints.lose_root("unmounted")
        else:
            self._hints.lose_root("moved" if mask & _MOVE_SELF else "deleted")

    def _note_directory(self, path: str, mask: int) -> None:
        if self._is_pruned(path):
            return
        if mask & _DIRECTORY_MOVES:
            self._hints.scan(path, is_recursive=True)
        elif mask & _ATTRIB:
            # It may have become readable, and then nobody has been in it yet.
            self._hints.scan(path, is_recursive=not self._watches.is_known(path))


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
