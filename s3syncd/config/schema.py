"""Gives a JSON schema of the configuration file, so that an editor completes and checks it.

It is never stricter than `load`: what it refuses, `load` refuses. What only `load` can judge
(patterns, paths, sites against each other) it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator, SecretStr
from pydantic.fields import FieldInfo

from s3syncd.config.explained import explained
from s3syncd.config.layout import GLOBAL_ALIASES, SITE_ALIASES
from s3syncd.config.models import Config, SiteConfig, SiteOptions
from s3syncd.config.parse import UnusableError
from s3syncd.core.notices import KINDS

__all__ = ["schema"]

Schema = dict[str, Any]

_TEXT: Final = ["string", "number"]  # YAML reads 1.10 as a number; it is taken as it is spelled
_DURATION: Final = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+$"}
_SIZE: Final = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?([KMGTkmgt][Ii]?)?[Bb]$"}
_WORDS: Final = {"type": "array", "items": {"type": _TEXT}}

_KINDS: Final[Mapping[str, Schema]] = {
    "text": {"type": _TEXT},
    "switch": {
        "anyOf": [
            {"type": "boolean"},
            {"type": "string", "pattern": "^([Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff])$"},
            {"type": "string", "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"},
        ]
    },
    "whole": {"type": "integer"},
    "seconds": {"anyOf": [{"type": "number", "minimum": 0}, _DURATION]},
    "milliseconds": {"anyOf": [{"type": "number", "minimum": 0}, _DURATION]},
    "size_bytes": {"anyOf": [{"type": "integer", "minimum": 0}, _SIZE]},
    "endpoint": {"type": "string"},
    "patterns": {"anyOf": [{"type": _TEXT}, _WORDS]},
    "bucket": {"type": _TEXT},
    "region": {"type": _TEXT},
    "role": {"type": "string", "pattern": "^arn:.*:role/."},
    "prefix": {"type": _TEXT},
    "site_name": {"type": _TEXT},
    "level": {
        "anyOf": [
            {"enum": ["trace", "debug", "info", "warn", "error", "fatal"]},
            {"type": "string"},
        ]
    },
    "listen": {"type": ["string", "integer"]},
    "bandwidth": {"anyOf": [{"type": ["string", "integer"]}, _WORDS]},
    "notice_kinds": {"anyOf": [{"enum": [*KINDS]}, {"type": "array", "items": {"enum": [*KINDS]}}]},
    "per_second": {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"const": "off"}]},
}
"""What a value may look like, by the function that takes it; any other takes anything."""


def schema() -> Schema:
    """Give the schema of the whole file (JSON Schema 2020-12)."""
    shared = _options(SiteOptions)
    site = _options(SiteConfig)
    place = [{"required": [name]} for name in ("path", "local_path")]
    one = _object(site | _aliases(site, SITE_ALIASES))
    one |= {"required": ["bucket"], "anyOf": place}
    top = shared | _options(Config)
    top = top | _aliases(top, GLOBAL_ALIASES)
    top["sites"] = {"type": "array", "minItems": 1, "items": one} | _told(top["sites"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of s3syncd",
        **_object(_sectioned(top)),
        "required": ["sites"],
    }


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _sectioned(flat: Mapping[str, Schema]) -> Schema:
    """Put `log.level` as `level` under `log`."""
    found: Schema = {}
    for key, value in flat.items():
        section, dot, name = key.partition(".")
        if dot:
            found.setdefault(section, {**_object({}), "type": ["object", "null"]})
            found[section]["properties"][name] = value
        else:
            found[key] = value
    return found


def _aliases(known: Mapping[str, Schema], aliases: Mapping[str, str]) -> Schema:
    return {
        alias: {**known[key], "description": f"As {key}: its name in s3sync-service."}
        for alias, key in aliases.items()
    }


def _told(spec: Mapping[str, Any]) -> Schema:
    return {"description": spec["description"]}


def _options(model: type[BaseModel]) -> dict[str, Schema]:
    return {
        str(spec.validation_alias or name): _option(spec)
        for name, spec in explained(model).items()
        if not (isinstance(spec.json_schema_extra, dict) and spec.json_schema_extra.get("derived"))
    }


def _option(spec: FieldInfo) -> Schema:
    parts = [*spec.metadata, *_parts(spec.annotation)]
    takes = [each.func for each in parts if isinstance(each, BeforeValidator)]
    kinds = [_KINDS[take.__name__] for take in takes if take.__name__ in _KINDS]
    words = [word for word in _words(spec.annotation) if _is_taken(word, takes)]
    if {SecretStr, Path} & {spec.annotation, *get_args(spec.annotation)}:
        kinds = [_KINDS["text"]]
    value: Schema = {"enum": words} if words else dict(kinds[0]) if kinds else {}
    if value.get("type") == "integer":
        value["minimum"] = next((each.ge for each in parts if isinstance(each, Ge)), 0)
        if most := [each.le for each in parts if isinstance(each, Le)]:
            value["maximum"] = most[0]
    told: Schema = {"description": " ".join((spec.description or "").split())}
    if isinstance(spec.default, bool | int | str) and not spec.is_required():
        told["default"] = spec.default
    # An option given as null is one that is not given.
    return told | {"anyOf": [value, {"type": "null"}]} if value else told


def _parts(annotation: Any) -> Iterator[Any]:
    for inner in get_args(annotation):
        yield from inner.metadata if isinstance(inner, FieldInfo) else [inner]
        yield from _parts(inner)


def _words(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    for inner in get_args(annotation):
        if not isinstance(inner, str):
            yield from _words(inner)


def _is_taken(word: str, takes: list[Any]) -> bool:
    """Whether this version takes a word that the model knows."""
    try:
        return all(take(word) for take in takes)
    except UnusableError:
        return False
