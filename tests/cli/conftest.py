"""The configuration and the daemon that commands are given."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.daemon import FakeDaemon, write_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path)


@pytest.fixture
def daemon(tmp_path: Path, config: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(tmp_path / "state") as running:
        yield running


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory of this user's that everybody may enter (pytest's own are private)."""
    with tempfile.TemporaryDirectory(prefix="s3syncd-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)
