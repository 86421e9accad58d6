"""Operations on one object: put, get, head, delete."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tests.strict.conditions import check_delete, check_read, check_write
from tests.strict.errors import S3Error
from tests.strict.state import NULL, Bucket, Version
from tests.strict.store import (
    ARCHIVED,
    Result,
    Store,
    check_put,
    checksums_of,
    described,
    http_time,
)
from tests.strict.wire import Answer, Call

__all__ = [
    "answer",
    "checksum_elements",
    "checksum_headers",
    "delete_key",
    "delete_object",
    "find",
    "get_object",
    "head_object",
    "hold_to_conditions",
    "put_object",
    "serial_of",
]

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)").fullmatch


def put_object(store: Store, bucket: Bucket, call: Call) -> Result:
    """Make a new version of an object."""
    check_put(call, store.options)
    about = described(call.headers)
    replaced = bucket.current(call.key)
    hold_to_conditions(store, call, replaced)
    version = store.write(
        bucket,
        call.key,
        call.body,
        store.etag_of(call.body, call.md5),
        about,
        checksums=call.checksums,
    )
    headers = store.headers_of(bucket, version) | checksum_headers(version, call.checksums)
    return Result(answer(200, headers), version.serial, serial_of(replaced))


def get_object(store: Store, bucket: Bucket, call: Call) -> Result:
    """Give an object, or a range or part of it."""
    version = find(bucket, call)
    _check_conditions(store, call, version)
    if version.about.storage_class in ARCHIVED:
        raise S3Error("InvalidObjectState", extra={"StorageClass": version.about.storage_class})
    status, headers, start, end = _described_part(store, bucket, call, version)
    return Result(Answer(status, headers, version.body[start:end]), seen=version.serial)


def head_object(store: Store, bucket: Bucket, call: Call) -> Result:
    """Tell about an object; the body's length stands in Content-Length."""
    version = find(bucket, call)
    _check_conditions(store, call, version)
    status, headers, _, _ = _described_part(store, bucket, call, version)
    return Result(Answer(status, headers), seen=version.serial)


def delete_object(store: Store, bucket: Bucket, call: Call) -> Result:
    """Delete an object, or one version of it for ever."""
    version_id = call.query.get("versionId", "")
    current = bucket.current(call.key)
    if store.options.has_conditions:
        check_delete(call.headers, current)
    if store.options.needs_conditions and "if-match" not in call.headers:
        raise S3Error("AccessDenied", "The bucket's policy asks for If-Match.")
    removed, headers = delete_key(store, bucket, call.key, version_id)
    made = removed.serial if removed and removed.is_marker and not version_id else None
    return Result(answer(204, headers), made, serial_of(current))


def delete_key(
    store: Store, bucket: Bucket, key: str, version_id: str
) -> tuple[Version | None, dict[str, str]]:
    """Delete; gives the marker that was made, or the version that was removed, and headers."""
    if version_id:
        gone = bucket.version(key, version_id)
        if gone is None:
            return None, {"x-amz-version-id": version_id}
        bucket.remove(gone, store.event)
        marked = {"x-amz-delete-marker": "true"} if gone.is_marker else {}
        return gone, {"x-amz-version-id": version_id} | marked
    if bucket.versioning:
        marker = store.write_marker(bucket, key)
        return marker, {"x-amz-version-id": marker.version_id, "x-amz-delete-marker": "true"}
    gone = bucket.version(key, NULL)
    if gone is not None:
        bucket.remove(gone, store.event)
    return gone, {}


def find(bucket: Bucket, call: Call) -> Version:
    """Find the version that a GET or HEAD is about.

    Raises:
        S3Error: NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker that is named.
    """
    version_id = call.query.get("versionId")
    if version_id is None:
        top = bucket.top(call.key)
        if top is None:
            raise S3Error("NoSuchKey", extra={"Key": call.key})
        if top.is_marker:
            marked = {"x-amz-delete-marker": "true", "x-amz-version-id": top.version_id}
            raise S3Error("NoSuchKey", extra={"Key": call.key}, headers=marked)
        return top
    found = bucket.version(call.key, version_id)
    if found is None:
        raise S3Error("NoSuchVersion", extra={"Key": call.key, "VersionId": version_id})
    if found.is_marker:
        marked = {"x-amz-delete-marker": "true", "Allow": "DELETE"}
        raise S3Error("MethodNotAllowed", headers=marked)
    return found


def hold_to_conditions(store: Store, call: Call, replaced: Version | None) -> None:
    """Hold a write to its conditions, as the store's options have it."""
    if store.options.has_conditions:
        check_write(call.headers, replaced)
    if store.options.needs_conditions and not {"if-match", "if-none-match"} & call.headers.keys():
        raise S3Error("AccessDenied", "The bucket's policy asks for a condition.")


def checksum_headers(version: Version, checksums: Mapping[str, str]) -> dict[str, str]:
    """Give the headers that tell checksums."""
    told = {f"x-amz-checksum-{name}": value for name, value in checksums.items()}
    return told | ({"x-amz-checksum-type": version.checksum_type} if told else {})


def checksum_elements(version: Version) -> str:
    """Give the elements that tell checksums, for documents."""
    rows = [f"<Checksum{name.upper()}>{value}</Checksum{name.upper()}>"
            for name, value in version.checksums.items()]  # fmt: skip
    return "".join(rows) + (f"<ChecksumType>{version.checksum_type}</ChecksumType>" if rows else "")


def answer(status: int, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """Give an answer with the length of its body."""
    return Answer(status, {**headers, "Content-Length": str(len(body))}, body)


def serial_of(version: Version | None) -> int | None:
    """Give the serial of a version there may be."""
    return None if version is None else version.serial


def _check_conditions(store: Store, call: Call, version: Version) -> None:
    if store.options.has_conditions:
        check_read(call.headers, version)


def _described_part(
    store: Store, bucket: Bucket, call: Call, version: Version
) -> tuple[int, dict[str, str], int, int]:
    """Give status, headers, and the place of what was asked for in the body."""
    size = len(version.body)
    status, start, end, extra = _place(call, version)
    headers = store.headers_of(bucket, version) | extra
    headers["Content-Length"] = str(end - start)
    headers["Last-Modified"] = http_time(version.modified)
    headers["Accept-Ranges"] = "bytes"
    headers |= version.about.headers
    headers |= {f"x-amz-meta-{name}": value for name, value in version.about.metadata.items()}
    if version.about.storage_class != "STANDARD":
        headers["x-amz-storage-class"] = version.about.storage_class
    if status == 206 and size:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    # Of the whole object; a client that compares it with a range would find them different.
    if call.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED" and status == 200:
        headers |= checksum_headers(version, checksums_of(version))
    return status, headers, start, end


def _place(call: Call, version: Version) -> tuple[int, int, int, dict[str, str]]:
    size = len(version.body)
    told = call.headers.get("range")
    number = call.query.get("partNumber")
    if number is not None:
        if told is not None:
            raise S3Error("InvalidRequest", "Cannot specify both Range header and partNumber")
        return _part(number, version)
    found = _RANGE(told) if told else None
    if found is None or found[0] == "bytes=-":
        return 200, 0, size, {}  # a range that is not understood is as none
    first, last = found[1], found[2]
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return 200, 0, size, {}
    if start >= size or start == end:
        extra = {"RangeRequested": told, "ActualObjectSize": size}
        raise S3Error("InvalidRange", extra=extra, headers={"Content-Range": f"bytes */{size}"})
    return 206, start, end, {}


def _part(text: str, version: Version) -> tuple[int, int, int, dict[str, str]]:
    sizes = version.part_sizes or (len(version.body),)
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise S3Error("InvalidArgument", "Part number must be an integer between 1 and 10000")
    number = int(text)
    if number > len(sizes):
        raise S3Error("InvalidPartNumber", extra={"PartNumberRequested": number})
    start = sum(sizes[: number - 1])
    count = {"x-amz-mp-parts-count": str(len(sizes))} if version.part_sizes else {}
    return 206, start, start + sizes[number - 1], count
