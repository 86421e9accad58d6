"""A daemon that is forked is, from outside, one that was started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import warm
from tests.e2e.daemon import COMMAND
from tests.e2e.world import World

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not warm.is_possible(), reason="no subreaper on this system"),
]


def test_forked_command_has_its_own_output_environment_and_exit_code(tmp_path: Path) -> None:
    output = tmp_path / "output"
    given = {**os.environ, "S3SYNCD_FAILPOINTS": "unheard.of=kill"}
    for arguments, code, told in (
        (["--version"], 0, "s3syncd "),
        (["-c", "nowhere.yml", "check"], 2, "nowhere.yml"),
    ):
        started = warm.start([str(COMMAND), *arguments], environment=given, output=output)
        assert started.wait(30) == code
        assert started.poll() == code
        assert told in output.read_text()


def test_forked_command_tells_apart_what_it_says_and_what_went_wrong() -> None:
    said = warm.run([str(COMMAND), "--version"], environment=os.environ, timeout=30)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("s3syncd ")
    command = [str(COMMAND), "-c", "nowhere.yml", "check"]
    said = warm.run(command, environment=os.environ, timeout=30)
    assert (said.returncode, said.stdout) == (2, "")
    assert "nowhere.yml" in said.stderr


def test_forked_daemon_is_our_child_and_is_waited_for(world: World) -> None:
    world.site()
    output = world.folder / "output"
    daemon = world.daemon()
    command = [str(COMMAND), "-c", str(daemon.config)]
    started = warm.start(command, environment=dict(os.environ), output=output)
    parent = Path(f"/proc/{started.pid}/stat").read_text().rpartition(")")[2].split()[1]
    assert int(parent) == os.getpid()
    with pytest.raises(subprocess.TimeoutExpired):
        started.wait(0.01)
    started.kill()
    assert started.wait(30) == -signal.SIGKILL


def test_what_is_forked_is_the_package_of_this_process() -> None:
    import s3syncd

    code = "import s3syncd; print(s3syncd.__file__)"
    told = subprocess.run(
        [sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(warm.paths())},
    )  # fmt: skip
    assert told.stdout.strip() == s3syncd.__file__
