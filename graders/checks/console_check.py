"""What the kinds of check share that look at what docker commands left, and at the way there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from graders.checks.base import Check, Verdict, failed, passed
from graders.commands.end_state import EndState, EndWants, Line
from graders.commands.model import Done, Kind
from graders.commands.state import with_tag
from graders.observations import Observations, Wants
from graders.spec import TEMPLATE
from graders.visible import last_lines, quoted

_OWN_CODES = ("run", "exec")
"""Commands that end with the code of the program that they ran."""
_NEVER_RAN = (125, 126, 127)
"""Exit codes of docker's own: the program never ran."""
_ONE_BY_ONE = ("start", "stop", "restart", "kill", "pause", "unpause", "rm", "wait")
"""Commands that go on with the next name when one is refused: they have touched those that it was done to."""

_LISTED = 8
"""Names that a message lists."""


class ConsoleCheck(Check):
    """A check of a lab with a console. A subclass says which files it `looks_at`, and judges the end."""

    of_console: ClassVar[bool] = True

    def wants(self) -> Wants:
        """The end of the session, with the files it looks at."""
        return Wants(end=self.looks_at())

    def looks_at(self) -> EndWants:
        """Files that it must see."""
        return EndWants()

    def judge(self, seen: Observations) -> Verdict:
        """Judge how the session ended."""
        if seen.end is None:
            raise ValueError(f"A check of the kind {self.kind} was given no session to judge.")
        return self.judge_end(seen.end)

    def judge_end(self, end: EndState) -> Verdict:
        """Judge what is there. A wrong answer is a verdict, never an exception."""
        raise NotImplementedError


@dataclass(frozen=True)
class Objection:
    """Something that is not as asked: in words for a sentence, and side by side."""

    words: str
    expected: str = ""
    seen: str = ""
    hint: str = ""


def verdict_of(
    subject: str, objections: Iterable[Objection], *, right: str, line: int | None = None, hint: str = ""
) -> Verdict:
    """Passed where nothing is objected to; else failed, with each objection said of the subject."""
    found = list(objections)
    if not found:
        return passed(right)
    first, *others = [objection.words for objection in found]
    told = [f"{subject} {first}.", *(f"It also {words}." for words in others)]
    return failed(
        " ".join(told),
        expected="\n".join(filter(None, (objection.expected for objection in found))),
        seen="\n".join(filter(None, (objection.seen for objection in found))),
        hint=next((objection.hint for objection in found if objection.hint), hint),
        line=line,
    )


def named(what: str, name: str) -> str:
    """`The container web`; without the name while it stands for a drawn value."""
    return f"The {what}" if not name or TEMPLATE.search(name) else f"The {what} {name}"


def known(names: Iterable[str], *, what: str) -> str:
    """What there is instead of what was looked for, in a sentence."""
    found = sorted(names)
    if not found:
        return f"There is no {what} at all."
    shown = ", ".join(found[:_LISTED]) + (f" and {len(found) - _LISTED} more" if len(found) > _LISTED else "")
    return f"There {'is' if len(found) == 1 else 'are'}: {shown}."


def differences(what: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Objection]:
    """What differs from the texts that are wanted by name, such as variables."""
    for name, text in wanted.items():
        if name not in found:
            yield Objection(f"has no {what} {name}", f"{what} {name}={text}", f"no {what} {name}")
        elif found[name] != text:
            yield Objection(
                f"has the {what} {name} with the value {found[name]}, not {text}",
                f"{what} {name}={text}",
                f"{what} {name}={found[name]}",
            )


def succeeded(done: Done) -> bool:
    """Whether a command did what it is for, to what it touched; a program that it ran may have ended with any code."""
    if done.command is None:
        return False
    if done.exit_code == 0:
        return True
    if done.command.path[-1] in _ONE_BY_ONE and done.touched and not done.command.is_on("attach"):
        return True
    runs_a_program = done.command.path[-1] in _OWN_CODES or (
        done.command.path[-1] == "start" and done.command.is_on("attach")
    )
    return runs_a_program and bool(done.touched) and done.exit_code not in _NEVER_RAN


def steps_of(journal: Iterable[Line]) -> list[tuple[Line, Done]]:
    """Every docker command of the journal, with its line."""
    return [(line, done) for line in journal for done in line.done]


def last_line_about(end: EndState, kind: Kind, *names: str) -> int | None:
    """The last line with a command that succeeded on one of these objects, by name or id."""
    wanted = {name for name in names if name}
    for line, done in reversed(steps_of(end.journal)):
        if succeeded(done) and any(
            touched.kind == kind and _is_one_of(kind, touched.name, touched.id, wanted) for touched in done.touched
        ):
            return line.number
    return None


def not_there(end: EndState, kind: Kind, name: str, there: Iterable[str], *, what: str = "", hint: str = "") -> Verdict:
    """Failed, since there is no object of this name: with the line that removed it, and with what there is instead."""
    instead = known(there, what=what or kind)
    expected = f"{'an' if kind == 'image' else 'a'} {kind} {name}"
    removal = next(_removals(end, kind, name), None)
    if removal is None:
        return failed(f"There is no {kind} {name}. {instead}", expected=expected, hint=hint)
    line, done = removal
    by_itself = done.command is not None and done.command.is_on("rm")
    how = "made it with --rm, so it was gone once it had ended" if by_itself else "removed it"
    return failed(
        f"There is no {kind} {name}: line {line.number} {how}. {instead}",
        expected=expected,
        seen=line.text,
        hint=_FOR_GOOD.get(kind, ""),
        line=line.number,
    )


def _removals(end: EndState, kind: Kind, name: str) -> Iterator[tuple[Line, Done]]:
    """Each command that removed an object of this name, the last one first."""
    for line, done in reversed(steps_of(end.journal)):
        if any(
            touched.kind == kind and touched.removed and _is_one_of(kind, touched.name, touched.id, {name})
            for touched in done.touched
        ):
            yield line, done


def complaint(end: EndState, number: int | None) -> str:
    """What a line that ended badly said, as a hint; empty where it ended well or said nothing."""
    line = next((one for one in end.journal if one.number == number), None)
    if line is None or not line.exit_code or not line.stderr.strip():
        return ""
    return f"Line {line.number} ended with exit code {line.exit_code}, and said: {quoted(last_lines(line.stderr, 1))}"


_FOR_GOOD: dict[Kind, str] = {
    "container": "A container that was removed does not come back; one that is made under its name is a new one.",
    "volume": "With a volume goes all that was in it.",
}


def _is_one_of(kind: Kind, name: str, id_: str, wanted: set[str]) -> bool:
    return id_ in wanted or name in wanted or (kind == "image" and with_tag(name) in {with_tag(one) for one in wanted})
