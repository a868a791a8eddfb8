"""Carries out a template on a value. Its work and what it prints are bounded, whatever the template is."""

from collections.abc import Iterator, Sequence

from graders.commands.templating.faults import FailedTemplate
from graders.commands.templating.functions import FUNCTIONS, HEADING_FUNCTIONS, SHORT_CUTS, misfit
from graders.commands.templating.lexing import line_of
from graders.commands.templating.nodes import (
    Action,
    Branch,
    Called,
    Chain,
    Dot,
    Fields,
    Function,
    Literal,
    Nil,
    Operand,
    Part,
    Pipe,
    Text,
    Variable,
)
from graders.commands.templating.printing import LONGEST_TEXT, plain
from graders.commands.templating.values import NO_VALUE, Nothing, Row, Struct, Value, is_true, type_of

_MOST_STEPS = 20_000
_MOST_HANDED = 4 * 1024 * 1024
"""Characters and items that functions are given and give, together."""
_TOO_MUCH = "template: : the template does more work than is allowed here: make it simpler"
_TAKES_NOTHING = frozenset(("json", "print", "printf", "println"))
_NOT_GIVEN = object()


class _Jumped(Exception):
    def __init__(self, word: str) -> None:
        self.word = word


class Evaluator:
    """One carrying out of a template."""

    def __init__(self, text: str, value: Value, *, raw: bool = False, heading: bool = False) -> None:
        """`raw` is plain JSON, in which a missing key is a fault; `heading` is the heading of a table."""
        self._text = text
        self._raw = raw
        self._heading = heading
        self._variables: list[tuple[str, Value]] = [("$", value)]
        self._value = value
        self._steps = 0
        self._printed: list[str] = []
        self._size = 0
        self._handed = 0

    def carry_out(self, parts: Sequence[Part]) -> str:
        """What it prints. Raises FailedTemplate."""
        self._walk(parts, self._value)
        return "".join(self._printed)

    # Parts.

    def _walk(self, parts: Sequence[Part], dot: Value) -> None:
        for part in parts:
            self._step()
            if isinstance(part, Text):
                self._print(part.text)
            elif isinstance(part, Action):
                value = self._pipe(part.pipe, dot)
                if not part.pipe.variables:
                    self._print(self._plain(part.pipe, value))
            elif isinstance(part, Branch):
                known = len(self._variables)
                try:
                    self._branch(part, dot)
                finally:
                    del self._variables[known:]
            else:
                raise _Jumped(part.word)

    def _branch(self, branch: Branch, dot: Value) -> None:
        if branch.word == "range":
            self._range(branch, dot)
            return
        value = self._pipe(branch.pipe, dot)
        if is_true(value):
            self._walk(branch.body, value if branch.word == "with" else dot)
        else:
            self._walk(branch.otherwise, dot)

    def _range(self, branch: Branch, dot: Value) -> None:
        pipe = branch.pipe
        over = self._pipe(pipe, dot, sets=False)
        known = len(self._variables)
        none = True
        for key, value in self._items(pipe, over):
            none = False
            self._step()
            held = {1: (value,), 2: (key, value)}.get(len(pipe.variables), ())
            for name, each in zip(pipe.variables, held, strict=True):
                self._set(pipe, name, each)
            try:
                self._walk(branch.body, value)
            except _Jumped as jump:
                if jump.word == "break":
                    break
            finally:
                del self._variables[known:]
        if none:
            self._walk(branch.otherwise, dot)

    def _items(self, pipe: Pipe, over: Value) -> Iterator[tuple[Value, Value]]:
        if over is None or isinstance(over, Nothing):
            return iter(())
        if isinstance(over, list):
            return iter(list(enumerate(over)))
        if isinstance(over, dict) and not isinstance(over, Struct):
            return iter([(name, over[name]) for name in sorted(over)])
        raise self._fault(pipe, f"range can't iterate over {plain(over)[:200]}")

    # Pipelines.

    def _pipe(self, pipe: Pipe, dot: Value, *, sets: bool = True) -> Value:
        value: Value = _NOT_GIVEN
        for stage in pipe.stages:
            value = self._called(stage, dot, value)
        if sets:
            for name in pipe.variables:
                self._set(pipe, name, value)
        return value

    def _set(self, pipe: Pipe, name: str, value: Value) -> None:
        if pipe.declares:
            self._variables.append((name, value))
            return
        for at in range(len(self._variables) - 1, -1, -1):
            if self._variables[at][0] == name:
                self._variables[at] = (name, value)
                return
        raise self._fault(pipe.stages[-1].words[0], f"undefined variable: {name}")

    def _called(self, called: Called, dot: Value, final: Value) -> Value:
        self._step()
        first, *others = called.words
        if isinstance(first, Function):
            return self._function(called, first, others, dot, final)
        given = [self._operand(other, dot) for other in others] if isinstance(first, Fields | Chain | Variable) else []
        if final is not _NOT_GIVEN:
            given.append(final)
        if isinstance(first, Fields | Chain) or (isinstance(first, Variable) and first.names):
            return self._fields(first, dot, given)
        if others or final is not _NOT_GIVEN:
            raise self._fault(first, f"can't give argument to non-function {first}")
        if isinstance(first, Nil):
            raise self._fault(first, "nil is not a command")
        return self._operand(first, dot)

    def _function(
        self, called: Called, function: Function, others: Sequence[Operand], dot: Value, final: Value
    ) -> Value:
        if self._heading and function.name in HEADING_FUNCTIONS:
            if others:
                return self._operand(others[0], dot)
            return NO_VALUE if final is _NOT_GIVEN else final
        if function.name in SHORT_CUTS:
            return self._short_cut(function, others, dot, final)
        known = FUNCTIONS[function.name]
        count = len(others) + (final is not _NOT_GIVEN)
        if count < len(known.takes) or (count > len(known.takes) and not known.more):
            least = f"at least {len(known.takes)}" if known.more else f"{len(known.takes)}"
            raise self._fault(function, f"wrong number of args for {function.name}: want {least} got {count}")
        values: list[Value] = []
        for number, other in enumerate(others):
            wanted = known.takes[number] if number < len(known.takes) else known.more
            values.append(self._argument(other, wanted, function.name, dot))
        if final is not _NOT_GIVEN:
            wanted = known.takes[len(others)] if len(others) < len(known.takes) else known.more
            if wrong := misfit(final, wanted):
                raise self._fault(function, wrong)
            values.append(final)
        self._work(values)
        try:
            made = known.does(*values)
        except FailedTemplate as failed:
            raise self._fault(called, f"error calling {function.name}: {failed}") from None
        self._work((made,))
        return made

    def _short_cut(self, function: Function, others: Sequence[Operand], dot: Value, final: Value) -> Value:
        if not others and final is _NOT_GIVEN:
            raise self._fault(function, f"wrong number of args for {function.name}: want at least 1 got 0")
        value: Value = NO_VALUE
        for other in others:
            value = self._operand(other, dot)
            if is_true(value) is (function.name == "or"):
                return value
        return value if final is _NOT_GIVEN else final

    def _argument(self, operand: Operand, wanted: str, name: str, dot: Value) -> Value:
        value = self._operand(operand, dot)
        if isinstance(operand, Literal) and wanted == "number" and isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, Nothing) and value.taken_for is not None and name not in _TAKES_NOTHING:
            value = value.taken_for
        if wrong := misfit(value, wanted):
            if isinstance(operand, Literal):
                types = {"text": "string", "texts": "[]string", "number": "int"}
                expected = {"text": "expected string", "number": "expected integer"}.get(wanted)
                told = (
                    f"{expected}; found {operand}"
                    if expected
                    else f"can't handle {operand} for arg of type {types[wanted]}"
                )
                raise self._fault(operand, told)
            raise self._fault(operand, wrong)
        return value

    def _operand(self, operand: Operand, dot: Value) -> Value:
        self._step()
        if isinstance(operand, Dot):
            return dot
        if isinstance(operand, Literal):
            return operand.value
        if isinstance(operand, Nil):
            return None
        if isinstance(operand, Pipe):
            return self._pipe(operand, dot)
        if isinstance(operand, Function):
            return self._function(Called(operand.position, (operand,)), operand, (), dot, _NOT_GIVEN)
        if isinstance(operand, Variable) and not operand.names:
            return self._variable(operand)
        return self._fields(operand, dot, ())

    def _variable(self, variable: Variable) -> Value:
        return next(value for name, value in reversed(self._variables) if name == variable.name)

    # Fields.

    def _fields(self, operand: Operand, dot: Value, given: Sequence[Value]) -> Value:
        if isinstance(operand, Fields):
            value, names = dot, operand.names
        elif isinstance(operand, Variable):
            value, names = self._variable(operand), operand.names
        elif isinstance(operand, Chain):
            value, names = self._operand(operand.base, dot), operand.names
        else:
            raise self._fault(operand, f"can't evaluate {operand}")
        for name in names[:-1]:
            value = self._field(operand, value, name, ())
        return self._field(operand, value, names[-1], given)

    def _field(self, operand: Operand, value: Value, name: str, given: Sequence[Value]) -> Value:
        self._step()
        if isinstance(value, Row):
            return self._column(operand, value, name, given)
        if isinstance(value, dict):
            has = value.has(name) if isinstance(value, Struct) else name in value
            if given and has:
                raise self._fault(operand, f"{name} is not a method but has arguments")
            if has:
                return value.of(name) if isinstance(value, Struct) else value[name]
            if isinstance(value, Struct):
                raise self._fault(operand, f"can't evaluate field {name} in type {value.type_name}")
            if self._heading and given:
                return given[0]
            if self._raw:
                raise self._fault(operand, f'map has no entry for key "{name}"')
            return NO_VALUE
        if value is None or isinstance(value, Nothing):
            raise self._fault(operand, f"nil pointer evaluating interface {{}}.{name}")
        told = "interface {}" if self._raw else type_of(value)
        raise self._fault(operand, f"can't evaluate field {name} in type {told}")

    def _column(self, operand: Operand, row: Row, name: str, given: Sequence[Value]) -> Value:
        if name in row.lookups:
            if len(given) != 1:
                raise self._fault(operand, f"wrong number of args for {name}: want 1 got {len(given)}")
            if wrong := misfit(given[0], "text"):
                raise self._fault(operand, wrong)
            return row.lookups[name](str(given[0]))
        if name not in row.columns:
            raise self._fault(operand, f"can't evaluate field {name} in type {row.type_name}")
        if given:
            raise self._fault(operand, f"wrong number of args for {name}: want 0 got {len(given)}")
        return row.columns[name]()

    # Bounds and faults.

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise FailedTemplate(_TOO_MUCH)

    def _work(self, values: Sequence[Value]) -> None:
        """Count what is handed around."""
        self._handed += sum(len(value) for value in values if isinstance(value, str | list))
        if self._handed > _MOST_HANDED:
            raise FailedTemplate(_TOO_MUCH)

    def _print(self, text: str) -> None:
        self._size += len(text)
        if self._size > LONGEST_TEXT:
            raise FailedTemplate(
                f"template: : the template prints more than {LONGEST_TEXT} characters: print less of it"
            )
        self._printed.append(text)

    def _plain(self, pipe: Pipe, value: Value) -> str:
        try:
            return plain(value)
        except FailedTemplate as failed:
            raise self._fault(pipe, str(failed)) from None

    def _fault(self, node: Operand, message: str) -> FailedTemplate:
        line = line_of(self._text, node.position)
        before = self._text[: node.position].rpartition("\n")[2]
        column = len(before.encode(errors="replace"))
        return FailedTemplate(f'template: :{line}:{column}: executing "" at <{node}>: {message}')
