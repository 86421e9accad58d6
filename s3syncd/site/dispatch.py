"""From the backlog to the pool: intents first, then the call, and what a running call reports.

Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import Action, Kind, Settle
from s3syncd.ledger import Intent
from s3syncd.pool import Call
from s3syncd.site.aftermath import Aftermath
from s3syncd.site.backlog import Backlog, Planned
from s3syncd.site.looks import Looks
from s3syncd.site.messages import Finished, Noted
from s3syncd.site.parts import Parts
from s3syncd.site.recovery import Recovery
from s3syncd.site.scrub import Scrub
from s3syncd.site.unanswered import intent_for, is_each_intended
from s3syncd.transfer import EtagLearnt, IntentNeeded, MultipartCreated, PartDone

__all__ = ["Dispatch"]

_AT_ONCE = 64  # actions whose intents share one commit: 64 PUTs hide one fsync
_SPARE = 4  # more than the pool took last time: how it is noticed that it takes more
_RECOVERY_SECONDS = 1.0  # a path whose last effect is unknown is asked again after this
_ALWAYS_INTENDED = frozenset({Kind.DELETE_REMOTE, Kind.RECLASS, Kind.COPY})


class Dispatch:
    """Hands planned actions to the pool, as many as it takes."""

    def __init__(
        self,
        parts: Parts,
        backlog: Backlog,
        looks: Looks,
        recovery: Recovery,
        *,
        aftermath: Aftermath,
        scrub: Scrub,
    ) -> None:
        self._parts = parts
        self._aftermath = aftermath
        self._scrub = scrub
        self._backlog = backlog
        self._looks = looks
        self._recovery = recovery
        self._may_work = True
        self._may_hash = True
        self._at_once = _AT_ONCE

    def room(self) -> None:
        """A pool has room again."""
        self._may_work = self._may_hash = True

    @property
    def can_go_on(self) -> bool:
        """Whether something is planned that a pool may take."""
        return self._backlog.has_next(may_work=self._may_work, may_hash=self._may_hash)

    def plan_deletion(self, action: Action, now: float) -> None:
        """Plan a deletion that was confirmed twice."""
        self._backlog.add(Planned(action, Settle(), is_live=False, planned_at=now))

    def advance(self, now: float) -> None:
        """Offer actions until nothing is planned or the pools say no."""
        self._drop_intents()
        while self.can_go_on:
            chosen = self._backlog.next(
                self._at_once, may_work=self._may_work, may_hash=self._may_hash
            )
            if not chosen:
                return
            known = [planned for planned in chosen if self._is_known(planned, now)]
            self._write_intents(known)
            if self._aftermath.is_open:
                for planned in known:
                    self._aftermath.met(planned.action)
            refused = [planned for planned in known if not self._offer(planned, now)]
            self._backlog.give_back(refused)
            self._learn(taken=len(known) - len(refused), is_full=bool(refused))

    def _learn(self, *, taken: int, is_full: bool) -> None:
        """Ask the backlog for about as many as the pool takes: it took two of three in vain.

        Where each action has an intent the number stays, because it is also that of a commit.
        """
        if is_full and not is_each_intended(self._parts.settings):
            self._at_once = min(_AT_ONCE, taken + _SPARE)
        elif not is_full:
            self._at_once = min(_AT_ONCE, 2 * self._at_once)

    def noted(self, message: Noted) -> None:
        """Keep what a running call reports; one that waits goes on when it is durable."""
        note, ledger = message.note, self._parts.ledger
        if isinstance(note, EtagLearnt):
            ledger.set_meta("etag_is_md5", "1" if note.is_md5 else "0")
        elif isinstance(note, PartDone):
            ledger.record_part(note.path, note.number, note.etag)
        elif isinstance(note, IntentNeeded):
            self._put_intent(_multipart_intent(note, self._parts.wall()))
        elif isinstance(note, MultipartCreated):
            intent = ledger.intent(note.path)
            if intent is not None:
                self._put_intent(
                    intent._replace(upload_id=note.upload_id, part_size_bytes=note.part_size_bytes)
                )
        if message.resume is not None:
            ledger.commit()
            message.resume(True)

    def _drop_intents(self) -> None:
        """Drop the intents of plans that were given up before anything was begun."""
        for intent in self._backlog.take_dropped():
            stored = self._parts.ledger.intent(intent.path)
            is_used = intent.path in self._backlog.in_flight or self._recovery.is_of(intent)
            if stored == intent and not intent.part_size_bytes and not is_used:
                self._parts.ledger.drop_intent(intent.path)

    def _put_intent(self, intent: Intent) -> None:
        self._recovery.displace(intent.path)
        self._parts.ledger.put_intent(intent)
        planned = self._backlog.in_flight.get(intent.path)
        if planned is not None:
            planned.intent = intent

    def _is_known(self, planned: Planned, now: float) -> bool:
        """Whether the last effect on the path is known; if not, the path waits for it."""
        path = planned.action.path
        if self._scrub.holds(planned.action):
            self._looks.clean(path)
            return False
        if not self._is_large(planned.action):
            self._recovery.end_left(path, now)  # only another large upload can take it up
        if not self._recovery.is_in_doubt(path):
            return True
        self._recovery.hurry(path, now)
        self._looks.again(path, now, _RECOVERY_SECONDS, planned.action)
        return False

    def _write_intents(self, chosen: list[Planned]) -> None:
        has_written = False
        for planned in chosen:
            if planned.intent is None and self._is_intended(planned.action):
                has_written |= self._intend(planned)
        if has_written:
            self._parts.ledger.commit()

    def _is_intended(self, action: Action) -> bool:
        if action.kind in _ALWAYS_INTENDED:
            return True
        if action.kind is not Kind.UPLOAD:
            return False
        return is_each_intended(self._parts.settings) or self._is_large(action)

    def _is_large(self, action: Action) -> bool:
        limit = self._parts.settings.multipart_threshold_bytes
        is_body = action.kind is Kind.UPLOAD and action.local is not None
        return bool(is_body and action.local and action.local.size_bytes > limit)

    def _intend(self, planned: Planned) -> bool:
        """Give the action its intent: the one of an interrupted multipart upload, or a new one."""
        ledger, action = self._parts.ledger, planned.action
        old = ledger.intent(action.path)
        if old is not None and old.upload_id is not None and action.kind is Kind.UPLOAD:
            planned.intent = planned.taken_up = old
            return False
        planned.intent = intent_for(action, op_id=self._parts.new_id(), wall=self._parts.wall())
        self._recovery.displace(action.path)
        ledger.put_intent(planned.intent)
        return True

    def _offer(self, planned: Planned, now: float) -> bool:
        parts, action = self._parts, planned.action
        is_hash = action.kind is Kind.ADOPT
        if not (self._may_hash if is_hash else self._may_work):
            return False
        planned.settle = self._looks.settle_for(planned, now)
        lane = parts.checksum_lane if is_hash else parts.lane
        is_admitted = lane.offer(
            self._call(planned),
            size_bytes=parts.transfer.bytes_for(action),
            done=lambda answer: parts.inbox.put(Finished(planned, answer)),
        )
        if is_admitted:
            self._backlog.start(planned, now)
        elif is_hash:
            self._may_hash = False
        else:
            self._may_work = False
        return is_admitted

    def _call(self, planned: Planned) -> Callable[[], Call]:
        transfer = self._parts.transfer
        return lambda: transfer.call_for(
            planned.action, settle=planned.settle, intent=planned.intent
        )


def _multipart_intent(note: IntentNeeded, wall: float) -> Intent:
    local = note.local
    return Intent(
        note.path,
        note.op_id,
        str(Kind.UPLOAD),
        local.size_bytes,
        local.mtime_ns,
        local.ctime_ns,
        local.inode,
        etag_before=note.etag_before,
        part_size_bytes=note.part_size_bytes,
        created_wall=wall,
    )
