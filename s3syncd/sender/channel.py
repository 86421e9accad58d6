"""Words between the daemon and its second process: many in one message, in order, never waiting."""

from __future__ import annotations

import marshal
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any, Final, TypeAlias

from s3syncd.s3.poller import Poller

__all__ = ["Channel", "Word", "channel_pair"]

Word: TypeAlias = "tuple[Any, ...]"
"""Plain values only: numbers, text, bytes, None, and tuples of them."""

_AT_ONCE: Final = 32
"""Words in one message: each costs a thirtieth of a system call, and none waits for many others.
With the longest keys, four times in each, they are 150 KiB."""

_KERNEL_BYTES: Final = 512 * 1024
"""Wanted of the kernel; without privileges it gives 416 KiB, which is some messages."""

_LONGEST_BYTES: Final = 1024 * 1024
"""More than any message: what the kernel holds at most."""


def channel_pair() -> tuple[socket.socket, socket.socket]:
    """Give both ends of a line that keeps messages apart.

    Raises:
        OSError: the system gives none.
    """
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)
    return ends


class Channel:
    """One end. Any thread may put words; one at a time takes them.

    Args:
        end: of a `channel_pair`; closed with this.
        poller: tells when something arrived; its threads flush when they have nothing else to do.
        on_word: called with each word of the other end, in order; must not raise.
        on_end: called once, when the other end says no more and all its words were taken.

    Raises:
        OSError: the system watches no more descriptors; the end is left open.
    """

    def __init__(
        self,
        end: socket.socket,
        poller: Poller,
        *,
        on_word: Callable[[Word], None],
        on_end: Callable[[], None],
    ) -> None:
        self._end, self._poller = end, poller
        self._on_word, self._on_end = on_word, on_end
        self._unsent: deque[Word] = deque()
        self._sending, self._taking = Lock(), Lock()
        self._is_for_room = self._is_closed = self._is_heard_out = False
        self._buffer = memoryview(bytearray(_LONGEST_BYTES))
        poller.watch(end.fileno(), self._happened, is_for_room=False)
        poller.keep(self.flush)

    def put(self, word: Word) -> None:
        """Say something soon; by a thread of those that wait at the poller."""
        self._unsent.append(word)
        if len(self._unsent) >= _AT_ONCE:
            self.flush()

    def tell(self, word: Word) -> None:
        """Say something at once; any thread."""
        self._unsent.append(word)
        self.flush()

    def flush(self) -> None:
        """Send what there is room for."""
        if self._unsent:
            with self._sending:
                self._flush()

    def hang_up(self) -> None:
        """Say no more than there is; the other end sees that after the last word."""
        with self._sending, suppress(OSError):
            self._flush()
            self._end.shutdown(socket.SHUT_WR)

    def close(self) -> list[Word]:
        """Let go of the line; gives the words that were not sent."""
        with self._sending:
            if not self._is_closed:
                self._is_closed = True
                self._poller.drop(self.flush)
                if self._is_for_room or not self._is_heard_out:
                    self._poller.forget(self._end.fileno())
                self._end.close()
            return list(self._unsent)

    def _flush(self) -> None:
        unsent = self._unsent
        while unsent and not self._is_closed:
            words = [unsent.popleft() for _ in range(min(len(unsent), _AT_ONCE))]
            try:
                self._end.send(marshal.dumps(words))
            except OSError as error:  # no room; or nobody is there, which reading tells
                unsent.extendleft(reversed(words))
                self._wait(is_for_room=isinstance(error, BlockingIOError))
                return
        self._wait(is_for_room=False)

    def _wait(self, *, is_for_room: bool) -> None:
        if is_for_room is not self._is_for_room and not self._is_closed:
            self._is_for_room = is_for_room
            if not self._is_heard_out:
                self._poller.change(self._end.fileno(), is_for_room=is_for_room)
            elif is_for_room:
                self._poller.watch(self._end.fileno(), self._happened, is_for_room=True)
            else:
                self._poller.forget(self._end.fileno())

    def _happened(self) -> None:
        self.flush()
        with self._taking:  # a slow word must not be overtaken by the next ones
            while not (self._is_closed or self._is_heard_out):
                words = self._received()
                if words is None:
                    return
                for word in words:
                    self._on_word(word)
                if not words:
                    self._hear_no_more()

    def _hear_no_more(self) -> None:
        with self._sending:
            self._is_heard_out = True
            if not (self._is_closed or self._is_for_room):
                self._poller.forget(self._end.fileno())  # an end can be read for ever
        self._on_end()

    def _received(self) -> list[Word] | None:
        """Give the words of the next message: None for none yet, no word at the end."""
        try:
            size = self._end.recv_into(self._buffer)
        except BlockingIOError:
            return None
        except ConnectionResetError:  # told first, once: it has not read all, but may have spoken
            return self._received()
        except OSError:
            return []
        return marshal.loads(self._buffer[:size]) if size else []  # noqa: S302 - our own process
