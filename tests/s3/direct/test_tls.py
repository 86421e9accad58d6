"""Connections of our own over TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from s3syncd.s3.addresses import Route
from s3syncd.s3.connection import Connection, Ended
from s3syncd.s3.http1 import Answer
from s3syncd.s3.link import Address, Link
from s3syncd.s3.outgoing import Outgoing
from tests.certificates import Authority, self_signed
from tests.s3.direct.rig import (
    LARGE,
    LOST,
    PUT_LARGE,
    Asked,
    Rig,
    Store,
    assert_closed_by_client,
    read_request,
    reset,
    serve,
    server_context,
    tls_endpoint,
)
from tests.waiting import until


def test_tls_with_an_authority_carries_large_bodies_and_is_reused(
    rig: Rig, store: Store, authority: Authority
) -> None:
    direct = rig.open(store.address, endpoint=tls_endpoint(authority.certificate))
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept(server_context(authority.issue()))
    assert serve(peer) == LARGE
    assert asked.wait() is None
    again = rig.ask(direct)
    assert serve(peer) == b"abc"
    assert again.wait() is None
    peer.close()
    until(lambda: not direct._connections)


@pytest.mark.parametrize("verify_tls", [True, False])
def test_only_an_unverified_self_signed_certificate_is_taken(
    rig: Rig, store: Store, tmp_path: Path, verify_tls: bool
) -> None:
    context = server_context(self_signed(tmp_path))
    missing = tmp_path / "missing.pem"  # not read where nothing is verified
    endpoint = tls_endpoint(None if verify_tls else missing, verify_tls=verify_tls)
    asked = rig.ask(rig.open(store.address, endpoint=endpoint))
    if verify_tls:
        assert_no_handshake(store, context, asked)
    else:
        serve(store.accept(context))
        assert asked.wait() is None


def assert_no_handshake(store: Store, context: ssl.SSLContext, asked: Asked) -> None:
    with suppress(OSError):  # the client says that it trusts nobody there, perhaps later
        store.accept(context).recv(1)
    assert asked.broken.name == "AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE"
    assert not asked.is_unknown


def test_a_certificate_for_another_host_is_not_taken(
    rig: Rig, store: Store, authority: Authority
) -> None:
    certificate = authority.issue(address="127.0.0.2", name="elsewhere")
    asked = rig.ask(rig.open(store.address, endpoint=tls_endpoint(authority.certificate)))
    assert_no_handshake(store, server_context(certificate), asked)


@pytest.mark.parametrize("end", [socket.socket.close, reset, lambda peer: peer.sendall(b"HTTP/1")])
def test_an_end_in_the_handshake_is_without_doubt(
    rig: Rig, store: Store, authority: Authority, end: Callable[[socket.socket], None]
) -> None:
    asked = rig.ask(rig.open(store.address, endpoint=tls_endpoint(authority.certificate)))
    peer = store.accept()
    assert peer.recv(5)
    end(peer)
    assert asked.broken.is_unsent
    assert not asked.is_unknown


def test_a_handshake_that_hangs_is_given_up_for_the_next_address(
    rig: Rig, store: Store, other: Store, authority: Authority
) -> None:
    endpoint = tls_endpoint(authority.certificate)
    direct = rig.open(store.address, other.address, endpoint=endpoint)
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    peer = store.accept()
    assert peer.recv(5)
    direct.expire(rig.now + 5)
    assert_closed_by_client(peer)
    serve(other.accept(server_context(authority.issue())))
    assert asked.wait() is None


def test_an_end_of_tls_after_the_request_leaves_the_effect_in_doubt(
    rig: Rig, store: Store, authority: Authority
) -> None:
    asked = rig.ask(rig.open(store.address, endpoint=tls_endpoint(authority.certificate)))
    peer = store.accept(server_context(authority.issue()))
    read_request(peer)
    reset(peer)
    assert asked.broken.name in LOST
    assert asked.is_unknown


@pytest.mark.parametrize("host", ["." * 300, "x" * 64])
def test_a_host_that_no_certificate_can_be_for_is_told_as_a_handshake_that_failed(
    rig: Rig, store: Store, host: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ended: list[Ended] = []
    failed: list[Address] = []
    connection = Connection(
        Route((store.address,), context, host, failed.append, failed.append), rig.poller,
        on_idle=lambda _: None, on_close=lambda _: None,
    )  # fmt: skip
    connection.open(0.0)
    assert not connection.send(Outgoing(b"x"), Answer(), on_end=ended.append)
    assert connection.error is not None
    assert connection.error.name == "AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE"


def test_a_link_in_tls_has_the_descriptor_that_it_told_from_the_first(
    store: Store, authority: Authority
) -> None:
    """Else a poller would go on with another one's."""
    context = ssl.create_default_context(cafile=authority.certificate)
    link = Link(store.address, context, "127.0.0.1")
    try:
        peer = store.accept()
        until(lambda: link.advance() or not link.wants_room)
        assert link._socket.fileno() == link.fd
        reset(peer)
        with pytest.raises(OSError):
            until(link.advance)
        assert link._socket.fileno() == link.fd
    finally:
        link.close()
