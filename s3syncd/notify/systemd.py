"""Tells systemd how the service is (sd_notify(3)); does nothing where no systemd asks."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

__all__ = ["Notifier"]

_MICROSECONDS = 1_000_000
_SEND_SECONDS = 0.1  # a full queue of systemd must not stop the main thread


class Notifier:
    """Sends states to the socket that systemd names in NOTIFY_SOCKET.

    Attributes:
        is_heard: whether systemd listens at all.
        watchdog_seconds: within which systemd wants a sign of life; None when it does not.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self.is_heard = bool(self._address)
        usec = environ.get("WATCHDOG_USEC", "")
        is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_seconds = int(usec) / _MICROSECONDS if usec.isdigit() and is_ours else None

    def beat_seconds(self, longest: float) -> float:
        """Give how often a sign of life is due: twice within the watchdog's time, or `longest`."""
        return min(longest, self.watchdog_seconds / 2) if self.watchdog_seconds else longest

    def send(self, *states: str) -> None:
        """Send states such as READY=1; a systemd that does not listen is no trouble of ours."""
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):
            address = "\0" + address[1:]  # abstract socket
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stream:
            stream.settimeout(_SEND_SECONDS)
            stream.sendto("\n".join(states).encode(), address)
