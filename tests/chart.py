"""Renders the chart in contrib/helm, by helm itself."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

__all__ = ["CHART", "linted", "refused", "rendered"]

CHART = Path(__file__).resolve().parents[1] / "contrib/helm/s3syncd"


def rendered(values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Give the chart's documents with its own values, some of them changed.

    Where there is no helm (there is a wheel of it for Linux on x86_64 only), the test is skipped.
    """
    text = _helm("template", "photos", values=json.dumps(values or {}))
    return list(yaml.safe_load_all(text))


def linted(values: Mapping[str, Any] | None = None) -> str:
    """Give what helm says of the chart."""
    return _helm("lint", "--strict", values=json.dumps(values or {}))


def refused(values: Mapping[str, Any]) -> str:
    """Give why the chart is not rendered with some values changed."""
    done = _run("template", "photos", values=json.dumps(values))
    assert done.returncode != 0, done.stdout
    return done.stderr


def _helm(*words: str, values: str) -> str:
    done = _run(*words, values=values)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@functools.cache
def _run(*words: str, values: str) -> subprocess.CompletedProcess[str]:
    beside = Path(sys.executable).with_name("helm")
    program = str(beside) if beside.exists() else shutil.which("helm")
    if program is None:
        pytest.skip("helm is not installed")
    command = [program, *words, str(CHART), "--values", "-"]
    return subprocess.run(command, check=False, input=values, capture_output=True, text=True)
