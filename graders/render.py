"""Shows a report, and the events before it, as text for a terminal."""

import textwrap
from collections.abc import Iterator

from graders.events import Event, EventKind
from graders.report import CheckOutcome, CheckResult, Outcome, Report

WIDTH = 100
_MARKS = {CheckOutcome.PASSED: "✓", CheckOutcome.FAILED: "✗", CheckOutcome.SKIPPED: "-"}
_COLOURS = {CheckOutcome.PASSED: "32", CheckOutcome.FAILED: "31", CheckOutcome.SKIPPED: "33"}


def render(report: Report, *, colour: bool = False) -> str:
    """The report, to be read: the score, each check with what was expected and seen, and where the time went."""
    return "\n".join(_Page(colour=colour).lines(report)) + "\n"


def render_check(check: CheckResult) -> list[str]:
    """One check's result alone, as it stands in the report."""
    return [line.rstrip() for line in _Page(colour=False).check(check)]


class _Page:
    def __init__(self, *, colour: bool) -> None:
        self.colour = colour

    def lines(self, report: Report) -> Iterator[str]:
        score = f"{report.score:g} of {report.max_score:g} points"
        yield f"{self._bold(report.lab)}{score:>{max(1, WIDTH - len(report.lab))}}"
        yield ""
        if report.outcome is Outcome.REFUSED:
            yield "Refused before anything was done:"
            for refusal in report.refusals:
                yield from _wrapped(refusal.message, indent="    ", first="  * ")
            return
        for check in report.checks:
            yield from self.check(check)
        seconds = sum(phase.seconds for phase in report.phases)
        slowest = max(report.phases, key=lambda phase: phase.seconds, default=None)
        most = f", most of it in: {slowest.name} ({slowest.seconds:.1f} s)" if slowest is not None else ""
        engine = f" on {report.engine.name} ({report.engine.version})" if report.engine is not None else ""
        yield f"Took {seconds:.1f} s{most}{engine}. Seed {report.seed}."

    def check(self, check: CheckResult) -> Iterator[str]:
        """One check: mark, points and title, then what was found."""
        mark = self._paint(_MARKS[check.outcome], _COLOURS[check.outcome])
        where = f"  (line {check.line})" if check.line is not None else ""
        yield f"{mark} {check.points:>4g}/{check.max_points:<4g} {self._bold(check.title)}{where}"
        yield from _wrapped(check.message, indent=" " * 12)
        if check.outcome is CheckOutcome.FAILED:
            yield from _quoted("expected", check.expected)
            yield from _quoted("seen", check.seen)
            for hint in check.hint.splitlines():
                yield from _wrapped(hint, indent=" " * 14, first=" " * 12 + "> ")
            yield from _wrapped(check.why, indent=" " * 14, first=" " * 12 + "* ")
        yield ""

    def _bold(self, text: str) -> str:
        return self._paint(text, "1")

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


def _wrapped(text: str, *, indent: str, first: str | None = None) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first or indent, subsequent_indent=indent, break_on_hyphens=False)


def _quoted(name: str, text: str) -> Iterator[str]:
    for position, line in enumerate(text.splitlines()):
        yield f"{' ' * 12}{name if position == 0 else '':<10}| {line}"


def render_event(event: Event) -> str:
    """One line (or the output's own lines) for what just happened; empty for what need not be told."""
    data = event.data
    match event.kind:
        case EventKind.STARTED:
            return f"Grading on {data['engine']}: {data['checks']} checks"
        case EventKind.STEP_STARTED:
            line = f"   (line {data['line']})" if data["line"] else ""
            return f"  step {data['index']} of {data['total']}  {data['name'].partition('] ')[2] or data['name']}{line}"
        case EventKind.STEP_LOG:
            return "\n".join(f"      {line}" for line in data["text"].splitlines())
        case EventKind.BUILD_STARTED:
            return f"Building ({data['build']})"
        case EventKind.BUILD_FINISHED:
            return f"{'Built' if data['ok'] else 'The build failed'} after {data['seconds']:.1f} s"
        case EventKind.RUN_STARTED:
            return f"Running ({data['run']})"
        case EventKind.LINE_STARTED:
            return f"  line {data['index']} of {data['total']}  {data['text']}"
        case EventKind.LINE_FINISHED if data["exit_code"]:
            return f"      exit code {data['exit_code']}"
        case EventKind.CHECK_FINISHED:
            mark = _MARKS[CheckOutcome(data["outcome"])]
            return f"{mark} check {data['index']} of {data['total']}  {data['title']}"
    return ""
