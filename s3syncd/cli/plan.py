"""`s3syncd plan`: what would be done; changes nothing, on either side."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from s3syncd.cli import exits
from s3syncd.cli.advice import advice_of
from s3syncd.cli.patience import Tell, patience
from s3syncd.cli.wording import (
    Palette,
    columns,
    count,
    printable,
    screen_columns,
    size,
    wrapped,
)
from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.core.advice import Advice
from s3syncd.core.cost import spelled_dollars
from s3syncd.core.entry import Action, Kind
from s3syncd.core.finding import Finding, Verdict
from s3syncd.core.plural import counted
from s3syncd.core.safety import REASONS

if TYPE_CHECKING:
    from s3syncd.supervisor.planning import PlanReport, SitePlan

__all__ = ["execute"]

_MAX_SHOWN = 20
"""Actions listed per site for a person; `--json` has all."""


_UNKNOWN = "what is to be done is not known:"

_WORDS = {
    (Kind.UPLOAD, "vanished"): "vanished from the bucket",
    (Kind.UPLOAD, "drift"): "changed in the bucket",
    (Kind.UPLOAD, "first_contact"): "another object is there",
    (Kind.ADOPT, "first_contact"): "already there, compare",
    (Kind.ADOPT, "drift"): "changed in the bucket, compare",
    (Kind.DELETE_REMOTE, "retired"): "file deleted",
    (Kind.DELETE_REMOTE, "foreign"): "not put by this site",
    (Kind.FORGET, "gone"): "gone on both sides",
    (Kind.FORGET, "kept"): "file deleted, but the object was changed: it stays",
    (Kind.FORGET, "out_of_scope"): "excluded now, the object stays",
    (Kind.CONFLICT, "drift"): "changed in the bucket, waits for approve",
    (Kind.RECLASS, "class"): "storage class",
}
"""What an action is about, where its closed word is not plain enough."""


_COLOURS = dict.fromkeys(Kind, "green") | {
    Kind.DELETE_REMOTE: "red",
    Kind.DELETE_LOCAL: "red",
    Kind.CONFLICT: "yellow",
    Kind.FORGET: "dim",
    Kind.ADOPT: "dim",
}
"""By what is at stake: content that is added, that is lost, that a person decides on, none."""


def execute(
    arguments: argparse.Namespace,
    *,
    plan: Callable[[Config, str | None], PlanReport] | None = None,
    stream: TextIO | None = None,
) -> int:
    """Print the plan: 0 when it could be made, 3 with a halted site, 4 with an unavailable one.

    Raises:
        ConfigError: the configuration cannot be used, or has no such site.
        FatalError: the ledger cannot be read.
    """
    config = load(arguments.config)
    stream = stream or sys.stdout
    show = _print_json if arguments.json else _print_text
    with patience(sys.stderr) as tell:
        report = (plan or partial(_plan, tell=tell))(config, arguments.site)
        return show(report, advice_of(arguments), stream)


def _plan(config: Config, site: str | None, *, tell: Tell) -> PlanReport:
    from s3syncd.supervisor import plan  # noqa: PLC0415 - loads everything, for half a second

    return plan(config, site, tell=tell)


def _each(report: PlanReport) -> Iterator[SitePlan]:
    """Give the plans; what is not read to its end, because nobody listens any more, is let go."""
    for site in report.sites:
        with closing(site):
            yield site


def _print_text(report: PlanReport, advice: Advice, stream: TextIO) -> int:
    code, palette = exits.OK, Palette(stream)
    for site in _each(report):
        stream.write(palette.paint("bold", printable(site.name)) + "\n")
        stream.flush()
        shown = list(islice(site.actions, _MAX_SHOWN))
        unlisted = sum(1 for _ in site.actions)
        rows = [(_words(each), printable(each.path)) for each in shown]
        for action, (words, path) in zip(shown, columns(rows), strict=True):
            stream.write(f"  {palette.paint(_COLOURS[action.kind], words)}  {path}\n")
        if unlisted:
            stream.write(f"  ... and {count(unlisted)} more (all with --json)\n")
        stream.write(f"  {_totals(site)}\n")
        for hint in site.hints:
            lines = _paragraph(advice.runnable(_hint(hint)), stream, indent="  ", hanging="    ")
            colour = "yellow" if hint.verdict is not Verdict.OK else "dim"
            stream.writelines(palette.paint(colour, line) + "\n" for line in lines)
        if site.reason:
            guard = REASONS.get(site.reason)
            said = f"{site.reason}: {guard.message}" if guard else site.reason
            lines = _paragraph(said, stream, indent="  ")
            stream.writelines(palette.paint("yellow", line) + "\n" for line in lines)
            lines = _paragraph(_typed(site, advice), stream, indent="    ")
            stream.writelines(line + "\n" for line in lines)
        code = _worse(code, site.reason)
    return code


def _paragraph(text: str, stream: TextIO, *, indent: str, hanging: str | None = None) -> list[str]:
    width = screen_columns(stream)
    return wrapped(printable(text), indent=indent, hanging=hanging, width=width)


def _hint(hint: Finding) -> str:
    remedy = f"; {hint.remedy}" if hint.remedy else ""
    return f"{hint.probe}: {hint.text}{remedy}"


def _typed(site: SitePlan, advice: Advice) -> str:
    # A command to copy, not one to fill in: what the ledger holds is listed above it.
    return advice.runnable(site.hint or "", site=site.name, held_list=site.held_list or "")


def _words(action: Action) -> str:
    return f"{action.kind} ({_WORDS.get((action.kind, action.reason), action.reason)})"


def _totals(site: SitePlan) -> str:
    if not site.is_whole:
        known = sum(site.counts.values())
        return f"at least {counted(known, 'action')}; the rest is not known:" if known else _UNKNOWN
    kinds = [f"{count(number)} {kind}" for kind, number in site.counts.items() if number]
    said = f"{', '.join(kinds)}; {size(site.bytes)} to send, " if kinds else "nothing to do, "
    said += counted(site.requests, "request")
    return said if site.dollars is None else f"{said}, about {spelled_dollars(site.dollars)}"


def _print_json(report: PlanReport, advice: Advice, stream: TextIO) -> int:
    """Print one document, action by action: a plan may have millions."""
    code = exits.OK
    stream.write('{"sites": [')
    for number, site in enumerate(_each(report)):
        stream.write(f'{"," if number else ""}\n {{"name": {json.dumps(site.name)}, "actions": [')
        for position, action in enumerate(site.actions):
            stream.write(f"{',' if position else ''}\n  {json.dumps(_action(action))}")
        totals = {
            "counts": dict(site.counts),
            "bytes": site.bytes,
            "requests": site.requests,
            "requests_by_kind": site.asked._asdict(),
            "dollars": site.dollars,
            "hints": [
                {
                    "about": each.probe,
                    "text": each.text,
                    "remedy": advice.runnable(each.remedy) or None,
                }
                for each in site.hints
            ],
            "is_whole": site.is_whole,
            "reason": site.reason,
            "hint": _typed(site, advice) or None,
            "held_list": site.held_list,
        }
        stream.write(f"],\n  {json.dumps(totals)[1:]}")
        code = _worse(code, site.reason)
    stream.write("\n]}\n")
    return code


def _action(action: Action) -> dict[str, object]:
    return {
        "kind": str(action.kind),
        "path": action.path,
        "reason": action.reason,
        "size_bytes": action.local.size_bytes if action.local else None,
    }


def _worse(code: int, reason: str | None) -> int:
    """Give the exit code after a site that waits (held) or could not be looked at (not in sync)."""
    if not reason or code == exits.HELD:
        return code
    waits = {"root_replaced", "root_emptied", "mass_delete", "foreign", "drift"}
    return exits.HELD if reason in waits else exits.NOT_IN_SYNC
