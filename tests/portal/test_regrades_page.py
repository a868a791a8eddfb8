"""The pages of regrades: keys as forms of each kind, who moves seen first, applied and undone by a button."""

from decimal import Decimal
from typing import Any

import pytest
from builders import a_course, a_member, a_user, an_instructor_of
from django.test import Client
from django.urls import reverse

from courses.models import Course, Role
from gradebook.models import Score
from gradebook.services import override
from quizzes.models import Attempt, Quiz
from quizzes.regrading import apply, draft
from quizzes.rule_models import Regrade, RegradeState, ScoringRule
from quizzes.rules import Change, Rule
from quizzes.types import REGISTRY
from tests.quizzes.building import CHOICE, SEVERAL, a_quiz, option
from tests.quizzes.test_regrading import all_right, answered

pytestmark = pytest.mark.django_db

DROP = Rule(change=Change.DROP)


@pytest.fixture
def course() -> Course:
    return a_course(title="Containers")


@pytest.fixture
def quiz(course: Course) -> Quiz:
    return a_quiz(course, activity={"title": "Images"})


@pytest.fixture
def instructor(client: Client, course: Course) -> Client:
    client.force_login(an_instructor_of(course))
    return client


def at(name: str, quiz: Quiz, **rest: Any) -> str:
    activity = quiz.activity
    return reverse(f"portal:{name}", kwargs={"slug": activity.course.slug, "activity_slug": activity.slug, **rest})


def text_of(response: Any) -> str:
    return str(response.content.decode())


def drafted(quiz: Quiz, **changes: Rule | None) -> Regrade:
    return draft(by=an_instructor_of(quiz.activity.course), quiz=quiz, changes=changes, reason="The key was wrong.")


@pytest.mark.parametrize(
    ("sent", "slug", "detail"),
    [
        ({"key-created": [option(CHOICE, "running")]}, "created", {"answer": "running"}),
        (
            {"key-created": [option(CHOICE, "running"), option(CHOICE, "created")]},
            "created",
            {"any_of": [{"answer": "created"}, {"answer": "running"}]},
        ),
        ({"key-keeps": [option(SEVERAL, "its files")]}, "keeps", {"answer": ["its files"]}),
        ({"key-zz-expose": ["true"]}, "zz-expose", {"answer": True}),
        ({"key-workdir": ["WORKDIR\r\n chdir \r\n\r\n"]}, "workdir", {"answer": ["WORKDIR", "chdir"]}),
        ({"key-workdir": ["WORKDIR\ncd"]}, "workdir", {"answer": ["WORKDIR", "cd"], "wrong": []}),
        ({"key-mebibytes": ["1500"]}, "mebibytes", {"answer": "1500"}),
        (
            {"key-mebibytes": ["1500"], "within-mebibytes": ["5"]},
            "mebibytes",
            {"answer": "1500", "within": "5", "within_percent": None},
        ),
    ],
)
def test_another_key_is_set_by_a_form_of_the_question_s_kind(
    instructor: Client, quiz: Quiz, sent: dict[str, list[str]], slug: str, detail: dict[str, Any]
) -> None:
    all_right(quiz)
    form = {f"do-{slug}": ["key"], "reason": ["The key was wrong."], **sent}
    response = instructor.post(at("teach-regrade-new", quiz), form)
    made = Regrade.objects.get()
    assert response["Location"] == at("teach-regrade-quiz", quiz, regrade_id=made.pk)
    kept = made.changes[slug]["detail"]
    assert kept.items() >= detail.items()
    assert instructor.get(response["Location"]).status_code == 200


def test_the_key_that_holds_is_ticked_before_it_is_changed(instructor: Client, quiz: Quiz) -> None:
    page = text_of(instructor.get(at("teach-regrade-new", quiz)))
    right = option(CHOICE, "created")
    assert f'name="key-created" value="{right}" checked' in page
    apply(
        by=an_instructor_of(quiz.activity.course), regrade=drafted(quiz, created=Rule.of("key", {"answer": "running"}))
    )
    page = text_of(instructor.get(at("teach-regrade-new", quiz)))
    assert f'name="key-created" value="{option(CHOICE, "running")}" checked' in page
    assert f'name="key-created" value="{right}" checked' not in page
    assert "Holds now: <bdi>Right: running</bdi>" in page
    assert "Its own key again" in page


@pytest.mark.parametrize("kind", list(REGISTRY))
def test_every_kind_has_a_form_for_its_key_or_says_that_people_mark_it(course: Course, kind: str) -> None:
    spec = next(sample.spec for sample in REGISTRY.get(kind).samples())
    quiz = a_quiz(course, questions=[{**spec, "id": "the-one"}])
    client = Client()
    client.force_login(an_instructor_of(course))
    page = text_of(client.get(at("teach-regrade-new", quiz)))
    assert "Full marks for all" in page
    assert ("Another key" in page) is not REGISTRY.get(kind).needs_person


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"do-created": "key", "reason": "x"}, "Tick at least one right option."),
        ({"do-zz-expose": "key", "reason": "x"}, "Choose true or false."),
        ({"do-workdir": "key", "key-workdir": " \n", "reason": "x"}, "at least one text"),
        ({"do-mebibytes": "key", "key-mebibytes": "", "reason": "x"}, "Write the number that is right."),
        ({"do-mebibytes": "key", "key-mebibytes": "<b>many</b>", "reason": "x"}, "answer"),
        ({"do-created": "drop", "reason": " "}, "Say why"),
        ({"reason": "x"}, "at least one question"),
        ({"do-created": "explode", "reason": "x"}, "at least one question"),
    ],
)
def test_what_is_wrong_with_a_draft_is_said_and_what_was_typed_stays(
    instructor: Client, quiz: Quiz, form: dict[str, str], says: str
) -> None:
    all_right(quiz)
    response = instructor.post(at("teach-regrade-new", quiz), {**form, "do-keeps": "leave"})
    assert response.status_code == 400
    page = text_of(response)
    assert says in page
    assert "<b>many</b>" not in page
    if form["reason"].strip():
        assert f'value="{form["reason"]}"' in page
    assert not Regrade.objects.exists()


def test_a_preview_shows_who_moves_and_applying_it_moves_them(instructor: Client, quiz: Quiz) -> None:
    ada, grace = (a_member(quiz.activity.course, user=a_user(name=name)) for name in ("Ada Lovelace", "Grace Hopper"))
    all_right(quiz, student=ada, created=option(CHOICE, "running"))
    all_right(quiz, student=grace)
    course = quiz.activity.course
    override(by=an_instructor_of(course), activity=quiz.activity, user=grace, points=Decimal(3), reason="Late.")
    regrade = drafted(quiz, created=Rule.of("key", {"answer": "running"}))
    address = at("teach-regrade-quiz", quiz, regrade_id=regrade.pk)
    page = text_of(instructor.get(address))
    assert "Ada Lovelace" in page
    assert "Set by hand to 3: that stays." in page
    assert "1 person gains, 0 people lose" in page
    assert "<svg" in page
    assert not ScoringRule.objects.exists()
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    applied = instructor.post(address, {"do": "apply", "seen": seen}, follow=True)
    assert "Applied. Every try is scored by it" in text_of(applied)
    assert Score.objects.get(user=ada).final_points == 6
    undone = instructor.post(address, {"do": "undo"}, follow=True)
    assert "Undone. Points, rules and grades are as they were" in text_of(undone)
    assert Score.objects.get(user=ada).final_points == 5


def test_a_preview_that_is_out_of_date_is_not_applied(instructor: Client, quiz: Quiz) -> None:
    regrade = drafted(quiz, created=DROP)
    address = at("teach-regrade-quiz", quiz, regrade_id=regrade.pk)
    seen = text_of(instructor.get(address)).partition('name="seen" value="')[2].partition('"')[0]
    all_right(quiz)
    for sent in (seen, ""):
        page = text_of(instructor.post(address, {"do": "apply", "seen": sent}, follow=True))
        assert "Nothing was applied." in page
    regrade.refresh_from_db()
    assert regrade.state == RegradeState.DRAFT
    assert "Nothing was done: choose" in text_of(instructor.post(address, {"do": "dance"}, follow=True))


def test_a_draft_is_thrown_away(instructor: Client, quiz: Quiz) -> None:
    regrade = drafted(quiz, created=DROP)
    response = instructor.post(at("teach-regrade-quiz", quiz, regrade_id=regrade.pk), {"do": "discard"})
    assert response["Location"] == at("teach-regrades", quiz)
    assert not Regrade.objects.exists()


def test_the_list_tells_what_holds_and_what_was_done(instructor: Client, quiz: Quiz) -> None:
    assert "Nothing was regraded yet" in text_of(instructor.get(at("teach-regrades", quiz)))
    all_right(quiz)
    all_right(quiz, student=an_instructor_of(quiz.activity.course))  # a try-out, which is no try that moved
    apply(by=an_instructor_of(quiz.activity.course), regrade=drafted(quiz, created=DROP))
    drafted(quiz, keeps=Rule(change=Change.FULL))
    page = text_of(instructor.get(at("teach-regrades", quiz)))
    assert "Dropped: counts for nobody" in page
    assert page.count('<td class="number">1</td>') == 3  # questions of both, and the tries that one of them moved
    assert "Draft: nothing changed yet" in page
    assert "The key was wrong." in page


def test_a_student_reads_in_the_review_what_was_changed(client: Client, quiz: Quiz) -> None:
    attempt = all_right(quiz, keeps=[])
    apply(
        by=an_instructor_of(quiz.activity.course), regrade=drafted(quiz, keeps=DROP, created=Rule(change=Change.FULL))
    )
    client.force_login(attempt.student)
    page = text_of(client.get(reverse("portal:review", args=[attempt.pk])))
    assert "Dropped: does not count" in page
    assert "Full marks for all" in page
    assert "4</strong> of 4" in page


def test_regrades_are_for_instructors_of_the_course(quiz: Quiz) -> None:
    course, regrade = quiz.activity.course, drafted(quiz, created=DROP)
    addresses = [at("teach-regrades", quiz), at("teach-regrade-new", quiz)]
    one = at("teach-regrade-quiz", quiz, regrade_id=regrade.pk)
    people = {
        a_member(course, role=Role.ASSISTANT): 403,
        a_member(course): 404,
        an_instructor_of(a_quiz().activity.course): 404,
    }
    for who, status in people.items():
        client = Client()
        client.force_login(who)
        for address in (*addresses, one):
            assert client.get(address).status_code == status
        for sent in ({"do": "apply", "seen": ""}, {"do": "discard"}, {"do": "undo"}):
            assert client.post(one, sent).status_code == status
        assert client.post(addresses[1], {"do-created": "drop", "reason": "Mine."}).status_code == status
    assert Regrade.objects.get().state == RegradeState.DRAFT


def test_a_regrade_is_not_reached_by_another_quiz_of_the_course(instructor: Client, quiz: Quiz) -> None:
    other = a_quiz(quiz.activity.course)
    regrade = drafted(quiz, created=DROP)
    assert instructor.get(at("teach-regrade-quiz", other, regrade_id=regrade.pk)).status_code == 404


def test_queries_of_the_pages_grow_neither_with_students_nor_with_questions(
    instructor: Client, course: Course, django_assert_max_num_queries: Any
) -> None:
    counts: dict[int, list[int]] = {}
    for size in (1, 4):
        questions = [{**CHOICE, "id": f"q-{size}-{number}"} for number in range(size)]
        quiz = a_quiz(course, questions=questions)
        for _ in range(size):
            answered(quiz)
        regrade = drafted(quiz, **{question["id"]: DROP for question in questions})
        counts[size] = []
        for address in (
            at("teach-regrades", quiz),
            at("teach-regrade-new", quiz),
            at("teach-regrade-quiz", quiz, regrade_id=regrade.pk),
        ):
            with django_assert_max_num_queries(30) as queries:
                assert instructor.get(address).status_code == 200
            counts[size].append(len(queries))
        apply(by=an_instructor_of(course), regrade=regrade)
        with django_assert_max_num_queries(30) as queries:
            assert instructor.get(at("teach-regrade-quiz", quiz, regrade_id=regrade.pk)).status_code == 200
        counts[size].append(len(queries))
    assert counts[1] == counts[4]
    assert Attempt.objects.count() == 5
