"""The stations of a submission on its way, for the stepper: received, queued, checked, building, running, graded."""

from dataclasses import dataclass

from labs.models import Submission
from labs.place import Place
from labs.states import State
from portal.following import Followed
from portal.templatetags.amounts import points
from portal.templatetags.times import duration


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One station: `state` is done, now, bad, skipped or todo."""

    number: int
    name: str
    state: str
    detail: str = ""


_NAMES = ("Received", "Queued", "Checked", "Building", "Running", "Graded")


def stages_of(submission: Submission, followed: Followed, place: Place | None) -> list[Stage]:
    """Where the submission is. The text beside each station says the most telling thing in a few words."""
    received = Stage(number=1, name=_NAMES[0], state="done")
    rest = {
        State.QUEUED: _queued,
        State.RUNNING: _running,
        State.GRADED: _graded,
        State.REFUSED: _refused,
        State.DEAD: _dead,
        State.CANCELLED: _cancelled,
    }[State(submission.state)](submission, followed, place)
    found = [(state, detail) for state, detail in rest]
    found += [("todo", "")] * (len(_NAMES) - 1 - len(found)) if not submission.is_finished else []
    return [
        received,
        *(
            Stage(number=number, name=_NAMES[number - 1], state=state, detail=detail)
            for number, (state, detail) in enumerate(found, start=2)
        ),
    ]


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
