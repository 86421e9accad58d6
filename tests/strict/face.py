"""The daemon's face of a bucket in the strict store: what tests ask of it, and see of it."""

from __future__ import annotations

import hashlib
from typing import Any

from s3syncd.core.retry import FailureKind
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.reply import Reply
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.strict.fake import FakeStore


def settings(store: FakeStore, **given: Any) -> BucketSettings:
    usual: dict[str, Any] = {
        "bucket": "bucket", "endpoint": store.endpoint, "region": "us-east-1",
        "access_key": ACCESS_KEY, "secret_access_key": SECRET_ACCESS_KEY, "max_connections": 16,
    }  # fmt: skip
    return BucketSettings(**usual | given)


def md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


def put(face: Bucket, body: bytes = b"old", key: str = "k", **given: Any) -> Reply:
    return face.call(face.put(key, body, md5=md5(body), **given))


def kind(reply: Reply) -> FailureKind | None:
    return reply.failure and reply.failure.kind


def content(store: FakeStore, key: str = "k") -> bytes:
    return store.version(store.tree("bucket")[key]).body
