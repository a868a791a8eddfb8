"""Reads the YAML that authors write, keeping each value's place, so that every problem names file, line and column.

The dialect is a small, safe part of YAML: no aliases, no tags, no duplicate keys, one document. `yes`, `no`, `on` and
`off` without quotes are refused, since some readers take them for true or false and others for text; `0644`, `1:30` and
dates are text.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_BYTES = 512 * 1024
MAX_DEPTH = 32

Place = tuple[int | str, ...]
"""Where a value stands: keys and positions from the top, such as `("checks", 2, "points")`."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in a file, for its author. Line and column are 1-based."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class InvalidFile(Exception):
    """A file of a course does not say what it must; `problems` is what its author has to mend, in the file's order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Document:
    """A file that was read: its plain value (dicts, lists, scalars) and the place of each part."""

    file: str
    value: Any
    marks: Mapping[Place, tuple[int, int]] = field(repr=False)

    def problem(self, place: Place, message: str) -> Problem:
        """Make a problem at `place`, or at the nearest part around it that is in the file."""
        while place and place not in self.marks:
            place = place[:-1]
        line, column = self.marks.get(place, (1, 1))
        return Problem(self.file, line, column, message)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Say `Did you mean …?` when a known word is near, else name the known ones, if there are few."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    if not names:
        return "There are none."
    return "Known: " + ", ".join(f"`{name}`" for name in names) + "."


def read_yaml(text: str | bytes, *, file: str) -> Document:
    """Read one YAML document. Raises InvalidFile; never runs or builds anything that the text asks for."""
    if isinstance(text, bytes):
        text = _decode(text, file)
    if len(text) > MAX_BYTES:
        raise InvalidFile([Problem(file, 1, 1, f"The file is larger than {MAX_BYTES // 1024} KiB.")])
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except _Refused as refused:
        raise InvalidFile([_at(file, refused.mark, refused.message)]) from None
    except yaml.MarkedYAMLError as error:
        raise InvalidFile([_at(file, error.problem_mark or error.context_mark, _syntax_message(error))]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character[:1])
        message = f"The character U+{code:04X} is not allowed in YAML."
        raise InvalidFile([Problem(file, line, 1, message)]) from None
    reader = _Reader(file)
    value = reader.value(node, ()) if node is not None else None
    if reader.problems:
        raise InvalidFile(reader.problems)
    return Document(file, value, reader.marks)


def _decode(text: bytes, file: str) -> str:
    if len(text) > 4 * MAX_BYTES:
        raise InvalidFile([Problem(file, 1, 1, f"The file is larger than {MAX_BYTES // 1024} KiB.")])
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise InvalidFile([Problem(file, line, 1, "The file is not UTF-8 text.")]) from None


def _at(file: str, mark: yaml.Mark | None, message: str) -> Problem:
    if mark is None:
        return Problem(file, 1, 1, message)
    return Problem(file, mark.line + 1, mark.column + 1, message)


def _syntax_message(error: yaml.MarkedYAMLError) -> str:
    what = (error.problem or "it cannot be read").strip()
    message = f"This is not valid YAML: {what}."
    if "mapping values are not allowed" in what:
        message += " A text with a colon in it needs quotes."
    elif "found character '\\t'" in what or "tab" in what:
        message += " Indent with spaces, not tabs."
    elif "found character '@'" in what or "found character '`'" in what:
        message += " A text that begins with this character needs quotes."
    elif "single document" in str(error.context or ""):
        message = "The file holds more than one YAML document; remove the `---` between them."
    return message


class _Refused(Exception):
    def __init__(self, mark: yaml.Mark, message: str) -> None:
        super().__init__(message)
        self.mark = mark
        self.message = message


class _Loader(yaml.SafeLoader):
    """Composes nodes only; reads scalars by fewer rules than YAML 1.1."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused(event.start_mark, "Anchors and aliases (`&name`, `*name`) are not used here; write it out.")
        if self.depth >= MAX_DEPTH:
            raise _Refused(event.start_mark, f"This is nested deeper than {MAX_DEPTH} levels.")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


_TAG = "tag:yaml.org,2002:"
for _name, _pattern, _first in (
    ("null", r"(?:~|null|Null|NULL|)$", "~nN\0"),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-0123456789"),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(_pattern), [*_first.replace("\0", ""), ""])

# What escapes such as `\0` and `\ud800` in quotes make, and what no database can hold.
_UNKEPT = re.compile("[\0\ud800-\udfff]")


def _unkept(text: str) -> str:
    what = "a NUL character" if "\0" in text else "half of a character, such as U+D800"
    return f"This text must not hold {what}: it cannot be kept. Take it out."


_SWITCHES = re.compile(r"(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$")


class _Reader:
    """Turns nodes into plain values, noting where each one stands."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.marks: dict[Place, tuple[int, int]] = {}

    def value(self, node: Node, place: Place) -> Any:
        self.marks.setdefault(place, (node.start_mark.line + 1, node.start_mark.column + 1))
        kind = node.tag.removeprefix(_TAG)
        if isinstance(node, MappingNode) and kind == "map":
            return dict(self._members(node, place))
        if isinstance(node, SequenceNode) and kind == "seq":
            return [self.value(item, (*place, position)) for position, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self._scalar(node, kind)
        return self._refuse(node, f"The tag `{node.tag}` is not used here; leave it out.")

    def _members(self, node: MappingNode, place: Place) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._refuse(key_node, "A key must be plain text.")
                continue
            key = self._scalar(key_node, key_node.tag.removeprefix(_TAG))
            line = key_node.start_mark.line + 1
            if _UNKEPT.search(key_node.value):
                continue  # it was refused
            if not isinstance(key, str):
                self._refuse(key_node, f"The key `{key_node.value}` must be text; put it in quotes.")
                continue
            if key in seen:
                self._refuse(key_node, f"`{key}` is given twice; the first is on line {seen[key]}.")
                continue
            seen[key] = line
            self.marks[(*place, key)] = (line, key_node.start_mark.column + 1)
            yield key, self.value(value_node, (*place, key))

    def _scalar(self, node: ScalarNode, kind: str) -> Any:
        text: str = node.value
        if node.style is None and _SWITCHES.match(text):
            word = "true" if text.lower() in {"yes", "on"} else "false"
            return self._refuse(
                node, f'`{text}` is read in two ways; write {word}, or "{text}" in quotes for the text.'
            )
        if text == "<<" and node.style is None:
            return self._refuse(node, "Merge keys (`<<`) are not used here; write it out.")
        try:
            match kind:
                case "str":
                    return text if not _UNKEPT.search(text) else self._refuse(node, _unkept(text))
                case "null":
                    return None
                case "bool":
                    return text.lower() == "true"
                case "int":
                    return int(text)
                case "float":
                    return float(text)
        except ValueError:
            return self._refuse(node, f"`{text[:40]}` is no number.")
        return self._refuse(node, f"The tag `{node.tag}` is not used here; leave it out.")

    def _refuse(self, node: Node, message: str) -> None:
        self.problems.append(_at(self.file, node.start_mark, message))
