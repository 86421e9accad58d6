"""Re-hash a site's files and compare them with the listing: nothing is fetched, nothing changed.

The merge of a reconcile does it, with an empty baseline: every path that is there on either side
then becomes an action, and instead of being carried out it is compared. Memory is flat.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.difference import Difference
from s3syncd.core.entry import Action, LocalEntry, Settle, UnknownMark
from s3syncd.core.reconcile import Policy, StreamDisorderError, Tally, merge
from s3syncd.errors import LedgerError, SiteUnavailable
from s3syncd.ledger import Ledger
from s3syncd.local.identity import RootError, identity_of, open_root
from s3syncd.supervisor.build import (
    Bench,
    Workshop,
    ledger_identity,
    ledger_path,
    policy_of,
    scope_of,
)
from s3syncd.supervisor.sides import CannotPlanError, LocalSide, remote_pages
from s3syncd.transfer import Transfer, TransferSettings

__all__ = ["StoppedError", "Verification", "verify"]

_CLOSE_SECONDS = 1.0
_LOOK_SECONDS = 1.0  # how often it is seen whether the work is to be given up
_SKIPPED = frozenset({"symlink", "special_file"})


@dataclass(frozen=True, slots=True)
class _Answer:
    action: Action
    word: object


class StoppedError(Exception):
    """The verification was given up."""


class Verification:
    """Compares one site, once.

    Args:
        settings: of the site.
        state_dir: where its ledger is; it is only read, also beside a running daemon.
        bench: makes bucket and lanes; takes what a pool calls when it has room.
        is_given_up: asked now and then.

    Attributes:
        files: compared so far.
        bytes: hashed of them.
        reason: why it could not be done, or not to its end (a guard's word); None: it was.
    """

    def __init__(
        self,
        settings: SiteConfig,
        state_dir: Path,
        bench: Callable[[Callable[[], None]], Bench],
        *,
        is_given_up: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name = settings.name
        self.files = 0
        self.bytes = 0
        self.reason: str | None = None
        self.hint: str | None = None
        self._tally = Tally()
        self._settings = settings
        self._state_dir = state_dir
        self._scope = scope_of(settings)
        self._is_given_up = is_given_up
        self._answers: SimpleQueue[_Answer | None] = SimpleQueue()
        self._marks: deque[Difference] = deque()
        self._bench = bench(lambda: self._answers.put(None))
        self._in_flight = 0
        self._transfer: Transfer | None = None
        self._settle = Settle(settings.settle_seconds, settings.settle_open_seconds)

    @property
    def objects(self) -> int:
        """Objects met in the listing so far."""
        return self._tally.remote_objects

    def differences(self) -> Iterator[Difference]:
        """Compare, and give what differs as it is found; to be read once, to its end.

        Raises:
            LedgerError: the ledger cannot be read.
            StoppedError: it was given up.
        """
        try:
            ledger = Ledger.open_readonly(
                ledger_path(self._state_dir, self._settings),
                identity=ledger_identity(self._settings),
            )
        except LedgerError:
            self._close()
            raise
        try:
            with LocalSide(self._settings, self._scope, ledger) as local:
                local.check_root()
                self._bench.bucket.connect()
                yield from self._found(ledger, local)
        except SiteUnavailable as error:
            self._stop(error.reason, f"{error.message} {error.hint}".strip())
        except CannotPlanError as error:
            self._stop(error.reason, error.hint)
        except StreamDisorderError as error:
            self._stop("listing_incomplete", str(error))
        except RootError as error:
            self._stop("root_missing", str(error))
        finally:
            self._close()
            ledger.close()

    def _found(self, ledger: Ledger, local: LocalSide) -> Iterator[Difference]:
        transfer = self._transfer = self._made_transfer(ledger)
        for action in self._compared(local):
            if self._is_given_up():
                raise StoppedError
            if action is not None and (problem := self._scope.problem_with(action.path)):
                yield Difference(action.path, problem)
            elif action is not None:
                yield from self._offered(transfer, ledger, action)
            yield from self._marked()
        while self._in_flight:
            yield from self._taken(ledger)
        yield from self._marked()

    def _compared(self, local: LocalSide) -> Iterator[Action | None]:
        """Give every path that is there on a side; that of a file without an object, too."""
        policy = Policy(
            mode="two-way",  # an action for each path, whichever side it is on
            retire_deleted=False,
            retire_foreign=False,
            on_drift="overwrite",
            storage_class=None,
            covers=self._scope.covers,
        )
        remote = remote_pages(
            self._bench.bucket,
            self._scope,
            retries=self._settings.s3_ops_retries,
            on_request=lambda: None,
        )
        return merge(self._watched(local.batches()), iter(()), remote, policy, self._tally)

    def _watched(
        self, batches: Iterator[Sequence[LocalEntry | UnknownMark] | None]
    ) -> Iterator[Sequence[LocalEntry | UnknownMark] | None]:
        """Note what of the tree could not be read, on its way into the merge."""
        for batch in batches:
            for each in batch or ():
                if isinstance(each, UnknownMark) and each.reason not in _SKIPPED:
                    word = "unreadable" if each.reason != "undecodable_name" else each.reason
                    self._marks.append(Difference(each.path, word))
            yield batch

    def _marked(self) -> Iterator[Difference]:
        while self._marks:
            yield self._marks.popleft()

    def _offered(self, transfer: Transfer, ledger: Ledger, action: Action) -> Iterator[Difference]:
        """Have a path compared as soon as a worker is free; give what was found meanwhile."""
        lane = self._bench.checksum_lane
        while not lane.offer(
            lambda: transfer.verify_for(action, settle=self._settle),
            size_bytes=0,
            done=lambda word: self._answers.put(_Answer(action, word)),
        ):
            yield from self._taken(ledger)
        self._in_flight += 1

    def _taken(self, ledger: Ledger) -> Iterator[Difference]:
        """Wait for an answer, or for room."""
        try:
            answer = self._answers.get(timeout=_LOOK_SECONDS)
        except Empty:
            answer = None
        if self._is_given_up():
            raise StoppedError
        if answer is None:
            return
        self._in_flight -= 1
        action, word = answer.action, answer.word
        if action.local is not None:
            self.files += 1
            self.bytes += action.local.size_bytes
        if word != "":
            yield Difference(action.path, _named(ledger, action, word))

    def _made_transfer(self, ledger: Ledger) -> Transfer:
        settings = self._settings
        transfer = Transfer(
            self._bench.bucket,
            self._scope,
            settings.root,
            TransferSettings(policy_of(settings)),
            clock=time.time_ns,
            lane=self._bench.lane,
            commit_intent=lambda _note: lambda resume: resume(False),  # it has no effect
            report=lambda _note: None,
            etag_is_md5={"1": True, "0": False}.get(ledger.meta("etag_is_md5") or ""),
        )
        root_fd = open_root(settings.root)
        try:
            transfer.accept_root(identity_of(root_fd))
        finally:
            os.close(root_fd)
        return transfer

    def _stop(self, reason: str, hint: str) -> None:
        self.reason, self.hint = reason, hint

    def _close(self) -> None:
        self._bench.close_lanes()
        self._bench.close_bucket(_CLOSE_SECONDS)
        if self._transfer is not None:
            self._transfer.rest(for_good=True)  # else the root's file system could not be unmounted


def verify(config: Config, names: Sequence[str]) -> Iterator[Verification]:
    """Give the verifications of these sites, one after the other, in this process."""
    workshop = Workshop(config, is_one_shot=True)
    workshop.start()
    try:
        for settings in config.sites:
            if settings.name in names:
                yield _alone(workshop, config, settings)
    finally:
        workshop.stop(_CLOSE_SECONDS)


def _alone(workshop: Workshop, config: Config, settings: SiteConfig) -> Verification:
    return Verification(
        settings, config.state_dir, lambda on_room: workshop.bench(settings, on_room)
    )


def _named(ledger: Ledger, action: Action, word: object) -> str:
    """Name a difference in the light of the baseline; `word` may be a call that failed."""
    if not isinstance(word, str):
        return "not_compared"
    row = ledger.baseline(action.path)
    if row is None:
        return word
    if word == "foreign_object":
        return "deleted_here"
    local, remote = action.local, action.remote
    is_as_sent = local is not None and local[1:5] == row[1:5]
    is_as_put = remote is not None and remote.etag == row.etag
    return "silent_change" if word == "other_content" and is_as_sent and is_as_put else word
