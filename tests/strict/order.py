"""In which order readers saw the states of a key, and whose fault it is where an older one came.

A client that gives a request up and sends what is newer cannot take the first one back: a server
may still carry it out, and the older state is there until the client looks again. Such a state is
late: it was sent, and given up, before the newer one, and it was put right in time. Anything else
that is older than what readers have seen was the client's doing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from tests.strict.diary import Line
from tests.strict.history import Event

__all__ = ["Sight", "Stale", "first_place", "stale_sights"]

# After an answer that was lost a key is looked at again in a minute; what is found then may meet
# other faults, each of which is over after some seconds and waits for its repetition.
_REPAIRED_WITHIN_SECONDS: Final = 120.0


class Sight(NamedTuple):
    """What a request made readers see of a key; no digest: nothing."""

    event: Event
    key: str
    digest: str | None


@dataclass
class Stale:
    """A state that readers saw after a later one.

    Attributes:
        sight: of it.
        is_late: whether its request was given up before the later state's was sent.
        repaired_at: epoch seconds at which a state was there again that was not older; inf: never.
    """

    sight: Sight
    is_late: bool
    repaired_at: float = float("inf")

    @property
    def repair_seconds(self) -> float:
        """For how long it was there."""
        return self.repaired_at - self.sight.event.at

    @property
    def is_excused(self) -> bool:
        """Whether it was late, and put right in time."""
        return self.is_late and self.repair_seconds <= _REPAIRED_WITHIN_SECONDS


@dataclass
class _Key:
    """What is known of a key: its place in the user's lines, who brought it there, what is open."""

    place: int
    reached: list[tuple[int, Event]]
    open: list[Stale]


def stale_sights(
    sights: Iterable[Sight],
    lines_of: Callable[[str], list[Line]],
    *,
    given_up: Mapping[str, float],
) -> list[Stale]:
    """Give the states that came after later ones.

    Args:
        sights: in the order of their effects; of one of them the user must have known.
        lines_of: gives what the user did to a key.
        given_up: signature of a request -> when its client left without its answer.
    """
    found: list[Stale] = []
    keys: dict[str, _Key] = {}
    for sight in sights:
        event, lines = sight.event, lines_of(sight.key)
        key = keys.setdefault(sight.key, _Key(0, [], []))
        later = first_place(lines, sight.digest, start=key.place, until=event.at)
        if later is not None:
            key.place = later
            key.reached.append((later, event))
            for each in key.open:
                each.repaired_at = event.at
            key.open.clear()
        elif first_place(lines, sight.digest, start=0, until=event.at) is not None:
            stale = Stale(sight, _is_late(sight, key, lines, given_up))
            found.append(stale)
            key.open.append(stale)
    for each in found:
        back_at = _put_back_at(each.sight, lines_of(each.sight.key))
        each.repaired_at = min(each.repaired_at, back_at)
    return found


def first_place(lines: list[Line], digest: str | None, *, start: int, until: float) -> int | None:
    """Give the first place from `start` on where a state stands that began in time."""
    for place in range(start, len(lines)):
        if lines[place].digest == digest and lines[place].at <= until:
            return place
    return None


def _is_late(sight: Sight, key: _Key, lines: list[Line], given_up: Mapping[str, float]) -> bool:
    """Whether it was carried out when given up, and sent before all that is later."""
    event = sight.event
    left_at = given_up.get(event.signature)
    if left_at is None or left_at > event.at:
        return False
    own = max(
        (
            place for place, line in enumerate(lines[: key.place])
            if line.digest == sight.digest and line.at < event.sent_at + 1
        ), default=-1,
    )  # fmt: skip
    return all(
        _was_sent_before(event, left_at, other) for place, other in key.reached if place > own
    )


def _was_sent_before(event: Event, left_at: float, other: Event) -> bool:
    """Signatures tell seconds; within one, it must have been given up before the other's effect."""
    if event.sent_at == other.sent_at:
        return left_at <= other.at
    return event.sent_at < other.sent_at


def _put_back_at(sight: Sight, lines: list[Line]) -> float:
    """Tell when the user put the same state there; then it is right as it is."""
    return min(
        (line.at for line in lines if line.digest == sight.digest and line.at > sight.event.at),
        default=float("inf"),
    )
