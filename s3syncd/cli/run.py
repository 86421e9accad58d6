"""`s3syncd run`, and `s3syncd` without a command: the daemon, in the foreground."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from s3syncd import collector
from s3syncd.cli.process import prepare_process
from s3syncd.config.load import load
from s3syncd.config.models import Config

__all__ = ["execute"]


def execute(arguments: argparse.Namespace, *, serve: Callable[[Config], int] | None = None) -> int:
    """Run until stopped; gives the exit code.

    Args:
        arguments: the command line.
        serve: runs the daemon; by default the supervisor does.

    Raises:
        ConfigError: the configuration cannot be used.
        FatalError: another daemon has this state directory, or it cannot be used.
    """
    prepare_process()
    return (serve or _serve)(load(arguments.config))


def _serve(config: Config) -> int:
    # A mistake in the configuration is told before half a second of imports.
    with collector.loading():
        from s3syncd.supervisor import Supervisor  # noqa: PLC0415 - loads everything

    return Supervisor(config).run()
