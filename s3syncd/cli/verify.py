"""`s3syncd verify`: re-hash local files against S3, and report every difference.

When a daemon has the state directory it does the work, within its limits, and this command shows
what it finds. Nothing is fetched and nothing is changed, on either side.
"""

from __future__ import annotations

import argparse
import bisect
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Event
from typing import Protocol, TextIO

from s3syncd.cli import exits
from s3syncd.cli.advice import advice_of
from s3syncd.cli.client import NoDaemonError, ask
from s3syncd.cli.patience import Tell, patience
from s3syncd.cli.wording import Palette, count, printable, screen_columns, size, wrapped
from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.core.advice import Advice
from s3syncd.core.difference import EXTRA, Difference
from s3syncd.core.plural import counted
from s3syncd.errors import UnknownSiteError

__all__ = ["execute"]

_MAX_SHOWN = 100
"""Differences listed for a person, the first by path; `--json` has all, as they are found."""

_ASK_SECONDS = 0.2
"""How often the daemon is asked what it has found; it gives up what nobody asks about."""


class Verified(Protocol):
    """The verification of one site; the rest is right once `differences` was read to its end."""

    name: str
    files: int
    bytes: int
    reason: str | None
    hint: str | None

    def differences(self) -> Iterator[Difference]:
        """Give what differs as it is found."""


Verify = Callable[[Config, list[str]], Iterable[Verified]]


def execute(
    arguments: argparse.Namespace, *, verify: Verify | None = None, stream: TextIO | None = None
) -> int:
    """Verify; gives 0 when every file is proved to be in the bucket, else 4.

    Args:
        arguments: the command line.
        verify: does the work where no daemon runs; by default the supervisor.
        stream: where the report goes.

    Raises:
        ConfigError: the configuration cannot be used, or has no such site.
        FatalError: the ledger cannot be read, or the daemon refuses.
    """
    stream = stream or sys.stdout
    config = load(arguments.config)
    names = [site.name for site in config.sites if arguments.site in {None, site.name}]
    if not names:
        raise UnknownSiteError.of(arguments.site, [site.name for site in config.sites])
    try:
        ask(config.state_dir, "status")
    except NoDaemonError:
        sites = (verify or _verify)(config, names)
    else:
        sites = (_Remote(config.state_dir, name) for name in names)
    show = _print_json if arguments.json else _print_text
    with patience(sys.stderr) as tell:
        return show(_told(sites, tell), advice_of(arguments), stream)


def _told(sites: Iterable[Verified], tell: Tell) -> Iterator[Verified]:
    for site in sites:
        tell(f"{site.name}: to compare every file with the bucket")
        yield site


def _verify(config: Config, names: list[str]) -> Iterable[Verified]:
    from s3syncd.supervisor import verify  # noqa: PLC0415 - loads everything, for half a second

    return verify(config, names)


class _Remote:
    """A verification that the daemon carries out."""

    def __init__(self, state_dir: Path, name: str) -> None:
        self.name = name
        self.files = self.bytes = 0
        self.reason: str | None = None
        self.hint: str | None = None
        self._state_dir = state_dir

    def differences(self) -> Iterator[Difference]:
        """Give what differs as the daemon finds it."""
        begun = ask(self._state_dir, "verify", {"site": self.name})
        pause, is_over = Event(), False
        while not is_over:
            pause.wait(_ASK_SECONDS)
            answer = ask(self._state_dir, "verify", {"id": begun["id"]})
            for each in answer["differences"]:
                yield Difference(each["path"], each["reason"])
            self.files, self.bytes = answer["files"], answer["bytes"]
            self.reason, self.hint = answer["reason"], answer["hint"]
            is_over = answer["is_over"]


def _print_text(sites: Iterable[Verified], advice: Advice, stream: TextIO) -> int:
    code, palette, width = exits.OK, Palette(stream), screen_columns(stream)
    for site in sites:
        stream.write(palette.paint("bold", printable(site.name)) + "\n")
        stream.flush()
        met: Counter[str] = Counter()
        first: list[Difference] = []
        try:
            for each in site.differences():
                met[each.reason] += 1
                bisect.insort(first, each)
                del first[_MAX_SHOWN:]
        finally:  # also where it is interrupted after an hour
            _print_found(first, met.total() - len(first), palette, stream)
        for reason in sorted(met):
            hint = advice.runnable(Difference("", reason).hint, site=site.name)
            told = f"{reason}: {hint}"
            stream.writelines(f"{line}\n" for line in wrapped(told, indent="  ", width=width))
        stream.write(f"  {_totals(site, met, advice)}\n")
        code = max(code, _code(site, met))
    return code


def _print_found(
    first: Iterable[Difference], unshown: int, palette: Palette, stream: TextIO
) -> None:
    for each in first:
        colour = "yellow" if each.reason in EXTRA else "red"
        word = palette.paint(colour, f"{each.reason:<18}")
        stream.write(f"  {word} {printable(each.path)}\n")
    if unshown:
        stream.write(f"  ... and {count(unshown)} more (all with --json)\n")


def _totals(site: Verified, met: Counter[str], advice: Advice) -> str:
    said = f"{counted(site.files, 'file')} compared, {size(site.bytes)} hashed"
    if site.reason:
        hint = printable(advice.runnable(site.hint or "", site=site.name))
        return f"{said}, and not to the end: {site.reason}: {hint}"
    if not met:
        return f"{said}, no difference"
    found = (f"{count(number)} {reason}" for reason, number in sorted(met.items()))
    return f"{said}; {', '.join(found)}"


def _print_json(sites: Iterable[Verified], advice: Advice, stream: TextIO) -> int:
    """Print one document, difference by difference: there may be millions."""
    code = exits.OK
    stream.write('{"sites": [')
    for number, site in enumerate(sites):
        name = json.dumps(site.name)
        stream.write(f'{"," if number else ""}\n {{"name": {name}, "differences": [')
        met: Counter[str] = Counter()
        for position, each in enumerate(site.differences()):
            met[each.reason] += 1
            told = {
                "path": each.path,
                "reason": each.reason,
                "hint": advice.runnable(each.hint, site=site.name),
            }
            stream.write(f"{',' if position else ''}\n  {json.dumps(told)}")
        totals = {
            "counts": dict(met),
            "files": site.files,
            "bytes": site.bytes,
            "reason": site.reason,
            "hint": advice.runnable(site.hint or "", site=site.name) or None,
        }
        stream.write(f"],\n  {json.dumps(totals)[1:]}")
        code = max(code, _code(site, met))
    stream.write("\n]}\n")
    return code


def _code(site: Verified, met: Counter[str]) -> int:
    """Objects without a file are no fault, deletions that wait least of all: `status` tells those.

    What is asked here is whether each file is in the bucket as it is.
    """
    is_faulty = any(reason not in EXTRA for reason in met)
    return exits.NOT_IN_SYNC if site.reason or is_faulty else exits.OK
