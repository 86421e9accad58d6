"""Carries out one action; checks again before and after; tells an outcome; knows no ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from s3syncd.core.entry import Action, BaselineRow, Kind, Outcome, Result, Settle
from s3syncd.core.paths import Scope
from s3syncd.core.safety import RootIdentity
from s3syncd.ledger import Intent
from s3syncd.local.held import HeldRoot
from s3syncd.pool import Call, Lane, Start
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.reply import S3Failure
from s3syncd.transfer import adopt, multipart, reclass, recover, retire, scrub, small, verify
from s3syncd.transfer.kit import Kit, TransferSettings
from s3syncd.transfer.notes import (
    EtagLearnt,
    IntentNeeded,
    MultipartCreated,
    Note,
    PartDone,
)
from s3syncd.transfer.outcomes import Ended, from_failure, from_os_error
from s3syncd.transfer.ports import Ports, new_id
from s3syncd.transfer.probing import Probed, probe
from s3syncd.transfer.source import open_source

__all__ = [
    "EtagLearnt",
    "IntentNeeded",
    "MultipartCreated",
    "Note",
    "PartDone",
    "Ports",
    "Probed",
    "Transfer",
    "TransferSettings",
    "new_id",
]


class Transfer:
    """Makes the calls that carry out one site's actions.

    Args:
        bucket: where the objects are.
        scope: names the key of a path.
        root: the site's directory, absolute, without symbolic links.
        settings: what of the site's configuration transfers obey.
        clock: wall clock, nanoseconds since the epoch.
        lane: the site's share of the pool, where parts become children.
        commit_intent: gives a Start that resumes once the note is durable: with something true,
            or with something false when it cannot be (the call then ends Retryable). Takes
            `IntentNeeded` and `MultipartCreated`.
        report: takes `PartDone` and `EtagLearnt`; returns at once; called from workers.
        root_identity: the accepted root; None checks nothing.
        etag_is_md5: what the ledger remembers of `EtagLearnt`; None = nothing yet.
        ports: how files are reached and ids are made.
    """

    def __init__(
        self,
        bucket: Bucket,
        scope: Scope,
        root: Path,
        settings: TransferSettings,
        *,
        clock: Callable[[], int],
        lane: Lane,
        commit_intent: Callable[[Note], Start],
        report: Callable[[Note], None],
        root_identity: RootIdentity | None = None,
        etag_is_md5: bool | None = None,
        ports: Ports | None = None,
    ) -> None:
        ports = ports or Ports(HeldRoot(root))
        self._kit = Kit(
            bucket, scope, ports.root, settings, clock, lane, commit_intent, report,
            root_identity, etag_is_md5, ports.files, ports.new_id, beside=ports.beside,
        )  # fmt: skip

    def accept_root(self, identity: RootIdentity | None) -> None:
        """From now on work only in this root; every call checks it anew. None checks nothing."""
        self._kit.root_identity = identity
        if self._kit.beside is not None:
            self._kit.beside.accept_root(identity)

    def trust_conditions(self, *, is_kept: bool) -> None:
        """Whether the store is known to keep conditions; else what rests on one looks first."""
        self._kit.keeps_conditions = is_kept

    def probe_for(self, key: str, *, left: str | None) -> Call:
        """Make the call that finds it out; see `transfer.probing`."""
        return probe(self._kit, key, left=left)

    def rest(self, *, for_good: bool = False) -> None:
        """Hold the root's file system no longer than calls use it; `for_good`: never again."""
        self._kit.held_root.let_go(for_good=for_good)
        if self._kit.beside is not None:
            self._kit.beside.rest(for_good=for_good)

    def bytes_for(self, action: Action) -> int:
        """Give the body bytes that the action's call will hold, for its admission.

        An upload in parts holds none itself: its parts are admitted one by one.
        """
        if action.kind is not Kind.UPLOAD or action.local is None:
            return 0
        size_bytes = action.local.size_bytes
        return 0 if size_bytes > self._kit.settings.multipart_threshold_bytes else size_bytes

    def call_for(self, action: Action, *, settle: Settle, intent: Intent | None = None) -> Call:
        """Make the call that carries out `action`; it returns an `Outcome`.

        Args:
            action: decided from what is there now.
            settle: how to prove that the file is quiet.
            intent: the committed intent of this path. Where one with an upload id exists it must
                be this one, so that the upload is taken up again.
        """
        beside, here = self._kit.beside, self._steps_of(action, settle, intent)
        if beside is not None and action.kind is Kind.UPLOAD:
            start = beside.carry(action, settle, intent.op_id if intent else None)
            if start is not None:
                return _carried(start, self._ended_well(action, here))
        return self._ended_well(action, here)

    def verify_for(self, action: Action, *, settle: Settle) -> Call:
        """Make the call that compares file and object anew; see `transfer.verify`."""
        return verify.verify(self._kit, action, settle)

    def scrub_for(self, readings: Sequence[scrub.Reading], *, limit_bytes: int) -> Call:
        """Make the call that reads files again; see `transfer.scrub`."""
        return scrub.scrub(self._kit, readings, limit_bytes=limit_bytes)

    def reading_of(self, row: BaselineRow) -> scrub.Reading:
        """Begin to read a file again."""
        return scrub.Reading(row, is_etag_md5=self._kit.etag_is_md5 is True)

    def recover_for(
        self, intent: Intent, *, baseline: BaselineRow | None, older: Sequence[Intent] = ()
    ) -> Call:
        """Make the call that finds out what became of an intent; it returns an `Outcome`.

        Of `older` ones, effects before it that may still be applied, only what shows is told: Done
        with `put`, of an upload of theirs.

        Done with `put` or `reclassed`: it was applied, record the row. Done with `deleted`: drop
        the baseline. Done with `gone`: the object is neither what was nor what should be; drop the
        baseline, look at the path again. Superseded `not_applied`: the baseline holds. Superseded
        `resumable`: as well, and the parts sent are worth keeping: keep the intent, and carry out
        the follow-up with it. Retryable and Refused: nothing is known yet; keep the intent.

        Not while an upload of the path is under way: uploads that the intent does not know are
        aborted.
        """
        action = recover.action_of(intent, baseline)
        return self._ended_well(action, recover.recover(self._kit, action, intent, older))

    def confirm_for(self, intent: Intent, *, baseline: BaselineRow | None) -> Call:
        """Make the call that asks for the version of an object whose upload was `is_provisional`.

        Done with `put`: the row with the version that a listing tells. Superseded: the object is
        another one by now, or gone; what follows is the follow-up.
        """
        action = recover.action_of(intent, baseline)
        return self._ended_well(action, recover.confirm(self._kit, action, intent))

    def _steps_of(self, action: Action, settle: Settle, intent: Intent | None) -> Call:
        match action.kind:
            case Kind.UPLOAD:
                return self._upload(action, settle, intent)
            case Kind.ADOPT:
                return adopt.adopt(self._kit, action, settle)
            case Kind.DELETE_REMOTE:
                return retire.retire(self._kit, action)
            case Kind.FORGET:
                return retire.see_gone(self._kit, action)
            case Kind.RECLASS:
                return reclass.reclass(self._kit, action, intent)
            case _:
                return _carry_nothing(action)

    def _upload(self, action: Action, settle: Settle, intent: Intent | None) -> Call:
        threshold = self._kit.settings.multipart_threshold_bytes
        with open_source(self._kit, action, settle) as source:
            way = small.send if source.entry.size_bytes <= threshold else multipart.send
            return (yield from way(self._kit, action, source, intent))

    @staticmethod
    def _ended_well(action: Action, steps: Call) -> Call:
        try:
            return (yield from steps)
        except Ended as ended:
            return ended.outcome
        except S3Failure as error:
            return from_failure(action, error.failure)
        except OSError as error:
            return from_os_error(action, error)


def _carried(start: Start, here: Call) -> Call:
    """Have it done beside; `here`: the steps to be done where that was not begun."""
    outcome = yield start
    return outcome if outcome is not None else (yield from here)


def _carry_nothing(action: Action) -> Call:
    """Conflict is the site's own; the other kinds need modes that do not exist yet."""
    is_own = action.kind is Kind.CONFLICT
    yield from ()
    return Outcome(
        action,
        Result.DONE if is_own else Result.REFUSED,
        reason="" if is_own else "not_supported",
    )
