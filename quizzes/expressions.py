"""Computes answers from drawn values: a small language of expressions, read by Python's parser and carried out here.

Nothing of Python runs: only the kinds of nodes listed below are known, names are the author's values, and the functions
are the ones of this file. Numbers are exact fractions. Length, depth, size of numbers and of texts are bounded, so that
no expression takes long or much memory.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from graders.authored import did_you_mean
from quizzes.amounts import (
    BINARY,
    FUNCTIONS,
    MAX_ITEMS,
    Amount,
    ExpressionError,
    Item,
    bounded,
    number_of,
    said,
    text_of,
    whole_of,
)

MAX_LENGTH = 500
MAX_DEPTH = 30
_MAX_SHOWN = 60
_LITERAL = re.compile(r"(?:\d[\d_]{0,80}(?:\.\d{0,80})?|\.\d{1,80})(?:[eE][+-]?\d{1,2})?", re.ASCII)

_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True)
class Expression:
    """An expression that was read: its text, and the names of the values it needs."""

    text: str
    names: frozenset[str]
    body: ast.expr

    def value(self, values: Mapping[str, Amount]) -> Amount:
        """Carry it out with these values. Raises ExpressionError."""
        return _Evaluation(self.text, values).of(self.body)

    def holds(self, values: Mapping[str, Amount]) -> bool:
        """Carry out a condition. Raises ExpressionError, also when it is no condition."""
        result = self.value(values)
        if not isinstance(result, bool):
            raise ExpressionError(f"is {said(result)}, not a condition such as `a != b`")
        return result


@lru_cache(maxsize=2048)
def read_expression(text: str) -> Expression:
    """Read an expression. Raises ExpressionError, which says what is not understood and where."""
    text = text.strip()
    if not text:
        raise ExpressionError("is empty: write an expression, such as `n * 1024`")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"is longer than {MAX_LENGTH} characters")
    if "\\" in text or "\0" in text or "\n" in text:
        raise ExpressionError("is a single line without backslashes")
    try:
        body = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        column = f" at character {error.offset}" if error.offset else ""
        raise ExpressionError(f"cannot be read{column}: write it like `n * 1024`") from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError("cannot be read: write it like `n * 1024`") from None
    names: set[str] = set()
    _look_at(body, text, names, depth=1)
    return Expression(text=text, names=frozenset(names), body=body)


def _look_at(node: ast.expr, text: str, names: set[str], *, depth: int) -> None:  # noqa: C901, PLR0912 - a case a kind of node
    """Refuse every node that this language does not have, and note the names of values."""
    if depth > MAX_DEPTH:
        raise ExpressionError(f"is nested deeper than {MAX_DEPTH} levels: compute a part of it in a value of its own")
    inner: list[ast.expr] = []
    match node:
        case ast.Constant(value=bool() | str()):
            pass
        case ast.Constant(value=int() | float()):
            _literal(node, text)
        case ast.Name(id="true" | "false"):
            pass
        case ast.Name(id=name):
            if name in FUNCTIONS:
                raise ExpressionError(f"names the function `{name}` without calling it: write `{name}(…)`")
            names.add(name)
        case ast.BinOp(left=left, op=op, right=right) if type(op).__name__ in BINARY:
            inner = [left, right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not(), operand=operand):
            inner = [operand]
        case ast.BoolOp(values=parts):
            inner = parts
        case ast.Compare(left=left, ops=ops, comparators=others) if all(
            isinstance(op, (*_ORDER, ast.Eq, ast.NotEq, ast.In, ast.NotIn)) for op in ops
        ):
            inner = [left, *others]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            inner = [test, body, orelse]
        case ast.List(elts=items) | ast.Tuple(elts=items) if not any(isinstance(item, ast.Starred) for item in items):
            inner = items
        case ast.Subscript(value=of, slice=index) if not isinstance(index, ast.Slice | ast.Tuple):
            inner = [of, index]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            _look_at_call(name, args)
            inner = args
        case _:
            raise ExpressionError(_not_known(node, text))
    for part in inner:
        _look_at(part, text, names, depth=depth + 1)


def _look_at_call(name: str, args: list[ast.expr]) -> None:
    function = FUNCTIONS.get(name)
    if function is None:
        raise ExpressionError(f"calls `{name}`, which there is not. {did_you_mean(name, FUNCTIONS).rstrip('.')}")
    if not function.least <= len(args) <= function.most:
        least, most = function.least, function.most
        count = f"{least}" if least == most else f"{least} to {most}" if most < MAX_ITEMS else f"at least {least}"
        raise ExpressionError(f"`{name}` takes {count} {'value' if count == '1' else 'values'}, not {len(args)}")


def _not_known(node: ast.expr, text: str) -> str:
    shown = ast.get_source_segment(text, node) or text
    shown = shown if len(shown) <= _MAX_SHOWN else f"{shown[: _MAX_SHOWN - 1]}…"
    return (
        f"has `{shown}` at character {node.col_offset + 1}, which expressions do not have: they have numbers, texts in "
        f"quotes, lists, + - * / // % **, comparisons, and/or/not, `a if … else b`, and {', '.join(FUNCTIONS)}"
    )


def _literal(node: ast.Constant, text: str) -> Fraction:
    """The number exactly as it is written: Python would read 0.1 as the nearest binary fraction."""
    written = ast.get_source_segment(text, node) or ""
    if not _LITERAL.fullmatch(written):
        raise ExpressionError(f"has the number `{written[:40]}`, which is too long or written in a way not known here")
    number = Fraction(written.replace("_", ""))
    bounded(number)
    return number


@dataclass(frozen=True)
class _Evaluation:
    """One carrying out of an expression that was looked at."""

    text: str
    values: Mapping[str, Amount]

    def of(self, node: ast.expr) -> Amount:
        """The value of a node."""
        return bounded(self._of(node))

    def _of(self, node: ast.expr) -> Amount:  # noqa: C901, PLR0911 - a case a kind of node
        match node:
            case ast.Constant(value=bool() | str() as plain):
                return plain
            case ast.Constant():
                return _literal(node, self.text)
            case ast.Name(id="true" | "false" as word):
                return word == "true"
            case ast.Name(id=name):
                return self.values[name]
            case ast.BinOp(left=left, op=op, right=right):
                return BINARY[type(op).__name__](self.of(left), self.of(right))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self._truth(operand)
            case ast.UnaryOp(op=op, operand=operand):
                number = number_of(self.of(operand), "a sign")
                return -number if isinstance(op, ast.USub) else number
            case ast.BoolOp(op=op, values=parts):
                holds = (self._truth(part) for part in parts)
                return all(holds) if isinstance(op, ast.And) else any(holds)
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._compare(left, ops, others)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.of(body) if self._truth(test) else self.of(orelse)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return tuple(self._item(item) for item in items)
            case ast.Subscript(value=of, slice=index):
                return self._picked(self.of(of), self.of(index))
            case ast.Call(func=ast.Name(id=name), args=args):
                return FUNCTIONS[name].does(*[self.of(arg) for arg in args])
            case _:
                raise ExpressionError(_not_known(node, self.text))

    def _truth(self, node: ast.expr) -> bool:
        value = self.of(node)
        if not isinstance(value, bool):
            raise ExpressionError(f"asks whether {said(value)} holds: write a comparison, such as `n > 3`")
        return value

    def _item(self, node: ast.expr) -> Item:
        value = self.of(node)
        if isinstance(value, tuple):
            raise ExpressionError("has a list in a list")
        return value

    @staticmethod
    def _picked(of: Amount, index: Amount) -> Amount:
        position = whole_of(index, "a position in `[…]`")
        if not isinstance(of, str | tuple):
            raise ExpressionError(f"`[…]` picks from a list or a text, not from {said(of)}")
        if not -len(of) <= position < len(of):
            raise ExpressionError(f"`[{position}]` is past the end: there are {len(of)}, and the first is `[0]`")
        return of[position]

    def _compare(self, left: ast.expr, ops: list[ast.cmpop], others: list[ast.expr]) -> bool:
        one = self.of(left)
        for op, node in zip(ops, others, strict=True):
            other = self.of(node)
            if not _holds(op, one, other):
                return False
            one = other
        return True


def _holds(op: ast.cmpop, one: Amount, other: Amount) -> bool:
    if isinstance(op, ast.In | ast.NotIn):
        if isinstance(other, tuple):
            return (one in other) == isinstance(op, ast.In)
        return (text_of(one, "`in`") in text_of(other, "`in`")) == isinstance(op, ast.In)
    if type(one) is not type(other):
        raise ExpressionError(f"compares {said(one)} with {said(other)}")
    if isinstance(op, ast.Eq | ast.NotEq):
        return (one == other) == isinstance(op, ast.Eq)
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return _is_ordered(op, (one > other) - (one < other))
    if isinstance(one, str) and isinstance(other, str):
        return _is_ordered(op, (one > other) - (one < other))
    raise ExpressionError(f"asks which of two is larger, and each is {said(one)}")


def _is_ordered(op: ast.cmpop, sign: int) -> bool:
    match op:
        case ast.Lt():
            return sign < 0
        case ast.LtE():
            return sign <= 0
        case ast.Gt():
            return sign > 0
        case _:
            return sign >= 0
