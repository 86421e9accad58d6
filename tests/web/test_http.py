"""HTTP: what is answered, to whom, and what a hostile client cannot do."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from s3syncd.web.app import Application, Verdict
from s3syncd.web.http import HttpSide
from s3syncd.web.overview import Overview, SiteSeen
from s3syncd.web.server import Server
from s3syncd.web.sockets import listening_socket
from tests.waiting import until, within

Ask = Callable[..., tuple[int, dict[str, str], bytes]]

_STATUS = {
    "version": "1", "started_at": "2026-01-01T00:00:00Z",
    "sites": [{"name": "a", "state": "idle", "in_sync": True, "reason": None}],
}  # fmt: skip


class FakeView:
    """Shows what a test says."""

    def __init__(self) -> None:
        self.is_live = self.is_healthy = self.is_ready = True
        self.document: dict[str, Any] = _STATUS
        self.metrics_text = b"s3syncd_in_sync 1\n"

    def status(self) -> Mapping[str, Any]:
        return self.document

    def live(self) -> Verdict:
        return Verdict(self.is_live, () if self.is_live else ("no turn for 30 s: a",))

    def health(self) -> Verdict:
        return Verdict(self.is_healthy, () if self.is_healthy else ("a: bucket_unavailable: 403",))

    def ready(self) -> Verdict:
        return Verdict(self.is_ready, () if self.is_ready else ("a: scanning: no reconcile yet",))

    def overview(self) -> Overview:
        daemon = {key: value for key, value in self.document.items() if key != "sites"}
        return Overview(daemon, [SiteSeen(site, None, ()) for site in self.document["sites"]])

    def metrics(self) -> tuple[str, bytes]:
        return "text/plain; version=0.0.4; charset=utf-8", self.metrics_text


class Lines:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **facts: object) -> None:
        self.told.append((event, facts))

    warning = error = info

    def events(self) -> list[str]:
        return [event for event, _ in self.told]


@pytest.fixture
def view() -> FakeView:
    return FakeView()


@pytest.fixture
def log() -> Lines:
    return Lines()


def ask_app(view: FakeView, path: str, *, method: str = "GET", **changes: Any) -> Any:
    """Ask the application without a server; gives (status line, headers, body)."""
    told: list[Any] = []
    settings = {key: changes.pop(key) for key in ("hosts", "token", "on_failure") if key in changes}
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": "127.0.0.1:9350"}
    body = Application(view, **settings)(
        environ | changes, lambda line, headers: told.extend([line, dict(headers)])
    )
    return told[0], told[1], b"".join(body)


# --- what is answered --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/status", "/metrics", "/livez", "/healthz", "/readyz"])
def test_every_page_answers_while_all_is_well(view: FakeView, path: str) -> None:
    line, headers, body = ask_app(view, path)
    assert line == "200 OK"
    assert headers["Content-Length"] == str(len(body))
    assert headers["Cache-Control"] == "no-store"
    assert body


def test_the_status_is_the_document_as_json(view: FakeView) -> None:
    _, headers, body = ask_app(view, "/status")
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == _STATUS


@pytest.mark.parametrize(
    ("attribute", "path", "line"),
    [
        ("is_live", "/livez", "no turn for 30 s: a"),
        ("is_healthy", "/healthz", "a: bucket_unavailable: 403"),
        ("is_ready", "/readyz", "a: scanning: no reconcile yet"),
    ],
)
def test_each_probe_turns_red_alone_and_says_why(
    view: FakeView, attribute: str, path: str, line: str
) -> None:
    setattr(view, attribute, False)
    answers = {each: ask_app(view, each) for each in ("/livez", "/healthz", "/readyz")}
    assert {each: answer[0][:3] for each, answer in answers.items()} == {
        each: "503" if each == path else "200" for each in answers
    }
    assert answers[path][2].decode() == f"failing\n{line}\n"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(view: FakeView, method: str) -> None:
    line, headers, _ = ask_app(view, "/status", method=method)
    assert line.startswith("405")
    assert headers["Allow"] == "GET, HEAD"


def test_a_head_has_the_headers_of_its_page_and_no_body(view: FakeView) -> None:
    _, get, body = ask_app(view, "/status")
    line, head, nothing = ask_app(view, "/status", method="HEAD")
    assert (line, head, nothing) == ("200 OK", get, b"")
    assert body


def test_a_page_that_is_not_there_is_named_missing(view: FakeView) -> None:
    assert ask_app(view, "/etc/passwd")[0] == "404 Not Found"


def test_a_view_that_fails_is_told_and_shown_to_nobody(view: FakeView) -> None:
    failures: list[Exception] = []
    view.document = {}
    line, _, body = ask_app(view, "/", on_failure=failures.append)
    assert line.startswith("500")
    assert isinstance(failures[0], KeyError)
    assert b"version" not in body


# --- to whom -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9350", "localhost", "LOCALHOST:1", "[::1]:9350", "10.0.0.7", "nas.lan:9350"]
)
def test_an_address_localhost_and_the_configured_host_are_answered(
    view: FakeView, host: str
) -> None:
    assert ask_app(view, "/status", HTTP_HOST=host, hosts=["NAS.lan"])[0] == "200 OK"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:9350", "", "127.0.0.1.evil.example"]
)
@pytest.mark.parametrize("path", ["/status", "/healthz", "/metrics"])
def test_a_name_that_somebody_elses_dns_may_point_here_is_refused(
    view: FakeView, host: str, path: str
) -> None:
    line, _, body = ask_app(view, path, HTTP_HOST=host)
    assert line == "403 Forbidden"
    assert b"idle" not in body


def test_a_socket_takes_any_host_because_no_browser_gets_there(view: FakeView) -> None:
    assert ask_app(view, "/status", HTTP_HOST="s3syncd", hosts=None)[0] == "200 OK"


@pytest.mark.parametrize("path", ["/", "/status", "/metrics", "/nothing"])
@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", "Bearer t0ken2", "Basic t0ken", "t0ken", "Bearer t\xf6"]
)
def test_without_the_token_nothing_is_shown(view: FakeView, path: str, given: str) -> None:
    line, headers, body = ask_app(view, path, token="t0ken", HTTP_AUTHORIZATION=given)
    assert line == "401 Unauthorized"
    assert headers["WWW-Authenticate"] == "Bearer"
    assert b"t0ken" not in body


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_with_the_token_everything_is_shown(view: FakeView, scheme: str) -> None:
    given = {"token": "t0ken", "HTTP_AUTHORIZATION": f"{scheme} t0ken"}
    assert ask_app(view, "/status", **given)[0] == "200 OK"
    view.is_healthy = False
    assert b"bucket_unavailable" in ask_app(view, "/healthz", **given)[2]


def test_a_probe_needs_no_token_for_the_bare_verdict(view: FakeView) -> None:
    assert ask_app(view, "/livez", token="t0ken")[0] == "200 OK"
    view.is_healthy = False
    line, _, body = ask_app(view, "/healthz", token="t0ken")
    assert (line[:3], body) == ("503", b"failing\n")


# --- the server --------------------------------------------------------------------------------


@pytest.fixture
def serve(view: FakeView) -> Iterator[Callable[..., tuple[str, int]]]:
    """Start servers on free ports; all are stopped at the end, and none leaves a thread."""
    with ExitStack() as stack:

        def start(**limits: Any) -> tuple[str, int]:
            stream = listening_socket("127.0.0.1:0")
            address: tuple[str, int] = stream.getsockname()
            server = Server(stream, Application(view), **limits)
            thread = threading.Thread(target=server.run)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(server.stop)
            return address

        yield start


def get(address: tuple[str, int], path: str = "/livez") -> tuple[int, bytes]:
    """Ask a server once."""
    connection = http.client.HTTPConnection(*address, timeout=within(20))
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_a_request_over_the_wire_is_answered(serve: Callable[..., tuple[str, int]]) -> None:
    address = serve()
    assert get(address) == (200, b"ok\n")
    connection = http.client.HTTPConnection(*address, timeout=within(20))
    with closing(connection):
        for path in ("/status", "/metrics", "/livez"):  # over one connection
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.read()
            assert "waitress" not in str(answer.headers).lower()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 not http at all\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["no http", "a huge header", "a huge body", "a length below zero"],
)
def test_what_is_no_request_is_refused_and_the_next_is_answered(
    serve: Callable[..., tuple[str, int]], sent: bytes
) -> None:
    address = serve()
    with socket.create_connection(address, timeout=within(20)) as stream:
        with suppress(OSError):
            stream.sendall(sent)
        with suppress(ConnectionResetError):
            answer = stream.recv(65536)
            assert not answer or answer.split()[1] in {b"400", b"413", b"431"}
    assert get(address)[0] == 200


def test_more_clients_than_there_may_be_wait_until_idle_ones_are_closed(
    serve: Callable[..., tuple[str, int]],
) -> None:
    address = serve(connections=4, idle_seconds=0.2)
    with ExitStack() as stack:
        for _ in range(12):  # say nothing at all
            stack.enter_context(socket.create_connection(address, timeout=within(20)))
        assert get(address) == (200, b"ok\n")


def test_descriptors_are_bounded_however_many_connect(
    serve: Callable[..., tuple[str, int]],
) -> None:
    address = serve(connections=4, idle_seconds=60)
    before = _descriptors()
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(address, timeout=within(20)))
            for _ in range(40)
        ]
        for _ in clients:  # between two answers the server would take in one more
            clients[0].sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = http.client.HTTPResponse(clients[0])
            answer.begin()
            assert (answer.status, answer.read()) == (200, b"ok\n")
        assert _descriptors() <= before + len(clients) + 6


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _is_closed(stream: socket.socket) -> bool:
    stream.setblocking(False)
    try:
        return stream.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@contextmanager
def slow_readers(address: tuple[str, int], count: int = 3) -> Iterator[None]:
    """Ask for the metrics, and read nothing of them but the first byte."""
    with ExitStack() as stack:
        for _ in range(count):
            stream = stack.enter_context(socket.socket())
            stream.settimeout(within(20))
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stream.connect(address)
            stream.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert stream.recv(1) == b"H"
        yield


def test_who_reads_nothing_holds_up_nobody(
    view: FakeView, serve: Callable[..., tuple[str, int]]
) -> None:
    view.metrics_text = b"x" * 32_000_000  # more than the kernel buffers
    address = serve(connections=4, idle_seconds=60)
    with slow_readers(address):
        assert get(address) == (200, b"ok\n")


def test_who_reads_nothing_is_closed(view: FakeView, serve: Callable[..., tuple[str, int]]) -> None:
    view.metrics_text = b"x" * 32_000_000
    address = serve(connections=4, idle_seconds=0.5)
    before = _descriptors()
    with slow_readers(address):
        # Three of the clients, and none of the server.
        until(lambda: _descriptors() == before + 3, 20, "their connections are closed")
    assert get(address) == (200, b"ok\n")


def test_who_does_not_come_to_the_end_of_a_request_is_closed(
    serve: Callable[..., tuple[str, int]],
) -> None:
    address = serve(idle_seconds=0.4)
    with socket.create_connection(address, timeout=within(20)) as stream:
        stream.sendall(b"GET /livez HTTP/1.1\r\n")

        def is_closed() -> bool:  # a byte at each look: never idle
            try:
                stream.setblocking(True)
                stream.sendall(b"X")
            except OSError:
                return True
            return _is_closed(stream)

        until(is_closed, 20)


# --- where it listens --------------------------------------------------------------------------


@pytest.fixture
def side(view: FakeView, log: Lines) -> Iterator[Callable[..., HttpSide]]:
    """Start HTTP sides; all are stopped at the end."""
    made: list[HttpSide] = []

    def start(listen: str, **changes: Any) -> HttpSide:
        made.append(HttpSide(listen, view, log=log, **changes))
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.stop()
    assert not [each for each in threading.enumerate() if each.name == "web"]


def address_of(side: HttpSide) -> tuple[str, int]:
    """Wait until it listens, and give where."""
    shown = until(lambda: side.state["address"], 20, "it listens")
    host, _, port = str(shown).rpartition(":")
    return host, int(port)


def test_it_tells_the_port_that_was_chosen(side: Callable[..., HttpSide], log: Lines) -> None:
    one = side("127.0.0.1:0")
    assert get(address_of(one)) == (200, b"ok\n")
    assert one.state["error"] is None
    assert log.told == [("http.listening", {"address": one.state["address"]})]


def test_a_taken_port_is_told_and_tried_again_until_it_is_free(
    side: Callable[..., HttpSide], log: Lines
) -> None:
    with closing(listening_socket("127.0.0.1:0")) as other:
        other.listen()
        port = other.getsockname()[1]
        one = side(f"127.0.0.1:{port}", retry_seconds=0.05)
        error = until(lambda: one.state["error"], 20)
        assert f"127.0.0.1:{port}" in str(error)
        assert "another process" in str(one.state["hint"])
        assert one.state["address"] is None
    assert address_of(one) == ("127.0.0.1", port)
    assert one.state["error"] is None
    assert log.events() == ["http.unavailable", "http.listening"]  # said once, not at each try


def test_a_stopped_side_leaves_its_port_to_the_next(
    view: FakeView, log: Lines, side: Callable[..., HttpSide]
) -> None:
    first = HttpSide("127.0.0.1:0", view, log=log)
    first.start()
    address = address_of(first)
    assert get(address)[0] == 200
    first.stop()
    second = side(f"127.0.0.1:{address[1]}")
    assert address_of(second) == address


def test_an_address_that_others_reach_is_not_listened_on_without_a_token(
    side: Callable[..., HttpSide], log: Lines
) -> None:
    one = side("0.0.0.0:0", is_exposed=True)
    assert "http.token" in str(one.state["hint"])
    assert one.state["address"] is None
    assert log.events() == ["http.unavailable"]


def test_a_unix_socket_is_served_to_owner_and_group_and_removed(
    tmp_path: Path, side: Callable[..., HttpSide]
) -> None:
    path = tmp_path / "web.sock"
    one = side(f"unix:{path}")
    until(lambda: one.state["address"], 20)
    assert path.stat().st_mode & 0o777 == 0o660
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(within(20))
        stream.connect(str(path))
        stream.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stream.recv(100).startswith(b"HTTP/1.1 200 OK")
    one.stop()
    assert not path.exists()


def test_a_socket_left_by_a_killed_daemon_is_taken_over(
    tmp_path: Path, side: Callable[..., HttpSide]
) -> None:
    path = tmp_path / "web.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    one = side(f"unix:{path}")
    assert until(lambda: one.state["address"], 20)


def test_a_socket_of_somebody_who_answers_is_left_alone(
    tmp_path: Path, side: Callable[..., HttpSide]
) -> None:
    path = tmp_path / "web.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        one = side(f"unix:{path}")
        assert "another process" in until(lambda: one.state["error"], 20)
    assert path.exists()


def test_a_file_in_the_place_of_the_socket_is_left_alone(
    tmp_path: Path, side: Callable[..., HttpSide]
) -> None:
    path = tmp_path / "web.sock"
    path.write_text("mine")
    one = side(f"unix:{path}")
    assert "not a socket" in until(lambda: one.state["error"], 20)
    assert path.read_text() == "mine"


def test_a_socket_path_that_is_too_long_is_told(
    tmp_path: Path, side: Callable[..., HttpSide]
) -> None:
    one = side(f"unix:{tmp_path}/{'d' * 120}/web.sock")
    assert "bytes" in until(lambda: one.state["error"], 20)
    assert "107" in str(one.state["hint"])
