"""The fields of a model, with the string under each as its description.

pydantic would do that for every process that loads the models: it reads and parses their source, a
tenth of the time they take to load. Only schemas, documentation and tests want to know.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from copy import copy
from itertools import pairwise
from textwrap import dedent

from pydantic import BaseModel
from pydantic.fields import FieldInfo

__all__ = ["explained"]


def explained(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """Give the fields by name, in the order of the model; `description` is None without a string.

    Raises:
        OSError: the source is not there.
    """
    told: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            told.update(_strings(each))
    fields = {name: copy(field) for name, field in model.model_fields.items()}
    for name, field in fields.items():
        field.description = told.get(name)
    return fields


def _strings(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    body = ast.parse(dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - it is the source of a class
    for field, below in pairwise(body.body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, inspect.cleandoc(text)
