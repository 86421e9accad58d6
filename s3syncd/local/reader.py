"""What the care for the watches needs of whatever reads events."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Reader"]


class Reader(Protocol):
    """Where events come from: a thread that tells a `Listener`, and never raises in it."""

    def start(self) -> None:
        """Begin to read."""

    def stop(self) -> None:
        """Close; the thread ends soon."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for the thread, at most `timeout` seconds."""

    def is_alive(self) -> bool:
        """Tell whether the thread runs."""

    def arm(self, path: bytes, mask: int) -> int:
        """Watch a directory, again or anew, and return its descriptor.

        Raises:
            OSError: ENOSPC (limit), EACCES, ENOENT, ...; EBADF after closing.
        """

    def arm_cookie(self, path: bytes) -> int:
        """Watch our own directory for touches and return its descriptor.

        Raises:
            OSError: as `arm`; ENOTSUP where there are no signs of life.
        """

    def drop(self, wds: list[int]) -> None:
        """Stop watching; descriptors that are gone already do no harm."""

    def live(self) -> dict[int, int]:
        """Ask the kernel which descriptors are alive, and their inodes.

        Raises:
            OSError: it does not tell.
        """
