"""grep and awk, as far as they are taught beside docker: on text, with patterns that take linear time."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import re2  # type: ignore[import-untyped]  # ships no types

from graders.commands.filter_options import Options, bad_use, inputs, read_options
from graders.commands.model import CommandRefused
from graders.commands.ran import OwnWord, Ran, printed

if TYPE_CHECKING:
    from graders.commands.interpreter import Console

_MOST_PATTERN_BYTES = 1 << 20
"""Memory that a compiled pattern may take."""
_SWAPPED = set("+?|(){}")
"""What is a sign with a backslash in grep's basic patterns, and without one in all others."""
_AWK = re.compile(
    r"\s*+(?:NR\s*+(?P<sign>==|!=|>=|<=|>|<)\s*+(?P<row>\d{1,9})|(?P<not>!?)/(?P<pattern>(?:[^/\\]|\\.)*+)/)?+\s*+"
    r"(?:\{\s*+print(?:\s(?P<what>[^{};]*+))?+(?:;\s*+)?+\})?+\s*+",
    re.ASCII,
)
_MOST_TERMS = 30
_AWK_TERM = re.compile(
    r'\s*(?:\$(?P<number>\d{1,4})|(?P<last>\$NF)|(?P<row>NR)|"(?P<text>(?:[^"\\]|\\.)*)")\s*', re.ASCII
)


def _grep(args: list[str], stdin: str, console: "Console") -> Ran:
    options = read_options(
        "grep",
        [arg for arg in args if not arg.startswith("--color")],
        switches="viEFGPwxcnoqshHa",
        values="emABC",
        long={
            "invert-match": "v",
            "ignore-case": "i",
            "count": "c",
            "line-number": "n",
            "quiet": "q",
            "word-regexp": "w",
        }
        | {"extended-regexp": "E", "fixed-strings": "F", "only-matching": "o", "regexp": "e", "max-count": "m"},
    )
    files = list(options.args)
    patterns = options.values.get("e") or ([files.pop(0)] if files else [])
    if not patterns:
        raise bad_use("grep", "no pattern was given", "Say what to look for, as in `docker ps -a | grep Exited`.")
    pattern = _compiled(options, [one for text in patterns for one in text.split("\n")])
    texts, problems = inputs("grep", options, stdin, console, files=files)
    named = (len(files) > 1 and "h" not in options.switches) or "H" in options.switches
    found = 0
    out: list[str] = []
    for name, text in texts:
        lines = text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []
        hits = [number for number, line in enumerate(lines) if bool(pattern.search(line)) != ("v" in options.switches)]
        most = options.number("m")
        hits = hits if most is None or most < 0 else hits[:most]
        found += len(hits)
        head = f"{name}:" if named else ""
        out += [f"{head}{len(hits)}\n"] if "c" in options.switches else _shown(options, pattern, lines, hits, head)
    silent = "q" in options.switches
    problems = () if "s" in options.switches else problems
    return Ran((*printed("" if silent else "".join(out)).pieces, *problems), 2 if problems else 0 if found else 1)


def _shown(options: Options, pattern: Any, lines: list[str], hits: list[int], head: str) -> Iterator[str]:
    numbers = "n" in options.switches
    if "o" in options.switches:
        for hit in hits:
            for match in pattern.finditer(lines[hit]):
                text = match.group("word") if "w" in options.switches else match.group()
                if text:
                    yield f"{head}{f'{hit + 1}:' if numbers else ''}{text}\n"
        return
    both = options.number("C", 0) or 0
    before, after = options.number("B", both) or 0, options.number("A", both) or 0
    marked, last = set(hits), -1
    for hit in hits:
        for at in range(max(hit - before, last + 1), min(hit + after + 1, len(lines))):
            if (before or after) and 0 <= last < at - 1:
                yield "--\n"
            mark = ":" if at in marked else "-"
            yield f"{head[:-1] + mark if head else ''}{f'{at + 1}{mark}' if numbers else ''}{lines[at]}\n"
            last = at


def _compiled(options: Options, patterns: list[str]) -> Any:
    settings = re2.Options()
    settings.case_sensitive = "i" not in options.switches
    settings.max_mem = _MOST_PATTERN_BYTES
    settings.log_errors = False
    if "F" in options.switches:
        patterns = [re2.escape(pattern) for pattern in patterns]
    elif not set("EP") & set(options.switches):
        patterns = [_from_basic(pattern) for pattern in patterns]
    if "F" not in options.switches:
        patterns = [re.sub(r"\\[<>]", r"\\b", pattern) for pattern in patterns]
    whole = "|".join(f"(?:{pattern})" for pattern in patterns)
    if "x" in options.switches:
        whole = f"^(?:{whole})$"
    elif "w" in options.switches:
        whole = rf"(?:^|\W)(?P<word>{whole})(?:\W|$)"
    try:
        return re2.compile(whole, settings)
    except re2.error as error:
        words = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise bad_use(
            "grep",
            f"this pattern cannot be read: {words}",
            "Put a backslash before signs that stand for themselves, or say `grep -F`.",
        ) from error


def _from_basic(pattern: str) -> str:
    """A basic pattern, where `\\|` is a sign and `|` is not, as all others write it."""
    out: list[str] = []
    at, in_set = 0, False
    while at < len(pattern):
        char = pattern[at]
        if in_set:
            in_set = not (char == "]" and out[-1] not in {"[", "[^"})
            out.append("\\\\" if char == "\\" else char)
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            out.append(pattern[at] if pattern[at] in _SWAPPED else f"\\{pattern[at]}")
        elif char == "[":
            in_set = True
            if pattern.startswith("[^", at):
                at += 1
                char = "[^"
            out.append(char)
        elif char in _SWAPPED or (char == "*" and (not out or out[-1] in {"(", "|", "^"})):
            out.append(f"\\{char}")
        else:
            out.append(char)
        at += 1
    return "".join(out)


def _awk(args: list[str], stdin: str, console: "Console") -> Ran:
    options = read_options("awk", args, switches="", values="F")
    parter = options.values.get("F", [" "])[-1].replace("\\t", "\t")
    program = _AWK.fullmatch(options.args[0]) if options.args else None
    if program is None or not options.args[0].strip():
        raise _awk_refused()
    terms = _terms((program["what"] or "").strip() or "$0")
    texts, problems = inputs("awk", options, stdin, console, files=options.args[1:])
    pattern = _compiled(Options("awk", switches=["E"]), [program["pattern"]]) if program["pattern"] else None
    out: list[str] = []
    for row, line in enumerate((line for _, text in texts for line in text.removesuffix("\n").split("\n")), start=1):
        if program["row"] and not _holds(row, program["sign"], int(program["row"])):
            continue
        if pattern is not None and bool(pattern.search(line)) == bool(program["not"]):
            continue
        fields = line.split() if parter == " " else line.split(parter) if parter else list(line)
        out.append(" ".join("".join(_term(one, line, fields, row) for one in group) for group in terms) + "\n")
    if not any(text for _, text in texts):
        out = []
    return Ran((*printed("".join(out)).pieces, *problems), 2 if problems else 0)


def _holds(row: int, sign: str, number: int) -> bool:
    return {
        "==": row == number,
        "!=": row != number,
        ">": row > number,
        ">=": row >= number,
        "<": row < number,
        "<=": row <= number,
    }[sign]


def _terms(what: str) -> list[list["re.Match[str]"]]:
    groups: list[list[re.Match[str]]] = [[]]
    at = 0
    while at < len(what):
        term = _AWK_TERM.match(what, at)
        if term is None:
            raise _awk_refused()
        groups[-1].append(term)
        at = term.end()
        if what.startswith(",", at):
            groups.append([])
            at += 1
    if not all(groups) or sum(map(len, groups)) > _MOST_TERMS:
        raise _awk_refused()
    return groups


def _term(term: "re.Match[str]", line: str, fields: list[str], row: int) -> str:
    if term["text"] is not None:
        return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), term["text"])
    if term["row"]:
        return str(row)
    if term["last"]:
        return fields[-1] if fields else ""
    number = int(term["number"])
    return line if not number else fields[number - 1] if number <= len(fields) else ""


def _awk_refused() -> CommandRefused:
    return bad_use(
        "awk",
        "that program is not read here",
        "Forms that are: awk '{print $1}', awk '{print $1, $3}', awk 'NR>1 {print $NF}'.",
    )


PATTERN_WORDS: Mapping[str, OwnWord] = {
    "grep": _grep,
    "egrep": lambda args, stdin, console: _grep(["-E", *args], stdin, console),
    "fgrep": lambda args, stdin, console: _grep(["-F", *args], stdin, console),
    "awk": _awk,
}
