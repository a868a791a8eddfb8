"""The OpenAPI document: what every operation has in common, its problems above all, is added here."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object

PROBLEM = {
    "type": "object",
    "description": "Why a request was not carried out (RFC 9457). Programs go by `code`, which is stable.",
    "required": ["type", "title", "status", "code", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "enum": ["about:blank"]},
        "title": {"type": "string", "description": "What the status means."},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, such as `invalid`, `stale_revision` or `tries_used_up`."},
        "detail": {"type": "string", "description": "What happened and what to do, for people."},
        "errors": {
            "type": "array",
            "description": "One entry for each input that is to blame.",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "saved": {
            "allOf": [{"$ref": "#/components/schemas/SavedAnswer"}],
            "description": "Where an answer was not saved: the one that the server has.",
        },
    },
}
ALWAYS = {
    "406": "The reply exists in no media type that is asked for.",
    "429": "Too often; `Retry-After` says in how many seconds to come back.",
    "default": "Anything else that can go wrong.",
}
WITH_BODY = {
    "400": "The body cannot be read, or something in it is wrong.",
    "413": "The body is too large.",
    "415": "The body's media type is not supported.",
}
METHODS = ("get", "post", "put", "patch", "delete")


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself, untyped
    """The token in the OpenAPI document."""

    target_class = "api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Say how to send it."""
        del auto_schema
        scheme: dict[str, Any] = build_bearer_security_scheme_object(
            header_name="Authorization", token_prefix=self.target.authenticate_header("")
        )
        return scheme | {"description": "`Authorization: Token …`, with a token from `POST /api/v1/tokens/`."}


def describe_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: FBT001 - the package's call
    """Say of every operation which problems it may answer with."""
    del generator, request, public
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                for status, description in _problems_of(path, operation).items():
                    operation["responses"].setdefault(status, _problem(status, description))
    return result


def _problems_of(path: str, operation: dict[str, Any]) -> dict[str, str]:
    problems = dict(ALWAYS)
    if "requestBody" in operation:
        problems |= WITH_BODY
    if any(parameter["in"] == "query" for parameter in operation.get("parameters", [])):
        problems["400"] = WITH_BODY["400"] if "requestBody" in operation else "A parameter is wrong."
    if operation.get("security") != []:
        problems |= {"401": "No token, or one that is not valid (any more).", "403": "Not allowed to the caller."}
    if "{" in path or "get" in operation["operationId"] or "list" in operation["operationId"]:
        problems["404"] = "There is no such thing, or none that the caller may see."
    if "requestBody" in operation or "{" in path:
        problems["409"] = "Not possible in the state in which things are; `code` says why."
    return problems


def _problem(status: str, description: str) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == "429":
        response["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return response
