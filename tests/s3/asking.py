"""Requests for tests to make of a bucket, and what their answers say."""

from __future__ import annotations

import hashlib

from s3syncd.core.retry import Failure
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.reply import Reply
from s3syncd.s3.wire import Frozen
from tests.servers import (
    StubServer,
)

STATIC = Frozen("AKID", "secret", None)


def md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


def put(bucket: Bucket, key: str = "k", body: bytes = b"abc") -> Reply:
    return bucket.call(bucket.put(key, body, md5=md5(body)))


def failure_of(reply: Reply) -> Failure:
    assert reply.failure is not None
    return reply.failure


def host_of(stub: StubServer) -> str:
    return stub.endpoint.partition("//")[2]
