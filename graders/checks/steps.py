"""How a lab names a step of a Dockerfile that it has not seen: `RUN pip install`, `COPY requirements.txt`.

The first word is the instruction. The words after it are looked for in this order, whatever stands between them; after
COPY and ADD they are files: `./app.py`, `/app.py` and `*.py` are all the file `app.py`, and `.` is the whole folder.
`RUN /pip3? install/` is a regular expression. Spelling, line breaks, flags and the exec form make no difference.
"""

import fnmatch
import posixpath
from typing import Annotated

from pydantic import AfterValidator

from graders.checks.patterns import compile_pattern, search
from graders.dockerfile.instructions import READERS
from graders.dockerfile.model import Instruction
from graders.spec import Text

COPYING = frozenset({"COPY", "ADD"})
_SHORTEST_PATTERN = 2


def _step(value: str) -> str:
    keyword, _, rest = value.strip().partition(" ")
    if keyword.upper() not in READERS:
        raise ValueError("must begin with an instruction, such as `RUN pip install` or `COPY app.py`")
    pattern = _pattern(rest)
    if pattern is not None:
        compile_pattern(pattern)
    return f"{keyword.upper()} {rest.strip()}".strip()


StepName = Annotated[Text, AfterValidator(_step)]
"""A step of a Dockerfile, by its instruction and words of it."""


def keyword_of(name: str) -> str:
    """The instruction of a step's name."""
    return name.partition(" ")[0]


def is_meant(name: str, instruction: Instruction) -> bool:
    """Whether the name fits the instruction."""
    keyword, _, rest = name.partition(" ")
    if instruction.keyword != keyword:
        return False
    text = " ".join(instruction.words) if instruction.is_exec else " ".join(all_of(instruction).split())
    pattern = _pattern(rest)
    if pattern is not None:
        return search(pattern, text)
    if keyword in COPYING:
        return _takes(rest.split(), instruction)
    at = 0
    for word in rest.split():
        found = text.find(word, at)
        if found < 0:
            return False
        at = found + len(word)
    return True


def all_of(instruction: Instruction) -> str:
    """What the instruction says after its flags, the lines of its heredocs included."""
    return "\n".join([instruction.arguments, *(heredoc.content for heredoc in instruction.heredocs)])


def shown(instruction: Instruction) -> str:
    """The instruction on one line, with its flags, as it is to be quoted."""
    return " ".join([instruction.keyword, *map(str, instruction.flags), *instruction.arguments.split()])


def _pattern(rest: str) -> str | None:
    rest = rest.strip()
    if len(rest) > _SHORTEST_PATTERN and rest.startswith("/") and rest.endswith("/") and " /" not in rest:
        return rest[1:-1]
    return None


def _takes(words: list[str], instruction: Instruction) -> bool:
    """Whether each word is one of the sources; the last of several may be the destination."""
    *sources, destination = instruction.words
    sources = [source.strip("\"'").lstrip("/") or "." for source in sources]  # the context is their root
    for position, word in enumerate(words):
        places = [*sources, destination] if 0 < position == len(words) - 1 else sources
        if not any(_same_file(word, place) for place in places):
            return False
    return True


def _same_file(word: str, written: str) -> bool:
    asked, given = posixpath.normpath(word.strip("\"'")), posixpath.normpath(written.strip("\"'"))
    return asked == given or ("*" in given and fnmatch.fnmatchcase(asked, given))
