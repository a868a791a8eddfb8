"""`RUN --mount=…`: its comma-separated fields, read strictly."""

from dataclasses import dataclass
from typing import Literal, Self

MountKind = Literal["bind", "cache", "secret", "tmpfs"]

_SHARED = frozenset({"type", "target"})
_FIELDS: dict[str, frozenset[str]] = {
    "bind": _SHARED | {"source", "from", "readonly", "readwrite"},
    "cache": _SHARED | {"id", "sharing", "source", "from", "readonly", "readwrite", "mode", "uid", "gid"},
    "secret": _SHARED | {"id", "required", "mode", "uid", "gid"},
    "tmpfs": _SHARED | {"size"},
}
_SAME_FIELD = {"dst": "target", "destination": "target", "src": "source", "ro": "readonly", "rw": "readwrite"}
_BARE = frozenset({"readonly", "readwrite", "required"})


class BadMount(ValueError):
    """The mount's text has no meaning, or one that only some engines know."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount by its type and fields, long names for all."""

    kind: str
    fields: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `type=…,target=…`; raises BadMount with what is wrong."""
        if '"' in text:
            raise BadMount("it is quoted; write it without quotes")
        fields: dict[str, str] = {}
        for part in text.split(","):
            name, equals, value = part.partition("=")
            name = _SAME_FIELD.get(name.lower(), name.lower())
            if not equals and name not in _BARE:
                raise BadMount(f"{part[:40]!r} is not of the form name=value")
            if name in fields:
                raise BadMount(f"{name} is given twice")
            fields[name] = value if equals else "true"
        kind = fields.pop("type", "bind").lower()
        known = _FIELDS.get(kind)
        if known is not None:
            for name in fields:
                if name not in known:
                    raise BadMount(f"{name[:40]!r} is no field of a {kind} mount")
        return cls(kind, fields)
