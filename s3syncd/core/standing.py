"""What a site's published status means to whoever asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["waits_for_person"]


def waits_for_person(status: Mapping[str, Any]) -> bool:
    """Whether a site cannot get in sync before somebody looks and runs `s3syncd approve`.

    Args:
        status: one site of a status document.
    """
    return (
        status["state"] == "halted"
        or bool(status["held_deletions"])
        or any(problem["reason"] == "drift" for problem in status["problems"])
    )
