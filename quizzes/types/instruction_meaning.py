"""What a Dockerfile's instructions mean, as data that is equal for two spellings of the same.

White space, the case of keywords, continuation, comments, the order of flags, JSON or spaces in COPY, ADD and VOLUME,
how values are quoted, `EXPOSE 80` or `80/tcp`, one ENV of two values or two ENVs: none of these matters. The exec form
of a command is another thing than its shell form.
"""

import posixpath
import re
import signal
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from graders.dockerfile.durations import seconds
from graders.dockerfile.errors import ExpansionError
from graders.dockerfile.expansion import expand
from graders.dockerfile.model import Instruction
from graders.dockerfile.parser import parse_instructions
from graders.dockerfile.references import Reference
from quizzes.types.shell_text import squeezed, words_of
from quizzes.types.stage_meaning import names_of_no_use, without_stage_names

Meaning = tuple[object, ...]

_NAMES = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_DEFAULTING = re.compile(r"\$\{[^}]*[^A-Za-z0-9_}]")
_HEALTH_DEFAULTS = {"interval": "30s", "timeout": "30s", "start-period": "0s", "retries": "3"}
_MOUNT_ALIASES = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite"}
_MOUNT_SWITCHES = frozenset({"readonly", "readwrite", "required", "volume-nocopy"})


class _Unresolved(Mapping[str, str | None]):
    """Variables that all stand for themselves: what is compared is which one is used, not what it holds."""

    def __getitem__(self, name: str) -> str:
        return f"\ue000{name}\ue001"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_UNRESOLVED = _Unresolved()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that an instruction says: an ENV of two values is two. `sets` and `uses` are names of variables."""

    meaning: Meaning
    keyword: str
    line: int
    text: str
    sets: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()


def steps_of(
    text: str, *, either_form: bool = False, any_stage_name: bool = False, stages: Collection[str] = ()
) -> tuple[Step, ...]:
    """Everything that the instructions of a snippet say, in order; it needs no FROM.

    With `either_form` a command's exec and shell forms mean the same where the shell would only part its words. With
    `any_stage_name` it does not matter how a stage is called, but for those called as one of `stages`. Raises
    DockerfileError.
    """
    instructions = parse_instructions(text)
    if any_stage_name:
        instructions = without_stage_names(instructions, kept=stages)
    return tuple(step for each in instructions for step in _steps(each, either_form=either_form))


def stages_called(text: str) -> frozenset[str]:
    """Names that a snippet gives to stages and does not use itself. Raises DockerfileError."""
    return names_of_no_use(parse_instructions(text))


def _steps(instruction: Instruction, *, either_form: bool) -> Iterator[Step]:
    keyword = instruction.keyword
    uses = frozenset(_NAMES.findall(instruction.arguments))
    for part, sets in _parts(instruction, either_form=either_form):
        yield Step(
            meaning=(keyword, *part),
            keyword=keyword,
            line=instruction.line,
            text=instruction.logical,
            sets=frozenset(sets),
            uses=uses,
        )


def _parts(instruction: Instruction, *, either_form: bool) -> Iterator[tuple[Meaning, tuple[str, ...]]]:
    """What it says without its keyword, each with the names of what it sets."""
    keyword = instruction.keyword
    if keyword in {"ENV", "LABEL", "ARG"}:
        yield from _settings(instruction)
    elif keyword == "EXPOSE":
        yield from (((_port(word),), ()) for word in instruction.words)
    elif keyword == "VOLUME":
        yield from (((_folder(_plain(word)),), ()) for word in instruction.words)
    elif keyword == "ONBUILD" and instruction.nested is not None:
        yield from (((step.meaning,), ()) for step in _steps(instruction.nested, either_form=either_form))
    else:
        reader = _READERS.get(keyword, _as_written)
        yield (_flags(instruction), *reader(instruction, either_form), *_heredocs(instruction)), ()


def _settings(instruction: Instruction) -> Iterator[tuple[Meaning, tuple[str, ...]]]:
    names = [_plain(name) for name, _ in instruction.pairs]
    used = {used for _, value in instruction.pairs for used in _NAMES.findall(value or "")}
    pairs = [
        (name, None if value is None else _plain(value))
        for name, (_, value) in zip(names, instruction.pairs, strict=True)
    ]
    if instruction.keyword == "ENV" and used & set(names):
        # In one ENV, $A is what A held before it: two ENVs would say something else.
        yield (tuple(pairs),), tuple(names)
    else:
        label = "label " if instruction.keyword == "LABEL" else ""  # a name that no variable has
        yield from ((pair, (label + pair[0],)) for pair in pairs)


def _plain(text: str) -> str:
    """The text without its quotes; a form of `${…}` that gives a default stays as it is written."""
    if _DEFAULTING.search(text):
        return squeezed(text)
    try:
        return expand(text, _UNRESOLVED).text
    except ExpansionError:
        return text


def _port(word: str) -> str:
    port, slash, protocol = _plain(word).partition("/")
    return f"{port}/{protocol.lower() if slash else 'tcp'}"


def _folder(path: str) -> str:
    """A path without what makes no difference in it."""
    return posixpath.normpath(path).replace("//", "/", 1) if path.startswith("/") else posixpath.normpath(path)


def _flags(instruction: Instruction) -> Meaning:
    given = []
    for flag in instruction.flags:
        value = "true" if flag.value is None else _plain(flag.value)
        if flag.name == "mount":
            value = mount_meaning(value, unless_said="bind")
        elif flag.name == "from":
            value = value.lower()
        elif instruction.keyword == "HEALTHCHECK":
            amount = seconds(value) if flag.name != "retries" else None
            default = _HEALTH_DEFAULTS.get(flag.name, "")
            if value == default or (amount is not None and amount == seconds(default)):
                continue
            value = value if amount is None else f"{amount.normalize():f}s"
        if (flag.name, value) != ("link", "false"):
            given.append((flag.name, value))
    return tuple(sorted(given))


def mount_fields(value: str) -> dict[str, str] | None:
    """A mount's fields by their long names; None where one is given twice."""
    fields: dict[str, str] = {}
    for part in value.split(","):
        name, equals, held = part.strip().partition("=")
        name = _MOUNT_ALIASES.get(name.lower(), name.lower())
        if name in fields:
            return None
        held = held if equals else "true"
        if name in _MOUNT_SWITCHES:
            held = {"1": "true", "0": "false"}.get(held, held.lower())
        fields[name] = _folder(held) if name == "target" and held.startswith("/") else held
    return fields


def mount_meaning(value: str, *, unless_said: str) -> str:
    """A mount's fields in one order, without what is so anyway: `unless_said` is its type where it names none."""
    fields = mount_fields(value)
    if fields is None:
        return value
    # A mount of a build is read-only unless `readonly=false` says otherwise; one of a container is not.
    so_anyway = {("type", unless_said)} | {
        (name, "false") for name in _MOUNT_SWITCHES if name != "readonly" or unless_said != "bind"
    }
    return ",".join(f"{name}={held}" for name, held in sorted(fields.items() - so_anyway))


def _heredocs(instruction: Instruction) -> Meaning:
    return tuple((heredoc.content, heredoc.expand, heredoc.chomp) for heredoc in instruction.heredocs)


def _command(instruction: Instruction, either_form: bool) -> Meaning:  # noqa: FBT001 - readers share one form
    if instruction.is_exec:
        words = instruction.words
        if not either_form:
            return ("exec", *words)
        if words[:2] in {("sh", "-c"), ("/bin/sh", "-c")} and len(words) == 3:  # noqa: PLR2004 - the line itself
            return _either(words[2])
        return ("words", *words)
    text = " ".join(instruction.words)
    return _either(text) if either_form else ("shell", _without_heredoc_names(squeezed(text), instruction))


def _either(text: str) -> Meaning:
    words = words_of(text)
    return ("shell", squeezed(text)) if words is None else ("words", *words)


def _without_heredoc_names(text: str, instruction: Instruction) -> str:
    for number, heredoc in enumerate(instruction.heredocs):
        text = re.sub(rf"<<-?([\"']?){re.escape(heredoc.name)}\1", f"<<{number}", text, count=1)
    return text


def _from(instruction: Instruction, either_form: bool) -> Meaning:  # noqa: FBT001
    del either_form
    image, *name = instruction.words
    found = Reference.parse(image)
    return (image if found is None else str(found), *(word.lower() for word in name[1:]))


def _copy(instruction: Instruction, either_form: bool) -> Meaning:  # noqa: FBT001
    del either_form
    *sources, target = (_plain(word) for word in instruction.words)
    shown = tuple(
        source if "://" in source or source.startswith("<<") else posixpath.normpath(source.lstrip("/") or ".")
        for source in sources
    )
    # What is a folder for sure is copied into a folder, whether or not a slash says so.
    of_a_folder = any(source.endswith("/") or source in {".", ".."} for source in sources)
    folder = target.endswith("/") or target in {".", ".."} or len(sources) > 1 or of_a_folder
    return (tuple(sorted(shown)), _folder(target) + ("/" if folder else ""))


def _value(instruction: Instruction, either_form: bool) -> Meaning:  # noqa: FBT001
    del either_form
    value = _plain(instruction.arguments)
    return (_folder(value) if instruction.keyword == "WORKDIR" else value,)


def _signal(instruction: Instruction, either_form: bool) -> Meaning:  # noqa: FBT001
    del either_form
    return (signal_meaning(_plain(instruction.arguments)),)


def signal_meaning(text: str) -> str:
    """A signal's name without SIG, from the name in any case or from its number."""
    name = text.upper()
    if name.isascii() and name.isdecimal() and len(name) <= 2:  # noqa: PLR2004 - there are 64
        names = {int(each): each.name for each in signal.Signals}
        name = names.get(int(name), name)
    return name.removeprefix("SIG")


def _health(instruction: Instruction, either_form: bool) -> Meaning:  # noqa: FBT001
    kind, *rest = instruction.words
    if kind == "NONE":
        return ("NONE",)
    if instruction.is_exec and not either_form:
        return ("exec", *rest)
    if instruction.is_exec:
        return ("words", *rest)
    return _either(rest[0]) if either_form else ("shell", squeezed(rest[0]))


def _as_written(instruction: Instruction, either_form: bool) -> Meaning:  # noqa: FBT001
    del either_form
    return ("exec", *instruction.words) if instruction.is_exec else (squeezed(instruction.arguments),)


Reader = Callable[[Instruction, bool], Meaning]

_READERS: dict[str, Reader] = {
    "ADD": _copy,
    "CMD": _command,
    "COPY": _copy,
    "ENTRYPOINT": _command,
    "FROM": _from,
    "HEALTHCHECK": _health,
    "RUN": _command,
    "STOPSIGNAL": _signal,
    "USER": _value,
    "WORKDIR": _value,
}
