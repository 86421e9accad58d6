"""What every call of one site works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from s3syncd.core.entry import Action, LocalEntry, Outcome, Result
from s3syncd.core.messages import Look
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from s3syncd.core.safety import REASONS, RootIdentity
from s3syncd.local import files as real_files
from s3syncd.local.held import OpenedRoot
from s3syncd.local.identity import RootError
from s3syncd.pool import Lane, Start
from s3syncd.s3.bucket import Bucket
from s3syncd.transfer.buffers import Shelf
from s3syncd.transfer.notes import Note
from s3syncd.transfer.outcomes import Ended
from s3syncd.transfer.ports import Beside, Files, Root, new_id

__all__ = ["Kit", "TransferSettings"]


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """What of a site's configuration its transfers obey.

    Files larger than `multipart_threshold_bytes` go up in parts. `policy` is the one that the
    site decides by. `ops_retries` is how often a step of a multipart upload is repeated before
    the file goes to the end of the queue.
    """

    policy: Policy
    multipart_threshold_bytes: int = 16 * 1024 * 1024
    ops_retries: int = 5


@dataclass(slots=True, eq=False)
class Kit:
    """What every call of one site works with; shared by its workers.

    Attributes:
        held_root: the site's directory.
        clock: wall clock, nanoseconds since the epoch.
        lane: where children (parts) are spawned.
        commit_intent: makes a note durable; what it resumes with is true when that was done.
        report: takes a note and returns at once; called from workers.
        root_identity: the accepted root; None = any directory at the root's place. Written by the
            site thread, read by workers: one reference, replaced whole.
        etag_is_md5: what the store's plain ETag has shown itself to be; None = not known yet.
        files: how files below the root are opened, read and looked at.
        new_id: makes the id of an operation; no other one ever has it.
        shelf: where the memory for parts is.
        beside: where small uploads may be carried out instead.
        keeps_conditions: the store is known to keep the conditions of writes. Written by the site
            thread.
    """

    bucket: Bucket
    scope: Scope
    held_root: Root
    settings: TransferSettings
    clock: Callable[[], int]
    lane: Lane
    commit_intent: Callable[[Note], Start]
    report: Callable[[Note], None]
    root_identity: RootIdentity | None = None
    etag_is_md5: bool | None = None
    files: Files = real_files
    new_id: Callable[[], str] = new_id
    shelf: Shelf = field(default_factory=Shelf)
    keeps_conditions: bool = True
    beside: Beside | None = None

    def borrow_root(self, action: Action) -> OpenedRoot:
        """Give the root once it is sure that the accepted one stands at its place.

        For `held_root.give_back`. No context manager: it is twice in the way of each small file.

        Raises:
            Ended: it is missing, or another one stands in its place.
        """
        try:
            return self.held_root.borrow(self.root_identity)
        except RootError as error:
            raise Ended(_root_trouble(action, error, self.held_root.path)) from error

    def look(self, action: Action) -> Look:
        """See what stands at the action's path now, through a root that was checked anew.

        Raises:
            Ended: the root is missing or another one.
        """
        root = self.borrow_root(action)
        try:
            return self.files.lstat_path(root.fd, action.path)
        finally:
            self.held_root.give_back(root)

    def is_stale(self, action: Action, entry: LocalEntry) -> bool:
        """Whether the path does not (or not provably) hold the file that was sent any more."""
        try:
            return self.look(action) != entry
        except (Ended, OSError):
            return True

    def key(self, action: Action) -> str:
        """Give the object's key."""
        return self.scope.key_for(action.path)

    @property
    def storage_class(self) -> str:
        """The class that an upload asks for, in the words of a listing."""
        return self.settings.policy.storage_class or "STANDARD"


def _root_trouble(action: Action, error: RootError, root: Path) -> Outcome:
    reason = "root_replaced" if error.seen else "root_missing"
    said = root if error.seen else error.strerror or type(error).__name__
    return Outcome(
        action,
        Result.RETRYABLE,
        local_state="unknown",
        reason=reason,
        hint=f"{REASONS[reason].remedy} ({said})",
        scope="root",
    )
