"""Variables in a Dockerfile: what a word comes to, and what is set where.

The rules are those of BuildKit's frontend/dockerfile/shell and dockerfile2llb. `${X-y}`, `${X%y}` and their like, which
only newer engines know, are read and told of: to the others they are an error.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from graders.dockerfile.errors import ExpansionError
from graders.dockerfile.lexer import Lexer, Variables
from graders.dockerfile.model import Dockerfile, Instruction

# The engine fills these in by itself; what they hold is not in the file.
PLATFORM_ARGUMENTS = frozenset(
    f"{side}{part}" for side in ("TARGET", "BUILD") for part in ("PLATFORM", "OS", "ARCH", "VARIANT", "OSVERSION")
) | {"TARGETSTAGE"}


@dataclass(frozen=True, slots=True)
class Expanded:
    """The word after expansion.

    `unknown` are the names in it whose value is not known from the file (they count as empty); `is_newer` is true where
    a form stands in it that engines before Dialect.substitutions refuse.
    """

    text: str
    unknown: frozenset[str]
    is_newer: bool = False


def expand(word: str, variables: Variables, *, escape: str = "\\") -> Expanded:
    """Work out quotes, escapes and variables in `word`; a variable that maps to None has a value nobody can tell.

    Raises ExpansionError for a form that is malformed, and its subclass UnsetVariable for `${NAME:?…}` without a value.
    """
    lexer = Lexer(word, variables, escape)
    text = lexer.read()
    return Expanded(text, frozenset(lexer.unknown), lexer.is_newer)


def expand_words(text: str, variables: Variables, *, escape: str = "\\") -> tuple[str, ...]:
    """The words of `text`, worked out as `expand` does: a value outside quotes can come to several words, or to none.

    So the engine reads the ports of EXPOSE. Raises ExpansionError.
    """
    lexer = Lexer(text, variables, escape)
    lexer.read()
    return tuple(lexer.words)


def raw_words(line: str, *, escape: str = "\\") -> list[str]:
    """Split a line into shell words with quotes, escapes and variables left as written (how heredocs are found)."""
    lexer = Lexer(line, {}, escape, raw=True)
    lexer.read()
    return lexer.words


def global_scope(dockerfile: Dockerfile, build_arguments: Mapping[str, str] | None = None) -> dict[str, str | None]:
    """What FROM can use: the ARGs before it with their defaults or build arguments, the engine's platform names."""
    given = build_arguments or {}
    scope: dict[str, str | None] = dict.fromkeys(PLATFORM_ARGUMENTS)
    for instruction in dockerfile.global_arguments:
        for name, default in instruction.pairs:
            if name in given:
                scope[name] = given[name]
            elif default is not None:
                scope[name] = _known(default, scope, dockerfile.escape, missing_is_empty=True)
            elif name in scope:
                scope[name] = None  # declared anew without a value: engines disagree on whether it keeps the old one
    return scope


def scopes(
    dockerfile: Dockerfile,
    *,
    build_arguments: Mapping[str, str] | None = None,
    base_environment: Callable[[str], Mapping[str, str]] | None = None,
) -> Iterator[tuple[Instruction, dict[str, str | None]]]:
    """Each instruction inside a stage, with the variables that it sees; a value that the file does not settle is None.

    `base_environment` tells the ENV of an image that a stage starts from, where the caller knows it.
    """
    outer = global_scope(dockerfile, build_arguments)
    ended: dict[str, _StageScope] = {}
    for stage in dockerfile.stages:
        base = _known(stage.base, outer, dockerfile.escape, missing_is_empty=True)
        scope = _StageScope(dockerfile.escape, outer, build_arguments or {})
        if base is not None and base in ended:
            scope.inherit(ended[base])
        elif base is not None and base_environment is not None:
            scope.values.update(base_environment(base))
            scope.environment.update(scope.values)
        for instruction in stage.instructions:
            yield instruction, dict(scope.values)
            scope.follow(instruction)
        if stage.name is not None:
            ended[stage.name] = scope


@dataclass
class _StageScope:
    """What the instructions of one stage have set so far."""

    escape: str
    outer: Variables
    given: Mapping[str, str]
    values: dict[str, str | None] = field(default_factory=dict)
    environment: set[str] = field(default_factory=set)
    """The names that are ENV's."""
    held_back: list[Instruction] = field(default_factory=list)
    """What ONBUILD will set in a stage that is built on this one."""

    def inherit(self, below: "_StageScope") -> None:
        """Start where another stage ended, whose ARGs only some engines hand on."""
        self.values = {name: value if name in below.environment else None for name, value in below.values.items()}
        self.environment = set(below.environment)
        for instruction in below.held_back:
            for name, _ in instruction.pairs:
                self._unsettle(name)

    def follow(self, instruction: Instruction) -> None:
        """Go past an instruction."""
        nested = instruction.nested
        if instruction.keyword == "ARG":
            self._declare(instruction)
        elif instruction.keyword == "ENV":
            self._set(instruction)
        elif nested is not None and nested.keyword in ("ARG", "ENV"):
            self.held_back.append(nested)

    def _declare(self, instruction: Instruction) -> None:
        before = dict(self.values)  # the engine fills in a whole line before it sets any of it
        for raw_name, default in instruction.pairs:
            name = _known(raw_name, before, self.escape, missing_is_empty=False)
            if name is None or name in self.environment:
                self._unsettle(raw_name)  # which of ARG and ENV wins depends on the engine
            elif name in self.given:
                self.values[name] = self.given[name]
            elif default is not None:
                self.values[name] = _known(default, before, self.escape, missing_is_empty=False)
            elif name in self.outer:
                self.values[name] = self.outer[name]

    def _set(self, instruction: Instruction) -> None:
        before = dict(self.values)
        for raw_name, raw_value in instruction.pairs:
            name = _known(raw_name, before, self.escape, missing_is_empty=False)
            if name is None:
                self._unsettle(raw_name)
                continue
            self.values[name] = _known(raw_value or "", before, self.escape, missing_is_empty=False)
            self.environment.add(name)

    def _unsettle(self, raw_name: str) -> None:
        """One variable, or where its name is not plain any of them, holds what the file does not tell."""
        names = [raw_name] if raw_name.isidentifier() else list(self.values)
        self.values.update(dict.fromkeys(names))


def _known(word: str, scope: Variables, escape: str, *, missing_is_empty: bool) -> str | None:
    """The expanded word, None when it hangs on something that the file does not tell."""
    try:
        expanded = expand(word, scope, escape=escape)
    except ExpansionError:
        return None
    unsettled = {name for name in expanded.unknown if name in scope or not missing_is_empty}
    return None if unsettled else expanded.text
