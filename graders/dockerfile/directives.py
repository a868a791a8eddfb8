"""Parser directives: the `# name=value` lines that may open a Dockerfile, in every spelling some engine honours."""

import json
from collections.abc import Iterator, Sequence
from typing import Literal

from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.model import Directive
from graders.dockerfile.text import ASCII_SPACES, BOM, SPACES, split_lines

KNOWN = frozenset({"syntax", "escape", "check"})


def read_directives(source: str) -> tuple[Directive, ...]:
    """Every directive before the first instruction, whatever engine would honour it.

    Looser than any one engine on purpose: after a byte order mark or a `#!` line, after other comments and blank lines,
    behind `#` or `//`, and as a JSON object. Who refuses `syntax` must find it wherever one engine might.
    """
    return tuple(_from_json(source)) or tuple(_from_comments(source))


def escape_of(directives: Sequence[Directive], source: str) -> str:
    """The escape character that every engine agrees on: a backslash, or what an `escape` directive says.

    Only a block of `#` directives that begins on the first line counts; later ones are comments.
    Raises DockerfileError for another character, a repeated directive, and one that only some engines would honour.
    """
    block = _opening_block(directives)
    for place, each in enumerate(block):
        if any(each.name == earlier.name for earlier in block[:place]):
            message = f"Line {each.line}: there can be only one {each.name} directive."
            raise DockerfileError("bad-directive", each.line, message)
    found = next((each for each in block if each.name == "escape"), None)
    if found is None or found.value == "\\":
        return "\\"
    if found.value != "`":
        message = f"Line {found.line}: the escape character can be \\ or `, not {found.value[:20]!r}."
        raise DockerfileError("bad-directive", found.line, message)
    above = block[: found.line - 1]
    lines = split_lines(source.removeprefix(BOM))[: found.line]
    if any(each.name != "syntax" for each in above) or not "".join(lines).isascii():
        message = (
            f"Line {found.line}: engines disagree on whether this escape directive counts. "
            "Write it as # escape=` on the first line, or leave it out."
        )
        raise DockerfileError("bad-directive", found.line, message)
    return found.value


def syntax_message(directive: Directive) -> str:
    """Why a syntax directive is refused, wherever it is found."""
    return (
        f"Line {directive.line}: a syntax directive makes the engine fetch another builder, which is not allowed here; "
        "remove the line (or reword it, if it was meant as a comment)."
    )


def _opening_block(directives: Sequence[Directive]) -> list[Directive]:
    block: list[Directive] = []
    for each in directives:
        if each.marker != "#" or each.line != len(block) + 1:
            break
        block.append(each)
    return block


def _from_comments(source: str) -> Iterator[Directive]:
    for number, line in enumerate(split_lines(source.removeprefix(BOM)), start=1):
        text = line.strip(SPACES + BOM)
        marker: Literal["#", "//"]
        if text.startswith("#"):
            marker = "#"
        elif text.startswith("//"):
            marker = "//"
        elif text:
            return
        else:
            continue
        name, _, value = text.removeprefix(marker).partition("=")
        name = name.strip(SPACES).lower()
        value = value.strip(SPACES)
        if name in KNOWN and value:
            yield Directive(name, value, number, marker)


def _from_json(source: str) -> Iterator[Directive]:
    text = source.removeprefix(BOM)
    line = 1
    if text.startswith("#!"):
        text = text.partition("\n")[2]
        line = 2
    if not text.lstrip(ASCII_SPACES).startswith("{"):
        return
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return
    for name, value in found.items():
        if name.lower() in KNOWN and isinstance(value, str):
            yield Directive(name.lower(), value, line, "json")
