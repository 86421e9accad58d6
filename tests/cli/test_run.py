"""`run`: what it serves, and what it sets up for the process."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from s3syncd import failpoints
from s3syncd.cli import run
from s3syncd.config.models import Config
from tests.cli.typed import parse


def test_run_serves_the_configuration_and_gives_its_exit_code(config: Path) -> None:
    served: list[Config] = []

    def serve(loaded: Config) -> int:
        served.append(loaded)
        return 7

    assert run.execute(parse(config, "run"), serve=serve) == 7
    assert [site.name for site in served[0].sites] == ["photos", "docs"]


def test_run_ignores_the_signal_of_a_broken_lease(config: Path) -> None:
    before = signal.signal(signal.SIGIO, signal.SIG_DFL)
    try:
        run.execute(parse(config, "run"), serve=lambda _: 0)
        assert signal.getsignal(signal.SIGIO) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGIO, before)


def test_run_arms_failpoints_from_the_environment(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3SYNCD_FAILPOINTS", "upload.before_put=raise")

    def serve(_: Config) -> int:
        failpoints.reach("upload.before_put")
        return 0

    with pytest.raises(RuntimeError, match="failpoint"):
        run.execute(parse(config, "run"), serve=serve)
