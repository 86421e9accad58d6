"""Where the state is kept, and what a site's folder is called."""

from __future__ import annotations

import hashlib

import pytest

from s3syncd.config.parse import UnusableError
from s3syncd.config.state import site_folder, state_dir_for


def _found(tmp_path, environ, *, written=None, system=None):
    return state_dir_for(
        written, base=tmp_path, environ=environ, system=system or tmp_path / "none" / "s3syncd"
    )


def test_what_the_file_says_comes_first(tmp_path):
    assert _found(tmp_path, {"STATE_DIRECTORY": "/x"}, written="state") == tmp_path / "state"


def test_then_the_first_directory_of_systemd(tmp_path):
    environ = {"STATE_DIRECTORY": f"{tmp_path}/a:{tmp_path}/b"}
    assert _found(tmp_path, environ, system=tmp_path) == tmp_path / "a"


def test_then_the_system_directory_if_it_can_be_made_or_written(tmp_path):
    environ = {"XDG_STATE_HOME": str(tmp_path / "xdg")}
    assert _found(tmp_path, environ, system=tmp_path / "s3syncd") == tmp_path / "s3syncd"
    (tmp_path / "s3syncd").mkdir()
    assert _found(tmp_path, environ, system=tmp_path / "s3syncd") == tmp_path / "s3syncd"


def test_then_the_directory_of_the_user(tmp_path):
    environ = {"XDG_STATE_HOME": str(tmp_path / "xdg"), "HOME": str(tmp_path)}
    assert _found(tmp_path, environ) == tmp_path / "xdg" / "s3syncd"
    del environ["XDG_STATE_HOME"]
    assert _found(tmp_path, environ) == tmp_path / ".local" / "state" / "s3syncd"


def test_a_relative_xdg_directory_is_ignored(tmp_path):
    environ = {"XDG_STATE_HOME": "xdg", "HOME": str(tmp_path)}
    assert _found(tmp_path, environ) == tmp_path / ".local" / "state" / "s3syncd"


def test_without_a_home_the_file_has_to_say_it(tmp_path):
    with pytest.raises(UnusableError, match="has no default here"):
        _found(tmp_path, {})


def test_a_folder_is_readable_and_unique():
    ending = hashlib.sha256("bucket/päth".encode()).hexdigest()[:8]
    assert site_folder("bucket/päth") == f"bucket_p_th-{ending}"
    assert site_folder("a/b") != site_folder("a_b")
    assert len(site_folder("x" * 1000)) < 230
