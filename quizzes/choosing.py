"""Chooses what a try asks: its questions, a variant of each that varies, and the order of its options.

Seeds cannot be guessed, and the variant is stored with the question: what a student was asked stays what it was.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from accounts.models import User
from quizzes.amounts import Amount
from quizzes.content import candidates_for
from quizzes.drawing import CannotDraw, draw_questions
from quizzes.models import AttemptQuestion, QuestionVersion, Quiz
from quizzes.specs import QuizSpec
from quizzes.stored import as_json
from quizzes.types.base import QuestionType
from quizzes.types.family import Family, VariantFails

log = structlog.get_logger(__name__)

SEED_BITS = 48
_SEEDS_TRIED = 60


def choose_questions(
    *, quiz: Quiz, student: User, settings: QuizSpec, has_earlier: bool, rng: random.Random
) -> list[AttemptQuestion]:
    """Choose the questions of a new try, not saved and without their attempt, in the order to ask them.

    With `has_earlier`, what the student was asked in earlier tries at the quiz is asked again only once the banks are
    used up. Raises CannotDraw.
    """
    listed, pool = candidates_for(course=quiz.activity.course, spec=settings)
    seen, seeds = _asked_before(quiz, student) if has_earlier else ({}, {})
    drawn = draw_questions(settings, listed=listed, pool=pool, rng=rng, seen=seen)
    versions = QuestionVersion.objects.in_bulk([question.version for question in drawn])
    questions = []
    for position, question in enumerate(drawn, 1):
        version = versions[question.version]
        content, seed, variant = version.content, None, None
        if isinstance(content, Family):
            seed, content = new_variant(content, seen=seeds.get(version.question_id, ()), rng=rng)
            variant = as_json(content)
        questions.append(
            AttemptQuestion(
                position=position,
                question_version=version,
                seed=seed,
                variant=variant,
                option_order=content.draw_order(rng, shuffle=settings.shuffle_options),
                max_points=question.points,
            )
        )
    return questions


def _asked_before(quiz: Quiz, student: User) -> tuple[Mapping[str, int], Mapping[int, Sequence[int]]]:
    """How often each question was asked, by slug, and with which seeds, by the question's primary key. One query."""
    asked: Counter[str] = Counter()
    seeds: dict[int, list[int]] = defaultdict(list)
    rows: Any = AttemptQuestion.objects.filter(attempt__quiz=quiz, attempt__student=student).values_list(
        "question_version__question_id", "question_version__question__slug", "seed"
    )
    for question, slug, seed in rows:
        asked[slug] += 1
        if seed is not None:
            seeds[question].append(seed)
    return asked, seeds


def new_variant(family: Family, *, seen: Sequence[int], rng: random.Random) -> tuple[int, QuestionType]:
    """Draw a variant with values that none of the seeds `seen` has; once all have been seen, one seen least often.

    A seed that makes no valid question is passed over. Raises CannotDraw when none does.
    """
    before = Counter(_marks_of(family, seen))
    best: tuple[int, int, QuestionType] | None = None
    for _ in range(_SEEDS_TRIED):
        seed = rng.getrandbits(SEED_BITS)
        try:
            values = family.values_of(seed)
            times = before[_mark(values)]
            if best is None or times < best[0]:
                best = (times, seed, family.made(values))
        except VariantFails as failure:
            log.warning("variant cannot be made", question=family.id, seed=seed, problem=str(failure))
        if best is not None and not best[0]:
            break
    if best is None:
        raise CannotDraw(0, f"no variant of `{family.id}` can be made")
    _, seed, variant = best
    return seed, variant


def _marks_of(family: Family, seeds: Sequence[int]) -> list[frozenset[tuple[str, Amount]]]:
    marks = []
    for seed in seeds:
        try:
            marks.append(_mark(family.values_of(seed)))
        except VariantFails:
            continue  # a seed of an earlier version of the question
    return marks


def _mark(values: Mapping[str, Amount]) -> frozenset[tuple[str, Amount]]:
    return frozenset(values.items())
