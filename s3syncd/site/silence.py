"""Whether a bucket answers anything at all, asked when a request to it was not answered.

A server that accepts requests and goes silent fails each path by itself, half a minute at a time:
of a site with few changes no number of failed paths tells. So the first such failure asks for one
key of the listing. Where that is not answered either, nor anything else meanwhile, the bucket is
the trouble; one object that hangs is not. Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.retry import FailureKind
from s3syncd.pool import Call
from s3syncd.s3.reply import Reply
from s3syncd.site.messages import Sounded
from s3syncd.site.parts import Parts

__all__ = ["Silence"]

_NO_ANSWER = frozenset({FailureKind.TRANSIENT, FailureKind.BUCKET})


class Silence:
    """Asks the bucket of one site for a sign of life, one request at a time.

    Args:
        on_silent: takes the words and the hint of the request that was not answered first.
    """

    def __init__(self, parts: Parts, *, on_silent: Callable[[str, str], None]) -> None:
        self._parts = parts
        self._on_silent = on_silent
        self._said: tuple[str, str] | None = None
        self._is_asked = self._is_void = False

    def met(self, message: str, hint: str) -> None:
        """A request was not answered: ask, unless that is under way."""
        self._said = self._said or (message, hint)
        self.room()

    def broken(self) -> None:
        """Something was answered: what is asked already tells nothing more."""
        self._said = None
        self._is_void = self._is_asked

    def room(self) -> None:
        """Ask, where that is wanted and the pool had no room."""
        if self._said is not None and not self._is_asked:
            self._is_asked = self._parts.lane.offer(
                self._call,
                size_bytes=0,
                done=lambda answer: self._parts.inbox.put(Sounded(answer)),
            )

    def sounded(self, message: Sounded, _now: float) -> None:
        """Take what the bucket answered, if anything."""
        self._is_asked = False
        if self._is_void:
            self._is_void = False
            self.room()
            return
        said, self._said = self._said, None
        if said is not None and message.answer is False:
            self._on_silent(*said)

    def _call(self) -> Call:
        reply: Reply = yield self._parts.bucket.list_page(self._parts.scope.prefix, max_keys=1)
        failure = reply.failure
        return failure is None or failure.status is not None or failure.kind not in _NO_ANSWER
