"""A request as it goes out: method, quoted target, headers and the bytes held."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote

__all__ = ["Body", "WireRequest", "metadata_headers", "query_of", "quote_key"]

Body = bytes | bytearray | memoryview

_IS_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~/-]*").fullmatch


class WireRequest(NamedTuple):
    """One HTTP request; Host, Content-Length, User-Agent and signature are the transport's.

    `operation` is the S3 name of the request: the CRT looks for an error inside a 200 by it.
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


def quote_key(key: str) -> str:
    """Quote a key for the path as signature version 4 wants it: everything but / and ~.

    Raises:
        UnicodeEncodeError: the key holds lone surrogates (a file name that is not UTF-8).
    """
    return key if _IS_PLAIN(key) else quote(key, safe="/~")


def query_of(pairs: Iterable[tuple[str, str]]) -> str:
    """Build a query string; values are quoted, a pair with an empty value keeps its `=`."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)


def metadata_headers(metadata: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Give the headers for user metadata.

    Raises:
        ValueError: a name or value is not printable ASCII (stores differ in what they make of it).
    """
    for name, value in metadata.items():
        if not (name + value).isascii() or not (name + value).isprintable():
            raise ValueError(f"metadata {name!r} is not printable ASCII")
    return tuple((f"x-amz-meta-{name.lower()}", value) for name, value in metadata.items())
