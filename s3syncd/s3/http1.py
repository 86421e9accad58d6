"""Reads an HTTP/1.1 answer to a request of ours, piece by piece as it arrives (RFC 9112)."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["Answer", "BrokenAnswer"]

MAX_HEAD_BYTES: Final = 64 * 1024
"""S3 allows 8 KiB for the head of a request; no store answers with more."""

MAX_BODY_BYTES: Final = 1024 * 1024
"""Most answers to what is sent this way are empty, or say in a few hundred bytes what is wrong."""

_NO_BODY: Final = frozenset({204, 304})
_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})
_LINE_END: Final = b"\r\n"
_END: Final = b"\r\n\r\n"
_IS_STATUS: Final = re.compile(r"[1-9][0-9]{2}(?: |\Z)").match
_IS_SIZE: Final = re.compile(b"[0-9A-Fa-f]{1,16}").fullmatch


class BrokenAnswer(Exception):  # noqa: N818 - says what came, not what failed
    """What came is no answer, or one too large."""


class Answer:
    """One answer, complete when `feed` or `end` says so.

    Attributes:
        status: 0 before the head is there.
        headers: by lower-case name, without the spaces around values; of two alike the first.
        body: decoded; empty before it is complete.
        keeps_alive: the connection may carry another request.
    """

    __slots__ = (
        "_chunks", "_has_body", "_head_bytes", "_is_cut", "_left_bytes", "_most_bytes", "_raw",
        "body", "headers", "keeps_alive", "status",
    )  # fmt: skip

    def __init__(
        self, *, has_body: bool = True, most_bytes: int = MAX_BODY_BYTES, is_cut: bool = False
    ) -> None:
        """Begin.

        Args:
            has_body: False for the answer to a HEAD, whose length is that of the object.
            most_bytes: a longer body is none.
            is_cut: of a success nobody wants the body: it ends with the head where the body is
                longer than that, or might be.
        """
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.keeps_alive = True
        self._has_body = has_body
        self._most_bytes = most_bytes
        self._is_cut = is_cut
        self._raw: bytes | bytearray = b""
        self._head_bytes = 0  # of interim answers: a store could send them for ever
        self._left_bytes: int | None = None  # of the body; None: chunked, or up to the end
        self._chunks: _Chunks | None = None

    def feed(self, data: bytes) -> bool:
        """Take what arrived; tells whether the answer is complete.

        Raises:
            BrokenAnswer: this cannot be the answer to a request of ours.
        """
        raw: bytes | bytearray = data
        if self._raw:  # what comes in a hundred pieces grows in its place
            raw = self._raw if isinstance(self._raw, bytearray) else bytearray(self._raw)
            raw += data
        self._raw = raw
        while not self.status:
            head, end, rest = raw.partition(_END)
            if not end:
                if self._head_bytes + len(raw) > MAX_HEAD_BYTES:
                    raise BrokenAnswer("The head of the answer does not end.")
                return False
            self._raw = raw = rest
            self._head_bytes += len(head) + len(_END)
            if self._head_bytes > MAX_HEAD_BYTES:
                raise BrokenAnswer("The head of the answer is too large.")
            self._read_head(head.decode("latin-1"))
        if len(raw) > self._most_bytes:
            raise BrokenAnswer("The answer is too large.")
        return self._is_whole()

    def end(self) -> bool:
        """The connection ended; tells whether that is the end of the answer."""
        is_until_end = bool(self.status) and self._left_bytes is None and self._chunks is None
        if is_until_end:
            self.body = bytes(self._raw)
        self.keeps_alive = False
        return is_until_end

    def _read_head(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        version, _, rest = first.partition(" ")
        status = rest[:3]
        if version not in {"HTTP/1.1", "HTTP/1.0"} or not _IS_STATUS(rest):
            raise BrokenAnswer("The answer is no HTTP.")
        if status[0] == "1":  # 100 Continue: the answer comes later
            return
        told: dict[str, str] = {}
        is_left_open = version == "HTTP/1.1"
        for line in lines:
            name, colon, value = line.partition(":")
            name, value = name.lower(), value.strip()
            if not colon or not name or name != name.strip():
                raise BrokenAnswer("The answer has a header that is none.")
            if told.setdefault(name, value) != value and name in _FRAMING:
                raise BrokenAnswer("The answer says two things about its length.")
            if name == "connection" and "close" in value.lower():  # one word of several
                is_left_open = False
        self.status, self.headers = int(status), told
        self.keeps_alive = is_left_open
        if self._is_cut and self.status < 300 and not self._is_short(told):
            self._left_bytes = 0
            self.keeps_alive = False
        else:
            self._left_bytes = self._length(told)

    def _is_short(self, told: dict[str, str]) -> bool:
        text = told.get("content-length", "")
        is_length = text.isascii() and text.isdigit() and "transfer-encoding" not in told
        return is_length and len(text) < len(str(self._most_bytes))

    def _length(self, told: dict[str, str]) -> int | None:
        if not self._has_body or self.status in _NO_BODY:
            return 0
        encoding = told.get("transfer-encoding", "").lower()
        if encoding:
            if encoding != "chunked":
                raise BrokenAnswer("The answer has an encoding that nobody asked for.")
            self._chunks = _Chunks(self._most_bytes)
            return None
        text = told.get("content-length")
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > len(str(self._most_bytes)):
            raise BrokenAnswer("The answer has no length that can be.")
        return int(text)

    def _is_whole(self) -> bool:
        if self._left_bytes is not None:
            if len(self._raw) < self._left_bytes:
                return False
            self._take(self._raw[: self._left_bytes], rest=self._raw[self._left_bytes :])
            return True
        if self._chunks is None:
            return False
        decoded = self._chunks.read(self._raw)
        if decoded is None:
            return False
        self._take(*decoded)
        return True

    def _take(self, body: bytes | bytearray, rest: bytes | bytearray) -> None:
        self.body, self._raw = bytes(body), b""
        if rest:  # more than was asked for: nobody knows what comes next
            self.keeps_alive = False


class _Chunks:
    """A body in chunks, read once: a store may send a million of them, in as many pieces."""

    __slots__ = ("_at", "_most_bytes", "_pieces")

    def __init__(self, most_bytes: int) -> None:
        self._at = 0
        self._most_bytes = most_bytes
        self._pieces: list[bytes | bytearray] = []

    def read(self, raw: bytes | bytearray) -> tuple[bytes, bytes | bytearray] | None:
        """Give the body and what follows it; None while its end is not there.

        Args:
            raw: all that came after the head; each time more of it.
        """
        while True:
            line_end = raw.find(_LINE_END, self._at)
            if line_end < 0:
                return None
            text = raw[self._at : line_end].split(b";")[0].strip()
            if not _IS_SIZE(text) or (size := int(text, 16)) > self._most_bytes:
                raise BrokenAnswer("The answer has a chunk that is none.")
            start = line_end + 2
            end = start + size
            if size == 0:
                return self._ended(raw, start)
            if len(raw) < end + 2:
                return None
            if raw[end : end + 2] != _LINE_END:
                raise BrokenAnswer("The answer has a chunk that does not end where it should.")
            self._pieces.append(raw[start:end])
            self._at = end + 2

    def _ended(self, raw: bytes | bytearray, at: int) -> tuple[bytes, bytes | bytearray] | None:
        end = at if raw.startswith(_LINE_END, at) else raw.find(_END, at) + 2
        if end < 2 or len(raw) < end + 2:
            return None
        return b"".join(self._pieces), raw[end + 2 :]
