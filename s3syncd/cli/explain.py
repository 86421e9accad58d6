"""`s3syncd explain`: why a path is where it is, and what comes next.

A daemon tells what it knows of the path; without one it is read from the ledger. Either way both
sides are looked at once: one file, one object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any, TextIO

from s3syncd.cli import exits
from s3syncd.cli.advice import advice_of
from s3syncd.cli.client import NoDaemonError, ask
from s3syncd.cli.located import located
from s3syncd.cli.patience import patience
from s3syncd.cli.wording import Palette, printable, screen_columns, size, wrapped
from s3syncd.core.advice import Advice

__all__ = ["execute"]

_PAUSES_SECONDS = (0.02, 0.05, 0.1, 0.2)
"""Between questions; the last one is repeated. An object is looked at within milliseconds."""

_LABEL_COLUMNS = 12

_COLOURS = {
    "in_flight": "green", "at_rest": "green", "settling": "yellow", "dirty": "yellow",
    "planned": "yellow", "failed": "red", "problem": "red", "held": "red",
}  # fmt: skip

Explain = Callable[[Path, str, str], dict[str, Any]]


def execute(
    arguments: argparse.Namespace, *, explain: Explain | None = None, stream: TextIO | None = None
) -> int:
    """Print the explanation; 0 when there is one.

    Args:
        arguments: the command line.
        explain: explains (configuration, site, path) where no daemon runs.
        stream: where it goes.

    Raises:
        ConfigError: the configuration cannot be used, or has no such site.
        FatalError: the path is none of the site, or the daemon refuses.
        LedgerError: the ledger cannot be read.
    """
    stream = stream or sys.stdout
    path = _absolute(arguments.path)
    try:
        with located(arguments) as state_dir:
            found = _asked(state_dir, arguments.site, path)
    except NoDaemonError:
        if getattr(arguments, "state_dir", None):  # only a daemon can tell, then
            raise
        found = (explain or _explain)(arguments.config, arguments.site, path)
    found = _runnable(found, advice_of(arguments))
    if arguments.json:
        stream.write(json.dumps(found, indent=2) + "\n")
    else:
        stream.writelines(
            line + "\n" for line in _lines(found, Palette(stream), screen_columns(stream))
        )
    return exits.OK


def _runnable(found: dict[str, Any], advice: Advice) -> dict[str, Any]:
    """Give the explanation with commands that can be copied."""
    held_list = found["facts"].get("held_list") or ""

    def typed(text: str) -> str:
        return advice.runnable(text, site=found["site"], held_list=held_list)

    standing = [{**each, "text": typed(each["text"])} for each in found["standing"]]
    step = {**found["next"], "text": typed(found["next"]["text"])}
    site = found["site_state"]
    if site is not None:
        site = {**site, "hint": typed(site["hint"] or "") or None}
    return {**found, "standing": standing, "next": step, "site_state": site}


def _explain(config: Path, site: str, path: str) -> dict[str, Any]:
    from s3syncd.config.load import load  # noqa: PLC0415 - only where no daemon is
    from s3syncd.supervisor.explaining import explain  # noqa: PLC0415 - as above, half a second

    with patience(sys.stderr) as tell:
        tell(f"{site}: for its directory and its bucket to answer")
        return explain(load(config), site, path)


def _absolute(path: str) -> str:
    """Give the path as the daemon knows roots: the links above a name followed, not the name."""
    if not path.startswith("/"):
        return path
    folder, name = os.path.split(path.rstrip("/"))
    return os.path.join(os.path.realpath(folder), name)  # noqa: PTH118 - as it was written


def _asked(state_dir: Path, site: str, path: str) -> dict[str, Any]:
    """Have the daemon explain, and wait for it."""
    begun = ask(state_dir, "explain", {"site": site, "path": path})
    pause, pauses = Event(), iter(_PAUSES_SECONDS)
    while True:
        pause.wait(next(pauses, _PAUSES_SECONDS[-1]))
        answer = ask(state_dir, "explain", {"id": begun["id"]})
        if answer["is_over"]:
            found: dict[str, Any] = answer["explanation"]
            return found


def _lines(found: dict[str, Any], palette: Palette, width: int) -> Iterator[str]:
    """Give one labelled paragraph each."""
    yield palette.paint("bold", printable(f"{found['site']}: {found['path']}"))
    rows = [
        ("key", printable(found["key"] or "none can stand for it")),
        ("rule", _rule(found["rule"])),
        ("file", _local(found["local"])),
    ]
    rows += [("object", _remote(found["remote"])), ("remembered", _remembered(found["remembered"]))]
    for number, each in enumerate(found["standing"]):
        word = palette.paint(_COLOURS.get(each["word"], "bold"), each["word"])
        rows.append(("state" if not number else "", f"{word}: {printable(each['text'])}"))
    rows.append(("site", _site(found)))
    step = found["next"]
    rows.append(
        ("next", f"{palette.paint('bold', step['word'])} (row {step['row']}): {step['text']}")
    )
    for label, text in rows:
        indent = f"  {label:<{_LABEL_COLUMNS}}"
        yield from wrapped(text, indent=indent, hanging=" " * len(indent), width=width)


def _rule(rule: dict[str, Any]) -> str:
    pattern = f" ({rule['pattern']})" if rule["pattern"] else ""
    return printable(f"{rule['word']}: {rule['text']}{pattern}")


def _local(local: dict[str, Any]) -> str:
    if local["state"] != "file":
        return str(local["state"])
    return f"{size(local['size_bytes'])}, changed {local['mtime']}, mode {local['mode']}"


def _remote(remote: dict[str, Any]) -> str:
    if remote["state"] != "object":
        return printable(": ".join(filter(None, (remote["state"], remote.get("detail")))))
    told = [size(remote["size_bytes"]), f"ETag {remote['etag']}", remote["storage_class"]]
    told += [f"stored {remote['modified']}"] if remote["modified"] else []
    told += [f"version {remote['version_id']}"] if remote["version_id"] else []
    return printable(", ".join(told))


def _remembered(row: dict[str, Any] | None) -> str:
    if row is None:
        return "nothing"
    asked = row["storage_class"] or "a class that nobody asked for"
    return f"{size(row['size_bytes'])}, changed {row['mtime']}, ETag {row['etag']}, {asked}"


def _site(found: dict[str, Any]) -> str:
    site = found["site_state"]
    if site is None:
        return "no daemon runs" + (
            ", and the site is paused" if found["facts"].get("is_paused") else ""
        )
    return printable(": ".join(filter(None, (site["state"], site["reason"], site["hint"]))))
