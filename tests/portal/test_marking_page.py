"""The pages of marking: one answer after the other, no names in them, and nothing lost when a mark is refused."""

from typing import Any

import pytest
from builders import a_course, a_member, a_user, an_instructor_of
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from courses.models import Course, Role
from quizzes.files import store_file
from quizzes.marking import code_of, places
from quizzes.marking_models import Mark
from quizzes.models import Attempt, Question, Quiz
from quizzes.services import close_attempt, start_attempt
from tests.quizzes.building import CHOICE, a_quiz
from tests.quizzes.test_marking import ESSAY, PLAIN, handed_in

pytestmark = pytest.mark.django_db

UPLOAD = {
    "id": "compose",
    "kind": "file_upload",
    "topics": ["docker.cli"],
    "points": 2,
    "text": "Hand in your compose file.",
    "at_most": 2,
}
NAME, ADDRESS = "Observable Olga", "olga@example.test"


@pytest.fixture
def course() -> Course:
    return a_course(title="Containers")


@pytest.fixture
def quiz(course: Course) -> Quiz:
    return a_quiz(course, questions=[CHOICE, ESSAY, PLAIN], activity={"title": "Images"})


@pytest.fixture
def assistant(client: Client, course: Course) -> Client:
    client.force_login(a_member(course, role=Role.ASSISTANT))
    return client


def at(name: str, quiz: Quiz, **rest: Any) -> str:
    activity = quiz.activity
    return reverse(f"portal:{name}", kwargs={"slug": activity.course.slug, "activity_slug": activity.slug, **rest})


def text_of(response: Any) -> str:
    return str(response.content.decode())


def codes(quiz: Quiz, slug: str) -> list[str]:
    question = Question.objects.get(course=quiz.activity.course, slug=slug)
    return [place.code for place in places(quiz, question)]


def test_the_queue_tells_what_waits_and_says_when_there_is_nothing(assistant: Client, quiz: Quiz) -> None:
    assert "Nothing to mark" in text_of(assistant.get(at("teach-marking", quiz)))
    handed_in(quiz)
    page = text_of(assistant.get(at("teach-marking", quiz)))
    assert "2 answers wait." in page
    assert at("teach-marking-question", quiz, question_slug="layers") in page


def test_saving_leads_to_the_next_that_waits_and_at_the_end_back_to_the_queue(assistant: Client, quiz: Quiz) -> None:
    for _ in range(2):
        handed_in(quiz)
    first, second = codes(quiz, "volumes")
    address = at("teach-marking-question", quiz, question_slug="volumes")
    assert f"Student {first}" in text_of(assistant.get(address))
    sent = {"points": "2", "comment": "Fine.", "seen": "", "then": "next"}
    assert assistant.post(f"{address}?answer={first}", sent)["Location"] == f"{address}?answer={second}"
    stayed = assistant.post(
        f"{address}?answer={second}", {**sent, "points": "", "rubric-whole": "3.00", "then": "stay"}
    )
    assert stayed["Location"] == f"{address}?answer={second}"
    seen = str(Mark.objects.latest("pk").pk)
    done = assistant.post(f"{address}?answer={second}", {**sent, "seen": seen}, follow=True)
    assert "No answer to volumes waits any more." in text_of(done)
    assert sorted(Mark.objects.current().values_list("points", flat=True)) == [2, 2]


def test_no_page_address_or_file_says_whose_answer_it_is_unless_names_are_asked_for(
    assistant: Client, course: Course
) -> None:
    quiz = a_quiz(course, questions=[CHOICE, ESSAY, UPLOAD], activity={"title": "Images"})
    olga = a_member(course, user=a_user(name=NAME, email=ADDRESS))
    attempt = start_attempt(quiz=quiz, student=olga)
    store_file(attempt=attempt, position=3, name="observable-olga.yaml", stream=ContentFile(b"services: {}\n"))
    close_attempt(attempt=attempt)
    (code,) = codes(quiz, "compose")
    address = at("teach-marking-question", quiz, question_slug="compose")
    file = at("teach-marking-file", quiz, question_slug="compose", code=code, number=1)
    page, sent = text_of(assistant.get(address)), assistant.get(file)
    assert file in page
    for told in (page, text_of(assistant.get(at("teach-marking", quiz))), str(sent.headers)):
        for word in ("olga", "Olga", f"/attempts/{attempt.pk}/"):
            assert word not in told
    assert sent["Content-Disposition"] == f'attachment; filename="compose-{code}-1.yaml"'
    assert (sent["X-Content-Type-Options"], sent["Content-Type"]) == ("nosniff", "application/octet-stream")
    assert b"".join(sent.streaming_content) == b"services: {}\n"  # type: ignore[attr-defined]
    names = {"names": "yes", "question": "compose", "answer": code}
    back = assistant.post(at("teach-marking-names", quiz), names)
    assert back["Location"] == f"{address}?answer={code}"
    page = text_of(assistant.get(address))
    assert NAME in page
    assert "observable-olga.yaml" in page
    assistant.post(at("teach-marking-names", quiz), {"names": "no"})
    assert NAME not in text_of(assistant.get(address))


def test_a_refused_mark_says_why_and_keeps_what_was_typed(assistant: Client, quiz: Quiz) -> None:
    handed_in(quiz)
    (code,) = codes(quiz, "layers")
    address = f"{at('teach-marking-question', quiz, question_slug='layers')}?answer={code}"
    response = assistant.post(address, {"rubric-cache": "1", "comment": "A <long> comment", "seen": "0"})
    page = text_of(response)
    assert response.status_code == 422
    assert "Give points for “Says that order matters” too" in page
    assert "A &lt;long&gt; comment" in page
    assert 'name="rubric-cache" value="1" checked' in page
    assert not Mark.objects.exists()


def test_of_two_markers_the_second_is_told_and_may_still_save(assistant: Client, course: Course, quiz: Quiz) -> None:
    handed_in(quiz)
    (code,) = codes(quiz, "volumes")
    address = f"{at('teach-marking-question', quiz, question_slug='volumes')}?answer={code}"
    other = Client()
    other.force_login(an_instructor_of(course))
    other.post(address, {"points": "1", "seen": "0"})
    refused = assistant.post(address, {"points": "3", "comment": "Mine", "seen": "0"})
    page = text_of(refused)
    assert refused.status_code == 409
    assert "marked this answer after you opened it" in page
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    assert assistant.post(address, {"points": "3", "comment": "Mine", "seen": seen}).status_code == 302
    assert Mark.objects.current().get().points == 3
    assert "1 earlier mark" in text_of(assistant.get(address))


WHOLE = {"question": "volumes", "before": {"points": "1.1"}}
BY_RUBRIC = {"question": "layers", "before": {"points": "3", "rubric-cache": "2", "rubric-order": "0.00"}}


@pytest.mark.parametrize(
    ("first", "sent", "points"),
    [
        (WHOLE, {"points": "1.1", "rubric-whole": "2.25"}, "2.25"),
        (WHOLE, {"points": "1.2", "rubric-whole": "2.25"}, "1.20"),
        (WHOLE, {"points": "1.1"}, "1.10"),
        (BY_RUBRIC, {"points": "3", "rubric-cache": "2", "rubric-order": "1.00"}, "4.00"),
        (BY_RUBRIC, {"points": "3", "rubric-cache": "2", "rubric-order": "0.00"}, "3.00"),
        (BY_RUBRIC, {"points": "3.5", "rubric-cache": "1", "rubric-order": "0.00"}, "3.50"),
    ],
)
def test_a_total_left_over_from_the_mark_before_gives_way_to_steps_chosen_anew(
    assistant: Client, quiz: Quiz, first: dict[str, Any], sent: dict[str, str], points: str
) -> None:
    handed_in(quiz)
    question = first["question"]
    address = f"{at('teach-marking-question', quiz, question_slug=question)}?answer={codes(quiz, question)[0]}"
    assistant.post(address, {"seen": "0", **first["before"]})
    seen = str(Mark.objects.get().pk)
    assert assistant.post(address, {"seen": seen, **sent}).status_code == 302
    assert str(Mark.objects.current().get().points) == points


def test_answers_are_shown_inert(assistant: Client, quiz: Quiz) -> None:
    handed_in(quiz, essay="<script>alert(1)</script>\u202eevil")
    page = text_of(assistant.get(at("teach-marking-question", quiz, question_slug="layers")))
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_answer_that_is_not_there_leads_to_one_that_is(assistant: Client, quiz: Quiz) -> None:
    handed_in(quiz)
    address = at("teach-marking-question", quiz, question_slug="volumes")
    assert "That answer is not here" in text_of(assistant.get(f"{address}?answer=NOWHERE"))
    assert "Nothing to mark here" in text_of(assistant.get(at("teach-marking-question", quiz, question_slug="created")))
    assert assistant.get(at("teach-marking-question", quiz, question_slug="nowhere")).status_code == 404
    nothing = at("teach-marking-file", quiz, question_slug="volumes", code=codes(quiz, "volumes")[0], number=1)
    assert assistant.get(nothing).status_code == 404


def test_a_mark_for_an_answer_that_is_gone_is_given_to_no_other(assistant: Client, quiz: Quiz) -> None:
    """The work of its student was withdrawn while it was being marked; another answer to the question waits."""
    gone, _ = handed_in(quiz), handed_in(quiz)
    address = at("teach-marking-question", quiz, question_slug="volumes")
    (code,) = [code_of(asked.pk) for asked in gone.questions.filter(position=3)]
    gone.delete()
    for target in (f"{address}?answer={code}", address):
        refused = assistant.post(target, {"points": "3", "seen": "0", "then": "next"})
        assert refused.status_code == 409
        assert "Nothing was saved." in text_of(refused)
    assert not Mark.objects.exists()


def test_a_form_that_nobody_s_page_sent_is_refused_and_breaks_nothing(assistant: Client, quiz: Quiz) -> None:
    handed_in(quiz)
    (code,) = codes(quiz, "volumes")
    address = f"{at('teach-marking-question', quiz, question_slug='volumes')}?answer={code}"
    assert assistant.post(address, {"points": "3", "seen": "1" * 5000}).status_code == 302
    assert assistant.post(address, {"points": "2", "seen": "1" * 5000}).status_code == 409
    assert Mark.objects.get().points == 3


def test_marking_is_for_those_who_help_to_run_the_course(quiz: Quiz) -> None:
    attempt = handed_in(quiz)
    (code,) = codes(quiz, "volumes")
    address = at("teach-marking-question", quiz, question_slug="volumes")
    for somebody in (attempt.student, a_member(quiz.activity.course), an_instructor_of(a_quiz().activity.course)):
        client = Client()
        client.force_login(somebody)
        for got in (
            client.get(at("teach-marking", quiz)),
            client.get(address),
            client.post(f"{address}?answer={code}", {"points": "3", "seen": "0"}),
            client.post(at("teach-marking-names", quiz), {"names": "yes"}),
            client.get(at("teach-marking-file", quiz, question_slug="volumes", code=code, number=1)),
        ):
            assert got.status_code == 404
    assert not Mark.objects.exists()


def test_queries_grow_neither_with_answers_nor_with_marks(
    assistant: Client, course: Course, quiz: Quiz, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for more in (1, 5):
        for _ in range(more):
            handed_in(quiz)
        first = codes(quiz, "volumes")[0]
        address = f"{at('teach-marking-question', quiz, question_slug='volumes')}?answer={first}"
        for got in (at("teach-marking", quiz), address):
            with django_assert_max_num_queries(30) as queries:
                assert assistant.get(got).status_code == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
    assert Attempt.objects.count() == 6
