"""A poller tells whoever waits what happens to sockets, from whatever thread they are watched."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from s3syncd.s3.poller import Poller, new_poller
from tests.waiting import until


@pytest.fixture
def poller() -> Iterator[Poller]:
    poller = Poller()
    yield poller
    poller.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def test_there_is_one_where_the_system_has_what_it_needs() -> None:
    poller = new_poller()
    assert poller is not None
    poller.close()


def test_owner_is_told_until_nothing_is_left_to_read(
    poller: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair

    def owner() -> None:
        ours.recv(1)

    poller.watch(ours.fileno(), owner, is_for_room=False)
    theirs.send(b"ab")
    for _ in range(2):
        (tell,) = poller.wait()
        assert tell is owner
        tell()
    poller.wake()
    assert poller.wait() == []
    poller.forget(ours.fileno())


def test_room_is_told_while_it_is_asked_for(
    poller: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair

    def owner() -> None: ...

    poller.watch(ours.fileno(), owner, is_for_room=True)
    assert poller.wait() == [owner]
    poller.change(ours.fileno(), is_for_room=False)
    poller.wake()
    assert poller.wait() == []
    poller.change(ours.fileno(), is_for_room=True)
    assert poller.wait() == [owner]
    theirs.close()
    poller.change(ours.fileno(), is_for_room=False)
    assert poller.wait() == [owner]  # the end is told, too
    poller.forget(ours.fileno())


def test_what_is_forgotten_is_not_told(
    poller: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    poller.watch(ours.fileno(), pytest.fail, is_for_room=True)
    theirs.send(b"a")
    poller.forget(ours.fileno())
    poller.wake()
    assert poller.wait() == []
    assert poller._owners == {}


def test_a_wake_before_the_wait_is_not_lost_and_many_are_one(poller: Poller) -> None:
    for _ in range(3):
        poller.wake()
    assert poller.wait() == []
    waited = threading.Thread(target=poller.wait, daemon=True)
    waited.start()
    assert waited.is_alive()
    poller.wake()
    waited.join(10)
    assert not waited.is_alive()


def test_a_socket_that_is_watched_while_another_thread_waits_is_told(
    poller: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    told: list[object] = []
    waiting = threading.Thread(target=lambda: told.extend(poller.wait()), daemon=True)
    waiting.start()

    def owner() -> None: ...

    poller.watch(ours.fileno(), owner, is_for_room=False)
    theirs.send(b"a")
    waiting.join(10)
    assert told == [owner]
    poller.forget(ours.fileno())


def test_more_than_are_taken_at_once_are_all_told_in_the_end(poller: Poller) -> None:
    pairs = [socket.socketpair() for _ in range(100)]
    told = set()
    for number, (ours, theirs) in enumerate(pairs):

        def owner(number: int = number, ours: socket.socket = ours) -> None:
            ours.recv(1)
            told.add(number)

        poller.watch(ours.fileno(), owner, is_for_room=False)
        theirs.send(b"a")

    def tell_all() -> bool:
        for tell in poller.wait():
            tell()
        return len(told) == len(pairs)

    until(tell_all)
    for ours, theirs in pairs:
        poller.forget(ours.fileno())
        ours.close()
        theirs.close()


def test_what_the_system_does_not_watch_is_refused_and_not_kept(poller: Poller) -> None:
    with open(os.devnull, "rb") as file, pytest.raises(OSError) as caught:  # noqa: PTH123
        poller.watch(file.fileno(), pytest.fail, is_for_room=False)
    assert caught.value.errno == errno.EPERM
    assert poller._owners == {}


def named(fd: int) -> str:
    with suppress(OSError):
        return os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115 - the text
    return ""


def test_a_poller_lets_go_of_its_descriptors_and_no_child_inherits_them() -> None:
    poller = Poller()
    held = {fd: named(fd) for fd in (poller._epoll.fileno(), poller._bell)}
    assert all(held.values())
    assert not any(os.get_inheritable(fd) for fd in held)
    poller.close()
    assert not [fd for fd, name in held.items() if named(fd) == name]
