"""The pages of a course's banks: for those who run it, with keys, variants by seed, and answers tried out unkept."""

from typing import Any

import pytest
from builders import a_course, a_member, an_activity, an_instructor_of
from django.test import Client
from django.urls import reverse

from courses.models import ActivityKind, Course
from quizzes.file_models import AnswerFile
from quizzes.models import Attempt, AttemptQuestion, Question
from quizzes.proof_models import Proof, ProofState
from quizzes.services import sync_questions, sync_quiz
from quizzes.specs import QuizSpec
from quizzes.stored import as_json
from quizzes.types import REGISTRY
from quizzes.variants import Family
from tests.quizzes.building import CHOICE, NUMBER, ONE_OF_EACH, WORD, a_bank, a_quiz, option, questions_of

pytestmark = pytest.mark.django_db

DOUBLE: dict[str, Any] = {
    "id": "double",
    "kind": "numeric",
    "topics": ["docker.cli"],
    "tags": ["sums"],
    "difficulty": 4,
    "text": "What is twice {n}?",
    "answer": "{double}",
    "wrong": [{"value": "{n}", "feedback": "That is {n} itself."}],
    "values": {"n": {"kind": "number", "at_least": 1, "at_most": 4}, "double": {"compute": "n * 2"}},
    "where": ["n != 3"],
}
LONG = "a-very-long-name-that-goes-on-and-on-until-nothing-more-fits-in"
HOSTILE = {
    **CHOICE,
    "id": LONG,
    "text": "<script>alert(1)</script> \u202eevil " + "x" * 400,
    "options": ["created", {"text": "<img src=x onerror=alert(1)>", "feedback": "<b>no</b>"}],
}


@pytest.fixture
def course() -> Course:
    return a_course(topics={"docker.cli": "The command line", "cmd.create": "docker create"})


@pytest.fixture
def staff(client: Client, course: Course) -> Client:
    client.force_login(an_instructor_of(course))
    return client


def put(course: Course, *questions: dict[str, Any]) -> None:
    sync_questions(course=course, questions=questions_of(*questions), retire_others=False)


def at(course: Course, name: str = "teach-questions", **rest: Any) -> str:
    return reverse(f"portal:{name}", kwargs={"slug": course.slug, **rest})


def one(course: Course, slug: str) -> str:
    return at(course, "teach-question", question_slug=slug)


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def listed(client: Client, course: Course, **filters: str) -> set[str]:
    response = client.get(at(course), filters)
    return {line["question"].slug for line in response.context["lines"]}


def test_the_list_says_what_each_question_is_about_and_how_many_quizzes_ask_it(staff: Client, course: Course) -> None:
    put(course, *ONE_OF_EACH, DOUBLE, HOSTILE)
    for items in (["created", "double"], ["created", {"draw": 1, "tags": ["sums"]}]):
        activity = an_activity(course, kind=ActivityKind.QUIZ)
        sync_quiz(activity=activity, spec=QuizSpec.model_validate({"title": "Quiz", "items": items}))
    response = staff.get(at(course))
    lines = {line["question"].slug: line for line in response.context["lines"]}
    assert lines["created"]["asked_by"] == 2
    assert lines["double"]["asked_by"] == 2
    assert lines["workdir"]["asked_by"] == 0
    assert lines["double"]["varies"]
    page = text_of(response)
    assert "What is twice {n}?" in page
    assert "Varies" in page
    assert "<script>alert" not in page


def test_the_list_is_narrowed_by_words_topic_tag_kind_difficulty_variants_and_state(
    staff: Client, course: Course
) -> None:
    put(course, *ONE_OF_EACH, DOUBLE)
    everything = {question["id"] for question in (*ONE_OF_EACH, DOUBLE)}
    assert listed(staff, course) == everything
    assert listed(staff, course, q="TWICE") == {"double"}
    assert listed(staff, course, q="paused container") == {"keeps"}
    assert listed(staff, course, q="explanation-of-created") == {"created"}
    assert listed(staff, course, q="feedback") == set()
    assert listed(staff, course, topic="docker.cli") == {"double"}
    assert listed(staff, course, topic="docker") == set()
    assert listed(staff, course, tag="sums") == {"double"}
    assert listed(staff, course, kind="numeric") == {"double", "mebibytes"}
    assert listed(staff, course, difficulty="4") == {"double"}
    assert listed(staff, course, difficulty="x") == everything
    assert listed(staff, course, varies="yes") == {"double"}
    assert listed(staff, course, varies="no") == everything - {"double"}
    assert listed(staff, course, kind="numeric", varies="no") == {"mebibytes"}
    sync_questions(course=course, questions=questions_of(CHOICE, DOUBLE))
    assert listed(staff, course) == {"created", "double"}
    assert listed(staff, course, state="retired") == everything - {"created", "double"}
    assert listed(staff, course, state="all") == everything


def test_the_list_is_narrowed_by_how_the_proof_stands(staff: Client, course: Course) -> None:
    proofs = {f"p-{number}": {**CHOICE, "id": f"p-{number}", "proof": PROOF} for number in range(3)}
    put(course, WORD, DOUBLE, *proofs.values())
    for slug, state in (("p-0", ProofState.PROVEN), ("p-1", ProofState.CONTRADICTED)):
        digest = Question.objects.get(slug=slug).current_version.digest  # type: ignore[union-attr]
        Proof.objects.create(course=course, question_digest=digest, state=ProofState.NOT_RUN)
        Proof.objects.create(course=course, question_digest=digest, state=state)
    assert listed(staff, course, proof="proven") == {"p-0"}
    assert listed(staff, course, proof="contradicted") == {"p-1"}
    assert listed(staff, course, proof="not_run") == {"p-2"}
    assert listed(staff, course, proof="none") == {"workdir", "double"}
    page = text_of(staff.get(at(course)))
    for word in ("Proven", "Contradicted", "Not run"):
        assert word in page


PROOF: dict[str, Any] = {
    "commands": ["docker create --name box busybox true"],
    "shows": {"container": "box", "state": "answer"},
}


def test_empty_lists_say_what_to_do(staff: Client, course: Course) -> None:
    assert "No questions yet" in text_of(staff.get(at(course)))
    put(course, CHOICE)
    assert "No question matches" in text_of(staff.get(at(course), {"q": "nothing-like-it"}))
    sync_questions(course=course, questions=[])
    assert "Every question is retired" in text_of(staff.get(at(course)))


def test_a_question_is_shown_as_students_see_it_and_with_its_key_and_feedback(staff: Client, course: Course) -> None:
    a_quiz(course, questions=[CHOICE], activity={"title": "Asks created"})
    response = staff.get(one(course, "created"))
    page = text_of(response)
    for words in (
        "right after",
        "explanation-of-created",
        "feedback-on-running",
        "Asks created",
        "lists it",
        "Version 1",
        "Not answered yet",
    ):
        assert words in page
    assert response["Cache-Control"] == "no-store"
    assert {shown.text: shown.outcome for shown in response.context["key"].options} == {
        "created": "missed",
        "running": "",
        "paused": "",
        "exited": "",
    }
    assert page.count("Right answer") == 1
    put(course, HOSTILE)
    hostile = text_of(staff.get(one(course, LONG)))
    assert "<script>alert" not in hostile
    assert "<img src" not in hostile
    assert "No quiz asks it" in hostile


def test_any_variant_is_shown_by_its_seed_with_its_values(staff: Client, course: Course) -> None:
    put(course, DOUBLE)
    family = REGISTRY.question(DOUBLE)
    assert isinstance(family, Family)
    for seed in (0, 7, 2**48 - 1):
        response = staff.get(one(course, "double"), {"seed": str(seed)})
        assert response.context["variant"].seed == seed
        assert response.context["variant"].question == family.variant(seed)
        page = text_of(response)
        assert family.variant(seed).text in page
        assert f"That is {family.values_of(seed)['n']} itself." in page
        assert "n != 3" in page
    for strange in ("-1", "x", "9" * 400, "٣"):
        assert staff.get(one(course, "double"), {"seed": strange}).context["variant"].seed == 0


def test_a_variant_that_is_not_valid_says_why(staff: Client, course: Course) -> None:
    put(course, DOUBLE)
    row = Question.objects.get(slug="double")
    stored = as_json(REGISTRY.question(DOUBLE)) | {"where": []}
    stored["values"] = {**stored["values"], "n": {"kind": "number", "at_least": 0, "at_most": 1}}
    family = REGISTRY.question(stored, tried=False)
    failing = next(seed for seed in range(99) if family.values_of(seed)["n"] == 0)  # type: ignore[attr-defined]
    version = row.current_version
    assert version is not None
    version.spec, version.digest = stored, "0" * 64
    version.save()
    assert "This seed makes no valid question" in text_of(staff.get(one(course, "double"), {"seed": failing}))
    page = text_of(staff.get(at(course, "teach-question-variants", question_slug="double"), {"seed": failing}))
    assert "no valid question" in page
    assert "counts as right" in page


def test_an_answer_is_tried_out_and_nothing_is_kept(staff: Client, course: Course) -> None:
    put(course, CHOICE, DOUBLE, NUMBER)
    family = REGISTRY.question(DOUBLE)
    right = family.variant(7).key().literals[0]
    page = text_of(staff.post(one(course, "double") + "?seed=7", {"answer": right}))
    assert "What this answer earns" in page
    assert "Correct" in page
    wrong = str(int(right) // 2)
    page = text_of(staff.post(one(course, "double") + "?seed=7", {"answer": wrong}))
    assert "Not correct" in page
    page = text_of(staff.post(one(course, "created"), {"answer": option(CHOICE, "running")}))
    assert "feedback-on-running" in page
    assert "Not correct" in page
    page = text_of(staff.post(one(course, "mebibytes"), {"answer": "twelve"}))
    assert "Not an answer to this question" in page
    assert "Write a number" in page
    assert "Give an answer first" in text_of(staff.post(one(course, "mebibytes"), {}))
    assert not Attempt.objects.exists()
    assert not AttemptQuestion.objects.exists()
    assert not AnswerFile.objects.exists()


def test_earlier_versions_can_be_looked_at(staff: Client, course: Course) -> None:
    put(course, CHOICE)
    put(course, CHOICE | {"text": "Asked in another way?"})
    assert "Asked in another way?" in text_of(staff.get(one(course, "created")))
    earlier = text_of(staff.get(one(course, "created"), {"version": "1"}))
    assert "An earlier version" in earlier
    assert "right after" in earlier
    assert "Asked in another way?" in text_of(staff.get(one(course, "created"), {"version": "99"}))


def test_twenty_variants_are_shown_at_once_and_those_that_are_the_same_pointed_out(
    staff: Client, course: Course
) -> None:
    put(course, DOUBLE, CHOICE)
    address = at(course, "teach-question-variants", question_slug="double")
    response = staff.get(address, {"seed": "40"})
    assert [variant["tried"].seed for variant in response.context["variants"]] == list(range(40, 60))
    page = text_of(response)
    assert "20 variants come out the same as another" in page
    assert page.count("As ") >= 20
    assert "Next 20" in page
    plain = text_of(staff.get(at(course, "teach-question-variants", question_slug="created")))
    assert "This question does not vary" in plain


def test_students_and_other_courses_staff_find_nothing(client: Client, course: Course) -> None:
    put(course, DOUBLE)
    for person in (a_member(course), an_instructor_of(a_course())):
        client.force_login(person)
        for name in ("teach-question", "teach-question-variants"):
            assert client.get(at(course, name, question_slug="double")).status_code == 404
        assert client.get(at(course)).status_code == 404


def test_a_question_of_another_course_is_not_found_here(staff: Client, course: Course) -> None:
    put(a_course(), DOUBLE)
    assert staff.get(one(course, "double")).status_code == 404


@pytest.mark.parametrize("size", [2, 60])
def test_the_list_takes_the_same_queries_whatever_it_holds(
    staff: Client, course: Course, size: int, django_assert_max_num_queries: Any
) -> None:
    put(course, *a_bank(size), *({**DOUBLE, "id": f"double-{number}"} for number in range(size)))
    for _ in range(3):
        activity = an_activity(course, kind=ActivityKind.QUIZ)
        spec = {"title": "Quiz", "items": ["q-1", {"draw": 1, "topics": ["docker.*"]}]}
        sync_quiz(activity=activity, spec=QuizSpec.model_validate(spec))
    staff.get(at(course))
    with django_assert_max_num_queries(9):
        staff.get(at(course))


@pytest.mark.parametrize("size", [1, 8])
def test_a_question_takes_the_same_queries_whatever_asks_it(
    staff: Client, course: Course, size: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(size):
        put(course, DOUBLE | {"text": f"What is twice {{n}}, {number}?"})
        a_quiz(course, questions=[DOUBLE | {"text": f"What is twice {{n}}, {number}?"}])
    staff.get(one(course, "double"))
    with django_assert_max_num_queries(12):
        staff.get(one(course, "double"))
    with django_assert_max_num_queries(6):
        staff.get(at(course, "teach-question-variants", question_slug="double"))
