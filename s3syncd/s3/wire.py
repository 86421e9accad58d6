"""A request as it goes out: method, quoted target, headers and the bytes held."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote

__all__ = [
    "Body",
    "BodyView",
    "Contact",
    "Endpoint",
    "Frozen",
    "WireRequest",
    "conditions",
    "described",
    "query_of",
    "quote_key",
    "stream_of",
]

Body: TypeAlias = "bytes | bytearray | memoryview | BodyView"

DEADLINE_SECONDS: Final = 60.0
"""Longest answer to an empty request: twice the CRT's own limit of about 31 s without a byte."""

FLOOR_BYTES_PER_SECOND: Final = 64 * 1024
"""Slowest upload worth waiting for, on top of DEADLINE_SECONDS: an 8 MiB part gets 3 min."""

_IS_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~/-]*").fullmatch


class WireRequest(NamedTuple):
    """One HTTP request; Host, Content-Length, User-Agent and signature are the transport's.

    Names of headers are lower case. `operation` is the S3 name of the request: the CRT looks for
    an error inside a 200 by it.
    `target` is path and query, quoted, starting with a slash. `is_effect`: it changes the bucket,
    so that an answer that never came leaves its effect unknown. `needs`: what a success must
    carry: `etag` (a header), `body` (of the announced length) or nothing.
    """

    operation: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Body = b""
    is_effect: bool = True
    needs: str = ""
    is_bucket_wide: bool = False

    @property
    def patience_seconds(self) -> float:
        """How long the whole exchange may take before it is cancelled."""
        return DEADLINE_SECONDS + len(self.body) / FLOOR_BYTES_PER_SECOND


class Endpoint(NamedTuple):
    """Where requests go, and whom to trust.

    `host` is host[:port] as in the Host header; `ca_file` None = the system's authorities;
    `ca_digest` changes with what is in that file.
    """

    is_tls: bool
    host: str
    region: str
    ca_file: str | None = None
    ca_digest: str = ""
    verify_tls: bool = True

    @property
    def trust(self) -> tuple[str | None, str, bool]:
        """All that decides whom to trust."""
        return self.ca_file, self.ca_digest, self.verify_tls


class Frozen(NamedTuple):
    """Credentials of one moment."""

    access_key: str
    secret_access_key: str
    session_token: str | None


class Contact(NamedTuple):
    """What first contact found out. `base_path` is '' or begins with a slash.

    `credentials` gives those of now, before each request; it may refresh them, which blocks.
    """

    endpoint: Endpoint
    base_path: str
    credentials: Callable[[], Frozen]


class BodyView:
    """A body that is not bytes, read once, without the copy that BytesIO would make of it.

    Args:
        body: must not change until it has been read.
        on_read: called when the last byte was read, once, from the reader's thread, cheap: there is
            another copy then (the kernel's, or the one that the CRT makes before it takes a
            connection), and this holds `body` no longer. Never called for a body that is not read
            to its end.
    """

    __slots__ = ("_on_read", "_rest", "_size_bytes")

    def __init__(
        self, body: bytearray | memoryview, *, on_read: Callable[[], object] | None = None
    ) -> None:
        self._rest = memoryview(body).cast("B")
        self._size_bytes = len(self._rest)
        self._on_read = on_read

    def __len__(self) -> int:
        return self._size_bytes

    @property
    def rest(self) -> memoryview:
        """What was not read yet, for a reader that calls `finish` when it has a copy of it."""
        return self._rest

    def finish(self) -> None:
        """Count the rest as read."""
        self._pass(len(self._rest))

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`; gives the number of bytes, 0 at the end."""
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._pass(size)
        return size

    def read(self, size: int = -1) -> bytes:
        """Give up to `size` bytes (all when negative)."""
        chunk = bytes(self._rest if size < 0 else self._rest[:size])
        self._pass(len(chunk))
        return chunk

    def _pass(self, size: int) -> None:
        self._rest = self._rest[size:]
        if self._rest:
            return
        self._rest = memoryview(b"")
        on_read, self._on_read = self._on_read, None
        if on_read is not None:
            on_read()


def stream_of(body: Body) -> BytesIO | BodyView | None:
    """Give what the CRT reads a body from; None for an empty one."""
    if not body:
        return None
    if isinstance(body, BodyView):
        return body
    return BytesIO(body) if isinstance(body, bytes) else BodyView(body)


def quote_key(key: str) -> str:
    """Quote a key for the path as signature version 4 wants it: everything but / and ~.

    Raises:
        UnicodeEncodeError: the key holds lone surrogates (a file name that is not UTF-8).
    """
    return key if _IS_PLAIN(key) else quote(key, safe="/~")


def query_of(pairs: Iterable[tuple[str, str]]) -> str:
    """Build a query string; values are quoted, a pair with an empty value keeps its `=`."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)


def described(
    content_type: str, metadata: Mapping[str, str] | None, storage_class: str | None
) -> tuple[tuple[str, str], ...]:
    """Give the headers that say what an object is; no class named is no header.

    Raises:
        ValueError: metadata is not printable ASCII (stores differ in what they make of it).
    """
    headers = (("content-type", content_type), *_metadata_headers(metadata or {}))
    return (*headers, ("x-amz-storage-class", storage_class)) if storage_class else headers


def conditions(if_match: str | None, *, is_new: bool = False) -> tuple[tuple[str, str], ...]:
    """Give the header for a condition: nothing there (`is_new`), or this ETag (no quotes)."""
    if is_new:
        return (("if-none-match", "*"),)
    return (("if-match", f'"{if_match}"'),) if if_match is not None else ()


def _metadata_headers(metadata: Mapping[str, str]) -> list[tuple[str, str]]:
    text = "".join((*metadata, *metadata.values()))
    if not (text.isascii() and text.isprintable()):
        raise ValueError(f"metadata {sorted(metadata)} is not all printable ASCII")
    return [(f"x-amz-meta-{name.lower()}", value) for name, value in metadata.items()]
