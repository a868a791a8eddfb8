"""Puts what authors wrote into the database: a change makes a new version, and versions are never rewritten."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from courses.models import Activity, ActivityKind, Course
from quizzes.drawing import Candidate, CannotDraw, draw_questions
from quizzes.errors import DrydockError
from quizzes.models import Question, QuestionVersion, Quiz, QuizVersion
from quizzes.proof_gate import ListsContradicted, require_listed_not_contradicted, require_not_contradicted
from quizzes.specs import QuizSpec
from quizzes.stored import as_json, digest_of
from quizzes.types.base import QuestionType


class QuizCannotBeAsked(DrydockError):
    """A quiz asks for what the banks do not hold; `place` says where in its file (`("items", 2)`)."""

    def __init__(self, problem: CannotDraw) -> None:
        super().__init__("quiz_cannot_be_asked", f"Item {problem.item + 1}: {problem.message}.")
        self.place: tuple[str | int, ...] = ("items", problem.item)


@dataclass(frozen=True, kw_only=True)
class QuestionChanges:
    """What syncing questions did, by id."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    unchanged: int = 0


@transaction.atomic
def sync_questions(*, course: Course, questions: Iterable[QuestionType], retire_others: bool = True) -> QuestionChanges:
    """Make the course's banks hold these questions. Doing it again with the same changes nothing.

    A question whose content changed gets a new version; attempts under way keep theirs. Questions of the course that
    are not among these are retired (unless `retire_others` is off): draws leave them out, attempts keep them. Raises
    DrydockError (`question_id_twice`) when two have the same id.
    """
    wanted: dict[str, QuestionType] = {}
    for question in questions:
        if question.id in wanted:
            raise DrydockError("question_id_twice", f"Two questions have the id `{question.id}`. Rename one of them.")
        wanted[question.id] = question
    rows = Question.objects.select_for_update(of=("self",)).filter(course=course).select_related("current_version")
    there = {row.slug: row for row in rows}
    added = Question.objects.bulk_create(Question(course=course, slug=slug) for slug in wanted.keys() - there.keys())
    there |= {row.slug: row for row in added}
    _refuse_contradicted(course, wanted, there)
    versions, moved, unchanged = [], [], 0
    for slug, spec in wanted.items():
        row, digest = there[slug], digest_of(spec)
        if row.current_version is not None and row.current_version.digest == digest:
            unchanged += 1
            if row.retired:
                row.retired = False
                moved.append(row)
            continue
        versions.append(_new_version(row, spec, digest))
    for version in QuestionVersion.objects.bulk_create(versions):
        version.question.current_version = version
        version.question.retired = False
        moved.append(version.question)
    gone = [row for slug, row in there.items() if slug not in wanted and not row.retired] if retire_others else []
    for row in gone:
        row.retired = True
    Question.objects.bulk_update([*moved, *gone], ["current_version", "retired"])
    new = {row.slug for row in added}
    return QuestionChanges(
        added=tuple(sorted(new)),
        changed=tuple(sorted(version.question.slug for version in versions if version.question.slug not in new)),
        retired=tuple(sorted(row.slug for row in gone)),
        unchanged=unchanged,
    )


def _refuse_contradicted(course: Course, wanted: Mapping[str, QuestionType], there: Mapping[str, Question]) -> None:
    """Refuse new or changed content whose key an engine contradicts; what is there unchanged is asked of nobody."""
    new = {
        digest: spec
        for slug, spec in wanted.items()
        if spec.proof is not None
        for digest in [digest_of(spec)]
        if (current := there[slug].current_version) is None or current.digest != digest
    }
    if new:
        require_not_contradicted(course=course, questions=new)


def _new_version(row: Question, spec: QuestionType, digest: str) -> QuestionVersion:
    return QuestionVersion(
        question=row,
        number=row.current_version.number + 1 if row.current_version else 1,
        digest=digest,
        kind=spec.kind,
        spec=as_json(spec),
        topics=list(spec.topics),
        tags=list(spec.tags),
        difficulty=spec.difficulty,
        points=spec.points,
    )


@transaction.atomic
def sync_quiz(*, activity: Activity, spec: QuizSpec) -> QuizVersion:
    """Make the activity's quiz ask this; returns its current version, the same one when nothing changed.

    The activity's points become what the quiz is worth, and its topics those that the quiz can ask about. Attempts
    under way keep their version. Raises QuizCannotBeAsked when the course's banks lack what it asks for: sync the
    questions first.
    """
    if activity.kind != ActivityKind.QUIZ:
        raise DrydockError("not_a_quiz", f"“{activity}” is a {activity.kind}, not a quiz.")
    try:
        listed, pool = candidates_for(course=activity.course, spec=spec)
        drawn = draw_questions(spec, listed=listed, pool=pool, rng=random.Random(0))  # noqa: S311 - only whether it works
    except ListsContradicted as lists:
        require_listed_not_contradicted(course=activity.course, slugs=lists.slugs)
        raise
    except CannotDraw as problem:
        raise QuizCannotBeAsked(problem) from problem
    quiz, _ = Quiz.objects.select_for_update().get_or_create(activity=activity)
    current, digest = quiz.current_version, digest_of(spec)
    if current is None or current.digest != digest:
        current = QuizVersion.objects.create(
            quiz=quiz, number=current.number + 1 if current else 1, digest=digest, spec=as_json(spec)
        )
        quiz.current_version = current
        quiz.save(update_fields=["current_version"])
    _describe(
        activity, points=sum((question.points for question in drawn), Decimal(0)), topics=_topics(spec, listed, pool)
    )
    return current


def _describe(activity: Activity, *, points: Decimal, topics: list[str]) -> None:
    if (activity.max_points, activity.topics) != (points, topics):
        activity.max_points, activity.topics = points, topics
        activity.save(update_fields=["max_points", "topics"])


def _topics(spec: QuizSpec, listed: Mapping[str, Candidate], pool: Sequence[Candidate]) -> list[str]:
    asked = list(listed.values()) + [
        candidate
        for candidate in pool
        if any(
            draw.takes(
                topics=candidate.topics, kind=candidate.kind, difficulty=candidate.difficulty, tags=candidate.tags
            )
            for draw in spec.draws
        )
    ]
    return sorted({topic for candidate in asked for topic in candidate.topics})


def candidates_for(*, course: Course, spec: QuizSpec) -> tuple[dict[str, Candidate], list[Candidate]]:
    """The questions that the quiz lists, by id, and those that its draws may pick. One query.

    Draws leave out what an engine contradicts. Raises ListsContradicted where the quiz lists such a question.
    """
    names = {item.question for item in spec.listed}
    rows = Question.objects.filter(course=course, current_version__isnull=False)
    if not spec.draws:
        rows = rows.filter(slug__in=names)
    listed: dict[str, Candidate] = {}
    pool: list[Candidate] = []
    wrong: list[str] = []
    found = rows.order_by("slug").values_list(
        "slug",
        "retired",
        Question.objects.is_contradicted(),
        "current_version_id",
        "current_version__kind",
        "current_version__topics",
        "current_version__tags",
        "current_version__difficulty",
        "current_version__points",
    )
    for slug, retired, is_contradicted, version, kind, topics, tags, difficulty, points in found:
        candidate = Candidate(
            version=version, slug=slug, kind=kind, topics=topics, difficulty=difficulty, points=points, tags=tags
        )
        if slug in names:
            listed[slug] = candidate
        if is_contradicted:
            wrong.append(slug)
        elif not retired:
            pool.append(candidate)
    if lists := names & set(wrong):
        raise ListsContradicted(lists)
    return listed, pool
