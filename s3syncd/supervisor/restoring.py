"""Bring a site's tree back from its bucket: only reads there, and touches no root and no ledger."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from s3syncd.config.models import Config
from s3syncd.core.restored import MISSING, PASSING, Restored
from s3syncd.errors import FatalError
from s3syncd.local.destination import Destination
from s3syncd.local.staging import DestinationError
from s3syncd.pool import CallFailed
from s3syncd.s3.reply import S3Failure
from s3syncd.site import Progress
from s3syncd.supervisor.build import Bench, Workshop, scope_of
from s3syncd.supervisor.holdings import Holdings
from s3syncd.supervisor.lock import StateLock
from s3syncd.transfer.fetch import FetchKit, Wanted, bytes_for, fetch, is_fatal

__all__ = ["Restoration", "Wish"]

_LOOK_SECONDS = 1.0  # how often requests over their deadline are ended
_AGAIN = "run the same restore again: it goes on with what is missing"
_CLOSE_SECONDS = 5.0  # what is being hashed comes to its end


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be restored, and where to.

    Attributes:
        site: its name.
        directory: absolute.
        at: seconds since the epoch; None: as it is now.
        may_hold_files: the directory need not be empty; what differs is kept.
        may_replace: what differs is replaced.
        is_into_root: the directory may be, hold or lie in the directory of a site.
    """

    site: str
    directory: Path
    at: float | None = None
    may_hold_files: bool = False
    may_replace: bool = False
    is_into_root: bool = False


class Restoration:
    """One restore; `found` carries it out.

    Args:
        config: that has the site.
        wish: what and where to.
        claim: names what is restored, for whoever finds it unfinished.
        progress: told how far it is, often.

    Attributes:
        counts: objects by what became of them (`core.restored`).
        unproved: of those that are there, how many could not be proved.
        size_bytes: of what is there.
        versioning: of the bucket, where a time was asked for; else ''.
    """

    def __init__(
        self,
        config: Config,
        wish: Wish,
        *,
        claim: str,
        progress: Callable[[Progress], None] = lambda _progress: None,
    ) -> None:
        (self._settings,) = [each for each in config.sites if each.name == wish.site]
        self.counts: Counter[str] = Counter()
        self.unproved = 0
        self.size_bytes = 0
        self.versioning = ""
        self._config = config
        self._wish = wish
        self._claim = claim
        self._tell = progress
        self._answers: SimpleQueue[object] = SimpleQueue()
        self._in_flight = self._listed_files = self._listed_bytes = self._ended_bytes = 0
        self._is_over = False
        self._looked_at = float("-inf")
        self._kit: FetchKit | None = None
        self._holdings: Holdings | None = None

    @property
    def excluded(self) -> int:
        """Objects that the site's filters leave out."""
        return self._holdings.excluded if self._holdings else 0

    @property
    def later(self) -> int:
        """Keys that have no version as old as was asked for."""
        return self._holdings.later if self._holdings else 0

    @property
    def is_whole(self) -> bool:
        """Whether it came to its end, and everything is there."""
        return self._is_over and not any(self.counts[word] for word in MISSING)

    @property
    def is_worth_repeating(self) -> bool:
        """Whether the same restore may bring more."""
        return not self._is_over or any(self.counts[word] for word in PASSING)

    def found(self) -> Iterator[Restored]:
        """Restore; give what a person should know of, to be read to its end.

        That is all but what was simply brought, or was there.

        Raises:
            FatalError: it cannot be done there, or not be gone on with.
            SiteUnavailable: nothing can be had of the bucket, or not all of it.
        """
        lock = _checked_place(self._config, self._wish)
        workshop = Workshop(self._config, is_one_shot=True)
        workshop.start()
        bench = workshop.bench(self._settings, lambda: self._answers.put(None))
        try:
            bench.bucket.connect()
            self._holdings = holdings = self._reached(bench)
            self._kit = self._equipped(bench)
            yield from self._brought(bench, holdings, self._kit)
            self._is_over = True
        finally:
            bench.close_lanes()
            bench.close_bucket(_CLOSE_SECONDS)
            workshop.stop(_CLOSE_SECONDS)
            self._count_late()
            # Where a call does not come to its end, what it has open is left to the process's.
            if self._kit is not None and not bench.in_flight:
                has_more = self.is_worth_repeating and not self._wish.is_into_root
                self._kit.destination.close(is_over=not has_more)
            if lock is not None:
                lock.release()

    def _reached(self, bench: Bench) -> Holdings:
        settings, at = self._settings, self._wish.at
        holdings = Holdings(bench.bucket, scope_of(settings), settings, at=at)
        if at is not None:
            self.versioning = holdings.versioning()
            if not self.versioning:
                raise FatalError(
                    f"bucket {settings.bucket} keeps no versions: there is only what it holds now",
                    hint="restore without --at; for the future, turn versioning on in the bucket",
                )
        return holdings

    def _equipped(self, bench: Bench) -> FetchKit:
        wish = self._wish
        try:
            destination = Destination.open(
                wish.directory,
                claim=self._claim,
                may_hold_files=wish.may_hold_files or wish.may_replace,
            )
        except DestinationError as error:
            raise _unusable(wish.directory, error) from error
        except OSError as error:
            raise FatalError(
                f"cannot use {wish.directory}: {error.strerror}",
                hint="name a directory that can be made, or written",
            ) from error
        retries = self._settings.s3_ops_retries
        return FetchKit(bench.bucket, bench.lane, destination, wish.may_replace, retries)

    def _brought(self, bench: Bench, holdings: Holdings, kit: FetchKit) -> Iterator[Restored]:
        for found in holdings.objects():
            self._listed_files += 1
            self._listed_bytes += found.size_bytes
            if isinstance(found, Restored):
                yield from self._noted(found)
                continue
            while not self._offered(bench, kit, found):
                yield from self._taken(bench, timeout_seconds=_LOOK_SECONDS)
            yield from self._taken(bench, timeout_seconds=0.0)
        while self._in_flight:
            yield from self._taken(bench, timeout_seconds=_LOOK_SECONDS, is_listing=False)

    def _offered(self, bench: Bench, kit: FetchKit, wanted: Wanted) -> bool:
        is_in = bench.lane.offer(
            lambda: fetch(kit, wanted), size_bytes=bytes_for(wanted), done=self._answers.put
        )
        self._in_flight += is_in
        return is_in

    def _taken(
        self, bench: Bench, *, timeout_seconds: float, is_listing: bool = True
    ) -> Iterator[Restored]:
        """Take an answer, or wait for one, or for room."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            bench.expire(now)
        answer: object = None
        with suppress(Empty):
            answer = self._answers.get(timeout=timeout_seconds)
        if answer is not None:
            self._in_flight -= 1
            yield from self._noted(_result(answer, self._wish.directory))
        self._tell(self._progress(is_listing=is_listing))

    def _noted(self, one: Restored) -> Iterator[Restored]:
        self.counts[one.word] += 1
        self._ended_bytes += one.size_bytes
        if one.word not in MISSING:
            self.size_bytes += one.size_bytes
            self.unproved += not one.is_proved
        if one.word not in {"restored", "present"} or not one.is_proved:
            yield one

    def _count_late(self) -> None:
        """Count what came to its end when nobody waited for it any more."""
        with suppress(Empty):
            while True:
                answer = self._answers.get_nowait()
                if isinstance(answer, Restored):
                    list(self._noted(answer))

    def _progress(self, *, is_listing: bool) -> Progress:
        received, ended = self._kit.received_bytes if self._kit else 0, self.counts.total()
        sent_bytes = min(max(received, self._ended_bytes), self._listed_bytes)
        return Progress(
            self._settings.name,
            done_files=ended,
            sent_bytes=sent_bytes,
            pending_files=self._listed_files - ended,
            pending_bytes=self._listed_bytes - sent_bytes,
            scanned_files=self._listed_files,
            is_scanning=is_listing,
        )


def _result(answer: object, directory: Path) -> Restored:
    """Give what became of an object.

    Raises:
        FatalError: nothing more can be brought.
    """
    if isinstance(answer, Restored):
        return answer
    error = answer.exception if isinstance(answer, CallFailed) else TypeError(repr(answer))
    if isinstance(error, S3Failure):
        raise FatalError(str(error), hint=f"see `s3syncd check`; then {_AGAIN}") from error
    if is_fatal(error):
        raise FatalError(
            f"cannot write to {directory}: {getattr(error, 'strerror', error)}",
            hint=f"free space there, or mend it; then {_AGAIN}",
        ) from error
    raise error


def _checked_place(config: Config, wish: Wish) -> StateLock | None:
    """Refuse a directory in which the files would be taken for changes, or for state.

    Raises:
        FatalError: it is such a one.
    """
    directory = wish.directory
    if _overlap(directory, config.state_dir):
        raise FatalError(f"{directory} is, holds or lies in state_dir", hint="name another one")
    roots = [site for site in config.sites if _overlap(directory, site.root)]
    if not roots:
        return None
    if not wish.is_into_root:
        raise FatalError(
            f"{directory} is, holds or lies in the directory of site {roots[0].name}"
            f" ({roots[0].root})",
            hint="restore beside it, compare, and move; or stop the daemon and say --into-root: "
            "what it then finds changed there it sends to the bucket",
        )
    return StateLock(config.state_dir)  # what is under way must not be taken for files


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _unusable(directory: Path, error: DestinationError) -> FatalError:
    said, hint = {
        "not_empty": (
            f"{directory} is not empty: it has {error.detail!r}",
            "name a directory that is empty or does not exist; or say --merge (what is there "
            "stays) or --overwrite (what differs is replaced)",
        ),
        "claimed": (
            f"{directory} holds another restore that was not finished: {error.detail}",
            "go on with that one, or name another directory, or say --merge or --overwrite",
        ),
        "busy": (f"{directory}: {error.detail}", "wait for it, or name another directory"),
    }.get(error.word, (f"{directory}: {error.detail}", "name another directory"))
    return FatalError(said, hint=hint)
