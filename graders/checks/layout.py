"""The check `layout`: a Dockerfile that is easy on its readers: short lines, one command a line, lists in order."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar

from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.dockerfile.model import Dockerfile, Instruction
from graders.observations import Observations, Wants
from graders.spec import Identifier, Text
from graders.visible import listed, quoted, shortened, visible

_QUOTED = re.compile(r"\\[^\n]|'[^']*'|\"(?:\\[\s\S]|[^\"\\])*\"")
_JOIN = re.compile(r"&&|(?<!;);(?!\s*(?:;|(?:do|then|else|elif|fi|done|esac)\b))")
"""What joins commands; not the semicolons of a loop or a choice, which belong to one command."""
_JOINS = frozenset({"&&", "||", ";"})
_Line = tuple[int, str]
_TIDY = (
    "FROM busybox:1.35\n"
    "# The shelves, in order.\n"
    "RUN mkdir -p \\\n"
    "      /shelf/anchors \\\n"
    "      # for small boats\n"
    "      /shelf/bells \\\n"
    "      /shelf/chains && \\\n"
    "    for each in 1 2; do echo $each; done && \\\n"
    "    echo 'this && that; these' > /note\n"
)


@register("layout")
class Layout(Check):
    """The Dockerfile is laid out for its readers: no long lines, one command of a RUN a line, lists in order.

    Lines are those of the file, not what the builder joins. What the instructions do is for other checks.
    """

    longest_line: int | None = Field(default=None, ge=20, le=1000)
    """How many characters a line may have, comments included."""
    commands_apart: bool = False
    """Whether each command of a RUN begins a line of its own, where `&&` or `;` joins several."""
    in_order: tuple[Text, ...] = Field(default=(), max_length=100)
    """Words that one instruction lists: each stands on a line of its own, in alphabetical order."""
    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "A Dockerfile is read far more often than it is written: what is one a line and in order is found at a glance, "
        "and a change of it touches one line."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="Short lines, one command a line, a list in order.",
                check={
                    "longest_line": 80,
                    "commands_apart": True,
                    "in_order": ["/shelf/anchors", "/shelf/bells", "/shelf/chains"],
                },
                dockerfile=_TIDY,
            ),
            Sample(
                about="Commands that are joined at the beginning of a line; a list in no special place.",
                check={"commands_apart": True, "in_order": ["/b", "/a"]},
                dockerfile="FROM busybox:1.35\nRUN mkdir \\\n /a \\\n /b \\\n && true\\\n && true\n",
            ),
            Sample(
                about="What is in quotes or behind a backslash joins nothing, and a case has its own semicolons.",
                check={"commands_apart": True},
                dockerfile=(
                    "FROM busybox:1.35\nRUN echo \"a \\\n && b\" ';' \\; && \\\n"
                    "    case a in a) echo a;; b) echo b;; esac\n"
                ),
            ),
            Sample(
                about="The exec form is one command, whatever is in its texts.",
                check={"commands_apart": True},
                dockerfile='FROM busybox:1.35\nRUN ["sh", "-c", "true && true"]\n',
            ),
        ),
        wrong=(
            Sample(
                about="Two commands share a line.",
                check={"commands_apart": True},
                dockerfile="FROM busybox:1.35\nRUN mkdir /a && \\\n    echo one > /a/one && echo two > /a/two\n",
                says="2 commands share line 3",
                line=3,
            ),
            Sample(
                about="A semicolon joins commands, too.",
                check={"commands_apart": True},
                dockerfile="FROM busybox:1.35\nRUN true; true && true\n",
                says="3 commands share line 2",
                line=2,
            ),
            Sample(
                about="A line is too long.",
                check={"longest_line": 40},
                dockerfile="FROM busybox:1.35\nRUN true\n# A comment of which there is no end in sight.\n",
                says="Line 3 has 46 characters; at most 40 are asked for",
                line=3,
            ),
            Sample(
                about="Several words of a list share a line.",
                check={"in_order": ["/a", "/b", "/c"]},
                dockerfile="FROM busybox:1.35\nRUN mkdir \\\n  /a \\\n  /b /c\n",
                says='On line 4, "/b" shares its line with "/c"',
                line=4,
            ),
            Sample(
                about="The list is in no order.",
                check={"in_order": ["/a", "/b", "/c"]},
                dockerfile="FROM busybox:1.35\nRUN mkdir \\\n  /a \\\n  /c \\\n  /b\n",
                says='"/c" on line 4 stands above "/b" on line 5',
                line=5,
            ),
            Sample(
                about="A word of the list is not there.",
                check={"in_order": ["/a", "/b", "/c"]},
                dockerfile="FROM busybox:1.35\nRUN mkdir \\\n  /a \\\n  /b\nRUN mkdir /c\n",
                says='RUN on line 2 does not list "/c"',
                line=2,
            ),
            Sample(
                about="There is no such list.",
                check={"in_order": ["/a", "/b"]},
                says='No instruction lists "/a" and "/b"',
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", says="`longest_line`, `commands_apart` or `in_order`"),
            Sample(about="One word has no order.", check={"in_order": ["a"]}, says="at least two"),
            Sample(about="The same word twice.", check={"in_order": ["a", "a"]}, says="twice"),
            Sample(about="Two words in one.", check={"in_order": ["a b", "c"]}, says="without spaces"),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "Layout":
        if self.longest_line is None and not self.commands_apart and not self.in_order:
            raise ValueError("needs `longest_line`, `commands_apart` or `in_order`")
        if len(self.in_order) == 1:
            raise ValueError("needs at least two words under `in_order`")
        if len(set(self.in_order)) < len(self.in_order):
            raise ValueError("names a word twice under `in_order`")
        if any(word.split() != [word] for word in self.in_order):
            raise ValueError("needs words without spaces under `in_order`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        if self.in_order and self.longest_line is None and not self.commands_apart:
            return "The list is written one word a line, in alphabetical order"
        if self.commands_apart and self.longest_line is None and not self.in_order:
            return "Each command begins a line of its own"
        return "The Dockerfile is laid out for its readers"

    def wants(self) -> Wants:
        """The Dockerfile; nothing needs to be built."""
        return Wants(sources=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Look at the lines; the first that is not as asked is named."""
        dockerfile = seen.dockerfile(self.build)
        objections = (self._long_lines(dockerfile), self._shared_lines(dockerfile), self._lists(dockerfile))
        found = next((verdict for verdict in objections if verdict is not None), None)
        return found or passed("It is laid out as asked.")

    def _long_lines(self, dockerfile: Dockerfile) -> Verdict | None:
        if self.longest_line is None:
            return None
        for number, line in enumerate(dockerfile.source.splitlines(), start=1):
            if len(line) > self.longest_line:
                return failed(
                    f"Line {number} has {len(line)} characters; at most {self.longest_line} are asked for.",
                    seen=visible(shortened(line.strip(), limit=200)),
                    line=number,
                    hint=_goes_on(dockerfile),
                )
        return None

    def _shared_lines(self, dockerfile: Dockerfile) -> Verdict | None:
        for instruction in dockerfile.all("RUN") if self.commands_apart else ():
            if instruction.is_exec:
                continue
            for number, line in _lines(instruction, dockerfile.escape, blank_quoted=True):
                commands = [each for each in _JOIN.split(line) if each.strip()]
                if len(commands) > 1:
                    return failed(
                        f"{len(commands)} commands share line {number}; each is to begin a line of its own.",
                        seen=visible(shortened(dockerfile.source.splitlines()[number - 1].strip(), limit=200)),
                        line=number,
                        hint=_goes_on(dockerfile),
                    )
        return None

    def _lists(self, dockerfile: Dockerfile) -> Verdict | None:
        if not self.in_order:
            return None
        places = {each: self._places(each, dockerfile.escape) for each in dockerfile.instructions}
        instruction, found = max(places.items(), key=lambda item: len(item[1]))
        missing = [quoted(word) for word in self.in_order if word not in found]
        if not found:
            return failed(f"No instruction lists {listed(missing)}.")
        if missing:
            return failed(
                f"{instruction.keyword} on line {instruction.line} does not list {listed(missing)}.",
                line=instruction.line,
            )
        return self._shared_words(instruction, found, dockerfile) or _out_of_order(found, dockerfile)

    def _places(self, instruction: Instruction, escape: str) -> dict[str, int]:
        """The words of the list that this instruction has, each with the line where it stands first."""
        wanted, found = set(self.in_order), dict[str, int]()
        for number, line in _lines(instruction, escape):
            for word in wanted.intersection(_words(line)):
                found.setdefault(word, number)
        return found

    def _shared_words(self, instruction: Instruction, found: dict[str, int], dockerfile: Dockerfile) -> Verdict | None:
        for number, line in _lines(instruction, dockerfile.escape):
            words = _words(line)
            of_list = [word for word in words if found.get(word) == number]
            if of_list and len(words) > 1:
                other = next(word for word in words if word != of_list[0])
                return failed(
                    f"On line {number}, {quoted(of_list[0])} shares its line with {quoted(other)}; each word of the "
                    "list is to have a line of its own.",
                    seen=visible(shortened(dockerfile.source.splitlines()[number - 1].strip(), limit=200)),
                    line=number,
                    hint=_goes_on(dockerfile),
                )
        return None


def _out_of_order(found: dict[str, int], dockerfile: Dockerfile) -> Verdict | None:
    written = sorted(found, key=lambda word: found[word])
    for above, below in pairwise(written):
        if above > below:
            lines = dockerfile.source.splitlines()
            return failed(
                f"{quoted(above)} on line {found[above]} stands above {quoted(below)} on line {found[below]}; "
                "alphabetical order is asked for.",
                seen=visible("\n".join(lines[found[word] - 1].strip() for word in (above, below))),
                line=found[below],
            )
    return None


def _lines(instruction: Instruction, escape: str, *, blank_quoted: bool = False) -> Iterator[_Line]:
    """The lines of an instruction with their numbers, without comments, keyword, flags and what joins the lines."""
    text = "\n".join("" if line.lstrip().startswith("#") else line for line in instruction.source.splitlines())
    if blank_quoted:
        text = _QUOTED.sub(lambda found: re.sub(r"[^\n]", "_", found[0]), text)
    head = re.compile(rf"\s*{re.escape(instruction.spelling)}\b(?:\s+--\S+)*")
    for number, line in enumerate(head.sub("", text, count=1).split("\n"), start=instruction.line):
        bare = line.strip().removesuffix(escape).strip()
        if bare:
            yield number, bare


def _words(line: str) -> list[str]:
    """The words of a line, without what joins commands at its ends."""
    words = [word.removesuffix(";") for word in line.split()]
    return [word for word in words if word and word not in _JOINS]


def _goes_on(dockerfile: Dockerfile) -> str:
    return f"An instruction goes on in the next line where a line ends in {dockerfile.escape} with nothing behind it."
