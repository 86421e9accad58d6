"""Builds the bench's own C programs, once per change of their sources."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

__all__ = ["built"]

_SOURCES = Path(__file__).with_name("c")
_BUILT = Path(__file__).parent / ".venv" / "built"


def built(name: str) -> str:
    """The program made of `bench/c/<name>/*.c`.

    Raises:
        SystemExit: there is no C compiler, or it refuses.
    """
    sources = sorted((_SOURCES / name).glob("*.c"))
    program = _BUILT / name
    newest = max(path.stat().st_mtime for path in (_SOURCES / name).iterdir())
    if program.exists() and program.stat().st_mtime > newest:
        return str(program)
    _BUILT.mkdir(parents=True, exist_ok=True)
    fresh = program.with_suffix(f".{os.getpid()}")  # tests may build in several processes
    command = ["cc", "-O2", "-Wall", "-Wextra", "-o", str(fresh), *map(str, sources)]
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError as error:
        raise SystemExit("no C compiler (cc): apt install gcc libc6-dev") from error
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"cc refused {name}") from error
    fresh.replace(program)
    return str(program)
