"""Exit codes, and how a status becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from s3syncd.core.standing import waits_for_person

__all__ = ["CONFIGURATION", "FATAL", "HELD", "INTERRUPTED", "NOT_IN_SYNC", "OK", "exit_code_of"]

OK = 0
FATAL = 1
CONFIGURATION = 2
HELD = 3
NOT_IN_SYNC = 4

INTERRUPTED = 130
"""What a shell expects of a command ended by Ctrl-C: 128 + SIGINT."""


def exit_code_of(sites: Iterable[Mapping[str, Any]]) -> int:
    """Judge the sites of a status document: what waits for a person comes first."""
    listed = list(sites)
    if any(map(waits_for_person, listed)):
        return HELD
    if all(site["in_sync"] for site in listed):
        return OK
    return NOT_IN_SYNC
