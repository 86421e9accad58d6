"""The control socket as a file: whose it is, what it replaces, and where it can be."""

from __future__ import annotations

import socket
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from s3syncd.errors import FatalError
from s3syncd.web.address import reachable, socket_path
from tests.web.control.client import Serve, connect, exchange, request


def test_the_socket_is_for_its_owner_only(serve: Serve, tmp_path: Path) -> None:
    serve()
    mode = socket_path(tmp_path).lstat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


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
