"""What is judged of a soak beside the rules: which claims may be wrong, and that all are heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Final

from tests.strict.faults import Kind
from tests.strict.history import Event, History

__all__ = ["came_late", "judge_each"]

_SECOND_LOOK_SECONDS: Final = 65.0  # after a lost answer the key is looked at again in a minute
_SERVER_FAULTS: Final = 500


def judge_each(ends: Iterable[tuple[str, Callable[[], object]]]) -> None:
    """Hear each of them, whatever the others have said.

    Raises:
        AssertionError: with the complaints of all.
    """
    complaints = []
    for name, end in ends:
        try:
            end()
        except AssertionError as error:
            complaints.append(f"{name}: {error}")
    assert not complaints, "\n".join(complaints)


def came_late(
    history: History, *, prefix: str, now: float, given_up: Mapping[str, float]
) -> set[str]:
    """Give the paths at which a store did late what nobody waited for, and nobody could know yet.

    They are looked at a minute after the request; until then nobody can know of it. Where a client
    had left, it must have heard of the key since, too early, and not again after.
    """
    found: set[str] = set()
    heard_at: dict[str, float] = {}
    for event in history:
        left_at = given_up.get(event.signature, inf)
        if left_at == inf and _tells(event):
            heard_at[event.key] = event.at
            found.discard(event.key)
        is_late = event.fault == Kind.LATE or left_at < heard_at.get(event.key, -inf)
        if is_late and event.changes and now - event.at < _SECOND_LOOK_SECONDS:
            found.add(event.key)
    return {key.removeprefix(prefix) for key in found}


def _tells(event: Event) -> bool:
    """Whether its answer told the client what became of the key."""
    return event.is_answered and 0 < event.status < _SERVER_FAULTS
