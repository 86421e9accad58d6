"""The parser of the command line: argparse's, and of a misspelt word it tells what was meant."""

from __future__ import annotations

import argparse
import re
from typing import Final, NoReturn

__all__ = ["Parser"]

_CHOICE: Final = re.compile(r"invalid choice: '(?P<given>.*?)' \(choose from (?P<known>.*)\)$")


class Parser(argparse.ArgumentParser):
    """A parser, and those of its commands."""

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong with the command line, and exit with 2."""
        super().error(message + _meant(message))


def _meant(message: str) -> str:
    found = _CHOICE.search(message)
    if found is None:
        return ""
    import difflib  # noqa: PLC0415 - only who mistypes waits for it

    near = difflib.get_close_matches(found["given"], re.findall(r"[\w-]+", found["known"]), 1)
    return f"; did you mean {near[0]}?" if near else ""
