"""Finds the daemon of a configuration, also where its file cannot be used any more.

A daemon goes on with the configuration before; whoever broke the file must still be able to ask it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s3syncd.cli.client import NoDaemonError
from s3syncd.config.peek import glimpse, peek
from s3syncd.errors import ConfigError

__all__ = ["located"]


_GONE = (
    "if its daemon still runs, ask with --state-dir DIR: status, approve, rescan, pause, resume,"
    " reload and explain need no more; DIR is what state_dir said, or else /var/lib/s3syncd or"
    " ~/.local/state/s3syncd"
)


@contextmanager
def located(arguments: argparse.Namespace, *, is_told: bool = False) -> Iterator[Path]:
    """Yield the state directory of the daemon.

    Args:
        arguments: the command line: its file, or `--state-dir`.
        is_told: what is wrong with the file goes to standard error.

    Raises:
        ConfigError: the file cannot be used, and no daemon answers.
    """
    if given := getattr(arguments, "state_dir", None):
        yield Path(os.path.realpath(given))
        return
    config: Path = arguments.config
    try:
        state_dir = peek(config).state_dir
    except ConfigError as error:
        guessed = glimpse(config)
        if guessed is None:
            raise ConfigError(error.problems, hint=_GONE) from None
        try:
            yield guessed
        except NoDaemonError:
            raise error from None
        if is_told:
            print(f"{error.message}\nThe daemon goes on with what it read before.", file=sys.stderr)
    else:
        yield state_dir
