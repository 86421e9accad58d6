"""The face of the pool for one site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s3syncd.pool.calls import Handle, Idle, Start
from s3syncd.pool.shares import Account

if TYPE_CHECKING:
    from collections.abc import Callable

    from s3syncd.pool.calls import Call
    from s3syncd.pool.pool import Pool

__all__ = ["Lane"]


class Lane:
    """One site's way into the pool.

    Attributes:
        name: of the site.
        on_room: called from a thread of the pool, or of a lane that closes, when an offer that
            was refused would fit.
        account: what the lane holds; belongs to the pool.
        is_closed: new offers are refused.
    """

    def __init__(self, pool: Pool, name: str, on_room: Callable[[], None]) -> None:
        """Use `Pool.lane`."""
        self.name = name
        self.on_room = on_room
        self.account = Account()
        self.is_closed = False
        self._pool = pool

    def offer(
        self,
        make_call: Callable[[], Call],
        *,
        size_bytes: int,
        done: Callable[[object], None],
    ) -> bool:
        """Admit a call if it fits now; never blocks.

        Args:
            make_call: called on a worker; returns the generator.
            size_bytes: the memory that the call will hold until it ends or idles.
            done: given what the generator returned, or `CallFailed`; on a worker; cheap. The call
                and all its children have ended by then and hold nothing.

        Returns:
            False when there is no room: `on_room` follows. False without `on_room` after `close`
            and while the pool stops.
        """
        return self._pool.offer(self, make_call, size_bytes, done)

    def spawn(self, make_call: Callable[[], Call], *, size_bytes: int) -> Handle:
        """Start a child of the call that is running on this worker, as soon as there is room.

        A call is not done before its children are; those that no worker has begun when it ends
        never run.

        Raises:
            RuntimeError: not called from inside a call of this lane.
        """
        return self._pool.spawn(self, make_call, size_bytes)

    def idle(self, start: Start) -> Start:
        """Return a start during which the call holds neither its slot nor its bytes.

        The call goes on when it has them again. Waiting for a handle does this by itself.
        """
        return Idle(start)

    def close(self) -> None:
        """Refuse new offers; running calls finish, their children included."""
        self._pool.close_lane(self)

    @property
    def in_flight(self) -> int:
        """Number of calls admitted and not done, children included."""
        return self.account.calls
