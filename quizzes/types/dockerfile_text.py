"""Dockerfile text: type a piece of a Dockerfile, which is compared by what it means."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, StringConstraints, model_validator

from graders.dockerfile.errors import DockerfileError
from graders.spec import Authored
from quizzes.types.alignment import common, share
from quizzes.types.base import Feedback, Key, LineMark, QuestionType, Sample, Scored, Text, Value, between, refuse_at
from quizzes.types.instruction_meaning import Step, stages_called, steps_of
from quizzes.types.instruction_order import in_one_order
from quizzes.types.patterns import compiled, require_pattern
from quizzes.types.text import typed_text

MAX_LENGTH = 4000
MOST_STEPS = 200
"""Of an answer, those that are looked at; the rest only counts as too much."""
MOST_OF_A_KEY = 60

Snippet = Annotated[Text, StringConstraints(max_length=MAX_LENGTH)]
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})\s*[\w-]*\s*")
_CURLY = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"') | dict.fromkeys("\u2018\u2019", "'"))
_ON_KEYBOARDS = (
    "It is taken as it was meant, though an engine would not: it has quotation marks as word processors make them. Type"
    " `\"` and `'` on your keyboard."
)
_NOTHING_THERE = {
    "empty": "There is no instruction in it.",
    "no-instructions": "There are only comments in it, and no instruction.",
}


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


class WrongSnippet(Authored):
    """What is often written and wrong: `text` is instructions, compared by meaning; `pattern` is looked for (RE2)."""

    text: Annotated[str, StringConstraints(max_length=MAX_LENGTH)] = ""
    pattern: Annotated[str, StringConstraints(max_length=500)] = ""
    feedback: Feedback

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.text) == bool(self.pattern):
            refuse_at(("text",), "say what is wrong: as `text`, or by a `pattern`", self.text)
        return self


@dataclass(frozen=True, kw_only=True)
class _Laid:
    """An answer beside one that is right: what both have, and what only one of them has."""

    fraction: Fraction
    matched: frozenset[int]
    extra: tuple[Step, ...]
    missing: tuple[Step, ...]


class DockerfileText(QuestionType):
    """Type instructions of a Dockerfile; `answer` is one snippet, or a list of snippets each of which is right.

    They are compared by meaning (instruction_meaning.py), in their order; neighbouring ENVs, LABELs, EXPOSEs and
    VOLUMEs may change places with their like. With `order: free`, so may all that do not depend on each other.
    `forms: either` takes a command's exec and shell forms for the same. `scoring`: `per_line` (the longest common
    subsequence of what the instructions say, over the larger count, for the answer that fits best), or
    `all_or_nothing`. Whatever is typed is saved; what is no Dockerfile earns nothing, and the review says why.
    """

    kind: Literal["dockerfile_text"]
    answer: Annotated[
        tuple[Snippet, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]), between(1, 20)
    ]
    forms: Literal["exact", "either"] = "exact"
    order: Literal["as_written", "free"] = "as_written"
    scoring: Literal["per_line", "all_or_nothing"] = "per_line"
    wrong: Annotated[tuple[WrongSnippet, ...], between(0, 50)] = ()

    instruction: ClassVar[str] = "Type the instructions."

    @cached_property
    def _keys(self) -> tuple[tuple[Step, ...], ...]:
        return tuple(self._ordered(self._steps(text)) for text in self.answer)

    @cached_property
    def _keys_as_written(self) -> tuple[tuple[Step, ...], ...]:
        return tuple(self._ordered(steps_of(text, either_form=self._either)) for text in self.answer)

    @cached_property
    def _stages(self) -> frozenset[str]:
        """Names of stages that are asked for, since the answer itself does not use them."""
        return frozenset(name for text in self.answer for name in stages_called(text))

    def _steps(self, text: str) -> tuple[Step, ...]:
        return steps_of(text, either_form=self._either, any_stage_name=True, stages=self._stages)

    @property
    def _either(self) -> bool:
        return self.forms == "either"

    def _ordered(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        return tuple(in_one_order(steps, any_order=self.order == "free"))

    @model_validator(mode="after")
    def _snippets_can_be_read(self) -> Self:
        for position, text in enumerate(self.answer):
            steps = self._readable(text, ("answer", position))
            if len(steps) > MOST_OF_A_KEY:
                refuse_at(("answer", position), f"it says {len(steps)} things; at most {MOST_OF_A_KEY}", text)
        for position, wrong in enumerate(self.wrong):
            if wrong.pattern:
                require_pattern(wrong.pattern, ("wrong", position, "pattern"))
                continue
            self._readable(wrong.text, ("wrong", position, "text"))
            steps = self._ordered(self._steps(wrong.text))
            if _meanings(steps) in [_meanings(key) for key in self._keys]:
                refuse_at(("wrong", position, "text"), "it counts as right", wrong.text)
        return self

    def _readable(self, text: str, place: tuple[str | int, ...]) -> tuple[Step, ...]:
        try:
            return steps_of(text, either_form=self._either)
        except DockerfileError as error:
            refuse_at(place, f"no engine could read this: {error.message}", text)

    def read(self, raw: object) -> Value | None:
        """Read what was typed, whether or not it is a Dockerfile."""
        return typed_text(raw, max_length=MAX_LENGTH)

    def score(self, value: Value) -> Scored:
        """Compare with the answer that fits best, and go through it line by line."""
        text = str(value)
        scored = self._scored(text)
        straight = text.translate(_CURLY)
        if scored.fraction == 1 or straight == text:
            return scored
        meant = self._scored(straight)
        if meant.fraction <= scored.fraction:
            return scored
        return replace(meant, feedback=meant.feedback or _ON_KEYBOARDS)

    def _scored(self, text: str) -> Scored:
        snippet = _unfenced(text)
        try:
            steps, as_written = self._steps(snippet), steps_of(snippet, either_form=self._either)
        except DockerfileError as error:
            trouble = _NOTHING_THERE.get(error.code, error.message)
            feedback = next((wrong.feedback for wrong in self.wrong if _found(wrong.pattern, text)), "")
            return Scored(fraction=Fraction(0), trouble=trouble, feedback=feedback, lines=_as_typed(text, error.line))
        # With a stage too much or missing, numbers of stages differ where names do not: the better one counts.
        ways = ((steps, self._keys), (as_written, self._keys_as_written))
        given, laid = max(
            (
                (given, self._beside(given, key, count=len(steps)))
                for some, keys in ways
                for given in (self._ordered(some[:MOST_STEPS]),)
                for key in keys
            ),
            key=lambda one: one[1].fraction,
        )
        is_right = laid.fraction == 1
        fraction = laid.fraction if self.scoring == "per_line" or is_right else Fraction(0)
        return Scored(fraction=fraction, lines=tuple(self._lines(as_written, given, laid, told=not is_right)))

    @staticmethod
    def _beside(given: Sequence[Step], key: Sequence[Step], *, count: int) -> _Laid:
        pairs = common(_meanings(given), _meanings(key))
        matched = {one for one, _ in pairs}
        found = {other for _, other in pairs}
        return _Laid(
            fraction=share(len(pairs), count, len(key)),
            matched=frozenset(id(given[position]) for position in matched),
            extra=tuple(step for position, step in enumerate(given) if position not in matched),
            missing=tuple(step for position, step in enumerate(key) if position not in found),
        )

    def _lines(self, steps: Sequence[Step], given: Sequence[Step], laid: _Laid, *, told: bool) -> Iterator[LineMark]:
        """Every instruction that was typed, then those that are missing."""
        missing = list(laid.missing)
        feedback = self._known_wrong(steps) if told else {}
        of_line: dict[int, list[Step]] = {}
        for step in sorted(given, key=lambda step: step.line):
            of_line.setdefault(step.line, []).append(step)
        for line, here in of_line.items():
            odd = [step for step in here if id(step) not in laid.matched]
            moved = bool(odd) and Counter(step.meaning for step in odd) <= Counter(step.meaning for step in missing)
            mark = LineMark(outcome="right", text=here[0].text, number=line, feedback=feedback.get(line, ""))
            if moved:
                for step in odd:
                    missing.remove(next(one for one in missing if one.meaning == step.meaning))
                yield _changed(mark, outcome="misplaced", note="It is right, but not in this place: the order matters.")
            elif odd:
                yield _changed(mark, **self._in_its_place(odd, missing))
            else:
                yield mark
        for text in dict.fromkeys(step.text for step in missing):
            yield LineMark(outcome="missed", right=text)

    @staticmethod
    def _in_its_place(odd: Sequence[Step], missing: list[Step]) -> dict[str, str]:
        """What should stand there, if anything should: a missing instruction with the same keyword."""
        meant = [step for step in missing if step.keyword == odd[0].keyword][: len(odd)]
        if not meant:
            return {"outcome": "extra"}
        for step in meant:
            missing.remove(step)
        note = ""
        if _in_either_form(odd[0]) == _in_either_form(meant[0]) is not None:
            note = "The words are right, but the form is not: with a JSON array no shell is started, without one it is."
        return {"outcome": "wrong", "right": meant[0].text, "note": note}

    def _known_wrong(self, steps: Sequence[Step]) -> dict[int, str]:
        """What the author says of mistakes that are made often, by the line they begin on."""
        told: dict[int, str] = {}
        meanings = _meanings(steps)
        for wrong in self.wrong:
            line = None
            if wrong.pattern:
                line = next((step.line for step in steps if _found(wrong.pattern, step.text)), None)
            else:
                sought = _meanings(steps_of(wrong.text, either_form=self._either))
                starts = range(len(meanings) - len(sought) + 1)
                line = next((steps[at].line for at in starts if meanings[at : at + len(sought)] == sought), None)
            if line is not None:
                told.setdefault(line, wrong.feedback)
        return told

    def key(self) -> Key:
        """Give what would have been accepted."""
        return Key(literals=self.answer)

    def public_extras(self) -> dict[str, Any]:
        """Ask for a text area."""
        return {"max_length": MAX_LENGTH, "multiline": True}

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec: dict[str, Any] = {
            "id": "serve-on-a-port",
            "kind": "dockerfile_text",
            "topics": ["dockerfile.expose"],
            "text": "Set `MODE` to `fast`, document port 8000, and start `serve`.",
            "answer": 'ENV MODE=fast\nEXPOSE 8000\nCMD ["serve"]',
            "wrong": [
                {"text": "RUN serve", "feedback": "`RUN` is for the build."},
                {"pattern": r"publish|-p\b", "feedback": "Publishing is for `docker run`."},
            ],
        }
        two = spec | {"answer": ["ENV A=1 B=2", "ENV A=1"], "wrong": []}
        free, either = spec | {"order": "free"}, spec | {"forms": "either"}
        whole = spec | {"scoring": "all_or_nothing"}
        loosely = '# a comment\nenv MODE "fast"\n\nexpose \\\n  8000/TCP\nCmd  [ "serve" ]\n'
        other_order = 'CMD ["serve"]\nEXPOSE 8000\nENV MODE=fast'
        return [
            Sample(name="right", spec=spec, raw=spec["answer"], fraction=Fraction(1)),
            Sample(name="right, spelled otherwise", spec=spec, raw=loosely, fraction=Fraction(1)),
            Sample(name="one is missing", spec=spec, raw="ENV MODE=fast\nEXPOSE 8000", fraction=Fraction(2, 3)),
            Sample(name="one too much", spec=spec, raw=f"{spec['answer']}\nRUN serve", fraction=Fraction(3, 4)),
            Sample(name="one wrong, all or nothing", spec=whole, raw="EXPOSE 8000", fraction=Fraction(0)),
            Sample(
                name="shell for exec", spec=spec, raw="ENV MODE=fast\nEXPOSE 8000\nCMD serve", fraction=Fraction(2, 3)
            ),
            Sample(name="either form", spec=either, raw="ENV MODE=fast\nEXPOSE 8000\nCMD serve", fraction=Fraction(1)),
            Sample(name="another order", spec=spec, raw=other_order, fraction=Fraction(1, 3)),
            Sample(name="another order, free", spec=free, raw=other_order, fraction=Fraction(1)),
            Sample(name="the answer that fits best", spec=two, raw="ENV B=2\nENV A=1", fraction=Fraction(1)),
            *_spelled_otherwise(spec),
            Sample(name="wrong", spec=spec, raw="RUN <b>x</b>", fraction=Fraction(0)),
            Sample(name="no Dockerfile", spec=spec, raw='ENV\nCMD ["serve', fraction=Fraction(0)),
            Sample(name="only a comment", spec=spec, raw="# <script>", fraction=Fraction(0)),
            Sample(
                name="hidden marks", spec=spec, raw="ENV MODE=fast\u202e\x00\r\nEXPOSE 8000", fraction=Fraction(2, 3)
            ),
            Sample(name="a thousand instructions", spec=spec, raw="RUN x\n" * 600, fraction=Fraction(0)),
            Sample(name="too long", spec=spec, raw="RUN " + "x" * MAX_LENGTH, refused="answer_too_long"),
            Sample(name="a list", spec=spec, raw=["EXPOSE 8000"], refused="answer_type"),
        ]


def _unfenced(text: str) -> str:
    """The text without the fence of a code block around it; lines keep their numbers."""
    lines = text.split("\n")
    if not _FENCE.fullmatch(lines[0]):
        return text
    lines[0] = ""
    if _FENCE.fullmatch(lines[-1]):
        lines[-1] = ""
    return "\n".join(lines)


def _meanings(steps: Sequence[Step]) -> tuple[Any, ...]:
    return tuple(step.meaning for step in steps)


def _found(pattern: str, text: str) -> bool:
    return bool(pattern) and compiled(pattern).search(text) is not None


def _changed(mark: LineMark, **fields: str) -> LineMark:
    return LineMark(**{**mark.__dict__, **fields})


def _in_either_form(step: Step) -> tuple[Any, ...] | None:
    try:
        return _meanings(steps_of(step.text, either_form=True))
    except DockerfileError:
        return None


def _as_typed(text: str, odd: int | None) -> tuple[LineMark, ...]:
    """The lines of a text that cannot be read, the one that is to blame marked; none where no line is."""
    if odd is None:
        return ()
    return tuple(
        LineMark(outcome="wrong" if number == odd else "", text=line, number=number)
        for number, line in enumerate(text.split("\n"), 1)
    )


def _spelled_otherwise(spec: dict[str, Any]) -> list[Sample]:
    """What says the same, though pasted or named otherwise, and what looks like it."""
    answer: str = spec["answer"]
    stages = spec | {
        "answer": "FROM golang AS build\nRUN go build\nFROM build AS test\nRUN go vet\nFROM busybox\n"
        "COPY --from=build /a /a\nRUN --mount=type=bind,from=test,target=/t ls",
        "wrong": [],
    }
    written: str = stages["answer"]
    named = spec | {"answer": "FROM golang AS build\nRUN go build", "wrong": []}
    folder = spec | {"answer": "COPY . /app", "wrong": []}
    right = {
        "in a fence": (spec, f"```dockerfile\n{answer}\n```"),
        "in a fence that is not closed": (spec, f"~~~\n{answer}\n"),
        "line ends of Windows": (spec, answer.replace("\n", "\r\n")),
        "a parser directive": (spec, f"# syntax=docker/dockerfile:1\n{answer}"),
        "quotation marks of a word processor": (spec, answer.replace('"', "\u201d")),
        "no-break spaces": (spec, answer.replace(" ", "\u00a0")),
        "stages with other names": (stages, written.replace("build\nRUN", "b\nRUN").replace("FROM build", "FROM b")
            .replace("from=build", "from=b").replace("test", "BUILD")),
        "stages changing names": (stages, written.replace("test", "x").replace("build", "test").replace("x", "build")
            .replace("go test", "go build").replace("busybobuild", "busybox")),
        "a stage by its number": (stages, written.replace("from=build", "from=0")),
        "the last stage named": (stages, written.replace("busybox", "busybox AS final")),
        "a folder copied into a folder": (folder, "COPY ./ /app/"),
    }  # fmt: skip
    wrong = {
        "another stage": (stages, written.replace("from=build", "from=test"), Fraction(6, 7)),
        "another stage by its number": (stages, written.replace("from=build", "from=1"), Fraction(6, 7)),
        "a stage that is not there": (stages, written.replace("from=build", "from=built"), Fraction(6, 7)),
        "a stage after this one": (stages, written.replace("from=build", "from=2"), Fraction(6, 7)),
        "a name that is asked for": (named, "FROM golang AS builder\nRUN go build", Fraction(1, 2)),
        "no name where one is asked for": (named, "FROM golang\nRUN go build", Fraction(1, 2)),
        "a fence in the middle": (spec, answer.replace("\nEXPOSE", "\n```\nEXPOSE"), Fraction(3, 4)),
        "something else that is copied": (folder, "COPY app /app/", Fraction(0)),
    }
    return [
        *(Sample(name=name, spec=one, raw=raw, fraction=Fraction(1)) for name, (one, raw) in right.items()),
        *(Sample(name=name, spec=one, raw=raw, fraction=share) for name, (one, raw, share) in wrong.items()),
    ]
