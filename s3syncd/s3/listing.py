"""Reads raw pages of ListObjectsV2: 5 us per key, where botocore's parser takes 67."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from s3syncd.core.entry import RemoteEntry

__all__ = ["ListingError", "ListingPage", "parse_listing"]

MAX_PAGE_BYTES: Final = 32 * 1024 * 1024
"""A page has up to 1,000 keys of at most 1,024 bytes, three characters each when quoted, and some
hundred bytes of the rest: 4 MiB. Stores that send more keys than asked get eight times that."""


class ListingError(Exception):
    """The page cannot be believed: it is never taken for an empty one."""


class ListingPage(NamedTuple):
    """One page of a listing.

    `entries` are the objects that are ours, as listed; `foreign_keys` counts the others.
    `next_token` is None at the end. `first_key` and `last_key` speak of all keys and are '' for
    an empty page. `is_ascending`: the keys grow strictly in byte order, beginning after `after`.
    """

    entries: list[RemoteEntry]
    next_token: str | None
    first_key: str
    last_key: str
    is_ascending: bool
    foreign_keys: int


def parse_listing(
    body: bytes, scope_path_for: Callable[[str], str | None], *, after: str = ""
) -> ListingPage:
    """Read one page.

    Args:
        body: the raw answer, asked for with encoding-type=url (stores that ignore it are known
            by the missing EncodingType).
        scope_path_for: gives the site-relative path of a key, None for one that is not ours.
        after: last key of the page before, to check the order across pages.

    Raises:
        ListingError: not a listing, damaged, hostile, or cut off without a way to go on.
    """
    root, namespace = _root(body)
    is_quoted = root.findtext(f"{namespace}EncodingType", "") == "url"
    entries: list[RemoteEntry] = []
    previous, first, count, is_ascending = after, "", 0, True
    for key, size, etag, storage_class in _contents(root, namespace):
        if is_quoted and ("%" in key or "+" in key):
            key = _unquote(key)  # noqa: PLW2901 - the same key, read
        if count == 0:
            first = key
        count += 1
        if key <= previous:  # str order is UTF-8 byte order
            is_ascending = False
        previous = key
        path = scope_path_for(key)
        if path is not None:
            entries.append(RemoteEntry(path, size, etag, storage_class))
    return ListingPage(
        entries,
        _next_token(root, namespace),
        first,
        previous if count else "",
        is_ascending,
        count - len(entries),
    )


def _unquote(quoted: str) -> str:
    """Undo the quoting of a key; many stores quote the slashes too, so those go the short way."""
    key = quoted.replace("%2F", "/")
    return unquote_plus(key, errors="surrogateescape") if "%" in key or "+" in key else key


def _root(body: bytes) -> tuple[ElementTree.Element, str]:
    """Parse, and give the root with the namespace prefix of its children ('' or '{...}')."""
    if len(body) > MAX_PAGE_BYTES:
        raise ListingError(f"the page has {len(body)} bytes")
    # No listing has a document type, and without one there are no entities to expand. A zero byte
    # would be UTF-16, in which the search would miss it.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body or b"\0" in body:
        raise ListingError("the page declares a document type or is not UTF-8")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - see above
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ListingError(f"the page is not well-formed: {error}") from error
    namespace, brace, name = root.tag.rpartition("}")
    if name != "ListBucketResult":
        raise ListingError(f"the answer is a {name[:40]}, not a listing")
    return root, namespace + brace


def _contents(root: ElementTree.Element, namespace: str) -> Iterator[tuple[str, int, str, str]]:
    """Give key (still quoted), size in bytes, ETag and storage class of each object."""
    contents, key_tag, size_tag = f"{namespace}Contents", f"{namespace}Key", f"{namespace}Size"
    etag_tag, class_tag = f"{namespace}ETag", f"{namespace}StorageClass"
    for element in root:
        if element.tag != contents:
            continue
        found = {child.tag: child.text for child in element}
        key, size = found.get(key_tag), found.get(size_tag)
        if key is None or size is None or not size.isdecimal():
            raise ListingError("an object without key or size")
        etag = (found.get(etag_tag) or "").strip('"')
        yield key, int(size), etag, found.get(class_tag) or "STANDARD"


def _next_token(root: ElementTree.Element, namespace: str) -> str | None:
    truncated = root.findtext(f"{namespace}IsTruncated")
    if truncated is None:
        raise ListingError("the page does not tell whether it is the last")
    if truncated.strip() != "true":
        return None
    token = root.findtext(f"{namespace}NextContinuationToken")
    if not token:
        raise ListingError("the page is not the last and names no next one")
    return token
