"""The quiz in a browser: what is sent by hand does no harm, and without scripts the page says what is saved."""

import pytest
import time_machine
from builders import a_member, an_instructor_of
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.page_form import answers_sent, named_for
from quizzes.models import Attempt
from quizzes.pausing import pause, resume
from quizzes.services import save_answer
from quizzes.starting import start_attempt
from quizzes.timing import GRACE
from tests.quizzes.building import CHOICE, SEVERAL, a_quiz, option
from tests.quizzes.forms import SubmittedForm

pytestmark = pytest.mark.django_db
WORD = 4


@pytest.fixture
def attempt(client: Client) -> Attempt:
    quiz = a_quiz()
    student = a_member(quiz.activity.course)
    client.force_login(student)
    return start_attempt(quiz=quiz, student=student)


@pytest.mark.parametrize("revision", ["9" * 5_000, "-1", "nine", ""])
def test_a_revision_that_is_none_is_refused_as_stale(client: Client, attempt: Attempt, revision: str) -> None:
    save_answer(attempt=attempt, position=WORD, value="first", revision=0)
    url = reverse("portal:answer", args=[attempt.pk, WORD])
    answer = client.post(url, {"answer": "second", "revision": revision}, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "stale_revision"
    assert attempt.questions.get(position=WORD).value == "first"


def test_without_scripts_each_question_tells_what_is_saved(client: Client, attempt: Attempt) -> None:
    page = reverse("portal:attempt", args=[attempt.pk])
    assert "Saved: <bdi>" not in client.get(page).content.decode()
    save_answer(attempt=attempt, position=WORD, value="<first>", revision=0)
    assert "Saved: <bdi>&lt;first&gt;</bdi>" in client.get(page).content.decode()


def test_without_scripts_an_answer_from_another_tab_is_not_called_saved_here(client: Client, attempt: Attempt) -> None:
    save_answer(attempt=attempt, position=WORD, value="theirs", revision=0)
    page = reverse("portal:attempt", args=[attempt.pk])
    answer = client.post(page, {"page": "1", f"answer@{WORD}": "mine", f"revision@{WORD}": "0"})
    assert answer.status_code == 409
    said = answer.content.decode()
    assert "Saved: <bdi>mine" not in said
    assert "theirs" in said
    assert 'value="mine"' in said


def test_one_form_saves_every_answer_of_the_page_and_keeps_what_it_cannot_save(
    client: Client, attempt: Attempt
) -> None:
    page = reverse("portal:attempt", args=[attempt.pk])
    sent = {
        "page": "1",
        "revision@1": "0",
        "answer@1": option(CHOICE, "created"),
        "revision@2": "0",
        "answer@2": ["", option(SEVERAL, "its files")],
        "revision@3": "0",
        f"revision@{WORD}": "0",
        f"answer@{WORD}": "WORKDIR",
        "revision@5": "0",
        "answer@5": "many",
    }
    refused = client.post(page, sent)
    assert refused.status_code == 409
    assert 'value="many"' in refused.content.decode()
    saved = {row.position: row.value for row in attempt.questions.all()}
    assert saved == {
        1: option(CHOICE, "created"),
        2: [option(SEVERAL, "its files")],
        3: None,
        4: "WORKDIR",
        5: None,
    }


def test_a_page_saved_again_as_it_is_writes_nothing(client: Client, attempt: Attempt) -> None:
    page = reverse("portal:attempt", args=[attempt.pk])
    for _ in range(2):
        assert client.post(page, {"page": "1", f"revision@{WORD}": "0", f"answer@{WORD}": "x"}).status_code == 302
    assert attempt.questions.get(position=WORD).revision == 1


def test_each_question_of_a_page_has_names_of_its_own(client: Client, attempt: Attempt) -> None:
    said = client.get(reverse("portal:attempt", args=[attempt.pk])).content.decode()
    for position in range(1, 6):
        assert f'name="answer@{position}"' in said
    assert 'name="answer"' not in said


def test_names_are_added_in_tags_alone() -> None:
    text = '<p>&lt;input name="answer"&gt; name="answer"</p>'
    html = text + '<input\n value="name=&quot;" name="answer-b1"><b name="answer">'
    assert named_for(html, 3) == html.replace('"answer-b1"', '"answer-b1@3"')


def test_what_belongs_to_no_question_is_left_out() -> None:
    sent = answers_sent(
        {"answer@2": ["x"], "revision@2": ["7"], "answer-b1@x": ["y"], "@3": ["z"], "answer": ["z"], "answer@4": ["no"]}
    )
    assert [(answer.position, tuple(answer.values), answer.revision) for answer in sent] == [(2, ("x",), 7)]


def test_what_is_sent_during_a_pause_is_kept_in_the_page_and_saved_by_its_button_afterwards(
    client: Client, attempt: Attempt
) -> None:
    quiz, page = attempt.quiz, reverse("portal:attempt", args=[attempt.pk])
    instructor = an_instructor_of(quiz.activity.course)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        pause(by=instructor, quiz=quiz, reason="Fire alarm.")
        clock.shift(GRACE * 2)
        several = ["", option(SEVERAL, "its files"), option(SEVERAL, "its memory")]
        sent = {"page": "1", "go": "next", "revision@2": "0", "answer@2": several, "revision@3": "0"}
        sent |= {f"revision@{WORD}": "0", f"answer@{WORD}": '"><b>WORKDIR'}
        paused = client.post(page, sent)
        assert paused.status_code == 409
        said = paused.content.decode()
        assert "Fire alarm." in said
        assert "What you sent for questions 2, 3, 4 came during the pause" in said
        assert "data-paused=" not in said, "no script takes the page away with what it keeps"
        resume(by=instructor, quiz=quiz)
        form: dict[str, list[str]] = {}
        for name, value in SubmittedForm(said[said.index("<form", said.index("quiz-paused")) :]).fields:
            form.setdefault(name, []).append(value)
        assert client.post(page, form).status_code == 302
    saved = {row.position: row.value for row in attempt.questions.exclude(value=None)}
    assert set(saved[2]) == set(several[1:])
    assert (len(saved), saved[WORD]) == (2, '"><b>WORKDIR')


def test_in_practice_only_what_a_key_judges_has_a_check(client: Client) -> None:
    essay = {"id": "essay", "kind": "long_text", "topics": ["container.what"], "text": "What is a container?"}
    upload = {"id": "upload", "kind": "file_upload", "topics": ["docker.cli"], "text": "Upload it."}
    quiz = a_quiz(questions=[CHOICE, essay, upload], mode="practice")
    student = a_member(quiz.activity.course)
    client.force_login(student)
    page = client.get(reverse("portal:attempt", args=[start_attempt(quiz=quiz, student=student).pk])).content.decode()
    assert 'name="check" value="1"' in page
    assert 'name="check" value="2"' not in page
    assert 'name="check" value="3"' not in page
