"""What a site's inbox may hold besides the scanner's messages (`core.messages`).

All frozen. `Finished` and `Listed` come from workers, `Command` from the control socket's thread,
`Hinted` from the watch reader (one marker for any number of hints), `Room` from the pool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from s3syncd.core.entry import RemoteEntry
from s3syncd.site.backlog import Planned
from s3syncd.transfer.notes import Note

__all__ = [
    "Asked",
    "Command",
    "Connected",
    "Finished",
    "Hinted",
    "Listed",
    "Noted",
    "Recovered",
    "Room",
    "Scrubbed",
    "Sounded",
    "Stop",
    "refused",
]


@dataclass(frozen=True, slots=True)
class Finished:
    """A worker's answer for one planned action: an `Outcome`, or a `CallFailed`."""

    planned: Planned
    answer: object


@dataclass(frozen=True, slots=True)
class Recovered:
    """A worker's answer for one look at an intent: an `Outcome`, or a `CallFailed`."""

    path: str
    answer: object


class Listed(NamedTuple):
    """One page of a range of the listing of pass `pass_id`, or why it failed.

    For the rest see `s3.listing.ListingPage`.
    """

    pass_id: int
    range_number: int
    entries: Sequence[RemoteEntry] = ()
    next_token: str | None = None
    first_key: str = ""
    last_key: str = ""
    is_ascending: bool = True
    foreign_keys: int = 0
    failure: object | None = None

    @property
    def keys(self) -> int:
        """How many keys the page has."""
        return len(self.entries) + self.foreign_keys


@dataclass(frozen=True, slots=True)
class Connected:
    """The bucket answered the first contact (`error` None), or why it did not."""

    error: Exception | None


@dataclass(frozen=True, slots=True)
class Sounded:
    """Whether the bucket answered anything: True or False, or a `CallFailed`."""

    answer: object


@dataclass(frozen=True, slots=True)
class Asked:
    """A worker's answer about the store: a `transfer.probing.Probed`, or a `CallFailed`."""

    answer: object


@dataclass(frozen=True, slots=True)
class Noted:
    """What a running call tells its site (`transfer.notes`).

    With `resume` the call waits until the note is durable; `resume(True)` lets it go on.
    """

    note: Note
    resume: Callable[[object], None] | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A person's wish; `reply` takes the answer (a mapping that is valid JSON), once."""

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    reply: Callable[[dict[str, object]], None] = lambda _answer: None


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A worker's answer for a stretch of the scrub: `transfer.scrub.Scrubbed`s, or a `CallFailed`.

    `before_bytes` had been read of these files before.
    """

    answer: object
    before_bytes: int


@dataclass(frozen=True, slots=True)
class Hinted:
    """The hint table has something; sent once until it was emptied."""


@dataclass(frozen=True, slots=True)
class Room:
    """The pool has room again after a refusal."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Drain: start nothing new, record what is in flight until `deadline` (monotonic seconds)."""

    deadline: float


def refused(error: str, hint: str) -> dict[str, object]:
    """Word the answer to a command that is not carried out."""
    return {"ok": False, "error": error, "hint": hint}
