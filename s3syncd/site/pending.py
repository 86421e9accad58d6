"""What a site has to do and has not done: how much it is, since when, and whether it may rest.

Owned by the site thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from s3syncd.site.site import Site

__all__ = ["Pending", "is_at_rest", "is_working", "pending_of"]


class Pending(NamedTuple):
    """All that is not in the bucket yet; a path that changes while it is in flight counts twice.

    An object that is kept until a person has seen to a file is no work, and not counted.

    Attributes:
        actions: paths dirty, planned, in flight, being found out, or to be tried again.
        size_bytes: what is to be sent of them, as far as it is known.
        failed: those of `actions` that wait to be tried again: nothing is under way about them.
        oldest_seconds: since the oldest change was first heard of, or since it is not known what
            there is; 0: there is none.
    """

    actions: int
    size_bytes: int
    failed: int
    oldest_seconds: float


def pending_of(site: Site, now: float) -> Pending:
    """Count it; `now`: monotonic seconds."""
    looks, backlog = site.looks, site.backlog
    wanted = site.retirement.waiting - site.retirement.kept
    under_way = len(looks) + len(backlog) + len(backlog.in_flight) + wanted
    asked = [p for p in site.recovery.unseen if p not in looks and p not in backlog]
    unknown = set(asked)

    def is_counted(path: str) -> bool:
        return path in unknown or (under_way > 0 and (path in looks or path in backlog))

    failed = site.retries.outstanding(is_counted)
    moments = [looks.oldest(), backlog.oldest(), failed.oldest_at, site.board.gauge.unknown_since]
    ages = [now - moment for moment in moments if moment is not None]
    return Pending(
        under_way + len(asked) + failed.actions,
        backlog.pending_bytes + failed.size_bytes,
        failed.actions,
        round(max(0.0, *ages), 3) if ages else 0.0,
    )


def is_working(site: Site) -> bool:
    """Whether an action is planned, in flight, or its effect is being found out."""
    return bool(len(site.backlog) or site.backlog.in_flight or site.recovery.unseen)


def is_at_rest(site: Site) -> bool:
    """Whether there is nothing that should come forward.

    What waits for a file to be quiet rests, and so does what was refused or cannot be read: that
    has words of its own. So does all while a root or a bucket that cannot be used is waited for.
    """
    if site.pause.is_on or site.access.reason or site.space.is_low:
        return True
    is_moving = is_working(site) or site.schedule.is_running
    return site.access.is_ready and not is_moving and not site.retries.is_striving
