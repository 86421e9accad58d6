"""Whether a fetched file is what the store speaks of: proved, proved not to be, or not proved."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3syncd.core.digest import multipart_etag
from s3syncd.s3.reply import Reply
from s3syncd.transfer.asking import Changed, FetchKit, Wanted
from s3syncd.transfer.comparing import Verdict
from s3syncd.transfer.proving import Content, verdict_of

BODY = b"0123456789"
EQUAL, DIFFERENT, UNPROVED = Verdict.EQUAL, Verdict.DIFFERENT, Verdict.UNPROVED
KMS = {"x-amz-server-side-encryption": "aws:kms"}


def md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


MD5, OTHER = md5(BODY).hex(), md5(b"other").hex()
OURS = multipart_etag([md5(BODY)])
THEIRS = multipart_etag([md5(BODY[:6]), md5(BODY[6:])])
SHA256 = {"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(BODY).digest()).decode()}
OTHER_SHA256 = {"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(b"x").digest()).decode()}


class _Bucket:
    """Tells these headers of the object, and the size of its first part; counts what is asked."""

    def __init__(self, headers: dict[str, str], part_bytes: int | None) -> None:
        self.asked = 0
        self._headers = headers
        self._part_bytes = part_bytes

    def head(self, _key: str, *, part_number: int | None, **_other: object) -> Any:
        size = self._part_bytes if part_number else len(BODY)
        told = {} if size is None else {"content-length": str(size)}
        self.asked += 1
        return lambda resume: resume(Reply(200, {**self._headers, **told}, b"", None))


def judged(
    path: Path, etag: str, headers: dict[str, str] | None = None, part: int | None = None
) -> tuple[Verdict, FetchKit, int]:
    bucket: Any = _Bucket({"etag": f'"{etag}"', **(headers or {})}, part)
    nothing: Any = None
    kit = FetchKit(bucket, nothing, nothing, may_replace=False, ops_retries=0)
    content = Content(os.open(path, os.O_RDONLY), "a")
    steps: Any = verdict_of(kit, Wanted("a", "a", len(BODY), etag), content, None)
    value: list[Any] = [None]
    try:
        while True:
            start = steps.send(value.pop())
            start(value.append)
    except StopIteration as end:
        return end.value, kit, bucket.asked
    finally:
        content.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "a"
    path.write_bytes(BODY)
    yield path


@pytest.mark.parametrize(
    ("etag", "headers", "part", "verdict", "requests"),
    [
        (MD5, {}, None, EQUAL, 0),
        (OTHER, {}, None, DIFFERENT, 1),
        (OTHER, KMS, None, UNPROVED, 1),
        (OTHER, {**KMS, **SHA256}, None, EQUAL, 1),
        (OTHER, {**KMS, **OTHER_SHA256}, None, DIFFERENT, 1),
        (OTHER, {"x-amz-meta-s3syncd-md5": MD5}, None, EQUAL, 1),
        (OTHER, {**KMS, "x-amz-meta-s3syncd-md5": OTHER}, None, UNPROVED, 1),
        (OURS, {}, None, EQUAL, 0),
        (THEIRS, {}, 6, EQUAL, 1),
        (multipart_etag([md5(b"x"), md5(b"y")]), {}, 6, DIFFERENT, 2),
        (THEIRS, {}, 10, UNPROVED, 2),
        (THEIRS, {}, None, UNPROVED, 2),
        (THEIRS, SHA256, 10, EQUAL, 2),
        ("opaque", {}, None, UNPROVED, 1),
        ("opaque", SHA256, None, EQUAL, 1),
    ],
    ids=[
        "its MD5", "another MD5", "a KMS key", "a KMS key and its checksum",
        "a KMS key and another checksum", "our note of its MD5", "our note of another MD5",
        "in parts as we put it", "in parts of others", "in other parts", "a store that knows no"
        " parts", "a store that tells no parts", "no parts, but its checksum", "no form at all",
        "no form, but its checksum",
    ],
)  # fmt: skip
def test_what_proves_a_content_and_what_does_not(
    file: Path, etag: str, headers: dict[str, str], part: int | None, verdict: Verdict,
    requests: int,
) -> None:  # fmt: skip
    assert judged(file, etag, headers, part)[::2] == (verdict, requests)


def test_a_file_of_another_size_costs_nothing(file: Path) -> None:
    file.write_bytes(BODY + b"!")
    assert judged(file, OTHER)[::2] == (DIFFERENT, 0)


def test_an_etag_that_is_no_md5_is_remembered(file: Path) -> None:
    assert judged(file, OTHER, SHA256)[1].etag_is_md5 is False
    assert judged(file, OTHER, {**SHA256, **KMS})[1].etag_is_md5 is None


def test_a_checksum_of_another_version_proves_nothing(file: Path) -> None:
    with pytest.raises(Changed):
        judged(file, OTHER, {"etag": '"newer"', **SHA256})
