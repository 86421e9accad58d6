"""The local file as one call reads it: opened once, proved quiet, proved unchanged at the end.

Quiet is proved by stat, not by events: the first stat must be old enough, and the stat after
reading must equal it. Two equal stats alone accepted 255 half-written files of 1,500; with the age
or a read lease, none.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Self

from s3syncd.core.entry import Action, LocalEntry, Outcome, Settle
from s3syncd.local import pagecache
from s3syncd.pool import Call, Start
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.outcomes import Ended, superseded

__all__ = ["Source", "age_seconds", "granule_seconds", "open_source"]

# A file may grow this much between the decision and the reading without its bytes being admitted
# again; more, and many files growing at once would hold far more than the buffer budget.
_GROWTH_SLACK_BYTES = 1024 * 1024

# What stands where a file was decided on, by the reason of its mark.
_STATES = {"symlink": "special", "special_file": "special"}

# Dropped from the page cache after so much: often enough, and it costs nothing (CPU per GiB was the
# same with and without).
_DROP_BYTES = 8 * 1024 * 1024

# A file that is rewritten without a pause is looked at again after this; the site doubles it.
_UNSTABLE_SECONDS = 60.0

_NS_PER_SECOND = 1_000_000_000

# Two changes this close together may leave the same times. Linux stamps with the tick of its clock
# (10 ms at HZ=100, finer since 6.13), and a tick may be late.
_TICK_SECONDS = 0.02

# Where times are whole seconds: one on ext3, HFS+ and some network file systems, two on FAT.
_COARSE_SECONDS = 2.0


def age_seconds(entry: LocalEntry, now_ns: int, first_seen_ns: int) -> float:
    """Give how long ago the file was last seen to change, in seconds; never negative.

    A time in the future says nothing: an mtime set by hand is set aside for the ctime that the
    setting left. A ctime ahead (another host's clock) leaves nothing to go by, whatever the mtime
    was set to: the first sighting counts.

    Args:
        entry: the stat.
        now_ns: wall clock.
        first_seen_ns: when a time in the future was first met; 0: now.
    """
    newest = entry.ctime_ns if entry.mtime_ns > now_ns else max(entry.mtime_ns, entry.ctime_ns)
    if newest > now_ns:
        newest = first_seen_ns or now_ns
    return max(0, now_ns - newest) / _NS_PER_SECOND


def granule_seconds(entry: LocalEntry) -> float:
    """Give within which time a file may change again without its times telling, in seconds.

    Judged by the ctime, which nobody sets by hand: a whole number of seconds is chance once in
    1e9, and otherwise the grain of the file system.
    """
    return _TICK_SECONDS if entry.ctime_ns % _NS_PER_SECOND else _COARSE_SECONDS


class Source:
    """One open file, closed at the end of a block.

    Attributes:
        entry: the stat taken before anything was read.
        is_racy: the stat is so young that a later write may leave it as it is.
    """

    def __init__(
        self, action: Action, fd: int, settle: Settle, kit: Kit, *, gives_turns: bool
    ) -> None:
        self._fd = fd
        self._files = kit.files
        self._action = action
        self._settle = settle
        self._lane = kit.lane if gives_turns else None
        self._is_cold: bool | None = None
        self._drop_at = _DROP_BYTES
        self.entry = kit.files.stat_of(fd, action.path)
        age = age_seconds(self.entry, kit.clock(), settle.first_seen_wall_ns)
        if action.local is not None and action.local[:5] != self.entry[:5]:
            age = min(age, settle.decided_seconds_ago)  # or the clock has jumped since it was seen
        tellable = max(settle.quiet_seconds, granule_seconds(self.entry))
        self.is_racy = age < tellable
        wanted = settle.quiet_seconds if settle.is_closed else settle.open_seconds
        self._young_seconds = max(0.0, tellable - age)
        age = min(age, settle.leapt_seconds_ago)
        self._wait_seconds = max(0.0, wanted - age, self._young_seconds)
        self._open_seconds = max(0.0, settle.open_seconds - min(age, settle.watched_seconds))

    @property
    def recorded(self) -> LocalEntry:
        """The stat for the baseline: where it is racy, one that no later stat equals."""
        return self.entry._replace(ctime_ns=0) if self.is_racy else self.entry

    def read_whole(self) -> bytes:
        """Read up to the size of the first stat."""
        return self._files.read_whole(self._fd, self.entry.size_bytes)

    def read_into(self, view: memoryview, offset: int) -> int:
        """Fill `view` from `offset`; give the bytes read, fewer only where the file ended before.

        Raises:
            OSError: the file could not be read, or is closed already.
        """
        return self._files.read_into(self._fd, offset, view)

    def read_through(self, view: memoryview, offset: int) -> int:
        """As `read_into`, for content that is only hashed, from its beginning to its end.

        It leaves no more of the file in the page cache than was there before.
        """
        if self._is_cold is None:
            self._is_cold = pagecache.is_cold(self._fd, self.entry.size_bytes)
            pagecache.read_ahead(self._fd)
        end = offset + self._files.read_into(self._fd, offset, view)
        if self._is_cold and (end >= self._drop_at or end >= self.entry.size_bytes):
            # From the beginning: what was read ahead in one large page may reach over any border.
            pagecache.drop_read(self._fd, 0, end)
            self._drop_at = end + _DROP_BYTES
        return end - offset

    def turn(self) -> Start | None:
        """Give a Start that lets others have the worker: a child queues behind them.

        None where the worker is there for hashing alone.
        """
        return self._lane.spawn(_do_nothing, size_bytes=0).wait if self._lane else None

    def check_young(self) -> None:
        """Before reading: refuse a file whose stat is too young to prove anything.

        Raises:
            Ended: it is, and its deadline has not passed.
        """
        if self.is_racy and not self._is_overdue:
            # Old enough to be read is soon; whether it has a writer is asked then.
            raise Ended(self._not_quiet(self._young_seconds))

    def check_unchanged(self) -> None:
        """Compare the stat now with the first one.

        Raises:
            Ended: it changed, and is not a file past its deadline that only grew.
        """
        now = self._files.stat_of(self._fd, self.entry.path)
        if now == self.entry:
            return
        if self._settle.is_past_deadline:
            is_longer = now.inode == self.entry.inode and now.size_bytes > self.entry.size_bytes
            if is_longer and self._settle.is_growing:
                return
            raise Ended(_unstable(self._action))
        wait = self._settle.quiet_seconds
        raise Ended(superseded(self._action, "changed_while_reading", due_in_seconds=wait))

    def check_writers(self) -> None:
        """Where age proved nothing, ask the system whether anybody has it open for writing.

        So also where the last thing heard was a close: a file that is begun anew since then is
        empty or torn, and what was heard of that may still be on its way here.

        Raises:
            Ended: somebody may; the outcome says when to look again.
        """
        wait = self._wait_seconds
        if wait or self._open_seconds:
            is_free = self._files.try_read_lease(self._fd)
            if is_free:
                return
            if is_free is not None:
                wait = max(wait, self._open_seconds)
        if not wait:
            return
        if not self._is_overdue:
            raise Ended(self._not_quiet(wait))
        if not self._settle.is_growing or _is_rewritten_in_place(self._action, self.entry):
            raise Ended(_unstable(self._action))

    def check_settled(self) -> None:
        """After reading: prove that what was read is what the file holds.

        Raises:
            Ended: it is not proved.
        """
        self.check_writers()
        self.check_unchanged()

    @property
    def _is_overdue(self) -> bool:
        """Whether it is past its deadline, so that a part of it is better than nothing if it grows.

        An empty file is nothing: it may just have been begun anew, and its writer is at work.
        """
        return self._settle.is_past_deadline and self.entry.size_bytes > 0

    def close(self) -> None:
        """Close the file; reading is then an error, never another file's bytes."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _not_quiet(self, wait_seconds: float) -> Outcome:
        return superseded(self._action, "not_quiet", due_in_seconds=wait_seconds)


def open_source(kit: Kit, action: Action, settle: Settle, *, is_adopting: bool = False) -> Source:
    """Open the action's file, component by component, and refuse it while it is too young.

    Args:
        kit: what the call works with.
        action: names the file.
        settle: how quiet it must be.
        is_adopting: it is only hashed, stretch by stretch, by a worker that is there for that;
            otherwise a small file is held whole, in the bytes admitted for it.

    Raises:
        Ended: no regular file there, or too young, or the root is not the accepted one.
        OSError: it cannot be opened.
    """
    root = kit.borrow_root(action)
    try:
        fd = _open(kit, action, root.fd)
    finally:
        kit.held_root.give_back(root)
    try:
        source = Source(action, fd, settle, kit, gives_turns=not is_adopting)
        source.check_young()
        if not is_adopting:
            _check_admitted(action, source.entry, kit.settings.multipart_threshold_bytes)
    except BaseException:
        os.close(fd)
        raise
    return source


def _do_nothing() -> Call:
    yield from ()
    return None


def _open(kit: Kit, action: Action, root_fd: int) -> int:
    try:
        return kit.files.open_regular(root_fd, action.path)
    except OSError:
        look = kit.files.lstat_path(root_fd, action.path)
        if isinstance(look, LocalEntry):
            raise
        state = look if isinstance(look, str) else _STATES.get(look.reason, "unknown")
        raise Ended(superseded(action, f"local_{state}", local_state=state)) from None


def _check_admitted(action: Action, entry: LocalEntry, threshold_bytes: int) -> None:
    """A buffer may be no larger than what the pool made room for: the decided size and a slack."""
    decided = action.local.size_bytes if action.local else 0
    admitted = (0 if decided > threshold_bytes else decided) + _GROWTH_SLACK_BYTES
    if admitted < entry.size_bytes <= threshold_bytes:
        raise Ended(superseded(action, "changed_since_decided", due_in_seconds=0.0))


def _is_rewritten_in_place(action: Action, entry: LocalEntry) -> bool:
    """Whether a file with a writer is known not to be one that only grew."""
    known = action.baseline
    return known is not None and known.inode == entry.inode and known.size_bytes >= entry.size_bytes


def _unstable(action: Action) -> Outcome:
    again = superseded(action, "unstable", due_in_seconds=_UNSTABLE_SECONDS)
    return replace(again, hint="It is rewritten without a pause: exclude it, or replace it whole.")
