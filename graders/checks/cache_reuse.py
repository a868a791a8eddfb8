"""The check `cache_reuse`: after a change, the build does again what it must, and reuses the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from graders.blame import line_of_step
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.checks.steps import StepName, is_meant, keyword_of, shown
from graders.dockerfile.model import Instruction
from graders.observations import Observations, Wants
from graders.sandbox.base import BuildStep, StepState
from graders.spec import Identifier, ImagePath, Text
from graders.visible import listed, quoted, visible

_CARRIED_OUT = ("RUN", "COPY", "ADD", "WORKDIR")
_HINT = (
    "A builder reuses a step while the step and everything it takes in are as before. From the first one that is not, "
    "it carries out every step below it again."
)


def _build_step(name: str) -> str:
    if keyword_of(name) not in _CARRIED_OUT:
        raise ValueError(f"names no step that a builder carries out; those are {listed(list(_CARRIED_OUT))}")
    return name


BuildStepName = Annotated[StepName, AfterValidator(_build_step)]

_CHANGED = {
    "values": {"edit": "nonce"},
    "builds": {"default": {}, "again": {"rebuild_of": "default", "change": {"app.py": "print('{edit}')\n"}}},
}
_FILES = {"requirements.txt": "click==8\n", "app.py": "print('hello')\n"}
_INSTALL = "RUN cat requirements.txt > installed"
_GOOD = f"FROM busybox:1.35\nWORKDIR /app\nCOPY requirements.txt .\n{_INSTALL}\nCOPY . .\n"
_BAD = f"FROM busybox:1.35\nWORKDIR /app\nCOPY . .\n{_INSTALL}\n"


@dataclass(frozen=True)
class _Step:
    """A step of the second build, with the instruction that it carries out, where that is certain."""

    index: int
    stage: str
    name: str
    instruction: Instruction | None
    reused: bool

    def told(self) -> str:
        where = f" on line {self.instruction.line}" if self.instruction is not None else ""
        return f"{quoted(self.name)}{where}"


@register("cache_reuse")
class CacheReuse(Check):
    """After a file was changed, a second build reuses the steps that the change has nothing to do with.

    `build` is a build with `rebuild_of` and `change`, `append` or `args`. Steps are named by their instruction and
    words of it, such as `RUN pip install`; one that is not there fails the check. So that nothing can be gained by
    leaving the changed file out, the check needs `rebuilt` or `proof`: let a drawn value be in the change, and look
    for it. What is only named like an expensive step is found out by `rest: cached`.
    """

    build: Identifier
    """The second build."""
    cached: tuple[BuildStepName, ...] = ()
    """Steps that must be reused; where several lines fit, each of them."""
    rebuilt: tuple[BuildStepName, ...] = ()
    """Steps that must be carried out again; where several lines fit, one of them."""
    rest: Literal["any", "cached"] = "any"
    """`cached`: every step must be reused that is not under `rebuilt`, whatever it is called."""
    at_least: float | None = Field(default=None, gt=0, le=1)
    """Which part of the steps must be reused, from 0 to 1; FROM does not count."""
    proof: dict[ImagePath, Text] = Field(default_factory=dict)
    """Paths in the second image, and a text of the change that each must hold."""

    why: ClassVar[str] = (
        "You build dozens of times a day: a build that starts from nothing after each edit costs minutes, each time."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="What is installed does not hang on the sources.",
                check={
                    "build": "again",
                    "cached": ["RUN requirements.txt"],
                    "rebuilt": ["COPY ."],
                    "rest": "cached",
                    "at_least": 0.7,
                    "proof": {"/app/app.py": "{edit}"},
                },
                plan=_CHANGED,
                dockerfile=_GOOD,
                files=_FILES,
            ),
            Sample(
                about="In another stage; what a changed file makes is made again.",
                check={"build": "again", "cached": ["RUN installed"], "rebuilt": ["RUN made"]},
                plan=_CHANGED,
                dockerfile=(
                    f"FROM busybox:1.35 AS deps\nCOPY requirements.txt .\n{_INSTALL}\n"
                    "FROM busybox:1.35 AS maker\nCOPY app.py .\nRUN cat app.py > made\n"
                    "FROM busybox:1.35\nCOPY --from=deps installed /\nCOPY --from=maker made /\n"
                ),
                files=_FILES,
            ),
            Sample(
                about="A build argument that comes late spoils nothing.",
                check={"build": "again", "cached": ["RUN true"], "rebuilt": ["RUN echo"]},
                plan={"builds": {"default": {}, "again": {"rebuild_of": "default", "args": {"V": "2"}}}},
                dockerfile="FROM busybox:1.35\nRUN true\nARG V=1\nRUN echo $V > /v\n",
            ),
            Sample(
                about="A text is put to the end of a file.",
                check={"build": "again", "rebuilt": ["COPY app.py"], "proof": {"/app.py": "print('hello')\n# more"}},
                plan={
                    "builds": {"default": {}, "again": {"rebuild_of": "default", "append": {"app.py": "# more\n"}}},
                },
                dockerfile="FROM busybox:1.35\nCOPY app.py /\n",
                files=_FILES,
            ),
        ),
        wrong=(
            Sample(
                about="Everything is copied before anything is installed.",
                check={"build": "again", "cached": ["RUN requirements.txt"], "proof": {"/app/app.py": "{edit}"}},
                plan=_CHANGED,
                dockerfile=_BAD,
                files=_FILES,
                says='was carried out again, since "COPY . ." on line 3 was',
                line=3,
            ),
            Sample(
                about="By way of another stage.",
                check={"build": "again", "cached": ["RUN wc"], "rebuilt": ["COPY ."]},
                plan=_CHANGED,
                dockerfile=(
                    "FROM busybox:1.35 AS deps\nCOPY . /in\nRUN cat /in/* > /all\n"
                    "FROM busybox:1.35\nCOPY --from=deps /all /\nRUN wc /all > /count\n"
                ),
                files=_FILES,
                says='since "COPY . /in" on line 2 was',
                line=2,
            ),
            Sample(
                about="The step is left for the start of the container.",
                check={"build": "again", "cached": ["RUN requirements.txt"], "rebuilt": ["COPY ."]},
                plan=_CHANGED,
                dockerfile="FROM busybox:1.35\nCOPY . /app/\nCMD cat /app/requirements.txt > /app/installed\n",
                files=_FILES,
                says='no step such as "RUN requirements.txt"',
            ),
            Sample(
                about="The changed file is not copied at all.",
                check={"build": "again", "cached": ["RUN requirements.txt"], "proof": {"/app/app.py": "{edit}"}},
                plan=_CHANGED,
                dockerfile=f"FROM busybox:1.35\nWORKDIR /app\nCOPY requirements.txt .\n{_INSTALL}\n",
                files=_FILES,
                says="has no /app/app.py",
            ),
            Sample(
                about="An old copy of it lies there.",
                check={"build": "again", "cached": ["RUN requirements.txt"], "proof": {"/app/app.py": "{edit}"}},
                plan=_CHANGED,
                dockerfile=_GOOD,
                files={**_FILES, ".dockerignore": "app.py\n!old/app.py\n", "old/app.py": "print()\n"},
                says="has no /app/app.py",
            ),
            Sample(
                about="The change does not arrive where it should.",
                check={"build": "again", "rebuilt": ["COPY ."]},
                plan=_CHANGED,
                dockerfile=_GOOD,
                files={**_FILES, ".dockerignore": "app.py\n"},
                says='was reused, though app.py had changed: nothing of it reaches "COPY . ." on line 5',
                line=5,
            ),
            Sample(
                about="Another name does not hide the step.",
                check={"build": "again", "cached": ["RUN echo"], "rebuilt": ["COPY ."], "rest": "cached"},
                plan=_CHANGED,
                dockerfile=f"FROM busybox:1.35\nRUN echo cat requirements.txt\nCOPY . .\n{_INSTALL}\n",
                files=_FILES,
                says="was carried out again",
                line=3,
            ),
            Sample(
                about="Too little is reused.",
                check={"build": "again", "at_least": 0.5, "rebuilt": ["COPY ."]},
                plan=_CHANGED,
                dockerfile=_BAD,
                files=_FILES,
                says="1 of 3 steps was reused",
                line=3,
            ),
        ),
        malformed=(
            Sample(
                about="Nothing shows that the change arrived.",
                check={"build": "again", "cached": ["RUN x"]},
                plan=_CHANGED,
                says="`rebuilt` or `proof`",
            ),
            Sample(
                about="The build is made once.",
                check={"build": "default", "rebuilt": ["COPY ."]},
                says="made once; name one with `rebuild_of: default`",
            ),
            Sample(
                about="CMD is no step of a build.",
                check={"build": "again", "rebuilt": ["CMD x"]},
                plan=_CHANGED,
                says="no step that a builder carries out",
            ),
            Sample(
                about="Nothing differs.",
                check={"build": "again", "rebuilt": ["COPY ."]},
                plan={"builds": {"default": {}, "again": {"rebuild_of": "default"}}},
                says="something that differs",
            ),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "CacheReuse":
        if not self.rebuilt and not self.proof:
            raise ValueError("needs `rebuilt` or `proof`, or a build that leaves the changed file out would pass")
        both = set(self.cached) & set(self.rebuilt)
        if both:
            raise ValueError(f"names `{min(both)}` under `cached` and `rebuilt`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return "After a change the build reuses what it can"

    def wants(self) -> Wants:
        """Both builds, and the files that prove the change."""
        return Wants(
            images=frozenset({self.build}),
            rebuilds=frozenset({self.build}),
            paths=frozenset((self.build, path) for path in self.proof),
        )

    def judge(self, seen: Observations) -> Verdict:
        """Look at each step of the second build."""
        steps = list(_steps(seen, self.build))
        changed = _changed(seen, self.build)
        return (
            self._judge_proof(seen)
            or self._judge_cached(steps, changed)
            or self._judge_rebuilt(steps, changed)
            or self._judge_rest(steps, changed)
            or passed(f"After a change of {changed}, {_count(steps)}.", seen=_table(steps))
        )

    def _judge_proof(self, seen: Observations) -> Verdict | None:
        for path, text in self.proof.items():
            found = seen.files.get((self.build, path))
            if found is None:
                return failed(f"The image that was built again has no {path}, where the changed file should be.")
            if text.encode() not in found.content:
                return failed(
                    f"{path} in the image that was built again does not hold what was changed.", expected=text
                )
        return None

    def _judge_cached(self, steps: list[_Step], changed: str) -> Verdict | None:
        for name in self.cached:
            meant = _meant(name, steps)
            if not meant:
                return self._missing(name, steps)
            again = next((step for step in meant if not step.reused), None)
            if again is not None:
                return self._carried_out(again, steps, changed)
        return None

    def _judge_rebuilt(self, steps: list[_Step], changed: str) -> Verdict | None:
        for name in self.rebuilt:
            meant = _meant(name, steps)
            if not meant:
                return self._missing(name, steps)
            if all(step.reused for step in meant):
                step = meant[-1]
                return failed(
                    f"The step was reused, though {changed} had changed: nothing of it reaches {step.told()}.",
                    seen=_table(steps),
                    line=step.instruction.line if step.instruction is not None else None,
                )
        return None

    def _judge_rest(self, steps: list[_Step], changed: str) -> Verdict | None:
        if self.rest == "cached":
            expected = [step for name in self.rebuilt for step in _meant(name, steps)]
            for step in steps:
                if not step.reused and step not in expected:
                    return self._carried_out(step, steps, changed)
        reused = [step for step in steps if step.reused]
        if self.at_least is not None and len(reused) < self.at_least * len(steps):
            first = next(step for step in steps if not step.reused)
            return failed(
                f"After a change of {changed}, {_count(steps)}; at least {self.at_least:.0%} are asked for. "
                f"The first that was carried out again is {first.told()}.",
                hint=_HINT,
                seen=_table(steps),
                line=first.instruction.line if first.instruction is not None else None,
            )
        return None

    def _missing(self, name: str, steps: list[_Step]) -> Verdict:
        return failed(
            f"The build has no step such as {quoted(name)}.",
            hint="What a container does when it starts is no step of the build.",
            expected=name,
            seen=_table(steps),
        )

    def _carried_out(self, again: _Step, steps: list[_Step], changed: str) -> Verdict:
        first = _first_cause(again, steps)
        why = f", since {first.told()} was" if first is not again else ""
        return failed(
            f"After a change of {changed}, {again.told()} was carried out again{why}.",
            hint=_HINT,
            expected=f"{again.name}: reused",
            seen=_table(steps),
            line=first.instruction.line if first.instruction is not None else None,
        )


def _steps(seen: Observations, build: str) -> Iterator[_Step]:
    dockerfile = seen.dockerfile(build)
    by_line = {each.line: each for each in dockerfile.instructions}
    for step in seen.builds[build].steps:
        written = step.name.partition("] ")[2] or step.name
        if written.partition(" ")[0].upper() == "FROM":
            continue
        line = line_of_step(dockerfile, step.name)
        instruction = by_line.get(line) if line is not None else None
        name = shown(instruction) if instruction is not None else visible(written)
        yield _Step(step.index, _stage_of(step), name, instruction, step.state is StepState.CACHED)


def _stage_of(step: BuildStep) -> str:
    """The stage's name in the step's, such as `maker` in `[maker 2/3] RUN make`; empty where there is one stage."""
    words = step.name.removeprefix("[").partition("]")[0].split()
    return words[0] if len(words) > 1 else ""


def _meant(name: str, steps: list[_Step]) -> list[_Step]:
    return [step for step in steps if step.instruction is not None and is_meant(name, step.instruction)]


def _first_cause(again: _Step, steps: list[_Step]) -> _Step:
    """The first step carried out again that this one stands on, in its stage or one that it copies from."""
    before = [step for step in steps if not step.reused and step.index <= again.index]
    first = next(step for step in before if step.stage == again.stage)
    copies = first.instruction is not None and first.instruction.flag("from") is not None
    return next((step for step in before if step.stage != again.stage), first) if copies else first


def _changed(seen: Observations, build: str) -> str:
    spec = seen.build_specs[build]
    return listed([visible(each) for each in (*spec.change, *spec.append)]) or "the build arguments"


def _count(steps: list[_Step]) -> str:
    reused = sum(step.reused for step in steps)
    return f"{reused} of {len(steps)} steps {'was' if reused == 1 else 'were'} reused"


def _table(steps: list[_Step]) -> str:
    return "\n".join(f"{'reused' if step.reused else 'again ':<7} {step.name}" for step in steps)
