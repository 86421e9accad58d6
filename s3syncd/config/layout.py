"""Knows the shape of the file: which keys stand where, their other names, what a site inherits.

Without pydantic, so that client commands can find state and sites of a file quickly.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from collections.abc import Mapping as AnyMapping
from typing import NamedTuple

from s3syncd.config.document import Entry, Mapping, Node, Scalar, Sequence
from s3syncd.config.parse import UnusableError, text
from s3syncd.config.places import bucket, prefix
from s3syncd.config.problems import Problems, shown_key

__all__ = [
    "Given",
    "GivenSite",
    "given_globals",
    "given_sites",
    "inherit",
    "is_absent",
    "name_of",
    "refuse_unknown",
    "spelled",
    "state_dir_of",
]

# The names s3sync-service gives these keys.
GLOBAL_ALIASES = {"aws_region": "region", "loglevel": "log.level"}
SITE_ALIASES = {"local_path": "path", "bucket_path": "prefix", "bucket_region": "region"}
SECTIONS = ("http", "log", "heartbeat", "notify")
KEY_PAIR = ("access_key", "secret_access_key")
CREDENTIALS = (*KEY_PAIR, "session_token", "profile")


class Given(NamedTuple):
    """One option as written: where, and the node under it."""

    label: str
    line: int
    node: Node
    is_alias: bool = False


class GivenSite(NamedTuple):
    """One entry of the list of sites."""

    label: str
    line: int
    options: dict[str, Given]


def given_globals(root: Node, problems: Problems) -> dict[str, Given]:
    """Return what stands at the top, sections as dotted keys (`log.level`), without `sites`."""
    if not isinstance(root, Mapping):
        problems.add(root.line, "", "is not a mapping", "write 'sites:' and other options")
        return {}
    entries: dict[str, Entry] = {}
    for key, entry in root.entries.items():
        if key == "sites":
            continue
        if key in SECTIONS:
            entries |= _section(key, entry, problems)
        elif "." in key:  # only a section makes dotted keys
            problems.add(entry.line, shown_key(key), "is not a key", "indent it under its section")
        else:
            entries[key] = entry
    return _canonical(entries, GLOBAL_ALIASES, "", problems)


def _section(name: str, entry: Entry, problems: Problems) -> dict[str, Entry]:
    if isinstance(entry.node, Mapping):
        return {f"{name}.{key}": inner for key, inner in entry.node.entries.items()}
    if not _is_null(entry.node):
        problems.add(entry.line, name, "is not a section", f"write its keys indented under {name}:")
    return {}


def given_sites(root: Node, problems: Problems) -> list[GivenSite]:
    """Return the sites as written; their count is at least one or there is a problem."""
    if not isinstance(root, Mapping):  # said by given_globals
        return []
    entry = root.entries.get("sites")
    if entry is None and (near := difflib.get_close_matches("sites", root.entries, 1)):
        said = root.entries[near[0]]
        problems.add(said.line, shown_key(near[0]), "is not a key", "did you mean sites?")
        return []
    if entry is None or _is_null(entry.node):
        problems.add(
            entry.line if entry else 0,
            "sites",
            "is missing",
            "write 'sites:' and one '- path: ...'",
        )
        return []
    if isinstance(entry.node, Sequence) and not entry.node.items:
        problems.add(entry.line, "sites", "is empty", "write at least one site, '- path: ...'")
        return []
    if not isinstance(entry.node, Sequence):
        problems.add(entry.line, "sites", "is not a list of sites", "start each site with '- '")
        return []
    sites = []
    for number, node in enumerate(entry.node.items):
        label = f"sites[{number}]"
        if isinstance(node, Mapping):
            options = _canonical(node.entries, SITE_ALIASES, label, problems)
            sites.append(GivenSite(label, node.line, options))
        else:
            write = "write 'path: ...' and 'bucket: ...' under it, a space after each colon"
            problems.add(node.line, label, "is not a site", write)
    return sites


def _canonical(
    entries: AnyMapping[str, Entry], aliases: AnyMapping[str, str], label: str, problems: Problems
) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for key, entry in entries.items():
        canonical = aliases.get(key, key)
        where = f"{label}.{_shown(key)}" if label else _shown(key)
        if canonical in found:
            first = found[canonical]
            what = f"is another name of {first.label}, which is given too (line {first.line})"
            problems.add(entry.line, where, what, "keep one of the two")
            continue
        found[canonical] = Given(where, entry.line, entry.node, canonical != key)
    return found


def _shown(dotted: str) -> str:
    section, dot, key = dotted.partition(".")
    return f"{shown_key(section)}.{shown_key(key)}" if dot else shown_key(section)


def refuse_unknown(
    options: dict[str, Given],
    known: Iterable[str],
    elsewhere: Iterable[str],
    place: str,
    problems: Problems,
) -> None:
    """Take out, and note, the options that are not `known`, with the nearest that is.

    Args:
        options: what was given; unknown keys are removed.
        known: the keys that may stand here, other names included.
        elsewhere: the keys that may not stand here but `place`.
        place: where those belong, as words.
        problems: what is noted goes there.
    """
    names = sorted(known)
    for key in [key for key in options if key not in names]:
        given = options.pop(key)
        section, dot, _ = key.rpartition(".")
        beside = [name for name in names if name.rpartition(".")[0] == section]
        tails = {name.removeprefix(section + dot): name for name in beside}
        found = difflib.get_close_matches(key.removeprefix(section + dot), tails, 1)
        nearest = [tails[tail] for tail in found]
        if key in set(elsewhere):
            problems.add(given.line, given.label, "does not belong here", f"write it {place}")
        elif nearest:
            problems.add(given.line, given.label, "is not a key", f"did you mean {nearest[0]}?")
        else:
            problems.add(given.line, given.label, "is not a key", "leave it out")


def inherit(site: AnyMapping[str, Given], defaults: AnyMapping[str, Given]) -> dict[str, Given]:
    """Merge the global defaults into a site.

    Credentials come from one place: a site with keys or a profile of its own inherits none of the
    global ones. A site's own watch_interval is nearer than a global settle_seconds.
    """
    inherited = dict(defaults)
    if any(key in site for key in CREDENTIALS):
        for key in CREDENTIALS:
            inherited.pop(key, None)
    if "watch_interval" in site:
        inherited.pop("settle_seconds", None)
    return inherited | dict(site)


def name_of(options: AnyMapping[str, Given]) -> str | None:
    """Return the name given or else bucket/prefix; None when neither is usable."""
    name = spelled(options.get("name"))
    if name is not None:
        return name
    try:
        inside = prefix(spelled(options.get("prefix")) or "")
        return f"{bucket(spelled(options.get('bucket')))}/{inside}".rstrip("/")
    except UnusableError:
        return None


def spelled(given: Given | None) -> str | None:
    """Return a scalar as it was spelled; None when it is not given, null or no scalar."""
    node = given.node if given else None
    return node.text if isinstance(node, Scalar) and node.value is not None else None


def state_dir_of(options: AnyMapping[str, Given]) -> str | None:
    """Return `state_dir` as spelled; None when it is not given.

    Raises:
        UnusableError: it is empty or no scalar.
    """
    given = options.get("state_dir")
    return None if is_absent(given) else text(spelled(given))


def is_absent(given: Given | None) -> bool:
    """Return whether an option is not given, or given as null."""
    return given is None or _is_null(given.node)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None
