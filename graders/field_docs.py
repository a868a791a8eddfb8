"""Reads what is written below each field of a spec, for pages and editors: Python itself forgets these texts."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

_SHARED = {
    "build": "The build it looks at.",
    "run": "The run it looks at.",
}
"""Fields that mean the same in every kind of check, where it says nothing else."""


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The text below each field, by its Python name, inherited fields included; fields without one are left out."""
    found: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if issubclass(part, BaseModel) and part is not BaseModel:
            found |= _own(part)
    shared = {name: text for name, text in _SHARED.items() if name in model.model_fields}
    return {name: text for name, text in {**shared, **found}.items() if name in model.model_fields}


def specs_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a field's annotation names, at whatever depth of it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from specs_in(part)


@cache
def _own(model: type[BaseModel]) -> dict[str, str]:
    try:
        source = textwrap.dedent(inspect.getsource(model))
    except (OSError, TypeError):  # a class of an installed package without its source
        return {}
    (definition,) = ast.parse(source).body
    if not isinstance(definition, ast.ClassDef):
        return {}
    found = {}
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            found[field.target.id] = " ".join(inspect.cleandoc(text.value.value).split())
    return found
