"""Which run of the machine this is."""

from __future__ import annotations

from pathlib import Path

__all__ = ["boot_id"]

_PLACE = Path("/proc/sys/kernel/random/boot_id")  # random(4): made anew at each boot


def boot_id(place: Path = _PLACE) -> str:
    """Give the id of this boot of the machine; empty where the system does not tell."""
    try:
        return place.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""
