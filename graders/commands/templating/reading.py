"""Reads a template: from its tokens to its parts, with the messages that Go's parser has for what is wrong."""

import json
import math
import re
from collections.abc import Collection

from graders.commands.templating.faults import UnreadableTemplate
from graders.commands.templating.lexing import Kind, Token, tokens_of, unreadable
from graders.commands.templating.nodes import (
    Action,
    Branch,
    Called,
    Chain,
    Dot,
    Fields,
    Function,
    Jump,
    Literal,
    Nil,
    Operand,
    Part,
    Pipe,
    Text,
    Variable,
)

LONGEST_TEMPLATE = 16 * 1024
_DEEPEST = 40
_NOT_HERE = frozenset(("block", "define", "template"))
_SHORT_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[abfnrtv\\'\"])|\\")


def read(text: str, functions: Collection[str]) -> tuple[Part, ...]:
    """The template's parts. `functions` are the names that may be called. Raises UnreadableTemplate."""
    if len(text) > LONGEST_TEMPLATE:
        raise UnreadableTemplate(
            f"template: :1: a template may have {LONGEST_TEMPLATE} characters, this one has {len(text)}"
        )
    reader = _Reader(text, functions)
    parts, ending = reader.parts(())
    if ending.kind is not Kind.END:
        raise unreadable(text, ending.position, f"unexpected {{{{{ending.text}}}}}")
    return parts


class _Reader:
    def __init__(self, text: str, functions: Collection[str]) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._at = 0
        self._functions = functions
        self._variables = ["$"]
        self._depth = 0
        self._ranges = 0

    # Walking over the tokens.

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        if token.kind is not Kind.END:
            self._at += 1
        return token

    def _skip_space(self) -> Token:
        if self._peek().kind is Kind.SPACE:
            self._at += 1
        return self._peek()

    def _wrong(self, token: Token, message: str) -> UnreadableTemplate:
        return unreadable(self._text, token.position, message)

    def _unexpected(self, token: Token, context: str) -> UnreadableTemplate:
        return self._wrong(token, f"unexpected {token.named()} in {context}")

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong(token, f"nested more than {_DEEPEST} deep")

    # Parts.

    def parts(self, endings: tuple[str, ...]) -> tuple[tuple[Part, ...], Token]:
        """Parts up to `{{end}}`, `{{else}}` or the end, and the token of that."""
        found: list[Part] = []
        while True:
            token = self._next()
            if token.kind is Kind.END:
                if endings:
                    raise self._wrong(token, "unexpected EOF")
                return tuple(found), token
            if token.kind is Kind.TEXT:
                found.append(Text(token.text))
                continue
            word = self._skip_space()
            if word.kind is Kind.KEYWORD and word.text in {"end", "else"}:
                self._next()
                if word.text not in endings:
                    raise self._wrong(word, f"unexpected {{{{{word.text}}}}}")
                return tuple(found), word
            found.append(self._part(word))

    def _part(self, word: Token) -> Part:
        if word.kind is Kind.KEYWORD:
            if word.text in {"if", "with", "range"}:
                self._next()
                return self._branch(word)
            if word.text in {"break", "continue"}:
                self._next()
                if not self._ranges:
                    raise self._wrong(word, f"{{{{{word.text}}}}} outside {{{{range}}}}")
                self._close(f"{{{{{word.text}}}}}")
                return Jump(word.text)
            if word.text in _NOT_HERE:
                raise self._wrong(
                    word,
                    f"{{{{{word.text}}}}} is not available in this console: write what it would print in its place",
                )
        return Action(self._pipe("command", Kind.CLOSE))

    def _close(self, context: str) -> None:
        token = self._skip_space()
        if token.kind is not Kind.CLOSE:
            raise self._unexpected(token, context)
        self._next()

    def _branch(self, word: Token) -> Branch:
        self._deeper(word)
        known = len(self._variables)
        pipe = self._pipe(word.text, Kind.CLOSE)
        self._ranges += word.text == "range"
        body, ending = self.parts(("end", "else"))
        self._ranges -= word.text == "range"
        otherwise: tuple[Part, ...] = ()
        if ending.text == "else":
            otherwise = self._otherwise(word)
        else:
            self._close("end")
        del self._variables[known:]
        self._depth -= 1
        return Branch(word.text, pipe, body, otherwise)

    def _otherwise(self, word: Token) -> tuple[Part, ...]:
        after = self._skip_space()
        if word.text == "if" and after.kind is Kind.KEYWORD and after.text == "if":
            self._next()
            return (self._branch(after),)  # its {{end}} is ours
        self._close("else")
        parts, ending = self.parts(("end", "else"))
        if ending.text == "else":
            raise self._wrong(ending, "expected end; found {{else}}")
        self._close("end")
        return parts

    # Pipelines.

    def _pipe(self, context: str, closing: Kind) -> Pipe:
        begin = self._skip_space()
        variables, declares = self._declared(context)
        stages: list[Called] = []
        while True:
            token = self._skip_space()
            if token.kind is closing:
                self._next()
                break
            if token.kind in {Kind.PIPE, Kind.CLOSE, Kind.RIGHT, Kind.END}:
                raise self._unexpected(token, context)
            stages.append(self._called(context))
            if self._skip_space().kind is Kind.PIPE:
                self._next()
        if not stages:
            raise self._wrong(begin, f"missing value for {context}")
        for number, stage in enumerate(stages[1:], start=2):
            if isinstance(stage.words[0], Dot | Nil | Literal):
                raise self._wrong(begin, f"non executable command in pipeline stage {number}")
        if declares:
            self._variables += variables
        return Pipe(begin.position, tuple(stages), variables, declares=declares)

    def _declared(self, context: str) -> tuple[tuple[str, ...], bool]:
        """`$x :=`, `$x =`, or of a range `$k, $v :=`; nothing is taken where there is none."""
        start = self._at
        names: list[str] = []
        while self._peek().kind is Kind.VARIABLE:
            names.append(self._next().text)
            token = self._skip_space()
            if token.kind in {Kind.DECLARE, Kind.ASSIGN}:
                self._next()
                return tuple(names), token.kind is Kind.DECLARE
            if token.kind is not Kind.OTHER or token.text != ",":
                break
            if context != "range" or len(names) > 1:
                raise self._wrong(token, f"too many declarations in {context}")
            self._next()
            self._skip_space()
        self._at = start
        return (), False

    def _ensure_known(self, names: list[str], token: Token) -> None:
        for name in names:
            if name not in self._variables:
                raise self._wrong(token, f'undefined variable "{name}"')

    def _called(self, context: str) -> Called:
        begin = self._skip_space()
        words: list[Operand] = []
        while True:
            self._skip_space()
            word = self._operand()
            if word is not None:
                words.append(word)
            token = self._peek()
            if token.kind is Kind.SPACE:
                if word is None:
                    raise self._unexpected(self._skip_space(), "operand")
                continue
            if token.kind in {Kind.CLOSE, Kind.RIGHT, Kind.PIPE, Kind.END}:
                break
            raise self._unexpected(token, "operand" if word is not None else context)
        if not words:
            raise self._wrong(begin, "empty command")
        return Called(begin.position, tuple(words))

    def _operand(self) -> Operand | None:
        base = self._term()
        if base is None or self._peek().kind is not Kind.FIELD:
            return base
        begin = self._peek()
        names: list[str] = []
        while self._peek().kind is Kind.FIELD:
            names.append(self._next().text[1:])
        if isinstance(base, Fields):
            return Fields(begin.position, (*base.names, *names))
        if isinstance(base, Variable):
            return Variable(begin.position, base.name, tuple(names))
        if isinstance(base, Dot | Nil | Literal):
            raise self._wrong(begin, f"unexpected . after term {json.dumps(str(base))}")
        return Chain(begin.position, base, tuple(names))

    def _term(self) -> Operand | None:
        token = self._peek()
        at = token.position
        if token.kind is Kind.LEFT:
            self._next()
            self._deeper(token)
            inner = self._pipe("parenthesized pipeline", Kind.RIGHT)
            self._depth -= 1
            return inner
        made: Operand | None = None
        if token.kind is Kind.IDENTIFIER:
            if token.text not in self._functions:
                raise self._wrong(token, f'function "{token.text}" not defined')
            made = Function(at, token.text)
        elif token.kind is Kind.VARIABLE:
            self._ensure_known([token.text], token)
            made = Variable(at, token.text)
        elif token.kind is Kind.FIELD:
            made = Fields(at, (token.text[1:],))
        elif token.kind is Kind.DOT:
            made = Dot(at)
        elif token.kind is Kind.KEYWORD and token.text == "nil":
            made = Nil(at)
        elif token.kind in {Kind.BOOL, Kind.NUMBER, Kind.CHARACTER, Kind.STRING, Kind.RAW}:
            made = Literal(at, token.text, self._value(token))
        if made is not None:
            self._next()
        return made

    def _value(self, token: Token) -> str | int | float | bool:
        written = token.text
        if token.kind is Kind.BOOL:
            return written == "true"
        if token.kind is Kind.RAW:
            return written[1:-1]
        if token.kind is Kind.NUMBER:
            return self._number(token)
        text = self._unescaped(token)
        if token.kind is Kind.STRING:
            return text
        if len(text) != 1:
            raise self._wrong(token, f"malformed character constant: {written}")
        return ord(text)

    def _number(self, token: Token) -> int | float:
        digits = token.text.replace("_", "")
        try:
            if digits.lower().lstrip("+-").startswith("0x"):
                number: int | float = int(digits, 16)
            elif re.fullmatch(r"[+-]?\d+", digits):
                number = int(digits, 8) if re.fullmatch(r"[+-]?0\d+", digits) else int(digits)
            else:
                number = float(digits)
        except (ValueError, OverflowError):
            raise self._wrong(token, f'illegal number syntax: "{token.text}"') from None
        if isinstance(number, float) and math.isinf(number):
            raise self._wrong(token, f'illegal number syntax: "{token.text}"')
        if isinstance(number, int) and not -(2**63) <= number < 2**64:
            raise self._wrong(token, f"integer overflow: {json.dumps(token.text)}")
        return number

    def _unescaped(self, token: Token) -> str:
        def put(escape: re.Match[str]) -> str:
            code = escape[1]
            if code is None:
                raise self._wrong(token, "invalid syntax")
            if code == '"' or code in _SHORT_ESCAPES:
                return _SHORT_ESCAPES.get(code, code)
            point = int(code, 8) if code.isdigit() else int(code[1:], 16)
            if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:  # noqa: PLR2004  # Unicode's own bounds
                raise self._wrong(token, "invalid syntax")
            return chr(point)

        return _ESCAPE.sub(put, token.text[1:-1])
