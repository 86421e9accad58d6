"""The first byte of an object is asked for to be told what is missing: its bytes nobody wants."""

from __future__ import annotations

import pytest

from s3syncd.s3.connection import Broken
from s3syncd.s3.direct import Direct, Refused
from s3syncd.s3.http1 import MAX_BODY_BYTES
from s3syncd.s3.wire import WireRequest
from tests.s3.direct.rig import Rig, Store, serve

PEEK = WireRequest("GetObject", "GET", "/b/k", (("range", "bytes=0-0"),), is_effect=False)


def _answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status} So", *headers, "", "")).encode() + body


def test_after_its_byte_the_connection_takes_the_next_request(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = rig.ask(direct, PEEK)
    peer = store.accept()
    serve(peer, _answer(206, "Content-Length: 1", body=b"x"))
    assert asked.wait() is None
    assert asked.exchange.status == 206

    again = rig.ask(direct, PEEK)
    serve(peer, _answer(206, "Content-Length: 1", body=b"y"))
    assert again.wait() is None
    assert store.accepted == 1


@pytest.mark.parametrize(
    "headers",
    [
        [f"Content-Length: {1 << 40}"],
        [f"Content-Length: {MAX_BODY_BYTES}"],
        ["Content-Length: 12a"],
        ["Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 1"],
        [],
    ],
    ids=["longer than any object", "long", "no number", "chunked", "both", "up to the end"],
)
def test_a_store_that_sends_all_of_it_is_not_listened_to(
    rig: Rig, store: Store, direct: Direct, headers: list[str]
) -> None:
    asked = rig.ask(direct, PEEK)
    peer = store.accept()
    serve(peer, _answer(200, *headers))
    assert asked.wait() is None
    assert (asked.exchange.status, asked.exchange.chunks) == (200, [])
    rig.ask(direct, PEEK)
    assert peer.recv(1) == b""  # what else is asked goes elsewhere


def test_a_refusal_is_read_to_its_end(rig: Rig, store: Store, direct: Direct) -> None:
    asked = rig.ask(direct, PEEK)
    serve(store.accept(), _answer(404, "Transfer-Encoding: chunked", body=b"2\r\nno\r\n0\r\n\r\n"))
    refused = asked.wait()
    assert isinstance(refused, Refused)
    assert (refused.status_code, refused.body) == (404, b"no")


def test_a_refusal_without_end_is_no_answer(rig: Rig, store: Store, direct: Direct) -> None:
    asked = rig.ask(direct, PEEK)
    serve(store.accept(), _answer(404, f"Content-Length: {1 << 40}"))
    assert isinstance(asked.wait(), Broken)


def test_objects_that_somebody_wants_are_not_read_this_way(direct: Direct) -> None:
    assert direct.takes(PEEK)
    assert not direct.takes(PEEK._replace(needs="body"))
