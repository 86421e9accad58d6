"""The copy of the repository in which one file at a time is a mutant's.

To make one is a thousand files and a fifth of a second, so each process makes one, and what a
mutant changed in it is put back. A run that left anything else behind has spoilt it: the next one
gets another.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["REPOSITORY", "patched_copy"]

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def patched_copy(file: str, old: str, new: str) -> Iterator[Path]:
    """Give the copy, in which the only `old` in a file (POSIX, relative) has become `new`."""
    copy, content = _copy()
    is_as_it_was = False
    try:
        with tempfile.TemporaryDirectory(dir=copy.parent) as name:
            # Away, not written over: byte code is valid for the same second and size.
            aside = [(path, Path(name, path.name)) for path in _with_byte_code(copy / file)]
            for path, place in aside:
                path.rename(place)
            source = aside[0][1].read_text()
            assert source.count(old) == 1, f"not once in {file}: {old!r}"
            (copy / file).write_text(source.replace(old, new))
            yield copy
            for path in _with_byte_code(copy / file):
                path.unlink()
            for path, place in aside:
                place.rename(path)
        is_as_it_was = _content(copy) == content
    finally:
        if not is_as_it_was:
            _copy.cache_clear()
            shutil.rmtree(copy.parent, ignore_errors=True)


def _with_byte_code(source: Path) -> list[Path]:
    return [source, *(source.parent / "__pycache__").glob(f"{source.stem}.*")]


@functools.cache
def _copy() -> tuple[Path, dict[str, tuple[int, int]]]:
    """Copy what tests need, byte code, too: most of a mutant's run is imports."""
    copy = Path(tempfile.mkdtemp(prefix="s3syncd-mutants-")).resolve() / "copy"
    atexit.register(shutil.rmtree, copy.parent, ignore_errors=True)
    ignored = shutil.ignore_patterns("*.pyc.*", ".*", "*.tmp")
    for name in ("s3syncd", "tests"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=ignored)
    for path in REPOSITORY.iterdir():
        if path.is_file() and path.name != ".git":  # a linked work tree's .git is a file
            shutil.copy2(path, copy)
    return copy, _content(copy)


def _content(copy: Path) -> dict[str, tuple[int, int]]:
    """Tell inode and time of change of all files but byte code, which is made where it is missing.

    Folders have a zero each: their time is that of the byte code's folder in them.
    """
    found: dict[str, tuple[int, int]] = {}
    folders = [str(copy)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name == "__pycache__":
                    continue
                status = entry.stat(follow_symlinks=False)
                found[entry.path] = (status.st_ino, status.st_mtime_ns)
                if entry.is_dir(follow_symlinks=False):
                    found[entry.path] = (0, 0)
                    folders.append(entry.path)
    return found
