"""A step of the way that the check `journal` asks for: a docker command, what it is about, and how it must be given."""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from graders.authored import did_you_mean
from graders.checks.console_check import succeeded
from graders.commands.end_state import EndState, Line
from graders.commands.grammar.table import BY_CALL, BY_PATH
from graders.commands.model import Command, Done, FlagValue
from graders.commands.state import with_tag
from graders.spec import Spec, Text, Texts
from graders.visible import listed


def _call(value: str) -> str:
    words = " ".join(value.split()).removeprefix("docker ")
    if words not in BY_CALL:
        raise ValueError(f"names no docker command: `{words}`. {did_you_mean(words, BY_CALL)}".strip())
    return words


Call = Annotated[Text, AfterValidator(_call)]
"""A docker command as it is called, with or without `docker`: `ps`, `container ls`, `docker rm`."""


class Called:
    """Which objects bear a name, or have borne it: one that is renamed stays what it is. Found once a journal."""

    def __init__(self, end: EndState) -> None:
        self._end = end
        self._containers: dict[str, set[str]] = {}
        touched = [touched for line in end.journal for done in line.done for touched in done.touched]
        for name, id_ in (
            *((one.name, one.id) for one in touched if one.kind == "container"),
            *((one.name, one.id) for one in end.containers),
        ):
            self._containers.setdefault(name, set()).add(id_)

    def containers(self, name: str) -> set[str]:
        """Ids of the containers that bore this name at some time."""
        return self._containers.get(name, set())

    @cached_property
    def _images(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for image in self._end.images:
            for reference in image.references:
                found.setdefault(with_tag(reference), set()).add(image.id)
        return found

    def images(self, reference: str) -> set[str]:
        """Ids of the images that have this reference at the end."""
        return self._images.get(with_tag(reference), set())


class Step(Spec):
    """One docker command of the way."""

    command: Call
    """The command, in any of its spellings: `rm` is `container rm` too."""
    of: Texts = ()
    """Names of containers, images, volumes or networks that it is about: all of them."""
    flags: dict[Text, bool | Text] = Field(default_factory=dict)
    """Flags by their long name without dashes: `true` where being given is enough, else what they hold."""
    without: Texts = ()
    """Flags that must not be given."""
    words: Texts = ()
    """Words that are among its arguments."""
    ends: Literal["well", "badly", "either"] = "well"
    """Whether it does what it is for, or is refused."""
    about: Text = ""
    """What learners are told of the step in the place of the command itself."""

    @model_validator(mode="after")
    def _flags_are_known(self) -> "Step":
        shape = BY_CALL[self.command]
        for name in (*self.flags, *self.without):
            if name not in shape.by_name:
                raise ValueError(
                    f"asks for the flag `{name}`, which `docker {self.command}` has not. "
                    f"{did_you_mean(name, shape.by_name)}".strip()
                )
        both = {shape.by_name[name].name for name in self.flags} & {shape.by_name[name].name for name in self.without}
        if both:
            raise ValueError(f"asks for the flag {listed(sorted(both))} and forbids it")
        return self

    @property
    def path(self) -> tuple[str, ...]:
        """The command in one form, however it is called."""
        return BY_CALL[self.command].path

    def shown(self) -> str:
        """The step, for a sentence."""
        return self.about or " ".join([shown_command(self.path), *self.of])

    def fits(self, done: Done, called: "Called") -> bool:
        """Whether a command of the journal is this step."""
        return not self.objection(done, called)

    def is_same_command(self, done: Done) -> bool:
        """Whether it is the same command, whatever it is about."""
        return done.command is not None and done.command.path == self.path

    def is_about(self, done: Done, called: "Called") -> bool:
        """Whether a command is about all that the step is about."""
        return all(_is_about(done, name, called) for name in self.of)

    def makes_otherwise(self, done: Done) -> bool:
        """Whether a command has made what this step was to make, and is another command."""
        return (
            self.path[-1] in _MAKING
            and not self.is_same_command(done)
            and any(touched.made and touched.name in self.of for touched in done.touched)
        )

    def objection(self, done: Done, called: "Called") -> str:
        """What keeps a command from being this step, for a sentence that begins with its line; empty where nothing."""
        command = done.command
        if command is None or not self.is_same_command(done):
            return "is another command"
        others = [name for name in self.of if not _is_about(done, name, called)]
        if others:
            about = listed(list(dict.fromkeys(touched.name for touched in done.touched)))
            return f"does it to {about}, not to {listed(others)}" if about else f"is not about {listed(others)}"
        by_name = BY_CALL[self.command].by_name
        for name, wanted in self.flags.items():
            if not _holds(wanted, command.flag(by_name[name].name)):
                what = "" if isinstance(wanted, bool) else f" {wanted}"
                verb = "gives" if wanted is False else "does not give"
                return f"{verb} --{name}{what}"
        for name in self.without:
            if command.flag(by_name[name].name) not in {None, False}:
                return f"gives --{name}, which it should not"
        missing = [word for word in self.words if word not in command.args]
        if missing:
            return f"does not say {listed(missing)}"
        if self.ends == "well" and not succeeded(done):
            return f"did not succeed (exit code {done.exit_code})"
        if self.ends == "badly" and succeeded(done):
            return "succeeded, where it should have been refused"
        return ""


def shown_command(path: tuple[str, ...]) -> str:
    """The command as courses call it."""
    shape = BY_PATH.get(path)
    return f"docker {shape.calls[0]}" if shape is not None else "docker " + " ".join(path)


def shown_done(line: Line, done: Done) -> str:
    """A command of the journal, for a sentence."""
    if done.command is None:
        return line.text
    names = dict.fromkeys(touched.name for touched in done.touched)
    called = [name for name in names if not name.startswith("sha256:")] or names
    return " ".join([shown_command(done.command.path), *called])


def is_looking(command: Command) -> bool:
    """Whether a command only looks, and changes nothing."""
    return command.path[-1] in _LOOKING


_MAKING = frozenset({"create", "run", "build", "commit"})
_LOOKING = frozenset(
    {"ls", "inspect", "logs", "history", "top", "port", "diff", "stats", "version", "info", "df", "wait", "help"}
)


def _is_about(done: Done, name: str, called: Called) -> bool:
    """Whether a command is about the object of this name, whatever it is called at the time."""
    ids = called.containers(name)
    for touched in done.touched:
        if touched.name == name or touched.id in ids:
            return True
        if touched.kind == "image" and (with_tag(touched.name) == with_tag(name) or touched.id in called.images(name)):
            return True
    return not done.touched and _was_named(done, name, ids)


def _was_named(done: Done, name: str, ids: set[str]) -> bool:
    """Whether a command that was refused, and so was about nothing, names an object."""
    words = done.command.args if done.command is not None else ()
    return any(word == name or (word and any(id_.startswith(word) for id_ in ids)) for word in words)


def _holds(wanted: object, value: FlagValue | None) -> bool:
    """Whether a flag holds what is wanted: True where it was given, False where it was not, or a text."""
    if isinstance(wanted, bool):
        return (value is not None and value is not False) == wanted
    if isinstance(value, tuple):
        return wanted in value
    return value is not None and str(value) == wanted
