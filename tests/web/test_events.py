"""The page and its stream of events over HTTP: to whom, how many, and what slow readers cost."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from email.message import Message
from typing import Any

import pytest

from s3syncd.web.app import Application
from s3syncd.web.feed import READERS
from s3syncd.web.page import page
from s3syncd.web.server import Server
from s3syncd.web.sockets import listening_socket
from tests.browser.scene import Scene, problem, site
from tests.waiting import until, within

Serve = Callable[..., tuple[str, int]]
_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def scene() -> Scene:
    return Scene([site("a"), site("b")])


@pytest.fixture
def serve(scene: Scene) -> Iterator[Serve]:
    """Start servers on free ports with a quick beat; all are stopped at the end."""
    with ExitStack() as stack:

        def start(
            *, token: str | None = None, readers: int = READERS, **limits: Any
        ) -> tuple[str, int]:
            stream = listening_socket("127.0.0.1:0")
            address: tuple[str, int] = stream.getsockname()
            limits = {"beat_seconds": 0.05, **limits}
            server = Server(stream, _application(scene, token=token, readers=readers), **limits)
            thread = threading.Thread(target=server.run)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(server.stop)
            return address

        yield start


def _application(scene: Scene, **settings: Any) -> Application:
    return Application(scene, fresh_seconds=0.02, **settings)


def get(
    address: tuple[str, int], path: str, method: str = "GET", **headers: str
) -> tuple[int, Message, bytes]:
    """Ask once."""
    with closing(http.client.HTTPConnection(*address, timeout=within(20))) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


class Follower:
    """A connection to /events, read message by message."""

    def __init__(self, address: tuple[str, int], path: str = "/events", **headers: str) -> None:
        self.connection = http.client.HTTPConnection(*address, timeout=within(20))
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()

    def next(self) -> dict[str, Any]:
        """Read one event."""
        line = self.answer.readline()
        assert line.startswith(b"data: "), line
        assert self.answer.readline() == b"\n"
        document: dict[str, Any] = json.loads(line[6:])
        return document

    def until(self, is_so: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Read on until an event is so."""
        for _ in range(400):
            if is_so(event := self.next()):
                return event
        raise AssertionError("no such event")

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


@pytest.fixture
def follow() -> Iterator[Callable[..., Follower]]:
    """Open followers; all are closed at the end."""
    with ExitStack() as stack:

        def start(*arguments: Any, **headers: str) -> Follower:
            return stack.enter_context(closing(Follower(*arguments, **headers)))

        yield start


# --- the page ----------------------------------------------------------------------------------


def test_a_browser_gets_the_page_and_a_command_gets_text(serve: Serve) -> None:
    address = serve()
    status, headers, body = get(address, "/", **_BROWSER)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body == page().body
    assert headers["Vary"] == "Accept"
    text = get(address, "/", Accept="*/*")[2].decode()
    assert "a: idle, in sync" in text


def test_the_page_is_whole_and_its_policy_allows_nothing_else() -> None:
    body, policy = page().body.decode(), page().policy
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", body)
    assert "@import" not in body
    assert "url(" not in body
    assert "/* style */" not in body
    assert "/* script */" not in body
    rules = dict(rule.partition(" ")[::2] for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["connect-src"] == "'self'"
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", rules["script-src"])
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", rules["style-src"])
    assert rules["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy


def test_the_script_makes_no_markup_of_text() -> None:
    body = page().body.decode()
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert way not in body


def test_without_the_token_a_browser_gets_the_page_that_asks_for_it_and_nothing_in_it(
    serve: Serve,
) -> None:
    address = serve(token="t0ken")
    status, headers, body = get(address, "/", **_BROWSER)
    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
    assert body == page().body  # made of the package's files alone
    for path in ("/events", "/events?once=1", "/events?site=a", "/status"):
        status, _, body = get(address, path, **_BROWSER)
        assert status == 401
        assert b"sites" not in body


# --- who may follow ----------------------------------------------------------------------------


def test_a_follower_is_told_at_once_and_then_of_each_change(
    serve: Serve, scene: Scene, follow: Callable[..., Follower]
) -> None:
    follower = follow(serve())
    assert follower.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert follower.answer.headers["Cache-Control"] == "no-store"
    first = follower.next()
    assert first["order"] == ["a", "b"]
    scene.tell("b", files=77)
    changed = follower.until(lambda event: event.get("sites"))
    assert [(row["name"], row["files"]) for row in changed["sites"]] == [("b", 77)]


def test_one_site_can_be_followed_and_an_unknown_one_is_said_to_be(
    serve: Serve, follow: Callable[..., Follower]
) -> None:
    address = serve()
    assert follow(address, "/events?site=b").next()["site"]["name"] == "b"
    assert follow(address, "/events?site=%00%ff%3Cscript%3E").next()["site"] is None


def test_with_the_token_it_can_be_followed(serve: Serve, follow: Callable[..., Follower]) -> None:
    address = serve(token="t0ken")
    assert follow(address, Authorization="Bearer t0ken").next()["order"] == ["a", "b"]


def test_a_name_that_somebody_elses_dns_may_point_here_is_not_told(serve: Serve) -> None:
    status, _, body = get(serve(), "/events", Host="evil.example")
    assert status == 403
    assert b"data" not in body


@pytest.mark.parametrize("place", ["cross-site", "same-site"])
def test_a_page_of_somebody_elses_takes_no_seat(
    serve: Serve, follow: Callable[..., Follower], place: str
) -> None:
    address = serve()
    for _ in range(READERS + 1):
        assert get(address, "/events", **{"Sec-Fetch-Site": place})[0] == 403
    follow(address, **{"Sec-Fetch-Site": "same-origin"}).next()


def test_asking_once_is_answered_whole(serve: Serve) -> None:
    address = serve()
    assert get(address, "/events?once")[0] == 200  # as curl is given it
    status, headers, body = get(address, "/events?once=1")
    assert (status, int(headers["Content-Length"])) == (200, len(body))
    assert json.loads(body.removeprefix(b"data: "))["order"] == ["a", "b"]
    assert get(address, "/events", "HEAD")[2] == b""
    assert get(address, "/events", "POST")[0] == 405


# --- how many, and how slow --------------------------------------------------------------------


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
    server = Server(listener, _application(scene), beat_seconds=0.02, idle_seconds=60)
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
    server = Server(listener, _application(scene), beat_seconds=0.02)
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
