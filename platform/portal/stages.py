"""The stations of a submission on its way, for the stepper: received, queued, checked, building, running, graded.

Of docker commands: received, queued, read, carried out, judged, graded; of a console, which has done that already,
received, queued, judged, graded.
"""

from dataclasses import dataclass

from labs.models import Submission
from labs.place import Place
from labs.states import State
from portal.following import Followed
from portal.templatetags.amounts import counted, points
from portal.templatetags.times import duration


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One station: `state` is done, now, bad, skipped or todo."""

    number: int
    name: str
    state: str
    detail: str = ""


_NAMES = ("Received", "Queued", "Checked", "Building", "Running", "Graded")
_COMMANDS_NAMES = ("Received", "Queued", "Read", "Carried out", "Judged", "Graded")
_CONSOLE_NAMES = ("Received", "Queued", "Judged", "Graded")


def stages_of(submission: Submission, followed: Followed, place: Place | None) -> list[Stage]:
    """Where the submission is. The text beside each station says the most telling thing in a few words."""
    names = names_of(submission)
    received = Stage(number=1, name=names[0], state="done")
    by_commands = names != _NAMES
    rest = {
        State.QUEUED: _queued,
        State.RUNNING: _judging if by_commands else _running,
        State.GRADED: _judged if by_commands else _graded,
        State.REFUSED: _refused,
        State.DEAD: _dead,
        State.CANCELLED: _cancelled,
    }[State(submission.state)](submission, followed, place)
    found = [(state, detail) for state, detail in rest]
    found += [("todo", "")] * (len(names) - 1 - len(found)) if not submission.is_finished else []
    return [
        received,
        *(
            Stage(number=number, name=names[number - 1], state=state, detail=detail)
            for number, (state, detail) in enumerate(found, start=2)
        ),
    ]


def names_of(submission: Submission) -> tuple[str, ...]:
    """The stations that this kind of submission goes through."""
    if submission.version.lab_plan.console is None:
        return _NAMES
    return _CONSOLE_NAMES if submission.observed_name else _COMMANDS_NAMES


_Rest = list[tuple[str, str]]


def _waited(submission: Submission) -> str:
    if submission.started_at is None:
        return ""
    seconds = max(0.0, (submission.started_at - submission.queued_at).total_seconds())
    return f"waited {duration(seconds)}" if seconds >= 1 else "no wait"


def _queued(submission: Submission, followed: Followed, place: Place | None) -> _Rest:
    del submission, followed
    return [("now", in_words(place) if place else "waiting")]


def in_words(place: Place) -> str:
    """A place in the queue: “position 3, about 40 s”."""
    position = f"position {place.position}{' or later' if place.capped else ''}"
    if place.expected_seconds is None:
        return position
    return f"{position}, about {duration(max(10, place.expected_seconds))}"


def _running(submission: Submission, followed: Followed, place: Place | None) -> _Rest:
    del place
    stages: _Rest = [("done", _waited(submission))]
    if followed.policy_ok is None:
        return [*stages, ("now", "")]
    stages.append(("done", "nothing forbidden"))
    if followed.building:
        step = followed.step
        detail = f"step {step.index} of {step.total}" if step and step.total else "starting"
        return [*stages, ("now", detail)]
    if not followed.builds_done:
        return [*stages, ("now", "starting")]
    stages.append(_built(failed=bool(followed.builds_failed)))
    done = len(followed.checks)
    detail = f"check {min(done + 1, followed.checks_total)} of {followed.checks_total}" if followed.checks_total else ""
    return [*stages, ("now", detail)]


def _built(*, failed: bool) -> tuple[str, str]:
    return ("bad", "did not build") if failed else ("done", "")


def _graded(submission: Submission, followed: Followed, place: Place | None) -> _Rest:
    del place
    score = f"{points(submission.score)} of {points(submission.max_score)}"
    checks = f"{submission.checks_passed} of {submission.checks_total} checks passed"
    failed = bool(followed.builds_failed)
    return [
        ("done", _waited(submission)),
        ("done", "nothing forbidden"),
        _built(failed=failed),
        ("skipped" if failed and not followed.runs_done else "done", checks),
        ("done", score),
    ]


def _judging(submission: Submission, followed: Followed, place: Place | None) -> _Rest:
    del place
    stages: _Rest = [("done", _waited(submission))]
    if not submission.observed_name:
        if followed.policy_ok is None:
            return [*stages, ("now", "")]
        stages.append(("done", "every line"))
        if followed.at_line or not (followed.line_index or followed.checks):
            detail = f"line {followed.line_index} of {followed.lines_total}" if followed.lines_total else "starting"
            return [*stages, ("now", detail)]
        stages.append(("done", _lines(followed)))
    done = len(followed.checks)
    detail = f"check {min(done + 1, followed.checks_total)} of {followed.checks_total}" if followed.checks_total else ""
    return [*stages, ("now", detail)]


def _judged(submission: Submission, followed: Followed, place: Place | None) -> _Rest:
    del place
    carried_out: _Rest = [] if submission.observed_name else [("done", "every line"), ("done", _lines(followed))]
    return [
        ("done", _waited(submission)),
        *carried_out,
        ("done", f"{submission.checks_passed} of {submission.checks_total} checks passed"),
        ("done", f"{points(submission.score)} of {points(submission.max_score)}"),
    ]


def _lines(followed: Followed) -> str:
    return counted(followed.lines_done, "line,lines") if followed.lines_done else ""


def _refused(submission: Submission, followed: Followed, place: Place | None) -> _Rest:
    del place
    line = next((refusal.get("line") for refusal in followed.refusals if refusal.get("line")), None)
    return [("done", _waited(submission)), ("bad", f"turned away at line {line}" if line else "turned away")]


def _dead(submission: Submission, followed: Followed, place: Place | None) -> _Rest:
    del followed, place
    return [("done", _waited(submission)), ("bad", "our side failed")]


def _cancelled(submission: Submission, followed: Followed, place: Place | None) -> _Rest:
    del submission, followed, place
    return [("bad", "cancelled")]
