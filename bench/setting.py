"""What a case is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.peers import PEERS
from bench.report import Section

__all__ = ["Case", "Setting"]


@dataclass(frozen=True)
class Setting:
    """An empty folder in memory, and the size of what is to be done there."""

    folder: Path
    files: int
    rounds: int
    seconds: float
    peers: tuple[str, ...] = PEERS


@dataclass(frozen=True)
class Case:
    """One thing to measure, at its full size unless asked for less."""

    title: str
    measure: Callable[[Setting], Section]
    files: int = 0
    rounds: int = 1
    seconds: float = 0

    def is_full(self, setting: Setting) -> bool:
        """Whether what was measured may stand in RESULTS.md."""
        return (
            setting.files == self.files
            and setting.rounds >= self.rounds
            and setting.seconds >= self.seconds
            and setting.peers == PEERS
        )
