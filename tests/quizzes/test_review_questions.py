"""The questions of the review course: complete, fair and told kindly."""

import random
import re
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from graders.authored import read_yaml
from quizzes.drawing import Candidate, draw_questions
from quizzes.specs import Bank, QuizSpec
from quizzes.stored import as_json
from quizzes.types import REGISTRY
from quizzes.types.base import QuestionType
from quizzes.types.choices import ChoiceQuestion
from quizzes.types.multiple_choice import MultipleChoice
from quizzes.types.numeric import Numeric
from quizzes.types.short_text import ShortText
from quizzes.types.single_choice import SingleChoice

PACK = Path(__file__).parents[2] / "packs" / "containerization-review"
COURSE = read_yaml((PACK / "course.yaml").read_bytes(), file="course.yaml").value
QUESTIONS: list[QuestionType] = [
    question
    for path in sorted((PACK / "banks").glob("*.yaml"))
    for question in Bank.model_validate(read_yaml(path.read_bytes(), file=path.name).value).questions
]
QUIZZES = {
    path.stem: QuizSpec.model_validate(read_yaml(path.read_bytes(), file=path.name).value)
    for path in sorted((PACK / "quizzes").glob("*.yaml"))
}
BY_ID = {question.id: question for question in QUESTIONS}

SHOWN = [question.variant(1) if question.varies else question for question in QUESTIONS]
"""One variant of each question that varies, and the others as they are."""

each_question = pytest.mark.parametrize("question", [pytest.param(q, id=q.id) for q in SHOWN])


def feedback_in(value: object) -> list[str]:
    """Every feedback that is written anywhere in a question."""
    if isinstance(value, dict):
        own = [value["feedback"]] if isinstance(value.get("feedback"), str) and value["feedback"] else []
        return own + [text for item in value.values() for text in feedback_in(item)]
    return [text for item in value for text in feedback_in(item)] if isinstance(value, list) else []


def test_every_number_of_the_review_has_a_question() -> None:
    asked = {topic for question in QUESTIONS for topic in question.topics}
    assert asked == set(COURSE["topics"])


def test_every_kind_of_question_is_used_and_no_id_twice() -> None:
    assert {question.kind for question in QUESTIONS} == set(REGISTRY)
    assert [i for i, count in Counter(q.id for q in QUESTIONS).items() if count > 1] == []


def test_true_is_not_the_answer_to_guess() -> None:
    answers = Counter(q.answer for q in QUESTIONS if q.kind == "true_or_false")  # type: ignore[attr-defined]
    assert abs(answers[True] - answers[False]) <= 4


@each_question
def test_who_errs_is_told_why(question: QuestionType) -> None:
    assert question.explanation.endswith((".", "`", ")"))
    if isinstance(question, ChoiceQuestion):
        wrong = [option for option in question.options if option.id not in question.key().options]
        assert [option.text for option in wrong if not option.feedback] == []
    elif isinstance(question, ShortText | Numeric):
        assert question.wrong
    elif not question.needs_person:
        assert feedback_in(as_json(question))


@each_question
def test_the_stated_key_earns_everything_and_each_named_mistake_nothing(question: QuestionType) -> None:
    if isinstance(question, ChoiceQuestion):
        right = sorted(question.key().options)
        assert question.score(right if isinstance(question, MultipleChoice) else right[0]).fraction == 1
    elif isinstance(question, ShortText):
        for text in question.answer:
            assert question.score_or_nothing(question.parse(text)).fraction == 1, text
        for mistake in question.wrong:
            for text in mistake.text:
                scored = question.score_or_nothing(question.parse(text))
                assert (scored.fraction, scored.feedback) == (Fraction(0), mistake.feedback), text
    elif isinstance(question, Numeric):
        assert question.score_or_nothing(question.parse(str(question.answer))).fraction == 1
        for number in question.wrong:
            assert question.score_or_nothing(question.parse(str(number.value))).feedback == number.feedback


@each_question
def test_the_right_option_does_not_stand_out_by_its_length(question: QuestionType) -> None:
    if not isinstance(question, ChoiceQuestion) or isinstance(question, MultipleChoice):
        return
    right = next(option for option in question.options if option.id in question.key().options)
    others = [len(option.text) for option in question.options if option is not right]
    assert len(right.text) < 2.5 * max(others)


def test_the_longest_option_is_no_better_a_guess_than_another() -> None:
    choices = [question for question in SHOWN if isinstance(question, SingleChoice)]
    longest = [
        max(question.options, key=lambda option: len(option.text)).id in question.key().options for question in choices
    ]
    assert len(choices) >= 40
    assert sum(longest) <= 0.3 * len(choices)


@each_question
def test_a_text_leans_on_nothing_outside_itself(question: QuestionType) -> None:
    said = f"{question.text} {question.explanation}"
    assert not re.search(r"all of the above|none of the above|see above|the slide|https?://", said, re.IGNORECASE)


def test_every_quiz_can_be_asked_and_is_among_the_activities() -> None:
    pool = [
        Candidate(
            version=number,
            slug=question.id,
            kind=question.kind,
            topics=question.topics,
            difficulty=question.difficulty,
            points=question.points,
        )
        for number, question in enumerate(QUESTIONS)
    ]
    listed = {candidate.slug: candidate for candidate in pool}
    for spec in QUIZZES.values():
        for seed in range(20):
            drawn = draw_questions(spec, listed=listed, pool=pool, rng=random.Random(seed))
            assert sum((question.points for question in drawn), Decimal(0)) > 0
    assert {entry["quiz"] for entry in COURSE["activities"] if "quiz" in entry} == set(QUIZZES)


MIXED = {"warm-up", "in-your-own-words", "review-mixed", "final-exam"}
"""Quizzes that are not of one section of the review."""


def test_the_quizzes_of_the_sections_ask_every_topic_of_each_student() -> None:
    draws = [draw for name, spec in QUIZZES.items() if name not in MIXED for draw in spec.draws]
    assert {draw.topics[0] for draw in draws if len(draw.topics) == 1} == set(COURSE["topics"])


def test_every_question_can_come_up_in_the_quiz_of_a_section_or_is_marked_by_a_person() -> None:
    specs = [spec for name, spec in QUIZZES.items() if name not in MIXED]
    listed = {item.question for spec in specs for item in spec.listed}
    draws = [draw for spec in specs for draw in spec.draws]
    unasked = [
        question.id
        for question in QUESTIONS
        if not question.needs_person
        and question.id not in listed
        and not any(
            draw.takes(topics=question.topics, kind=question.kind, difficulty=question.difficulty) for draw in draws
        )
    ]
    assert unasked == []
    by_person = {item.question for item in QUIZZES["in-your-own-words"].listed}
    assert {question.id for question in QUESTIONS if question.needs_person} == by_person


def test_the_exam_is_timed_has_one_try_and_asks_of_every_part_of_the_review() -> None:
    spec = QUIZZES["final-exam"]
    assert (spec.mode, spec.attempts, spec.time_limit_minutes) == ("exam", 1, 45)
    assert sum(draw.draw for draw in spec.draws) == 30
    patterns = [pattern.removesuffix(".*") for draw in spec.draws for pattern in draw.topics]
    assert [topic for topic in COURSE["topics"] if not any(topic.startswith(one) for one in patterns)] == []


def test_the_warm_up_is_short_unhurried_and_shows_the_usual_kinds() -> None:
    spec = QUIZZES["warm-up"]
    assert (spec.attempts, spec.time_limit_minutes, spec.draws) == (None, None, ())
    assert 5 <= len(spec.listed) <= 6
    usual = {"single_choice", "multiple_choice", "true_or_false", "short_text", "numeric"}
    assert {BY_ID[item.question].kind for item in spec.listed} == usual


def test_the_mixed_review_is_timed_and_keeps_its_keys_until_it_is_over() -> None:
    spec = QUIZZES["review-mixed"]
    assert spec.time_limit_minutes == 20
    assert spec.release.keys == "after_due"
