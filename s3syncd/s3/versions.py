"""Reads raw pages of ListObjectVersions, and whether a bucket keeps versions at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import unquote_plus
from xml.etree.ElementTree import Element

from s3syncd.core.digest import bare_etag
from s3syncd.s3.listing import ListingError, document_of, is_size

__all__ = ["Version", "VersionsPage", "parse_versions", "versioning_of"]

_STATUS: Final = re.compile(rb"<Status>\s*(Enabled|Suspended)\s*</Status>")


class Version(NamedTuple):
    """One version of a key, or a delete marker (`is_marker`; without size and ETag).

    `modified_at`: when it was stored, in seconds since the epoch; stores tell whole seconds, and
    of an upload in parts when it was begun. `etag` without quotes.
    """

    key: str
    version_id: str
    is_marker: bool
    is_latest: bool
    modified_at: float
    size_bytes: int = 0
    etag: str = ""


class VersionsPage(NamedTuple):
    """One page. Of a key the newest version comes first, but stores list markers apart.

    `following` is what the next page is asked for with: key and version id; None at the end.
    """

    versions: list[Version]
    following: tuple[str, str] | None


def parse_versions(body: bytes) -> VersionsPage:
    """Read one page, asked for with encoding-type=url.

    Raises:
        ListingError: not such a page, damaged, hostile, or cut off without a way to go on.
    """
    root, namespace = document_of(body, "ListVersionsResult")
    is_quoted = root.findtext(f"{namespace}EncodingType", "") == "url"

    def read(text: str) -> str:
        return unquote_plus(text, errors="surrogateescape") if is_quoted else text

    kinds = {f"{namespace}Version": False, f"{namespace}DeleteMarker": True}
    versions = [
        _version(each, namespace, read, is_marker=kinds[each.tag])
        for each in root
        if each.tag in kinds
    ]
    return VersionsPage(versions, _following(root, namespace, read))


def versioning_of(body: bytes) -> str:
    """Give `Enabled`, `Suspended`, or '' for a bucket that never kept versions."""
    found = _STATUS.search(body)
    return found[1].decode() if found else ""


def _version(
    element: Element, namespace: str, read: Callable[[str], str], *, is_marker: bool
) -> Version:
    found = {child.tag.removeprefix(namespace): child.text or "" for child in element}
    size = "0" if is_marker else found.get("Size", "")
    if not found.get("Key") or not is_size(size):
        raise ListingError("a version without key or size")
    return Version(
        read(found["Key"]),
        found.get("VersionId", ""),
        is_marker,
        found.get("IsLatest", "") == "true",
        _moment(found.get("LastModified", "")),
        int(size),
        bare_etag(found.get("ETag", "")),
    )


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise ListingError(f"a version that tells no time: {text[:40]!r}") from error


def _following(root: Element, namespace: str, read: Callable[[str], str]) -> tuple[str, str] | None:
    truncated = root.findtext(f"{namespace}IsTruncated")
    if truncated is None:
        raise ListingError("the page does not tell whether it is the last")
    if truncated.strip() != "true":
        return None
    key = read(root.findtext(f"{namespace}NextKeyMarker") or "")
    if not key:
        raise ListingError("the page is not the last and names no next one")
    return key, root.findtext(f"{namespace}NextVersionIdMarker") or ""
