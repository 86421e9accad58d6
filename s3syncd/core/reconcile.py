"""The pass: local files, baseline and listing, each sorted, merged into a stream of actions.

Nothing here grows with the tree: three chunks are held, and one mark. See `core.table` for the
decisions themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import lt
from typing import Any, cast

from s3syncd.core.entry import (
    Action,
    BaselineRow,
    LocalEntry,
    RemoteEntry,
    StatRow,
    UnknownMark,
)
from s3syncd.core.stream import LAST, Chunks, Head
from s3syncd.core.table import (
    UNKNOWN,
    Local,
    Policy,
    Remote,
    adopted_class,
    colder_classes,
    decide,
    follow_up,
    judge,
)

__all__ = [
    "UNKNOWN",
    "Policy",
    "StreamDisorderError",
    "Tally",
    "adopted_class",
    "decide",
    "follow_up",
    "merge",
]


class StreamDisorderError(ValueError):
    """A stream was not in ascending order: what looked absent may not be. The pass is void.

    `is_baseline`: it is the ledger's, perhaps among others.
    """

    def __init__(self, message: str, *, is_baseline: bool) -> None:
        super().__init__(message)
        self.is_baseline = is_baseline


@dataclass(slots=True)
class Tally:
    """What a pass has seen so far. Mutable; written by `merge` alone.

    `position` is the last path merged. `unchanged` are files equal to baseline and object;
    `foreign_objects` have neither file nor baseline; `unknown` paths could not be judged;
    `colder_objects` were moved by a lifecycle rule to a class colder than configured.
    """

    local_files: int = 0
    local_bytes: int = 0
    remote_objects: int = 0
    unchanged: int = 0
    foreign_objects: int = 0
    unknown: int = 0
    colder_objects: int = 0
    position: str = ""


def merge(
    local: Chunks[LocalEntry | UnknownMark],
    baseline: Chunks[BaselineRow] | Chunks[StatRow],
    remote: Chunks[RemoteEntry | UnknownMark] | None,
    policy: Policy,
    tally: Tally,
    *,
    row_of: Callable[[str], BaselineRow | None] | None = None,
) -> Iterator[Action | None]:
    """Yield the actions of a pass, in path order.

    Each stream comes in chunks of any size, sorted by path within and across them. A source that
    yields None has nothing yet (or wants the caller to have a turn): merge then yields None too,
    and asks that source again when it is resumed.

    Args:
        local: files and marks. A mark `d/` makes absent paths below it unknown, not absent.
        baseline: what both sides last agreed on.
        remote: the listing; None for a rescan. A mark, whatever its path, says that the listing
            broke off there: all behind it is unknown.
        policy: the site's rules.
        tally: counted up while merging.
        row_of: gives the whole row of a path, where `baseline` holds `StatRow`s (rescans only).

    Raises:
        StreamDisorderError: a stream was not ascending.
    """
    return _Merge(local, baseline, remote, policy, tally, row_of=row_of).actions()


def _is_tree(mark: UnknownMark) -> bool:
    return not mark.path or mark.path.endswith("/")


class _Merge:
    def __init__(
        self,
        local: Chunks[LocalEntry | UnknownMark],
        baseline: Chunks[BaselineRow] | Chunks[StatRow],
        remote: Chunks[RemoteEntry | UnknownMark] | None,
        policy: Policy,
        tally: Tally,
        *,
        row_of: Callable[[str], BaselineRow | None] | None,
    ) -> None:
        self._left = Head(local)
        self._middle: Head[Any] = Head(baseline)  # BaselineRow or StatRow, never both
        self._row_of = row_of
        self._right = Head(iter(()) if remote is None else remote)
        self._is_listed = remote is not None
        self._policy = policy
        self._tally = tally
        self._colder = colder_classes(policy.storage_class)
        self._unknown_below: str | None = None  # the mark that covers the current position
        self._is_listing_broken = False

    def actions(self) -> Iterator[Action | None]:
        left, middle, right = self._left, self._middle, self._right
        while True:
            if not (left.load() and middle.load() and right.load()):
                yield None
                continue
            if left.path == middle.path and self._skip_unchanged():
                continue
            if self._take_mark():
                continue
            path = min(left.path, middle.path, right.path)
            if path is LAST:
                return
            action = self._judge(path)
            if action is not None:
                yield action

    def _skip_unchanged(self) -> int:
        """Pass over the paths that are equal on all sides looked at; return how many."""
        if not self._is_listed:
            count, size_bytes, position = self._run_unlisted()
        elif self._right.path == self._left.path:
            count, size_bytes, position = self._run_listed()
            self._right.index += count
            self._tally.remote_objects += count
        else:
            return 0
        self._left.index += count
        self._middle.index += count
        self._tally.local_files += count
        self._tally.local_bytes += size_bytes
        self._tally.unchanged += count
        self._tally.position = position
        return count

    def _run_listed(self) -> tuple[int, int, str]:
        # The hot loop (0.5 us a path): plain tuple indices, one slice for path and stat.
        wanted, colder, position = self._policy.storage_class, self._colder, self._tally.position
        # A mark among the entries differs in its second field already.
        rights = cast("Sequence[RemoteEntry]", self._right.run())
        count = size_bytes = 0
        for here, row, there in zip(self._left.run(), self._middle.run(), rights, strict=False):
            if (
                here[:5] != row[:5]
                or there[:2] != row[:2]
                or there[2] != row[7]
                or (wanted is not None and row[8] != wanted)
                or there[3] in colder
                or row[0] <= position
            ):
                break
            position = row[0]
            size_bytes += row[1]
            count += 1
        return count, size_bytes, position

    def _run_unlisted(self) -> tuple[int, int, str]:
        position = self._tally.position
        # The first six fields of a BaselineRow are a StatRow.
        lefts, rows = self._left.run(), self._middle.run()
        length = min(len(lefts), len(rows))
        paths = [row[0] for row in rows[:length]]
        # StatRows are compared with entries a whole run at a time: 0.1 us a path. Where anything
        # differs, were it the mode alone, each path has its turn.
        is_equal = bool(paths) and lefts[:length] == rows[:length]
        if is_equal and all(map(lt, (position, *paths), paths)):
            return length, sum(row[1] for row in rows[:length]), paths[-1]
        count = size_bytes = 0
        for here, row in zip(lefts, rows, strict=False):
            if here[:5] != row[:5] or row[0] <= position:
                break
            position = row[0]
            size_bytes += row[1]
            count += 1
        return count, size_bytes, position

    def _take_mark(self) -> bool:
        """Take a mark that stands for more than one name off the head of its stream."""
        far, near = self._right.head(), self._left.head()
        if isinstance(far, UnknownMark):
            self._is_listing_broken = True
            self._right.end()
            return True
        if not isinstance(near, UnknownMark):
            return False
        if near.reason == "undecodable_name":
            # No key and no baseline row can have such a name, and its order as str is not that
            # of its bytes: it must not hide the files that stand behind it.
            self._tally.unknown += 1
        elif not _is_tree(near) or near.path > min(self._middle.path, self._right.path):
            return False
        else:
            self._check_order(near.path >= self._tally.position, near.path)
            if self._unknown_below is None or not near.path.startswith(self._unknown_below):
                self._unknown_below = near.path
        self._left.index += 1
        return True

    def _judge(self, path: str) -> Action | None:
        self._check_order(path > self._tally.position, path)
        self._tally.position = path
        number, action = judge(
            path,
            self._local_at(path),
            self._row_at(path),
            remote := self._remote_at(path),
            self._policy,
            is_listed=self._is_listed,
        )
        if number == 0:
            self._tally.unknown += 1
        elif number == 3:
            self._tally.foreign_objects += 1
        elif number == 6 and action is None:
            self._tally.unchanged += 1
            if isinstance(remote, RemoteEntry) and remote.storage_class in self._colder:
                self._tally.colder_objects += 1
        return action

    def _row_at(self, path: str) -> BaselineRow | None:
        found = self._middle.take(path)
        if found is None or isinstance(found, BaselineRow):
            return found
        assert self._row_of is not None  # noqa: S101 - given wherever StatRows are
        return self._row_of(path)

    def _local_at(self, path: str) -> Local:
        found = self._left.take(path)
        if isinstance(found, LocalEntry):
            self._tally.local_files += 1
            self._tally.local_bytes += found.size_bytes
            return found
        if found is not None:
            return UNKNOWN
        is_below = self._unknown_below is not None and path.startswith(self._unknown_below)
        return UNKNOWN if is_below else None

    def _remote_at(self, path: str) -> Remote:
        found = self._right.take(path)
        if isinstance(found, RemoteEntry):
            self._tally.remote_objects += 1
            return found
        return UNKNOWN if self._is_listing_broken else None

    def _check_order(self, is_ascending: bool, path: str) -> None:
        if not is_ascending:
            raise StreamDisorderError(
                f"a stream is out of order: {path!r} after {self._tally.position!r}",
                is_baseline=self._middle.path == path,
            )
