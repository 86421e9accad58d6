"""The values that travel between scan, listing, ledger, reconcile, pool and site.

All are immutable. The three that exist once per file (`LocalEntry`, `RemoteEntry`, `BaselineRow`)
are named tuples because a pass makes millions of them (a frozen dataclass costs three times as
much to build; measured with timeit, Python 3.11, 2026-11).

Order: streams are sorted by `path`, compared as str. For text without surrogates that is the order
of the UTF-8 bytes, which is the order in which S3 lists keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

__all__ = [
    "Action",
    "BaselineRow",
    "Kind",
    "LocalEntry",
    "Outcome",
    "Problem",
    "RemoteEntry",
    "Result",
    "Settle",
    "StatRow",
    "UnknownMark",
]


class LocalEntry(NamedTuple):
    """A regular file as seen by lstat. `path` is site-relative, POSIX, encodable as UTF-8."""

    path: str
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    mode: int


class RemoteEntry(NamedTuple):
    """An object as listed. `etag` without quotes; `storage_class` STANDARD when none is listed."""

    path: str
    size_bytes: int
    etag: str
    storage_class: str


class BaselineRow(NamedTuple):
    """What both sides last agreed on for one path.

    The stat fields were taken before the content was read. `md5` is lower-case hex of the content
    or None when never computed. `etag` is the version token of the object, without quotes.
    `storage_class` is the class that was asked for, whatever the store lists. `changed_seq` is the
    site counter at the time the row was written (0 until the ledger sets it).
    """

    path: str
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    mode: int
    md5: str | None
    etag: str
    storage_class: str
    changed_seq: int = 0


StatRow: TypeAlias = tuple[str, int, int, int, int, int]
"""The first six fields of a `BaselineRow`, which are those of a `LocalEntry`: all that a rescan
compares. Numbers may be folded as the ledger keeps them; such a row equals no entry."""


class UnknownMark(NamedTuple):
    """A place of the tree that could not be judged: never taken for absent.

    `path` without a trailing slash speaks of that name alone; with one (or the empty path) of
    everything that starts with it. In a stream it stands at the sorted position of `path`.
    `reason` is a closed word: symlink special_file unreadable undecodable_name mount_missing
    mount_new io_error.
    """

    path: str
    reason: str


class Kind(StrEnum):
    """What an action does."""

    UPLOAD = "Upload"
    DOWNLOAD = "Download"
    DELETE_REMOTE = "DeleteRemote"
    DELETE_LOCAL = "DeleteLocal"
    ADOPT = "Adopt"
    FORGET = "Forget"
    COPY = "Copy"
    CONFLICT = "Conflict"
    RECLASS = "Reclass"


class Action(NamedTuple):
    """One step of a plan: what was seen when it was decided, and the row of the table that did.

    `row` is the row number of the decision table (0-15). `reason` is a closed word for logs
    (new changed drift vanished first_contact conflict retired foreign class; of a `Forget`: gone
    kept out_of_scope).
    """

    kind: Kind
    path: str
    local: LocalEntry | None
    baseline: BaselineRow | None
    remote: RemoteEntry | None
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Settle:
    """What the worker must know to prove that a file is quiet.

    `quiet_seconds` is the stat age asked for at the first fstat when the last hint was a close or
    a move-in (`is_closed`), `open_seconds` otherwise. `is_past_deadline`: a file that only grew, as
    looks have shown (`is_growing`), may be sent up to the size of the first fstat; any other one is
    unstable. `first_seen_wall_ns` is when a timestamp in the
    future was first met (0: now). `decided_seconds_ago` is how long ago the action was decided on,
    by a clock that does not jump: what changed since then is no older. By the same clock nothing
    is known to be older than `leapt_seconds_ago`, when the wall clock was last seen to leap ahead;
    nor than `watched_seconds`, for which it was watched, where the system knows of a writer.
    """

    quiet_seconds: float = 0.1
    open_seconds: float = 5.0
    is_closed: bool = False
    is_past_deadline: bool = False
    first_seen_wall_ns: int = 0
    decided_seconds_ago: float = float("inf")
    is_growing: bool = False
    watched_seconds: float = float("inf")
    leapt_seconds_ago: float = float("inf")


class Result(StrEnum):
    """What came of an action, named by what the site does next."""

    DONE = "Done"
    SUPERSEDED = "Superseded"
    RETRYABLE = "Retryable"
    REFUSED = "Refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one action. Frozen; made by a worker, read by the site thread.

    Attributes:
        action: the action carried out.
        result: see `Result`.
        effect: what was done to the world: none put adopted unchanged deleted gone reclassed.
        row: the baseline to record (Done with put, adopted, unchanged, reclassed), stat taken
            before reading.
        is_stale: after the effect the path did not hold the same inode and stat: it is dirty.
        is_unknown: no answer came; the effect may have been applied, now or later.
        is_provisional: the row's version is what the answer called it; a listing may call it
            otherwise, so the object is to be asked some time.
        due_in_seconds: Superseded because not quiet: look again after this long; else None.
        follow_up: an action that this outcome calls for at once (Adopt that found other content).
        local_state: what the worker met at the path: file absent directory special unknown.
        reason: closed word, e.g. not_quiet changed_while_reading throttled access_denied.
        hint: what the operator can do; may be empty.
        scope: whose trouble it is: path bucket root.
        sent_bytes: body bytes sent.
    """

    action: Action
    result: Result
    effect: str = "none"
    row: BaselineRow | None = None
    is_stale: bool = False
    is_unknown: bool = False
    is_provisional: bool = False
    due_in_seconds: float | None = None
    follow_up: Action | None = None
    local_state: str = "file"
    reason: str = ""
    hint: str = ""
    scope: str = "path"
    sent_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """A difficulty with one path; data, not an exception; stops nothing else.

    `since` is wall-clock seconds since the epoch.
    """

    path: str
    reason: str
    hint: str
    since: float
