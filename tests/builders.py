"""Plain functions that build what tests need, one thing each, with sensible defaults."""

import itertools
from collections.abc import Mapping
from typing import Any

from accounts.models import User
from courses.models import Activity, ActivityKind, Course, Membership, Role
from graders.plan import LabPlan
from graders.report import CheckOutcome, CheckResult, Outcome, Report
from labs.models import Lab, Scoring, Submission
from labs.queue import claim_next, finish
from labs.services import submit
from labs.storage import save_log, save_report
from labs.versions import sync_lab

_numbers = itertools.count(1)

PASSWORD = "correct horse battery"


def a_user(**fields: Any) -> User:
    """A person who can sign in with PASSWORD."""
    number = next(_numbers)
    fields.setdefault("email", f"person{number}@example.test")
    fields.setdefault("name", f"Person {number}")
    return User.objects.create_user(password=fields.pop("password", PASSWORD), **fields)


def a_course(*, instructor: User | None = None, **fields: Any) -> Course:
    """A course with an instructor."""
    number = next(_numbers)
    fields.setdefault("slug", f"course-{number}")
    fields.setdefault("title", f"Course {number}")
    course = Course.objects.create(**fields)
    Membership.objects.create(course=course, user=instructor or a_user(), role=Role.INSTRUCTOR)
    return course


def a_member(course: Course, *, role: Role = Role.STUDENT, user: User | None = None, **fields: Any) -> User:
    """Somebody who is in the course."""
    user = user or a_user()
    Membership.objects.create(course=course, user=user, role=role, **fields)
    return user


def an_instructor_of(course: Course) -> User:
    """The course's first instructor."""
    return course.memberships.get(role=Role.INSTRUCTOR).user


def an_activity(course: Course | None = None, **fields: Any) -> Activity:
    """A published activity, a lab unless told otherwise, worth ten points."""
    number = next(_numbers)
    fields.setdefault("kind", ActivityKind.LAB)
    fields.setdefault("slug", f"activity-{number}")
    fields.setdefault("title", f"Activity {number}")
    fields.setdefault("max_points", 10)
    fields.setdefault("published", True)
    return Activity.objects.create(course=course or a_course(), **fields)


def a_plan(**fields: Any) -> LabPlan:
    """A lab's plan worth ten points: it must build, and exit with 0; the latter is checked a second time, hidden."""
    return LabPlan.model_validate(
        {
            "title": "A first image",
            "points": 10,
            "topics": ["dockerfile.from"],
            "bases": [{"name": "busybox", "image": "busybox:1.35"}],
            "checks": [
                {"id": "builds", "kind": "builds", "points": 4},
                {
                    "id": "ends-well",
                    "kind": "exit_code",
                    "points": 5,
                    "needs": ["builds"],
                    "topics": ["dockerfile.cmd"],
                },
                {"id": "secretly", "kind": "exit_code", "points": 1, "needs": ["builds"], "hidden": True},
            ],
            **fields,
        }
    )


def a_lab(
    course: Course | None = None,
    *,
    plan: LabPlan | None = None,
    starter: Mapping[str, str] | None = None,
    attempts_allowed: int | None = None,
    scoring: Scoring = Scoring.BEST,
    **activity: Any,
) -> Lab:
    """A published lab with its first version."""
    lab, _ = sync_lab(
        activity=an_activity(course, kind=ActivityKind.LAB, **activity),
        plan=plan or a_plan(),
        readme="# A first image\n\nWrite a Dockerfile.",
        starter=starter or {"Dockerfile": "FROM busybox:1.35\n"},
        attempts_allowed=attempts_allowed,
        scoring=scoring,
    )
    return lab


DOCKERFILE = b'FROM busybox:1.35\nCMD ["true"]\n'


def a_submission(lab: Lab | None = None, *, author: User | None = None, dockerfile: bytes | None = None) -> Submission:
    """A try handed in, unlike any before it, and waiting; its author is made a student where none is given."""
    lab = lab or a_lab()
    text = dockerfile or DOCKERFILE + f"# {next(_numbers)}\n".encode()
    return submit(author=author or a_member(lab.activity.course), lab=lab, files={"Dockerfile": text})


def a_report(*, score: float = 10, max_score: float = 10, outcome: Outcome = Outcome.GRADED) -> Report:
    """What grading says: one check that everything hangs on, about the topic dockerfile.cmd."""
    passed = score == max_score
    check = CheckResult(
        id="ends-well",
        kind="exit_code",
        title="It exits as it should",
        outcome=CheckOutcome.PASSED if passed else CheckOutcome.FAILED,
        points=score,
        max_points=max_score,
        message="It exits as it should." if passed else "It does not.",
        topics=("dockerfile.cmd",),
    )
    return Report(outcome=outcome, score=score, max_score=max_score, checks=(check,))


def graded(submission: Submission, *, score: float = 10, max_score: float = 10) -> Submission:
    """Take a waiting submission through the queue to its grade, without an engine."""
    claim = claim_next(worker="test")
    assert claim is not None
    assert claim.submission_id == submission.pk, "another submission was before it in the queue"
    report = a_report(score=score, max_score=max_score)
    return finish(
        claim,
        report,
        report_name=save_report(submission.key, claim.attempt, report),
        log_name=save_log(submission.key, claim.attempt, "[1/1] FROM busybox\n"),
    )
