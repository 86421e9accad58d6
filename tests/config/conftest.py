"""Writes configuration files for the tests of the loader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.errors import ConfigError

ENVIRON = {"STATE_DIRECTORY": "/var/lib/s3syncd-of-a-test"}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a file only its owner may read."""

    def write_file(text: str, *, mode: int = 0o600) -> Path:
        path = tmp_path / "c.yml"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write_file


@pytest.fixture
def loaded(write: Callable[[str], Path]) -> Callable[..., Config]:
    """Load a text."""

    def load_text(text: str, *, environ: Mapping[str, str] | None = None) -> Config:
        # Without the limits of whatever the tests run in.
        return load(write(text), environ=ENVIRON | dict(environ or {}), machine=Path("/nowhere"))

    return load_text


@pytest.fixture
def problems(write: Callable[[str], Path]) -> Callable[..., list[str]]:
    """Load a text that must be refused; the problems as `line: text`, without the file."""

    def refuse(
        text: str, *, environ: Mapping[str, str] | None = None, mode: int = 0o600
    ) -> list[str]:
        path = write(text, mode=mode)
        with pytest.raises(ConfigError) as caught:
            load(path, environ=ENVIRON | dict(environ or {}))
        found = caught.value.problems
        assert all(problem.startswith(f"{path}:") for problem in found), found
        return [problem.removeprefix(f"{path}:").strip() for problem in found]

    return refuse
