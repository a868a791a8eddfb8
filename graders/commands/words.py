"""Reads the words of a line as a shell does: quotes, escapes, comments and `$(…)`.

What a shell does beyond that is refused by name.

Nothing here runs anything. A word is kept in parts, since what is quoted is not split and what is substituted is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from graders.commands.shell_refusals import refused, unlike_the_key

MOST_NESTED = 2
"""How deep `$(…)` may stand in `$(…)`."""
JOINS_STREAMS = "2>&1"
"""What sends a command's errors where its output goes."""

_ENDS_WORD = frozenset(" \t\n;|&()<>")
_JOINS = re.compile(r"2>&1(?=[\s;|&()]|\Z)")
_NO_SIGNS = {"|&": "streams", ">&": "streams", "&>": "redirection", "<<": "heredoc"} | {
    "&": "background",
    "<": "redirection",
    ">": "redirection",
    "(": "subshell",
    ")": "subshell",
}
"""Signs of a shell that are none here: the code of the refusal."""
_ESCAPED_IN_QUOTES = frozenset('$`"\\\n')
_FOLDER = re.compile(r"\$(?:PWD\b|\{PWD\})")
_BRACES = re.compile(r"\{([^{}\s]*+)\}")


@dataclass(frozen=True)
class Text:
    """Characters that stand for themselves."""

    text: str
    quoted: bool


@dataclass(frozen=True)
class Folder:
    """`$PWD`: the lab's folder."""

    quoted: bool


@dataclass(frozen=True)
class Substitution:
    """`$(…)`: what the line in it prints, split into words unless it is quoted."""

    text: str
    quoted: bool
    depth: int


Part = Text | Folder | Substitution


@dataclass(frozen=True)
class Word:
    """One word, in its parts."""

    parts: tuple[Part, ...]

    @property
    def plain(self) -> str | None:
        """The word where nothing has to be carried out for it."""
        if all(isinstance(part, Text) for part in self.parts):
            return "".join(part.text for part in self.parts if isinstance(part, Text))
        return None


@dataclass(frozen=True)
class Sign:
    """`|`, `&&`, `||`, `;` or `2>&1`; a line feed is `;`."""

    text: str
    is_line_feed: bool = False


Token = Word | Sign


@dataclass
class _Reader:
    text: str
    depth: int
    at: int = 0
    parts: list[Part] = field(default_factory=list)
    run: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    """The word's unquoted characters, for what a shell would make of its braces."""
    begun: bool = False

    def tokens(self) -> list[Token]:
        found: list[Token] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t":
                self.at += 1
            elif char == "\\" and self.text.startswith("\\\n", self.at):
                self.at += 2
            elif char == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif _JOINS.match(self.text, self.at):
                self.at += len(JOINS_STREAMS)
                found.append(Sign(JOINS_STREAMS))
            elif char in _ENDS_WORD:
                found.append(self._sign())
            else:
                found.append(self._word())
        return found

    def _sign(self) -> Sign:
        rest = self.text[self.at : self.at + 2]
        for sign in ("&&", "||"):
            if rest == sign:
                self.at += 2
                return Sign(sign)
        char = rest[0]
        if code := _NO_SIGNS.get(rest) or _NO_SIGNS.get(char):
            raise refused(code)
        self.at += 1
        return Sign(";", is_line_feed=True) if char == "\n" else Sign(char)

    def _word(self) -> Word:
        self.parts, self.run, self.bare, self.begun = [], [], [], False
        while self.at < len(self.text) and self.text[self.at] not in _ENDS_WORD:
            step = _STEPS.get(self.text[self.at], _Reader._ordinary)
            step(self)
        if self.at < len(self.text) and self.text[self.at] in "<>" and "".join(self.bare).isdigit():
            raise refused(_NO_SIGNS.get(self.text[self.at : self.at + 2], "redirection"))
        self._close(quoted=False)
        if any("," in inner or ".." in inner for inner in _BRACES.findall("".join(self.bare))):
            raise refused("braces")
        return Word(tuple(self.parts))

    def _close(self, *, quoted: bool) -> None:
        if self.run or (quoted and self.begun):
            self.parts.append(Text("".join(self.run), quoted))
        self.run = []
        self.begun = False

    def _ordinary(self) -> None:
        char = self.text[self.at]
        first = not self.parts and not self.run
        if char in "*?[":
            raise refused("glob")
        if char == "~" and first:
            raise refused("home")
        if char == "!" and first and len(self.text) > self.at + 1:
            raise refused("exclamation")
        unlike_the_key(char, first=first)
        self.run.append(char)
        self.bare.append(char)
        self.at += 1

    def _backslash(self) -> None:
        if self.at + 1 >= len(self.text):
            raise refused("ends-in-backslash")
        char = self.text[self.at + 1]
        self.at += 2
        if char != "\n":
            self.run.append(char)
            self.bare.append("_")

    def _single(self) -> None:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise refused("single-quote")
        self._close(quoted=False)
        self.parts.append(Text(self.text[self.at + 1 : end], quoted=True))
        self.bare.append("_")
        self.at = end + 1

    def _double(self) -> None:
        self._close(quoted=False)
        self.begun = True
        self.bare.append("_")
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == '"':
                self.at += 1
                self._close(quoted=True)
                return
            if char == "\\" and self.text[self.at + 1 : self.at + 2] in _ESCAPED_IN_QUOTES:
                following = self.text[self.at + 1]
                if following != "\n":
                    self.run.append(following)
                self.at += 2
            elif char == "$":
                self._dollar(quoted=True)
            elif char == "`":
                self._backtick(quoted=True)
            else:
                self.run.append(char)
                self.at += 1
        raise refused("double-quote")

    def _dollar(self, *, quoted: bool = False) -> None:
        rest = self.text[self.at : self.at + 3]
        if rest.startswith("$(("):
            raise refused("arithmetic")
        if rest.startswith("$("):
            self._substitute(*_inside(self.text, self.at + 2), quoted=quoted)
            return
        named = _FOLDER.match(self.text, self.at)
        if named:
            self._close(quoted=quoted)
            self.parts.append(Folder(quoted))
            self.bare.append("_")
            self.at = named.end()
            return
        if re.match(r"\$(?:[A-Za-z_0-9{?!$#@*-])", rest) or (not quoted and re.match(r"\$['\"]", rest)):
            raise refused("variable")
        self.run.append("$")
        self.bare.append("$")
        self.at += 1

    def _backtick(self, *, quoted: bool = False) -> None:
        at, inner = self.at + 1, []
        while at < len(self.text) and self.text[at] != "`":
            if self.text[at] == "\\" and self.text[at + 1 : at + 2] in {"`", "\\", "$"}:
                at += 1
            inner.append(self.text[at])
            at += 1
        if at >= len(self.text):
            raise refused("backtick")
        self._substitute("".join(inner), at + 1, quoted=quoted)

    def _substitute(self, inner: str, end: int, *, quoted: bool) -> None:
        if self.depth >= MOST_NESTED:
            raise refused("nested")
        self._close(quoted=quoted)
        self.parts.append(Substitution(inner, quoted, self.depth + 1))
        self.bare.append("_")
        self.at = end


_STEPS: dict[str, Callable[[_Reader], None]] = {
    "\\": _Reader._backslash,  # noqa: SLF001  # this module's own class
    "'": _Reader._single,  # noqa: SLF001  # this module's own
    '"': _Reader._double,  # noqa: SLF001  # this module's own
    "$": _Reader._dollar,  # noqa: SLF001  # this module's own
    "`": _Reader._backtick,  # noqa: SLF001  # this module's own
}


def _inside(text: str, at: int) -> tuple[str, int]:
    """What stands from `at` to the parenthesis that closes it, and where that ends."""
    start, depth, quote = at, 1, ""
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return text[start:at], at + 1
        at += 1
    raise refused("parenthesis")


def read_tokens(text: str, *, depth: int = 0) -> list[Token]:
    """Take a line apart into words and signs. Raises CommandRefused for what no line here may hold."""
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise refused("character")
    return _Reader(text, depth).tokens()
