"""`s3syncd restore`: get a site's tree back from its bucket, as it is there or was at some time.

Needs no running daemon and disturbs none: it only reads the bucket, and writes below one directory
that belongs to no site.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TextIO

from s3syncd.cli import exits
from s3syncd.cli.moment import rfc3339, worded
from s3syncd.cli.patience import patience
from s3syncd.cli.process import prepare_process
from s3syncd.cli.progress import ProgressBar, ProgressLike
from s3syncd.cli.wording import Palette, count, printable, screen_columns, size, wrapped
from s3syncd.config.load import load
from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.plural import counted
from s3syncd.core.restored import MISSING, Restored
from s3syncd.errors import S3SyncError, UnknownSiteError

__all__ = ["execute"]

_MAX_SHOWN = 100
"""Paths listed for a person; `--json` has all."""


_AGAIN = "run the same restore again: it goes on with what is missing"


class Restoring(Protocol):
    """A restore; what it counts is right once `found` was read to its end."""

    counts: Counter[str]
    unproved: int
    size_bytes: int
    versioning: str

    @property
    def excluded(self) -> int:
        """Objects that the site's filters leave out."""

    @property
    def later(self) -> int:
        """Keys that have no version as old as was asked for."""

    @property
    def is_whole(self) -> bool:
        """Whether everything is there."""

    @property
    def is_worth_repeating(self) -> bool:
        """Whether the same restore may bring more."""

    def found(self) -> Iterator[Restored]:
        """Restore; give what a person should know of as it comes."""


Start = Callable[
    [Config, argparse.Namespace, float | None, Callable[[ProgressLike], None]], Restoring
]


def execute(
    arguments: argparse.Namespace, *, start: Start | None = None, stream: TextIO | None = None
) -> int:
    """Restore; gives 0 when everything is there, 4 when some of it is not.

    Args:
        arguments: the command line.
        start: makes the restore; by default the supervisor's.
        stream: where the report goes.

    Raises:
        ConfigError: the configuration cannot be used, or has no such site.
        FatalError: the directory cannot be used, or it could not be gone on with.
        SiteUnavailable: the bucket cannot be used.
    """
    stream = stream or sys.stdout
    config = load(arguments.config)
    prepare_process()
    bar = ProgressBar(sys.stderr if arguments.json else stream)
    is_quiet = arguments.json and not sys.stderr.isatty()
    settings = _settings_of(config, arguments.site)
    header = {"site": settings.name, "from": _origin(settings), "to": str(arguments.to.resolve())}
    told = f"{settings.name}: {_origin(settings)} {_when(arguments.at)}, to {header['to']}"
    headline = _Headline("" if arguments.json else printable(told), stream)

    def show(progress: ProgressLike) -> None:
        headline.show()
        if not is_quiet:
            bar(progress)

    work = (start or _start)(config, arguments, arguments.at, show)
    try:
        with patience(sys.stderr) as tell:
            headline.on_show = lambda: tell("")
            tell(f"for {header['from']} at {settings.endpoint or 'AWS S3'} to answer")
            if arguments.json:
                moment = None if arguments.at is None else rfc3339(arguments.at)
                _print_json(work, {**header, "at": moment}, bar, stream)
            else:
                _print_text(work, bar, headline, stream)
    except KeyboardInterrupt:
        said = f"\ninterrupted: {counted(_there(work), 'file is', 'files are')} there; {_AGAIN}"
        print(said, file=sys.stderr)
        return exits.INTERRUPTED
    return exits.OK if work.is_whole and work.counts.total() else exits.NOT_IN_SYNC


def _start(
    config: Config,
    arguments: argparse.Namespace,
    at: float | None,
    progress: Callable[[ProgressLike], None],
) -> Restoring:
    from s3syncd.supervisor.restoring import (  # noqa: PLC0415 - loads everything, for half a second
        Restoration,
        Wish,
    )

    wish = Wish(
        arguments.site,
        arguments.to.resolve(),
        at,
        may_hold_files=arguments.merge,
        may_replace=arguments.overwrite,
        is_into_root=arguments.into_root,
    )
    claim = f"{_origin(_settings_of(config, arguments.site))} {_when(at)}"
    return Restoration(config, wish, claim=claim, progress=progress)


class _Headline:
    """What is restored, and where to: shown once, and not before it is certain that it will be."""

    def __init__(self, text: str, stream: TextIO) -> None:
        self._text = text
        self._stream = stream
        self.on_show: Callable[[], None] = lambda: None

    def show(self) -> None:
        """Show it, if it was not."""
        self.on_show()
        if self._text:
            self._stream.write(self._text + "\n")
            self._text = ""


def _settings_of(config: Config, name: str) -> SiteConfig:
    for site in config.sites:
        if site.name == name:
            return site
    raise UnknownSiteError.of(name, [site.name for site in config.sites])


def _origin(settings: SiteConfig) -> str:
    return f"s3://{settings.bucket}/{settings.prefix}"


def _when(at: float | None) -> str:
    return "as it is now" if at is None else f"as it was at {worded(at)}"


def _there(work: Restoring) -> int:
    return sum(work.counts[word] for word in ("restored", "replaced", "present"))


def _print_text(work: Restoring, bar: ProgressBar, headline: _Headline, stream: TextIO) -> None:
    """Show the progress, and afterwards what a person should know of: the bar would tear it."""
    shown: list[Restored] = []
    unshown = 0
    try:
        for one in work.found():
            headline.show()
            if len(shown) < _MAX_SHOWN:
                shown.append(one)
            else:
                unshown += 1
    finally:
        bar.close()
        _print_found(shown, unshown, stream)
    headline.show()
    for line in _totals(work):
        stream.writelines(f"{each}\n" for each in _wrapped(line, stream))


def _print_found(shown: list[Restored], unshown: int, stream: TextIO) -> None:
    palette = Palette(stream)
    hints: dict[str, str] = {}
    for one in shown:
        word = one.word if one.is_proved or one.word in MISSING else "unproved"
        colour = "red" if one.word in MISSING else "yellow"
        detail = f"  ({printable(one.detail)})" if one.detail else ""
        stream.write(f"  {palette.paint(colour, f'{word:<14}')} {printable(one.path)}{detail}\n")
        if one.hint:
            hints[word] = one.hint
    if unshown:
        stream.write(f"  ... and {count(unshown)} more (all with --json)\n")
    for word, hint in hints.items():
        stream.writelines(f"{line}\n" for line in _wrapped(f"{word}: {hint}", stream))


def _wrapped(text: str, stream: TextIO) -> list[str]:
    return wrapped(text, indent="  ", width=screen_columns(stream))


def _totals(work: Restoring) -> Iterator[str]:
    counts = work.counts
    if not counts.total():
        yield "nothing to restore: there is no object below the prefix, or was none at that time"
    else:
        told = f"{counted(_there(work), 'file is', 'files are')} there, {size(work.size_bytes)}"
        known = [f"{count(counts[word])} {said}" for word, said in _SAID.items() if counts[word]]
        missing = sum(counts[word] for word in MISSING)
        known += [f"{counted(missing, 'is', 'are')} not there"] if missing else []
        known += [f"{count(work.unproved)} could not be proved"] if work.unproved else []
        yield "; ".join([told, *known])
    if work.excluded:
        yield f"left out: {counted(work.excluded, 'object')} that the site's filters exclude"
    if work.later:
        keys = counted(work.later, "key that has", "keys that have")
        yield f"left out: {keys} no version as old as that"
    if work.versioning == "Suspended":
        yield (
            "versioning is suspended in the bucket: what was overwritten or deleted since then has"
            " no version to come back from"
        )
    if work.is_worth_repeating:
        yield _AGAIN


_SAID = {"present": "were there already", "replaced": "replaced what stood there"}


def _print_json(work: Restoring, header: dict[str, Any], bar: ProgressBar, stream: TextIO) -> None:
    """Print one document, path by path: there may be millions."""
    stream.write(json.dumps(header)[:-1] + ', "files": [')
    failed: dict[str, Any] = {}
    try:
        for number, one in enumerate(work.found()):
            told = {
                "path": one.path, "state": one.word, "is_proved": one.is_proved,
                "hint": one.hint, "detail": one.detail,
            }  # fmt: skip
            stream.write(f"{',' if number else ''}\n  {json.dumps(told)}")
    except S3SyncError as error:
        failed = {"error": error.message, "error_hint": error.hint}
        raise
    finally:
        bar.close()
        _print_totals(work, failed, stream)


def _print_totals(work: Restoring, failed: dict[str, Any], stream: TextIO) -> None:
    totals = {
        "counts": dict(work.counts), "bytes": work.size_bytes, "unproved": work.unproved,
        "excluded": work.excluded, "later": work.later, "versioning": work.versioning or None,
        "is_whole": work.is_whole, **failed,
    }  # fmt: skip
    stream.write(f"],\n {json.dumps(totals)[1:]}\n")
