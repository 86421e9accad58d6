"""Validates what was written against one model, and puts pydantic's complaints into our words.

Pydantic's own text and input never leave this module: they show values.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from s3syncd.config import document, layout, parse, places, rates, references, state
from s3syncd.config.layout import Given
from s3syncd.config.parse import UnusableError
from s3syncd.config.problems import Problems

__all__ = ["Keys", "Validation", "keys_of"]

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

PATHS = frozenset({"ca_bundle", "log.file"})
PATTERNS = frozenset({"exclusions", "inclusions"})
SCHEDULES = frozenset({"bandwidth_limit"})


class Keys(NamedTuple):
    """The keys of one model as the file spells them.

    `texts` take a scalar as it is spelled (`1.10` is no number there), `nullable` take null.
    """

    names: frozenset[str]
    texts: frozenset[str]
    nullable: frozenset[str]


def keys_of(model: type[BaseModel]) -> Keys:
    """Return the keys of `model` without those that are derived."""
    names, texts, nullable = set(), set(), set()
    for field_name, spec in model.model_fields.items():
        if isinstance(spec.json_schema_extra, dict) and spec.json_schema_extra.get("derived"):
            continue
        name = str(spec.validation_alias or field_name)
        leaves = _leaves(spec.annotation)
        names.add(name)
        if not leaves & {int, float, bool}:
            texts.add(name)
        if type(None) in leaves:
            nullable.add(name)
    return Keys(frozenset(names), frozenset(texts), frozenset(nullable))


def _leaves(annotation: Any) -> set[Any]:
    if isinstance(annotation, str):  # a word of a Literal
        return {str}
    inner = get_args(annotation)
    return set().union(*map(_leaves, inner)) if inner else {annotation}


class Validation:
    """Validates the parts of one file. Used by one thread, for one file.

    Args:
        base: absolute directory of the file.
        environ: the process environment.
        problems: where difficulties are noted.
    """

    def __init__(self, base: Path, environ: Mapping[str, str], problems: Problems) -> None:
        self._base = base
        self._environ = environ
        self._problems = problems
        self.inline: list[Given] = []

    def checked(
        self,
        model: type[M],
        given: Mapping[str, Given],
        keys: Keys,
        *,
        extra: Mapping[str, Any] | None = None,
    ) -> tuple[M | None, frozenset[str]]:
        """Validate `given` and note what cannot be used.

        Returns:
            The model without the unusable options, so that the rest can still be judged (None when
            a required one is missing or unusable), and the keys of the unusable ones.
        """
        values: dict[str, Any] = dict(extra or {})
        unusable: set[str] = set()
        for key, option in given.items():
            if layout.is_absent(option):
                if key in keys.nullable:
                    values[key] = None
                continue
            try:
                values[key] = self._value(key, option, keys)
            except UnusableError as error:
                unusable.add(key)
                self._problems.add(option.line, option.label, error.what, error.write)
        result, errors = _validated(model, values)
        unusable.update(filter(None, [self._note(found, given) for found in errors]))
        if errors:
            for key in unusable:
                values.pop(key, None)
            result, _ = _validated(model, values)
        return result, frozenset(unusable)

    def _value(self, key: str, option: Given, keys: Keys) -> object:
        if key in references.SECRETS:
            return self._secret(key, option)
        value = _plain(option.node, as_text=key in keys.texts)
        if key in PATTERNS:
            return self._patterns(option, value)
        if key in SCHEDULES and isinstance(option.node, document.Sequence):
            return self._schedule(option, option.node)
        if key == "path" or key in PATHS:
            path = state.absolute(parse.text(value), self._base)
            return Path(os.path.realpath(path)) if key == "path" else path
        if isinstance(value, str) and "${" in value:
            raise UnusableError("refers to a variable", "write the value: only secrets take ${VAR}")
        return value

    def _secret(self, key: str, option: Given) -> SecretStr:
        spelled: object = layout.spelled(option)
        written = parse.text(spelled)
        is_url = key in references.URLS
        is_inline = references.is_url_inline if is_url else references.is_inline
        if key != "access_key" and is_inline(written) and option not in self.inline:
            self.inline.append(option)
        secret = references.resolve(
            written, base=self._base, environ=self._environ, is_composed=is_url
        )
        return SecretStr(places.web_address(secret) if is_url else parse.text(secret))

    def _patterns(self, option: Given, value: object) -> tuple[str, ...]:
        if not isinstance(option.node, document.Sequence):
            return parse.patterns(value)
        good = self._each(option, option.node, lambda item: parse.patterns([item]))
        return tuple(pattern for patterns in good for pattern in patterns)

    def _schedule(self, option: Given, node: document.Sequence) -> object:
        good = self._each(option, node, rates.period)
        return rates.schedule(good) if len(good) == len(node.items) else None

    def _each(self, option: Given, node: document.Sequence, take: Callable[[object], T]) -> list[T]:
        """Take each item of a list that can be used; note the others at their own line."""
        good: list[T] = []
        for number, item in enumerate(node.items):
            try:
                good.append(take(_plain(item, as_text=True)))
            except UnusableError as error:
                label = f"{option.label}[{number}]"
                self._problems.add(item.line, label, error.what, error.write)
        return good

    def _note(self, found: ErrorDetails, given: Mapping[str, Given]) -> str | None:
        """Note one complaint and return its key; None when it follows from one already noted."""
        key = str(found["loc"][0]) if found["loc"] else ""
        if key not in given or found["type"] == "missing":
            return None
        error = found.get("ctx", {}).get("error")
        if not isinstance(error, UnusableError):
            error = _in_our_words(found)
        self._problems.add(given[key].line, given[key].label, error.what, error.write)
        return key


def _validated(model: type[M], values: Mapping[str, Any]) -> tuple[M | None, list[ErrorDetails]]:
    try:
        return model.model_validate(values), []
    except ValidationError as error:
        return None, error.errors(include_input=False, include_url=False)


def _in_our_words(found: ErrorDetails) -> UnusableError:
    limits = found.get("ctx", {})
    match found["type"]:
        case "literal_error":
            words = str(limits["expected"]).replace("'", "")
            return UnusableError("is none of the words it takes", f"write {words}")
        case "greater_than_equal":
            return UnusableError("is too small", f"write {limits['ge']} or more")
        case "less_than_equal":
            return UnusableError("is too large", f"write {limits['le']} or less")
    return UnusableError("has the wrong type", "see config.example.yml for what it takes")


def _plain(node: document.Node, *, as_text: bool) -> object:
    match node:
        case document.Scalar(value=value, text=text):
            return text if as_text and value is not None else value
        case document.Sequence(items=items):
            return [_plain(item, as_text=as_text) for item in items]
        case _:
            return {}
