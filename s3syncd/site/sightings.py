"""What the scan thread saw, and which part of the site it concerns.

Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from s3syncd.core.entry import Action, LocalEntry, UnknownMark
from s3syncd.core.messages import Look, Looked, ScanBatch
from s3syncd.core.paths import Scope
from s3syncd.ledger import Ledger
from s3syncd.local.messages import NamesSkipped
from s3syncd.site.access import Access
from s3syncd.site.alarm import Alarm
from s3syncd.site.looks import Looks
from s3syncd.site.problems import Problems
from s3syncd.site.retire import Retirement
from s3syncd.site.schedule import Schedule

__all__ = ["Sightings"]

_OF_MOUNTS = frozenset({"mount_missing", "mount_new"})


class Sightings:
    """Takes the answers of the scan thread.

    Args:
        scope: tells why a path can have no key.
        on_deletion: takes a deletion that a second look has confirmed.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        schedule: Schedule,
        looks: Looks,
        retirement: Retirement,
        problems: Problems,
        scope: Scope,
        access: Access,
        alarm: Alarm,
        on_deletion: Callable[[Action, float], None],
    ) -> None:
        self._ledger = ledger
        self._schedule = schedule
        self._looks = looks
        self._retirement = retirement
        self._problems = problems
        self._scope = scope
        self._access = access
        self._alarm = alarm
        self._on_deletion = on_deletion

    def scanned(self, batch: ScanBatch, now: float) -> None:
        """Take a stretch of a scan."""
        self._schedule.fed(batch)
        entries, problem_with = batch.entries, self._scope.problem_with
        if _are_files(entries) and self._scope.are_plain([entry[0] for entry in entries]):
            return
        for entry in entries:
            if isinstance(entry, UnknownMark):
                self._marked(entry)
            elif reason := problem_with(entry[0]):
                self._problems.note(entry[0], reason)
                self._looks.withheld.unsent(entry, reason, now)

    def looked(self, message: Looked, now: float) -> None:
        """Take the answers to single looks."""
        if self._access.sampled(message):
            return
        if not message.root_ok:
            self._looks.lost(now)
            self._retirement.lost()
            self._alarm.root_doubted(now)
            return
        for path, look in message.results.items():
            if self._retirement.is_looking_at(path):
                self._looked_again(path, look, now)
            self._looks.looked(path, look, now)

    def names_skipped(self, message: NamesSkipped, _now: float) -> None:
        """Take the names that no key can stand for: what had another one keeps its object."""
        withheld = self._looks.withheld
        withheld.nameless, withheld.are_more_nameless = message.inodes, message.is_full
        withheld.has_nameless_directory = message.has_directory
        for name in message.sample:
            self._problems.note(name, "undecodable_name")
        self._problems.count_in_pass(message.count - len(message.sample))

    def _looked_again(self, path: str, look: Look, now: float) -> None:
        action = self._retirement.looked(path, look, now)
        if action is not None:
            self._on_deletion(action, now)
        elif isinstance(look, LocalEntry):
            self._looks.note(path, now, is_soon=True)
        elif isinstance(look, UnknownMark):
            self._problems.note(path, look.reason)

    def _marked(self, mark: UnknownMark) -> None:
        path, reason = mark
        if not path.endswith("/"):
            self._problems.note(path, reason)
        elif reason not in {"symlink", "special_file"}:
            self._problems.note(path, reason if reason in _OF_MOUNTS else "subtree_unknown")
        elif self._ledger.page("", prefix=path, limit=1):
            self._problems.note(path, "directory_became_symlink")


def _are_files(entries: Sequence[LocalEntry | UnknownMark]) -> bool:
    return UnknownMark not in set(map(type, entries))
