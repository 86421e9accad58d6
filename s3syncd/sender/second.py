"""The second process: carries out the uploads that the first one asks for, and knows no ledger."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Any, Final, NamedTuple

from s3syncd import __version__, collector, cores
from s3syncd.core.entry import Action, Kind, Outcome, Result
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from s3syncd.core.safety import RootIdentity
from s3syncd.core.tally import Counts
from s3syncd.ledger import Intent
from s3syncd.pool import Call, CallFailed, Lane, Pool, Start
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.poller import Poller
from s3syncd.s3.settings import BucketSettings
from s3syncd.s3.wire import Contact, Endpoint, Frozen
from s3syncd.sender.channel import Channel, Word
from s3syncd.sender.words import action_of, plain_outcome, settle_of
from s3syncd.transfer import EtagLearnt, Note, Transfer, TransferSettings

__all__ = ["Second", "Sizes"]

_TURN_SECONDS: Final = 1.0
"""As often as requests are looked after in the first process."""

_END_SECONDS: Final = 0.02
"""How soon it ends once the last answer was given."""

_NO_PARTS: Final = 1 << 62
"""Bytes above which an upload is in parts: that needs a ledger. What grew is refused instead."""


class Sizes(NamedTuple):
    """Of the pool; those of the first process, which never asks for more at once."""

    workers: int
    max_in_flight: int
    buffer_bytes: int


class _Site(NamedTuple):
    lane: Lane
    asked: deque[Word]  # not begun yet
    transfer: Transfer
    bucket: Bucket
    keys: list[Frozen]  # the last one is that of now
    counts: Counts


class Second:
    """Runs until the other end of the line is closed.

    Args:
        end: of a `channel_pair`.
        sizes: of the pool.
        make_transfer: makes that of a site.
    """

    def __init__(
        self,
        end: socket.socket,
        sizes: Sizes,
        *,
        make_transfer: Callable[..., Transfer] = Transfer,
    ) -> None:
        self._poller = Poller()
        self._pool = Pool(*sizes, waiter=self._poller)
        # As where there are more sites: the only one, too, leaves workers for one that may come.
        self._pool.lane("", _nothing)
        self._make_transfer = make_transfer
        self._unanswered: set[int] = set()
        self._offering, self._counting = Lock(), Lock()
        self._sites: dict[int, _Site] = {}
        self._is_ending = Event()
        self._channel = Channel(end, self._poller, on_word=self._take, on_end=self._is_ending.set)

    def run(self) -> None:
        """Work until the first process has hung up and has every answer."""
        self._pool.start()
        collector.spare_loaded()
        self._channel.tell(("ready", 0, __version__))
        while not self._is_ending.wait(_TURN_SECONDS):
            now = time.monotonic()
            cores.look(now)
            for number, site in list(self._sites.items()):
                site.bucket.expire(now)
                self._count(number, site)
        pause = Event()
        while self._unanswered:
            pause.wait(_END_SECONDS)
        self._channel.flush()
        self._channel.close()
        for site in self._sites.values():
            site.bucket.close(0.0)
        self._pool.stop(0.0)

    def _take(self, word: Word) -> None:
        kind, number, *told = word
        if kind == "upload":
            self._unanswered.add(number)
            self._ask(word)
        elif kind == "site":
            with suppress(OSError):  # its authorities cannot be read
                self._add(number, told[0])
        elif (site := self._sites.get(number)) is None:
            return
        elif kind == "keys":
            site.keys.append(Frozen(*told[0]))
            del site.keys[:-1]
        elif kind == "root":
            site.transfer.accept_root(_identity_of(told[0]))
        elif kind == "rest":
            site.transfer.rest(for_good=told[0])
        elif kind == "leave":
            self._leave(number, site)

    def _ask(self, word: Word) -> None:
        site = self._sites.get(word[2])
        if site is None:
            self._answer(word[1], None)
        else:
            site.asked.append(word)
            self._offer(word[2])

    def _offer(self, of_site: int) -> None:
        """Begin what there is room for, in the order it was asked."""
        site = self._sites.get(of_site)
        if site is not None:
            with self._offering:  # whoever is told of room must find what was refused before
                while site.asked and self._is_taken(site, site.asked[0]):
                    site.asked.popleft()

    def _is_taken(self, site: _Site, word: Word) -> bool:
        _, number, of_site, plain, settle, op_id = word
        action = action_of(plain)
        return site.lane.offer(
            partial(_call, site.transfer, action, settle, op_id),
            size_bytes=action.local.size_bytes if action.local else 0,
            done=partial(self._done, number, of_site, action),
        )

    def _done(self, number: int, of_site: int, action: Action, answer: object) -> None:
        site = self._sites.get(of_site)
        if site is not None and self._pool.in_flight == 0:
            self._count(of_site, site)  # before the last answer: then all is counted
        outcome = answer if isinstance(answer, Outcome) else _failed(action, answer)
        self._answer(number, plain_outcome(outcome))

    def _answer(self, number: int, plain: Any) -> None:
        self._channel.put(("done", number, plain))
        self._unanswered.discard(number)

    def _count(self, number: int, site: _Site) -> None:
        with self._counting:
            plain = site.counts.since()
        if plain:
            self._channel.put(("counted", number, plain))

    def _learnt(self, number: int, note: Note) -> None:
        if isinstance(note, EtagLearnt):
            self._channel.put(("learnt", number, note.is_md5))

    def _add(self, number: int, told: tuple[Any, ...]) -> None:
        """Meet a site; of one that cannot be met nothing is uploaded here."""
        place, policy, contact, names, known = told
        root, prefix, exclusions, inclusions, inner_prefixes = place
        endpoint, base_path, frozen = contact
        scope = Scope(
            prefix=prefix, exclusions=exclusions, inclusions=inclusions,
            inner_prefixes=inner_prefixes,
        )  # fmt: skip
        settings = BucketSettings(bucket=names[0], prefix=names[1], max_connections=names[2])
        bucket, keys = Bucket(settings, poller=self._poller), [Frozen(*frozen)]
        bucket.use(Contact(Endpoint(*endpoint), base_path, lambda: keys[-1]))
        lane = self._pool.lane(str(number), partial(self._offer, number))
        transfer = self._make_transfer(
            bucket,
            scope,
            Path(root),
            TransferSettings(_policy_of(policy, scope), _NO_PARTS),
            clock=time.time_ns,
            lane=lane,
            commit_intent=_no_ledger,
            report=partial(self._learnt, number),
            root_identity=_identity_of(known[0]),
            etag_is_md5=known[1],
        )
        self._sites[number] = _Site(lane, deque(), transfer, bucket, keys, Counts(bucket.tally))

    def _leave(self, number: int, site: _Site) -> None:
        self._count(number, site)
        del self._sites[number]
        with self._offering:
            while site.asked:
                self._answer(site.asked.popleft()[1], None)
        site.lane.close()
        site.transfer.rest(for_good=True)
        site.bucket.close(0.0)


def _call(transfer: Transfer, action: Action, settle: tuple[Any, ...], op_id: str | None) -> Call:
    intent = Intent(action.path, op_id, str(Kind.UPLOAD)) if op_id else None
    return transfer.call_for(action, settle=settle_of(settle), intent=intent)


def _failed(action: Action, answer: object) -> Outcome:
    error = answer.exception if isinstance(answer, CallFailed) else answer
    hint = f"{type(error).__name__}: {error}"[:300]
    return Outcome(action, Result.RETRYABLE, reason="internal_error", hint=hint, is_unknown=True)


def _policy_of(plain: tuple[Any, ...], scope: Scope) -> Policy:
    mode, retire_deleted, retire_foreign, on_drift, storage_class = plain
    return Policy(mode, retire_deleted, retire_foreign, on_drift, storage_class, scope.covers)


def _identity_of(plain: tuple[int, int] | None) -> RootIdentity | None:
    return None if plain is None else RootIdentity(*plain)


def _nothing() -> None:
    return


def _no_ledger(_note: Note) -> Start:
    def refuse(resume: Callable[[Any], None]) -> None:
        resume(False)

    return refuse
