"""What this process holds open of a directory: connections of other tests may end meanwhile."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["held_below"]


def held_below(place: Path) -> list[str]:
    """Give what the descriptors name of `place` and all below it, sorted."""
    held = []
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            target = os.readlink(each)  # noqa: PTH115 - the text, also of what is gone
            held += [target] if target.startswith(str(place)) else []
    return sorted(held)
