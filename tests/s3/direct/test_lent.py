"""Bodies in lent memory: sent from where they are, and given back once."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable

import pytest

from s3syncd.s3.answer import failure_of
from s3syncd.s3.direct import Direct, Refused
from s3syncd.s3.outgoing import TURN_BYTES, Outgoing
from s3syncd.s3.wire import BodyView
from tests.certificates import Authority
from tests.s3.direct.rig import (
    LARGE,
    OK,
    PART,
    Asked,
    Rig,
    Store,
    ended_connection,
    idle_connection,
    polling_too,
    read_head,
    reset,
    serve,
    server_context,
    tls_endpoint,
)
from tests.waiting import until


class Lent:
    """Memory that is used for something else as soon as it is given back."""

    def __init__(self, content: bytes) -> None:
        self.memory = bytearray(content)
        self.given_back = 0
        body = BodyView(memoryview(self.memory), on_read=self._take_back)
        self.request = PART._replace(body=body)

    def _take_back(self) -> None:
        self.given_back += 1
        self.memory[:] = b"?" * len(self.memory)

    def assert_held_by_nobody(self) -> None:
        self.memory.append(0)  # BufferError while anybody has a view of it


@pytest.mark.parametrize("content", [LARGE, b"abc"], ids=["large", "small"])
def test_lent_memory_is_given_back_once_when_the_kernel_has_it(
    rig: Rig, store: Store, direct: Direct, content: bytes
) -> None:
    peer = idle_connection(rig, store, direct)
    for _ in range(2):
        lent = Lent(content)
        asked = rig.ask(direct, lent.request)
        head, rest = read_head(peer)
        assert lent.given_back == (content != LARGE), "before it was sent, or not when it was"
        assert b"content-length:%d\r\n" % len(content) in head
        while len(rest) < len(content):
            rest += peer.recv(1 << 20)
        assert rest == content
        assert lent.given_back == 1
        assert not asked.ends
        peer.sendall(OK)
        assert asked.wait() is None
        lent.assert_held_by_nobody()


def test_lent_memory_is_held_by_nobody_when_it_is_given_back() -> None:
    memory = bytearray(LARGE)
    outgoing = Outgoing(b"head", BodyView(memory, on_read=memory.clear))  # BufferError otherwise
    while outgoing:
        outgoing.send(Line())  # type: ignore[arg-type]
    assert not memory


def test_lent_memory_goes_over_tls_and_is_given_back(
    rig: Rig, store: Store, authority: Authority
) -> None:
    direct = rig.open(store.address, endpoint=tls_endpoint(authority.certificate))
    lent = Lent(LARGE)
    asked = rig.ask(direct, lent.request)
    peer = store.accept(server_context(authority.issue()))
    assert serve(peer) == LARGE
    assert asked.wait() is None
    assert lent.given_back == 1
    lent.assert_held_by_nobody()


def answered_early(peer: socket.socket, _rig: Rig, _direct: Direct, _asked: Asked) -> None:
    peer.sendall(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 2\r\n\r\nno")


def reset_early(peer: socket.socket, _rig: Rig, _direct: Direct, _asked: Asked) -> None:
    reset(peer)


def canceled(_peer: socket.socket, _rig: Rig, _direct: Direct, asked: Asked) -> None:
    assert asked.begun is not None
    asked.begun.cancel()


def closed(_peer: socket.socket, _rig: Rig, direct: Direct, _asked: Asked) -> None:
    direct.close()


def stalled(_peer: socket.socket, rig: Rig, direct: Direct, asked: Asked) -> None:
    def is_given_up() -> bool:
        direct.expire(rig.now)  # the first time there may still be room in the kernel's buffers
        rig.now += 30
        direct.expire(rig.now)
        return bool(asked.ends)

    until(is_given_up)


@pytest.mark.parametrize("end", [answered_early, reset_early, canceled, closed, stalled])
def test_a_part_that_ends_in_the_middle_holds_nothing_and_gives_nothing_back(
    rig: Rig, store: Store, direct: Direct,
    end: Callable[[socket.socket, Rig, Direct, Asked], None],
) -> None:  # fmt: skip
    lent = Lent(LARGE)
    asked = rig.ask(direct, lent.request)
    peer = store.accept()
    read_head(peer)
    end(peer, rig, direct, asked)
    error = asked.wait()
    failure = failure_of(lent.request, error, is_expired=False).failure
    assert failure is not None
    if end is answered_early:
        assert isinstance(error, Refused)
    else:
        assert failure.is_unknown
    until(lambda: not direct._connections)
    assert lent.given_back == 0
    del asked, error, lent.request
    gc.collect()  # an `Asked` and its exchange know each other
    lent.assert_held_by_nobody()


def test_a_part_whose_idle_connection_is_gone_goes_whole_over_another(
    alone: Rig, store: Store
) -> None:
    """The send itself meets the end."""
    direct = alone.open(store.address)
    ended_connection(alone, store, direct)
    lent = Lent(LARGE)
    again = alone.ask(direct, lent.request)
    alone.step()
    peer = store.accept()
    with polling_too(alone.poller):
        assert serve(peer) == LARGE
        assert again.wait() is None
    assert lent.given_back == 1


class Line:
    """Stands for a link: takes what it is told to, and keeps the sizes of what it was offered."""

    def __init__(self, *rooms: int) -> None:
        self.rooms, self.offered, self.taken = list(rooms), list[int](), bytearray()
        self.fd = -1

    def send(self, piece: memoryview) -> int:
        self.offered.append(len(piece))
        count = min(len(piece), self.rooms.pop(0) if self.rooms else len(piece))
        self.taken += piece[:count]
        return count


def test_what_did_not_leave_is_offered_again_as_it_was() -> None:
    """TLS asks for it: it has begun to encrypt these bytes."""
    line = Line(9, 0, 0)
    outgoing = Outgoing(b"head     ", BodyView(bytearray(LARGE)))
    while outgoing:
        outgoing.send(line)  # type: ignore[arg-type]
    assert line.taken == b"head     " + LARGE
    assert len(set(line.offered[1:4])) == 1


def test_no_piece_is_so_large_that_a_slow_line_seems_to_stand_still() -> None:
    """TLS tells of no part of a piece, and after 30 s without news the line is given up."""
    line = Line()
    outgoing = Outgoing(b"head", LARGE)
    while outgoing:
        outgoing.send(line)  # type: ignore[arg-type]
    assert max(line.offered) <= 30 * 44 * 1024  # slower ones meet the deadline of a part


def test_a_line_that_takes_everything_leaves_others_their_turn(rig: Rig, store: Store) -> None:
    direct = rig.open(store.address)
    asked = rig.ask(direct)
    serve(store.accept())
    assert asked.wait() is None
    (connection,) = direct._connections
    assert connection._link is not None
    line = Line()
    line.fd = connection._link.fd
    connection._unsent = Outgoing(b"head", LARGE)
    wants_room = []
    with connection._lock:
        while connection._unsent:
            connection._flush(line)  # type: ignore[arg-type]
            wants_room.append(connection._is_for_room)
            assert len(line.taken) <= len(wants_room) * (TURN_BYTES + TURN_BYTES // 4)
    assert wants_room == [True] * (len(wants_room) - 1) + [False], "nobody would send the rest"
    assert bytes(line.taken) == b"head" + LARGE
