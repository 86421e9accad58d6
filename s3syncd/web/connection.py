"""One client of the control socket. Never blocks; owned by the server's thread."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping

__all__ = ["Connection"]

_CHUNK_BYTES = 64 * 1024
"""One read; a request never needs more than one of these."""


class Connection:
    """One client: what it sent, what it is owed, and until when it may stay."""

    def __init__(self, stream: socket.socket, deadline: float) -> None:
        self.stream = stream
        self.deadline = deadline
        self.inbound = bytearray()
        self.outbound = bytearray()
        self.is_last = False

    def turn(self) -> bool:
        """Send what is owed, else receive; False when the connection is over."""
        try:
            if self.outbound:
                del self.outbound[: self.stream.send(self.outbound)]
                return bool(self.outbound) or not self.is_last
            chunk = self.stream.recv(_CHUNK_BYTES)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        self.inbound += chunk
        return bool(chunk)

    def take_line(self) -> bytes | None:
        """Take the next whole request out of what was received."""
        line, newline, rest = bytes(self.inbound).partition(b"\n")
        if not newline:
            return None
        self.inbound[:] = rest
        return line

    def owe(self, answer: Mapping[str, object], *, is_last: bool = False) -> None:
        """Queue one answer; the connection ends after it with `is_last`."""
        self.outbound += json.dumps(answer, separators=(",", ":")).encode() + b"\n"
        self.is_last = is_last
