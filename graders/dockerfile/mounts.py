"""`RUN --mount=…`: its comma-separated fields, read strictly."""

import posixpath
import re
from dataclasses import dataclass
from typing import Literal, Self

from graders.dockerfile.dialect import Dialect

MountKind = Literal["bind", "cache", "secret", "tmpfs"]

_LEAST = Dialect()
_SHARED = frozenset({"type", "target"})
_FIELDS: dict[str, frozenset[str]] = {
    "bind": _SHARED | {"source", "from", "readonly", "readwrite"},
    "cache": _SHARED | {"id", "sharing", "source", "from", "readonly", "readwrite", "mode", "uid", "gid"},
    "secret": _SHARED | {"id", "required", "mode", "uid", "gid"},
    "tmpfs": _SHARED | {"size"},
}
_SAME_FIELD = {"dst": "target", "destination": "target", "src": "source", "ro": "readonly", "rw": "readwrite"}
_BARE = frozenset({"readonly", "readwrite", "required"})
_SWITCH = re.compile("1|t|T|TRUE|true|True|0|f|F|FALSE|false|False")  # what Go's strconv.ParseBool takes
_NUMBER = re.compile("[0-9]{1,9}")
_VALUES: dict[str, re.Pattern[str]] = {
    "gid": _NUMBER,
    "mode": re.compile("[0-7]{1,6}"),
    "readonly": _SWITCH,
    "readwrite": _SWITCH,
    "required": _SWITCH,
    "sharing": re.compile("shared|private|locked", re.IGNORECASE),
    "size": re.compile("[0-9]{1,12}[bkmgt]?", re.IGNORECASE),
    "uid": _NUMBER,
}


class BadMount(ValueError):
    """The mount's text has no meaning, or one that only some engines know."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount by its type and fields, long names for all."""

    kind: str
    fields: dict[str, str]

    @classmethod
    def parse(cls, text: str, dialect: Dialect = _LEAST) -> Self:
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
            if name == "required" and "type" not in fields:
                raise BadMount("its type comes after required; name the type first")
            fields[name] = value if equals else "true"
        kind = fields.pop("type", "bind").lower()
        mount = cls(kind, fields)
        if kind in _FIELDS:
            mount._refuse_what_means_nothing(dialect)
        return mount

    def _refuse_what_means_nothing(self, dialect: Dialect) -> None:
        known = _FIELDS[self.kind] if dialect.tmpfs_size else _FIELDS[self.kind] - {"size"}
        for name, value in self.fields.items():
            if name not in known:
                raise BadMount(f"{name[:40]!r} is no field of a {self.kind} mount")
            wanted = _VALUES.get(name)
            if wanted is not None and "$" not in value and wanted.fullmatch(value) is None:
                raise BadMount(f"{value[:40]!r} cannot be its {name}")
        target = self.fields.get("target", "")
        if self.kind == "secret":
            if not target and not self.fields.get("id"):
                raise BadMount("it names no secret; write id=NAME")
        elif posixpath.normpath(f"/{target}").lstrip("/") == "":
            raise BadMount("it needs a target, the folder in the image where it appears: target=/…")
