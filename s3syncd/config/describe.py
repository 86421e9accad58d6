"""Shows the effective configuration: every option of every site, defaults merged, no secret."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, SecretStr

from s3syncd.config import rates
from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.rate import Schedule

__all__ = ["describe"]

MASK = "********"
# JSON leaves these as they are, YAML folds them as line breaks or refuses them.
_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def describe(config: Config) -> str:
    """Return the effective configuration as YAML that loads; set secrets read `********`."""
    lines = [f"# effective configuration of {config.path}"]
    sections: dict[str, list[str]] = {}
    for key, value in _options(config):
        section, dot, name = key.partition(".")
        if dot:
            sections.setdefault(section, []).append(f"  {name}: {_shown(name, value)}")
        elif key != "sites":
            lines.append(f"{key}: {_shown(key, value)}")
    for section, inner in sections.items():
        lines += [f"{section}:", *inner]
    lines.append("sites:")
    for site in config.sites:
        lines += _site(site)
    lines += [f"# warning: {warning}" for warning in config.warnings]
    return "\n".join(lines) + "\n"


def _site(site: SiteConfig) -> list[str]:
    first = f"- name: {_shown('name', site.name)}"
    lines = [f"  {key}: {_shown(key, value)}" for key, value in _options(site) if key != "name"]
    if site.inner_prefixes:
        lines.append(f"  # without what belongs to other sites: {json.dumps(site.inner_prefixes)}")
    return [first, *lines]


def _options(model: BaseModel) -> list[tuple[str, object]]:
    return [
        (str(spec.validation_alias or name), getattr(model, name))
        for name, spec in type(model).model_fields.items()
        if not (isinstance(spec.json_schema_extra, dict) and spec.json_schema_extra.get("derived"))
    ]


def _shown(key: str, value: object) -> str:
    if isinstance(value, SecretStr):
        return json.dumps(MASK)
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, Schedule):
        value = rates.spelled(value)
    if key == "watch_interval" and isinstance(value, float):
        return f"{Decimal(repr(value)):f}s"  # a bare number would be read as milliseconds
    return _BREAKS.sub(
        lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False)
    )
