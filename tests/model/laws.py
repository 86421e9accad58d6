"""What a state must never come to: each function says what is broken, or ''."""

from __future__ import annotations

from typing import Any

from tests.model.files import Files
from tests.model.values import ETAGS, State

__all__ = ["flaw_of_deletion", "flaw_of_row"]


def flaw_of_deletion(state: State, *, retires: bool) -> str:
    """Say why no deletion may be asked for now, or ''."""
    if not retires:
        return "LOST: a deletion that nobody asked for"
    return "" if state.local is None else "LOST: a deletion while the file stands there"


def flaw_of_row(state: State, row: Any, files: Files) -> str:
    """Say why a row is ahead of reality, or ''."""
    content = ETAGS.index(row.etag)
    if not state.shown >> content & 1:
        return "AHEAD: the bucket never had the row's version"
    local = state.local
    is_of_file = local is not None and local[1:5] == row[1:5]
    if local is not None and is_of_file and files.made(local)[0] != content:
        return "AHEAD: the row's version is not the content of the file"
    return ""
