"""The JSON Schema of lab.yaml, for editors that complete and check while an author types."""

from typing import Any

from graders.checks.registry import kinds
from graders.field_docs import describe
from graders.plan import LabPlan


def lab_schema() -> dict[str, Any]:
    """A lab as authors write it: bases by name, and every kind of check that is installed."""
    schema = LabPlan.model_json_schema(by_alias=True)
    describe(schema, LabPlan)
    definitions = schema["$defs"]
    variants = []
    for kind, check in kinds().items():
        own = check.model_json_schema(by_alias=True)
        describe(own, check)
        definitions.update(own.pop("$defs", {}))
        own["properties"]["kind"] = {"const": kind, "type": "string"}
        definitions[f"check_{kind}"] = own
        variants.append({"$ref": f"#/$defs/check_{kind}"})
    schema["properties"]["checks"]["items"] = {"oneOf": variants}
    names = {"type": "array", "items": {"type": "string"}, "description": "Names of bases that course.yaml declares."}
    schema["properties"]["bases"] = names
    definitions.pop("Base", None)
    drawn = schema["properties"]["values"]["additionalProperties"]
    schema["properties"]["values"]["additionalProperties"] = {"anyOf": [{"type": "string"}, drawn]}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A Drydock lab (lab.yaml)"
    return schema
