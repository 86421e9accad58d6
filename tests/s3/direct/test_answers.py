"""Bodies and answers, whole, cut off, early, noisy or without end."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest

from s3syncd.core.retry import FailureKind, is_known
from s3syncd.s3.answer import failure_of
from s3syncd.s3.connection import Broken
from s3syncd.s3.direct import Direct, Refused
from s3syncd.s3.exchange import NotBegun
from s3syncd.s3.http1 import MAX_BODY_BYTES
from s3syncd.s3.signing import Signer
from s3syncd.s3.wire import Frozen
from tests.s3.direct.rig import (
    HEAD,
    LARGE,
    LOST,
    OK,
    PUT,
    PUT_LARGE,
    Rig,
    Store,
    assert_closed_by_client,
    read_head,
    read_request,
    reset,
    serve,
)
from tests.waiting import until


def test_a_body_larger_than_any_buffer_arrives_whole(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept()
    assert serve(peer) == LARGE
    assert asked.wait() is None
    again = rig.ask(direct, PUT_LARGE._replace(body=LARGE[::-1]))
    assert serve(peer) == LARGE[::-1]
    assert again.wait() is None


def test_an_answer_before_the_body_was_read_counts_and_ends_the_connection(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept()
    read_head(peer)
    peer.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
    error = asked.wait()
    assert isinstance(error, Refused)
    assert (error.status_code, error.body) == (403, b"no")
    assert not asked.is_unknown
    assert_closed_by_client(peer)


def test_a_success_before_the_body_was_sent_is_none(rig: Rig, store: Store, direct: Direct) -> None:
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept()
    read_head(peer)
    peer.sendall(OK)
    assert asked.broken.name == "ConnectionError"
    assert asked.is_unknown
    assert_closed_by_client(peer)


@pytest.mark.parametrize(
    ("answer", "is_read"),
    [
        (b"HTTP/1.1 503 Slow Down\r\nContent-Length: 2\r\n\r\nno", True),
        (b"HTTP/1.1 503 Slow Down\r\nContent-Length: 2\r\n\r\nn", False),
        (b"HTTP/1.1 503 Slow Down\r\n\r\nno", False),  # its end is not known
        (b"", False),
    ],
)
def test_an_answer_is_read_though_the_store_reads_no_more(
    alone: Rig, store: Store, answer: bytes, is_read: bool
) -> None:
    """The end is met in sending, before anything is read."""
    direct = alone.open(store.address)
    asked = alone.ask(direct, PUT_LARGE)
    alone.step()
    peer = store.accept()
    read_head(peer)
    peer.sendall(answer)
    (connection,) = direct._connections
    assert connection._link is not None
    ours = connection._link._socket
    if answer:
        until(lambda: len(ours.recv(999, socket.MSG_PEEK | socket.MSG_DONTWAIT)) == len(answer))
    ours.shutdown(socket.SHUT_WR)  # so that the next send fails
    connection._happened()
    error = asked.wait()
    assert isinstance(error, Refused if is_read else Broken)
    assert asked.is_unknown is not is_read
    assert not direct._connections


@pytest.mark.parametrize("size", [0, 1, 12, len(OK) - 1])
@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["closed", "reset"])
def test_an_end_before_the_whole_answer_leaves_the_effect_in_doubt(
    rig: Rig, store: Store, direct: Direct, size: int, end: Callable[[socket.socket], None]
) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    serve(peer, OK[:size])
    end(peer)
    assert asked.broken.name in LOST
    assert asked.is_unknown


@pytest.mark.parametrize(
    "noise",
    [b"SSH-2.0-x\r\n\r\n", b"\x15\x03\x03\x00\x02\x02\x50\r\n\r\n", b"x" * 100_000,
     OK.replace(b"Length: 0", b"Length: 0\r\nContent-Length: 1")],
    ids=["ssh", "tls alert", "endless", "two lengths"],
)  # fmt: skip
def test_noise_is_no_answer_and_ends_the_connection(
    rig: Rig, store: Store, direct: Direct, noise: bytes
) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    read_request(peer)
    with suppress(ConnectionError):
        peer.sendall(noise)
    assert asked.broken.name == "ConnectionError"
    assert asked.is_unknown
    assert_closed_by_client(peer)


def test_interim_answers_without_end_are_given_up(rig: Rig, store: Store, direct: Direct) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    read_request(peer)
    with suppress(ConnectionError):
        for _ in range(100):
            peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
    assert asked.broken.name == "ConnectionError"


def test_an_end_in_the_body_of_a_large_request_leaves_the_effect_in_doubt(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept()
    read_head(peer)
    reset(peer)
    assert asked.broken.name in LOST
    assert asked.is_unknown


@pytest.mark.parametrize(
    "code", [errno.EHOSTUNREACH, errno.ENETDOWN, errno.ETIMEDOUT, errno.ECONNRESET, errno.EPROTO]
)
def test_a_network_that_is_lost_after_sending_leaves_the_effect_in_doubt(
    rig: Rig, store: Store, direct: Direct, code: int
) -> None:
    """The same error before says that there was none: the kernel tells both alike."""
    asked = rig.ask(direct)
    read_request(store.accept())
    (connection,) = direct._connections

    def lost() -> bytes | None:
        raise OSError(code, "lost")

    connection._link.receive = lost  # type: ignore[method-assign, union-attr]
    connection._happened()
    assert is_known(asked.broken.name)
    failure = failure_of(PUT, asked.broken, is_expired=False).failure
    assert failure is not None
    assert (failure.kind, failure.is_unknown) == (FailureKind.TRANSIENT, True)


@pytest.mark.parametrize("value", ["a\nx-amz-acl: public", "a\rb", "a\0", "a\x7f", "\udcff"])
def test_a_header_that_would_end_is_refused_and_nothing_is_sent(
    rig: Rig, store: Store, direct: Direct, value: str
) -> None:
    request = PUT._replace(headers=(("if-match", value),))
    with pytest.raises(NotBegun) as caught:
        rig.ask(direct, request)
    cause = caught.value.__cause__
    assert isinstance(cause, Broken)
    assert cause.name == "AWS_ERROR_HTTP_INVALID_HEADER_VALUE"
    assert cause.is_unsent
    assert not store.has_caller()


def test_a_token_that_would_end_its_header_is_refused(
    rig: Rig, store: Store, direct: Direct
) -> None:
    rig.signer = Signer(Frozen("AKID", "s", "token\r\nx: y"), "us-east-1", "store.example")
    with pytest.raises(NotBegun):
        rig.ask(direct)
    assert not store.has_caller()


def test_what_cannot_be_written_down_is_refused_and_nothing_is_sent(
    rig: Rig, store: Store, direct: Direct
) -> None:
    with pytest.raises(NotBegun) as caught:
        rig.ask(direct, PUT._replace(target="/b/\udcff"))
    assert isinstance(caught.value.__cause__, UnicodeEncodeError)
    assert not store.has_caller()


def test_a_page_of_a_listing_may_be_longer_than_other_answers(
    rig: Rig, direct: Direct, store: Store
) -> None:
    page = b"x" * (3 * MAX_BODY_BYTES)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page)
    asked = rig.ask(direct, HEAD._replace(operation="ListObjectsV2", method="GET"))
    serve(store.accept(), head + page)

    assert asked.wait() is None
    assert b"".join(asked.exchange.chunks) == page
