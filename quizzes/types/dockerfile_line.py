"""Dockerfile line: pick the line, or the lines, that something is to be said of, such as that it is wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from graders.spec import Authored
from quizzes.types.base import (
    MAX_RAW_ITEMS,
    Feedback,
    Key,
    MalformedAnswer,
    OptionMark,
    PublicOption,
    PublicQuestion,
    QuestionType,
    Sample,
    Scored,
    Text,
    Value,
    between,
    problem,
    refuse_at,
)
from quizzes.types.code_lines import Block, blocks_of

MOST_LINES = 100


def _line(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise problem("name a line by its number, or by its text")
    return value


Line = Annotated[Annotated[int, Field(ge=1)] | Text, BeforeValidator(_line)]
"""A line by its number, or by its text."""


def _several(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


class FineLine(Authored):
    """A line that is often picked and should not be, and what to tell those who did."""

    line: Line
    feedback: Feedback


class DockerfileLine(QuestionType):
    """Pick the line of the Dockerfile (or of other `code`) that is wrong; `answer` is its number, or its text.

    `answer` may list several lines, each of which is to be picked. An instruction and the lines that continue it are
    picked as one. With `several: true`, students may pick several even though one is right. `scoring`: `per_line` (the
    share of the right lines that were picked, where each line picked wrongly takes one away), or `all_or_nothing`.
    `feedback` is for those who missed a right line. An answer is stored as a list of the numbers of first lines.
    """

    kind: Literal["dockerfile_line"]
    code: Annotated[str, StringConstraints(max_length=8000)] = ""
    answer: Annotated[
        tuple[Line, ...], BeforeValidator(_several, json_schema_input_type=Line | list[Line]), between(1, 20)
    ]
    several: bool = False
    wrong: Annotated[tuple[FineLine, ...], between(0, 50)] = ()
    feedback: Feedback = ""
    scoring: Literal["per_line", "all_or_nothing"] = "per_line"

    instruction: ClassVar[str] = "Pick one line."
    takes_many: ClassVar[bool] = True

    @cached_property
    def _blocks(self) -> tuple[Block, ...]:
        return blocks_of(self.dockerfile or self.code, is_dockerfile=bool(self.dockerfile))

    @model_validator(mode="after")
    def _lines_are_there(self) -> Self:
        if bool(self.dockerfile.strip()) == bool(self.code.strip()):
            refuse_at(("dockerfile",), "give the lines to pick from: in `dockerfile`, or in `code` if it is none", "")
        if not 2 <= len(self._blocks) <= MOST_LINES:  # noqa: PLR2004 - one line leaves nothing to pick
            place = ("dockerfile",) if self.dockerfile else ("code",)
            refuse_at(place, f"there must be 2 to {MOST_LINES} lines to pick from, not {len(self._blocks)}", "")
        right: list[Block] = []
        for position, line in enumerate(self.answer):
            block = self._found(line, ("answer", position))
            if block in right:
                refuse_at(("answer", position), f"{block.place} is given twice", line)
            right.append(block)
        if len(right) == len(self._blocks):
            refuse_at(("answer",), "every line is right: add one that is not", self.answer)
        for position, fine in enumerate(self.wrong):
            block = self._found(fine.line, ("wrong", position, "line"))
            if block in right:
                refuse_at(("wrong", position, "line"), f"{block.place} counts as right", fine.line)
        return self

    def _found(self, line: int | str, place: tuple[str | int, ...]) -> Block:
        if isinstance(line, int):
            found = [block for block in self._blocks if block.holds(line)]
            if not found:
                refuse_at(place, f"there is nothing to pick in line {line}", line)
            return found[0]
        wanted = _squeezed(line)
        found = [
            block
            for block in self._blocks
            if wanted == _squeezed(block.text) or wanted in {_squeezed(one) for one in block.lines}
        ]
        if not found:
            near = get_close_matches(wanted, [_squeezed(one) for block in self._blocks for one in block.lines], n=1)
            hint = f"Did you mean `{near[0]}`?" if near else "Give its number, or its whole text."
            refuse_at(place, f"no line reads `{line}`. {hint}", line)
        if len(found) > 1:
            places = " and ".join(block.place for block in found)
            refuse_at(place, f"{places} read alike: give the number of the one you mean", line)
        return found[0]

    def _right(self) -> list[Block]:
        found = {self._found(line, ("answer",)).line for line in self.answer}
        return [block for block in self._blocks if block.line in found]

    @property
    def _takes_several(self) -> bool:
        return self.several or len(self.answer) > 1

    def read(self, raw: object) -> Value | None:
        """Read the numbers of the lines picked; one that continues an instruction stands for all of it."""
        if not isinstance(raw, list) or len(raw) > MAX_RAW_ITEMS:
            raise MalformedAnswer("answer_type", "An answer here is a list of line numbers, each as text.")
        picked = {self._picked(item).line for item in raw}
        if len(picked) > 1 and not self._takes_several:
            raise MalformedAnswer("answer_type", "Pick one line only.")
        return [str(block.line) for block in self._blocks if block.line in picked]

    def _picked(self, raw: object) -> Block:
        if not isinstance(raw, str) or not raw.isascii() or not raw.isdecimal():
            raise MalformedAnswer("answer_type", "A line here is its number, as text.")
        number = int(raw) if len(raw) <= len(str(MOST_LINES * MOST_LINES)) else 0
        for block in self._blocks:
            if block.holds(number):
                return block
        raise MalformedAnswer("option_unknown", "There is no such line to pick. Reload the page and pick again.")

    def score(self, value: Value) -> Scored:
        """Judge the lines picked."""
        picked = set(value) if isinstance(value, list) else set()
        right = {str(block.line) for block in self._right()}
        if self.scoring == "all_or_nothing":
            fraction = Fraction(int(picked == right))
        else:
            fraction = max(Fraction(0), Fraction(len(picked & right) - len(picked - right), len(right)))
        return Scored(fraction=fraction, options=dict(self._marks(picked, right)))

    def _marks(self, picked: set[str], right: set[str]) -> Iterator[tuple[str, OptionMark]]:
        fine = {str(self._found(one.line, ()).line): one.feedback for one in self.wrong}
        for block in self._blocks:
            line = str(block.line)
            if line in picked:
                outcome = "right" if line in right else "wrong"
                yield line, OptionMark(outcome=outcome, feedback=fine.get(line, ""))
            elif line in right:
                yield line, OptionMark(outcome="missed", feedback=self.feedback)

    def key(self) -> Key:
        """Give the right lines."""
        right = self._right()
        return Key(options=frozenset(str(block.line) for block in right), texts=tuple(block.place for block in right))

    def public(self, option_order: Sequence[int] = ()) -> PublicQuestion:
        """Show the lines as options; the code is not shown a second time."""
        shown = super().public(option_order)
        instruction = "Pick every line that is meant." if self._takes_several else self.instruction
        return replace(shown, code="", instruction=instruction)

    def public_options(self, option_order: Sequence[int]) -> tuple[PublicOption, ...]:
        """Give the lines, always in their own order."""
        del option_order
        return tuple(
            PublicOption(id=str(block.line), text=block.text, html=block.html, before=block.html_before)
            for block in self._blocks
        )

    def public_extras(self) -> dict[str, Any]:
        """Say how many lines may be picked."""
        return {"many": self._takes_several}

    def show_value(self, value: Value | None) -> str:
        """Name the lines picked."""
        picked = value if isinstance(value, list) else []
        return "; ".join(
            f"{block.place}: {block.lines[0].strip()}" for block in self._blocks if str(block.line) in picked
        )

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec: dict[str, Any] = {
            "id": "cache-thrown-away",
            "kind": "dockerfile_line",
            "topics": ["best.cache"],
            "text": "Which line makes every change of a source file install all packages again?",
            "dockerfile": (
                "FROM python:3.11-slim\nWORKDIR /app\n\n# what is needed\nCOPY . .\n"
                'RUN pip install \\\n    # pinned\n    -r requirements.txt\nCMD ["python", "app.py"]\n'
            ),
            "answer": "COPY . .",
            "wrong": [{"line": 7, "feedback": "It is carried out again because of a line above it."}],
        }
        several = spec | {"answer": [5, "-r requirements.txt"], "wrong": []}
        strict = several | {"scoring": "all_or_nothing"}
        broken = spec | {"dockerfile": 'FORM busybox\nCMD [1, \\\n2]\n\nCMD "<b>x</b>"\n', "answer": 3, "wrong": []}
        code = {name: given for name, given in spec.items() if name != "dockerfile"}
        code |= {"code": "docker run -d web \\\n  --name x\ndocker ps\n", "answer": 2, "wrong": []}
        return [
            Sample(name="right", spec=spec, raw=["5"], fraction=Fraction(1)),
            Sample(name="wrong, by a line that continues another", spec=spec, raw=["8"], fraction=Fraction(0)),
            Sample(name="both of two", spec=several, raw=["5", "6"], fraction=Fraction(1)),
            Sample(name="one of two", spec=several, raw=["8"], fraction=Fraction(1, 2)),
            Sample(name="two lines of one instruction", spec=several, raw=["6", "8", "5"], fraction=Fraction(1)),
            Sample(name="one right, one wrong", spec=several, raw=["5", "2"], fraction=Fraction(0)),
            Sample(name="two right, one wrong", spec=several, raw=["5", "6", "1"], fraction=Fraction(1, 2)),
            Sample(name="one of two, all or nothing", spec=strict, raw=["5"], fraction=Fraction(0)),
            Sample(name="several though one is right", spec=spec | {"several": True}, raw=["5"], fraction=Fraction(1)),
            Sample(name="a file that no engine reads", spec=broken, raw=["2"], fraction=Fraction(1)),
            Sample(name="code that is no Dockerfile", spec=code, raw=["1"], fraction=Fraction(1)),
            Sample(name="two where one is to be picked", spec=spec, raw=["5", "1"], refused="answer_type"),
            Sample(name="an empty line", spec=spec, raw=["3"], refused="option_unknown"),
            Sample(name="no line of it", spec=spec, raw=["900"], refused="option_unknown"),
            Sample(name="a number without end", spec=spec, raw=["9" * 5000], refused="option_unknown"),
            Sample(name="its text", spec=spec, raw=["COPY . ."], refused="answer_type"),
            Sample(name="no list", spec=spec, raw="5", refused="answer_type"),
        ]


def _squeezed(text: str) -> str:
    return " ".join(text.split())
