"""A question that an engine contradicts is asked of nobody, and whoever would have it asked is told both values."""

from typing import Any

import pytest
from builders import a_course, a_member, an_activity
from django.test import Client
from django.urls import reverse

from accounts.models import User
from courses.models import Activity, ActivityKind, Course, Role
from courses.services import set_window
from quizzes.errors import Conflict
from quizzes.models import Question, Quiz
from quizzes.proof_gate import contradicted
from quizzes.proof_models import Proof, ProofState
from quizzes.services import sync_questions, sync_quiz
from quizzes.specs import QuizSpec
from quizzes.starting import start_attempt
from quizzes.stored import digest_of
from tests.quizzes.building import a_quiz, questions_of

pytestmark = pytest.mark.django_db

WRONG = {
    "id": "prints",
    "kind": "short_text",
    "topics": ["dockerfile.cmd"],
    "text": "What does it print?",
    "dockerfile": 'FROM busybox:1.35\nCMD ["echo", "hi"]\n',
    "answer": "ho",
    "proof": {"run": {}},
}
OTHER = {"id": "other", "kind": "true_or_false", "topics": ["dockerfile.cmd"], "text": "So it is.", "answer": True}
WHY = "The key says ho, and the engine showed hi."


def a_proof(course: Course, data: dict[str, Any], state: ProofState = ProofState.CONTRADICTED) -> Proof:
    (question,) = questions_of(data)
    return Proof.objects.create(course=course, question_digest=digest_of(question), state=state, why=WHY)


def a_window(activity: Activity, by: User, *, published: bool) -> None:
    set_window(
        by=by,
        activity=activity,
        opens_at=None,
        due_at=None,
        closes_at=None,
        late_percent_per_day=0,
        published=published,
    )


def test_the_newest_proof_that_settled_it_counts() -> None:
    course = a_course()
    (question,) = questions_of(WRONG)
    digest = digest_of(question)
    a_proof(course, WRONG, ProofState.PROVEN)
    assert not contradicted(course=course, digests=[digest])
    a_proof(course, WRONG)
    assert set(contradicted(course=course, digests=[digest])) == {digest}
    a_proof(course, WRONG, ProofState.NOT_RUN)
    assert contradicted(course=course, digests=[digest]), "what was not run takes nothing back"
    a_proof(course, WRONG, ProofState.PROVEN)
    assert not contradicted(course=course, digests=[digest])
    assert not contradicted(course=a_course(), digests=[digest]), "another course's proofs are its own"


def test_such_a_question_is_not_brought_in_and_both_values_are_said() -> None:
    course = a_course()
    a_proof(course, WRONG)
    with pytest.raises(Conflict) as refused:
        sync_questions(course=course, questions=questions_of(WRONG, OTHER))
    assert refused.value.code == "question_contradicted"
    assert "`prints`" in refused.value.message
    assert WHY in refused.value.message
    assert not Question.objects.filter(course=course).exists()
    sync_questions(course=course, questions=questions_of({**WRONG, "answer": "hi"}, OTHER))


def test_draws_leave_it_out() -> None:
    course = a_course()
    quiz = a_quiz(course, questions=(WRONG, OTHER), items=[{"draw": 1, "topics": ["dockerfile.*"]}])
    a_proof(course, WRONG)
    for _ in range(3):
        (asked,) = start_attempt(quiz=quiz, student=a_member(course)).questions.all()
        assert asked.question_version.question.slug == "other"


def test_a_quiz_that_lists_it_cannot_be_started_and_the_student_hears_no_key() -> None:
    course = a_course()
    quiz = a_quiz(course, questions=(WRONG, OTHER))
    a_proof(course, WRONG)
    with pytest.raises(Conflict) as refused:
        start_attempt(quiz=quiz, student=a_member(course))
    assert refused.value.code == "quiz_not_ready"
    assert "no try was used" in refused.value.message
    assert "ho" not in refused.value.message.split()


def test_a_quiz_that_lists_it_is_not_brought_in() -> None:
    course = a_course()
    sync_questions(course=course, questions=questions_of(WRONG, OTHER))
    a_proof(course, WRONG)
    activity = an_activity(course, kind=ActivityKind.QUIZ)
    with pytest.raises(Conflict) as refused:
        sync_quiz(activity=activity, spec=QuizSpec.model_validate({"title": "A", "items": ["prints"]}))
    assert refused.value.code == "question_contradicted"
    assert WHY in refused.value.message


def test_an_activity_whose_quiz_lists_it_cannot_be_published() -> None:
    course = a_course()
    teacher = a_member(course, role=Role.INSTRUCTOR)
    quiz = a_quiz(course, questions=(WRONG, OTHER), activity={"published": False})
    a_proof(course, WRONG)
    with pytest.raises(Conflict) as refused:
        a_window(quiz.activity, teacher, published=True)
    assert refused.value.code == "cannot_be_published"
    assert WHY in refused.value.message
    assert not Activity.objects.get(pk=quiz.activity_id).published
    a_window(quiz.activity, teacher, published=False)
    a_proof(course, WRONG, ProofState.PROVEN)
    a_window(quiz.activity, teacher, published=True)
    assert Activity.objects.get(pk=quiz.activity_id).published


def test_times_of_what_is_published_already_can_still_be_changed() -> None:
    course = a_course()
    teacher = a_member(course, role=Role.INSTRUCTOR)
    quiz = a_quiz(course, questions=(WRONG, OTHER))
    a_proof(course, WRONG)
    a_window(quiz.activity, teacher, published=True)


def test_the_admin_does_not_publish_it_either(client: Client) -> None:
    course = a_course()
    quiz = a_quiz(course, questions=(WRONG, OTHER), activity={"published": False})
    a_proof(course, WRONG)
    client.force_login(User.objects.create_superuser("root@example.org", "a long password"))
    address = reverse("admin:courses_activity_change", args=[quiz.activity_id])
    form = client.get(address).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    sent = {name: "" if value is None else value for name, value in sent.items() if value is not False}
    sent |= {"published": "on", "topics": "[]"}
    for name in ("opens_at", "due_at", "closes_at"):
        sent.pop(name, None)
        sent |= {f"{name}_0": "", f"{name}_1": ""}
    answer = client.post(address, sent)
    assert answer.status_code == 200
    assert WHY in answer.content.decode()
    assert not Activity.objects.get(pk=quiz.activity_id).published


def test_quizzes_are_asked_as_before_where_nothing_is_contradicted() -> None:
    course = a_course()
    quiz = a_quiz(course, questions=(WRONG, OTHER))
    a_proof(course, WRONG, ProofState.PROVEN)
    assert start_attempt(quiz=quiz, student=a_member(course)).questions.count() == 2
    assert Quiz.objects.filter(pk=quiz.pk).exists()
