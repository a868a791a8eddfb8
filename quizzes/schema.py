"""The JSON Schemas of banks and quizzes, for editors that complete and check while an author types."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from graders.authored_schema import Schema, by_key, by_kind, document, schemas_of
from quizzes.specs import MAX_IN_BANK, MAX_QUESTIONS, Draw, Listed, QuizSpec
from quizzes.types import REGISTRY
from quizzes.types.base import SAME_FOR_ALL
from quizzes.values import BY_KIND, MAX_VALUES, Computed, Table

_DEFS = "#/$defs/"
_HOLDS_A_VALUE: Schema = {"type": "string", "pattern": r"\{[a-z][a-z0-9_]*\}"}
_SCALARS = ("string", "integer", "number", "boolean", "array")


def bank_schema() -> dict[str, Any]:
    """A file of questions of every kind that is installed, those that vary included."""
    types = {kind: REGISTRY.get(kind) for kind in REGISTRY}
    value_types: list[type[BaseModel]] = [*dict.fromkeys(BY_KIND.values()), Table, Computed]
    schemas, definitions = schemas_of([*types.values(), *value_types])
    for kind, schema in zip(types, schemas, strict=False):
        definitions[_name(schema)]["properties"]["kind"] = {"const": kind}
    values = _values(dict(zip(value_types, schemas[len(types) :], strict=True)))
    families = {_of_family(name): _varying(definition) for name, definition in definitions.items()}
    cases = {}
    for kind, schema in zip(types, schemas, strict=False):
        family = families[_of_family(_name(schema))] = _family(definitions[_name(schema)], values)
        family["title"] = f"{definitions[_name(schema)]['title']} that varies"
        varies = {"$ref": _DEFS + _of_family(_name(schema))}
        cases[kind] = {"if": {"required": ["values"]}, "then": varies, "else": schema}
    question = by_kind(cases, {kind: str(one.__doc__ or "") for kind, one in types.items()})
    question["properties"] |= {
        "values": {"description": "Values by name that are drawn for each student, written `{name}` in the question."},
        "where": {"description": "Conditions on the values; those that do not meet them are drawn again."},
    }
    bank = {"type": "array", "minItems": 1, "maxItems": MAX_IN_BANK, "items": question}
    return document("Questions of a Drydock course (banks/*.yaml)", bank, definitions | families)


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).removeprefix(_DEFS)


def _of_family(name: str) -> str:
    return f"{name}_varying"


def _values(schemas: Mapping[type, Schema]) -> Schema:
    kinds = {kind: schemas[one] for kind, one in BY_KIND.items()}
    by_fields = by_key(
        {"compute": schemas[Computed], "rows": schemas[Table]},
        by_kind(kinds, {kind: str(one.__doc__ or "") for kind, one in BY_KIND.items()}),
    )
    alone = {"enum": [kind for kind in BY_KIND if _needs_nothing(kind)]}
    entry = {"if": {"type": "string"}, "then": alone, "else": by_fields}
    return {"type": "object", "minProperties": 1, "maxProperties": MAX_VALUES, "additionalProperties": entry}


def _needs_nothing(kind: str) -> bool:
    return not [name for name, field in BY_KIND[kind].model_fields.items() if field.is_required() and name != "kind"]


def _family(question: Schema, values: Schema) -> Schema:
    """A question of the kind with values: what is the same for all is as it was, and all else may hold `{name}`."""
    varying = _varying(question)
    same = {name: question["properties"][name] for name in SAME_FOR_ALL}
    own = {
        "values": values,
        "where": {"type": "array", "maxItems": 10, "items": {"type": "string"}},
    }
    return {**varying, "properties": varying["properties"] | same | own}


def _varying(schema: Any) -> Any:
    """The same, in which `{name}` may stand in every text, and for every number, truth and list."""
    if isinstance(schema, list):
        return [_varying(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _varying_at(name, each) for name, each in schema.items()}
    if made.get("type") == "object" and (made.get("additionalProperties") is False or "patternProperties" in made):
        made["patternProperties"] = {_HOLDS_A_VALUE["pattern"]: {}, **made.get("patternProperties", {})}
    if "required" in made:
        made |= {"if": {"propertyNames": {"not": _HOLDS_A_VALUE}}, "then": {"required": made.pop("required")}}
    if made.get("type") in _SCALARS or "const" in made or "enum" in made:
        return {"anyOf": [made, _HOLDS_A_VALUE]}
    return made


def _varying_at(name: str, value: Any) -> Any:
    match name:
        case "properties" | "patternProperties":
            return {each: _varying(schema) for each, schema in value.items()}
        case "anyOf" | "oneOf" | "allOf" | "items" | "additionalProperties" | "propertyNames":
            return _varying(value)
        case "$ref":
            return _DEFS + _of_family(value.removeprefix(_DEFS))
        case _:
            return value


def quiz_schema() -> dict[str, Any]:
    """A quiz: its rules, and what it asks."""
    (quiz, listed, draw), definitions = schemas_of([QuizSpec, Listed, Draw])
    definitions[_name(draw)]["properties"]["kinds"]["items"] = {"enum": list(REGISTRY)}
    slug = definitions[_name(listed)]["properties"]["question"]
    item = {"if": {"type": "string"}, "then": slug, "else": {"type": "object", **by_key({"draw": draw}, listed)}}
    items = {"type": "array", "minItems": 1, "maxItems": MAX_QUESTIONS, "items": item}
    definitions[_name(quiz)]["properties"]["items"] = items
    return document("A Drydock quiz (quizzes/*.yaml)", definitions[_name(quiz)], definitions)
