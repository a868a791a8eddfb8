"""Syncing what authors wrote makes versions of what changed, and of nothing else."""

from typing import Any

import pytest
from builders import a_course, an_activity

from accounts.errors import DrydockError
from courses.models import ActivityKind
from quizzes.content import QuizCannotBeAsked
from quizzes.models import Question, QuestionVersion, QuizVersion
from quizzes.services import sync_questions, sync_quiz
from quizzes.specs import QuizSpec
from tests.quizzes.building import CHOICE, SEVERAL, WORD, a_bank, a_quiz, questions_of

pytestmark = pytest.mark.django_db


def test_the_same_questions_again_change_nothing() -> None:
    course = a_course()
    first = sync_questions(course=course, questions=questions_of(CHOICE, WORD))
    again = sync_questions(course=course, questions=questions_of(WORD, CHOICE))
    assert (first.added, first.changed, first.retired, first.unchanged) == (("created", "workdir"), (), (), 0)
    assert (again.added, again.changed, again.retired, again.unchanged) == ((), (), (), 2)
    assert QuestionVersion.objects.count() == 2


def test_defaults_written_out_are_no_change() -> None:
    course = a_course()
    sync_questions(course=course, questions=questions_of(CHOICE))
    same = CHOICE | {
        "points": 1,
        "difficulty": 2,
        "options": [{"text": "created", "feedback": ""}, *CHOICE["options"][1:]],
    }
    assert sync_questions(course=course, questions=questions_of(same)).unchanged == 1


def test_a_change_makes_a_new_version_and_keeps_the_old_one() -> None:
    course = a_course()
    sync_questions(course=course, questions=questions_of(CHOICE))
    changes = sync_questions(course=course, questions=questions_of(CHOICE | {"text": "Other"}))
    assert changes.changed == ("created",)
    question = Question.objects.get(course=course)
    assert [version.number for version in question.versions.order_by("number")] == [1, 2]
    assert question.current_version is not None
    assert question.current_version.content.text == "Other"
    assert question.versions.get(number=1).content.text == CHOICE["text"]


def test_a_question_that_is_gone_is_retired_and_comes_back_unchanged() -> None:
    course = a_course()
    sync_questions(course=course, questions=questions_of(CHOICE, WORD))
    assert sync_questions(course=course, questions=questions_of(CHOICE)).retired == ("workdir",)
    assert list(Question.objects.in_use().values_list("slug", flat=True)) == ["created"]
    sync_questions(course=course, questions=questions_of(CHOICE, WORD))
    assert Question.objects.in_use().count() == 2
    assert QuestionVersion.objects.count() == 2


def test_other_courses_are_left_alone() -> None:
    one, other = a_course(), a_course()
    sync_questions(course=one, questions=questions_of(CHOICE))
    sync_questions(course=other, questions=questions_of(WORD))
    assert Question.objects.in_use().filter(course=one).count() == 1


def test_two_questions_with_one_id_change_nothing() -> None:
    course = a_course()
    with pytest.raises(DrydockError) as refused:
        sync_questions(course=course, questions=questions_of(CHOICE, CHOICE | {"text": "Other"}))
    assert refused.value.code == "question_id_twice"
    assert not Question.objects.exists()


def test_the_same_quiz_again_makes_no_version() -> None:
    quiz = a_quiz(questions=[CHOICE, SEVERAL])
    spec = {"title": "A quiz", "attempts": 3, "items": ["created", {"question": "keeps"}]}
    version = sync_quiz(activity=quiz.activity, spec=QuizSpec.model_validate(spec))
    assert version == quiz.current_version
    changed = sync_quiz(activity=quiz.activity, spec=QuizSpec.model_validate(spec | {"attempts": 2}))
    assert (changed.number, QuizVersion.objects.count()) == (2, 2)


def test_the_activity_is_worth_what_the_quiz_asks_and_has_its_topics() -> None:
    items: list[Any] = [
        "created",
        {"question": "keeps", "points": 5},
        {"draw": 2, "topics": ["docker.cli"], "points": 3},
    ]
    quiz = a_quiz(questions=[CHOICE, SEVERAL, WORD, *a_bank(3)], items=items)
    assert quiz.activity.max_points == 12
    assert quiz.activity.topics == ["cmd.create", "cmd.pause", "container.instance", "docker.cli"]


def test_a_changed_question_changes_what_the_activity_is_worth() -> None:
    quiz = a_quiz(questions=[CHOICE])
    sync_questions(course=quiz.activity.course, questions=questions_of(CHOICE | {"points": 4}))
    sync_quiz(
        activity=quiz.activity, spec=QuizSpec.model_validate({"title": "A quiz", "attempts": 3, "items": ["created"]})
    )
    quiz.activity.refresh_from_db()
    assert quiz.activity.max_points == 4


@pytest.mark.parametrize(
    ("items", "place", "words"),
    [
        (["created", "creatde"], ("items", 1), "Item 2: there is no question `creatde` in the banks."),
        (["created", {"draw": 1}], ("items", 1), "Item 2: this draws 1, and the banks hold 0 that fit"),
    ],
)
def test_a_quiz_that_cannot_be_asked_is_refused_with_its_item(
    items: list[Any], place: tuple[Any, ...], words: str
) -> None:
    activity = an_activity(kind=ActivityKind.QUIZ)
    sync_questions(course=activity.course, questions=questions_of(CHOICE))
    with pytest.raises(QuizCannotBeAsked) as refused:
        sync_quiz(activity=activity, spec=QuizSpec.model_validate({"title": "t", "items": items}))
    assert refused.value.place == place
    assert words in refused.value.message
    assert not QuizVersion.objects.exists()


def test_a_lab_is_no_quiz() -> None:
    with pytest.raises(DrydockError) as refused:
        sync_quiz(activity=an_activity(), spec=QuizSpec.model_validate({"title": "t", "items": ["a"]}))
    assert refused.value.code == "not_a_quiz"


def test_syncing_takes_the_same_queries_for_any_number_of_questions(django_assert_max_num_queries: Any) -> None:
    for size in (3, 80):
        with django_assert_max_num_queries(10):
            sync_questions(course=a_course(), questions=questions_of(*a_bank(size)))
