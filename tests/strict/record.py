"""What an oracle judges by: the history, versions and uploads of a strict store."""

from __future__ import annotations

from typing import Protocol

from tests.strict.history import History
from tests.strict.state import Version

__all__ = ["Record"]


class Record(Protocol):
    """What an oracle asks a strict store."""

    def history(self) -> History:
        """Give what happened until now."""

    def version(self, serial: int) -> Version:
        """Give one of all the versions there ever were."""

    def tree(self, bucket: str, *, at: int | None = None) -> dict[str, int]:
        """Give what readers see, or saw after an event: key -> serial of its version."""

    def open_uploads(self, bucket: str) -> list[tuple[str, str]]:
        """Give key and id of each upload that is neither complete nor aborted."""
