"""Writes the pages that are made from the code: the configuration reference and the man page.

`make docs` runs it; a test fails while a page differs from what it gives.
"""

# ruff: noqa: SLF001 - argparse has no other way to tell what it knows

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator, SecretStr
from pydantic.fields import FieldInfo

from s3syncd import __version__
from s3syncd.cli.main import build_parser
from s3syncd.config.explained import explained
from s3syncd.config.layout import GLOBAL_ALIASES, SITE_ALIASES
from s3syncd.config.models import Config, SiteConfig, SiteOptions
from s3syncd.config.parse import UnusableError
from s3syncd.core.standing import KINDS

ROOT = Path(__file__).resolve().parents[1]

# What a value is, by the function that takes it.
_KINDS = {
    "text": "text",
    "switch": "`true` or `false`",
    "whole": "a whole number",
    "seconds": "a duration; a bare number counts seconds",
    "milliseconds": "a duration; a bare number counts milliseconds",
    "size_bytes": "a size",
    "endpoint": "a host or URL",
    "region": "the name of a region",
    "role": "the ARN of a role",
    "patterns": "a list of regular expressions",
    "bucket": "a bucket's name",
    "prefix": "a prefix",
    "site_name": "a name",
    "listen": "`host:port`, `unix:/path`, or `null`",
    "bandwidth": "a size per second, or a list of entries with times",
    "per_second": "a number",
    "notice_kinds": "a list of " + " ".join(f"`{kind}`" for kind in KINDS),
    "level": "`trace` `debug` `info` `warn` `error` `fatal`",
}

_HEAD = """\
# Configuration

Every key of the configuration file, made from the code by `make docs`.
[config.example.yml](../config.example.yml) is the same as a file to begin with.
`s3syncd -c FILE check --offline` shows what a file means: every option of every site, defaults
merged, secrets masked.

The file is YAML, read strictly: a key that is not on this page, a key given twice and a value that
cannot be used are refused, each with its line and what to write instead.

- **Durations:** a number counts seconds (in `watch_interval` milliseconds), or `500ms` `30s` `5m`
  `1h` `1d`.
- **Sizes:** bytes, or `64KiB` `16MiB` `5GB`.
- **Paths:** relative ones start from the directory of the file.
- **Secrets:** `access_key`, `secret_access_key`, `session_token`, `http.token`, `heartbeat.url` and
  `notify.webhook` take `${VARIABLE}` or `file:/run/secrets/name` instead of the secret. A file
  with secrets in it is refused while everybody may read it: `chmod 600` it, or `0640` and a group,
  or `defaultMode: 0400` in Kubernetes; `S3SYNCD_ALLOW_READABLE_CONFIG=1` overrides. An address
  counts as a secret if it holds a password, a query, or a word of 16 letters and more in its path.
- **Sections:** `http.listen` is the key `listen` indented under `http:`.

A changed file takes effect with `s3syncd reload`, SIGHUP or a restart, and by itself with
`reload_on_change: true`; keys that wait for a restart are named by `s3syncd status`.
"""


def configuration_page() -> str:
    """Give docs/configuration.md."""
    parts = [_HEAD]
    site_only = [name for name in SiteConfig.model_fields if name not in SiteOptions.model_fields]
    sections: list[tuple[str, str, type[BaseModel], list[str], dict[str, str]]] = [
        ("A site", "Only under an entry of `sites`. `path` and `bucket` are required.",
         SiteConfig, site_only, SITE_ALIASES),
        ("Options of sites", "At the top of the file they are the default of all sites; under a "
         "site they are its own.", SiteOptions, list(SiteOptions.model_fields),
         SITE_ALIASES | GLOBAL_ALIASES),
        ("The daemon", "Only at the top of the file.", Config, list(Config.model_fields),
         GLOBAL_ALIASES),
    ]  # fmt: skip
    for title, words, model, names, aliases in sections:
        parts.append(f"\n## {title}\n\n{words}\n")
        fields = explained(model)
        parts += [_option(fields[name], name, aliases) for name in names]
    return "".join(parts)


def _option(spec: FieldInfo, name: str, aliases: dict[str, str]) -> str:
    if isinstance(spec.json_schema_extra, dict) and spec.json_schema_extra.get("derived"):
        return ""
    key = str(spec.validation_alias or name)
    facts = [_values(spec)] if key != "sites" else ["a list"]
    facts.append(_default(spec))
    if also := sorted(alias for alias, canonical in aliases.items() if canonical == key):
        facts.append("s3sync-service: " + ", ".join(f"`{alias}`" for alias in also))
    text = " ".join((spec.description or "").split())
    told = "; ".join(filter(None, facts))
    return f"\n### `{key}`\n\n{told[0].upper()}{told[1:]}.\n\n{_wrapped(text)}\n"


def _values(spec: FieldInfo) -> str:
    takes = [each.func for each in spec.metadata if isinstance(each, BeforeValidator)]
    literals = [each for each in _literals(spec.annotation) if _is_taken(each, takes)]
    kinds = list(_kinds(spec.annotation))
    kinds += [take.__name__ for take in takes]
    if literals:
        return ", ".join(f"`{word}`" for word in literals)
    if SecretStr in get_args(spec.annotation):
        return "a secret"
    words = next((_KINDS[kind] for kind in kinds if kind in _KINDS), "a path")
    bounds = [*spec.metadata, *_bounds(spec.annotation)]
    least = [each.ge for each in bounds if isinstance(each, Ge)]
    most = [each.le for each in bounds if isinstance(each, Le)]
    words += f", at least {_amount(kinds, least[0])}" if least and least[0] else ""
    return words + (f", at most {_amount(kinds, most[0])}" if most else "")


def _is_taken(word: str, takes: list[Any]) -> bool:
    """Whether this version takes a word that the model knows."""
    try:
        return all(take(word) for take in takes)
    except UnusableError:
        return False


def _amount(kinds: list[str], value: Any) -> str:
    if "size_bytes" in kinds:
        return _size(value) if value >= 1024 else f"{value} byte"
    return f"{value} s" if {"seconds", "milliseconds"} & set(kinds) else str(value)


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    for inner in get_args(annotation):
        if not isinstance(inner, str):
            yield from _literals(inner)


def _kinds(annotation: Any) -> Iterator[str]:
    for inner in get_args(annotation):
        if isinstance(inner, BeforeValidator):
            yield inner.func.__name__
        yield from _kinds(inner)


def _bounds(annotation: Any) -> Iterator[Any]:
    for inner in get_args(annotation):
        if isinstance(inner, FieldInfo):
            yield from inner.metadata
        yield from _bounds(inner)


def _default(spec: FieldInfo) -> str:
    if spec.is_required():
        has_own = "Default:" in (spec.description or "")
        return "" if has_own else "required"
    if spec.default_factory is not None or spec.default is None:
        return "" if re.search(r"[Dd]efault", spec.description or "") else "default: none"
    return f"default: `{_spelled(spec)}`"


def _spelled(spec: FieldInfo) -> str:
    value, name = spec.default, {each.func.__name__ for each in spec.metadata
                                 if isinstance(each, BeforeValidator)}  # fmt: skip
    if isinstance(value, bool):
        return str(value).lower()
    if "size_bytes" in name:
        return _size(value)
    if isinstance(value, float):
        return next((f"{value / s:g}{unit}" for s, unit in ((86400, "d"), (3600, "h"), (60, "m"))
                     if value >= s and value % s == 0), f"{value:g}s")  # fmt: skip
    if isinstance(value, tuple):
        return "[" + ", ".join(f"'{each}'" for each in value) + "]"
    return str(value) or "''"


def _size(size_bytes: int) -> str:
    for factor, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size_bytes % factor == 0:
            return f"{size_bytes // factor}{unit}"
    return str(size_bytes)


def _wrapped(text: str, width: int = 100) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


_MAN_TAIL = """\
.SH FILES
.TP
.I config.yml
The configuration, unless
.B \\-c
names another one.
.TP
.I /var/lib/s3syncd
Ledgers, lock and control socket, unless
.B state_dir
in the configuration or
.B STATE_DIRECTORY
says otherwise; for users who cannot write there,
.IR $XDG_STATE_HOME/s3syncd .
.SH ENVIRONMENT
.TP
.B STATE_DIRECTORY
The state directory, as systemd sets it.
.TP
.BR AWS_PROFILE ", " AWS_ACCESS_KEY_ID " and so on"
Credentials and region, where the configuration names none, as for every program that uses AWS.
.TP
.BR HTTPS_PROXY ", " NO_PROXY
The proxy to the store, and what is reached without it.
.TP
.B S3SYNCD_ALLOW_READABLE_CONFIG
If 1, a configuration with secrets in it may be readable by everybody.
.TP
.B NO_COLOR
If not empty, no colours on a terminal.
.SH SEE ALSO
README.md, config.example.yml and the pages below docs/ of the project.
"""


def manual() -> str:
    """Give contrib/man/s3syncd.1."""
    parser = build_parser()
    epilog = str(parser.epilog)
    lines = [
        '.\\" Made from the command line by `make docs`.',
        f'.TH S3SYNCD 1 "" "s3syncd {__version__}" "User Commands"',
        ".SH NAME",
        "s3syncd \\- keeps local directories and S3 prefixes equal, continuously",
        ".SH SYNOPSIS",
        ".B s3syncd",
        "[\\fB\\-c\\fR \\fIFILE\\fR] [\\fICOMMAND\\fR [\\fIARGUMENTS\\fR]]",
        ".SH DESCRIPTION",
        *[line for each in str(parser.description).split("\n\n") for line in (".PP", _roff(each))],
        ".SH OPTIONS",
        *_arguments(parser),
        ".SH COMMANDS",
    ]
    for name, command in _commands(parser).items():
        lines += [f".SS {name}", _roff(str(command.description)), *_arguments(command, name)]
    for title, heading in (("exit codes:", "EXIT STATUS"), ("signals to the daemon:", "SIGNALS")):
        block = epilog.partition(title + "\n")[2].split("\n\n")[0]
        lines += [f".SH {heading}", ".nf", *(_roff(line) for line in block.splitlines()), ".fi"]
    return "\n".join(lines) + "\n" + _MAN_TAIL


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (found,) = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    return dict(found.choices)


def _arguments(parser: argparse.ArgumentParser, command: str = "") -> Iterator[str]:
    for each in parser._actions:
        is_told_once = command and "--config" in each.option_strings
        if isinstance(each, argparse._SubParsersAction | argparse._HelpAction) or is_told_once:
            continue
        names = ", ".join(f"\\fB{_roff(name)}\\fR" for name in each.option_strings)
        metavar = f"\\fI{each.metavar}\\fR" if each.metavar else ""
        yield from (".TP", f"{names} {metavar}".strip(), _roff(each.help or ""))


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.MULTILINE)


PAGES: dict[str, Callable[[], str]] = {
    "docs/configuration.md": configuration_page,
    "contrib/man/s3syncd.1": manual,
}


if __name__ == "__main__":
    for _name, _made in PAGES.items():
        (ROOT / _name).write_text(_made(), encoding="utf-8")
