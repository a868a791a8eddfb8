"""Whole classes that took a quiz, written straight into the tables: the able are right more often than others."""

import itertools
import math
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from courses.models import Course, Membership, Role
from gradebook.models import Evidence, Score
from quizzes.grading import Response, score_responses
from quizzes.models import Answer, Attempt, AttemptQuestion, QuestionVersion, Quiz
from quizzes.types.base import QuestionType, Value

Answering = Callable[[QuestionType, float, random.Random], Value | None]

_numbers = itertools.count(1)
NAMES = ("Ada", "Grace", "Edsger", "Barbara", "Alan", "Radia", "Ken", "Frances", "Dennis", "Margaret")
SURNAMES = ("Okafor", "Lindqvist", "Haddad", "Moreau", "Tanaka", "Iyer", "Novak", "Ferreira", "Byrne", "Kowalczyk")


def students_of(course: Course, count: int, *, section: Any = None) -> list[User]:
    """So many students of the course, who cannot sign in."""
    rows = []
    for _ in range(count):
        number = next(_numbers)
        name = f"{NAMES[number % 10]} {SURNAMES[number // 10 % 10]} {number}"
        rows.append(User(email=f"pupil{number}@example.test", name=name, password="!"))
    people = User.objects.bulk_create(rows)
    Membership.objects.bulk_create(
        Membership(course=course, user=one, role=Role.STUDENT, section=section) for one in people
    )
    return people


def is_right(question: QuestionType, able: float, rng: random.Random) -> bool:
    """Whether somebody of this ability (0 is the middle) gets it right; harder with the question's difficulty."""
    return rng.random() < 1 / (1 + math.exp(question.difficulty - 2 - 1.4 * able))


def right_value(question: QuestionType) -> Value:
    """A right answer."""
    options = sorted(question.key().options)
    if question.kind == "true_or_false":
        return options == ["true"]
    if options:
        return options if question.takes_many else options[0]
    return question.key().literals[0] if question.key().literals else question.key().texts[0]


def wrong_value(question: QuestionType, rng: random.Random) -> Value:
    """A wrong answer."""
    right = question.key().options
    if question.kind == "true_or_false":
        return right != {"true"}
    wrong = [option.id for option in question.public().options if option.id not in right]
    if not wrong:
        return rng.choice(["no idea", "something", "42"])
    return [rng.choice(wrong)] if question.takes_many else rng.choice(wrong)


def by_ability(question: QuestionType, able: float, rng: random.Random) -> Value | None:
    """The able are right more often; three in a hundred answer nothing."""
    if rng.random() < 0.03:
        return None
    return right_value(question) if is_right(question, able, rng) else wrong_value(question, rng)


def took(
    quiz: Quiz,
    *,
    students: int | list[User],
    seed: int = 1,
    answering: Answering = by_ability,
    versions: Callable[[random.Random], list[QuestionVersion]] | None = None,
    began: datetime | None = None,
    number: int = 1,
    with_gradebook: bool = False,
) -> list[Attempt]:
    """Let a class take the quiz: one try each, closed and scored, with the answers' times.

    `versions` picks what somebody is asked; otherwise it is all questions that the quiz lists.
    """
    rng = random.Random(seed)
    people = students_of(quiz.activity.course, students) if isinstance(students, int) else students
    spec = quiz.current_version.settings  # type: ignore[union-attr]
    slugs = [item.question for item in spec.listed]
    found = {
        version.question.slug: version
        for version in QuestionVersion.objects.filter(question__course=quiz.activity.course, question__slug__in=slugs)
        .select_related("question")
        .order_by("number")
    }
    began = began or timezone.now() - timedelta(days=2)
    attempts: list[Attempt] = []
    asked: list[list[AttemptQuestion]] = []
    topics: list[Any] = []
    for person in people:
        able = rng.gauss(0, 1)
        wanted = versions(rng) if versions else [found[slug] for slug in slugs]
        start = began + timedelta(seconds=rng.randrange(3600))
        attempt = Attempt(
            quiz=quiz,
            version=quiz.current_version,
            student=person,
            number=number,
            started_at=start,
            max_score=sum((version.points for version in wanted), Decimal(0)),
        )
        rows, at = [], start
        for position, version in enumerate(wanted, 1):
            content: QuestionType = version.content
            value = answering(content, able, rng)
            at += timedelta(seconds=rng.randrange(10, 80) * content.difficulty)
            rows.append(
                AttemptQuestion(
                    attempt=attempt,
                    position=position,
                    question_version=version,
                    max_points=version.points,
                    value=value,
                    revision=0 if value is None else 1,
                    saved_at=None if value is None else at,
                )
            )
        result = score_responses(
            [Response(question=row.content, value=row.value, max_points=row.max_points) for row in rows]
        )
        for row, points in zip(rows, result.points, strict=True):
            row.points = points
        attempt.state, attempt.closed_by, attempt.closed_at, attempt.score = "CLOSED", "student", at, result.score
        attempts.append(attempt)
        asked.append(rows)
        topics.append(result.evidence)
    Attempt.objects.bulk_create(attempts)
    flat = [row for rows in asked for row in rows]
    AttemptQuestion.objects.bulk_create(flat, batch_size=2000)
    Answer.objects.bulk_create(
        (
            Answer(attempt_question=row, revision=1, value=row.value, saved_at=row.saved_at)
            for row in flat
            if row.saved_at is not None
        ),
        batch_size=2000,
    )
    if with_gradebook:
        _in_gradebook(quiz, attempts, topics)
    return attempts


def _in_gradebook(quiz: Quiz, attempts: list[Attempt], topics: list[Any]) -> None:
    Score.objects.bulk_create(
        (
            Score(
                activity=quiz.activity,
                user=attempt.student,
                raw_points=attempt.score,
                points=attempt.score,
                max_points=attempt.max_score,
                source_kind="attempt",
                source_id=attempt.pk,
            )
            for attempt in attempts
        ),
        update_conflicts=True,
        unique_fields=["activity", "user"],
        update_fields=["raw_points", "points", "source_id"],
    )
    Evidence.objects.bulk_create(
        Evidence(
            course=quiz.activity.course,
            activity=quiz.activity,
            user=attempt.student,
            topic=row.topic,
            points=row.points,
            max_points=row.max_points,
            source_kind="attempt",
            source_id=attempt.pk,
        )
        for attempt, rows in zip(attempts, topics, strict=True)
        for row in rows
    )
