"""What stands in a request."""

from __future__ import annotations

import threading
from base64 import b64encode
from types import SimpleNamespace
from typing import Any

import pytest

from s3syncd.core.retry import Failure, FailureKind
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.reply import Reply, S3Failure
from s3syncd.s3.wire import Frozen, WireRequest
from tests.s3.asking import STATIC, failure_of, md5
from tests.servers import (
    StubServer,
)
from tests.waiting import until


def test_credentials_are_asked_for_in_the_callers_thread_and_used_from_then_on(
    stub: StubServer, open_transport: Any
) -> None:
    threads: list[str] = []
    now = [STATIC]

    def credentials() -> Frozen:
        threads.append(threading.current_thread().name)
        return now[0]

    transport = open_transport(credentials)
    replies: list[Reply] = []
    request = WireRequest("HeadObject", "HEAD", "/b/k", is_effect=False)
    for frozen in (STATIC, Frozen("OTHER", "secret", "token/+=")):
        now[0] = frozen
        transport.send(request)(replies.append)
    until(lambda: len(replies) == 2, 10)

    first, second = sorted(stub.history, key=lambda seen: "OTHER" in seen.headers["authorization"])
    assert "Credential=AKID/" in first.headers["authorization"]
    assert "x-amz-security-token" not in first.headers
    assert "Credential=OTHER/" in second.headers["authorization"]
    assert second.headers["x-amz-security-token"] == "token/+="
    assert set(threads) == {threading.current_thread().name}


def test_credentials_that_cannot_be_had_are_a_failure_and_nothing_is_sent(
    stub: StubServer, open_transport: Any
) -> None:
    failure = Failure(FailureKind.CREDENTIALS, "TokenRetrievalError", None, "log in", False)

    def credentials() -> Frozen:
        raise S3Failure(failure)

    replies: list[Reply] = []
    open_transport(credentials).send(WireRequest("HeadObject", "HEAD", "/b/k"))(replies.append)

    assert [reply.failure for reply in replies] == [failure]
    assert not stub.history


def test_request_carries_what_was_asked_for(stub: StubServer, stub_bucket: Bucket) -> None:
    body = memoryview(b"xabcx")[1:4]
    start = stub_bucket.put(
        "a b/ü",
        body,
        md5=md5(b"abc"),
        content_type="text/plain",
        metadata={"MTime": "1.5"},
        storage_class="STANDARD_IA",
        if_match="v1",
    )
    stub_bucket.call(start)
    stub_bucket.call(stub_bucket.put("k", b"", md5=md5(b""), if_none_match=True))
    stub_bucket.call(stub_bucket.delete("k", if_match="v2"))
    stub_bucket.call(stub_bucket.head("k", part_number=1, with_checksum=True))
    stub_bucket.call(stub_bucket.upload_part("k", "id/+=", 7, b"p", md5=md5(b"p")))

    full, create, delete, head, part = stub.history
    assert full.target == "/bucket/a%20b/%C3%BC"
    assert full.body == b"abc"
    sent = SimpleNamespace(**{name.replace("-", "_"): text for name, text in full.headers.items()})
    assert sent.content_md5 == b64encode(md5(b"abc")).decode()
    assert (sent.content_type, sent.x_amz_storage_class) == ("text/plain", "STANDARD_IA")
    assert (sent.x_amz_meta_mtime, sent.if_match) == ("1.5", '"v1"')
    assert sent.user_agent.startswith("s3syncd/")
    assert create.headers["if-none-match"] == "*"
    assert "if-match" not in create.headers
    assert "x-amz-storage-class" not in create.headers
    assert delete.headers["if-match"] == '"v2"'
    assert head.query == {"partNumber": "1"}
    assert head.headers["x-amz-checksum-mode"] == "ENABLED"
    assert part.query == {"partNumber": "7", "uploadId": "id/+="}
    assert part.headers["content-md5"] == b64encode(md5(b"p")).decode()


def test_wrong_digest_is_noticed_by_the_store(stub_bucket: Bucket) -> None:
    reply = stub_bucket.call(stub_bucket.put("k", b"abc", md5=md5(b"other")))

    assert failure_of(reply).code == "BadDigest"


def test_metadata_that_is_not_ascii_is_refused_before_anything_is_sent(
    stub: StubServer, stub_bucket: Bucket
) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        stub_bucket.put("k", b"", md5=md5(b""), metadata={"name": "ü"})

    assert not stub.history
