"""What a site knows of one path, as plain values: for `s3syncd explain`.

What stands in the ledger is read the same way beside a daemon and without one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from s3syncd.ledger import Ledger
from s3syncd.site.backlog import Planned

if TYPE_CHECKING:
    from s3syncd.site.site import Site

__all__ = ["facts_of", "remembered"]


def facts_of(site: Site, path: str, now: float) -> dict[str, Any]:
    """Give all of it; in the site's thread. `now`: monotonic seconds."""
    in_flight = site.backlog.in_flight.get(path)
    seconds = now - in_flight.started_at if in_flight else 0.0
    planned, status = site.backlog.waiting(path), site.board.snapshot
    facts = remembered(site.parts.ledger, path)
    return {
        **facts,
        "kept_for": _kept_for(site, facts),
        "in_flight": in_flight and {**_action(in_flight), "seconds": round(seconds, 3)},
        "planned": planned and _action(planned),
        "dirty": _dirty(site, path, now),
        "problem": _problem(site, path),
        "held_list": status.get("held_list"),
        "site": {key: status.get(key) for key in ("state", "reason", "hint", "in_sync")},
    }


def remembered(ledger: Ledger, path: str) -> dict[str, Any]:
    """Give what the ledger has of a path; nothing of one that is not UTF-8."""
    if any("\ud800" <= letter <= "\udfff" for letter in path):
        return {}
    retry, deletion = ledger.retry(path), ledger.deletion(path)
    intent = ledger.intent(path)
    return {
        "baseline": ledger.baseline(path),
        "retry": retry
        and {
            "reason": retry.reason, "hint": retry.hint, "attempts": retry.attempts,
            "next_at": _rfc3339(retry.next_at_wall), "since": _rfc3339(retry.since_wall),
        },
        "deletion": deletion
        and {"state": deletion.state, "since": _rfc3339(deletion.first_seen_wall)},
        "intent": intent
        and {
            "kind": intent.kind, "is_in_parts": intent.upload_id is not None,
            "since": _rfc3339(intent.created_wall),
        },
        "is_paused": ledger.meta("paused") == "1",
    }  # fmt: skip


def _action(planned: Planned) -> dict[str, Any]:
    return {"kind": str(planned.action.kind), "reason": planned.action.reason}


def _kept_for(site: Site, facts: dict[str, Any]) -> str | None:
    """Give which file waits for a person, and may be that of a wanted deletion."""
    row, deletion = facts.get("baseline"), facts.get("deletion")
    if row is None or deletion is None or deletion["state"] == "held":
        return None
    looks, inode = site.looks, row.inode
    is_kept = looks.withheld.is_awaited(inode) and not looks.underway.is_moving(inode)
    return looks.withheld.named(inode) if is_kept else None


def _dirty(site: Site, path: str, now: float) -> dict[str, Any] | None:
    entry = site.looks.waits_for(path)
    if entry is None:
        is_looked_at = path in site.looks
        return {"due_in_seconds": None, "since_seconds": None} if is_looked_at else None
    return {
        "since_seconds": round(now - entry.last_hint_at, 3),
        "due_in_seconds": round(max(0.0, entry.due_at - now), 3),
        "is_closed": entry.is_closed,
    }


def _problem(site: Site, path: str) -> dict[str, Any] | None:
    """Give the problem of a path, or of the directory above it that cannot be judged."""
    # Names that are no UTF-8 are noted as they can be written.
    readable = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    parts = readable.split("/")
    names = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
    for name in (names[0], *(each for above in names[1:] for each in (above, f"{above}/"))):
        problem = site.problems.of(name)
        if problem is not None:
            return {
                "path": problem.path, "is_above": name != readable,
                "reason": problem.reason, "hint": problem.hint, "since": _rfc3339(problem.since),
            }  # fmt: skip
    return None


def _rfc3339(wall: float) -> str:
    moment = datetime.fromtimestamp(wall, UTC).isoformat(timespec="seconds")
    return moment.replace("+00:00", "Z")
