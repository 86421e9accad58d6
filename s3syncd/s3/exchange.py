"""One request on the wire, and what was heard of the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from s3syncd.s3 import visits
from s3syncd.s3.reply import Reply
from s3syncd.s3.wire import WireRequest

__all__ = ["Begun", "Exchange", "NotBegun"]

MAX_KEPT_BYTES: Final = 64 * 1024 * 1024
"""Of an answer's body: twice the largest page of a listing. Of an endless one the rest is dropped,
so that it is seen to be too large, or not whole."""


class Begun(Protocol):
    """A request on its way."""

    def cancel(self) -> None:
        """End it; whoever waits is told, perhaps before this returns."""


class NotBegun(Exception):  # noqa: N818 - it says what did not happen; the cause says why
    """A request could not be sent at all."""


class Exchange:
    """What is filled with the answer as it comes. Never holds the CRT's request.

    Attributes:
        status: of the answer, 0 without one.
        headers: of the answer; a mapping has lower-case names.
        is_done: it was answered, or given up.
        sent_at: when it was handed to the CRT, in the transport's monotonic seconds.
        is_expired: it was cancelled because its deadline was over.
    """

    __slots__ = (
        "_finish", "_kept_bytes", "_resume", "chunks", "headers", "is_done", "is_expired",
        "request", "sent_at", "status",
    )  # fmt: skip

    def __init__(
        self,
        request: WireRequest,
        resume: Callable[[Reply], None],
        finish: Callable[[Exchange, BaseException | None], None],
    ) -> None:
        self.request = request
        self._resume = [resume]
        self._finish = finish
        self.status = 0
        self.sent_at = 0.0
        self.headers: list[tuple[str, str]] | dict[str, str] = []
        self.chunks: list[bytes] = []
        self._kept_bytes = 0
        self.is_done = False
        self.is_expired = False

    def answer(self, reply: Reply) -> None:
        """Hand the reply on; one that comes after another, from any thread, is dropped."""
        try:
            resume = self._resume.pop()  # atomic: one of two threads gets it
        except IndexError:
            return
        resume(reply)

    def on_headers(self, status_code: int, headers: list[tuple[str, str]], **_: object) -> None:
        """Keep the head of an answer; it comes with the body, not before."""
        self.status = status_code
        self.headers = headers

    def on_body(self, chunk: bytes, **_: object) -> None:
        """Keep a piece of the body, unless there is too much of it."""
        self._kept_bytes += len(chunk)
        if self._kept_bytes <= MAX_KEPT_BYTES:
            self.chunks.append(chunk)

    def on_done(self, error: BaseException | None = None, **_: object) -> None:
        """Go on to the transport; runs on the CRT's thread."""
        visits.settle()
        self._finish(self, error)

    def end(self, error: BaseException | None) -> None:
        """Go on to the transport; `error`: why there is no success."""
        self._finish(self, error)
