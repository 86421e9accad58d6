"""What a state of the model is made of. All immutable and comparable: a state is its own key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from s3syncd.core.entry import Action, BaselineRow, LocalEntry, UnknownMark
from s3syncd.ledger import Deletion, Intent, Retry

__all__ = [
    "BODIES",
    "ETAGS",
    "PATH",
    "Budget",
    "Call",
    "Durable",
    "Job",
    "Memory",
    "Obj",
    "Open",
    "Options",
    "Plan",
    "Request",
    "Scan",
    "State",
    "Step",
    "Volatile",
]

PATH: Final = "p"

# Contents 0, 1, 3 and 4 have the same size: only then are two sides compared by content.
BODIES: Final = (b"aaaa", b"bbbb", b"cc", b"dddd", b"eeee", b"ff", b"gggg", b"hhhh", b"ii", b"jjjj")
ETAGS: Final = tuple(hashlib.md5(body).hexdigest() for body in BODIES)


class Obj(NamedTuple):
    """The object at the path's key.

    `op` is our operation id in its metadata, or ''. `born` is the number of the user's operation
    that made the file it was put from (or that it was adopted for); -1: somebody else's.
    """

    content: int
    op: str
    born: int


class Request(NamedTuple):
    """One request: put, head or delete."""

    verb: str
    content: int = -1
    op: str = ""
    born: int = -1
    if_match: str | None = None
    if_none_match: bool = False


class Job(NamedTuple):
    """What a worker was asked for: to carry out an action, or to look what became of an intent."""

    action: Action | None
    intent: Intent | None
    baseline: BaselineRow | None = None
    older: tuple[Intent, ...] = ()


class Call(NamedTuple):
    """A call under way.

    `trace` is what it met so far: at its start and at each answer, the file at the path and the
    answer. `request` waits for its answer, given or not yet (`is_applied`).
    """

    job: Job
    op: str = ""
    trace: tuple[tuple[LocalEntry | None, Any], ...] = ()
    request: Request | None = None
    reply: Any = None
    is_applied: bool = False


class Scan(NamedTuple):
    """A pass under way: what it has seen so far of the two sides."""

    started_seq: int
    is_local_seen: bool = False
    local: LocalEntry | UnknownMark | None = None
    is_remote_seen: bool = False
    remote: int | None = None


class Durable(NamedTuple):
    """What the ledger has on the disk."""

    row: BaselineRow | None = None
    intent: Intent | None = None
    deletion: Deletion | None = None
    retry: Retry | None = None
    late: tuple[Intent, ...] = ()


class Memory(NamedTuple):
    """The ledger as its connection sees it, with the counters."""

    now: Durable = Durable()
    row_seq: int = 0
    tomb_seq: int = 0
    seq: int = 0


class Plan(NamedTuple):
    """An action in the backlog."""

    action: Action
    is_live: bool
    intent: Intent | None


class Open(NamedTuple):
    """An effect without an answer, as the site remembers it.

    The times of `intent` and of `older` ones, effects before it, say whether their minute is over.
    """

    intent: Intent
    is_later: bool
    is_asked: bool
    has_failed: bool
    seq: int
    has_been_seen: bool
    older: tuple[Intent, ...] = ()


class Volatile(NamedTuple):
    """What the process has in memory about the path, and nowhere else.

    Times are not kept: whatever is not a minute away is due.
    """

    is_dirty: bool = False
    is_looking: bool = False
    is_deferred: bool = False
    has_entry: bool = False
    is_unseen: bool = False
    dirty_inode: int | None = None
    withheld_inode: int | None = None
    planned: Plan | None = None
    in_flight: Plan | None = None
    open: Open | None = None
    failed: Any = ()
    failed_inode: int | None = None
    kept: Action | None = None
    is_drift: bool = False
    is_wanted: bool = False
    has_want: bool = False
    is_gone: bool = False
    is_looking_again: bool = False
    may_pass: bool = False
    looks: int = 0


class State(NamedTuple):
    """Everything there is. The counts are what may still happen; `scan` is the pass under way.

    For the judge: `deleted` is the number of the user's last deletion, `known` and `shown` are
    sets of contents (bits) that were ever at the path and in the bucket.
    """

    local: LocalEntry | None
    remote: Obj | None
    memory: Memory
    disk: Durable
    process: Volatile
    ops: int
    crashes: int
    losses: int
    used: int
    deleted: int
    known: int
    shown: int
    call: Call | None = None
    late: tuple[Request, ...] = ()
    scan: Scan | None = None
    is_unheard: bool = False
    is_ledger_lost: bool = False


class Step(NamedTuple):
    """One step of the world: its name, where it leads, and what it broke."""

    name: str
    state: State
    broken: str = ""


class Budget(NamedTuple):
    """How often things may happen: users' operations, crashes, answers lost."""

    ops: int
    crashes: int
    losses: int


@dataclass(frozen=True)
class Options:
    """A site's policy, the limits of the world, and what is switched off to see it noticed.

    Attributes:
        loses_ledger: a crash may take the ledger with it.
        starts: what everything begins with: `empty`, `there` (a file alone), `met` (first contact
            with another object) or `agreed` (both sides equal, and recorded).
        off: names of guards that the world, not the program, holds.
    """

    budget: Budget
    retire_deleted: bool = True
    on_drift: str = "overwrite"
    loses_ledger: bool = False
    starts: tuple[str, ...] = ("empty", "met", "agreed")
    off: frozenset[str] = field(default_factory=frozenset)
