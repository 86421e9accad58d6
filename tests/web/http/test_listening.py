"""Where the HTTP side listens: ports that are taken, and sockets of others."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from s3syncd.web.http import HttpSide
from s3syncd.web.sockets import listening_socket
from tests.waiting import until, within
from tests.web.http.asking import get
from tests.web.http.view import FakeView, Lines


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
