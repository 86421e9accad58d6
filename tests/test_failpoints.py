from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from s3syncd import failpoints


def test_points_are_inert_unless_armed() -> None:
    for name in failpoints.NAMES:
        failpoints.reach(name)


def test_armed_point_fails_once() -> None:
    failpoints.arm("upload.after_put=raise")
    failpoints.reach("upload.before_put")
    with pytest.raises(RuntimeError, match=r"upload\.after_put"):
        failpoints.reach("upload.after_put")
    failpoints.reach("upload.after_put")


def test_nth_pass_is_the_one_that_fails() -> None:
    failpoints.arm("upload.after_part=raise@3")
    failpoints.reach("upload.after_part")
    failpoints.reach("upload.after_part")
    with pytest.raises(RuntimeError):
        failpoints.reach("upload.after_part")


@pytest.mark.parametrize(
    "spec", ["upload.after=raise", "upload.after_put=explode", "upload.after_put"]
)
def test_unknown_point_or_action_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match="unknown failpoint"):
        failpoints.arm(spec)


def test_kill_leaves_the_process_no_chance_to_clean_up() -> None:
    program = (
        "import atexit; from s3syncd import failpoints as f; atexit.register(print, 'cleaned up');"
        "f.arm('upload.after_put=kill'); f.reach('upload.after_put'); print('survived')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, b"")
