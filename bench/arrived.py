"""Whether what a program uploaded is what lay on disk: every key, size and ETag."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from bench.server import ACCESS_KEY, BUCKET, SECRET_KEY, Server

__all__ = ["Expected", "check_arrived", "differences", "digests", "etag_of_parts"]

# Per path below the root: MD5 as hex digits, and size.
Expected = dict[str, tuple[str, int]]

_IS_UNHASHED = "object (''"
"""`rclone serve s3` lists an object that it has not hashed yet without an ETag."""

_HASHED_SECONDS = 10.0
_LOOKS_EACH_SECONDS = 0.5

_CHUNK_BYTES = 1 << 20
_SHOWN = 5


def digests(root: Path) -> Expected:
    """What must arrive; reading it also warms the page cache, for all programs alike."""
    found: Expected = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "md5").hexdigest()
            found[str(path.relative_to(root))] = digest, path.stat().st_size
    return found


def check_arrived(server: Server, prefix: str, root: Path, expected: Expected) -> None:
    """List a prefix and compare it with the files.

    Raises:
        SystemExit: something is missing, too much, or differs.
    """
    wrong = differences(server, prefix, root, expected)
    nothing, ends_at = threading.Event(), time.monotonic() + _HASHED_SECONDS
    while any(_IS_UNHASHED in one for one in wrong) and time.monotonic() < ends_at:
        nothing.wait(_LOOKS_EACH_SECONDS)
        wrong = differences(server, prefix, root, expected)
    if wrong:
        told = "\n".join(wrong[:_SHOWN])
        raise SystemExit(f"{len(wrong)} of {len(expected)} objects differ:\n{told}")


def differences(server: Server, prefix: str, root: Path, expected: Expected) -> list[str]:
    """List a prefix and tell each path that is missing, too much, or differs from the file."""
    store: Any = boto3.client(
        "s3", endpoint_url=server.endpoint, region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
        config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    listed: Expected = {}
    for page in store.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix):
        for entry in page.get("Contents", ()):
            path = entry["Key"].removeprefix(prefix)
            listed[path] = _as_expected(store, entry, root / path, expected.get(path))
    store.close()
    paths = sorted(expected.keys() | listed.keys())
    return [
        f"{path}: file {expected.get(path)}, object {listed.get(path)}"
        for path in paths
        if expected.get(path) != listed.get(path)
    ]


def _as_expected(
    store: Any, entry: dict[str, Any], path: Path, expected: tuple[str, int] | None
) -> tuple[str, int]:
    """ETag and size of an object; the file's own MD5 if the ETag of its parts proves that."""
    etag, size = entry["ETag"].strip('"'), entry["Size"]
    if "-" in etag and expected is not None and size == expected[1]:
        first = store.head_object(Bucket=BUCKET, Key=entry["Key"], PartNumber=1)
        if etag_of_parts(path, first["ContentLength"]) == etag:
            return expected[0], size
    return etag, size


def etag_of_parts(path: Path, part_size_bytes: int) -> str:
    """The ETag of a file sent in parts of one size: MD5 of their MD5s, and their number."""
    digests_of_parts: list[bytes] = []
    with path.open("rb") as file:
        while size := _part_digest(file.fileno(), part_size_bytes, digests_of_parts):
            if size < part_size_bytes:
                break
    joined = hashlib.md5(b"".join(digests_of_parts), usedforsecurity=False)
    return f"{joined.hexdigest()}-{len(digests_of_parts)}"


def _part_digest(descriptor: int, part_size_bytes: int, found: list[bytes]) -> int:
    digest, size = hashlib.md5(usedforsecurity=False), 0
    while size < part_size_bytes:
        chunk = os.read(descriptor, min(_CHUNK_BYTES, part_size_bytes - size))
        if not chunk:
            break
        digest.update(chunk)
        size += len(chunk)
    if size:
        found.append(digest.digest())
    return size
