"""Words a number together with what is counted."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, one: str, many: str | None = None) -> str:
    """Word a number of things, its thousands apart: `1 file`, `12 345 files`.

    Args:
        number: how many.
        one: the word for one of them, a verb with it where there is one: `deletion is`.
        many: the words for several; by default `one` with an s.
    """
    figures = f"{number:,}".replace(",", " ")
    return f"{figures} {one if number == 1 else many or f'{one}s'}"
