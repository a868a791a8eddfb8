"""A class that takes a quiz of the pack's questions: people, their sessions, and their attempts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benchmarks.wire import Wire
from deploy.demo.crib import PACK

QUESTIONS, PER_PAGE = 20, 5
_TOKEN = "t" * 32  # 32 letters are a valid secret, and a token may be the secret itself


@dataclass(frozen=True)
class Student:
    """Somebody with a session, and with an attempt under way once it was started."""

    user: Any
    session: str
    attempt: int | None = None

    def wire(self, port: int) -> Wire:
        """A connection on which they are signed in."""
        cookies = f"drydock_session={self.session}; drydock_csrf={_TOKEN}"
        return Wire("127.0.0.1", port, headers={"Cookie": cookies, "Accept": "application/json", "X-CSRFToken": _TOKEN})


def a_quiz(**settings: Any) -> Any:
    """A published quiz of 20 questions of the pack that can be typed or chosen, five a page."""
    from authoring.packs import load
    from courses.models import Activity, ActivityKind, Course
    from quizzes.models import Quiz
    from quizzes.services import sync_questions, sync_quiz
    from quizzes.specs import QuizSpec

    course = Course.objects.create(slug="measured", title="Measured")
    activity = Activity.objects.create(course=course, kind=ActivityKind.QUIZ, slug="quiz", title="Quiz", published=True)
    kinds = {"single_choice", "multiple_choice", "true_or_false", "short_text", "numeric"}
    questions = [
        question
        for question in load(PACK).questions
        if question.kind in kinds and not question.varies and question.proof is None
    ][:QUESTIONS]
    sync_questions(course=course, questions=questions)
    given = {"title": "Quiz", "items": [question.id for question in questions], "questions_per_page": PER_PAGE}
    sync_quiz(activity=activity, spec=QuizSpec.model_validate(given | settings))
    return Quiz.objects.with_content().get(activity=activity)


def students_of(quiz: Any, count: int, *, started: bool = True, named: str = "student") -> list[Student]:
    """So many members of the quiz's course, signed in, each with an attempt under way unless told otherwise."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from accounts.models import User
    from courses.models import Membership
    from quizzes.starting import start_attempt

    users = User.objects.bulk_create(
        User(email=f"{named}{number}@measured.invalid", name=f"Student {number}", password="!")
        for number in range(count)
    )
    Membership.objects.bulk_create(Membership(course=quiz.activity.course, user=user) for user in users)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    made = []
    for user in users:
        session = store()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        attempt = start_attempt(quiz=quiz, student=user).pk if started else None
        made.append(Student(user, str(session.session_key), attempt))
    return made


def answers(attempt: int) -> dict[int, list[str]]:
    """For each position two values that can be saved in turn."""
    from quizzes.models import AttemptQuestion

    found = {}
    for asked in AttemptQuestion.objects.filter(attempt=attempt).select_related("question_version"):
        options = [option.id for option in asked.content.public(asked.option_order).options]
        found[asked.position] = options[:2] or (["7", "8"] if asked.content.kind == "numeric" else ["one", "another"])
    return found


def values_to_save(quiz: Any) -> dict[int, list[str]]:
    """As `answers`, for a quiz that asks everybody the same in the same order."""
    from quizzes.models import QuestionVersion

    versions = QuestionVersion.objects.filter(question__course=quiz.activity.course)
    by_slug = {version.question.slug: version.content for version in versions.select_related("question")}
    found = {}
    for position, item in enumerate(quiz.current_version.settings.listed, 1):
        content = by_slug[item.question]
        options = [option.id for option in content.public().options]
        found[position] = options[:2] or (["7", "8"] if content.kind == "numeric" else ["one", "another"])
    return found


def in_turn(values: dict[int, list[str]]) -> Iterator[tuple[int, str]]:
    """Positions and values for ever, such that each save changes something."""
    turn = 0
    while True:
        for position, two in values.items():
            yield position, two[turn % 2]
        turn += 1


def started_attempt(location: str) -> int:
    """The attempt that starting led to."""
    found = re.search(r"/attempts/(\d+)/", location)
    if found is None:
        raise RuntimeError(f"Starting led to {location}, which is no attempt.")
    return int(found[1])
