"""What people are told of without asking: who needs them, and when that is over. Pure.

A site that goes to and fro is told of seldom, what many sites suffer in one message, and what
still is so once a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from s3syncd.core.advice import Advice
from s3syncd.core.health import HELPLESS, Check
from s3syncd.core.plural import counted
from s3syncd.core.standing import KINDS, waits_for_person

__all__ = ["KINDS", "Notice", "Notices"]

CALM_SECONDS: Final = 10.0
"""So long a trouble must be away until its end is told: two looks of 5 s."""

REMIND_SECONDS: Final = 86400.0
"""What still is so is told again: a hold that nobody remembers is a backup that nobody has."""

_PLAIN: Final = Advice()

_AT_ONCE: Final = frozenset({"held", "halted"})  # nothing but a person ends them


class Notice(NamedTuple):
    """One thing that is told.

    Attributes:
        site: whose.
        kind: one of `KINDS`.
        reason: the closed word; of `recovered` what is over.
        text: what to do about it, or empty.
        since: when it began, seconds since the epoch.
    """

    site: str
    kind: str
    reason: str
    text: str
    since: float


@dataclass(slots=True)
class _Standing:
    """One trouble of one site. Times are monotonic seconds but for `since`.

    Attributes:
        notice: what it is now.
        began_at: when it came.
        away_at: when it went; None: it is here.
        told_at: when it was last told; None: never.
        is_told: people believe that it is so.
    """

    notice: Notice
    began_at: float
    away_at: float | None = None
    told_at: float | None = None
    is_told: bool = False


class Notices:
    """Decides what is told. Remembers as many troubles as there are, and were of late.

    Args:
        kinds: those that are wanted.
        after_seconds: so long a site must be `unavailable` or `unhealthy` before it is told.
        interval_seconds: the same site and reason is told at most once in this time.
        advice: makes commands those to be typed.
    """

    def __init__(
        self,
        *,
        kinds: Iterable[str],
        after_seconds: float,
        interval_seconds: float,
        advice: Advice = _PLAIN,
    ) -> None:
        self._advice = advice
        self._kinds = frozenset(kinds)
        self._after_seconds = after_seconds
        self._interval_seconds = interval_seconds
        self._known: dict[tuple[str, str, str], _Standing] = {}

    def look(
        self,
        sites: Iterable[tuple[Mapping[str, Any], Iterable[Check]]],
        *,
        now: float,
        wall: float,
    ) -> list[Notice]:
        """Take how all sites are; give what is to be told now.

        Args:
            sites: each site's part of the status document, and its checks that fail.
            now: monotonic seconds.
            wall: seconds since the epoch.
        """
        names, present = set(), set()
        for status, checks in sites:
            names.add(status["name"])
            for kind, reason, raw in _troubles(status, checks):
                text = self._advice.typed(status, raw)
                # What holds deletions may change its word; it is one hold all the same.
                key = (status["name"], kind, "" if kind == "held" else reason)
                present.add(key)
                self._is_so(key, Notice(status["name"], kind, reason, text, wall), now)
        for key, known in self._known.items():
            if key not in present and known.away_at is None:
                known.away_at = now
        found = [each for known in self._known.values() for each in self._due(known, now)]
        self._forget(names, now)
        return [notice for notice in found if notice.kind in self._kinds]

    def _is_so(self, key: tuple[str, str, str], notice: Notice, now: float) -> None:
        known = self._known.get(key)
        if known is None:
            self._known[key] = _Standing(notice, now)
            return
        was_over = known.away_at is not None and now - known.away_at >= CALM_SECONDS
        if was_over:
            known.began_at, known.notice = now, notice
        else:
            known.notice = notice._replace(since=known.notice.since)
        known.away_at = None

    def _due(self, known: _Standing, now: float) -> Iterable[Notice]:
        if known.away_at is not None:
            if known.is_told and now - known.away_at >= CALM_SECONDS:
                known.is_told = False
                yield known.notice._replace(kind="recovered", text="")
            return
        wait = 0.0 if known.notice.kind in _AT_ONCE else self._after_seconds
        pause = REMIND_SECONDS if known.is_told else self._interval_seconds
        is_late = known.told_at is None or now - known.told_at >= pause
        if now - known.began_at >= wait and is_late:
            known.is_told, known.told_at = True, now
            yield known.notice

    def _forget(self, names: set[str], now: float) -> None:
        """Forget sites that are gone, and troubles that nobody needs to be spared of any more."""
        self._known = {
            key: known
            for key, known in self._known.items()
            if key[0] in names
            and (
                known.away_at is None
                or now - known.away_at < CALM_SECONDS
                or known.is_told
                or (known.told_at is not None and now - known.told_at < self._interval_seconds)
            )
        }


def _troubles(status: Mapping[str, Any], checks: Iterable[Check]) -> Iterable[tuple[str, str, str]]:
    state, reason = status["state"], status["reason"]
    if state in HELPLESS:
        yield state, reason or state, status["hint"] or ""
    else:
        for one in checks:
            yield "unhealthy", one.check, one.detail
    if state != "halted" and waits_for_person(status):
        yield "held", *_held(status)


def _held(status: Mapping[str, Any]) -> tuple[str, str]:
    count = status["held_deletions"]
    if not count:
        return "held_changes", "Look with `s3syncd status SITE`."
    guard = status["reason"] if status["state"] not in HELPLESS else None
    held, they = (
        counted(count, "deletion is", "deletions are"),
        "it is" if count == 1 else "they are",
    )
    return (
        guard or "held_deletions",
        f"{held} held. If {they} right: `s3syncd approve SITE --list HASH`.",
    )
