"""Requests of the last run that nobody remembers: compared once more when they have come, or never.

A server may carry a request out after the process that sent it has died. Where intents tell of each
one, `Recovery` looks for it; a site that neither deletes nor holds drift has none for small files,
and a ledger that was lost has none at all. Owned by the site thread.
"""

from __future__ import annotations

from s3syncd.ledger import Ledger
from s3syncd.site.parts import Parts
from s3syncd.site.timetable import Timetable
from s3syncd.site.unanswered import is_each_intended

__all__ = ["expect", "leave"]

_SECONDS = 60.0  # how late a server is believed to apply a request without an answer

_LEFT = "stragglers"  # key of the ledger


def expect(parts: Parts, timetable: Timetable, now: float) -> None:
    """At the start: ask for one more reconcile where a request of the last run may come yet.

    So it is after a kill, after a stop that did not wait for all answers, and where the ledger
    began empty.
    """
    ledger = parts.ledger
    is_left = ledger.meta(_LEFT) is not None
    if is_left:
        ledger.set_meta(_LEFT, None)
    is_unknown = (is_left or not ledger.was_clean) and not is_each_intended(parts.settings)
    if is_unknown or ledger.was_fresh:
        timetable.want_at(now + _SECONDS)


def leave(ledger: Ledger) -> None:
    """Note that the site stops while requests are in flight."""
    ledger.set_meta(_LEFT, "1")
