"""What a try asks: nothing twice before the bank is used up, variants of one's own, and never anything else later."""

import random
from typing import Any

import pytest
from builders import a_member

from accounts.models import User
from quizzes.choosing import SEED_BITS, new_variant
from quizzes.errors import Conflict
from quizzes.models import Attempt, AttemptQuestion, AttemptState, QuestionVersion, Quiz
from quizzes.pages import review
from quizzes.services import close_attempt, save_answer, sync_questions
from quizzes.starting import start_attempt
from quizzes.stored import as_json, question_of
from quizzes.types.family import Family, VariantFails
from tests.quizzes.building import a_bank, a_quiz, questions_of

pytestmark = pytest.mark.django_db

DOUBLE = {
    "id": "double",
    "kind": "numeric",
    "topics": ["docker.cli"],
    "text": "What is twice {n}?",
    "answer": "{double}",
    "explanation": "explanation of {double}",
    "values": {"n": {"kind": "number", "at_least": 1, "at_most": 10**6}, "double": {"compute": "n * 2"}},
}
PORT = {
    "id": "port",
    "kind": "single_choice",
    "topics": ["docker.cli"],
    "text": "Which port does `-p {out}:{inside}` open on the host?",
    "options": ["{out}", "{inside}", "none"],
    "answer": "{out}",
    "values": {"out": "port", "inside": {"kind": "choice", "of": [80, 8080, 3000]}},
}


def few_of(*numbers: int) -> dict[str, Any]:
    """The question that doubles, with only these numbers to draw."""
    return DOUBLE | {"values": DOUBLE["values"] | {"n": {"kind": "choice", "of": list(numbers)}}}  # type: ignore[operator]


def the_family(data: dict[str, Any]) -> Family:
    (family,) = questions_of(data)
    assert isinstance(family, Family)
    return family


def tries(quiz: Quiz, student: User, count: int) -> list[list[AttemptQuestion]]:
    """Take the quiz so often; what each try asked."""
    asked = []
    for _ in range(count):
        attempt = start_attempt(quiz=quiz, student=student)
        asked.append(list(attempt.questions.select_related("question_version__question").order_by("position")))
        close_attempt(attempt=attempt)
    return asked


def slugs(asked: list[AttemptQuestion]) -> set[str]:
    return {question.question_version.question.slug for question in asked}


def test_no_question_is_drawn_again_before_the_bank_is_used_up() -> None:
    quiz = a_quiz(questions=a_bank(9), items=[{"draw": 3, "topics": ["docker.cli"]}], attempts="unlimited")
    student = a_member(quiz.activity.course)
    asked = [slugs(questions) for questions in tries(quiz, student, 6)]
    assert len(set.union(*asked[:3])) == 9
    assert len(set.union(*asked[3:])) == 9


def test_what_others_were_asked_and_other_quizzes_do_not_count() -> None:
    quiz = a_quiz(questions=a_bank(4), items=[{"draw": 2, "topics": ["docker.cli"]}], attempts="unlimited")
    other = a_quiz(quiz.activity.course, questions=a_bank(4), items=[{"draw": 2, "topics": ["docker.cli"]}])
    for student in (a_member(quiz.activity.course), a_member(quiz.activity.course)):
        tries(other, student, 1)
        first, second = (slugs(questions) for questions in tries(quiz, student, 2))
        assert len(first | second) == 4


def test_each_student_gets_a_variant_that_is_stored_with_its_seed() -> None:
    quiz = a_quiz(questions=[DOUBLE, PORT], attempts="unlimited")
    texts = set()
    for _ in range(5):
        for asked in start_attempt(quiz=quiz, student=a_member(quiz.activity.course)).questions.all():
            family = asked.question_version.content
            assert isinstance(family, Family)
            assert asked.seed is not None
            assert 0 <= asked.seed < 2**SEED_BITS
            assert asked.content == family.variant(asked.seed)
            assert asked.variant == as_json(family.variant(asked.seed))
            assert not asked.content.varies
            texts.add(asked.content.text)
            assert len(asked.option_order) == (3 if family.kind == "single_choice" else 0)
    assert len(texts) == 10


def test_a_plain_question_has_neither_seed_nor_variant() -> None:
    quiz = a_quiz(questions=a_bank(1))
    (asked,) = start_attempt(quiz=quiz, student=a_member(quiz.activity.course)).questions.all()
    assert (asked.seed, asked.variant) == (None, None)


def test_a_change_of_the_bank_never_changes_a_variant_under_a_student() -> None:
    quiz = a_quiz(questions=[DOUBLE], attempts="unlimited")
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    (before,) = attempt.questions.all()
    right = before.content.key().literals[0]
    changed = DOUBLE | {
        "text": "What is three times {n}?",
        "values": {**few_of(7)["values"], "double": {"compute": "n * 3"}},
    }
    sync_questions(course=quiz.activity.course, questions=questions_of(changed))
    (after,) = AttemptQuestion.objects.filter(attempt=attempt)
    assert after.content == before.content
    assert after.content.key().literals == (right,)
    save_answer(attempt=attempt, position=1, value=right, revision=0)
    assert close_attempt(attempt=attempt).score == 1
    (fresh,) = start_attempt(quiz=quiz, student=attempt.student).questions.all()
    assert fresh.content.text == "What is three times 7?"


def test_the_variant_is_what_pages_and_the_review_show() -> None:
    quiz = a_quiz(questions=[DOUBLE])
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    (asked,) = attempt.questions.all()
    number = int(asked.content.key().literals[0])
    save_answer(attempt=attempt, position=1, value=str(number), revision=0)
    closed = close_attempt(attempt=attempt)
    assert closed.state == AttemptState.CLOSED
    assert closed.score == 1
    (shown,) = review(attempt=Attempt.objects.with_content().get(pk=closed.pk), viewer=closed.student).questions
    assert shown.text == f"What is twice {number // 2}?"


def test_values_do_not_come_again_while_others_are_left() -> None:
    quiz = a_quiz(questions=[few_of(1, 2, 3, 4)], attempts="unlimited")
    asked = tries(quiz, a_member(quiz.activity.course), 8)
    texts = [question.content.text for (question,) in asked]
    assert len(set(texts[:4])) == 4
    assert len(set(texts[4:])) == 4
    seeds = [question.seed for (question,) in asked]
    assert len(set(seeds)) == 8


def test_a_seed_that_makes_no_valid_question_is_passed_over() -> None:
    stored = as_json(the_family(PORT | {"options": ["{out}", "{inside}", "81"]}))
    family = question_of(
        "inside-out", stored | {"values": stored["values"] | {"inside": {"kind": "choice", "of": [81, 80]}}}
    )
    assert isinstance(family, Family)
    for seed in range(20):
        _, variant = new_variant(family, seen=(), rng=random.Random(seed))
        assert "80" in variant.text


def test_a_question_of_which_no_variant_can_be_made_costs_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    quiz = a_quiz(questions=[PORT])
    student = a_member(quiz.activity.course)
    assert QuestionVersion.objects.get(question__slug="port").content.varies  # read while it can be, as it was stored

    def fails(family: Family, seed: int) -> Any:
        raise VariantFails({}, [((), f"seed {seed} of {family.id} is unlucky", "question")])

    monkeypatch.setattr(Family, "values_of", fails)
    with pytest.raises(Conflict) as refused:
        start_attempt(quiz=quiz, student=student)
    assert refused.value.code == "quiz_not_ready"
    assert not Attempt.objects.filter(student=student).exists()


@pytest.mark.parametrize("size", [2, 30])
def test_starting_again_takes_one_query_more_whatever_was_asked(size: int, django_assert_num_queries: Any) -> None:
    varying = [DOUBLE | {"id": f"double-{number}"} for number in range(size)]
    quiz = a_quiz(questions=[*a_bank(size), *varying], items=[{"draw": size * 2}], attempts="unlimited")
    student = a_member(quiz.activity.course)
    tries(quiz, student, 3)
    with django_assert_num_queries(11):
        start_attempt(quiz=quiz, student=student)
