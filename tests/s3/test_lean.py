"""Control requests on connections of our own: what boto3 would make of the same answers."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from s3syncd.core.retry import Failure, is_known
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.caller import Caller, Unanswered, has_news
from s3syncd.s3.client import Client
from s3syncd.s3.http1 import Answer
from s3syncd.s3.lean import LeanClient
from s3syncd.s3.poller import Poller
from s3syncd.s3.reply import S3Failure
from s3syncd.s3.signing import Signer
from s3syncd.s3.trust import tls_context
from s3syncd.s3.wire import Endpoint, Frozen, WireRequest
from tests.certificates import Authority
from tests.servers import (
    ACCESS_KEY,
    SECRET_ACCESS_KEY,
    Seen,
    StubServer,
    error_in_success,
    hang_up,
    respond,
    s3_error,
    slow_down,
    stub_server,
)
from tests.waiting import until

ANSWERED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOOK = WireRequest("ListParts", "GET", "/b/k?uploadId=u", is_effect=False)
TOKEN = "a-token-that-must-never-be-shown"

Speak = Callable[[Bucket], object]
BLOCKING: dict[str, Speak] = {
    "create": lambda bucket: bucket.create_multipart("k"),
    "complete": lambda bucket: bucket.complete_multipart("k", "u", [(1, "e")]),
    "abort": lambda bucket: bucket.abort_multipart("k", "u"),
    "parts": lambda bucket: bucket.list_parts("k", "u"),
    "uploads": lambda bucket: bucket.list_uploads("k"),
}


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[StubServer, Bucket, Bucket]]:
    """A store, and two buckets in contact with it: by boto3, and without it."""
    with stub_server() as stub, contextlib.closing(Poller()) as poller:
        settings = BucketSettings(
            bucket="bucket", endpoint=stub.endpoint, region="us-east-1", ops_retries=0,
            access_key=ACCESS_KEY, secret_access_key=SECRET_ACCESS_KEY, session_token=TOKEN,
        )  # fmt: skip
        buckets = Bucket(settings), Bucket(settings, poller=poller)
        for bucket in buckets:
            bucket.connect()
        assert isinstance(buckets[0]._client, Client)
        assert isinstance(buckets[1]._client, LeanClient)
        yield stub, *buckets
        for bucket in buckets:
            assert bucket.close(10)


def outcome(bucket: Bucket, speak: Speak) -> object:
    try:
        return speak(bucket)
    except S3Failure as error:
        assert TOKEN not in str(error)
        failure: Failure = error.failure
        return failure.kind, failure.code, failure.status, failure.is_unknown


def document(name: str, inner: str, *, space: str = "") -> Any:
    return respond(200, f"<?xml version='1.0'?><{name}{space}>{inner}</{name}>".encode())


NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
COMPLETED = b"<CompleteMultipartUploadResult><ETag>e-1</ETag></CompleteMultipartUploadResult>"
PART = "<Part><PartNumber>{0}</PartNumber><ETag>&quot;e{0}&quot;</ETag><Size>5</Size></Part>"
UPLOAD = "<Upload><Key>{0}</Key><UploadId>{1}</UploadId></Upload>"


@pytest.mark.parametrize("name", BLOCKING)
@pytest.mark.parametrize(
    "behaviour",
    [
        s3_error(403, "AccessDenied"),
        s3_error(404, "NoSuchUpload"),
        s3_error(404, "NoSuchBucket"),
        s3_error(400, "InvalidPart"),
        s3_error(400, "EntityTooSmall", f"said with {TOKEN}"),
        s3_error(412, "PreconditionFailed"),
        s3_error(409, "ConditionalRequestConflict"),
        s3_error(500, "InternalError"),
        slow_down(),
        respond(500),
        respond(502, b"<html>Bad gateway"),
        respond(404),
        respond(403, b"no XML"),
        hang_up(),
    ],
)
def test_a_refusal_means_the_same_whoever_asked(
    pair: tuple[StubServer, Bucket, Bucket], name: str, behaviour: Any
) -> None:
    stub, theirs, ours = pair
    stub.behave(behaviour, times=2)

    assert outcome(ours, BLOCKING[name]) == outcome(theirs, BLOCKING[name])


@pytest.mark.parametrize(
    ("name", "behaviour"),
    [
        ("create", document("InitiateMultipartUploadResult", "<UploadId>a&amp;b</UploadId>")),
        ("complete", document("CompleteMultipartUploadResult", "<ETag>\"e-1\"</ETag>")),
        ("complete", document("CompleteMultipartUploadResult", "", space=NAMESPACE)),
        ("complete", error_in_success("InternalError")),
        ("complete", error_in_success("SlowDown")),
        ("complete", respond(200, b"<CompleteMultipartUploadResult><ETag>")),
        ("complete", respond(200, b"")),
        ("abort", respond(200, b"")),
        ("parts", document("ListPartsResult", PART.format(2) + PART.format(1), space=NAMESPACE)),
        ("parts", document("ListPartsResult", "<IsTruncated>false</IsTruncated>")),
        ("parts", document("ListPartsOutput", PART.format(7))),
        ("parts", document("SomeOtherName", PART.format(7))),
        ("parts", document("html", "<body>Please log in</body>")),
        ("parts", respond(200, b"")),
        ("uploads", document("html", "<body>Please log in</body>")),
        ("uploads", respond(200, b"")),
        ("complete", document("html", "<body>Please log in</body>")),
        ("uploads", document("ListMultipartUploadsResult", UPLOAD.format("k", "1"))),
        ("uploads", document("ListMultipartUploadsResult", UPLOAD.format("k2", "1"))),
    ],
)  # fmt: skip
def test_a_success_means_the_same_whoever_asked(
    pair: tuple[StubServer, Bucket, Bucket], name: str, behaviour: Any
) -> None:
    stub, theirs, ours = pair
    stub.behave(behaviour, times=2)

    assert outcome(ours, BLOCKING[name]) == outcome(theirs, BLOCKING[name])


def test_a_store_may_send_blanks_until_an_upload_is_complete(
    pair: tuple[StubServer, Bucket, Bucket],
) -> None:
    stub, _, ours = pair
    stub.behave(respond(200, b" \n  " + COMPLETED))

    assert BLOCKING["complete"](ours) == "e-1"


@pytest.mark.parametrize(
    ("name", "behaviour"),
    [
        ("complete", respond(200, b"   ")),
        ("create", document("InitiateMultipartUploadResult", "")),
        ("create", respond(200, b"")),
        ("create", document("html", "<body>Please log in</body>")),
        ("complete", respond(200, b"")),
        ("complete", document("html", "<body>Please log in</body>")),
        ("parts", respond(200, b"")),
        ("parts", document("html", "<body>Please log in</body>")),
        ("uploads", respond(200, b"")),
        ("uploads", document("html", "<body>Please log in</body>")),
        ("parts", document("ListPartsResult", "<Part><ETag>e</ETag></Part>")),
        ("parts", document("!DOCTYPE x><ListPartsResult", "")),
    ],
)
def test_half_of_an_answer_is_no_success(
    pair: tuple[StubServer, Bucket, Bucket], name: str, behaviour: Any
) -> None:
    stub, _, ours = pair
    stub.behave(behaviour)

    with pytest.raises(S3Failure) as caught:
        BLOCKING[name](ours)

    assert caught.value.failure.is_unknown


def test_pages_are_followed(pair: tuple[StubServer, Bucket, Bucket]) -> None:
    stub, *buckets = pair
    for bucket in buckets:
        more = "<IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>"
        stub.behave(document("ListPartsResult", PART.format(1) + more), contains="marker=0")
        stub.behave(document("ListPartsResult", PART.format(2)), contains="marker=1")
        assert [part.number for part in bucket.list_parts("k", "u")] == [1, 2]

        more = "<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
        more += "<NextUploadIdMarker>1</NextUploadIdMarker>"
        inner = UPLOAD.format("k", "1") + more
        stub.behave(document("ListMultipartUploadsResult", UPLOAD.format("k", "2")),
                    contains="upload-id-marker=1")  # fmt: skip
        stub.behave(document("ListMultipartUploadsResult", inner), contains="uploads")
        assert bucket.list_uploads("k") == ["1", "2"]


def test_what_is_sent_to_complete_is_the_same_and_signed(
    pair: tuple[StubServer, Bucket, Bucket],
) -> None:
    stub, *buckets = pair
    told = document("CompleteMultipartUploadResult", "<ETag>e</ETag>")
    names = {"if-match", "x-amz-mp-object-size", "x-amz-content-sha256", "x-amz-security-token"}
    sent: list[Seen] = []
    for bucket in buckets:
        stub.behave(told)
        bucket.complete_multipart(
            "a b", "u/1", [(1, "e&1"), (2, "e2")], if_match="old", size_bytes=7
        )
        sent.append(stub.history[-1])

    theirs, ours = sent
    assert ours.target == theirs.target
    assert ours.body == theirs.body
    assert {n: ours.headers[n] for n in names} == {n: theirs.headers[n] for n in names}
    for header in names:
        assert header in ours.headers["authorization"]


@contextlib.contextmanager
def caller_of(stub: StubServer, now: list[float]) -> Iterator[Callable[[], int]]:
    """Give what asks the stub, and tells over which of its connections it did."""
    endpoint = Endpoint(False, stub.endpoint.removeprefix("http://"), "us-east-1")
    caller = Caller(endpoint, clock=lambda: now[0])
    signer = Signer(Frozen(ACCESS_KEY, SECRET_ACCESS_KEY, None), "us-east-1", endpoint.host)

    def ask() -> int:
        caller.ask(LOOK, signer, patience_seconds=10)
        return stub.history[-1].connection

    with contextlib.closing(caller):
        yield ask


def test_a_connection_is_used_again_while_it_is_young(stub: StubServer) -> None:
    now = [100.0]
    with caller_of(stub, now) as ask:
        first = ask()
        now[0] += 3.9
        assert ask() == first
        now[0] += 4.0
        assert ask() != first


def test_a_connection_that_the_store_ends_is_not_used_again(stub: StubServer) -> None:
    stub.behave(respond(200, b"", (("Connection", "close"),)))
    with caller_of(stub, [100.0]) as ask:
        assert ask() != ask()


class Silent:
    """A listener that takes one connection after the other, says its part, and closes it."""

    def __init__(
        self, *parts: bytes, tls: ssl.SSLContext | None = None, is_dripping: bool = False
    ) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._parts, self._tls, self._is_dripping = parts, tls, is_dripping
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with self._listener, contextlib.suppress(OSError):
            for part in self._parts:
                peer, _ = self._listener.accept()
                with peer, contextlib.suppress(OSError):
                    if self._tls is None:
                        _play(peer, part)
                        while self._is_dripping:  # until the other side has enough
                            peer.sendall(b"x" * 10)
                        continue
                    with self._tls.wrap_socket(peer, server_side=True) as stream:
                        _play(stream, part)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the thread has closed it
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        assert not self._thread.is_alive()


def _play(stream: socket.socket, part: bytes) -> None:
    stream.recv(65536)
    stream.sendall(part)
    if not part:
        stream.recv(1)  # until the other side has enough


def ask_once(caller: Caller, *, patience_seconds: float = 10) -> Answer:
    signer = Signer(Frozen("a", "s", None), "r", "h")
    return caller.ask(LOOK, signer, patience_seconds=patience_seconds)


def test_an_idle_connection_that_was_closed_is_not_used() -> None:
    with contextlib.closing(Silent(ANSWERED, ANSWERED)) as store:
        caller = Caller(Endpoint(False, store.host, "r"))
        assert ask_once(caller).body == b"ok"
        until(lambda: has_news(caller._idle[0][0]), what="the store closed it")

        assert ask_once(caller).body == b"ok"
        caller.close()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (ANSWERED[:-1], "ConnectionClosedError"),
        (b"HTTP/1.1 ", "ConnectionClosedError"),
        (b"220 smtp.example ready\r\n\r\n", "HTTPClientError"),
        (b"", "ReadTimeoutError"),
    ],
)
def test_what_is_no_answer_leaves_the_effect_unknown(said: bytes, name: str) -> None:
    with contextlib.closing(Silent(said)) as store:
        with pytest.raises(Unanswered) as caught:
            ask_once(Caller(Endpoint(False, store.host, "r")), patience_seconds=0.2)

        assert (caught.value.name, caught.value.is_unsent) == (name, False)
        assert is_known(name)


def test_a_drip_is_given_up() -> None:
    """Each byte comes in time, and the answer never ends."""
    now = [100.0]

    def clock() -> float:
        now[0] += 10
        return now[0]

    store = Silent(b"HTTP/1.1 200 OK\r\n\r\n", is_dripping=True)
    with contextlib.closing(store), pytest.raises(Unanswered) as caught:
        ask_once(Caller(Endpoint(False, store.host, "r"), clock=clock), patience_seconds=20)

    assert caught.value.name == "ReadTimeoutError"
    assert now[0] <= 100 + 60 + 2 * 10


def test_contexts_of_authorities_that_were_renewed_are_let_go() -> None:
    for number in range(50):
        tls_context(None, str(number), False)

    assert tls_context.cache_info().currsize <= 16


def test_an_answer_may_end_with_its_connection() -> None:
    with contextlib.closing(Silent(b"HTTP/1.1 200 OK\r\n\r\nall of it")) as store:
        assert ask_once(Caller(Endpoint(False, store.host, "r"))).body == b"all of it"


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        host = f"127.0.0.1:{once.getsockname()[1]}"

    with pytest.raises(Unanswered) as caught:
        ask_once(Caller(Endpoint(False, host, "r")))

    assert (caught.value.name, caught.value.is_unsent) == ("EndpointConnectionError", True)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_a_certificate_is_verified(tmp_path: Path, address: str) -> None:
    authority = Authority(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*authority.issue(address=address))
    ca_file = str(authority.certificate)
    with contextlib.closing(Silent(ANSWERED, tls=server)) as store:
        caller = Caller(Endpoint(True, store.host, "r", ca_file))
        if address == "127.0.0.1":
            assert ask_once(caller).body == b"ok"
            caller.close()
            return
        with pytest.raises(Unanswered) as caught:
            ask_once(caller)

    assert (caught.value.name, caught.value.is_unsent) == ("SSLError", True)


def test_a_token_that_would_end_its_header_is_not_sent() -> None:
    caller = Caller(Endpoint(False, "127.0.0.1:1", "r"))

    with pytest.raises(Unanswered) as caught:
        caller.ask(LOOK, Signer(Frozen("a", "s", "t\r\nx: y"), "r", "h"), patience_seconds=1)

    assert caught.value.is_unsent
