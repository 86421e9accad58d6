"""Renders the chart in contrib/helm where there is no helm: the few actions that it uses."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

__all__ = ["CHART", "rendered"]

CHART = Path(__file__).resolve().parents[1] / "contrib/helm/s3syncd"

_ACTION = re.compile(r"\{\{(-?) (.*?) (-?)\}\}")
_PIPES: dict[str, Callable[[Any], str]] = {
    "toJson": json.dumps,
    "toPrettyJson": lambda value: json.dumps(value, indent=2),
    "quote": lambda value: json.dumps(str(value)),
    "sha256sum": lambda value: hashlib.sha256(value.encode()).hexdigest(),
}


def rendered(values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Give the chart's documents with its own values, some of them changed."""
    given = _merged(yaml.safe_load((CHART / "values.yaml").read_text()), values or {})
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    chart = {"AppVersion": about["appVersion"]}
    scope = {"Values": given, "Release": {"Name": "photos"}, "Chart": chart, ".": {}}
    return [
        yaml.safe_load(_render(_tokens(path.read_text()), scope))
        for path in sorted((CHART / "templates").glob("*.yaml"))
    ]


def _merged(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Lay values over others as Helm does: maps are merged, everything else is replaced."""
    both = {
        name: _merged(known[name], value)
        if isinstance(value, Mapping) and isinstance(known.get(name), Mapping)
        else value
        for name, value in given.items()
    }
    return {**known, **both}


def _tokens(template: str) -> list[tuple[str, str]]:
    """Split into texts and actions; `{{-` and `-}}` take the white space beside them away."""
    found: list[tuple[str, str]] = []
    end, is_trimmed = 0, False
    for match in _ACTION.finditer(template):
        text = template[end : match.start()]
        text = text.lstrip() if is_trimmed else text
        found += [("text", text.rstrip() if match[1] else text), ("action", match[2])]
        end, is_trimmed = match.end(), bool(match[3])
    rest = template[end:]
    return [*found, ("text", rest.lstrip() if is_trimmed else rest)]


def _render(tokens: list[tuple[str, str]], scope: Mapping[str, Any]) -> str:
    parts, at = [], 0
    while at < len(tokens):
        kind, content = tokens[at]
        at += 1
        if kind == "text":
            parts.append(content)
            continue
        word, _, expression = content.partition(" ")
        if word not in {"if", "range"}:
            parts.append(_shown(content, scope))
            continue
        end = _end(tokens, at)
        value = _value(expression, scope)
        rounds = value if word == "range" else [scope["."]] if value else []
        parts += [_render(tokens[at:end], {**scope, ".": each}) for each in rounds]
        at = end + 1
    return "".join(parts)


def _end(tokens: list[tuple[str, str]], at: int) -> int:
    """Give the position of the `end` that belongs to what began before `at`."""
    depth = 1
    for position in range(at, len(tokens)):
        kind, content = tokens[position]
        if kind == "action":
            depth += content.startswith(("if ", "range ")) - (content == "end")
        if not depth:
            return position
    raise AssertionError("an action has no end")


def _shown(expression: str, scope: Mapping[str, Any]) -> str:
    first, *pipes = [part.strip() for part in expression.split("|")]
    value = _value(first, scope)
    for pipe in pipes:
        name, _, other = pipe.partition(" ")
        value = (value or _value(other, scope)) if name == "default" else _PIPES[pipe](value)
    assert isinstance(value, str | int), f"{expression} is not a text"
    return str(value)


def _value(path: str, scope: Mapping[str, Any]) -> Any:
    if path == ".":
        return scope["."]
    value: Any = scope
    for name in path.removeprefix(".").split("."):
        value = value[name]  # a value that is not there is a mistake, not an empty text
    return value
