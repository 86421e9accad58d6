"""What a person lets go ahead at a site: all that waits, or one thing alone.

Whoever looked at one thing and approves it has not seen another: advice about drift must not
delete what is held. Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from s3syncd.core.standing import APPROVALS, DELETIONS
from s3syncd.site.messages import refused
from s3syncd.site.problems import SILENT
from s3syncd.site.timetable import Whole

if TYPE_CHECKING:
    from s3syncd.site.site import Site

__all__ = ["Approval"]

# A disk that is away for an hour is no news to who approves something else: what was below it
# would be deleted, up to the limit unasked.
_BY_NAME = frozenset({"mount_missing"})


class Approval:
    """Gives what a person asks for, and nothing else."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._ways: dict[str, Callable[[float], int]] = {
            "root_replaced": self._root,
            DELETIONS: self._deletions,
            "drift": self._drift,
            SILENT: site.scrub.approve,
            "mount_new": lambda _now: site.mounted.approve(),
            "mount_missing": self._gone_mounts,
        }

    def give(self, *, wanted: object, only: object, now: float) -> dict[str, object]:
        """Approve, and give the answer: what that was, and what waits still.

        Args:
            wanted: the hash of the list that was seen; None: whatever is held.
            only: one of `APPROVALS`; None: the list if there is one, else all that waits.
            now: monotonic seconds.
        """
        held = self._site.hold.list_hash
        if (refusal := _refusal(wanted, only, held)) is not None:
            return refusal
        one = only if wanted is None else DELETIONS
        words = {one} if one is not None else set(APPROVALS) - _BY_NAME
        given = {word: self._ways[word](now) if word in words else 0 for word in APPROVALS}
        told = {
            "list": held if given[DELETIONS] else None,
            "root": bool(given["root_replaced"]),
            "drift": given["drift"],
            "silent_changes": given[SILENT],
            "mounts": given["mount_new"],
            "gone_mounts": given["mount_missing"],
        }
        self._site.parts.log.info("site.approved", deletions=given[DELETIONS], only=one, **told)
        return {
            "ok": True, "count": given[DELETIONS], **told,
            "waits": {} if one is None else self._waiting(one),
            "held_list": self._site.hold.list_hash,
        }  # fmt: skip

    def _waiting(self, given: object) -> dict[str, int]:
        """Count what waits besides the one thing that was asked for."""
        site = self._site
        counts = {word: site.problems.count_of(word) for word in APPROVALS}
        counts |= {"root_replaced": int(site.access.is_halted), DELETIONS: site.hold.count}
        return {word: count for word, count in counts.items() if count and word != given}

    def _root(self, _now: float) -> int:
        if not self._site.access.approve_root():
            return 0
        self._site.schedule.timetable.want(Whole.RECONCILE)
        return 1

    def _deletions(self, _now: float) -> int:
        if not self._site.hold.count:
            return 0
        self._site.decisions.is_emptied = False
        return self._site.retirement.approve()

    def _gone_mounts(self, _now: float) -> int:
        """Those that the status has shown; whether they are gone is seen by the scan thread."""
        return self._site.mounted.approve_gone(self._site.problems.paths_of("mount_missing"))

    def _drift(self, now: float) -> int:
        drifted = self._site.problems.clear_reason("drift")
        self._site.decisions.approved_drift.update(dict.fromkeys(drifted, now))
        if drifted:
            self._site.schedule.timetable.want(Whole.RECONCILE)
        return len(drifted)


def _refusal(wanted: object, only: object, held: str | None) -> dict[str, object] | None:
    """Refuse what cannot be meant."""
    if only is not None and only not in APPROVALS:
        return refused(f"nothing is approved by the name {only!r}", f"one of {_listed()}")
    if wanted is not None and only not in {None, DELETIONS}:
        return refused(f"a list is of {DELETIONS}, not of {only}", "approve the one or the other")
    if wanted is not None and wanted != held:
        return refused(
            f"the held list is {held or 'empty'}, not {wanted}",
            "look again: s3syncd status; then approve the list you have seen",
        )
    return None


def _listed() -> str:
    return ", ".join(APPROVALS)
