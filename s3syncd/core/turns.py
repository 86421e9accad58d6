"""Whose turn it is to send a request under limits: a turnstile that is fair between sites. Pure.

Each site waits in a line of its own; all limits that concern a request (those of its site and the
overall ones, of bytes and of requests) are asked at the same moment, so that each of them holds at
the wire and not only where it was asked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any, Final, NamedTuple

from s3syncd.core.rate import Budget, Schedule

__all__ = ["InForce", "Limits", "Turnstile"]

_NEVER: Final = float("inf")
_FIRST: Final = 2**62  # below every number of a turn that waits in order


class InForce(NamedTuple):
    """The rates of one moment; None: no limit."""

    bytes_per_second: int | None
    requests_per_second: float | None

    def with_other(self, other: InForce) -> InForce:
        """Give what is left where both are in force."""
        sizes = [each.bytes_per_second for each in (self, other)]
        numbers = [each.requests_per_second for each in (self, other)]
        return InForce(
            min((size for size in sizes if size is not None), default=None),
            min((number for number in numbers if number is not None), default=None),
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a site, or of all sites together."""

    bandwidth: Schedule | None = None
    requests_per_second: float | None = None

    @property
    def is_set(self) -> bool:
        """Whether anything is ever limited."""
        return self.bandwidth is not None or self.requests_per_second is not None

    @property
    def is_constant(self) -> bool:
        """Whether they are the same at all times."""
        return self.bandwidth is None or self.bandwidth.is_constant

    def at(self, minute_of_week: int) -> InForce:
        """Give what is in force."""
        rate = None if self.bandwidth is None else self.bandwidth.rate_at(minute_of_week)
        return InForce(rate, self.requests_per_second)


class _Scope:
    """The budgets under one pair of limits."""

    __slots__ = ("bytes", "limits", "requests")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.bytes = Budget()
        self.requests = Budget()

    def renew(self, now: float, minute_of_week: int) -> None:
        """Bring the budgets up to this moment."""
        rates = self.limits.at(minute_of_week)
        self.bytes.set_rate(rates.bytes_per_second, now)
        self.requests.set_rate(rates.requests_per_second, now)
        self.bytes.refill(now)
        self.requests.refill(now)

    def take(self, size_bytes: int) -> None:
        """Use what one request needs."""
        self.bytes.take(size_bytes)
        self.requests.take(1)

    def cost_seconds(self, size_bytes: int) -> float:
        """Give how long one request keeps the scarcest budget busy."""
        size, number = self.bytes.rate, self.requests.rate
        return max(size_bytes / size if size else 0.0, 1 / number if number else 0.0)

    def lacking(self, size_bytes: int, taken: set[_Side]) -> _Lacking:
        """Give the budgets without room, or whose room somebody waits for who comes before."""
        return [
            (budget, amount)
            for budget, amount in ((self.bytes, size_bytes), (self.requests, 1))
            if amount
            and ((budget, budget.is_large(amount)) in taken or not budget.has_room(amount))
        ]


_Side = tuple[Budget, bool]
"""A budget, and whether its loan (True) or its tokens are meant."""

_Lacking = list[tuple[Budget, float]]
"""Budgets without room, and for how much."""


class _Turn(NamedTuple):
    number: int
    size_bytes: int
    ticket: Any


class _Line:
    """One site's requests that wait, by what they wait for, and how much the site has had.

    `served` are seconds of the scarcest overall budget: the site that had least is next.
    """

    __slots__ = ("queues", "scope", "served")

    def __init__(self) -> None:
        self.scope = _Scope(Limits())
        self.served = 0.0
        # Without a body; with one; with one that needs a loan: none waits behind the others. And
        # what another request was the look for, which goes first.
        self.queues: tuple[deque[_Turn], ...] = (deque(), deque(), deque(), deque())

    def heads(self) -> Iterator[_Turn]:
        return (queue[0] for queue in self.queues if queue)


class Turnstile:
    """Lets requests go when every limit that concerns them has room, sites in turn.

    Between sites it is start-time fair queueing: each use is counted in seconds of the overall
    budget it keeps busy, and the site that had least goes first. Who is held back by its own
    limit alone holds nobody else back, and saves nothing up. Whoever is first and finds too little
    room is waited for: smaller requests do not overtake it on the same side of a budget.

    Times are monotonic seconds. Looks at each site that waits, once per call.
    """

    def __init__(self) -> None:
        self._overall = _Scope(Limits())
        self._lines: dict[str, _Line] = {}
        self._waiting: dict[str, _Line] = {}
        self._virtual = 0.0
        self._number = 0
        self.due_seconds = _NEVER

    def __len__(self) -> int:
        return sum(len(queue) for line in self._waiting.values() for queue in line.queues)

    def limit(self, overall: Limits, sites: Mapping[str, Limits]) -> None:
        """Put limits in force; a site that is not named has none of its own."""
        self._overall.limits = overall
        for name in self._lines.keys() - sites.keys() - self._waiting.keys():
            del self._lines[name]
        for name in self._lines.keys() | sites.keys():
            self._line(name).scope.limits = sites.get(name, Limits())

    @property
    def is_constant(self) -> bool:
        """Whether nobody waits for a limit that changes with the time of day."""
        scopes = [line.scope for line in self._waiting.values()]
        return all(scope.limits.is_constant for scope in (self._overall, *scopes))

    def join(
        self,
        site: str,
        size_bytes: int,
        ticket: Any,
        *,
        now: float,
        minute_of_week: int,
        is_first: bool = False,
    ) -> None:
        """Have a request wait for its turn; `advance` gives the ticket back.

        Args:
            site: whose it is.
            size_bytes: of its body.
            ticket: stands for it.
            now: monotonic seconds.
            minute_of_week: local time, from Monday 0:00.
            is_first: it goes before the others of its site.
        """
        line = self._renewed(site, now, minute_of_week)
        if site not in self._waiting:
            line.served = max(line.served, self._virtual)
            self._waiting[site] = line
        self._number += 1
        budgets = (line.scope.bytes, self._overall.bytes)
        is_large = any(budget.is_large(size_bytes) for budget in budgets)
        kind = 3 if is_first else 2 if is_large else 1 if size_bytes else 0
        number = self._number - _FIRST if is_first else self._number
        line.queues[kind].append(_Turn(number, size_bytes, ticket))

    def charge(self, site: str, *, now: float, minute_of_week: int) -> None:
        """Count a request that was sent without a turn."""
        self._renewed(site, now, minute_of_week).scope.requests.charge(1)
        self._overall.requests.charge(1)

    def leave(self, site: str) -> list[Any]:
        """Have all requests of a site wait no longer; give their tickets."""
        line = self._waiting.pop(site, None)
        left = [turn.ticket for queue in line.queues for turn in queue] if line else []
        for queue in line.queues if line else ():
            queue.clear()
        return left

    def advance(self, now: float, minute_of_week: int) -> list[Any]:
        """Give the tickets whose turn it is, in order; `due_seconds` then says when to ask again.

        Args:
            now: monotonic seconds.
            minute_of_week: local time, from Monday 0:00.
        """
        self._overall.renew(now, minute_of_week)
        for line in self._waiting.values():
            line.scope.renew(now, minute_of_week)
        granted, held = self._grant()
        self._waiting = {name: line for name, line in self._waiting.items() if any(line.heads())}
        self._divide()
        waits = (max(budget.wait_seconds(amount) for budget, amount in each) for each in held)
        # Zero: it only waits for those before it.
        self.due_seconds = min((wait for wait in waits if wait), default=_NEVER)
        return granted

    def _renewed(self, site: str, now: float, minute_of_week: int) -> _Line:
        line = self._line(site)
        line.scope.renew(now, minute_of_week)
        self._overall.renew(now, minute_of_week)
        return line

    def _line(self, site: str) -> _Line:
        line = self._lines.get(site)
        if line is None:
            line = self._lines[site] = _Line()
        return line

    def _grant(self) -> tuple[list[Any], list[_Lacking]]:
        """Let go all that may; give their tickets, and what each of the first others lacks."""
        granted: list[Any] = []
        held: list[_Lacking] = []
        taken: set[_Side] = set()
        order = [
            (line.served, queue[0].number, line, queue)
            for line in self._waiting.values()
            for queue in line.queues
            if queue
        ]
        heapify(order)
        while order:
            served, number, line, queue = heappop(order)
            if served < line.served:  # another queue of the site went meanwhile
                heappush(order, (line.served, number, line, queue))
            elif lacking := self._lacking(line, queue[0].size_bytes, taken):
                held.append(lacking)
            else:
                granted.append(self._let_go(line, queue))
                if queue:
                    heappush(order, (line.served, queue[0].number, line, queue))
        return granted, held

    def _lacking(self, line: _Line, size_bytes: int, taken: set[_Side]) -> _Lacking:
        """Give what keeps a request from going; the room that it waits for is kept for it."""
        lacking = line.scope.lacking(size_bytes, taken)
        if lacking:
            line.served = max(line.served, self._virtual)
        else:
            lacking = self._overall.lacking(size_bytes, taken)
        taken.update((budget, budget.is_large(amount)) for budget, amount in lacking)
        return lacking

    def _let_go(self, line: _Line, queue: deque[_Turn]) -> Any:
        turn = queue.popleft()
        line.scope.take(turn.size_bytes)
        self._overall.take(turn.size_bytes)
        self._virtual = max(self._virtual, line.served)
        line.served += self._overall.cost_seconds(turn.size_bytes)
        return turn.ticket

    def _divide(self) -> None:
        """Tell each budget of bytes how many wait for which of its sides."""
        every = [turn for line in self._waiting.values() for turn in line.heads()]
        _divide(self._overall.bytes, every)
        for line in self._waiting.values():
            _divide(line.scope.bytes, list(line.heads()))


def _divide(budget: Budget, heads: list[_Turn]) -> None:
    bodies = [turn.size_bytes for turn in heads if turn.size_bytes]
    large = sum(budget.is_large(size_bytes) for size_bytes in bodies)
    budget.divide(len(bodies) - large, large)
