"""Judges the checks of one grading, in order, and tells of each: what passed, what failed and why, what was skipped."""

import logging
from decimal import ROUND_DOWN, Decimal

from graders.actions import DEFAULT
from graders.blame import line_in_effect
from graders.checks.base import Check, Verdict
from graders.events import Event, EventKind
from graders.observations import Observations
from graders.plan import LabPlan
from graders.progress import Emit
from graders.report import CheckOutcome, CheckResult, Report
from graders.visible import visible

logger = logging.getLogger(__name__)


class Judging:
    """The verdicts of one grading so far."""

    def __init__(self, plan: LabPlan, *, emit: Emit) -> None:
        self._plan = plan
        self._emit = emit
        self._results: list[CheckResult] = []

    def unmet(self, check: Check) -> str:
        """Why the check is not to be judged: what it needs did not pass; in a sentence, or nothing."""
        ended = {result.id: result for result in self._results}
        unmet = [
            f'"{ended[need].title}"'
            for need in check.needs
            if need in ended and ended[need].outcome is not CheckOutcome.PASSED
        ]
        return f"Not judged, since {' and '.join(unmet)} did not pass." if unmet else ""

    def judge(self, check: Check, seen: Observations) -> None:
        """Let a check judge what was seen. One that breaks is skipped, and no learner's fault."""
        try:
            verdict = check.judge(seen)
        except Exception:
            logger.exception("the check %s (%s) of %s broke", check.id, check.kind, self._plan.title)
            self.skip(
                check, "Not judged: this check itself is broken, and it is not your fault. Please tell your instructor."
            )
            return
        self._add(check, verdict, points=_points(check, verdict), seen=seen)

    def skip(self, check: Check, reason: str) -> None:
        """Leave a check out, and say why."""
        self._add(check, Verdict(outcome=CheckOutcome.SKIPPED, message=reason), points=Decimal(0))

    def finish(self, report: Report) -> Report:
        """The report with every verdict and their sum in it."""
        score = sum((Decimal(str(result.points)) for result in self._results), Decimal(0))
        report = report.model_copy(update={"checks": tuple(self._results), "score": float(score)})
        self.tell(EventKind.FINISHED, outcome=report.outcome.value, score=report.score, max_score=report.max_score)
        return report

    def tell(self, kind: EventKind, **data: object) -> None:
        """Tell whoever follows the grading what happened."""
        self._emit(Event(kind=kind, data=data))

    def _add(self, check: Check, verdict: Verdict, *, points: Decimal, seen: Observations | None = None) -> None:
        has_failed = verdict.outcome is CheckOutcome.FAILED
        line = verdict.line
        if has_failed and line is None and check.blame and seen is not None:
            build = _build_of(check, seen)
            line = line_in_effect(seen.dockerfile(build), check.blame, target=seen.target(build))
        result = CheckResult(
            id=check.id,
            kind=check.kind,
            title=check.shown_title(),
            outcome=verdict.outcome,
            points=float(points),
            max_points=float(check.points),
            message=visible(verdict.message),
            hint="\n".join(filter(None, [check.hint, visible(verdict.hint)])) if has_failed else "",
            why=(verdict.why or check.why) if has_failed else "",
            expected=visible(verdict.expected),
            seen=visible(verdict.seen),
            line=line,
            topics=check.topics or self._plan.topics,
            hidden=check.hidden,
        )
        self._results.append(result)
        data: dict[str, object] = {
            "index": len(self._results),
            "total": len(self._plan.checks),
            "id": result.id,
            "title": result.title,
            "outcome": result.outcome.value,
        }
        if not result.hidden:
            data |= {
                "points": result.points,
                "max_points": result.max_points,
                "message": result.message,
                "line": result.line,
            }
        self.tell(EventKind.CHECK_FINISHED, **data)


def _build_of(check: Check, seen: Observations) -> str:
    """The build whose Dockerfile a check is about: its own, or that of the run it looks at."""
    run = seen.runs.get(getattr(check, "run", ""))
    names = (getattr(check, "build", ""), run.build if run is not None else "", DEFAULT, *seen.sources)
    return next(name for name in names if name in seen.sources)


def _points(check: Check, verdict: Verdict) -> Decimal:
    """All of the check's points or none, unless the verdict says which part; never rounded up."""
    if verdict.share is not None:
        return (check.points * verdict.share).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
    return check.points if verdict.outcome is CheckOutcome.PASSED else Decimal(0)
