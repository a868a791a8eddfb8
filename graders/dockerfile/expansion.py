"""Variables in a Dockerfile: how the engine reads quotes, escapes and `$` in a word, and what is set where.

The rules are those of BuildKit's frontend/dockerfile/shell. `${X-y}`, `${X%y}` and their like, which
only newer engines know, are read and told of: to the others they are an error.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from graders.dockerfile.errors import ExpansionError, UnsetVariable
from graders.dockerfile.model import Dockerfile, Instruction
from graders.dockerfile.substitution import replaced, without_end, without_start
from graders.dockerfile.text import SPACES

MAX_NESTING = 20
MAX_EXPANDED = 1024 * 1024  # characters
_SPECIAL_NAMES = "@*#?-$!0"
_BOM = "\ufeff"

# The engine fills these in by itself; what they hold is not in the file.
PLATFORM_ARGUMENTS = frozenset(
    f"{side}{part}" for side in ("TARGET", "BUILD") for part in ("PLATFORM", "OS", "ARCH", "VARIANT", "OSVERSION")
) | {"TARGETSTAGE"}

Variables = Mapping[str, str | None]


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
    lexer = _Lexer(word, variables, escape)
    text = lexer.read()
    return Expanded(text, frozenset(lexer.unknown), lexer.is_newer)


def expand_words(text: str, variables: Variables, *, escape: str = "\\") -> tuple[str, ...]:
    """The words of `text`, worked out as `expand` does: a value outside quotes can come to several words, or to none.

    So the engine reads the ports of EXPOSE. Raises ExpansionError.
    """
    lexer = _Lexer(text, variables, escape)
    lexer.read()
    return tuple(lexer.words)


def raw_words(line: str, *, escape: str = "\\") -> list[str]:
    """Split a line into shell words with quotes, escapes and variables left as written (how heredocs are found)."""
    lexer = _Lexer(line, {}, escape, raw=True)
    lexer.read()
    return lexer.words


class _Lexer:
    """One pass over a word. With `raw`, nothing is replaced and only the word boundaries matter."""

    def __init__(self, text: str, variables: Variables, escape: str, *, raw: bool = False) -> None:
        self.text = text.removeprefix(_BOM)  # Go's scanner drops one at the start
        self.at = 0
        self.variables = variables
        self.escape = escape
        self.raw = raw
        self.raw_escapes = False
        self.is_newer = False
        self.depth = 0
        self.unknown: set[str] = set()
        self.grown = 0
        self.words: list[str] = []
        self._word: list[str] = []

    def read(self) -> str:
        text = self._until(None)
        self._end_word()
        return text

    def _peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _next(self) -> str:
        char = self._peek()
        self.at += 1
        return char

    def _end_word(self) -> None:
        word = "".join(self._word)
        if word and self.depth == 0:
            self.words.append(word)
        if self.depth == 0:
            self._word = []

    def _keep(self, text: str) -> None:
        if self.depth == 0:
            self._word.append(text)

    def _keep_parted(self, text: str) -> None:
        """Spaces end a word, also those in the value of a variable that stands outside quotes."""
        for char in text:
            if char in SPACES:
                self._end_word()
            else:
                self._keep(char)

    def _until(self, stop: str | None) -> str:
        readers: dict[str, Callable[[], str]] = {"'": self._single, '"': self._double, "$": self._dollar}
        out: list[str] = []
        while char := self._peek():
            if char == stop:
                self._next()
                return "".join(out)
            reader = readers.get(char)
            if reader is not None:
                piece = reader()
                if char == "$" and not self.raw:
                    self._keep_parted(piece)
                else:
                    self._keep(piece)
            elif char == self.escape:
                self._next()
                escaped = self._next()
                if not escaped:
                    break
                piece = char + escaped if self.raw or self.raw_escapes else escaped
                self._keep(piece)
            else:
                piece = self._next()
                self._keep_parted(piece)
            out.append(piece)
        if stop is not None:
            raise ExpansionError("a ${ has no closing }")
        return "".join(out)

    def _single(self) -> str:
        start = self.at
        end = self.text.find("'", start + 1)
        if end < 0:
            raise ExpansionError("a single quote is never closed")
        self.at = end + 1
        return self.text[start : end + 1] if self.raw else self.text[start + 1 : end]

    def _double(self) -> str:
        opening = self._next()
        out = [opening] if self.raw else []
        while True:
            char = self._peek()
            if not char:
                raise ExpansionError("a double quote is never closed")
            if char == "$":
                out.append(self._dollar())
                continue
            self._next()
            if char == '"':
                if self.raw:
                    out.append(char)
                return "".join(out)
            if char == self.escape:
                follower = self._peek()
                if not follower:
                    continue
                if follower in ('"', "$", self.escape):
                    if self.raw or self.raw_escapes:
                        out.append(char)
                    char = self._next()
            out.append(char)

    def _dollar(self) -> str:
        start = self.at
        self._next()
        if self._peek() != "{":
            name = self._name()
            return self._value(name, start) if name else "$"
        self._next()
        name = self._name() if self._peek() not in ("{", "}", ":", "") else ""
        if not name:
            raise ExpansionError("a ${ is not followed by a name")
        after = self._next()
        return self._value(name, start) if after == "}" else self._modified(name, start, after)

    def _modified(self, name: str, start: int, after: str) -> str:
        """`${NAME:-word}` and its like, from behind the character `after` the name."""
        if after and after in "#%/":
            return self._substituted(name, start, after)
        empty_is_unset = after == ":"
        modifier = self._next() if empty_is_unset else after
        if not modifier or modifier not in "-+?":
            raise ExpansionError(f"${{{name}…}} can be followed by }}, :-, :+ or :? only")
        if not empty_is_unset and modifier != "?":
            self.is_newer = True
        word = self._nested("}")
        if self.raw:
            return self.text[start : self.at]
        value = self._value(name, start)
        is_set = bool(value) or (name in self.variables and not empty_is_unset)
        if modifier == "+":
            return word if is_set else ""
        if modifier == "-":
            return value if is_set else word
        if not is_set and self.variables.get(name, "") is not None:
            raise UnsetVariable(f"{name} has no value, and its ${{{name}?…}} asks for one")
        return value

    def _substituted(self, name: str, start: int, modifier: str) -> str:
        """`${NAME#pattern}`, `${NAME%pattern}` and `${NAME/pattern/text}`; a doubled sign asks for the most."""
        self.is_newer = True
        most = modifier == "/" and self._peek() == "/"
        if most:
            self._next()
        pattern = self._nested("/" if modifier == "/" else "}", raw_escapes=True)
        text = self._nested("}", raw_escapes=True) if modifier == "/" else ""
        if self.raw:
            return self.text[start : self.at]
        if modifier != "/":
            if not pattern:  # on it, engines up to 26 do not answer, they die
                raise ExpansionError(f"nothing follows the {modifier} of ${{{name}{modifier}…}}")
            if pattern.startswith(modifier):
                pattern, most = pattern[1:], True
        value = self._value(name, start)
        if modifier == "/":
            result = replaced(value, pattern, text, every=most)
        else:
            result = (without_start if modifier == "#" else without_end)(value, pattern, longest=most)
        self._grow(len(result) - len(value))
        return result

    def _nested(self, stop: str, *, raw_escapes: bool = False) -> str:
        """The text up to `stop`, inside of a `${`; with `raw_escapes`, escapes in it are left to whoever reads it."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise ExpansionError(f"${{…}} is nested more than {MAX_NESTING} deep")
        outside, self.raw_escapes = self.raw_escapes, raw_escapes
        word = self._until(stop)
        self.raw_escapes = outside
        self.depth -= 1
        return word

    def _grow(self, more: int) -> None:
        self.grown += max(more, 0)
        if self.grown > MAX_EXPANDED:
            raise ExpansionError(f"the variables in it grow to more than {MAX_EXPANDED:,} characters")

    def _value(self, name: str, start: int) -> str:
        if self.raw:
            return self.text[start : self.at]
        value = self.variables.get(name)
        if value is None:
            self.unknown.add(name)
            return ""
        self._grow(len(value))
        return value

    def _name(self) -> str:
        start = self.at
        first = self._peek()
        if first.isdecimal():
            while self._peek().isdecimal():
                self._next()
        elif first and first in _SPECIAL_NAMES:
            self._next()
        else:
            while (char := self._peek()) and (char == "_" or char.isalpha() or char.isdecimal()):
                self._next()
        return self.text[start : self.at]


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
    ended: dict[str, dict[str, str | None]] = {}
    for stage in dockerfile.stages:
        base = _known(stage.base, outer, dockerfile.escape, missing_is_empty=True)
        scope: dict[str, str | None] = {}
        if base is not None and base in ended:
            scope.update(ended[base])
        elif base is not None and base_environment is not None:
            scope.update(base_environment(base))
        arguments: set[str] = set()
        for instruction in stage.instructions:
            yield instruction, dict(scope)
            if instruction.keyword == "ARG":
                _declare(
                    instruction,
                    scope,
                    outer=outer,
                    given=build_arguments or {},
                    arguments=arguments,
                    escape=dockerfile.escape,
                )
            elif instruction.keyword == "ENV":
                _set(instruction, scope, dockerfile.escape)
        if stage.name is not None:
            # Engines disagree on whether a stage built on this one still sees its ARGs.
            ended[stage.name] = {name: None if name in arguments else value for name, value in scope.items()}


def _declare(
    instruction: Instruction,
    scope: dict[str, str | None],
    *,
    outer: Variables,
    given: Mapping[str, str],
    arguments: set[str],
    escape: str,
) -> None:
    for name, default in instruction.pairs:
        value: str | None
        if name in scope and name not in arguments:
            value = None  # an ENV of that name: which of the two wins depends on the engine
        elif name in given:
            value = given[name]
        elif default is not None:
            value = _known(default, scope, escape, missing_is_empty=False)
        elif name in outer:
            value = outer[name]
        else:
            continue
        scope[name] = value
        arguments.add(name)


def _set(instruction: Instruction, scope: dict[str, str | None], escape: str) -> None:
    before = dict(scope)
    for raw_name, raw_value in instruction.pairs:
        name = _known(raw_name, before, escape, missing_is_empty=False)
        if name is None:  # it may have set any of them
            scope.update(dict.fromkeys(scope))
            continue
        scope[name] = _known(raw_value or "", before, escape, missing_is_empty=False)


def _known(word: str, scope: Variables, escape: str, *, missing_is_empty: bool) -> str | None:
    """The expanded word, None when it hangs on something that the file does not tell."""
    try:
        expanded = expand(word, scope, escape=escape)
    except ExpansionError:
        return None
    unsettled = {name for name in expanded.unknown if name in scope or not missing_is_empty}
    return None if unsettled else expanded.text
