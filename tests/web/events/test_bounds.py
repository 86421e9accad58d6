"""Followers are many, slow or gone: what each costs, and that it stays bounded."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

from s3syncd.web.feed import READERS
from s3syncd.web.server import Server
from s3syncd.web.sockets import listening_socket
from tests.browser.scene import Scene, problem, site
from tests.waiting import until, within
from tests.web.events.follower import Follower, Serve, application, get


def test_followers_are_bounded_and_take_no_thread(
    serve: Serve, follow: Callable[..., Follower]
) -> None:
    address = serve()
    get(address, "/livez")
    before = threading.active_count()
    followers = [follow(address) for _ in range(READERS)]
    for follower in followers:
        follower.next()
    assert threading.active_count() == before
    status, headers, body = get(address, "/events")
    assert status == 503
    assert headers["Retry-After"]
    assert b"once" in body
    assert get(address, "/livez")[0] == 200
    assert get(address, "/events?once=1")[0] == 200
    followers[0].close()
    until(lambda: get(address, "/events", "HEAD")[0] == 200, 5)
    until(lambda: _can_follow(address), 20, "the seat is free again")


def _can_follow(address: tuple[str, int]) -> bool:
    with closing(Follower(address)) as follower:
        return follower.answer.status == 200


def _deaf(address: tuple[str, int]) -> socket.socket:
    """Follow, and read nothing but the first byte."""
    stream = socket.socket()
    stream.settimeout(within(20))
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stream.connect(address)
    stream.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert stream.recv(1) == b"H"
    return stream


def _buffered(server: Server) -> int:
    """Give what is held for the slowest, bytes."""
    channels = list(server._map.values())
    return max(getattr(channel, "total_outbufs_len", 0) for channel in channels)


def test_a_slow_reader_is_skipped_and_then_told_what_it_missed(
    scene: Scene, follow: Callable[..., Follower]
) -> None:
    # 8 MB a message: more than the kernel takes for a reader who does not read.
    texts = [problem("p" * 200, hint="h" * 500) for _ in range(3)]
    scene.show(*[site(f"s{n}", problems=texts) for n in range(3000)])
    listener = listening_socket("127.0.0.1:0")
    server = Server(listener, application(scene), beat_seconds=0.02, idle_seconds=60)
    address = listener.getsockname()
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with closing(_deaf(address)) as deaf:
            until(lambda: _buffered(server) > 100_000, 20, "it did not take all")
            held = _buffered(server)
            follower = follow(address, "/events?site=s1")
            for number in range(5):
                scene.tell("s7", files=number)
                scene.tell("s1", files=number)
                follower.until(lambda event, n=number: event.get("site", {}).get("files") == n)
                assert _buffered(server) <= held  # five messages later: nothing more
            events = deaf.makefile("rb")
            told = [json.loads(line[6:]) for line in _events(events, 2)]
        assert told[0]["full"] is True
        assert {row["name"]: row["files"] for row in told[1]["sites"]} == {"s1": 4, "s7": 4}
    finally:
        server.stop()
        thread.join(10)


def _events(lines: Any, number: int) -> Iterator[bytes]:
    for line in lines:
        if line.startswith(b"data: "):
            yield line
            number -= 1
            if not number:
                return


def test_of_what_was_sent_nothing_is_kept(scene: Scene, follow: Callable[..., Follower]) -> None:
    texts = [problem("p" * 200, hint="h" * 500) for _ in range(3)]
    rows = [site(f"s{n}", problems=texts) for n in range(300)]
    scene.show(*rows)
    listener = listening_socket("127.0.0.1:0")
    server = Server(listener, application(scene), beat_seconds=0.02)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        follower = follow(listener.getsockname())
        for number in range(10):
            scene.show(*[{**row, "files": number} for row in rows])
            follower.until(lambda event, n=number: event.get("sites", [{}])[0].get("files") == n)
        (channel,) = server._streams()
        files = [buffer.buf.file for buffer in channel.outbufs if buffer.buf is not None]
        assert sum(file.getbuffer().nbytes for file in files) < 2_000_000  # ten were 8 MB
    finally:
        server.stop()
        thread.join(10)


def test_who_does_not_read_at_all_is_closed_and_the_seat_is_free(
    serve: Serve, scene: Scene
) -> None:
    texts = [problem("p" * 200, hint="h" * 500) for _ in range(3)]
    scene.show(*[site(f"s{n}", problems=texts) for n in range(3000)])
    address = serve(readers=2, idle_seconds=60, behind_seconds=0.2)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(closing(_deaf(address)))
        until(lambda: _can_follow(address), 20, "seats are free again")


def test_a_follower_that_hangs_up_or_goes_on_asking_loses_its_seat(serve: Serve) -> None:
    address = serve()
    for _ in range(3 * READERS):
        with socket.create_connection(address, timeout=within(20)) as stream:
            # Two requests at once: the second is dropped with the first one's stream.
            stream.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2)
            assert stream.recv(15) == b"HTTP/1.1 200 OK"
            told = b""
            # The server may have ended it before this is sent.
            with suppress(ConnectionResetError, BrokenPipeError):
                stream.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
                while more := stream.recv(65536):
                    told += more
            assert b"HTTP/1.1" not in told
    until(lambda: _can_follow(address), 20, "seats are free again")


def test_an_old_client_is_told_without_chunks(serve: Serve) -> None:
    with socket.create_connection(serve(), timeout=within(20)) as stream:
        stream.sendall(b"GET /events HTTP/1.0\r\nHost: localhost\r\n\r\n")
        lines = stream.makefile("rb")
        head = list(iter(lines.readline, b"\r\n"))
        assert not [line for line in head if b"chunked" in line.lower()]
        assert lines.readline().startswith(b"data: {")
        assert lines.readline() == b"\n"
        assert lines.readline().startswith(b"data: {")


def test_a_view_that_fails_ends_the_stream_and_not_the_server(
    serve: Serve, scene: Scene, follow: Callable[..., Follower]
) -> None:
    address = serve()
    follower = follow(address)
    follower.next()
    scene.sites = {"a": {}}
    with suppress(http.client.IncompleteRead, ConnectionResetError):
        while follower.answer.readline():
            pass
    assert get(address, "/livez")[0] == 200
