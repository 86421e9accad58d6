"""`s3syncd config show|schema`: the configuration in force, and a JSON schema of its file."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, TextIO

from s3syncd.cli import exits
from s3syncd.cli.wording import Palette
from s3syncd.config.describe import describe, effective
from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.config.origins import Origins, origins
from s3syncd.config.schema import schema

__all__ = ["document_of", "execute"]


def execute(arguments: argparse.Namespace, *, stream: TextIO | None = None) -> int:
    """Print it; the schema needs no configuration.

    Raises:
        ConfigError: (`show`) the configuration cannot be used.
    """
    stream = stream or sys.stdout
    if arguments.what == "schema":
        stream.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")
        return exits.OK
    config = load(arguments.config)
    told = origins(config)
    if arguments.json:
        stream.write(json.dumps(document_of(config, told), indent=2) + "\n")
    else:
        stream.write(_dimmed(describe(config, told), Palette(stream)))
    return exits.OK


def document_of(config: Config, told: Origins) -> dict[str, Any]:
    """Give file, effective options, where each was written, and warnings, for a program."""
    shown = effective(config)
    where: dict[str, Any] = {}
    for key, value in shown.items():
        is_section = isinstance(value, dict)
        where[key] = (
            {name: told.of_global(f"{key}.{name}") for name in value}
            if is_section
            else told.of_global(key)
        )
    where["sites"] = [
        {key: told.of_site(number, key) for key in site}
        for number, site in enumerate(shown["sites"])
    ]
    return {
        "file": str(config.path),
        "config": shown,
        "origins": where,
        "warnings": list(config.warnings),
    }


def _dimmed(text: str, palette: Palette) -> str:
    """Colour what is a comment: the last one of a line, as the text was made."""
    lines = []
    for line in text.splitlines():
        before, mark, comment = line.rpartition("# ")
        is_comment = mark and (not before.strip() or before.endswith("  "))
        lines.append(before + palette.paint("dim", mark + comment) if is_comment else line)
    return "\n".join(lines) + "\n"
