"""What a question's author asks an engine to do, and how the key follows from what is seen (docs/quiz-format.md).

`{}` builds the question's Dockerfile and runs it; `commands` has docker commands carried out. What they show is the
answer, or must be so for the answer to hold.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from graders.actions import DEFAULT, Build, Limits, Run
from graders.authored import Place, did_you_mean
from graders.authored_schema import or_null
from graders.commands.lines import read_line, typed_lines
from graders.commands.model import CommandRefused
from graders.commands.parser import parse
from graders.commands.rules import ConsoleRules
from graders.proofs.shows import ANSWER, FACTS, Asked, Expected, Shows, Subject
from graders.sandbox.base import BuildLimits, RunLimits
from graders.spec import Identifier, InsidePath, Line, Spec, Text, errors_at

KEY = "$answer"
"""Stands for the question's own key: in `commands`, in `dockerfile`, and in the names and texts of `files`."""
MOST_COMMANDS = 30
_MOST_BUILDS = 8
_MOST_RUNS = 8
_MOST_FILES = 50
_NO_BUILD = ("solution", "decoys")
_NO_RUN = ("base", "serve", "stop", "beside", "after", "network")


class ProofLimits(Spec):
    """Bounds of a proof: a question is small."""

    build_seconds: float = Field(default=30, gt=0, le=120)
    run_seconds: float = Field(default=5, gt=0, le=30)
    memory_mib: int = Field(default=64, ge=16, le=512)
    pids: int = Field(default=32, ge=4, le=128)
    disk_mib: int = Field(default=64, ge=1, le=512)
    """What a run may write."""
    seconds: float = Field(default=90, gt=0, le=180)
    """How long all of it may take, for one variant."""

    def _limits(self) -> Limits:
        return Limits(
            build_seconds=self.build_seconds,
            run_seconds=self.run_seconds,
            memory_mib=self.memory_mib,
            pids=self.pids,
            output_kib=64,
            disk_mib=self.disk_mib,
        )

    def for_build(self) -> BuildLimits:
        """The bounds of one build."""
        return self._limits().for_build()

    def for_run(self, run: Run) -> RunLimits:
        """The bounds of one container."""
        seconds, memory = run.seconds or self.run_seconds, run.memory_mib or self.memory_mib
        return self._limits().for_run(min(seconds, 30), memory_mib=min(memory, 512))

    def for_commands(self) -> ConsoleRules:
        """The bounds of a session of docker commands."""
        return ConsoleRules(
            memory_mib=self.memory_mib,
            pids=self.pids,
            file_mib=min(self.disk_mib, 256),
            foreground_seconds=self.run_seconds,
            build_seconds=self.build_seconds,
            containers=10,
        )


def _lines(value: Any) -> Any:
    return tuple(line for _, line in typed_lines(value)) if isinstance(value, str) else value


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str | dict | Shows) else value


ManyShows = Annotated[
    tuple[Shows, ...], BeforeValidator(_one_or_many, json_schema_input_type=str | Shows | list[str | Shows])
]


class PartShows(Spec):
    """What settles one item or blank: its answer, as `shows` has it, or which of what can be chosen for it holds."""

    shows: ManyShows = Field(default=(), max_length=20)
    options: dict[Text, ManyShows] = Field(default_factory=dict, max_length=20)
    """By the text of what can be chosen for it: what is seen if that is right, and only then."""

    @model_validator(mode="after")
    def _says_something(self) -> "PartShows":
        if not self.shows and not self.options:
            raise ValueError("says what is seen: a fact that is its answer, or `options`")
        return self


def _shows_alone(value: Any) -> Any:
    is_whole = isinstance(value, PartShows) or (isinstance(value, dict) and {"shows", "options"} & value.keys())
    return value if is_whole else {"shows": value}


OnePart = Annotated[
    PartShows, BeforeValidator(_shows_alone, json_schema_input_type=str | Shows | list[str | Shows] | PartShows)
]


class ProofPlan(Spec):
    """A proof. Its fields say what is done and what must be seen; the question says what the answer is."""

    dockerfile: Text = Field(default="", max_length=8000)
    """The Dockerfile that is built; the question's own where it is left out. `$answer` in it is the key."""
    files: dict[InsidePath, Text] = Field(default_factory=dict, max_length=_MOST_FILES)
    """What lies beside it, or in the folder that `commands` are typed in."""
    builds: dict[Identifier, Build] = Field(default_factory=dict, max_length=_MOST_BUILDS)
    """Builds by name; `build: …` is one named `default`."""
    runs: dict[Identifier, Run] = Field(default_factory=dict, max_length=_MOST_RUNS)
    """Runs by name, one after the other; `run: …` is one named `default`."""
    commands: Annotated[tuple[Line, ...], BeforeValidator(_lines, json_schema_input_type=str | list[str | int])] = (
        Field(default=(), max_length=MOST_COMMANDS)
    )
    """Docker commands, one a line, in the place of builds and runs. `$answer` in one is the key."""
    limits: ProofLimits = ProofLimits()
    shows: ManyShows = Field(default=(), max_length=20)
    """What must be seen: all of it. Where it is left out, what is printed is the answer."""
    options: dict[Text, ManyShows] = Field(default_factory=dict, max_length=20)
    """By an option's text: what is seen if it is right, and only then."""
    parts: dict[Text, OnePart] = Field(default_factory=dict, max_length=40)
    """By the text (or id) of an item or blank: what its answer is, or its `options`."""

    @model_validator(mode="before")
    @classmethod
    def _one_build_or_run(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        raw = dict(value)
        for one, many in (("build", "builds"), ("run", "runs")):
            if one in raw:
                named = {} if raw.get(many) is None else raw[many]
                its_own = {} if raw[one] is None else raw[one]
                raw[many] = {DEFAULT: its_own, **named} if isinstance(named, dict) else named
                del raw[one]
        builds, runs = ({} if raw.get(many) is None else raw[many] for many in ("builds", "runs"))
        if isinstance(builds, dict) and isinstance(runs, dict):
            raw["builds"], raw["runs"] = _with_defaults(builds, runs, typed=bool(raw.get("commands")))
        return raw

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """One build or run stands alone too, and nothing needs to be said of any."""
        made = handler.resolve_ref_schema(handler(schema))
        for one, many in (("build", "builds"), ("run", "runs")):
            named = made["properties"][many]
            own = or_null(named["additionalProperties"])
            made["properties"][one] = own | {"description": f"The same as `{many}` with one named `{DEFAULT}`."}
            made["properties"][many] = or_null({**named, "additionalProperties": own})
        return made

    @model_validator(mode="after")
    def _holds_together(self) -> "ProofPlan":
        found = [*self._faults_of_doing(), *self._faults_of_looking()]
        if found:
            raise errors_at(found)
        return self

    def _faults_of_doing(self) -> Iterator[tuple[Place, str]]:
        if self.commands and (self.builds or self.runs):
            field = "runs" if self.runs else "builds"
            yield (field,), "A proof has `commands`, or builds and runs; type what is to be built or run as commands."
        for name, build in self.builds.items():
            yield from ((("builds", name, *place), fault) for place, fault in self._faults_of_build(build))
        for name, run in self.runs.items():
            yield from ((("runs", name, *place), fault) for place, fault in self._faults_of_run(run))
        for position, line in enumerate(self.commands):
            if KEY not in line and (fault := _unreadable(line)):
                yield ("commands", position), fault

    def _faults_of_build(self, build: Build) -> Iterator[tuple[Place, str]]:
        for field in sorted(build.said() & {*_NO_BUILD}):
            yield (field,), f"`{field}` is for labs; a proof has none."
        first = self.builds.get(build.rebuild_of) if build.rebuild_of is not None else None
        if build.rebuild_of is not None and (first is None or first.rebuild_of is not None):
            yield ("rebuild_of",), f"There is no first build `{build.rebuild_of}` in this proof."

    def _faults_of_run(self, run: Run) -> Iterator[tuple[Place, str]]:
        for field in sorted(run.said() & {*_NO_RUN}):
            yield (field,), f"`{field}` is for labs; a proof's runs end by themselves."
        if run.build not in self.builds:
            yield ("build",), f"There is no build `{run.build}` in this proof. {did_you_mean(run.build, self.builds)}"

    def _faults_of_looking(self) -> Iterator[tuple[Place, str]]:
        for place, each in self._everything_shown():
            try:
                subject, name = self.thing_of(each)
            except ValueError as wrong:
                yield place, str(wrong)
                continue
            unseen = sorted(each.facts().keys() - FACTS[subject])
            if unseen:
                fits = [one for one in FACTS if unseen[0] in FACTS[one]]
                yield (
                    place,
                    (
                        f"`{unseen[0]}` is nothing that can be seen of the {subject} {name}. Name the "
                        f"{' or '.join(fits)} that is meant."
                    ),
                )
        for place, many in self._options_shown():
            if any(wanted == ANSWER for each in many for wanted in each.facts().values()):
                yield place, "An option holds or it does not: say what is seen if it is right."

    def _everything_shown(self) -> Iterator[tuple[Place, Shows]]:
        yield from ((("shows", position), each) for position, each in enumerate(self.shows))
        yield from ((("parts", name), each) for name, part in self.parts.items() for each in part.shows)
        yield from ((place, each) for place, many in self._options_shown() for each in many)

    def _options_shown(self) -> Iterator[tuple[Place, tuple[Shows, ...]]]:
        yield from ((("options", text), many) for text, many in self.options.items())
        for name, part in self.parts.items():
            yield from ((("parts", name, "options", text), many) for text, many in part.options.items())

    def thing_of(self, shows: Shows) -> tuple[Subject, str]:
        """The kind and name of what is looked at. Raises ValueError, in a sentence, where there is no such thing."""
        subject = shows.subject
        if subject is None:
            if self.commands:
                return "command", str(len(self.commands))
            is_of_build = bool(shows.facts().keys() - FACTS["run"])
            done = self.builds if is_of_build or not self.runs else self.runs
            return ("build" if done is self.builds else "run"), list(done)[-1]
        name = str(getattr(shows, subject))
        places: dict[str, Mapping[str, object]] = {
            "run": self.runs,
            "build": self.builds,
            "command": {str(number): None for number in range(1, len(self.commands) + 1)},
        }
        known = places.get(subject, {name: None})
        if name not in known:
            raise ValueError(f"There is no {subject} `{name}` in this proof. {did_you_mean(name, known)}".rstrip())
        if subject in {"container", "image", "volume", "network"} and not self.commands:
            raise ValueError(f"A {subject} is looked at after `commands`; without them, name a run or a build.")
        return subject, name

    def asked_by(self, shows: Shows) -> list[tuple[Asked, Expected | str]]:
        """The facts that this looks at, with what must be seen."""
        return list(shows.asked(*self.thing_of(shows)))

    def asked(self) -> list[Asked]:
        """Every fact that anything looks at, each once; the output of what was done last where nothing says."""
        found = [asked for _, each in self._everything_shown() for asked, _ in self.asked_by(each)]
        return list(dict.fromkeys(found or [asked for asked, _ in self.asked_by(Shows(stdout=ANSWER))]))

    def with_key(self, *, dockerfile: str, key: str) -> "ProofPlan":
        """The same with the question's Dockerfile where it has none of its own, and the key for each `$answer`."""
        text = self.dockerfile or dockerfile
        return self.model_copy(
            update={
                "dockerfile": text.replace(KEY, key),
                "commands": tuple(each for line in self.commands for each in _with_key(line, key)),
                "files": {path.replace(KEY, key): text.replace(KEY, key) for path, text in self.files.items()},
            }
        )

    @property
    def uses_key(self) -> bool:
        """Whether what is done is, in part, the key itself."""
        return any(KEY in text for text in (self.dockerfile, *self.files, *self.files.values(), *self.commands))


def _with_defaults(
    builds: dict[str, Any], runs: dict[str, Any], *, typed: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """With the build and the run that need not be declared, and with a mapping for each that says nothing."""
    if not typed:
        runs = runs or ({} if builds else {DEFAULT: {}})
        used = [run.get("build", DEFAULT) if isinstance(run, dict) else DEFAULT for run in runs.values()]
        if not builds or (DEFAULT in used and DEFAULT not in builds):
            builds = {DEFAULT: {}, **builds}
    said = [{name: {} if one is None else one for name, one in many.items()} for many in (builds, runs)]
    return said[0], said[1]


def _with_key(line: str, key: str) -> Iterator[str]:
    """The line with the key in it; a key of several lines is as many commands."""
    if line.strip() == KEY:
        yield from (each for _, each in typed_lines(key))
    else:
        yield line.replace(KEY, key)


def _unreadable(line: str) -> str:
    """Why a line could not be carried out, in a sentence; nothing where it can be read."""
    try:
        commands = [words for part in read_line(line).pipelines for words in part.commands]
        for words in commands:
            plain = [word.plain for word in words]
            if plain[:1] == ["docker"] and None not in plain:
                parse([word for word in plain if word is not None])
    except CommandRefused as refusal:
        return f"This line cannot be carried out: {refusal.message.splitlines()[0]}"
    return ""
