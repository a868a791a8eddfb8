"""A class with something in every state, for tests that look at pages."""

from dataclasses import dataclass
from datetime import timedelta

from builders import a_course, a_lab, a_member, a_plan, an_activity, an_instructor_of
from django.utils import timezone

from accounts.models import User
from courses.models import ActivityKind, Course
from graders.sandbox.fake import FakeProgram, FakeSandbox, steps
from labs.grading import grade_claim
from labs.models import Lab, Submission
from labs.queue import claim_next
from labs.services import submit
from quizzes.models import Attempt, Quiz
from quizzes.services import close_attempt, save_answer
from quizzes.starting import start_attempt
from tests.quizzes.building import ONE_OF_EACH, a_quiz, right_answers

DOCKERFILE = """\
# An API on the standard library
FROM busybox:1.35
WORKDIR /app
COPY . /app
RUN sh build.sh
CMD ["true"]
"""
STARTER = {
    "Dockerfile": "FROM busybox:1.35\n# Write the rest.\n",
    "app/main.py": "print('hello')\n",
    "README.txt": "What is given.\n",
}
LONG = "Containerizing-an-API-whose-name-somebody-made-far-too-long-for-any-column-on-a-telephone"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What there is."""

    course: Course
    student: User
    instructor: User
    quiz: Quiz
    lab: Lab
    open_attempt: Attempt
    closed_attempt: Attempt
    graded: Submission
    failed_build: Submission
    refused: Submission
    queued: Submission


def a_rich_lab(course: Course, **fields: object) -> Lab:
    """A lab with hints, a hidden check, files that are given and files to write."""
    plan = a_plan(
        summary="Write the Dockerfile so that it builds, and what it starts ends well.",
        submission={"required": ["Dockerfile"], "editable": ["Dockerfile", ".dockerignore", "app/*.py"]},
        checks=[
            {"id": "builds", "kind": "builds", "points": 4, "hint": "Every Dockerfile begins with `FROM`."},
            {
                "id": "ends-well",
                "kind": "exit_code",
                "points": 5,
                "needs": ["builds"],
                "hint": "What does `CMD` start?",
                "blame": "CMD",
            },
            {"id": "secretly", "kind": "exit_code", "points": 1, "needs": ["builds"], "hidden": True},
        ],
    )
    return a_lab(course, plan=plan, starter=STARTER, attempts_allowed=8, **fields)  # type: ignore[arg-type]


def a_failing_build() -> FakeSandbox:
    """An engine whose builds stop at the last step."""
    return FakeSandbox(
        on_build=lambda _: steps(
            "[1/4] FROM busybox:1.35",
            "[2/4] WORKDIR /app",
            "[3/4] COPY . /app",
            "[4/4] RUN sh build.sh",
            log="sh: can't open 'build.sh'\n<script>alert('log')</script>\n",
            failed=3,
            exit_code=2,
        )
    )


def graded_with(lab: Lab, author: User, text: str, sandbox: FakeSandbox) -> Submission:
    """A try taken through the whole of grading, on a scripted engine."""
    submission = submit(author=author, lab=lab, files={"Dockerfile": text.encode()})
    claim = claim_next(worker="test")
    assert claim is not None
    assert claim.submission_id == submission.pk
    grade_claim(claim, sandbox)
    submission.refresh_from_db()
    return submission


def a_scene() -> Scene:
    """Make all of it."""
    course = a_course(title="Containers, week 7", time_zone="Europe/Madrid", description="Review of **containers**.")
    student = a_member(course)
    now = timezone.now()
    quiz = a_quiz(
        course,
        questions_per_page=3,
        title="Images and containers",
        about="The *first half*.",
        activity={"due_at": now + timedelta(days=2), "minutes": 20, "max_points": 6},
    )
    closed = start_attempt(quiz=quiz, student=student)
    answers = right_answers()
    for position, question in enumerate(ONE_OF_EACH, 1):
        save_answer(attempt=closed, position=position, value=answers[question["id"]], revision=0)
    close_attempt(attempt=closed)
    lab = a_rich_lab(
        course, title="Containerizing an API", due_at=now + timedelta(hours=5), late_percent_per_day=10, minutes=25
    )
    an_activity(course, title=LONG, kind=ActivityKind.LAB, opens_at=now + timedelta(days=3))
    failed_build = graded_with(lab, student, DOCKERFILE, a_failing_build())
    refused = graded_with(lab, student, "FROM nginx:latest\nRUN --network=host true\n", FakeSandbox())
    graded = graded_with(
        lab,
        student,
        DOCKERFILE + "# again\n",
        FakeSandbox(on_run=lambda _: FakeProgram(exit_code=3, stdout=b"hello\n")),
    )
    return Scene(
        course=course,
        student=student,
        instructor=an_instructor_of(course),
        quiz=quiz,
        lab=lab,
        open_attempt=start_attempt(quiz=quiz, student=student),
        closed_attempt=closed,
        graded=graded,
        failed_build=failed_build,
        refused=refused,
        queued=submit(author=student, lab=lab, files={"Dockerfile": b"FROM busybox:1.35\n"}),
    )


def student_pages(scene: Scene) -> dict[str, str]:
    """The address of every page of a student, by what it is."""
    activity = scene.lab.activity
    course = f"/courses/{scene.course.slug}/"
    return {
        "dashboard": "/",
        "course": course,
        "join": "/join/",
        "quiz": f"{course}{scene.quiz.activity.slug}/quiz/",
        "questions": f"/attempts/{scene.open_attempt.pk}/",
        "last questions": f"/attempts/{scene.open_attempt.pk}/?page=2",
        "finish": f"/attempts/{scene.open_attempt.pk}/finish/",
        "review": f"/attempts/{scene.closed_attempt.pk}/review/",
        "lab": f"{course}{activity.slug}/lab/",
        "graded": f"/submissions/{scene.graded.pk}/",
        "failed build": f"/submissions/{scene.failed_build.pk}/",
        "refused": f"/submissions/{scene.refused.pk}/",
        "queued": f"/submissions/{scene.queued.pk}/",
        "not there": "/courses/nothing/",
        "password": "/accounts/password/change/",
        "addresses": "/accounts/email/",
    }
