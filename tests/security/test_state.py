"""The state directory: what a neighbour puts there, or is kept from."""

from __future__ import annotations

import socket
import stat
import subprocess
from pathlib import Path

import pytest

from s3syncd.errors import FatalError
from s3syncd.supervisor.lock import StateLock
from s3syncd.web.address import socket_path
from s3syncd.web.control import ControlServer
from tests.e2e.world import World, needs_root


def test_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("my content")
    state = tmp_path / "state"
    state.mkdir()
    (state / "lock").symlink_to(mine)
    with pytest.raises(FatalError, match="state directory"):
        StateLock(state)
    assert mine.read_text() == "my content"


def test_new_state_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    StateLock(tmp_path / "state").release()
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state/lock").stat().st_mode) == 0o600


@pytest.mark.parametrize("target", ["a file", "another socket", "nothing"])
def test_link_in_the_place_of_the_control_socket_is_left_alone(tmp_path: Path, target: str) -> None:
    at = tmp_path / "target"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        if target == "a file":
            at.write_text("mine")
        elif target == "another socket":
            other.bind(str(at))
        state = tmp_path / "state"
        state.mkdir()
        path = socket_path(state)
        path.symlink_to(at)
        server = ControlServer(path, status=dict, command=lambda *_: {})
        with pytest.raises(FatalError, match="not a socket"):
            server.start()
    assert path.is_symlink()
    assert at.exists() == (target != "nothing")
    assert target != "a file" or at.read_text() == "mine"


_ASK = """
import socket, sys
stream = socket.socket(socket.AF_UNIX)
stream.connect(sys.argv[1])
stream.sendall(b'{"command": "status"}\\n')
print(stream.recv(100))
"""


def _ask_as_nobody(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
         "/usr/bin/env", "python3", "-I", "-c", _ASK, str(path)],
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip


@needs_root
@pytest.mark.e2e
def test_state_is_for_its_owner_alone(open_world: World) -> None:
    """Also in a directory that everybody may enter, and write to, as made by somebody careless."""
    world = open_world
    site = world.site(retire_deleted=True)
    site.write("file")
    daemon = world.daemon()
    daemon.start().in_sync()
    assert stat.S_IMODE(daemon.state_dir.stat().st_mode) == 0o700
    assert not daemon.events("state.exposed")
    refused = _ask_as_nobody(socket_path(daemon.state_dir))
    assert "PermissionError" in refused.stderr
    daemon.kill()  # leaves its socket
    daemon.state_dir.chmod(0o777)
    daemon.start().in_sync()
    (told,) = daemon.events("state.exposed")
    assert "chmod o-w" in told["hint"]
    for path in daemon.state_dir.rglob("*"):
        if path.is_dir() or path.parent == daemon.state_dir:  # the others lie in closed ones
            assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path
    refused = _ask_as_nobody(socket_path(daemon.state_dir))
    assert "PermissionError" in refused.stderr
    assert daemon.run("status").returncode == 0
