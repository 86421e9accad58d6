"""Conditions: If-Match and its kin, for readers, writers, deleters and copies."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Mapping
from email.utils import parsedate
from typing import Final

from tests.strict.errors import S3Error
from tests.strict.state import Version

__all__ = ["check_copy_source", "check_delete", "check_read", "check_write", "conditions_of"]

_NAMES: Final = (
    "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
    "x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since",
    "x-amz-mp-object-size",
)  # fmt: skip


def conditions_of(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Give the conditions a request names, for the history."""
    return tuple((name, headers[name]) for name in _NAMES if name in headers)


def check_read(headers: Mapping[str, str], version: Version) -> None:
    """Hold a GET or HEAD to its conditions, in the order of RFC 9110.

    Raises:
        S3Error: PreconditionFailed or NotModified.
    """
    if not _is_match(headers, "", version):
        raise _failed("If-Match")
    if _is_match_of_none(headers, "", version):
        return
    etag = {"ETag": f'"{version.etag}"'}
    raise S3Error("NotModified", headers=etag)


def check_copy_source(headers: Mapping[str, str], version: Version) -> None:
    """Hold a copy to the conditions on what is copied; there is no 304 here."""
    start = "x-amz-copy-source-"
    if not _is_match(headers, start, version) or not _is_match_of_none(headers, start, version):
        raise _failed("x-amz-copy-source-If")


def check_write(headers: Mapping[str, str], current: Version | None) -> None:
    """Hold a PUT, copy or completion to the conditions on what it would replace.

    Args:
        headers: of the request.
        current: the object that readers see; None also for a delete marker.

    Raises:
        S3Error: NoSuchKey for If-Match where there is nothing, PreconditionFailed,
            NotImplemented for a form that S3 does not know.
    """
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    if {"if-modified-since", "if-unmodified-since"} & headers.keys():
        raise S3Error("NotImplemented", "A write cannot be conditional on a date.")
    if none_match is not None:
        if none_match != "*" or match is not None:
            raise S3Error("NotImplemented", "If-None-Match takes * only, and no If-Match.")
        if current is not None:
            raise _failed("If-None-Match")
    if match is not None:
        _check_match(match, current)


def check_delete(headers: Mapping[str, str], current: Version | None) -> None:
    """Hold a DELETE to If-Match; only the current version is looked at.

    Raises:
        S3Error: as `check_write`; with `*`, where there is nothing, PreconditionFailed.
    """
    if {"if-none-match", "if-modified-since", "if-unmodified-since"} & headers.keys():
        raise S3Error("NotImplemented", "A deletion takes If-Match only.")
    match = headers.get("if-match")
    if match == "*":
        if current is None:
            raise _failed("If-Match")
    elif match is not None:
        _check_match(match, current)


def _check_match(told: str, current: Version | None) -> None:
    if current is None:
        raise S3Error("NoSuchKey")
    if told.strip('"') != current.etag:
        raise _failed("If-Match")


def _is_match(headers: Mapping[str, str], start: str, version: Version) -> bool:
    told = headers.get(f"{start}if-match")
    if told is not None:
        return _names(told, version.etag)  # a date is then not looked at
    since = _time(headers.get(f"{start}if-unmodified-since"))
    return since is None or int(version.modified) <= since


def _is_match_of_none(headers: Mapping[str, str], start: str, version: Version) -> bool:
    told = headers.get(f"{start}if-none-match")
    if told is not None:
        return not _names(told, version.etag)
    since = _time(headers.get(f"{start}if-modified-since"))
    return since is None or int(version.modified) > since


def _names(told: str, etag: str) -> bool:
    listed = [each.strip().strip('"') for each in told.split(",")]
    return "*" in listed or etag in listed


def _time(text: str | None) -> float | None:
    parsed = parsedate(text) if text else None
    return timegm((*parsed[:6], 0, 0, 0)) if parsed else None


def _failed(condition: str) -> S3Error:
    return S3Error("PreconditionFailed", extra={"Condition": condition})
