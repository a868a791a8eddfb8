"""What specs that authors write are made of: the frozen base class and the small types that its fields share."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    PlainSerializer,
    RootModel,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from graders.authored import Document, Place, Problem, did_you_mean

TEMPLATE = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}|\{([a-z][a-z0-9_]*)\}")
"""`{name}` stands for a drawn value, `{{name}}` for the text `{name}`. Any other brace is plain text."""


MAX_PORT = 65535
_LONGEST_NAME = 60
_MOST_POINTS = 1000


def _take_as_written(schema: Any) -> None:
    if isinstance(schema, dict):
        if schema.get("type") in ("int", "float", "bool"):  # of fields that are called `type`, it is no name
            schema.setdefault("strict", True)
        for name, inner in schema.items():
            if name not in {"default", "metadata", "serialization"}:
                _take_as_written(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            _take_as_written(inner)


class Authored(BaseModel):
    """Frozen, and strict: a key that is not known is an error, and so is `"5"` or `true` for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Numbers and truths of every field are taken as they are written, and never made of something else."""
        schema = handler(source)
        _take_as_written(handler.resolve_ref_schema(schema))
        return schema


class Spec(Authored):
    """What labs, proofs and courses are described by."""

    model_config = ConfigDict(serialize_by_alias=True)

    def said(self) -> set[str]:
        """The fields whose value is not the default. (Which were written is forgotten when a plan is stored.)"""
        return {
            name
            for name, field in type(self).model_fields.items()
            if field.is_required() or getattr(self, name) != field.get_default(call_default_factory=True)
        }

    @classmethod
    def for_value(cls, value: Any) -> type[BaseModel]:
        """The class that reads `value`: this one, or where kinds differ, the kind's."""
        del value
        return cls


def _text(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        raise ValueError('must be text; put it in quotes, as in "true"')
    if isinstance(value, float):
        raise ValueError('must be text; put it in quotes, as in "3.10", so that no digit is lost')  # noqa: TRY004
    return str(value) if isinstance(value, int) else value


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold a NUL character")
    return text


Text = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int), AfterValidator(_no_nul)]
"""Text; a whole number is taken as its digits. `{name}` in it stands for a drawn value."""


def _port(value: Any) -> Any:
    if isinstance(value, str) and TEMPLATE.fullmatch(value):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_PORT:
        raise ValueError("must be a port, a whole number from 1 to 65535")
    return value


Port = Annotated[
    int | str,
    BeforeValidator(_port),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1, "maximum": 65535}, {"type": "string"}]}),
]
"""A port, or `{name}` of a drawn one."""


def _identifier(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*", value) or len(value) > _LONGEST_NAME:
        raise ValueError("must be a short name of lower-case letters, digits and hyphens, such as `has-cmd`")
    return value


Identifier = Annotated[str, AfterValidator(_identifier)]


def _points(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("must be a number of points, such as 2 or 0.5")  # noqa: TRY004
    points = Decimal(str(value))
    if not points.is_finite() or not 0 <= points <= _MOST_POINTS or points != points.quantize(Decimal("0.01")):
        raise ValueError("must be from 0 to 1000, with at most two decimal places")
    return points


Points = Annotated[
    Decimal,
    BeforeValidator(_points),
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1000}),
]
"""Points with at most two decimal places, so that sums are exact."""


def _inside(value: str) -> str:
    parts = value.split("/")
    if not value or value.startswith("/") or "\\" in value or any(part in {"", ".", ".."} for part in parts):
        raise ValueError("must be a path inside the folder, such as `app/server.py`")
    return value


InsidePath = Annotated[str, AfterValidator(_inside), AfterValidator(_no_nul)]
"""A relative path that stays inside its folder."""


def _absolute(value: str) -> str:
    drawn = TEMPLATE.match(value)  # one that begins with a drawn `path` is looked at again when it is drawn
    if not (value.startswith("/") or (drawn is not None and drawn[2])) or "/../" in f"{value}/":
        raise ValueError("must be an absolute path, such as `/app/server.py`")
    return value if value == "/" else value.rstrip("/")


ImagePath = Annotated[Text, AfterValidator(_absolute)]
"""An absolute path inside an image or container."""


def _variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", value):
        raise ValueError("must be the name of a variable, such as GREETING")
    return value


VariableName = Annotated[str, AfterValidator(_variable)]


def _header(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise ValueError("must be the name of a header, such as Content-Type")
    return value


HeaderName = Annotated[str, AfterValidator(_header)]


def _one_line(value: str) -> str:
    if "\n" in value or "\r" in value:
        raise ValueError("must be a single line")
    return value


Line = Annotated[Text, AfterValidator(_one_line)]
"""Text without line ends."""


def one_or_many(value: Any) -> Any:
    """Let an author write `contains: a` for `contains: [a]`."""
    return [value] if isinstance(value, str | int | float) and not isinstance(value, bool) else value


_OneOrMany = BeforeValidator(one_or_many, json_schema_input_type=str | int | list[str | int])
Texts = Annotated[tuple[Text, ...], _OneOrMany]
ImagePaths = Annotated[tuple[ImagePath, ...], _OneOrMany]


def templates_in(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every `{name}` in the texts of a plain value, with its place."""
    if isinstance(value, str):
        for found in TEMPLATE.finditer(value):
            if found[2]:
                yield place, found[2]
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from templates_in(key, (*place, key))
            yield from templates_in(item, (*place, key))
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            yield from templates_in(item, (*place, position))


def problems_of(error: ValidationError, document: Document, root: type[BaseModel]) -> list[Problem]:
    """Say a validation error in an author's words, each at its place in the document."""
    return [
        document.problem(_place_in(details["loc"], document), _say(details, document, root))
        for details in error.errors(include_url=False)
    ]


def _place_in(loc: Place, document: Document) -> Place:
    """The longest beginning of `loc` that stands in the document: pydantic adds names of its own to the end."""
    while loc and loc not in document.marks:
        loc = loc[:-1]
    return loc


_PLAINLY = {
    "int_type": "must be a whole number, without quotes, such as 5",
    "float_type": "must be a number, without quotes, such as 2.5",
    "bool_type": "must be true or false, without quotes",
    "string_type": "must be text",
    "tuple_type": "must be a list, such as [one, two]",
    "dict_type": "must be a mapping of names, such as {name: …}",
    "model_type": "must be a mapping of names, such as {name: …}",
}
"""What authors are told where something of another type stands, by pydantic's names for it."""


_SUBJECTS = frozenset({
    "a", "an", "every", "feedback", "give", "it", "keys", "lines", "name", "no", "nobody", "nothing", "one", "only",
    "put", "say", "that", "the", "there", "this", "write",
})  # fmt: skip
"""What a message begins with that is a sentence without the field's name."""
_PATTERNS = {
    "^[a-z0-9]+(-[a-z0-9]+)*$": "must be of lower-case letters and digits, with hyphens between, such as `two-words`",
    r"^[a-z0-9-]+(\.[a-z0-9-]+)*$": "must be of lower-case letters, digits, hyphens and dots, such as `docker.what`",
    r"^[a-z0-9-]+(\.[a-z0-9-]+)*(\.\*)?$": "must be a topic, such as `docker.what`, or a group, such as `docker.*`",
    r"^\.[a-z0-9]{1,12}$": "must be the ending of a file's name, such as `.yaml`",
}
"""What authors are told of texts that do not look as they must, by the pattern."""


def _say(details: Any, document: Document, root: type[BaseModel]) -> str:
    loc: Place = details["loc"]
    place = _place_in(loc, document)
    field = next((str(part) for part in reversed(place) if isinstance(part, str)), "")
    kind, message = str(details["type"]), str(details["msg"])
    if kind.startswith("plan_"):
        return message
    value = _value_at(place, document)
    if place and isinstance(place[-1], int) and isinstance(value, dict):
        field = ""  # what is wrong is one thing of a list, not the list
    if kind == "missing":
        return f"`{loc[-1]}` is missing."
    if kind == "extra_forbidden":
        return f"`{loc[-1]}` is not known here. {did_you_mean(str(loc[-1]), _fields_at(loc[:-1], document, root))}"
    if kind == "string_pattern_mismatch":
        message = _PATTERNS.get(str(details["ctx"]["pattern"]), message)
    message = _PLAINLY.get(kind) or message.removeprefix("Value error, ").removeprefix("Input ")
    if kind == "literal_error":
        near = _near(value, str(details["ctx"]["expected"]))
        message = f"{message}. Did you mean `{near}`?" if near else message
    message = message[:1].lower() + message[1:] if not message.startswith("`") else message
    end = "" if message[-1:] in ".?" else "."
    if kind == "question" and (message.startswith("`") or message.partition(" ")[0] in _SUBJECTS):
        return f"`{field}`: {message}{end}" if field else f"{message[:1].upper()}{message[1:]}{end}"
    return f"`{field}` {message}{end}" if field else f"This {message}{end}"


def _near(value: Any, expected: str) -> str:
    """The one of the words that pydantic names which was probably meant."""
    words = {word.lower(): word for word in re.findall(r"'([^']*)'", expected) if word}
    near = difflib.get_close_matches(value.lower(), words, n=1, cutoff=0.6) if isinstance(value, str) else []
    return words[near[0]] if near else ""


def _value_at(place: Place, document: Document) -> Any:
    value = document.value
    for part in place:
        value = _inner(value, part)
    return value


def _fields_at(loc: Place, document: Document, root: type[BaseModel]) -> Iterable[str]:
    annotations: list[Any] = [root]
    value = document.value
    for part in loc:
        models = list(_models_in(annotations, value))
        if isinstance(part, str) and models:
            fields = [model.model_fields.get(part) or _by_alias(model, part) for model in models]
            # Where none has such a field, the part is a key of a mapping whose values are such models.
            annotations = [field.annotation for field in fields if field is not None] or annotations
        value = _inner(value, part)
    found = _models_in(annotations, value)
    return [
        name
        for model in found
        for name in (
            *(field.alias or name for name, field in model.model_fields.items() if name != "attached"),
            *getattr(model, "ALSO_READ", ()),
        )
    ]


def _inner(value: Any, part: int | str) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None


def _by_alias(model: type[BaseModel], alias: str) -> Any:
    return next((field for field in model.model_fields.values() if field.alias == alias), None)


def _models_in(annotations: Iterable[Any], value: Any) -> Iterator[type[BaseModel]]:
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, RootModel):
            yield from _models_in([annotation.model_fields["root"].annotation], value)
        elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
            for_value = getattr(annotation, "for_value", None)
            yield annotation if for_value is None else for_value(value)
        else:
            yield from _models_in(get_args(annotation), value)


def errors_at(found: Iterable[tuple[Place, str]]) -> ValidationError:
    """A validation error whose sentences are already whole, each with its place below the spec that raises it."""
    return ValidationError.from_exception_data(
        "plan",
        [
            InitErrorDetails(type=PydanticCustomError("plan_problem", text), loc=place, input=None)
            for place, text in found
        ],
    )
