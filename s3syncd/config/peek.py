"""What client commands need from a configuration, without pydantic and in milliseconds."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from s3syncd.config import document, layout, state
from s3syncd.config.parse import UnusableError
from s3syncd.config.problems import Problems

_STATE_DIR = re.compile(r"""^state_dir:[ \t]*(["']?)([^"'#\r\n]*[^"'#\r\n \t])\1""", re.MULTILINE)

__all__ = ["Peek", "glimpse", "peek"]


@dataclass(frozen=True, slots=True)
class Peek:
    """Where the daemon of a configuration keeps its state, and the names of its sites."""

    path: Path
    state_dir: Path
    sites: tuple[str, ...]


def peek(path: Path, *, environ: Mapping[str, str] = os.environ) -> Peek:
    """Read as much of the file as it takes to find the daemon; other mistakes do not matter here.

    Raises:
        ConfigError: the file cannot be read, is not YAML or names no site.
    """
    problems = Problems(str(path))
    base = Path(os.path.abspath(path)).parent  # noqa: PTH100 - links of the file's name are kept
    root, _ = document.read(path, problems)
    if root is None:
        if not problems:
            problems.add(0, "", "is empty", "write 'sites:' and one '- path: ...'")
        raise problems.error()
    serious = Problems(str(path))
    given = layout.given_globals(root, problems)
    sites = layout.given_sites(root, serious)
    state_dir = Path()
    try:
        written = layout.state_dir_of(given)
        state_dir = state.state_dir_for(written, base=base, environ=environ)
    except UnusableError as error:
        serious.add(0, "state_dir", error.what, error.write)
    if serious:
        raise serious.error()
    names = (layout.name_of(site.options) for site in sites)
    return Peek(base / path.name, state_dir, tuple(name for name in names if name is not None))


def glimpse(path: Path, *, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Guess the state directory of a file that cannot be used, by the line that names it.

    The daemon goes on with the configuration before, and has to be found to be asked. None: the
    file cannot be read, or what it names is no directory.
    """
    try:
        with path.open("rb") as file:
            text = file.read(document.MAX_FILE_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    found = _STATE_DIR.search(text)
    base = Path(os.path.abspath(path)).parent  # noqa: PTH100 - as above
    try:
        return state.state_dir_for(found[2] if found else None, base=base, environ=environ)
    except UnusableError:
        return None
