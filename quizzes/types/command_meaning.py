"""What a docker command asks for, as data that is equal for two spellings of it, and where two commands differ."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest

from graders.commands.grammar.table import BY_PATH
from graders.commands.model import Command, FlagValue
from graders.commands.written import normal, written
from quizzes.types.alignment import common
from quizzes.types.base import LineMark
from quizzes.types.option_meaning import ALL_ALIKE, arguments_meaning, options_meaning
from quizzes.types.typed_command import STANDS_FOR_THIS_FOLDER, command_of


def meant(text: str) -> Command:
    """Read a command as what it asks for. Raises CommandRefused for what docker's own client would refuse.

    However it is called, in whatever order its options come, by their long or short names: it is the same. `$PWD`
    stands for itself. Of commands that the grammar only knows by name (`docker compose`), the words are kept.
    """
    command = normal(command_of(text))
    flags = options_meaning(command)
    return command.model_copy(
        update={"flags": {name: flags[name] for name in sorted(flags)}, "args": arguments_meaning(command)}
    )


def has_grammar(command: Command) -> bool:
    """Whether its options are known, so that it can be compared part by part."""
    shape = BY_PATH.get(command.path)
    return command.path == ("help",) or (shape is not None and not shape.refused)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A command beside one that is right: the share that is, and every part of both."""

    fraction: Fraction
    lines: tuple[LineMark, ...]


def compared(given: Command, key: Command) -> Compared:
    """Lay a command beside the right one; both as `meant` gives them.

    The share is that of the parts that are right among all that either of them has, a part that differs counted once:
    the command with what it is about (its first argument), each option with its value, each further argument. With
    another command, or about something else, nothing is right. Commands without a grammar are right as a whole or not.
    """
    same_call = given.path == key.path
    call = LineMark(outcome="right" if same_call else "wrong", text=given.called, right="" if same_call else key.called)
    if given == key:
        return Compared(fraction=Fraction(1), lines=(call, *_options(given, key), *_words(given, key)))
    if not same_call:
        return Compared(fraction=Fraction(0), lines=(call,))
    options, words = list(_options(given, key)), list(_words(given, key))
    parts = [*options, *words]
    subject = set(given.args) & set(key.args) if key.path[-1] in ALL_ALIKE else given.args[:1] == key.args[:1]
    if not has_grammar(key) or (key.args and not subject):
        return Compared(fraction=Fraction(0), lines=(call, *parts))
    about = min(1, len(key.args))
    right = sum(part.outcome == "right" for part in parts) - about
    return Compared(fraction=Fraction(1 + right, 1 + len(parts) - about), lines=(call, *parts))


def _options(given: Command, key: Command) -> Iterator[LineMark]:
    for name in sorted({*given.flags, *key.flags}):
        ours, theirs = _values(given, name), _values(key, name)
        typed, wanted = Counter(ours), Counter(theirs)
        if typed == wanted and ours != theirs:
            yield _mark(
                " ".join(_option(given, name, one) for one in ours), " ".join(_option(key, name, one) for one in theirs)
            )
            continue
        for value in (typed & wanted).elements():
            yield LineMark(outcome="right", text=_option(given, name, value))
        extra, missing = [*(typed - wanted).elements()], [*(wanted - typed).elements()]
        for one, other in zip_longest(extra, missing):
            yield _mark(
                None if one is None else _option(given, name, one), None if other is None else _option(key, name, other)
            )


def _values(command: Command, name: str) -> tuple[FlagValue, ...]:
    value = command.flags.get(name)
    if value is None:
        return ()
    return tuple(value) if isinstance(value, tuple) else (value,)


def _option(command: Command, name: str, value: FlagValue) -> str:
    """An option as it can be typed, in its shortest form."""
    shape = BY_PATH[command.path]
    held: FlagValue = (value,) if shape.by_name[name].holds.repeats and isinstance(value, str) else value
    alone = written(Command(path=command.path, called=command.called, flags={name: held}))
    return _shown(alone.removeprefix(f"docker {shape.calls[0]} "))


def _words(given: Command, key: Command) -> Iterator[LineMark]:
    pairs = common(given.args, key.args)
    right = {place for place, _ in pairs}
    found = {place for _, place in pairs}
    for place in sorted(right):
        yield LineMark(outcome="right", text=_shown(given.args[place]))
    extra = [arg for place, arg in enumerate(given.args) if place not in right]
    missing = [arg for place, arg in enumerate(key.args) if place not in found]
    shape = BY_PATH.get(key.path)
    for one, other in zip_longest(extra, missing):
        behind = one is not None and one.startswith("-") and shape is not None and shape.stops and other is None
        yield _mark(
            None if one is None else _shown(one),
            None if other is None else _shown(other),
            note="It stands behind the image, where words belong to the program in the container." if behind else "",
        )


def _mark(typed: str | None, wanted: str | None, *, note: str = "") -> LineMark:
    if typed is None:
        return LineMark(outcome="missed", right=wanted or "")
    if wanted is None:
        return LineMark(outcome="extra", text=typed, note=note)
    return LineMark(outcome="wrong", text=typed, right=wanted)


def _shown(text: str) -> str:
    return text.replace(STANDS_FOR_THIS_FOLDER, "$PWD").removesuffix(":latest")
