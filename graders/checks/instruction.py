"""The check `instruction`: what stands in the Dockerfile, read by the parser and not by looking for text."""

import json
from typing import ClassVar, Literal

import regex
from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.blame import lineage
from graders.checks.base import Check, Keyword, Sample, Samples, Verdict, failed, passed
from graders.checks.patterns import PatternText, search
from graders.checks.registry import register
from graders.checks.stages import source_stage
from graders.checks.steps import all_of
from graders.dockerfile.model import Dockerfile, Instruction
from graders.observations import Observations, Wants
from graders.spec import Identifier, Text, Texts
from graders.values import Quoting
from graders.visible import listed, quoted, visible

_LAST_COUNTS = frozenset({"CMD", "ENTRYPOINT", "USER", "WORKDIR", "STOPSIGNAL", "HEALTHCHECK", "SHELL"})
_HAS_FORMS = frozenset({"CMD", "ENTRYPOINT", "RUN"})
_WHY_EXEC = (
    "In the shell form a shell stands before the program, and the signal that should end it in order may be lost."
)


@register("instruction")
class InstructionCheck(Check):
    """The Dockerfile has, or has not, an instruction.

    Of `instruction` those in `stage` count: `image` is every stage the image stands on, `any` the whole file, else a
    stage's name. Where only the last one takes effect (CMD and its like), that one must be as asked; else any one.
    """

    instruction: Keyword = Field(min_length=1)
    """Its keyword."""
    absent: bool = False
    """Whether there must be none; with `arguments`, `contains`, `matches` or `form`, none such."""
    at_least: int | None = Field(default=None, ge=1, le=100)
    """How many there must be."""
    at_most: int | None = Field(default=None, ge=1, le=100)
    """How many there may be."""
    form: Literal["shell", "exec"] | None = None
    """Whether it is a list (`["program", "argument"]`) or a line for the shell; of CMD, ENTRYPOINT and RUN."""
    arguments: Text | None = None
    """What stands after the keyword and its flags, spaces aside."""
    contains: Texts = ()
    """Texts that the arguments hold."""
    matches: PatternText | None = None
    """A regular expression found in the arguments."""
    flags: dict[Text, Text | None] = Field(default_factory=dict)
    """Flags that it has, without their dashes, and their values (empty for whatever value): `{from: builder}`."""
    every: bool = False
    """Whether all of them must be as asked."""
    stage: Text = "image"
    """`image`: the stages that the image stands on; `any`: the whole file; else a stage's name."""
    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "Whoever reads, builds or runs your image goes by its Dockerfile: what stands there decides what the image is."
    )
    quoting: ClassVar[Quoting] = {"matches": regex.escape}
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(about="It is there.", check={"instruction": "CMD"}),
            Sample(about="It is not there.", check={"instruction": "USER", "absent": True}),
            Sample(
                about="The form of the last one counts.",
                check={"instruction": "CMD", "form": "exec"},
                dockerfile='FROM busybox:1.35\nCMD echo one\nCMD ["echo", "two"]\n',
            ),
            Sample(
                about="Arguments are compared word for word, in any spelling of the keyword.",
                check={"instruction": "COPY", "arguments": "a.txt /app/"},
                dockerfile="FROM busybox:1.35\ncopy  a.txt \\\n  /app/\n",
                files={"a.txt": "a"},
            ),
            Sample(
                about="In a list, spaces around the words do not count.",
                check={"instruction": "CMD", "arguments": '["echo", "a b"]'},
                dockerfile='FROM busybox:1.35\nCMD [ "echo","a b" ]\n',
            ),
            Sample(
                about="A stage by its name.",
                check={"instruction": "RUN", "stage": "maker", "at_most": 1},
                dockerfile="FROM busybox:1.35 AS maker\nRUN true\nFROM busybox:1.35\nRUN true\nRUN true\n",
            ),
            Sample(
                about="An expression in the arguments.",
                check={"instruction": "EXPOSE", "matches": "^80(80)?$"},
                dockerfile="FROM busybox:1.35\nEXPOSE 8080\n",
            ),
            Sample(
                about="A flag; a stage's number is as good as its name.",
                check={"instruction": "COPY", "flags": {"from": "maker", "chown": ""}},
                dockerfile="FROM busybox:1.35 AS maker\nFROM busybox:1.35\nCOPY --from=0 --chown=1:1 /bin/sh /x\n",
            ),
        ),
        wrong=(
            Sample(
                about="It copies from the context, not from the stage.",
                check={"instruction": "COPY", "flags": {"from": "maker"}},
                dockerfile="FROM busybox:1.35 AS maker\nFROM busybox:1.35\nCOPY a.txt /\n",
                files={"a.txt": "a"},
                says="has no flag --from",
                line=3,
            ),
            Sample(about="It is missing.", check={"instruction": "EXPOSE"}, says="has no EXPOSE"),
            Sample(
                about="It is there, but must not be.",
                check={"instruction": "CMD", "absent": True},
                says="has a CMD",
                line=2,
            ),
            Sample(
                about="It stands in a comment and in a text only.",
                check={"instruction": "EXPOSE"},
                dockerfile="FROM busybox:1.35\n# EXPOSE 80\nRUN echo \\\n  EXPOSE 80\n",
                says="has no EXPOSE",
            ),
            Sample(
                about="The shell form where the exec form is asked for.",
                check={"instruction": "CMD", "form": "exec"},
                dockerfile="FROM busybox:1.35\nCMD echo hello\n",
                says="shell form",
                line=2,
            ),
            Sample(
                about="Other arguments.",
                check={"instruction": "WORKDIR", "arguments": "/app"},
                dockerfile="FROM busybox:1.35\nWORKDIR /srv\n",
                says='"/app"',
                line=2,
            ),
            Sample(
                about="Too many.",
                check={"instruction": "RUN", "at_most": 1},
                dockerfile="FROM busybox:1.35\nRUN true\nRUN true\n",
                says="2 RUN",
                line=3,
            ),
            Sample(
                about="It stands in a stage that the image does not stand on.",
                check={"instruction": "USER"},
                dockerfile="FROM busybox:1.35 AS other\nUSER 1000\nFROM busybox:1.35\n",
                says="has no USER",
            ),
            Sample(
                about="The stage is missing.", check={"instruction": "RUN", "stage": "maker"}, says="no stage named"
            ),
        ),
        malformed=(
            Sample(about="No such instruction.", check={"instruction": "EXPOSED"}, says="`instruction`"),
            Sample(
                about="Absent, and yet with arguments.",
                check={"instruction": "RUN", "absent": True, "at_least": 1},
                says="absent",
            ),
            Sample(
                about="COPY has no forms to choose from.", check={"instruction": "COPY", "form": "exec"}, says="form"
            ),
            Sample(
                about="A broken expression.", check={"instruction": "RUN", "matches": "("}, says="regular expression"
            ),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "InstructionCheck":
        if self.absent and (self.at_least or self.at_most or self.every):
            raise ValueError("is `absent`, so it cannot say how many there must be")
        if self.form and self.instruction not in _HAS_FORMS:
            raise ValueError(f"asks for a form, which only {listed(sorted(_HAS_FORMS))} have")
        if self.at_least and self.at_most and self.at_least > self.at_most:
            raise ValueError("has an `at_least` that is more than its `at_most`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        if self.absent:
            return f"The Dockerfile has no {self.instruction}"
        return (
            f"{self.instruction} is written as asked"
            if self._asks_for_more()
            else f"The Dockerfile has {_a(self.instruction)}"
        )

    def wants(self) -> Wants:
        """The Dockerfile; nothing needs to be built."""
        return Wants(sources=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Look at the instructions that count."""
        found = self._counted(seen)
        if found is None:
            return failed(
                f"There is no stage named {quoted(self.stage)}.", hint="A stage gets its name by FROM … AS name."
            )
        if self.absent:
            fitting = [each for each in found if not self._objection(each, seen)]
            if not fitting:
                return passed(f"There is no such {self.instruction}.")
            last = fitting[-1]
            return failed(
                f"The Dockerfile has {_a(self.instruction)}, which must not be there.",
                line=last.line,
                seen=_shown(last),
            )
        if not found:
            return failed(f"The Dockerfile has no {self.instruction}{self._where()}.", expected=self._expected())
        return self._judge_count(found) or self._judge_content(found, seen)

    def _counted(self, seen: Observations) -> list[Instruction] | None:
        dockerfile = seen.dockerfile(self.build)
        if self.stage == "any":
            return [each for each in dockerfile.instructions if each.keyword == self.instruction]
        if self.stage == "image":
            stages = lineage(dockerfile, seen.target(self.build))
        else:
            named = dockerfile.stage_named(self.stage)
            if named is None:
                return None
            stages = (named,)
        all_of_them = [each for stage in stages for each in (stage.opening, *stage.instructions)]
        return [each for each in all_of_them if each.keyword == self.instruction]

    def _judge_count(self, found: list[Instruction]) -> Verdict | None:
        count = len(found)
        if self.at_least and count < self.at_least:
            return failed(
                f"There are {count} {self.instruction} lines; at least {self.at_least} are asked for.",
                line=found[-1].line,
            )
        if self.at_most and count > self.at_most:
            return failed(
                f"There are {count} {self.instruction} lines; at most {self.at_most} may be there.", line=found[-1].line
            )
        return None

    def _judge_content(self, found: list[Instruction], seen: Observations) -> Verdict:
        counted = found[-1:] if self.instruction in _LAST_COUNTS and not self.every else found
        objections = [(each, objection) for each in counted if (objection := self._objection(each, seen))]
        if objections and (self.every or len(objections) == len(counted)):
            instruction, objection = objections[-1]
            return failed(
                f"{self.instruction} on line {instruction.line} {objection}.",
                expected=self._expected(),
                seen=_shown(instruction),
                line=instruction.line,
                hint=self._advice(instruction),
                why=_WHY_EXEC if self.form == "exec" and not instruction.is_exec else "",
            )
        fitting = next(each for each in reversed(counted) if not self._objection(each, seen))
        return passed(f"It is there, on line {fitting.line}.", seen=_shown(fitting))

    def _objection(self, instruction: Instruction, seen: Observations) -> str:
        """What about this instruction is not as asked, empty when all is."""
        arguments = " ".join(instruction.arguments.split())
        if self.form == "exec" and not instruction.is_exec:
            return "is in the shell form, not in the exec form"
        if self.form == "shell" and instruction.is_exec:
            return "is in the exec form, not in the shell form"
        if self.arguments is not None and not _says_the_same(instruction, self.arguments):
            return f"says {quoted(arguments)}, not {quoted(self.arguments)}"
        missing = [text for text in self.contains if text not in all_of(instruction)]
        if missing:
            return f"says {quoted(arguments)}, without {listed([quoted(text) for text in missing])}"
        if self.matches is not None and not search(self.matches, all_of(instruction)):
            return f"says {quoted(arguments)}, which does not fit the pattern {quoted(self.matches)}"
        for name, value in self.flags.items():
            given = instruction.flag(name)
            if given is None:
                return f"has no flag --{name}"
            if value and given != value and not _same_stage(name, given, value, seen.dockerfile(self.build)):
                return f"says --{name}={visible(given)}, not --{name}={value}"
        return ""

    def _advice(self, instruction: Instruction) -> str:
        if self.form == "exec" and not instruction.is_exec:
            if instruction.arguments.lstrip().startswith("["):
                return "It begins like the exec form but is no valid list: use double quotes and commas."
            return (
                f'The exec form is a list: {self.instruction} ["program", "argument"]. The shell form puts a '
                "shell in front, which then gets the signals that are meant for your program."
            )
        if self.form == "shell" and instruction.is_exec:
            return f"The shell form is the bare command line: {self.instruction} program argument."
        return ""

    def _asks_for_more(self) -> bool:
        return bool(
            self.form
            or self.arguments is not None
            or self.contains
            or self.matches
            or self.flags
            or self.at_least
            or self.at_most
        )

    def _where(self) -> str:
        return f" in the stage {quoted(self.stage)}" if self.stage not in {"image", "any"} else ""

    def _expected(self) -> str:
        if self.arguments is not None:
            return f"{self.instruction} {self.arguments}"
        if self.form == "exec":
            return f'{self.instruction} ["…"]'
        return f"{self.instruction} …{' '.join(self.contains)}" if self.contains else f"{self.instruction} …"


def _says_the_same(instruction: Instruction, wanted: str) -> bool:
    """Whether the arguments are those, spaces aside; of a list, those between its words."""
    if " ".join(instruction.arguments.split()) == " ".join(wanted.split()):
        return True
    front, bracket, rest = wanted.partition("[")  # in front: the CMD of HEALTHCHECK
    try:
        listed_words = json.loads(bracket + rest)
    except (ValueError, RecursionError):
        return False
    return instruction.is_exec and [*front.split(), *listed_words] == list(instruction.words)


def _same_stage(flag: str, given: str, wanted: str, dockerfile: Dockerfile) -> bool:
    """Whether --from names, by number, the stage that is wanted by name."""
    stage = source_stage(dockerfile, given) if flag == "from" else None
    return stage is not None and stage == source_stage(dockerfile, wanted)


def _a(keyword: str) -> str:
    return f"{'an' if keyword[0] in 'AEO' else 'a'} {keyword}"


def _shown(instruction: Instruction) -> str:
    return visible(instruction.source).strip()
