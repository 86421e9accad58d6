"""Progress of a one-time sync: a bar that redraws itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TextIO

from s3syncd.cli.wording import count, duration, printable, size
from s3syncd.core.plural import counted

__all__ = ["Progress", "ProgressBar", "ProgressLike", "progress_text"]

_REDRAW_SECONDS = 0.1
"""Ten pictures a second look fluent; more only cost."""

_LINE_SECONDS = 10.0
"""Between plain lines: a log of an hour's sync stays readable."""

_RATE_SECONDS = 10.0
"""The rate is that of this many last seconds, so that it follows the network and does not jump."""

_BAR_CELLS = 24

_WAITING = {
    "starting": "starting",
    "halted": "halted: a person is waited for",
}
"""Why nothing is known to do, by the state."""


class Progress(NamedTuple):
    """How far the work of one site has come; `site.status.Progress` without what is not drawn."""

    site: str
    done_files: int
    sent_bytes: int
    pending_files: int
    pending_bytes: int
    scanned_files: int
    is_scanning: bool
    is_waiting: bool = False
    state: str = ""


class ProgressLike(Protocol):
    """What is read of a report, whoever makes it. Totals grow while a scan still finds files."""

    @property
    def site(self) -> str:
        """Name of the site."""

    @property
    def done_files(self) -> int:
        """Actions carried out."""

    @property
    def sent_bytes(self) -> int:
        """Bytes sent."""

    @property
    def pending_files(self) -> int:
        """Actions known and not yet carried out."""

    @property
    def pending_bytes(self) -> int:
        """Bytes of those."""

    @property
    def scanned_files(self) -> int:
        """Files the scan has passed so far."""

    @property
    def is_scanning(self) -> bool:
        """Whether it still finds files."""

    @property
    def is_waiting(self) -> bool:
        """Whether it cannot be told yet what there is to do."""

    @property
    def state(self) -> str:
        """That of the status; '' where there is none."""


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
        self._last = ""

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
        self._draw(self._clock(), is_last=True)
        if self._is_terminal:
            self._stream.write("\n")
            self._stream.flush()

    def _draw(self, now: float, *, is_last: bool = False) -> None:
        total = _sum(list(self._sites.values()))
        text = progress_text(total, self._rate(now, total.sent_bytes), has_bar=self._is_terminal)
        if self._is_terminal:
            text = text[: max(1, shutil.get_terminal_size().columns - 1)]
            self._stream.write("\r" + text.ljust(self._width))
            self._width = len(text)
        elif not (is_last and text == self._last):  # a log has that line
            self._stream.write(text + "\n")
        self._last = text
        self._stream.flush()

    def _rate(self, now: float, sent_bytes: int) -> float:
        samples = self._samples
        samples.append((now, sent_bytes))
        while len(samples) > 2 and samples[1][0] <= now - _RATE_SECONDS:
            samples.popleft()
        start, first = samples[0]
        return max(0.0, (sent_bytes - first) / (now - start)) if now > start else 0.0


def progress_text(progress: ProgressLike, rate: float, *, has_bar: bool) -> str:
    """Word one line: bar, files, bytes, rate and time left.

    Args:
        progress: how far it is.
        rate: bytes per second; 0 when not known.
        has_bar: draw the bar too.
    """
    files = progress.done_files + progress.pending_files
    size_bytes = progress.sent_bytes + progress.pending_bytes
    if not files and (progress.is_scanning or progress.is_waiting):
        return _framed(progress.site, _reason_for_nothing(progress), 0.0, has_bar=has_bar)
    share = _share((progress.done_files, files), (progress.sent_bytes, size_bytes))
    text = (
        f"{share:4.0%}  {count(progress.done_files)}/{counted(files, 'file')},"
        f" {size(progress.sent_bytes)}/{size(size_bytes)}, {size(rate)}/s"
    )
    if rate > 0 and progress.pending_bytes:
        text += f", {duration(progress.pending_bytes / rate)} left"
    if progress.is_scanning:
        text += f", scanning ({count(progress.scanned_files)} seen)"
    return _framed(progress.site, text, share, has_bar=has_bar)


def _reason_for_nothing(progress: ProgressLike) -> str:
    if progress.is_scanning:
        return f"scanning ({count(progress.scanned_files)} seen)"
    return _WAITING.get(progress.state, "waiting for the directory or the bucket")


def _framed(site: str, text: str, share: float, *, has_bar: bool) -> str:
    """Put the bar, or the site's name, before a text."""
    if not has_bar:
        return f"{printable(site)}: {text.strip()}" if site else text.strip()
    filled = int(share * _BAR_CELLS)
    return f"[{'#' * filled}{'.' * (_BAR_CELLS - filled)}] {text}"


def _share(*measures: tuple[int, int]) -> float:
    """How far it is, 0 to 1: by files and bytes alike, because either may be all there is."""
    shares = [done / total for done, total in measures if total]
    return min(1.0, sum(shares) / len(shares)) if shares else 1.0


def _sum(sites: Sequence[ProgressLike]) -> Progress:
    return Progress(
        sites[0].site if len(sites) == 1 else "",
        sum(each.done_files for each in sites),
        sum(each.sent_bytes for each in sites),
        sum(each.pending_files for each in sites),
        sum(each.pending_bytes for each in sites),
        sum(each.scanned_files for each in sites),
        any(each.is_scanning for each in sites),
        any(each.is_waiting for each in sites),
        _common([each.state for each in sites if each.is_waiting]),
    )


def _common(states: Sequence[str]) -> str:
    return states[0] if len(set(states)) == 1 else ""
