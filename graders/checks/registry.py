"""Which kinds of check there are. A kind registers itself; packages of others come in through the entry point group
`drydock.checks`, whose names are kinds and whose values are Check classes.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import PlainValidator, SerializeAsAny, WithJsonSchema

from graders.authored import did_you_mean
from graders.checks.base import Check
from graders.spec import errors_at

GROUP = "drydock.checks"

C = TypeVar("C", bound=Check)

_own: dict[str, type[Check]] = {}


class RegistryError(Exception):
    """Two kinds have one name, or what an installed package offers is no check: a fault of the installation."""


def register(kind: str) -> Callable[[type[C]], type[C]]:
    """Make a class the reader and judge of checks of this kind."""

    def add(check: type[C]) -> type[C]:
        _add(_own, kind, check)
        return check

    return add


def _add(known: dict[str, type[Check]], kind: str, check: Any) -> None:
    if kind in known:
        raise RegistryError(f"The kind of check `{kind}` is registered twice: {known[kind]!r} and {check!r}.")
    if not (isinstance(check, type) and issubclass(check, Check)):
        raise RegistryError(f"What is registered for `{kind}` is no Check class: {check!r}.")
    known[kind] = check


@cache
def _installed() -> Mapping[str, type[Check]]:
    found: dict[str, type[Check]] = {}
    for point in entry_points(group=GROUP):
        _add(found, point.name, point.load())
    return found


def kinds() -> Mapping[str, type[Check]]:
    """Every kind, by name, those of installed packages included. Raises RegistryError."""
    known = dict(_own)
    for kind, check in _installed().items():
        _add(known, kind, check)
    return MappingProxyType(dict(sorted(known.items())))


def read_check(value: Any) -> Check:
    """Read a check by its kind. Raises pydantic's ValidationError, which names the known kinds for an unknown one."""
    if isinstance(value, Check):
        return value
    if not isinstance(value, dict):
        raise ValueError("must be a check, such as {id: builds, kind: builds, points: 2}")  # noqa: TRY004
    kind = value.get("kind")
    known = kinds()
    if kind is None:
        raise errors_at([((), f"This check has no `kind`. {did_you_mean('', known)}")])
    if not isinstance(kind, str) or kind not in known:
        raise errors_at([(("kind",), f"There is no kind of check `{kind}`. {did_you_mean(str(kind), known)}")])
    return known[kind].model_validate(value)


AnyCheck = Annotated[
    SerializeAsAny[Check],
    PlainValidator(read_check),
    WithJsonSchema({"type": "object", "required": ["id", "kind", "points"]}),
]
"""A check of any kind, as the field of a plan."""
