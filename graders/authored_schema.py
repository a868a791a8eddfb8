"""Makes JSON Schemas (draft 2020-12) of what authors write: exactly what the models take in, shorthands included.

A schema never refuses what a model takes; where JSON Schema cannot say what a validator asks for, it is the wider one.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from graders.field_docs import field_docs

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_A_NUMBER_IN_TEXT: Schema = {"type": "string", "pattern": "^[^A-DF-Za-df-z]*[0-9][^A-DF-Za-df-z]*$"}
_A_TRUTH_OTHERWISE: Schema = {"enum": [0, 1, "0", "1", "on", "off", "t", "f", "true", "false", "y", "n", "yes", "no"]}


class AuthoredSchema(GenerateJsonSchema):
    """Pydantic's own schemas, with the texts below fields, without titles made of names, and as wide as validation."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: a title made of a key tells nothing that the key does not."""
        del schema
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """A model, with what is written below its fields."""
        made = super().model_schema(schema)
        model = schema["cls"]
        for name, text in field_docs(model).items():
            alias = model.model_fields[name].alias or name
            described = made.get("properties", {}).get(alias)
            if described is not None:
                described.setdefault("description", text)
        return made

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        """A whole number; where it may be made of something else, that too."""
        made = super().int_schema(schema)
        return made if schema.get("strict") else {"anyOf": [made, {"type": "boolean"}, _A_NUMBER_IN_TEXT]}

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        """A number; where it may be made of something else, that too."""
        made = super().float_schema(schema)
        return made if schema.get("strict") else {"anyOf": [made, {"type": "boolean"}, _A_NUMBER_IN_TEXT]}

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        """True or false; where it may be made of something else, that too."""
        made = super().bool_schema(schema)
        return made if schema.get("strict") else {"anyOf": [made, _A_TRUTH_OTHERWISE]}

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """An exact number, which may stand in quotes."""
        number: Schema = {"type": "number"}
        bounds = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
        for bound, keyword in bounds.items():
            if (limit := schema.get(bound)) is not None:
                number[keyword] = float(limit)  # type: ignore[arg-type] # one of the four is a Decimal
        return {"anyOf": [number, dict(_A_NUMBER_IN_TEXT)]}

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """A text; what is stripped before it is measured may be longer."""
        made = super().str_schema(schema)
        if schema.get("strip_whitespace"):
            made.pop("maxLength", None)
        return made


def schemas_of(models: Sequence[type[BaseModel]]) -> tuple[list[Schema], Schema]:
    """The schemas of several models, with the definitions that they share."""
    named, whole = models_json_schema(
        [(model, "validation") for model in models], by_alias=True, schema_generator=AuthoredSchema
    )
    return [dict(named[model, "validation"]) for model in models], dict(whole.get("$defs", {}))


def document(title: str, schema: Schema, definitions: Schema) -> Schema:
    """A schema that stands alone, with those of the definitions that it comes to."""
    return {"$schema": DIALECT, "title": title, **schema, "$defs": _used(schema, definitions)}


def _used(schema: Any, definitions: Schema) -> Schema:
    waiting, used = [schema], set[str]()
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix("#/$defs/")
            if name in definitions and name not in used:
                used.add(name)
                waiting.append(definitions[name])
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return {name: definitions[name] for name in sorted(used)}


def or_null(schema: Schema) -> Schema:
    """The same, or nothing behind the key."""
    return {"anyOf": [schema, {"type": "null"}]}


def by_kind(cases: Mapping[str, Schema], told: Mapping[str, str]) -> Schema:
    """A mapping that is read by its `kind`; mistakes are told of the kind that is meant, not of all of them."""
    return {
        "type": "object",
        "properties": {"kind": {"enum": list(cases), "enumDescriptions": [_first_lines(told[kind]) for kind in cases]}},
        "required": ["kind"],
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": case}
            for kind, case in cases.items()
        ],
    }


def _first_lines(told: str) -> str:
    return " ".join(inspect.cleandoc(told).partition("\n\n")[0].split())


def by_key(cases: Mapping[str, Schema], otherwise: Schema) -> Schema:
    """What is read by the first of these keys that it has, and as `otherwise` where it has none of them."""
    schema = otherwise
    for name, case in reversed([*cases.items()]):
        schema = {"if": {"type": "object", "required": [name]}, "then": case, "else": schema}
    return schema
