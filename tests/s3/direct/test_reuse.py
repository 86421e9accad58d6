"""Connections are used again, as long as they are good."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from s3syncd.s3.direct import Direct
from tests.s3.direct.rig import (
    CLOSING,
    HEAD,
    OK,
    Rig,
    Store,
    assert_closed_by_client,
    ended_connection,
    idle_connection,
    reset,
    serve,
)
from tests.waiting import until


def test_one_request_after_the_other_takes_one_connection(
    rig: Rig, store: Store, direct: Direct
) -> None:
    peer = idle_connection(rig, store, direct)
    for _ in range(5):
        asked = rig.ask(direct)
        assert serve(peer) == b"abc"
        assert asked.wait() is None
    assert not store.has_caller()


def test_a_request_during_another_takes_a_connection_of_its_own(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = [rig.ask(direct), rig.ask(direct)]
    peers = [store.accept(), store.accept()]
    for peer in peers:
        serve(peer)
    assert [one.wait() for one in asked] == [None, None]


@pytest.mark.parametrize(
    "answer",
    [CLOSING, OK.replace(b"1.1", b"1.0"), OK + b"x", OK.replace(b"Content-Length: 0\r\n", b"")],
    ids=["close", "http/1.0", "more than the answer", "until the end"],
)
def test_a_connection_that_cannot_be_kept_is_closed(
    rig: Rig, store: Store, direct: Direct, answer: bytes
) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    serve(peer, answer)
    peer.shutdown(socket.SHUT_WR)
    assert asked.wait() is None
    assert_closed_by_client(peer)
    again = rig.ask(direct)
    serve(store.accept())
    assert again.wait() is None


def test_the_length_in_an_answer_to_a_head_is_not_waited_for(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = rig.ask(direct, HEAD)
    peer = store.accept()
    serve(peer, OK.replace(b"Length: 0", b"Length: 5000000000000"))
    assert asked.wait() is None
    assert asked.exchange.headers["content-length"] == "5000000000000"  # type: ignore[call-overload]
    again = rig.ask(direct, HEAD)
    serve(peer)
    assert again.wait() is None


@pytest.mark.parametrize("end", [socket.socket.close, reset, lambda peer: peer.sendall(b"noise")])
def test_an_idle_connection_that_is_no_more_is_not_used(
    rig: Rig, store: Store, direct: Direct, end: Callable[[socket.socket], None]
) -> None:
    peer = idle_connection(rig, store, direct)
    end(peer)
    until(lambda: not direct._connections, what="the connection is let go")
    assert not direct._idle
    if peer.fileno() >= 0:
        assert_closed_by_client(peer)
    asked = rig.ask(direct)
    serve(store.accept())
    assert asked.wait() is None


def test_a_reset_that_nobody_was_told_of_costs_no_request(alone: Rig, store: Store) -> None:
    """The send itself meets the end, and another line is opened."""
    direct = alone.open(store.address)
    ended_connection(alone, store, direct)
    again = alone.ask(direct)
    alone.step()
    serve(store.accept())
    until(lambda: alone.is_told(again))
    assert again.wait() is None


def test_an_old_idle_connection_is_not_used_and_is_closed(
    rig: Rig, store: Store, direct: Direct
) -> None:
    peer = idle_connection(rig, store, direct)
    rig.now += 4.0
    asked = rig.ask(direct)
    assert_closed_by_client(peer)
    serve(store.accept())
    assert asked.wait() is None


def test_an_idle_connection_is_closed_when_its_time_is_over(
    rig: Rig, store: Store, direct: Direct
) -> None:
    peer = idle_connection(rig, store, direct)
    direct.expire(rig.now + 3.9)
    assert len(direct._idle) == 1
    direct.expire(rig.now + 4.0)
    assert_closed_by_client(peer)
    assert not direct._idle
