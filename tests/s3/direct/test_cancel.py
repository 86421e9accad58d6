"""What is canceled, stands still or is closed ends once, and holds nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from s3syncd.s3.direct import Direct
from s3syncd.s3.link import Address
from s3syncd.s3.wire import Endpoint
from tests.s3.direct.rig import (
    OK,
    PUT_LARGE,
    Asked,
    Rig,
    Store,
    assert_closed_by_client,
    idle_connection,
    read_head,
    read_request,
    serve,
)
from tests.waiting import until

States = Callable[[Rig, Store, Address], tuple[Direct, Asked, "socket.socket | None"]]


def in_connecting(
    rig: Rig, store: Store, hole: Address
) -> tuple[Direct, Asked, socket.socket | None]:
    direct = rig.open(hole)
    return direct, rig.ask(direct), None


def in_handshake(
    rig: Rig, store: Store, hole: Address
) -> tuple[Direct, Asked, socket.socket | None]:
    direct = rig.open(store.address, endpoint=Endpoint(True, "store.example", "us-east-1"))
    asked = rig.ask(direct)
    peer = store.accept()
    assert peer.recv(5)[:1] == b"\x16"  # the first of a client's greeting
    return direct, asked, peer


def in_sending(rig: Rig, store: Store, hole: Address) -> tuple[Direct, Asked, socket.socket | None]:
    direct = rig.open(store.address)
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept()
    read_head(peer)
    return direct, asked, peer


def in_waiting(rig: Rig, store: Store, hole: Address) -> tuple[Direct, Asked, socket.socket | None]:
    direct = rig.open(store.address)
    asked = rig.ask(direct)
    peer = store.accept()
    read_request(peer)
    peer.sendall(OK[:20])
    return direct, asked, peer


@pytest.mark.parametrize("state", [in_connecting, in_handshake, in_sending, in_waiting])
@pytest.mark.parametrize("is_close", [False, True], ids=["cancel", "close"])
def test_a_cancel_tells_once_and_lets_go_in_every_state(
    rig: Rig, store: Store, black_hole: Address, state: States, is_close: bool
) -> None:
    direct, asked, peer = state(rig, store, black_hole)
    assert asked.begun is not None
    for _ in range(2):
        direct.close() if is_close else asked.begun.cancel()
    assert asked.broken.name == "AWS_ERROR_S3_CANCELED"
    assert asked.is_unknown is (state in {in_sending, in_waiting})
    assert not direct._connections
    if peer is not None:
        assert_closed_by_client(peer)


def test_a_line_on_which_nothing_moves_is_given_up_and_leaves_the_effect_in_doubt(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    head, body = read_request(peer)
    (connection,) = direct._connections
    sent = len(head) + len(b"\r\n\r\n") + len(body)
    until(lambda: connection.moved == sent)  # it counts a little later than the store reads
    direct.expire(rig.now)
    direct.expire(rig.now + 29)
    assert not asked.ends
    peer.sendall(OK[:20])
    until(lambda: connection.moved == sent + 20)
    direct.expire(rig.now + 30)
    direct.expire(rig.now + 59)
    assert not asked.ends
    direct.expire(rig.now + 60)
    assert asked.broken.name == "AWS_ERROR_HTTP_CHANNEL_THROUGHPUT_FAILURE"
    assert asked.is_unknown
    assert_closed_by_client(peer)


def test_a_request_on_a_line_that_was_idle_has_time_of_its_own(
    rig: Rig, store: Store, direct: Direct
) -> None:
    peer = idle_connection(rig, store, direct)
    direct.expire(rig.now)
    asked = rig.ask(direct)
    direct.expire(rig.now + 31)
    assert not asked.ends
    serve(peer)
    assert asked.wait() is None


def test_a_cancel_after_the_answer_does_nothing(rig: Rig, store: Store, direct: Direct) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    serve(peer)
    assert asked.wait() is None
    assert asked.begun is not None
    asked.begun.cancel()
    assert len(direct._idle) == 1
    assert len(asked.ends) == 1


def test_a_late_cancel_spares_the_next_request_on_the_connection(
    rig: Rig, store: Store, direct: Direct
) -> None:
    first = rig.ask(direct)
    peer = store.accept()
    serve(peer)
    assert first.wait() is None
    second = rig.ask(direct)
    assert first.begun is not None
    first.begun.cancel()
    serve(peer)
    assert second.wait() is None


def test_a_connection_that_becomes_idle_after_the_close_is_closed(
    rig: Rig, store: Store, direct: Direct
) -> None:
    """A request that began in the middle of it is in no list that `close` has seen."""
    asked = rig.ask(direct)
    peer = store.accept()
    direct._is_closed = True
    serve(peer)
    assert asked.wait() is None
    assert_closed_by_client(peer)
    assert not direct._connections
