"""One pass over a word as BuildKit's shell lexer makes it: quotes, escapes, and variables in each of their forms."""

from collections.abc import Callable, Mapping

from graders.dockerfile.errors import ExpansionError, UnsetVariable
from graders.dockerfile.substitution import replaced, without_end, without_start
from graders.dockerfile.text import SPACES

MAX_NESTING = 20
MAX_EXPANDED = 1024 * 1024  # characters
_SPECIAL_NAMES = "@*#?-$!0"
_BOM = "\ufeff"

Variables = Mapping[str, str | None]


class Lexer:
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
        """The whole text, worked out; the words of it are in `words` then. Raises ExpansionError."""
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
