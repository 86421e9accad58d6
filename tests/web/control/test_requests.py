"""The control socket: what is answered, and what a hostile client cannot do."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from s3syncd.errors import SiteHalted
from s3syncd.web.address import MAX_REQUEST_BYTES, socket_path
from tests.clock import Clock
from tests.waiting import until
from tests.web.control.client import Serve, connect, exchange, request


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


def test_one_thing_alone_may_be_approved(
    serve: Serve, tmp_path: Path, commands: list[tuple[str, dict[str, Any]]]
) -> None:
    serve()
    line = request("approve", site="photos", only="drift")
    assert exchange(socket_path(tmp_path), line) == [{"ok": True}]
    assert commands == [("approve", {"site": "photos", "only": "drift"})]


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
        (b'{"command": "approve", "arguments": {"site": "a", "of_later": "b"}}', "does not take"),
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
    clock = Clock(0.0)
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


def test_a_client_that_hangs_up_at_once_is_forgotten(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    for _ in range(50):
        connect(socket_path(tmp_path)).close()
    until(lambda: not server._connections, what="all connections were dropped")
    (answer,) = exchange(socket_path(tmp_path), request("status"))
    assert answer["ok"] is True


def test_a_command_that_takes_long_costs_no_client_its_answer(serve: Serve, tmp_path: Path) -> None:
    clock = Clock(0.0)

    def reload(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        clock.now += 25.0
        return {"ok": True}

    server = serve(clock=clock, command=reload)
    with closing(connect(socket_path(tmp_path))) as other, other.makefile("rb") as answers:
        until(lambda: len(server._connections) == 1, what="the other client is connected")
        assert exchange(socket_path(tmp_path), request("reload")) == [{"ok": True}]
        other.sendall(request("status") + b"\n")
        assert json.loads(answers.readline())["ok"] is True
