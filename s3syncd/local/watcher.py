"""The only module that knows watchdog.

On Linux it is used at its lower layer (`InotifyFD`, `WatchCallback`): the layers above lose changes
when directories move and never say that the kernel dropped events. What is relied upon is listed in
tests/local/test_watchdog_contract.py. Elsewhere its public `Observer` gives the same hints, less
surely; the same rescans make up for it.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import sys
from pathlib import Path
from typing import Final

from watchdog import events as happenings
from watchdog.observers import Observer

from s3syncd.local.hints import HintTable
from s3syncd.local.listener import Listener
from s3syncd.local.reader import Reader
from s3syncd.local.watches import parse_fdinfo
from s3syncd.local.watching import Watching, WatchStatus

__all__ = ["ObserverReader", "WatchStatus", "Watcher"]

_BUFFER_BYTES: Final = 1 << 20  # a full default queue (16,384 events of up to 48 bytes) at once
_NAP_SECONDS: Final = 0.01  # lets the kernel merge writes to a growing file: 20,000 events to 50
_LARGE_READ: Final = 2_000  # after a read like this the queue may be near its end: no nap


class Watcher(Watching):
    """Hears of changes below one root and leaves hints; see `Watching`."""

    def _new_reader(self, listener: Listener, name: str) -> Reader:
        if sys.platform == "linux":
            return _InotifyReader(listener, name)
        else:  # noqa: RET505 - mypy knows platforms by blocks
            return ObserverReader(self.root, self.hints)


if sys.platform == "linux":
    from watchdog.observers.inotify_c import (
        CallbackId,
        InotifyConstants,
        InotifyEvent,
        InotifyFD,
        Mask,
        WatchDescriptor,
    )

    _ID: Final = CallbackId(0)  # each watch has one callback, ours

    class _InotifyReader(InotifyFD):
        """One inotify instance and the thread that reads it. Nothing in it may raise."""

        def __init__(self, listener: Listener, name: str) -> None:
            super().__init__()
            self.name = name
            self._listener = listener
            os.set_inheritable(self._inotify_fd, False)  # opened without CLOEXEC

        def run(self) -> None:
            """Read and dispatch until closed."""
            while self.should_keep_running() and not self._closed:
                events: list[InotifyEvent] = []
                try:
                    events = self.read_events(event_buffer_size=_BUFFER_BYTES)
                except Exception:  # noqa: BLE001 - a dead reader is a deaf site
                    self._listener.on_failure()
                    self.stopped_event.wait(1.0)
                for event in events:
                    try:
                        self.handle_event(event)
                    except Exception:  # noqa: BLE001 - one event lost is a rescan, not the end
                        self._listener.on_failure()
                if len(events) < _LARGE_READ:
                    self.stopped_event.wait(_NAP_SECONDS)

        def arm(self, path: bytes, mask: int) -> int:
            """Watch a directory, again or anew, and return its descriptor.

            Raises:
                OSError: ENOSPC (limit), EACCES, ENOENT, ...; EBADF after closing.
            """
            with self._lock:
                if self._closed:
                    raise OSError(errno.EBADF, "closed")
                # Not add_callback: it warns, with a text of its own, of each directory met again.
                watch = self._get_or_create_watch(path, Mask(mask))
                if watch.wd == -1:  # watchdog's way of saying EACCES
                    self._watch_for_wd.pop(watch.wd, None)
                    raise OSError(errno.EACCES, "not readable")
                watch.callbacks[_ID] = self._listener
                return int(watch.wd)

        def arm_cookie(self, path: bytes) -> int:
            """Watch our own directory for touches."""
            return self.arm(path, InotifyConstants.IN_ATTRIB)

        def drop(self, wds: list[int]) -> None:
            """Stop watching; descriptors that are gone already do no harm."""
            with contextlib.suppress(OSError):
                self.remove_callbacks([(WatchDescriptor(wd), _ID) for wd in wds])

        def live(self) -> dict[int, int]:
            """Ask the kernel which descriptors are alive, and their inodes.

            Raises:
                OSError: it does not tell.
            """
            with self._lock:
                if self._closed:
                    raise OSError(errno.EBADF, "closed")
                return parse_fdinfo(Path(f"/proc/self/fdinfo/{self._inotify_fd}").read_text())


class ObserverReader:
    """The public `Observer` behind the face of a `Reader`, for systems without inotify.

    It watches the whole root by itself: arming a directory only takes note of it.
    """

    def __init__(self, root: Path, hints: HintTable) -> None:
        self._numbers = itertools.count(1)
        self._observer = Observer()
        self._observer.schedule(
            _Translator(root, hints), str(root), recursive=True, event_filter=_HAPPENINGS
        )

    def start(self) -> None:
        """Begin to read."""
        self._observer.start()

    def stop(self) -> None:
        """Close; the threads end soon."""
        self._observer.stop()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the thread, at most `timeout` seconds."""
        self._observer.join(timeout)

    def is_alive(self) -> bool:
        """Tell whether the thread runs."""
        return bool(self._observer.is_alive())

    def arm(self, path: bytes, mask: int) -> int:
        """Give a number; the root is watched with all below."""
        del path, mask
        return next(self._numbers)

    def arm_cookie(self, path: bytes) -> int:
        """Refuse: our own directory is not below the root."""
        raise OSError(errno.ENOTSUP, "no signs of life", path)

    def drop(self, wds: list[int]) -> None:
        """Do nothing."""

    def live(self) -> dict[int, int]:
        """Refuse: there is no list to be had."""
        raise OSError(errno.ENOTSUP, "no list of watches")


_HAPPENINGS: Final[list[type[happenings.FileSystemEvent]]] = [
    happenings.FileCreatedEvent,
    happenings.FileModifiedEvent,
    happenings.FileMovedEvent,
    happenings.FileDeletedEvent,
    happenings.FileClosedEvent,
    happenings.DirCreatedEvent,
    happenings.DirMovedEvent,
    happenings.DirDeletedEvent,
]


class _Translator(happenings.FileSystemEventHandler):
    """Turns watchdog's own events into hints; nothing in it may raise."""

    def __init__(self, root: Path, hints: HintTable) -> None:
        self._top = str(root).rstrip("/") + "/"
        self._hints = hints

    def on_any_event(self, event: happenings.FileSystemEvent) -> None:
        """Take one event."""
        try:
            is_closed = event.event_type in {"closed", "moved", "deleted"}
            for raw in (event.src_path, event.dest_path):
                if raw:
                    self._note(os.fsdecode(raw), bool(event.is_directory), is_closed)
        except Exception:  # noqa: BLE001 - the dispatching thread would end
            self._hints.doubt("exception")

    def _note(self, absolute: str, is_directory: bool, is_closed: bool) -> None:
        if not absolute.startswith(self._top):
            self._hints.doubt("unknown_watch")
            return
        path = absolute[len(self._top) :]
        if is_directory:
            self._hints.scan(path + "/", is_recursive=True)
        else:
            self._hints.note(path, is_closed=is_closed)
