"""What the page of a question tells of how it went: by quiz, by variant, by option, and in the students' own words."""

import random
from typing import Any

import pytest
from builders import a_course
from django.core.cache import cache
from django.template.loader import render_to_string

from courses.models import Course
from quizzes.analysis.answers import frequent_answers
from quizzes.models import AttemptQuestion, Question, Quiz
from quizzes.types.base import QuestionType, Value
from tests.quizzes.building import CHOICE, WORD, a_quiz, questions_of
from tests.quizzes.classes import by_ability, took

pytestmark = pytest.mark.django_db
FAMILY = {
    "id": "doubled",
    "kind": "single_choice",
    "topics": ["cmd.run"],
    "values": {"n": {"kind": "choice", "of": [10, 20]}, "twice": {"compute": "n * 2"}},
    "text": "How many are {n} and {n} ports?",
    "options": ["{twice}", "{n}", "none"],
    "answer": "{twice}",
}
MATCHING = {
    "id": "commands",
    "kind": "matching",
    "topics": ["cmd.pause"],
    "text": "What does each command do?",
    "pairs": [{"item": "`pause`", "match": "freezes"}, {"item": "`kill`", "match": "ends"}],
}


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def course() -> Course:
    return a_course()


def shown(course: Course, slug: str) -> str:
    question = Question.objects.get(course=course, slug=slug)
    return render_to_string("portal/teach/question_statistics.html", {"course": course, "question": question})


def test_an_unanswered_question_says_what_will_be_there(course: Course) -> None:
    a_quiz(course, questions=(CHOICE, WORD))

    assert "Not answered yet" in shown(course, "created")


def test_each_quiz_that_asks_it_has_its_own_figures(course: Course) -> None:
    for number in (1, 2):
        took(a_quiz(course, questions=(CHOICE, WORD), activity={"title": f"Quiz {number}"}), students=30)

    page = shown(course, "created")

    assert page.index("Quiz 2") < page.index("Quiz 1")
    assert page.count("30 tries") == 2
    assert page.count('<svg class="picture-sheet"') == 2
    assert "Strongest fifth" in page


def test_typed_answers_are_listed_by_how_many_gave_them(course: Course) -> None:
    def answer(question: QuestionType, able: float, rng: random.Random) -> Value | None:
        if question.id != "workdir":
            return by_ability(question, able, rng)
        return "zz-key-WORKDIR" if able > 0 else "<b>cd</b>"

    quiz = a_quiz(course, questions=(CHOICE, WORD))
    took(quiz, students=40, answering=answer)

    page = shown(course, "workdir")
    found = frequent_answers(Question.objects.get(slug="workdir"), quiz)

    assert "&lt;b&gt;cd&lt;/b&gt;" in page
    assert sum(one.tries for one in found) == 40
    assert {one.text: one.share for one in found} == {"zz-key-WORKDIR": 1.0, "<b>cd</b>": 0.0}


def seeded(quiz: Quiz, slug: str) -> None:
    """Give every other try another variant of a question, right in the first and chosen wrongly in the second."""
    asked: Any = AttemptQuestion.objects.filter(attempt__quiz=quiz, question_version__question__slug=slug)
    for number, row in enumerate(asked.order_by("pk")):
        row.seed = number % 6
        variant = row.question_version.content.variant(row.seed)
        row.variant = variant.model_dump(mode="json")
        right = variant.key().options
        wrong = [one.id for one in variant.public().options if one.id not in right]
        hard = "20 and 20" in variant.text
        row.value, row.points = (wrong[0], 0) if hard and number % 3 else (min(right), row.max_points)
        row.revision, row.saved_at = 1, row.attempt.closed_at
        row.save()


def test_variants_are_told_apart_by_what_they_ask_and_compared(course: Course) -> None:
    quiz = a_quiz(course, questions=(CHOICE, FAMILY))
    took(quiz, students=60)
    seeded(quiz, "doubled")

    page = shown(course, "doubled")

    assert "2 variants" in page
    assert "Its variants are not equally hard" in page
    assert "Options" in page


def test_parts_are_counted_with_what_was_chosen_for_them(course: Course) -> None:
    quiz = a_quiz(course, questions=(CHOICE, MATCHING))
    (content,) = questions_of(MATCHING)
    parts = content.public().parts
    swapped = {part.id: next(c.id for c in part.choices if c.text == "ends") for part in parts}
    took(quiz, students=12, answering=lambda question, able, rng: swapped if question.id == "commands" else None)

    page = shown(course, "commands")

    assert "`pause` → ends" in page
    assert page.count("<strong>12</strong>") == 2
    assert page.count('class="is-right"') == 2


@pytest.mark.parametrize("students", [3, 60])
def test_the_page_costs_the_same_for_any_class(course: Course, students: int, django_assert_num_queries: Any) -> None:
    took(a_quiz(course, questions=(CHOICE, WORD)), students=students)
    Question.objects.get(slug="workdir")

    with django_assert_num_queries(14):
        shown(course, "workdir")
