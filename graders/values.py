"""Random values drawn for each grading, so that no answer can be printed without doing the work.

A plan declares them by name (`greeting: word`) and uses them as `{greeting}` in arguments, environment, files, requests
and expectations. The same plan and seed draw the same values, so a grading can be repeated.
"""

import random
import re
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from graders.spec import TEMPLATE, Spec, Text

_WORDS = (
    "amber", "anchor", "apricot", "autumn", "badger", "bamboo", "barley", "beacon", "birch", "bramble", "bronze",
    "cactus", "canyon", "cedar", "cinder", "clover", "cobalt", "copper", "coral", "cotton", "cricket", "crystal",
    "daisy", "dapple", "delta", "ember", "falcon", "fennel", "fern", "fjord", "flint", "garnet", "ginger",
    "glacier", "granite", "harbor", "hazel", "heron", "hickory", "indigo", "iris", "ivory", "jasmine", "juniper",
    "kestrel", "lagoon", "lantern", "larch", "lichen", "lilac", "linen", "lotus", "magnet", "maple", "marble",
    "meadow", "meteor", "mica", "nectar", "nettle", "nimbus", "nutmeg", "oasis", "ocean", "olive", "onyx", "opal",
    "orchid", "osprey", "otter", "pebble", "pepper", "pine", "plover", "pollen", "poppy", "prairie", "quartz",
    "quill", "raven", "reed", "river", "robin", "saffron", "sage", "salmon", "sandal", "sequoia", "sierra",
    "silver", "sparrow", "spruce", "summit", "sunset", "thistle", "timber", "topaz", "tulip", "tundra", "umber",
    "valley", "velvet", "violet", "walnut", "willow", "winter", "yarrow", "zephyr", "zinnia",
)  # fmt: skip

ValueKind = Literal["word", "sentence", "number", "port", "hex", "nonce", "path", "choice"]


class Drawn(Spec):
    """How one value is drawn. In a plan, the kind alone is enough: `greeting: word`."""

    kind: ValueKind
    at_least: int = Field(default=1000, ge=-1_000_000_000, le=1_000_000_000)
    """Smallest `number`."""
    at_most: int = Field(default=9999, ge=-1_000_000_000, le=1_000_000_000)
    """Largest `number`."""
    of: tuple[Text, ...] = Field(default=(), max_length=100)
    """What a `choice` is made from."""

    @model_validator(mode="after")
    def _makes_sense(self) -> "Drawn":
        if self.at_least > self.at_most:
            raise ValueError("has an `at_least` that is more than its `at_most`")
        if (self.kind == "choice") != bool(self.of):
            raise ValueError("lists its choices under `of` when its kind is `choice`, and only then")
        return self


def _kind_alone(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


DrawnValue = Annotated[Drawn, BeforeValidator(_kind_alone, json_schema_input_type=ValueKind | Drawn)]

Values = Mapping[str, str]
Quoting = Mapping[str, Callable[[str], str]]
"""How values are quoted in fields that are no plain text, by field."""


def draw(declared: Mapping[str, Drawn], *, seed: int | str) -> dict[str, str]:
    """Draw every declared value; two of the same kind differ as far as the kind has room for that."""
    drawn: dict[str, str] = {}
    for name, spec in declared.items():
        source = random.Random(f"{seed}/{name}")  # noqa: S311  # repeatable by design: a regrade draws the same
        for _ in range(50):
            drawn[name] = _draw_one(spec, source)
            if list(drawn.values()).count(drawn[name]) == 1:
                break
    return drawn


def extremes(declared: Mapping[str, Drawn]) -> Iterator[dict[str, str]]:
    """Draws that try out what may come: a few at random, and each choice and each end of a range once."""
    usual = draw(declared, seed=0)
    yield from (usual, draw(declared, seed=1))
    for name, spec in declared.items():
        if spec.kind == "choice":
            yield from ({**usual, name: option} for option in spec.of)
        elif spec.kind == "number":
            yield from ({**usual, name: str(end)} for end in (spec.at_least, spec.at_most))


def _draw_one(spec: Drawn, source: random.Random) -> str:
    match spec.kind:
        case "word":
            return f"{source.choice(_WORDS)}{source.randint(10, 99)}"
        case "sentence":
            return " ".join(source.choice(_WORDS) for _ in range(5))
        case "number":
            return str(source.randint(spec.at_least, spec.at_most))
        case "port":
            return str(source.randint(10_000, 29_999))
        case "hex":
            return f"{source.getrandbits(64):016x}"
        case "nonce":
            return "".join(source.choices(string.ascii_letters + string.digits, k=24))
        case "path":
            return f"/{source.choice(_WORDS)}/{source.choice(_WORDS)}{source.randint(10, 99)}"
        case "choice":
            return source.choice(spec.of)


def fill(value: Any, values: Values, *, quote: Callable[[str], str] = str) -> Any:
    """Put the drawn values into every text of a plain value, keys included; `quote` is applied to each value put in."""
    if isinstance(value, str):
        return TEMPLATE.sub(lambda found: _one(found, values, quote), value)
    if isinstance(value, Mapping):
        return {fill(key, values, quote=quote): fill(item, values, quote=quote) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill(item, values, quote=quote) for item in value]
    return value


def _one(found: re.Match[str], values: Values, quote: Callable[[str], str]) -> str:
    literal, name = found.groups()
    if literal:
        return f"{{{literal}}}"
    return quote(values[name]) if name in values else found[0]


S = TypeVar("S", bound=Spec)


def filled(spec: S, values: Values, *, quoting: Quoting | None = None) -> S:
    """The same spec with the values put in; `quoting` says how, for fields that are no plain text."""
    quotes = quoting or {}
    raw = {
        name: fill(value, values, quote=quotes.get(name, str)) for name, value in spec.model_dump(by_alias=True).items()
    }
    return type(spec).model_validate(raw)
