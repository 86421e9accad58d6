"""One site's way to the second process: what goes there, and what it must know about the site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, Final, NamedTuple

from s3syncd.core.entry import Action, Settle
from s3syncd.core.safety import RootIdentity
from s3syncd.pool import Start
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.reply import S3Failure
from s3syncd.s3.wire import Contact, Frozen
from s3syncd.sender.line import Line
from s3syncd.sender.office import Office
from s3syncd.transfer import EtagLearnt, Note, TransferSettings

__all__ = ["MOST_BYTES", "Branch", "Place"]

MOST_BYTES: Final = 256 * 1024
"""Larger files keep a core busy with what does not need the interpreter (hashing, copying), which
the threads of one process do at the same time: there is nothing to gain."""

_LONGEST_PLACE: Final = 32 * 1024
"""Characters, of four bytes at most: what is told of a site is one message, of at most 416 KiB."""


class Place(NamedTuple):
    """Where a site is on both sides; see `core.paths.Scope`."""

    root: str
    prefix: str
    exclusions: tuple[str, ...]
    inclusions: tuple[str, ...]
    inner_prefixes: tuple[str, ...]


@dataclass(slots=True)
class _Introduced:
    """What the other side knows of the site."""

    line: Line | None = None
    number: int = 0
    contact: Contact | None = None
    frozen: Frozen | None = None
    has_root: bool = False


class Branch:
    """Sends a site's small uploads to the second process, while there is one.

    Only what it can judge alone: not where a version that is not ours waits for a person
    (`on_drift: hold`), and not under a limit of bandwidth or requests, which is kept here.

    Args:
        office: has the line.
        bucket: of the site, with its limits and its tally.
        place: of the site.
        settings: of its transfers.
    """

    def __init__(
        self, office: Office, bucket: Bucket, place: Place, settings: TransferSettings
    ) -> None:
        self._office, self._bucket = office, bucket
        self._place, self._settings = place, settings
        length = sum(len(text) for part in place for text in part)
        self._is_apt = settings.policy.on_drift != "hold" and length <= _LONGEST_PLACE
        self._report: Callable[[Note], None] = _nobody
        self._etag_is_md5: bool | None = None
        self._identity: RootIdentity | None = None
        self._known = _Introduced()
        self._lock = Lock()

    def open(self, report: Callable[[Note], None], *, etag_is_md5: bool | None) -> None:
        """Take what `Transfer` is given; before the first upload."""
        self._report, self._etag_is_md5 = report, etag_is_md5

    def carry(self, action: Action, settle: Settle, op_id: str | None) -> Start | None:
        """See `transfer.ports.Beside`."""
        local, contact = action.local, self._bucket.contact
        if not self._is_apt or local is None or local.size_bytes > MOST_BYTES or contact is None:
            return None
        line = self._office.line() if self._bucket.turns.are_free else None
        if line is None:
            return None
        try:
            frozen = contact.credentials()
        except S3Failure:
            return None  # told where it is met without us
        known = self._known
        if line is not known.line or contact is not known.contact or frozen != known.frozen:
            self._introduce(line, contact, frozen)
        known.has_root = True
        return partial(line.ask, known.number, action, settle, op_id)

    def accept_root(self, identity: RootIdentity | None) -> None:
        """See `Transfer.accept_root`."""
        with self._lock:
            self._identity = identity
            if (line := self._known.line) is not None:
                line.tell("root", self._known.number, _plain(identity))

    def rest(self, *, for_good: bool) -> None:
        """See `Transfer.rest`."""
        known = self._known
        if known.line is not None and (known.has_root or for_good):
            known.has_root = False
            known.line.tell("rest", known.number, for_good)

    def expire(self, now: float) -> None:
        """See about once a second how the second process is; `now`: monotonic seconds."""
        self._office.tick(now)

    def leave(self) -> None:
        """Cancel what is under way, and have the site forgotten; a later upload begins anew."""
        with self._lock:
            known, self._known = self._known, _Introduced()
        if known.line is not None:
            known.line.leave(known.number)

    def learnt(self, *, is_md5: bool) -> None:
        """See `sender.line.Site`."""
        self._etag_is_md5 = is_md5
        self._report(EtagLearnt(is_md5))

    def counted(self, plain: tuple[Any, ...]) -> None:
        """See `sender.line.Site`."""
        if self._bucket.tally.add(plain):
            self._bucket.window.throttled()  # the store's answer to there is one to here, too

    def _introduce(self, line: Line, contact: Contact, frozen: Frozen) -> None:
        with self._lock:
            known = self._known
            if line is not known.line or contact is not known.contact:
                if known.line is line:
                    line.leave(known.number)
                known.number = line.enroll(self)
                line.tell("site", known.number, self._told(contact, frozen))
                known.line, known.contact = line, contact
            elif frozen != known.frozen:
                line.tell("keys", known.number, tuple(frozen))
            known.frozen = frozen

    def _told(self, contact: Contact, frozen: Frozen) -> tuple[Any, ...]:
        settings, policy = self._bucket.settings, self._settings.policy
        return (
            tuple(self._place),
            (
                policy.mode, policy.retire_deleted, policy.retire_foreign, policy.on_drift,
                policy.storage_class,
            ),
            (tuple(contact.endpoint), contact.base_path, tuple(frozen)),
            (settings.bucket, settings.prefix, settings.max_connections),
            (_plain(self._identity), self._etag_is_md5),
        )  # fmt: skip


def _plain(identity: RootIdentity | None) -> tuple[int, int] | None:
    return None if identity is None else (identity.inode, identity.fsid)


def _nobody(_note: Note) -> None:
    return
