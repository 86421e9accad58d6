"""Many threads at once, over the transport, against a rude store."""

from __future__ import annotations

import os
import random
import socket
import threading
from contextlib import suppress

from s3syncd.core.window import Window
from s3syncd.s3.link import Address
from s3syncd.s3.reply import Reply
from s3syncd.s3.transport import Transport
from s3syncd.s3.wire import BodyView, Endpoint
from tests.polling import polling
from tests.s3.direct.rig import (
    ABRUPT,
    CLOSING,
    LARGE,
    OK,
    PUT,
    STATIC,
    polling_too,
    read_request,
)
from tests.waiting import until


def sockets() -> set[str]:
    found = set()
    for each in os.listdir("/proc/self/fd"):  # noqa: PTH208 - as below
        with suppress(OSError):
            found.add(os.readlink(f"/proc/self/fd/{each}"))  # noqa: PTH115 - the text
    return {target for target in found if target.startswith("socket:")}


class RudeStore(threading.Thread):
    """Answers, in part or not at all, and hangs up at random; counts nothing, keeps nothing."""

    def __init__(self) -> None:
        super().__init__(name="rude-store", daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.address: Address = (socket.AF_INET, self._listener.getsockname())
        self._open = [self._listener]
        self._is_over = threading.Event()
        self._random = random.Random(1)

    def run(self) -> None:
        import select

        while not self._is_over.is_set():
            for ready in select.select(self._open, [], [], 0.02)[0]:
                self._serve(ready)
        for each in self._open:
            each.close()

    def _serve(self, ready: socket.socket) -> None:
        if ready is self._listener:
            peer, _ = self._listener.accept()
            peer.settimeout(5)
            self._open.append(peer)
            return
        try:
            self._answer(ready)
        except (OSError, AssertionError):
            self._open.remove(ready)
            ready.close()

    def _answer(self, peer: socket.socket) -> None:
        read_request(peer)
        chance = self._random.random()
        if chance < 0.6:
            peer.sendall(OK)
        elif chance < 0.7:
            peer.sendall(CLOSING)
            raise OSError
        elif chance < 0.8:
            peer.sendall(OK + b"x")
        elif chance < 0.9:
            peer.sendall(OK[: self._random.randrange(len(OK))])
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
            raise OSError
        else:
            raise OSError

    def end(self) -> None:
        self._is_over.set()
        self.join(10)


def test_many_threads_are_told_once_each_and_nothing_is_left() -> None:
    before = sockets()
    rude = RudeStore()
    rude.start()
    host = f"127.0.0.1:{rude.address[1][1]}"
    with polling() as poller, polling_too(poller):
        transport = Transport(
            Endpoint(False, host, "us-east-1"), credentials=lambda: STATIC, window=Window(32),
            max_connections=32, clock=lambda: 0.0, poller=poller, wall=lambda: 1e9,
        )  # fmt: skip
        told: list[list[Reply]] = []
        senders = [
            threading.Thread(target=send_many, args=(transport, told, seed)) for seed in range(6)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(30)
        assert transport.close(10)
        until(lambda: all(told), what="each request is told")
        assert {len(replies) for replies in told} == {1}
        assert not transport._live
        assert not poller._owners
    rude.end()
    until(lambda: sockets() <= before, what="no socket is left")


def send_many(transport: Transport, told: list[list[Reply]], seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        mine: list[Reply] = []
        told.append(mine)
        large = bytearray(LARGE[:200_000])
        body = BodyView(large, on_read=large.clear) if chance.random() < 0.1 else b"abc"
        transport.send(PUT._replace(body=body))(mine.append)
        if chance.random() < 0.1:
            for _, begun in list(transport._live.values()):
                if begun is not None:
                    begun.cancel()
        elif chance.random() < 0.8:
            until(lambda mine=mine: mine)  # type: ignore[misc]
