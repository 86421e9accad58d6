"""Waits for sockets, for whoever has nothing else to do: no thread of its own.

Linux: where there is no epoll and no eventfd, everything is sent by the CRT.
"""

from __future__ import annotations

import os
import select
import sys
import weakref
from collections.abc import Callable
from typing import Final

__all__ = ["Poller", "new_poller"]

_EVENTS: Final = 64
"""Taken at once: as many answers are read before those who wait for them go on."""


def new_poller() -> Poller | None:
    """Give one where the system has what it needs."""
    return Poller() if sys.platform == "linux" else None


class Poller:
    """Tells what happens to sockets, to the thread that waits.

    One thread waits at a time; any thread may do the rest.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._close_bell = weakref.finalize(self, os.close, self._bell)
        self._epoll.register(self._bell, select.EPOLLIN)
        self._owners: dict[int, Callable[[], None]] = {}
        self._flushes: tuple[Callable[[], None], ...] = ()

    def watch(self, fd: int, owner: Callable[[], None], *, is_for_room: bool) -> None:
        """Call `owner` when there is something to read, or (`is_for_room`) room to write, or both.

        It is called again until there is not; it must not raise, and may be called in vain.

        Raises:
            OSError: the system watches no more.
        """
        self._owners[fd] = owner
        try:
            self._epoll.register(fd, _mask(is_for_room=is_for_room))
        except OSError:
            del self._owners[fd]
            raise

    def change(self, fd: int, *, is_for_room: bool, is_to_read: bool = True) -> None:
        """Wait for room to write too, or no longer; not `is_to_read`: there will be no more."""
        self._epoll.modify(fd, _mask(is_for_room=is_for_room, is_to_read=is_to_read))

    def forget(self, fd: int) -> None:
        """Watch no longer; before the descriptor is closed."""
        self._owners.pop(fd, None)
        self._epoll.unregister(fd)

    def keep(self, flush: Callable[[], None]) -> None:
        """Call `flush` whenever a thread of those that wait has nothing else to do."""
        self._flushes = (*self._flushes, flush)

    def drop(self, flush: Callable[[], None]) -> None:
        """Call it no longer."""
        self._flushes = tuple(each for each in self._flushes if each != flush)

    def flush(self) -> None:
        """Let go of what is kept back for others."""
        for flush in self._flushes:
            flush()

    def wait(self) -> list[Callable[[], None]]:
        """Wait until something happens, or `wake`; gives whom to tell, by calling each."""
        told = []
        for fd, _ in self._epoll.poll(None, _EVENTS):
            owner = self._owners.get(fd)
            if owner is not None:
                told.append(owner)
            elif fd == self._bell:
                self._quiet()
        return told

    def wake(self) -> None:
        """Let the thread that waits go on; if none does, the next one will not wait."""
        os.eventfd_write(self._bell, 1)

    def close(self) -> None:
        """Let go of the system's descriptors, as happens with the last reference, too.

        Nobody may wait any more, and nobody wake.
        """
        self._epoll.close()
        self._close_bell()

    def _quiet(self) -> None:
        try:
            os.eventfd_read(self._bell)
        except BlockingIOError:  # another thread was quicker
            return


def _mask(*, is_for_room: bool, is_to_read: bool = True) -> int:
    return (select.EPOLLIN if is_to_read else 0) | (select.EPOLLOUT if is_for_room else 0)
