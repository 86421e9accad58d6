"""Who may hold how much. Arithmetic only; every call is made under the pool's lock.

With k lanes that have work, a lane holds at most max(4, limit / k) workers, slots and units of
bytes; while more than one lane is registered, a part of each limit is out of reach for any single
one, so that a hung disk or endpoint of one site leaves something for the next. A lane that holds
nothing is always given one slot. Inside a lane, offers and children each keep to one half while
the other waits.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from s3syncd.pool.calls import Running, Step

__all__ = ["Account", "Shares"]

_FLOOR = 4  # of workers and slots: what a lane gets however many others there are
_FLOOR_BYTES = 4 * 8 * 1024 * 1024  # the same in the smallest part of a multipart upload
_RESERVE = 5  # a fifth of a limit is out of reach of a single lane: 2 of 10 workers
_COURTESY = 4  # releases during which children leave room for the offer that was called for
_QUEUED_PER_WORKER = 2  # admitted and not begun: enough that no worker waits for the site


class Account:
    """What one lane holds and what it waits for.

    Attributes:
        calls: admitted and not done, idle ones and children included.
        offers: of these, not children.
        workers: busy with a step of this lane.
        unstarted: offers admitted that no worker has begun.
        slots: held, by [offers, children].
        held_bytes: held, by [offers, children].
        wanted_bytes: of the smallest offer refused since `on_room`; None: nothing refused.
        courtesy: releases left in which an offer is expected after `on_room`.
        expected_bytes: what that offer will ask for.
        is_childs_turn: an offer was admitted last.
    """

    __slots__ = (
        "calls",
        "children",
        "courtesy",
        "expected_bytes",
        "held_bytes",
        "is_active",
        "is_childs_turn",
        "offers",
        "parked",
        "returning",
        "slots",
        "unstarted",
        "wanted_bytes",
        "workers",
    )

    def __init__(self) -> None:
        self.calls = self.offers = self.workers = self.unstarted = self.courtesy = 0
        self.slots = [0, 0]
        self.held_bytes = [0, 0]
        self.expected_bytes = 0
        self.wanted_bytes: int | None = None
        self.is_active = self.is_childs_turn = False
        self.parked: deque[Step] = deque()  # steps that wait for a worker of this lane's share
        self.returning: deque[Step] = deque()  # steps of idle calls that wait for slot and bytes
        self.children: deque[Running] = deque()  # children that wait to be admitted

    @property
    def is_waiting(self) -> bool:
        """Whether room would be of use."""
        return bool(self.returning or self.children or self.wanted_bytes is not None)


class Shares:
    """The limits, what is held of them, and what one lane may hold now."""

    def __init__(self, workers: int, max_in_flight: int, buffer_bytes: int) -> None:
        self._limits = (workers, max_in_flight, buffer_bytes)
        self._held_slots = 0
        self._held_bytes = 0
        self._overdraft_bytes = 0
        self._active = 0
        self._lanes = 0
        self.workers = self.slots = self.bytes = 0
        self._divide()

    def register(self, change: int) -> None:
        """Note that a lane was added (1) or removed (-1)."""
        self._lanes += change
        self._divide()

    def note(self, account: Account) -> bool:
        """Note whether the lane has work; return whether the shares of others have grown."""
        is_active = bool(account.calls or account.is_waiting)
        if is_active == account.is_active:
            return False
        account.is_active = is_active
        self._active += 1 if is_active else -1
        self._divide()
        return not is_active

    def _divide(self) -> None:
        floors = (_FLOOR, _FLOOR, _FLOOR_BYTES)
        self.workers, self.slots, self.bytes = (
            self._share(limit, floor) for limit, floor in zip(self._limits, floors, strict=True)
        )

    def _share(self, limit: int, floor: int) -> int:
        share = min(limit, max(floor, limit // max(1, self._active)))
        if self._lanes > 1:
            share = min(share, limit - max(1, limit // _RESERVE))
        return max(1, share)

    def fits_offer(self, account: Account, size_bytes: int, *, is_probe: bool = False) -> bool:
        """Return whether a new call may be admitted.

        A probe (is it time to call `on_room`?) asks for half of the queue to be free, so that a
        site is woken for a handful of calls and not for each.
        """
        queue = self.workers * _QUEUED_PER_WORKER
        if account.unstarted >= (max(1, queue // 2) if is_probe else queue):
            return False
        if account.offers >= self.slots:  # idle calls too: they hold open files
            return False
        return self.fits(account, size_bytes, is_child=False)

    def fits(self, account: Account, size_bytes: int, *, is_child: bool) -> bool:
        """Return whether a slot and so many bytes may be taken."""
        slots = account.slots
        if sum(slots):
            if sum(slots) >= self.slots or self._held_slots >= self._limits[1]:
                return False
            if self._other_waits(account, is_child):
                half = max(1, self.slots // 2)
                if slots[is_child] >= half:
                    return False
        return size_bytes == 0 or self._fits_bytes(account, size_bytes, is_child)

    def _fits_bytes(self, account: Account, size_bytes: int, is_child: bool) -> bool:
        held, limit = sum(account.held_bytes), self._limits[2]
        if not held:
            if self._held_bytes + size_bytes <= limit:
                return True
            # Others hold the budget, or the request is larger than all of it: it is alone in its
            # lane, and all such overdrafts together stay within one more budget or are a single
            # request.
            total = self._overdraft_bytes + size_bytes
            return self._overdraft_bytes == 0 or total <= limit
        if held + size_bytes > self.bytes or self._held_bytes + size_bytes > limit:
            return False
        if not self._other_waits(account, is_child):
            return True
        return self._fits_beside_other(account, size_bytes, is_child)

    def _fits_beside_other(self, account: Account, size_bytes: int, is_child: bool) -> bool:
        half = self.bytes // 2
        if account.is_childs_turn != is_child:
            # The other side is next: leave what its first request needs, be it more than half.
            half = min(half, max(0, self.bytes - self._other_bytes(account, is_child)))
        elif not account.held_bytes[is_child]:
            return True
        return account.held_bytes[is_child] + size_bytes <= half

    def _other_waits(self, account: Account, is_child: bool) -> bool:
        if is_child:
            return account.wanted_bytes is not None or account.courtesy > 0
        return bool(account.children)

    def _other_bytes(self, account: Account, is_child: bool) -> int:
        if is_child:
            wanted = account.wanted_bytes
            return account.expected_bytes if wanted is None else wanted
        return account.children[0].size_bytes

    def take(self, account: Account, running: Running) -> None:
        """Give a slot and the bytes to a call."""
        is_child, size_bytes = running.is_child, running.size_bytes
        limit = self._limits[2]
        if size_bytes and not sum(account.held_bytes) and self._held_bytes + size_bytes > limit:
            running.is_overdraft = True
            self._overdraft_bytes += size_bytes
        account.slots[is_child] += 1
        account.held_bytes[is_child] += size_bytes
        account.is_childs_turn = not is_child
        self._held_slots += 1
        self._held_bytes += size_bytes

    def give_back(self, account: Account, running: Running) -> None:
        """Take slot and bytes back from a call."""
        is_child, size_bytes = running.is_child, running.size_bytes
        account.slots[is_child] -= 1
        account.held_bytes[is_child] -= size_bytes
        account.courtesy = max(0, account.courtesy - 1)
        self._held_slots -= 1
        self._held_bytes -= size_bytes
        if running.is_overdraft:
            running.is_overdraft = False
            self._overdraft_bytes -= size_bytes

    def expect_offer(self, account: Account) -> None:
        """Note that the lane is told of room: its children leave it for a moment."""
        account.expected_bytes = account.wanted_bytes or 0
        account.wanted_bytes = None
        account.courtesy = _COURTESY
