"""Collects everything that is wrong with a configuration, so that one run shows it all."""

from __future__ import annotations

import re

from s3syncd.errors import ConfigError

__all__ = ["Problems", "shown_key"]

_SHOWABLE = re.compile(r"(?:s3_)?[A-Za-z][a-z]*(?:[_-][A-Za-z][a-z]*){0,5}")


def shown_key(key: str) -> str:
    """Return `key` if it reads like a key: anything else may be a value at the wrong place."""
    return key if len(key) <= 30 and _SHOWABLE.fullmatch(key) else "(unknown key)"


class Problems:
    """The difficulties of one file. Owned by the thread that loads it.

    Args:
        file: the file as the operator named it.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: dict[tuple[int, str, str], str] = {}

    def __len__(self) -> int:
        return len(self._found)

    def add(self, line: int, label: str, what: str, write: str, *, column: int = 0) -> None:
        """Note one difficulty; the same one (a global value, met by every site) is kept once.

        Args:
            line: counted from 1; 0 when it is about the whole file.
            label: where, such as `sites[0].bucket`; may be empty.
            what: what is wrong, never the value.
            write: what to write instead.
            column: counted from 1; 0 where the whole line is meant.
        """
        text = self.text(line, label, f"{what}; {write}", column=column)
        self._found.setdefault((line, label, what), text)

    def text(self, line: int, label: str, sentence: str, *, column: int = 0) -> str:
        """Spell a sentence about a place of the file, as compilers do."""
        place = ":".join([self._file, *(str(number) for number in (line, column) if number)])
        return f"{place}: {label}: {sentence}" if label else f"{place}: {sentence}"

    def error(self) -> ConfigError:
        """Return all difficulties as one error, in the order of the file."""
        return ConfigError([self._found[key] for key in sorted(self._found)])
