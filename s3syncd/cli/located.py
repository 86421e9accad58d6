"""Finds the daemon of a configuration, also where its file cannot be used any more.

A daemon goes on with the configuration before; whoever broke the file must still be able to ask it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s3syncd.cli.client import NoDaemonError
from s3syncd.config.peek import glimpse, peek
from s3syncd.errors import ConfigError

__all__ = ["located"]


@contextmanager
def located(config: Path, *, is_told: bool = False) -> Iterator[Path]:
    """Yield the state directory of the daemon.

    Args:
        config: the file.
        is_told: what is wrong with the file goes to standard error.

    Raises:
        ConfigError: the file cannot be used, and no daemon answers.
    """
    try:
        state_dir = peek(config).state_dir
    except ConfigError as error:
        guessed = glimpse(config)
        if guessed is None:
            raise
        try:
            yield guessed
        except NoDaemonError:
            raise error from None
        if is_told:
            print(f"{error.message}\nThe daemon goes on with what it read before.", file=sys.stderr)
    else:
        yield state_dir
