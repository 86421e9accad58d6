"""The configuration and the daemon that commands are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.daemon import write_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path)
