"""Writes a parsed Dockerfile anew with some of its instructions changed, left out or added; all else stays as it is."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graders.dockerfile.model import Dockerfile, Flag, Instruction


@dataclass(frozen=True)
class Edit:
    """A changed Dockerfile: what was done, in words, at which line, and the new text."""

    line: int
    change: str
    text: str


def rewritten(dockerfile: Dockerfile, instead: Mapping[int, str]) -> str:
    """The text with the instructions that begin at these lines replaced; an empty text leaves one out."""
    parts = []
    for piece in dockerfile.pieces:
        if piece.kind == "instruction" and piece.line in instead:
            parts.append(ended(instead[piece.line]))
        else:
            parts.append(piece.source)
    return "".join(parts)


def ended(text: str) -> str:
    """The text as whole lines."""
    return text if not text or text.endswith("\n") else text + "\n"


def appended(dockerfile: Dockerfile, line: str) -> str:
    """The text with one more instruction at its end."""
    return ended(dockerfile.source) + ended(line)


def brief(instruction: Instruction) -> str:
    """An instruction in one line, with single spaces."""
    return " ".join(instruction.logical.split())


def written(
    instruction: Instruction,
    *,
    keyword: str | None = None,
    flags: Iterable[Flag] | None = None,
    arguments: str | None = None,
) -> str:
    """The instruction with another keyword, other flags or other arguments."""
    shown = instruction.flags if flags is None else tuple(flags)
    ending = instruction.arguments if arguments is None else arguments
    parts = [keyword or instruction.keyword, *map(str, shown), ending]
    return " ".join(part for part in parts if part)


def in_exec_form(words: Sequence[str]) -> str:
    """The words as the engine reads the exec form."""
    return json.dumps(list(words), ensure_ascii=False)
