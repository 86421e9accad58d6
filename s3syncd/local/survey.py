"""Counts a tree for `s3syncd check`: how many directories to watch, and what its files are like."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from s3syncd.core.cost import SMALL_BYTES
from s3syncd.core.paths import Scope

__all__ = ["Survey", "survey"]

MOST_SECONDS: Final = 10.0
"""A person has waited enough, and knows what kind of tree it is: more than a million files."""

_NAMES_PER_LOOK: Final = 1000
"""Between two looks at the clock: a second where each name costs a millisecond (network)."""

_DAY_SECONDS: Final = 86_400.0


@dataclass(slots=True)
class Survey:
    """What was counted; all zero where the root cannot be read.

    Attributes:
        directories: to be watched, the root included.
        files: that are selected.
        small: of those, with less than `SMALL_BYTES`.
        recent: of those, changed within a day.
        is_whole: nothing was left out because it took too long.
    """

    directories: int = 0
    files: int = 0
    small: int = 0
    recent: int = 0
    is_whole: bool = True


def survey(
    root: Path,
    scope: Scope,
    *,
    now: float,
    has_sizes: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Survey:
    """Walk below `root`, not into what is excluded as a whole; changes nothing.

    Args:
        root: absolute.
        scope: what is selected.
        now: seconds since the epoch.
        has_sizes: whether each file is looked at; without, `small` and `recent` stay zero.
        clock: monotonic seconds; after `MOST_SECONDS` it ends.
    """
    found, names, left = Survey(), 0, [""]
    deadline = clock() + MOST_SECONDS
    while left:
        above = left.pop()
        try:
            with os.scandir(root / above) as entries:
                # Unreadable or gone is no directory here: the daemon reports it where it matters.
                found.directories += 1
                for entry in entries:
                    names += 1
                    if names % _NAMES_PER_LOOK == 0 and clock() > deadline:
                        found.is_whole = False
                        return found
                    path = above + entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if not scope.is_pruned(f"{path}/"):
                            left.append(f"{path}/")
                    elif entry.is_file(follow_symlinks=False) and scope.is_selected(path):
                        found.files += 1
                        if has_sizes:
                            _look(entry, found, now)
        except OSError:
            continue
    return found


def _look(entry: os.DirEntry[str], found: Survey, now: float) -> None:
    try:
        stat = entry.stat(follow_symlinks=False)
    except OSError:  # gone meanwhile
        return
    found.small += stat.st_size < SMALL_BYTES
    found.recent += now - stat.st_mtime < _DAY_SECONDS
