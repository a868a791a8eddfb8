"""The plan of a lab: what may be handed in, what is done with it in the sandbox, and what is checked.

Authors write it as `lab.yaml` (docs/lab-format.md). `load_plan` reads it with the bases that the `course.yaml` above
names; `LabPlan.model_dump(mode="json")` is what a lab version keeps, and `LabPlan.model_validate` reads that again.
"""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from graders.actions import DEFAULT, Build, Limits, Request, Run
from graders.attached import Attached, BadFolder, ReadFolder, attach, reader
from graders.attached import nothing as no_folders
from graders.authored import Document, InvalidFile, Problem, did_you_mean, read_yaml
from graders.checks.base import Check
from graders.checks.registry import AnyCheck
from graders.console_plan import COMMANDS_FILE, ConsolePlan
from graders.decoys import decoys_of
from graders.dockerfile.mounts import MountKind
from graders.dockerfile.policy import Policy
from graders.observations import Wants
from graders.plan_rules import contradictions
from graders.rebuilding import completed, with_first
from graders.sandbox.base import PackageKind
from graders.spec import Identifier, InsidePath, Points, Spec, Text, Texts, errors_at, one_or_many, problems_of
from graders.values import DrawnValue, Values, filled

LAB_FILE = "lab.yaml"
COURSE_FILE = "course.yaml"


class InvalidPlan(InvalidFile):
    """A lab.yaml does not make a plan; `problems` is what its author has to mend, each with file, line and column."""


class Base(Spec):
    """A base image that a lab allows: its name in the course, and the reference that FROM names it by."""

    name: Identifier
    image: Text


class SubmissionRules(Spec):
    """What a learner hands in."""

    required: tuple[InsidePath, ...] = ("Dockerfile",)
    editable: Texts = ("Dockerfile", ".dockerignore")
    """Patterns of the files that are the learner's; the others are the lab's own."""
    max_mib: Annotated[float, Field(gt=0, le=50)] = 5

    def is_editable(self, path: str) -> bool:
        """Whether the file is the learner's to write; `*` in a pattern reaches into folders."""
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.editable)


class Allowed(Spec):
    """What the policy lets pass in this lab, beyond what it always does; see graders/dockerfile/policy.py."""

    add_url: bool = False
    onbuild: bool = False
    mounts: tuple[MountKind, ...] = ()
    packages: tuple[PackageKind, ...] = ()
    """Tools that RUN may use to fetch packages; without any, a build has no network at all."""


class LabPlan(Spec):
    """A lab, ready to grade with."""

    schema_: Literal["drydock.lab/1"] = Field(default="drydock.lab/1", alias="schema")
    title: Text = Field(min_length=1, max_length=200)
    summary: Text = Field(default="", max_length=500)
    topics: tuple[Text, ...] = ()
    minutes: int = Field(default=20, ge=1, le=600)
    points: Points
    bases: tuple[Base, ...] = ()
    submission: SubmissionRules = SubmissionRules()
    allow: Allowed = Allowed()
    limits: Limits = Limits()
    values: dict[str, DrawnValue] = Field(default_factory=dict)
    builds: dict[Identifier, Build] = Field(default_factory=lambda: {DEFAULT: Build()})
    runs: dict[Identifier, Run] = Field(default_factory=dict)
    requests: dict[Identifier, Request] = Field(default_factory=dict)
    console: ConsolePlan | None = None
    """Learners type docker commands: what is done before they begin, and what they may have."""
    attached: Attached = Field(default_factory=dict)
    """Folders of the lab that grading needs; read beside lab.yaml, never written in it."""
    checks: tuple[AnyCheck, ...] = Field(max_length=100)

    @model_validator(mode="before")
    @classmethod
    def _default_run(cls, value: Any) -> Any:
        """The run named `default` is there without being declared; so is the build, where there is no console."""
        if not isinstance(value, dict):
            return value
        filled = dict(value)
        if filled.get("console") is not None:
            return _of_console(filled)
        for field in ("builds", "runs"):
            if filled.get(field) is None:
                filled[field] = {}
            if isinstance(filled[field], dict):
                filled[field] = {name: {} if one is None else one for name, one in filled[field].items()}
                filled[field].setdefault(DEFAULT, {})
        return filled

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        found = list(contradictions(self))
        if found:
            raise errors_at(found)
        return self

    @property
    def max_points(self) -> Decimal:
        """What a perfect submission gets."""
        return sum((check.points for check in self.checks), Decimal(0))

    def filled(self, values: Values) -> "FilledPlan":
        """What is to be done and checked, with the drawn values put in."""
        return FilledPlan(
            builds=completed({name: filled(build, values) for name, build in self.builds.items()}),
            runs={name: filled(run, values) for name, run in self.runs.items()},
            requests={
                name: filled(request, values, quoting=Request.quoting) for name, request in self.requests.items()
            },
            checks=tuple(check.filled(values) for check in self.checks),
            decoys=decoys_of(self.builds, values),
            console=None if self.console is None else filled(self.console, values),
        )

    def unfilled(self) -> "FilledPlan":
        """The same before any value is put in: enough to see what leads where."""
        return FilledPlan(builds=self.builds, runs=self.runs, requests=self.requests, checks=self.checks, decoys={})

    def require_console(self) -> ConsolePlan:
        """The console of a lab that has one. Raises ValueError for another."""
        if self.console is None:
            raise ValueError(f"The lab {self.title!r} has no console.")
        return self.console

    def policy(self) -> Policy:
        """What the Dockerfile may do."""
        return Policy(
            allowed_bases=frozenset(base.image for base in self.bases),
            allow_add_url=self.allow.add_url,
            allow_onbuild=self.allow.onbuild,
            allow_mounts=frozenset(self.allow.mounts),
        )


@dataclass(frozen=True, kw_only=True)
class FilledPlan:
    """The parts of a plan that drawn values go into, for one grading."""

    builds: Mapping[str, Build]
    runs: Mapping[str, Run]
    requests: Mapping[str, Request]
    checks: tuple[Check, ...]
    decoys: Mapping[str, Mapping[str, tuple[str, ...]]]
    """The decoys of each build: path and the drawn values in it."""
    console: ConsolePlan | None = None

    def is_ours(self, run: Run) -> bool:
        """Whether the lab itself brings what is run, so that its failures are no learner's."""
        return run.base is not None or self.builds[run.build].solution is not None

    def requests_of(self, wants: Wants) -> dict[str, Request]:
        """The requests that are wanted, under the keys of their replies."""
        return {**wants.requests, **{name: self.requests[name] for name in wants.named_requests}}

    def runs_of(self, wants: Wants) -> list[str]:
        """The runs that are wanted, those that requests go to included."""
        asked = {request.run for request in self.requests_of(wants).values()}
        played = {exchange.run for exchange in wants.exchanges.values()} | {run for run, _ in wants.listens}
        return sorted(wants.runs_named() | asked | played | {trial.run for trial in wants.health.values()})

    def runs_behind(self, wants: Wants) -> set[str]:
        """The runs that are wanted, those that they come after, and those that are beside them."""
        waiting, found = self.runs_of(wants), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [*self.runs[name].after, *self.runs[name].beside]
        return found

    def images_of(self, wants: Wants) -> list[str]:
        """The builds that must give an image for what is wanted."""
        behind = {build for name in self.runs_behind(wants) if (build := self.runs[name].of_build)}
        behind |= {
            build for trials in wants.trials.values() for build in (self.runs[trials.run].build, trials.reference)
        }
        return sorted({*wants.images, *(build for build, _ in wants.paths), *wants.read_by_layer(), *behind})

    def builds_of(self, wants: Wants) -> list[str]:
        """The builds that must be tried for what is wanted."""
        return sorted(with_first({*self.images_of(wants), *wants.builds}, self.builds))

    def builds_read(self) -> list[str]:
        """Every build that any check needs, if only its Dockerfile."""
        return sorted(
            {
                name
                for check in self.checks
                for wants in [check.wants()]
                for name in (*self.builds_of(wants), *wants.sources)
            }
        )


def parse_plan(text: str | bytes, *, file: str, bases: Mapping[str, Base], folders: ReadFolder = no_folders) -> LabPlan:
    """Read a lab.yaml. Raises InvalidPlan; `file` is the name its problems carry; `folders` reads those of the lab."""
    try:
        document = read_yaml(text, file=file)
    except InvalidFile as error:
        raise InvalidPlan(error.problems) from None
    if not isinstance(document.value, dict):
        raise InvalidPlan([document.problem((), "A lab is a mapping that begins with `title: …`.")])
    raw = dict(document.value)
    problems = _resolve_bases(raw, document, bases)
    if "attached" in raw:
        problems.append(document.problem(("attached",), "`attached` is filled in by itself; leave it out."))
    try:
        plan = LabPlan.model_validate(raw)
    except ValidationError as error:
        raise InvalidPlan([*problems, *problems_of(error, document, LabPlan)]) from None
    try:
        plan, missing = attach(plan, folders)
    except BadFolder as bad:
        raise InvalidPlan([*problems, bad.problem]) from None
    problems += [document.problem(place, message) for place, message in missing]
    problems += [
        document.problem(("checks", position), sentence)
        for position, check in enumerate(plan.checks)
        for sentence in check.at_odds()
    ]
    if problems:
        raise InvalidPlan(problems)
    return plan


def load_plan(lab_dir: Path) -> LabPlan:
    """Read the lab in this folder, with the bases of the course.yaml above it. Raises InvalidPlan."""
    file = lab_dir / LAB_FILE
    text = _read(file, f"There is no {LAB_FILE} in this folder.")
    return parse_plan(text, file=str(file), bases=load_bases(lab_dir), folders=reader(lab_dir))


def load_bases(lab_dir: Path) -> dict[str, Base]:
    """The bases that the nearest course.yaml above this folder declares, by name. Raises InvalidPlan."""
    folder = lab_dir.resolve()
    course = next((parent / COURSE_FILE for parent in folder.parents if (parent / COURSE_FILE).is_file()), None)
    if course is None:
        raise InvalidPlan([Problem(str(lab_dir), 1, 1, f"There is no {COURSE_FILE} above this lab to name its bases.")])
    try:
        document = read_yaml(_read(course, ""), file=str(course))
    except InvalidFile as error:
        raise InvalidPlan(error.problems) from None
    declared = document.value.get("bases") if isinstance(document.value, dict) else None
    if not isinstance(declared, dict):
        raise InvalidPlan([document.problem(("bases",), "`bases` must map names to images and their recipes.")])
    bases, problems = {}, []
    for name, recipe in declared.items():
        image = recipe.get("image") if isinstance(recipe, dict) else None
        try:
            bases[name] = Base(name=name, image=image)
        except ValidationError:
            near = (
                [key for key in recipe if did_you_mean(key, ["image"]).startswith("Did")]
                if isinstance(recipe, dict)
                else []
            )
            meant = f" Did you mean `image` by `{near[0]}`?" if near and "image" not in recipe else ""
            message = f"The base `{name}` needs an `image`, such as busybox:1.35.{meant}"
            problems.append(document.problem(("bases", name), message))
    if problems:
        raise InvalidPlan(problems)
    return bases


def _read(file: Path, missing: str) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise InvalidPlan([Problem(str(file), 1, 1, missing)]) from None
    except OSError as error:
        raise InvalidPlan([Problem(str(file), 1, 1, f"The file cannot be read: {error.strerror}.")]) from None


def _of_console(raw: dict[str, Any]) -> dict[str, Any]:
    """A lab of commands has no build and no run, and its commands are the learner's to write, whatever else is."""
    rules = {} if raw.get("submission") is None else raw["submission"]
    if isinstance(rules, SubmissionRules):
        rules = rules.model_dump()
    if isinstance(rules, dict):
        own = one_or_many(rules.get("editable", []))
        if isinstance(own, list | tuple) and COMMANDS_FILE not in own:
            own = [COMMANDS_FILE, *own]
        rules = {"required": [COMMANDS_FILE], **rules, "editable": own}
    return {"builds": {}, "runs": {}, **raw, "submission": rules}


def _resolve_bases(raw: dict[str, Any], document: Document, bases: Mapping[str, Base]) -> list[Problem]:
    """Put the bases in the place of their names; what cannot be resolved is left out and reported."""
    names = raw.get("bases")
    if names is None:
        return []
    if not isinstance(names, list):
        del raw["bases"]
        return [document.problem(("bases",), "`bases` must be a list of names from course.yaml, such as [busybox].")]
    problems, resolved = [], []
    for position, name in enumerate(names):
        if isinstance(name, str) and name in bases:
            resolved.append(bases[name])
        else:
            problems.append(
                document.problem(("bases", position), f"There is no base `{name}`. {did_you_mean(str(name), bases)}")
            )
    raw["bases"] = resolved
    return problems
