"""The control socket: who may ask, what is answered, and what a hostile client cannot do."""

from __future__ import annotations

import json
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from s3syncd.errors import FatalError, SiteHalted
from s3syncd.web.address import MAX_REQUEST_BYTES, reachable, socket_path
from s3syncd.web.control import ControlServer
from tests.waiting import until, within

Serve = Callable[..., ControlServer]


class Clock:
    """Monotonic seconds that only the test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def commands() -> list[tuple[str, dict[str, Any]]]:
    """What the daemon was told, in order."""
    return []


@pytest.fixture
def serve(tmp_path: Path, commands: list[tuple[str, dict[str, Any]]]) -> Iterator[Serve]:
    """Starts servers and stops them all."""
    servers: list[ControlServer] = []

    def command(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        commands.append((name, arguments))
        return {"ok": True}

    def start(path: Path | None = None, **changes: Any) -> ControlServer:
        settings = {"status": lambda: {"sites": []}, "command": command} | changes
        server = ControlServer(path or socket_path(tmp_path), **settings)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


def connect(path: Path) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with reachable(path) as address:
        stream.connect(address)  # blocks while the backlog is full; with a timeout it would fail
    stream.settimeout(within(10))
    return stream


def exchange(path: Path, *lines: bytes) -> list[Any]:
    """Send lines over one connection and give an answer for each."""
    with closing(connect(path)) as stream, stream.makefile("rb") as answers:
        for line in lines:
            stream.sendall(line + b"\n")
        return [json.loads(answers.readline()) for _ in lines]


def request(name: str, **arguments: object) -> bytes:
    return json.dumps({"command": name, "arguments": arguments}).encode()


def test_the_socket_is_for_its_owner_only(serve: Serve, tmp_path: Path) -> None:
    serve()
    mode = socket_path(tmp_path).lstat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_status_is_passed_through(serve: Serve, tmp_path: Path) -> None:
    serve(status=lambda: {"version": "x", "sites": [{"name": "a"}]})
    (answer,) = exchange(socket_path(tmp_path), request("status"))
    assert answer == {"ok": True, "status": {"version": "x", "sites": [{"name": "a"}]}}


def test_a_command_arrives_with_the_arguments_that_were_given(
    serve: Serve, tmp_path: Path, commands: list[tuple[str, dict[str, Any]]]
) -> None:
    serve()
    line = request("approve", site="photos", list=None)
    assert exchange(socket_path(tmp_path), line) == [{"ok": True}]
    assert commands == [("approve", {"site": "photos"})]


def test_several_requests_in_one_write_are_answered_in_order(
    serve: Serve, tmp_path: Path, commands: list[tuple[str, dict[str, Any]]]
) -> None:
    serve()
    exchange(socket_path(tmp_path), request("pause"), request("rescan", remote=True))
    exchange(socket_path(tmp_path), request("pause") + b"\n" + request("resume"), b"[]")
    assert [name for name, _ in commands] == ["pause", "rescan", "pause", "resume"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"", "not JSON"),
        (b"\xc3(", "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"command": ["status"]}', "no such command"),
        (b'{"command": "stop"}', "no such command"),
        (b'{"command": "pause", "arguments": [1]}', "not a JSON object"),
        (b'{"command": "pause", "arguments": {"site": 7}}', "does not take"),
        (b'{"command": "pause", "arguments": {"sight": "a"}}', "does not take"),
        (b'{"command": "rescan", "arguments": {"remote": "yes"}}', "does not take"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_a_request_that_makes_no_sense_is_refused_and_reaches_nobody(
    serve: Serve,
    tmp_path: Path,
    commands: list[tuple[str, dict[str, Any]]],
    line: bytes,
    error: str,
) -> None:
    serve()
    refused, answered = exchange(socket_path(tmp_path), line, request("status"))
    assert refused["ok"] is False
    assert error in refused["error"]
    assert answered["ok"] is True
    assert commands == []


def test_an_oversized_request_is_refused_and_the_connection_ends(
    serve: Serve, tmp_path: Path
) -> None:
    serve()
    with closing(connect(socket_path(tmp_path))) as stream, stream.makefile("rb") as answers:
        stream.sendall(b"x" * (MAX_REQUEST_BYTES + 1))
        assert "too long" in json.loads(answers.readline())["error"]
        assert answers.read() == b""


def test_a_refusal_of_the_daemon_keeps_its_hint(serve: Serve, tmp_path: Path) -> None:
    def refuse(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        raise SiteHalted("root_replaced", "another directory", hint="approve it")

    serve(command=refuse)
    (answer,) = exchange(socket_path(tmp_path), request("rescan"))
    assert answer == {"ok": False, "error": "another directory", "hint": "approve it"}


def test_a_failing_callable_is_told_of_and_does_not_end_the_server(
    serve: Serve, tmp_path: Path
) -> None:
    failures: list[Exception] = []

    def fail() -> dict[str, Any]:
        raise RuntimeError("secret detail")

    serve(status=fail, on_failure=failures.append)
    failed, live = exchange(socket_path(tmp_path), request("status"), request("live"))
    assert failed["ok"] is False
    assert "secret" not in failed["error"]
    assert live == {"ok": True}
    assert [str(each) for each in failures] == ["secret detail"]


def test_liveness_is_what_the_daemon_says(serve: Serve, tmp_path: Path) -> None:
    serve(live=lambda: {"ok": False, "error": "site a stands still"})
    (answer,) = exchange(socket_path(tmp_path), request("live"))
    assert answer == {"ok": False, "error": "site a stands still"}


def test_a_client_that_says_nothing_does_not_delay_the_others(serve: Serve, tmp_path: Path) -> None:
    serve()
    with closing(connect(socket_path(tmp_path))) as silent:
        silent.sendall(b'{"command": ')
        (answer,) = exchange(socket_path(tmp_path), request("status"))
    assert answer["ok"] is True


def test_a_client_that_does_not_read_does_not_delay_the_others(
    serve: Serve, tmp_path: Path
) -> None:
    serve(status=lambda: {"sites": ["x" * 8_000_000]})
    with closing(connect(socket_path(tmp_path))) as deaf:
        deaf.sendall(request("status") + b"\n")
        (answer,) = exchange(socket_path(tmp_path), request("live"))
    assert answer == {"ok": True}


def test_silent_clients_lose_their_places_to_those_who_wait(serve: Serve, tmp_path: Path) -> None:
    clock = Clock()
    server = serve(clock=clock)
    path = socket_path(tmp_path)
    silent = [connect(path) for _ in range(16)]
    until(lambda: len(server._connections) == 16, what="every place is taken")
    try:
        with closing(connect(path)) as waiting, waiting.makefile("rb") as answers:
            waiting.sendall(request("status") + b"\n")
            clock.now = 11.0
            silent[0].sendall(b" ")  # the server looks at its clock when anything happens
            assert json.loads(answers.readline())["ok"] is True
        assert silent[1].recv(1) == b""
    finally:
        for each in silent:
            each.close()


def test_a_socket_left_behind_is_replaced(serve: Serve, tmp_path: Path) -> None:
    path = socket_path(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(str(path))
    serve()
    (answer,) = exchange(path, request("status"))
    assert answer["ok"] is True


def test_a_socket_somebody_answers_at_is_not_taken_over(serve: Serve, tmp_path: Path) -> None:
    serve()
    with pytest.raises(FatalError, match="another daemon"):
        serve()
    (answer,) = exchange(socket_path(tmp_path), request("status"))
    assert answer["ok"] is True


def test_a_file_in_the_way_is_left_alone(serve: Serve, tmp_path: Path) -> None:
    socket_path(tmp_path).write_text("mine")
    with pytest.raises(FatalError, match="not a socket"):
        serve()
    assert socket_path(tmp_path).read_text() == "mine"


def test_a_missing_directory_is_fatal_with_a_hint(serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(FatalError) as error:
        serve(socket_path(tmp_path / "none"))
    assert "state_dir" in error.value.hint


def test_stopping_removes_the_socket_and_ends_connections(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    with closing(connect(socket_path(tmp_path))) as stream:
        exchange(socket_path(tmp_path), request("status"))
        server.stop()
        assert stream.recv(1) == b""
    assert not socket_path(tmp_path).exists()
    assert "control" not in [thread.name for thread in threading.enumerate()]


def test_stopping_leaves_a_successors_socket_alone(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    path = socket_path(tmp_path)
    path.rename(path.with_suffix(".old"))
    serve()
    server.stop()
    (answer,) = exchange(path, request("status"))
    assert answer["ok"] is True


def test_a_state_directory_deeper_than_a_socket_address_works(serve: Serve, tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 50] * 4)
    deep.mkdir(parents=True)
    path = socket_path(deep)
    serve(path)
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    (answer,) = exchange(path, request("status"))
    assert answer["ok"] is True


def test_without_proc_a_deep_socket_is_reached_by_a_link_that_is_gone_afterwards(
    tmp_path: Path,
) -> None:
    deep = tmp_path.joinpath(*["d" * 50] * 4)
    deep.mkdir(parents=True)
    with reachable(socket_path(deep), descriptors=tmp_path / "no-proc") as address:
        assert len(address) < 104
        link = Path(address).parent
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bound:
            bound.bind(address)
    assert socket_path(deep).is_socket()
    assert not link.parent.exists()


def test_a_client_that_hangs_up_at_once_is_forgotten(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    for _ in range(50):
        connect(socket_path(tmp_path)).close()
    until(lambda: not server._connections, what="all connections were dropped")
    (answer,) = exchange(socket_path(tmp_path), request("status"))
    assert answer["ok"] is True


def test_a_command_that_takes_long_costs_no_client_its_answer(serve: Serve, tmp_path: Path) -> None:
    clock = Clock()

    def reload(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        clock.now += 25.0
        return {"ok": True}

    server = serve(clock=clock, command=reload)
    with closing(connect(socket_path(tmp_path))) as other, other.makefile("rb") as answers:
        until(lambda: len(server._connections) == 1, what="the other client is connected")
        assert exchange(socket_path(tmp_path), request("reload")) == [{"ok": True}]
        other.sendall(request("status") + b"\n")
        assert json.loads(answers.readline())["ok"] is True
