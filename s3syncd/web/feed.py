"""What the page is told each second: what has changed since this reader was last told.

There is one snapshot for all readers, made when the first of them asks and shared while it is
fresh. Each site's row has the number of the snapshot in which it last changed, so a reader who
missed some seconds gets exactly the rows that are new to it, and nothing is kept for it meanwhile.
"""

from __future__ import annotations

import difflib
import json
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from s3syncd.core.advice import Advice
from s3syncd.web.overview import Overview, SiteSeen, detail_of, recent_of, row_of

__all__ = ["FRESH_SECONDS", "READERS", "Feed", "Reader"]

READERS = 16
"""Half of the connections that the server takes: a monitor must find one of the others."""

FRESH_SECONDS = 0.5
"""How long a snapshot is shared: readers are served each second, all at once."""

_SIMILAR = 3
_TOLD = ("bad", "attention", "paused")
_encode = json.JSONEncoder(separators=(",", ":")).encode


class _Stamped(NamedTuple):
    """A value, its JSON, and the number of the snapshot in which it was new."""

    number: int
    value: Any
    text: str


class _Stage(NamedTuple):
    """One snapshot. Frozen but for `messages`, which keeps those that were made of it."""

    number: int
    taken_at: float
    at: int
    daemon: _Stamped
    order: _Stamped
    recent: _Stamped
    sums: _Stamped
    rows: Mapping[str, _Stamped]
    seen: Mapping[str, SiteSeen]
    messages: dict[int, bytes]
    advice: Advice


class Feed:
    """Tells readers what there is to see, and what has changed.

    Args:
        look: gives what there is to see.
        on_failure: told of an exception that it raised; the reader ends.
        readers: how many there may be at once.
        fresh_seconds: how long a snapshot is shared.
        clock: monotonic seconds.
        wall: seconds since the epoch.
    """

    def __init__(
        self,
        look: Callable[[], Overview],
        *,
        on_failure: Callable[[Exception], object] = lambda _error: None,
        readers: int = READERS,
        fresh_seconds: float = FRESH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._look = look
        self._clock = clock
        self._wall = wall
        self._readers = readers
        self._fresh_seconds = fresh_seconds
        self._seats = deque(range(readers))
        self._stage: _Stage | None = None
        self._number = 0
        self.on_failure = on_failure

    def once(self, site: str | None = None) -> bytes:
        """Give what a new reader is told first. Thread-safe; takes no seat."""
        return self._message(self._staged(None), -1, site, {})[0]

    def reader(self, site: str | None = None) -> Reader | None:
        """Open a reader of all sites, or of one; None: there are too many. Thread-safe."""
        try:
            seat = self._seats.pop()
        except IndexError:
            return None
        return Reader(self, site, seat)

    def tell(self, number: int, site: str | None, given: Mapping[str, Any]) -> _Told:
        """Give what is new since the snapshot of a number. For the one thread that serves."""
        stage = self._stage
        if stage is None or self._clock() - stage.taken_at >= self._fresh_seconds:
            stage = self._stage = self._staged(stage)
        message, now_given = self._message(stage, number, site, given)
        return _Told(message, stage.number, now_given)

    def leave(self, seat: int) -> None:
        """Take back the seat of a reader; with the last of them the snapshot goes, too."""
        self._seats.append(seat)
        if len(self._seats) == self._readers:
            self._stage = None

    def _staged(self, last: _Stage | None) -> _Stage:
        """Look, and stamp what has changed since the last snapshot."""
        overview = self._look()
        # Also without a last one (nobody looked meanwhile) no number is given twice.
        number = self._number = self._number + 1
        known = last.rows if last is not None else {}
        advice = Advice.with_file(overview.daemon.get("config"))
        rows = {}
        for seen in overview.sites:
            name = seen.status["name"]
            rows[name] = _stamped(number, row_of(seen, advice), known.get(name))
        return _Stage(
            number=number,
            taken_at=self._clock(),
            at=round(self._wall() * 1000),
            daemon=_stamped(number, dict(overview.daemon), last and last.daemon),
            order=_stamped(number, list(rows), last and last.order),
            recent=_stamped(number, recent_of(overview.sites), last and last.recent),
            sums=_stamped(number, _sums(rows.values()), last and last.sums),
            rows=rows,
            seen={seen.status["name"]: seen for seen in overview.sites},
            messages={},
            advice=advice,
        )

    def _message(
        self, stage: _Stage, number: int, site: str | None, given: Mapping[str, Any]
    ) -> tuple[bytes, Mapping[str, Any]]:
        parts = [f'"at":{stage.at}']
        if stage.daemon.number > number:
            parts.append(f'"daemon":{stage.daemon.text}')
        if site is not None:
            told, given = _of_one(stage, number, site, given)
            return _event([*parts, *told]), given
        message = stage.messages.get(number)
        if message is None:
            message = stage.messages[number] = _event([*parts, *_of_all(stage, number)])
        return message, given


class _Told(NamedTuple):
    message: bytes
    number: int
    given: Mapping[str, Any]


class Reader:
    """One who is told. Belongs to the thread that serves; `close` gives the seat back."""

    def __init__(self, feed: Feed, site: str | None, seat: int) -> None:
        self._feed = feed
        self._site = site
        self._seat: int | None = seat
        self._number = -1
        self._given: Mapping[str, Any] = {}

    def next(self) -> bytes | None:
        """Give what is new since the last call; None: it cannot be told, and this is the end."""
        try:
            told = self._feed.tell(self._number, self._site, self._given)
        except Exception as error:  # noqa: BLE001 - a reader must not end the server
            self._feed.on_failure(error)
            return None
        self._number, self._given = told.number, told.given
        return told.message

    def close(self) -> None:
        """Give the seat back; a second call does nothing."""
        seat, self._seat = self._seat, None
        if seat is not None:
            self._feed.leave(seat)


def _stamped(number: int, value: Any, last: _Stamped | None) -> _Stamped:
    if last is not None and last.value == value:
        return last
    return _Stamped(number, value, _encode(value))


def _sums(rows: Collection[_Stamped]) -> dict[str, int]:
    """Count the sites by how they are: the page of one tells of all in its tab."""
    levels = Counter(row.value["level"] for row in rows)
    in_sync = sum(row.value["in_sync"] for row in rows)
    return {"all": levels.total(), "inSync": in_sync, **{name: levels[name] for name in _TOLD}}


def _of_all(stage: _Stage, number: int) -> list[str]:
    changed = [row.text for row in stage.rows.values() if row.number > number]
    parts = [f'"full":{_encode(number < 0)}']
    if changed:
        parts.append(f'"sites":[{",".join(changed)}]')
    parts += [
        f'"{name}":{part.text}'
        for name, part in (("order", stage.order), ("recent", stage.recent))
        if part.number > number
    ]
    return parts


def _of_one(
    stage: _Stage, number: int, site: str, given: Mapping[str, Any]
) -> tuple[list[str], Mapping[str, Any]]:
    """Tell of one site the keys that changed; of an unknown one, which names are like it."""
    sums = [f'"sums":{stage.sums.text}'] if stage.sums.number > number else []
    seen = stage.seen.get(site)
    if seen is None:
        if stage.order.number <= number:  # as last time; likeness costs a look at every name
            return sums, {}
        similar = difflib.get_close_matches(site, stage.seen, _SIMILAR)
        return [*sums, '"site":null', f'"similar":{_encode(similar)}'], {}
    detail = detail_of(seen, stage.advice)
    changed = {
        key: value for key, value in detail.items() if key not in given or given[key] != value
    }
    return [*sums, f'"full":{_encode(not given)}', f'"site":{_encode(changed)}'], detail


def _event(parts: list[str]) -> bytes:
    # A line of server-sent events: JSON escapes every line break, and all that is not ASCII.
    return f"data: {{{','.join(parts)}}}\n\n".encode("ascii")
