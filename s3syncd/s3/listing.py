"""Reads raw pages of ListObjectsV2: 1 us per key, where botocore's parser takes 67."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from operator import lt
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from s3syncd.core.digest import bare_etag
from s3syncd.core.entry import RemoteEntry
from s3syncd.s3.contents import Columns, read_contents

__all__ = ["ListingError", "ListingPage", "document_of", "is_size", "parse_listing"]

_NAME: Final = "ListBucketResult"

MAX_PAGE_BYTES: Final = 32 * 1024 * 1024
"""A page has up to 1,000 keys of at most 1,024 bytes, three characters each when quoted, and some
hundred bytes of the rest: 4 MiB. Stores that send more keys than asked get eight times that."""

MAX_PAGE_TAGS: Final = 400_000
"""Eight pages of 1,000 objects with 16 elements each have 260,000. A parser makes 150 bytes of a
tag of three: a hostile page of the largest size would take 2 GiB."""

MAX_SIZE_DIGITS: Final = 18
"""What SQLite can keep, and 200,000 times the largest object of S3."""

# Builds the named tuple from a tuple in 0.1 us; `_make` costs three times that.
_as_entry: Any = partial(tuple.__new__, RemoteEntry)


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
    body: bytes,
    scope_path_for: Callable[[str], str | None],
    *,
    plain_paths: Callable[[Sequence[str]], Sequence[str] | None] = lambda _keys: None,
    after: str = "",
) -> ListingPage:
    """Read one page.

    Args:
        body: the raw answer, asked for with encoding-type=url (stores that ignore it are known
            by the missing EncodingType).
        scope_path_for: gives the site-relative path of a key, None for one that is not ours.
        plain_paths: gives the paths of all keys at once, as `scope_path_for` would; None where
            that must be asked.
        after: last key of the page before, to check the order across pages.

    Raises:
        ListingError: not a listing, damaged, hostile, or cut off without a way to go on.
    """
    root, namespace, columns = _read(body)
    keys = columns.keys
    if root.findtext(f"{namespace}EncodingType", "") == "url":
        keys = _unquoted(keys)
    paths = plain_paths(keys) if keys else ()
    ours: Sequence[str | None] = list(map(scope_path_for, keys)) if paths is None else paths
    entries: list[RemoteEntry] = list(map(_as_entry, zip(ours, *columns[1:], strict=True)))
    if None in ours:
        entries = [entry for entry in entries if entry.path is not None]
    return ListingPage(
        entries,
        _next_token(root, namespace),
        keys[0] if keys else "",
        keys[-1] if keys else "",
        _is_ascending(keys, after),
        len(keys) - len(entries),
    )


def _is_ascending(keys: Sequence[str], after: str) -> bool:
    """Tell whether the keys grow strictly; the order of str is that of UTF-8 bytes."""
    return not keys or (keys[0] > after and all(map(lt, keys, islice(keys, 1, None))))


def _unquoted(keys: Sequence[str]) -> Sequence[str]:
    """Undo the quoting of keys; many stores quote the slashes too, so those go the short way."""
    text = "\n".join(keys)
    if text.count("\n") >= len(keys):  # a store that says it quotes, and leaves a line break
        return [unquote_plus(key, errors="surrogateescape") for key in keys]
    if "%" not in text and "+" not in text:
        return keys
    text = text.replace("%2F", "/")
    if "%" in text or "+" in text:
        return [unquote_plus(key, errors="surrogateescape") for key in text.split("\n")]
    return text.split("\n")


def _read(body: bytes) -> tuple[ElementTree.Element, str, Columns]:
    """Parse, and give the root, the namespace prefix of its children ('' or '{...}'), the objects.

    The root holds no objects where they were read the short way.
    """
    _check(body)
    contents = read_contents(body)
    if contents is not None:
        root, namespace = _root(contents.rest, _NAME)
        if len(root.findall(f"{namespace}Contents")) == 1:
            return root, namespace, contents.columns
    root, namespace = _root(body, _NAME)
    return root, namespace, _contents(root, namespace)


def document_of(body: bytes, wanted: str = "") -> tuple[ElementTree.Element, str]:
    """Parse an answer; give its root and the prefix of the root's children ('' or '{...}').

    Args:
        body: the raw answer.
        wanted: the name that the root must have; '' for any.

    Raises:
        ListingError: it is another document, damaged or hostile.
    """
    _check(body)
    return _root(body, wanted)


def _check(body: bytes) -> None:
    if len(body) > MAX_PAGE_BYTES:
        raise ListingError(f"the page has {len(body)} bytes")
    # No listing has a document type, and without one there are no entities to expand. A zero byte
    # would be UTF-16, in which the search would miss it.
    has_marks = b"!" in body  # found in no time, unlike the longer ones
    if (has_marks and (b"<!DOCTYPE" in body or b"<!ENTITY" in body)) or b"\0" in body:
        raise ListingError("the page declares a document type or is not UTF-8")


def _root(body: bytes, wanted: str) -> tuple[ElementTree.Element, str]:
    if body.count(b"<") > MAX_PAGE_TAGS:
        raise ListingError("the page has more tags than a listing can have")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - `_read` lets no document type pass
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ListingError(f"the page is not well-formed: {error}") from error
    namespace, brace, name = root.tag.rpartition("}")
    if wanted and name != wanted:
        raise ListingError(f"the answer is a {name[:40]}, not a listing")
    return root, namespace + brace


def _contents(root: ElementTree.Element, namespace: str) -> Columns:
    contents, key_tag, size_tag = f"{namespace}Contents", f"{namespace}Key", f"{namespace}Size"
    etag_tag, class_tag = f"{namespace}ETag", f"{namespace}StorageClass"
    keys: list[str] = []
    sizes: list[int] = []
    etags: list[str] = []
    classes: list[str] = []
    for element in root:
        if element.tag != contents:
            continue
        found = {child.tag: child.text for child in element}
        key, size = found.get(key_tag), found.get(size_tag)
        if key is None or size is None or not is_size(size):
            raise ListingError("an object without key or size")
        keys.append(key)
        sizes.append(int(size))
        etags.append(bare_etag(found.get(etag_tag) or ""))
        classes.append(found.get(class_tag) or "STANDARD")
    return Columns(keys, sizes, etags, classes)


def is_size(text: str) -> bool:
    """Tell whether text is a size in bytes that an object can have."""
    return text.isascii() and text.isdigit() and len(text) <= MAX_SIZE_DIGITS


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
