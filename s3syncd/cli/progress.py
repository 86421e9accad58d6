"""Progress of a one-time sync: a bar that redraws itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, TextIO

from s3syncd.cli.wording import count, duration, printable, size

__all__ = ["Progress", "ProgressBar", "ProgressLike", "progress_text"]

_REDRAW_SECONDS = 0.1
"""Ten pictures a second look fluent; more only cost."""

_LINE_SECONDS = 10.0
"""Between plain lines: a log of an hour's sync stays readable."""

_RATE_SECONDS = 10.0
"""The rate is that of this many last seconds, so that it follows the network and does not jump."""

_BAR_CELLS = 24


class Progress(NamedTuple):
    """How far one site is. Totals grow while its scan still finds files."""

    site: str
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int


class ProgressLike(Protocol):
    """What is read of a progress report, whoever makes it."""

    @property
    def site(self) -> str:
        """Name of the site."""

    @property
    def files_done(self) -> int:
        """Actions carried out."""

    @property
    def files_total(self) -> int:
        """Actions known so far."""

    @property
    def bytes_done(self) -> int:
        """Bytes sent or proved equal."""

    @property
    def bytes_total(self) -> int:
        """Bytes of the actions known so far."""


class ProgressBar:
    """Shows the sum over all sites. Callable; one thread at a time.

    Args:
        stream: where to write; whether it is a terminal decides the form.
        clock: monotonic seconds.
    """

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._is_terminal = stream.isatty()
        self._sites: dict[str, ProgressLike] = {}
        self._samples: deque[tuple[float, int]] = deque()
        self._next_at = 0.0
        self._width = 0

    def __call__(self, progress: ProgressLike) -> None:
        """Take a report; draws only when it is time."""
        self._sites[progress.site] = progress
        now = self._clock()
        if now < self._next_at:
            return
        self._next_at = now + (_REDRAW_SECONDS if self._is_terminal else _LINE_SECONDS)
        self._draw(now)

    def close(self) -> None:
        """Draw the last state and leave the line."""
        if not self._sites:
            return
        self._draw(self._clock())
        if self._is_terminal:
            self._stream.write("\n")
            self._stream.flush()

    def _draw(self, now: float) -> None:
        total = _sum(self._sites.values())
        text = progress_text(total, self._rate(now, total.bytes_done), has_bar=self._is_terminal)
        if self._is_terminal:
            text = text[: max(1, shutil.get_terminal_size().columns - 1)]
            self._stream.write("\r" + text.ljust(self._width))
            self._width = len(text)
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

    def _rate(self, now: float, bytes_done: int) -> float:
        samples = self._samples
        samples.append((now, bytes_done))
        while len(samples) > 2 and samples[1][0] <= now - _RATE_SECONDS:
            samples.popleft()
        start, first = samples[0]
        return max(0.0, (bytes_done - first) / (now - start)) if now > start else 0.0


def progress_text(progress: ProgressLike, rate: float, *, has_bar: bool) -> str:
    """Word one line: bar, files, bytes, rate and time left.

    Args:
        progress: how far it is.
        rate: bytes per second; 0 when not known.
        has_bar: draw the bar too.
    """
    share = _share(progress)
    files = f"{count(progress.files_done)}/{count(progress.files_total)} files"
    sent = f"{size(progress.bytes_done)}/{size(progress.bytes_total)}"
    left = (progress.bytes_total - progress.bytes_done) / rate if rate > 0 else None
    remaining = "" if left is None or share >= 1 else f", {duration(left)} left"
    text = f"{share:4.0%}  {files}, {sent}, {size(rate)}/s{remaining}"
    if not has_bar:
        return f"{printable(progress.site)}: {text.strip()}" if progress.site else text.strip()
    filled = int(share * _BAR_CELLS)
    return f"[{'#' * filled}{'.' * (_BAR_CELLS - filled)}] {text}"


def _share(progress: ProgressLike) -> float:
    """How far it is, 0 to 1; by bytes and files alike, because either may be all there is."""
    shares = [
        done / total
        for done, total in (
            (progress.files_done, progress.files_total),
            (progress.bytes_done, progress.bytes_total),
        )
        if total
    ]
    return min(1.0, sum(shares) / len(shares)) if shares else 1.0


def _sum(sites: Iterable[ProgressLike]) -> Progress:
    listed = list(sites)
    return Progress(
        listed[0].site if len(listed) == 1 else "",
        sum(each.files_done for each in listed),
        sum(each.files_total for each in listed),
        sum(each.bytes_done for each in listed),
        sum(each.bytes_total for each in listed),
    )
