"""Evens out what must differ between two runs of the same lines: ids, drawn names, times, and room made for them."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import unquote

_HEX = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b")
_DRAWN = re.compile(r"\b[a-z]{3,}_[a-z]{2,}\d?\b")
"""A name that the engine draws for a container without one: `happy_turing`, `hungry_wu`."""
_TIME = re.compile(
    r"\b(?!0001)\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+\d\d:\d\d| \+0000 UTC)"
    r"|\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\b"
)
_WHILE = re.compile(
    r"Less than a second|About an? (?:minute|hour)|\b\d+ (?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b"
)
_PAIRS = re.compile(r"[\w.-]+=[\w.-]*(?:,[\w.-]+=[\w.-]*)+")
"""Labels in one cell, which the CLI writes in another order each time: it walks a map of Go."""
_ADDRESS = re.compile(r"\b172\.\d+\.\d+\.\d+\b|\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b")
VERSION = re.compile(r"^/v\d+\.\d+")
_DATA = re.compile(r"/[\w./-]+/data/\d+\.\d+/")
_NAMESPACES = re.compile(r"/[\w./-]+/exec/netns/")
"""The engine's own folders, which a console shows as docker's usual ones."""
_SINCE = re.compile(r"\b(since|until)=\d+(\.\d+)?")
_OWN_LOG = re.compile(r'^time="[^"]*" level=error msg="error waiting for container: context canceled"\n', re.MULTILINE)
"""What the CLI itself logs of a container that could not start, now and then: a race between two of its parts."""
_HEADER = re.compile(r"^[A-Z][A-Z0-9 /%]+$")
_GAP = re.compile(r" {3,}")


@dataclass
class Evened:
    """One side's way to say the same things: what was seen first is called 1, on either side."""

    kept: Collection[str]
    """Ids that both sides share: those of base images, 64 digits each."""
    ids: dict[str, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)

    def output(self, text: str) -> str:
        """What was printed; a table as its cells and the gaps between its columns."""
        lines = _OWN_LOG.sub("", text).split("\n")
        if _HEADER.match(lines[0]) and lines[0].strip():
            return self._table(lines)
        return "\n".join(self._line(line) for line in lines)

    def call(self, method: str, path: str) -> str:
        """A request, without the version of the API, its query in order."""
        where, _, query = VERSION.sub("", path).partition("?")
        asked = "&".join(sorted(unquote(query.replace("+", " ")).split("&")))
        asked = _SINCE.sub(r"\1=<time>", asked)
        return f"{method} {self.text(f'{where}?{asked}' if query else where)}"

    def text(self, text: str) -> str:
        """A text with its ids, names and times evened out."""
        text = _TIME.sub("<time>", _DATA.sub("/var/lib/docker/", text))
        text = _NAMESPACES.sub("/var/run/docker/netns/", text)
        text = _PAIRS.sub(lambda found: ",".join(sorted(found[0].split(","))), text)
        text = _HEX.sub(self._id, text)
        text = _DRAWN.sub(lambda found: f"<name {self.names.setdefault(found[0], len(self.names) + 1)}>", text)
        return _ADDRESS.sub("<address>", _WHILE.sub("<while>", text))

    def _id(self, found: re.Match[str]) -> str:
        if any(kept.startswith(found[0]) for kept in self.kept):
            return found[0]
        number = self.ids.setdefault(found[0][:12], len(self.ids) + 1)
        return f"<id {number}, {len(found[0])} digits>"

    def _line(self, line: str) -> str:
        evened = self.text(line)
        return evened if evened == line else re.sub(r"(?<=\S) {2,}", "  ", evened)

    def _table(self, lines: list[str]) -> str:
        starts = [0, *(found.end() for found in _GAP.finditer(lines[0].rstrip()))]
        ends = [*starts[1:], None]
        rows = [[line[start:end] for start, end in zip(starts, ends, strict=True)] for line in lines]
        widths = [max(len(row[column].rstrip()) for row in rows) for column in range(len(starts))]
        gaps = [end - start - width for start, end, width in zip(starts, starts[1:], widths, strict=False)]
        cells = [" | ".join(self.text(cell.rstrip()) for cell in row) if any(row) else "" for row in rows]
        return "\n".join([*cells, f"gaps: {gaps}"])
