"""What can be typed after `s3syncd`, read from the parser: for the completion of shells."""

# ruff: noqa: SLF001 - argparse has no other way to tell what it knows

from __future__ import annotations

import argparse
from typing import NamedTuple

from s3syncd.cli.main import build_parser

__all__ = ["Command", "Grammar", "Option", "grammar"]


class Option(NamedTuple):
    """An option: its spellings, what its value is called (empty: it takes none), what it does."""

    names: tuple[str, ...]
    value: str
    summary: str


class Command(NamedTuple):
    """A command: its name, what it does, its options, and what stands after it.

    Attributes:
        takes_site: the name of a site.
        words: one of these.
    """

    name: str
    summary: str
    options: tuple[Option, ...]
    takes_site: bool = False
    words: tuple[str, ...] = ()


class Grammar(NamedTuple):
    """Options before a command, and the commands."""

    options: tuple[Option, ...]
    commands: tuple[Command, ...]

    @property
    def with_value(self) -> tuple[str, ...]:
        """Every spelling of an option that is followed by a value, sorted."""
        every = [*self.options, *(option for each in self.commands for option in each.options)]
        return tuple(sorted({name for option in every if option.value for name in option.names}))


def grammar() -> Grammar:
    """Give what the command line takes."""
    parser = build_parser()
    commands = tuple(
        _command(name, inner)
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name, inner in action.choices.items()
    )
    return Grammar(_command("", parser).options, commands)


def _command(name: str, parser: argparse.ArgumentParser) -> Command:
    options: list[Option] = []
    words: tuple[str, ...] = ()
    takes_site = False
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        if action.option_strings:
            value = "" if action.nargs == 0 else str(action.metavar or action.dest)
            options.append(Option(tuple(action.option_strings), value, str(action.help or "")))
        else:
            takes_site = takes_site or action.metavar == "SITE"
            words += tuple(map(str, action.choices or ()))
    summary = str(parser.description or "").rstrip(".")
    return Command(name, summary, tuple(options), takes_site, words)
