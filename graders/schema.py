"""The JSON Schemas of a lab's files, for editors that complete and check while an author types."""

from typing import Any

from graders.authored_schema import Schema, by_kind, document, or_null, schemas_of
from graders.checks.registry import kinds
from graders.mutants.survivors import Survivors
from graders.plan import LabPlan
from graders.solutions import Expectation


def lab_schema() -> dict[str, Any]:
    """A lab.yaml as authors write it: bases by name, and every kind of check that is installed."""
    known = kinds()
    (lab, *checks), definitions = schemas_of([LabPlan, *known.values()])
    plan = definitions[lab["$ref"].removeprefix("#/$defs/")]
    properties = plan["properties"]
    for kind, check in zip(known, checks, strict=True):
        definitions[check["$ref"].removeprefix("#/$defs/")]["properties"]["kind"] = {"const": kind}
    told = {kind: str(known[kind].__doc__ or "") for kind in known}
    properties["checks"]["items"] = by_kind(dict(zip(known, checks, strict=True)), told)
    names = {"type": "array", "items": {"type": "string"}, "description": "Names of bases that course.yaml declares."}
    properties["bases"] = names
    del properties["attached"]
    for many in ("builds", "runs"):
        properties[many] = or_null(_with_empty_ones(properties[many]))
    properties["submission"] = or_null(properties["submission"])
    return document("A Drydock lab (lab.yaml)", plan, definitions)


def _with_empty_ones(mapping: Schema) -> Schema:
    """A mapping in which a name alone stands for what needs nothing said."""
    return {**mapping, "additionalProperties": or_null(mapping["additionalProperties"])}


def expect_schema() -> dict[str, Any]:
    """The expect.yaml of a wrong solution."""
    (schema,), definitions = schemas_of([Expectation])
    return document("What a wrong solution of a Drydock lab earns (expect.yaml)", schema, definitions)


def mutants_schema() -> dict[str, Any]:
    """The mutants.yaml of a lab."""
    (schema,), definitions = schemas_of([Survivors])
    return document("Mutants of a Drydock lab that no check notices (mutants.yaml)", schema, definitions)
