"""A request on its way out: sent from where its bytes are, without a copy of ours."""

from __future__ import annotations

from typing import Final

from s3syncd.s3.link import Link
from s3syncd.s3.wire import Body, BodyView

__all__ = ["TURN_BYTES", "Outgoing"]

TURN_BYTES: Final = 4 * 1024 * 1024
"""After so many it is the turn of what else waits for the thread: 1 to 2 ms of copying, and a line
that takes them faster than the thread gives them takes the rest a moment later."""

_JOINED_BYTES: Final = 64 * 1024
"""Bodies up to this leave in one piece with the head; larger ones are not copied."""

_PIECE_BYTES: Final = 256 * 1024
"""Given to the kernel at once: the calls cost nothing then. TLS tells of no part of a piece, so on
a line of less than 9 kB/s nothing would seem to move for 30 s; a part of 8 MiB has no time for
less than 44 kB/s."""


class Outgoing:
    """What of one request the kernel does not have yet; true while there is something.

    Args:
        head: up to and with the empty line.
        body: must not change before it is sent. A `BodyView` is told when it was.
    """

    __slots__ = ("_lent", "_pieces")

    def __init__(self, head: bytes, body: Body = b"") -> None:
        self._lent: BodyView | None = None
        if isinstance(body, BodyView):
            self._lent, body = body, body.rest
        elif isinstance(body, bytes) and len(body) <= _JOINED_BYTES:
            head, body = head + body, b""
        self._pieces = [memoryview(piece).cast("B") for piece in (head, body) if piece]

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def send(self, link: Link) -> int:
        """Send one piece, or what there is room for; gives the number of bytes.

        After a piece that did not leave the next call gives the same one, as TLS wants it.

        Raises:
            OSError: the connection is broken.
        """
        rest = self._pieces[0]
        count = link.send(rest[:_PIECE_BYTES])
        if count < len(rest):
            self._pieces[0] = rest[count:]
            return count
        del self._pieces[0], rest  # whoever is told below finds the memory held by nobody
        if not self._pieces and self._lent is not None:
            self._lent.finish()  # the kernel has a copy: the memory may be used again
        return count
