"""The addresses of a store's name: looked up now and then, used in turn, those that failed last."""

from __future__ import annotations

import math
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from s3syncd.s3.link import Address

__all__ = ["Addresses", "Route"]

_FRESH_SECONDS: Final = 60.0
"""S3's names live so long; the next request then asks again."""

_AVOIDED_SECONDS: Final = 300.0
"""Trying one that is dead costs a request five seconds: so seldom that this is not felt, and an
address that is well again is used again soon enough. Long before that its name should have lost
one that is dead."""

_PROBE_SECONDS: Final = 10.0
"""The first request after that finds out how the address is, and others leave it alone meanwhile:
twice what a connection is waited for."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a store is reached: addresses in the order they are tried, at least one.

    `reached` and `failed` are told how it went at each one that was tried; cheap, from any thread.
    """

    addresses: tuple[Address, ...]
    tls: ssl.SSLContext | None
    host: str
    reached: Callable[[Address], None]
    failed: Callable[[Address], None]


class Addresses:
    """Those of one host and port; for any thread, free of locks.

    Each step on the tables is one atomic operation, and whoever meets an older one is only slower.

    Args:
        host: as the resolver wants it.
        port: of the store.
        clock: monotonic seconds.
        look_up: gives the addresses of host and port; may block; raises OSError.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        clock: Callable[[], float],
        look_up: Callable[[str, int], tuple[Address, ...]] | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._clock = clock
        self._look_up = look_up or _look_up
        self._known: tuple[Address, ...] = ()
        self._asked_at = 0.0
        self._turn = 0
        self._avoided_until: dict[Address, float] = {}

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._known)

    def renew(self) -> None:
        """Look the name up, if that was long ago; may block. A failure is no news."""
        now = self._clock()
        if self._known and now < self._asked_at + _FRESH_SECONDS:
            return
        self._asked_at = now
        try:
            self._known = self._look_up(self._host, self._port) or self._known
        except (OSError, UnicodeError):  # as for a name with a label too long
            return  # the old ones may do; without any the CRT asks, and says what is wrong
        for gone in set(self._avoided_until) - set(self._known):
            self._avoided_until.pop(gone, None)

    def in_turn(self) -> tuple[Address, ...]:
        """Give all, in the order in which the next connection tries them."""
        known = self._known
        self._turn += 1  # two threads may have the same turn: they then begin at the same address
        first = self._turn % len(known)
        turned = (*known[first:], *known[:first])
        if not self._avoided_until:
            return turned
        now = self._clock()
        ordered = tuple(sorted(turned, key=lambda address: self._is_avoided(address, now)))
        if self._avoided_until.get(ordered[0], math.inf) <= now:
            self._avoided_until[ordered[0]] = now + _PROBE_SECONDS
        return ordered

    def failed(self, address: Address) -> None:
        """Note that no connection came about; cheap."""
        self._avoided_until[address] = self._clock() + _AVOIDED_SECONDS

    def reached(self, address: Address) -> None:
        """Note that one did; cheap."""
        self._avoided_until.pop(address, None)

    def _is_avoided(self, address: Address, now: float) -> bool:
        return now < self._avoided_until.get(address, now)


def _look_up(host: str, port: int) -> tuple[Address, ...]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys((family, place) for family, _, _, _, place in found))
