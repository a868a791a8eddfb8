"""The filters of a pipe, on text: wc, head, tail, sort, uniq, cut and tr, with the options that courses teach."""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from graders.commands.filter_options import Options, bad_use, inputs, read_options
from graders.commands.ran import OwnWord, Ran, printed

if TYPE_CHECKING:
    from graders.commands.interpreter import Console

_MOST_PARTS = 20
"""Keys of a sort, and ranges of a cut, that are looked at."""
_STDIN_WIDTH = 7
"""How wide GNU wc makes its columns for what it cannot ask the size of."""


def _wc(args: list[str], stdin: str, console: "Console") -> Ran:
    options = read_options("wc", args, switches="lwcm", long={"lines": "l", "words": "w", "bytes": "c", "chars": "m"})
    texts, problems = inputs("wc", options, stdin, console)
    wanted = [letter for letter in "lwmc" if letter in options.switches] or ["l", "w", "c"]
    rows = [([_counted(letter, text) for letter in wanted], name) for name, text in texts]
    if len(options.args) > 1:
        rows.append(([sum(row[at] for row, _ in rows) for at in range(len(wanted))], "total"))
    sizes = sum(len(text.encode()) for _, text in texts)
    alone = len(wanted) == 1 and len(rows) == 1
    width = 1 if alone else _STDIN_WIDTH if not options.args else len(str(sizes))
    out = "".join(" ".join(f"{n:>{width}}" for n in row) + (f" {name}" if name else "") + "\n" for row, name in rows)
    return Ran((*printed(out).pieces, *problems), 1 if problems else 0)


def _counted(letter: str, text: str) -> int:
    return {
        "l": lambda: text.count("\n"),
        "w": lambda: len(text.split()),
        "c": lambda: len(text.encode(errors="replace")),
        "m": lambda: len(text),
    }[letter]()


def _head(args: list[str], stdin: str, console: "Console") -> Ran:
    options = read_options("head", _as_n(args), switches="qv", values="nc", long={"lines": "n", "bytes": "c"})

    def cut(text: str) -> str:
        if (bytes_ := options.number("c")) is not None:
            return text.encode()[:bytes_].decode(errors="ignore")
        count = options.number("n", 10)
        return "".join(_lines(text)[:count])

    return _each("head", options, stdin, console, cut)


def _tail(args: list[str], stdin: str, console: "Console") -> Ran:
    options = read_options("tail", _as_n(args), switches="qv", values="nc", long={"lines": "n", "bytes": "c"})

    def cut(text: str) -> str:
        if (bytes_ := options.number("c")) is not None:
            data = text.encode()
            return data[len(data) - min(abs(bytes_), len(data)) :].decode(errors="ignore")
        count = options.number("n", 10) or 0
        lines = _lines(text)
        if options.values.get("n", [""])[-1].startswith("+"):
            return "".join(lines[max(count - 1, 0) :])
        return "".join(lines[len(lines) - min(abs(count), len(lines)) :])

    return _each("tail", options, stdin, console, cut)


def _each(name: str, options: Options, stdin: str, console: "Console", cut: Callable[[str], str]) -> Ran:
    texts, problems = inputs(name, options, stdin, console)
    heads = len(texts) > 1 and "q" not in options.switches
    out = "\n".join((f"==> {file} <==\n" if heads else "") + cut(text) for file, text in texts)
    return Ran((*printed(out).pieces, *problems), 1 if problems else 0)


def _as_n(args: list[str]) -> list[str]:
    """`-5` and `+5` as `-n 5` and `-n +5`, where they are no value of another option."""
    out: list[str] = []
    for arg in args:
        value = out[-1:] in (["-n"], ["-c"], ["--lines"], ["--bytes"])
        out.append(arg if value or not re.fullmatch(r"-\d+|\+\d+", arg, re.ASCII) else f"-n{arg.removeprefix('-')}")
    return out


def _sort(args: list[str], stdin: str, console: "Console") -> Ran:
    options = read_options(
        "sort",
        args,
        switches="rnuhfbV",
        values="kt",
        long={"reverse": "r", "numeric-sort": "n", "unique": "u", "key": "k"},
    )
    texts, problems = inputs("sort", options, stdin, console)
    lines = [line.rstrip("\n") for _, text in texts for line in _lines(text)]
    keys = [_key_of(spec) for spec in options.values.get("k", [])] or [_Key(1, None, "")]
    if len(keys) > _MOST_PARTS:
        raise bad_use("sort", "too many keys", "Say one or two, as in `sort -k 2`.")
    parter = options.values.get("t", [""])[-1]
    switches = set(options.switches)
    ordered = lines if "u" in switches else sorted(lines, reverse="r" in switches)
    for key in reversed(keys):
        letters = set(key.letters) or switches
        ordered = sorted(ordered, key=_ranks(key, letters, parter), reverse="r" in letters)
    if "u" in switches:
        every = [_ranks(key, set(key.letters) or switches, parter) for key in keys]
        ordered = [next(iter(run)) for _, run in groupby(ordered, key=lambda line: [ranks(line) for ranks in every])]
    return Ran((*printed("".join(f"{line}\n" for line in ordered)).pieces, *problems), 2 if problems else 0)


class _Key(NamedTuple):
    first: int
    last: int | None
    letters: str


def _ranks(key: _Key, letters: set[str], parter: str) -> Callable[[str], Any]:
    whole = key.first == 1 and key.last is None
    return lambda line: _rank(line if whole else _fields_of(line, key.first, key.last, parter), letters)


def _key_of(spec: str) -> _Key:
    found = re.fullmatch(r"(\d{1,4})(?:\.\d+)?([bfhnrV]*)(?:,(\d{1,4})(?:\.\d+)?([bfhnrV]*))?", spec, re.ASCII)
    if not found or not int(found[1]):
        raise bad_use("sort", f"invalid key: {spec!r}", "Say `-k 2`, or `-k 2,2`.")
    return _Key(int(found[1]), int(found[3]) if found[3] else None, found[2] + (found[4] or ""))


def _fields_of(line: str, first: int, last: int | None, parter: str) -> str:
    if parter:
        return parter.join(line.split(parter)[first - 1 : last])
    ends = [0, *(found.end() for found in re.finditer(r"\S+", line))]
    if first >= len(ends):
        return ""
    return line[ends[first - 1] : len(line) if last is None else ends[min(last, len(ends) - 1)]]


def _rank(text: str, switches: set[str]) -> object:
    if "h" in switches or "n" in switches:
        found = re.match(r"\s*(-?\d{1,18}(?:\.\d{1,18})?)([kKMGTP]?)", text, re.ASCII)
        if not found:
            return (0, Fraction(0))
        power = "kMGTP".find(found[2].replace("K", "k")) + 1 if found[2] and "h" in switches else 0
        return (power, Fraction(found[1]))
    text = text.lstrip() if "b" in switches else text
    if "V" in switches:
        return tuple(
            (piece.isdecimal(), int(piece[:18]) if piece.isdecimal() else 0, piece)
            for piece in re.split(r"(\d+)", text)
        )
    return text.upper() if "f" in switches else text


def _uniq(args: list[str], stdin: str, console: "Console") -> Ran:
    options = read_options("uniq", args, switches="cdui", long={"count": "c", "repeated": "d", "unique": "u"})
    texts, problems = inputs("uniq", options, stdin, console)
    lines = [line.rstrip("\n") for _, text in texts for line in _lines(text)]
    out = []
    for _, run in groupby(lines, key=str.lower if "i" in options.switches else None):
        same = list(run)
        if ("d" in options.switches and len(same) == 1) or ("u" in options.switches and len(same) > 1):
            continue
        out.append(f"{len(same):>7} {same[0]}\n" if "c" in options.switches else f"{same[0]}\n")
    return Ran((*printed("".join(out)).pieces, *problems), 1 if problems else 0)


def _cut(args: list[str], stdin: str, console: "Console") -> Ran:
    options = read_options(
        "cut", args, switches="s", values="dfcb", long={"delimiter": "d", "fields": "f", "characters": "c"}
    )
    texts, problems = inputs("cut", options, stdin, console)
    spec = next((options.values[letter][-1] for letter in "fcb" if letter in options.values), "")
    chosen = _positions(spec)
    parter = options.values.get("d", ["\t"])[-1]
    if len(parter) != 1:
        raise bad_use("cut", "the delimiter must be a single character", "Say `-d ' '` or `-d ,`.")
    out = []
    for line in (line.rstrip("\n") for _, text in texts for line in _lines(text)):
        if "f" not in options.values:
            out.append("".join(char for at, char in enumerate(line, start=1) if chosen(at)))
        elif parter in line:
            out.append(parter.join(field for at, field in enumerate(line.split(parter), start=1) if chosen(at)))
        elif "s" not in options.switches:
            out.append(line)
    return Ran((*printed("".join(f"{line}\n" for line in out)).pieces, *problems), 1 if problems else 0)


def _positions(spec: str) -> Callable[[int], bool]:
    if not re.fullmatch(r"(\d{1,6}-?|\d{0,6}-\d{1,6})(,(\d{1,6}-?|\d{0,6}-\d{1,6}))*", spec, re.ASCII):
        raise bad_use(
            "cut", "you must specify a list of bytes, characters, or fields", "Say `-f 1`, `-f 1,3` or `-c 1-12`."
        )
    ranges = [part.partition("-") for part in spec.split(",")]
    if len(ranges) > _MOST_PARTS:
        raise bad_use("cut", "too many fields", "Say a range, as in `cut -f 1-5`.")
    bounds = [(int(low or 1), int(high) if high else 10**9 if dash else int(low)) for low, dash, high in ranges]
    return lambda at: any(low <= at <= high for low, high in bounds)


def _tr(args: list[str], stdin: str, console: "Console") -> Ran:
    options = read_options("tr", args, switches="dsc")
    if not 1 <= len(options.args) <= 2:  # noqa: PLR2004  # what is changed, and into what
        raise bad_use("tr", "missing operand", r"Say `tr -s ' '`, `tr -d '\n'` or `tr a-z A-Z`.")
    first = _set(options.args[0])
    members = set(first)
    second = _set(options.args[1]) if len(options.args) > 1 else ""
    text = stdin
    if "c" in options.switches:
        first = "".join(dict.fromkeys(char for char in text if char not in members))
        members = set(first)
    if "d" in options.switches:
        text = "".join(char for char in text if char not in members)
    elif second:
        into = second.ljust(len(first), second[-1])
        text = text.translate({ord(char): other for char, other in zip(first, into, strict=False)})
    if "s" in options.switches:
        squeezed = set(second or first)
        text = "".join(char for char, run in groupby(text) for char in ([char] if char in squeezed else run))
    return printed(text)


_CLASSES = {
    "upper": "A-Z",
    "lower": "a-z",
    "digit": "0-9",
    "alpha": "A-Za-z",
    "alnum": "A-Za-z0-9",
    "space": " \t\n\r\f\v",
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "0": "\0"}


def _set(spec: str) -> str:
    spec = re.sub(r"\[:(\w+):\]", lambda found: _CLASSES.get(found[1], found[0]), spec)
    spec = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), spec)
    return re.sub(
        r"(\w)-(\w)", lambda found: "".join(map(chr, range(ord(found[1]), min(ord(found[2]), 0x2FF) + 1))), spec
    )


def _lines(text: str) -> list[str]:
    """The lines with their line feeds; only a line feed ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


FILTERS: Mapping[str, OwnWord] = {
    "wc": _wc,
    "head": _head,
    "tail": _tail,
    "sort": _sort,
    "uniq": _uniq,
    "cut": _cut,
    "tr": _tr,
}
