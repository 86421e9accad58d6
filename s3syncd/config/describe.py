"""Shows the effective configuration: every option of every site, defaults merged, no secret."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from s3syncd.config import rates
from s3syncd.config.models import Config
from s3syncd.config.origins import Origins
from s3syncd.core.rate import Schedule

__all__ = ["describe", "effective"]

MASK = "********"
# JSON leaves these as they are, YAML folds them as line breaks or refuses them.
_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def describe(config: Config, told: Origins | None = None) -> str:
    """Return the effective configuration as YAML that loads; set secrets read `********`.

    Args:
        config: what is shown.
        told: where its options were written; None: that is not shown.
    """
    shown = effective(config)
    lines = [f"# effective configuration of {config.path}"]
    sections = {key: value for key, value in shown.items() if isinstance(value, dict)}
    for key, value in shown.items():
        if key not in {"sites", *sections}:
            lines.append(_line(f"{key}: ", value, told and told.of_global(key)))
    for section, inner in sections.items():
        lines.append(f"{section}:")
        for name, value in inner.items():
            origin = told and told.of_global(f"{section}.{name}")
            lines.append(_line(f"  {name}: ", value, origin))
    lines.append("sites:")
    for number, site in enumerate(shown["sites"]):
        for place, (key, value) in enumerate(site.items()):
            start = f"{'  ' if place else '- '}{key}: "
            lines.append(_line(start, value, told and told.of_site(number, key)))
        if inner_prefixes := config.sites[number].inner_prefixes:
            spelled = json.dumps(inner_prefixes)
            lines.append(f"  # without what belongs to other sites: {spelled}")
    lines += [f"# warning: {warning}" for warning in config.warnings]
    return "\n".join(lines) + "\n"


def effective(config: Config) -> dict[str, Any]:
    """Return the effective configuration as plain values, spelled so that they load."""
    found: dict[str, Any] = {}
    for key, value in _options(config).items():
        section, dot, name = key.partition(".")
        if dot:
            found.setdefault(section, {})[name] = value
        elif key != "sites":
            found[key] = value
    found["sites"] = []
    for site in config.sites:
        options = _options(site)
        found["sites"].append({"name": options.pop("name"), **options})
    return found


def _options(model: BaseModel) -> dict[str, Any]:
    found = {}
    for name, spec in type(model).model_fields.items():
        if not (isinstance(spec.json_schema_extra, dict) and spec.json_schema_extra.get("derived")):
            key = str(spec.validation_alias or name)
            found[key] = _plain(key, getattr(model, name))
    return found


def _plain(key: str, value: object) -> object:
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Schedule):
        return rates.spelled(value)
    if key == "watch_interval" and isinstance(value, float):
        return f"{Decimal(repr(value)):f}s"  # a bare number would be read as milliseconds
    return value


def _line(start: str, value: object, origin: str | None) -> str:
    spelled = json.dumps(value, ensure_ascii=False)
    spelled = _BREAKS.sub(lambda match: f"\\u{ord(match[0]):04x}", spelled)
    return f"{start}{spelled}  # {origin}" if origin else f"{start}{spelled}"
