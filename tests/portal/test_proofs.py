"""A question's proof on pages: who may ask, what is shown while it is under way and at its end, and all of it inert."""

from typing import Any

import pytest
from builders import a_course, a_member
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from accounts.models import User
from courses.models import Course, Role
from quizzes import tasks
from quizzes.models import AttemptQuestion
from quizzes.proof_models import Proof, ProofState
from quizzes.proof_runs import SeedResult
from quizzes.proof_services import claim_next, keep_results
from quizzes.starting import start_attempt
from tests.quizzes.building import a_quiz, questions_of

pytestmark = pytest.mark.django_db

PRINTS: dict[str, Any] = {
    "id": "prints",
    "kind": "short_text",
    "topics": ["dockerfile.cmd"],
    "text": "What does it print?",
    "dockerfile": 'FROM busybox:1.35\nCMD ["echo", "hi"]\n',
    "answer": "hi",
    "proof": {"run": {}},
}
VARIED: dict[str, Any] = {
    **PRINTS,
    "id": "varied",
    "values": {"word": "word"},
    "dockerfile": 'FROM busybox:1.35\nCMD ["echo", "{word}"]\n',
    "answer": "{word}",
}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "call_provers", lambda _times=1: None)


def a_client(course: Course, role: Role) -> tuple[Client, User]:
    client, user = Client(), a_member(course, role=role)
    client.force_login(user)
    return client, user


def address(course: Course, slug: str = "prints") -> str:
    return reverse("portal:teach-question-proof", args=[course.slug, slug])


def a_result(outcome: str = "proven", *, seed: int | None = None, text: str = "hi", **fields: Any) -> SeedResult:
    return SeedResult.model_validate(
        {
            "seed": seed,
            "outcome": outcome,
            "key": "hi",
            "seen": text,
            "engine": "20.10.24",
            "terminal": [
                {"kind": "typed", "text": "docker run --rm image"},
                {"kind": "out", "text": text},
                {"kind": "err", "text": "a warning"},
                {"kind": "note", "text": "exit code 3"},
            ],
            **fields,
        }
    )


def kept(course: Course, data: dict[str, Any], *results: SeedResult) -> Proof:
    (question,) = questions_of(data)
    return keep_results(course=course, question=question, results=results)


def a_bank(*data: dict[str, Any]) -> Course:
    course = a_course()
    a_quiz(course, questions=data)
    return course


def test_an_instructor_has_a_proof_carried_out_and_follows_it() -> None:
    course = a_bank(PRINTS)
    client, user = a_client(course, Role.INSTRUCTOR)
    page = client.get(address(course)).content.decode()
    assert "Not carried out yet" in page
    assert "Prove it" in page
    answer = client.post(address(course), follow=True)
    page = answer.content.decode()
    proof = Proof.objects.get()
    assert (proof.state, proof.asked_by) == (ProofState.WAITING, user)
    assert "Waiting for an engine" in page
    assert "data-proof-live" in page
    assert "Look again" in page, "without scripts, there is a link"
    claim_next(worker="one")
    part = client.get(address(course), {"part": 1})
    assert part["Cache-Control"] == "no-store"
    assert "On an engine: 0 of 1 variant" in part.content.decode()
    assert "<html" not in part.content.decode()


def test_assistants_see_it_and_cannot_ask_for_it() -> None:
    course = a_bank(PRINTS)
    client, _ = a_client(course, Role.ASSISTANT)
    page = client.get(address(course)).content.decode()
    assert "Prove it" not in page
    assert client.post(address(course)).status_code == 403
    assert not Proof.objects.exists()


def test_students_and_others_find_nothing_there() -> None:
    course = a_bank(PRINTS)
    for where in (course, a_course()):
        client, _ = a_client(where, Role.STUDENT)
        assert client.get(address(course)).status_code == 404
        assert client.post(address(course)).status_code == 404
    teacher_elsewhere, _ = a_client(a_course(), Role.INSTRUCTOR)
    assert teacher_elsewhere.post(address(course)).status_code == 404


def test_what_was_seen_is_shown_as_a_terminal_shows_it() -> None:
    course = a_bank(PRINTS)
    kept(course, PRINTS, a_result())
    client, _ = a_client(course, Role.ASSISTANT)
    page = client.get(address(course)).content.decode()
    for words in ("Proven", "Docker 20.10.24", "docker run --rm image", "a warning", "exit code 3", "course prove"):
        assert words in page


def test_a_contradiction_shows_both_values_and_comes_first() -> None:
    course = a_bank(VARIED)
    why = 'The key says "hi", and the engine showed "ho".'
    kept(course, VARIED, a_result(seed=1), a_result("contradicted", seed=2, text="ho", why=why))
    client, _ = a_client(course, Role.INSTRUCTOR)
    page = client.get(address(course, "varied")).content.decode()
    assert "Contradicted" in page
    assert "Seed 2: The key says" in page
    assert page.index('id="proof-2"') < page.index('id="proof-1"')
    assert "Nobody is asked this question" in page


def test_a_contradiction_stays_although_a_later_try_was_not_run() -> None:
    course = a_bank(PRINTS)
    kept(course, PRINTS, a_result("contradicted", why="They differ."))
    kept(course, PRINTS, a_result("not_run", why="The disk was full."))
    client, _ = a_client(course, Role.INSTRUCTOR)
    page = client.get(address(course)).content.decode()
    assert "They differ." in page
    assert "The disk was full." in page


def test_what_engines_and_authors_say_is_shown_inert() -> None:
    course = a_bank(PRINTS)
    kept(course, PRINTS, a_result("contradicted", text=HOSTILE, why=HOSTILE, key=HOSTILE))
    client, _ = a_client(course, Role.INSTRUCTOR)
    page = client.get(address(course)).content.decode()
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_question_without_a_proof_says_so_and_refuses_to_be_proven() -> None:
    course = a_bank({**PRINTS, "proof": None})
    client, _ = a_client(course, Role.INSTRUCTOR)
    assert "has no proof" in client.get(address(course)).content.decode()
    assert "docs/quiz-format.md" in client.post(address(course), follow=True).content.decode()


def test_a_stored_result_of_another_time_is_left_out() -> None:
    course = a_bank(PRINTS)
    proof = kept(course, PRINTS, a_result())
    Proof.objects.filter(pk=proof.pk).update(seen=[{"odd": 1}, 7])
    client, _ = a_client(course, Role.INSTRUCTOR)
    assert client.get(address(course)).status_code == 200


def review_of(asked: list[AttemptQuestion]) -> str:
    template = Template(
        "{% load proofs %}{% for one in asked %}{% review_proof attempt one.position as proof %}"
        "{% include 'portal/proof_shown.html' %}|{% endfor %}"
    )
    return template.render(Context({"attempt": asked[0].attempt, "asked": asked}))


def test_a_review_shows_the_students_own_variant_or_says_that_values_are_others(
    django_assert_num_queries: Any,
) -> None:
    course = a_course()
    quiz = a_quiz(course, questions=(PRINTS, VARIED))
    attempt = start_attempt(quiz=quiz, student=a_member(course))
    asked = list(attempt.questions.select_related("attempt__quiz__activity", "question_version"))
    seed = asked[1].seed
    assert seed is not None
    kept(course, PRINTS, a_result(text="of the plain one"))
    others = [a_result(seed=other, text="of another") for other in range(20)]
    kept(course, VARIED, *others, a_result(seed=seed, text="of their own"))
    with django_assert_num_queries(2):  # which of them are proven, and their proofs
        plain, varied, _ = review_of(asked).split("|")
    assert "of the plain one" in plain
    assert "of their own" in varied
    assert "other values" not in varied
    kept(course, VARIED, *others)
    asked[0].attempt.__dict__.pop(f"_proofs_of_review_{attempt.pk}", None)
    _, varied, _ = review_of(asked).split("|")
    assert "of another" in varied
    assert "other values" in varied


def test_a_review_shows_no_contradiction_and_nothing_where_there_is_no_proof() -> None:
    course = a_course()
    quiz = a_quiz(course, questions=({**PRINTS, "proof": None},))
    attempt = start_attempt(quiz=quiz, student=a_member(course))
    asked = list(attempt.questions.select_related("attempt__quiz__activity", "question_version"))
    assert review_of(asked).strip() == "|"
