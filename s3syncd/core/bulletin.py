"""Notices as one document: a text for people, as Slack takes it, and every fact. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from s3syncd.core.notices import Notice

__all__ = ["MAX_LISTED", "document"]

MAX_LISTED: Final = 100
"""Notices listed one by one: some 50 KB; of more only the number is told."""

MAX_TEXT: Final = 1900
"""Characters of the text: the least that such services take is 2,000 (Discord)."""

_MAX_WORDS = 300  # of one remedy; a store's own words may be long
_MAX_NAMES = 5  # of sites that suffer the same
# What is said of one site, and of several; the worst first.
_SAID: Final = {
    "halted": ("is halted and waits for a person", "are halted and wait for a person"),
    "held": ("waits for a person", "wait for a person"),
    "unavailable": ("is unavailable", "are unavailable"),
    "unhealthy": ("does not progress", "do not progress"),
    "recovered": ("is well again", "are well again"),
}
# Of the daemon itself, which goes on all the same.
_SAID_OF_FILE: Final = {
    "unhealthy": "runs on with the configuration it had, and refuses the changed one",
    "recovered": "refuses its configuration no more",
}


def document(
    notices: Sequence[Notice], *, host: str, version: str, dropped: int = 0
) -> dict[str, Any]:
    """Give what is posted.

    Args:
        notices: at least one; the oldest first.
        host: the name of this machine.
        version: of this program.
        dropped: how many notices were never told, because nobody took them.
    """
    worst = list(_SAID)
    ordered = sorted(notices, key=lambda each: worst.index(each.kind))
    return {
        "text": _text(ordered, host, dropped),
        "source": "s3syncd",
        "version": version,
        "host": host,
        "notices": [_facts(each) for each in ordered[:MAX_LISTED]],
        "omitted": max(0, len(ordered) - MAX_LISTED),
        "dropped": dropped,
    }


def _facts(notice: Notice) -> dict[str, Any]:
    since = datetime.fromtimestamp(notice.since, UTC).isoformat(timespec="seconds")
    return {**notice._asdict(), "since": since.replace("+00:00", "Z")}


def _text(ordered: Sequence[Notice], host: str, dropped: int) -> str:
    head = f"s3syncd on {host}"
    tail = f"\n({dropped} earlier notices could not be delivered.)" if dropped else ""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for notice in ordered:
        alike.setdefault((notice.kind, notice.reason, notice.text), []).append(notice.site)
    text, rest = head, list(alike.items())
    while rest:
        line = _escaped("\n" + _line(*rest[0]))
        if len(text) + len(line) + len(_more(rest)) + len(tail) > MAX_TEXT:
            break
        text += line
        rest.pop(0)
    return text + _more(rest) + tail


def _line(what: tuple[str, str, str], sites: Sequence[str]) -> str:
    kind, reason, text = what
    is_one = len(sites) == 1
    said = _SAID[kind][0 if is_one else 1]
    if reason == "config_refused":
        said = _SAID_OF_FILE[kind]
    names = ", ".join(sites[:_MAX_NAMES])
    if len(sites) > _MAX_NAMES:
        names += f" and {len(sites) - _MAX_NAMES} more"
    words = text if len(text) <= _MAX_WORDS else text[:_MAX_WORDS] + "…"
    return f"{names} {said} ({reason})" + (f": {words}" if words else "")


def _more(rest: Sequence[tuple[tuple[str, str, str], list[str]]]) -> str:
    if not rest:
        return ""
    counted: Counter[str] = Counter()
    for (kind, _, _), sites in rest:
        counted[kind] += len(sites)
    told = ", ".join(f"{counted[kind]} {kind}" for kind in _SAID if counted[kind])
    return f"\nand {counted.total()} more: {told}"


def _escaped(text: str) -> str:
    """Take the meaning from what would be a mention or a link: some words are a server's."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
