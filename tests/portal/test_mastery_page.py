"""Maps of topics in the portal: one's own, the class's, what to try next, and nothing before it is released."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from builders import a_course, a_lab, a_member, a_submission, a_user, an_instructor_of, graded
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from courses.models import Course, Role, Section
from courses.services import grant_extension
from gradebook.models import Evidence
from quizzes.marking import give_mark
from quizzes.models import Quiz
from quizzes.regrade_drafts import draft
from quizzes.regrading import apply, undo
from quizzes.rules import Rule
from quizzes.saving import save_answer
from quizzes.services import close_attempt
from quizzes.starting import start_attempt
from tests.quizzes.building import CHOICE, SEVERAL, a_bank, a_quiz, right_answers
from tests.quizzes.classes import took

pytestmark = pytest.mark.django_db
Queries = Callable[..., Any]
TOPICS = {
    "cmd.create": "docker create",
    "cmd.pause": "docker pause",
    "container.instance": "A container is an instance",
    "dockerfile.cmd": "CMD",
    "dockerfile.from": "FROM",
    "vm.what": "What a virtual machine is",
}


@pytest.fixture
def course() -> Course:
    return a_course(topics=TOPICS)


@pytest.fixture
def student(client: Client, course: Course) -> User:
    user = a_member(course)
    client.force_login(user)
    return user


def own(course: Course) -> str:
    return reverse("portal:mastery", args=[course.slug])


def of_class(course: Course) -> str:
    return reverse("portal:teach-mastery", args=[course.slug])


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def sat(quiz: Quiz, student: User, *, right: bool) -> None:
    """Take the quiz and hand it in: all right, or empty."""
    attempt = start_attempt(quiz=quiz, student=student)
    if right:
        for asked in attempt.questions.all():
            value = right_answers().get(asked.content.id, True)
            save_answer(attempt=attempt, position=asked.position, value=value, revision=0)
    close_attempt(attempt=attempt)


def rows(response: Any) -> dict[str, Any]:
    return {row.topic: row for group in response.context["map"].groups for row in group.rows}


def test_quizzes_and_labs_make_one_map(client: Client, course: Course, student: User) -> None:
    quiz = a_quiz(course, questions=(CHOICE, SEVERAL))
    lab = a_lab(course, title="First image")
    sat(quiz, student, right=True)
    graded(a_submission(lab, author=student), score=10)

    response = client.get(own(course))

    found = {topic: row.mastery.level.value for topic, row in rows(response).items()}
    assert found["cmd.create"] == "secure"  # there is no other activity on it
    assert found["dockerfile.cmd"] == "secure"
    assert found["vm.what"] == "none"
    page = text_of(response)
    assert "from 1 piece of work" in page
    assert lab.activity.title in page
    assert "each piece of work counts half as much as the one after it" in page


def test_what_to_try_is_open_not_done_well_and_the_shortest_new_thing_first(
    client: Client, course: Course, student: User
) -> None:
    now = timezone.now()
    done = a_quiz(course, questions=a_bank(2, topic="vm.what", prefix="a"), activity={"title": "Done badly"})
    sat(done, student, right=False)
    a_quiz(course, questions=a_bank(2, topic="vm.what", prefix="b"), activity={"title": "Long", "minutes": 40})
    a_quiz(course, questions=a_bank(2, topic="vm.what", prefix="c"), activity={"title": "Short", "minutes": 5})
    a_quiz(
        course,
        questions=a_bank(2, topic="vm.what", prefix="d"),
        activity={"title": "Closed", "closes_at": now - timedelta(hours=1)},
    )
    a_quiz(course, questions=a_bank(2, topic="vm.what", prefix="e"), activity={"title": "Secret", "published": False})

    row = rows(client.get(own(course)))["vm.what"]

    assert row.suggestion.activity.title == "Short"
    assert row.suggestion.words == "Try"


def test_without_a_try_left_nothing_is_suggested_until_there_is_one(
    client: Client, course: Course, student: User
) -> None:
    quiz = a_quiz(course, questions=a_bank(2, topic="vm.what"), attempts=1)
    sat(quiz, student, right=False)
    assert rows(client.get(own(course)))["vm.what"].suggestion is None
    assert "Nothing open on this now" in text_of(client.get(own(course)))

    grant_extension(by=an_instructor_of(course), activity=quiz.activity, user=student, reason="Ill.", extra_attempts=1)

    assert rows(client.get(own(course)))["vm.what"].suggestion.words == "Try again"


def test_a_lab_without_tries_left_and_a_paused_or_guarded_quiz_are_not_suggested(
    client: Client, course: Course, student: User
) -> None:
    lab = a_lab(course, attempts_allowed=1)
    graded(a_submission(lab, author=student), score=2)
    for fields in ({"paused_at": timezone.now()}, {"access_code": "open"}, {"allowed_addresses": ["10.0.0.0/8"]}):
        quiz = a_quiz(course, questions=a_bank(2, topic="dockerfile.from", prefix=f"x{len(fields)}{min(fields)[0]}"))
        Quiz.objects.filter(pk=quiz.pk).update(**fields)

    assert rows(client.get(own(course)))["dockerfile.from"].suggestion is None


def test_what_is_under_way_is_suggested_first(client: Client, course: Course, student: User) -> None:
    a_quiz(course, questions=a_bank(2, topic="vm.what", prefix="a"), activity={"title": "New", "minutes": 1})
    begun = a_quiz(course, questions=a_bank(2, topic="vm.what", prefix="b"), activity={"title": "Begun"}, attempts=1)
    start_attempt(quiz=begun, student=student)

    row = rows(client.get(own(course)))["vm.what"]

    assert (row.suggestion.activity.title, row.suggestion.words) == ("Begun", "Go on with")


def test_points_that_are_not_released_move_nothing_on_a_student_s_map(
    client: Client, course: Course, student: User
) -> None:
    due = timezone.now() + timedelta(days=2)
    quiz = a_quiz(
        course,
        questions=a_bank(2, topic="vm.what"),
        activity={"title": "Held back", "due_at": due},
        release={"scores": "after_due", "keys": "after_due"},
    )
    before = client.get(own(course))
    sat(quiz, student, right=True)
    after = client.get(own(course))

    assert Evidence.objects.filter(user=student, topic="vm.what").exists()
    assert rows(before)["vm.what"].mastery == rows(after)["vm.what"].mastery
    assert rows(after)["vm.what"].mastery.level.value == "none"
    assert "is counted here once its points are shown" in text_of(after)
    assert rows(before)["vm.what"].suggestion is not None
    assert "100 %" not in text_of(after)

    quiz.activity.due_at = timezone.now() - timedelta(minutes=1)
    quiz.activity.save()

    assert rows(client.get(own(course)))["vm.what"].mastery.level.value == "secure"


def test_teachers_see_what_is_held_back_and_are_told_so(client: Client, course: Course) -> None:
    student = a_member(course, user=a_user(name="Ada"))
    quiz = a_quiz(
        course,
        questions=a_bank(2, topic="vm.what"),
        activity={"title": "Held back", "due_at": timezone.now() + timedelta(days=2)},
        release={"scores": "after_due", "keys": "after_due"},
    )
    sat(quiz, student, right=True)
    client.force_login(an_instructor_of(course))

    response = client.get(reverse("portal:teach-mastery-student", args=[course.slug, student.pk]))

    assert rows(response)["vm.what"].mastery.level.value == "secure"
    assert "whose points students do not see yet" in text_of(response)


def test_an_unpublished_quiz_leaves_its_students_maps(client: Client, course: Course, student: User) -> None:
    quiz = a_quiz(course, questions=a_bank(2, topic="vm.what"), activity={"title": "Taken back"})
    sat(quiz, student, right=True)
    quiz.activity.published = False
    quiz.activity.save()

    response = client.get(own(course))

    assert rows(response)["vm.what"].mastery.level.value == "none"
    assert "Taken back" not in text_of(response)


def test_teachers_see_work_in_what_was_taken_back_and_are_told_that_students_do_not(
    client: Client, course: Course
) -> None:
    student, other = a_member(course), a_member(course)
    quiz = a_quiz(course, questions=a_bank(2, topic="vm.what"), activity={"title": "Taken back"})
    sat(quiz, student, right=True)
    quiz.activity.published = False
    quiz.activity.save()
    client.force_login(an_instructor_of(course))

    response = client.get(reverse("portal:teach-mastery-student", args=[course.slug, student.pk]))
    of_other = client.get(reverse("portal:teach-mastery-student", args=[course.slug, other.pk]))

    assert [work.activity for work in rows(response)["vm.what"].work] == [quiz.activity]
    assert "whose points students do not see yet" in text_of(response)
    assert rows(response)["vm.what"].suggestion is None
    assert "whose points students do not see yet" not in text_of(of_other)


def test_nobody_s_map_but_one_s_own(client: Client, course: Course, student: User) -> None:
    other = a_member(course)
    sat(a_quiz(course, questions=a_bank(2, topic="vm.what")), other, right=True)

    assert rows(client.get(own(course)))["vm.what"].mastery.level.value == "none"
    assert client.get(of_class(course)).status_code == 404
    assert client.get(reverse("portal:teach-mastery-student", args=[course.slug, other.pk])).status_code == 404
    assert client.get(own(a_course(topics=TOPICS))).status_code == 404


def test_a_class_s_weakest_topics_are_on_top(client: Client, course: Course) -> None:
    quiz = a_quiz(course, questions=(CHOICE, SEVERAL))
    for number in range(4):
        student = a_member(course)
        attempt = start_attempt(quiz=quiz, student=student)
        if number:
            save_answer(attempt=attempt, position=1, value=right_answers()["created"], revision=0)
        close_attempt(attempt=attempt)
    client.force_login(an_instructor_of(course))

    response = client.get(of_class(course))

    topics = response.context["topics"]
    assert [one["id"] for one in topics][2] == "cmd.create"
    assert {one["id"] for one in topics[:2]} == {"cmd.pause", "container.instance"}
    assert [one["counts"].mean for one in topics[:3]] == [0, 0, 0.75]
    assert all(abs(sum(part["width"] for part in one["parts"]) - 100) < 0.1 for one in topics)
    assert "4 students" in text_of(response)


def test_a_section_has_its_own_map(client: Client, course: Course) -> None:
    section = Section.objects.create(course=course, name="Tuesday")
    a_member(course, user=a_user(name="Tuesday's Child"), section=section)
    a_member(course, user=a_user(name="Nobody's Child"))
    client.force_login(an_instructor_of(course))

    page = text_of(client.get(of_class(course), {"section": section.pk}))

    assert "1 student of this section" in page
    assert "Tuesday&#x27;s Child" in page
    assert "Nobody&#x27;s Child" not in page
    assert client.get(of_class(course), {"section": "1; drop"}).status_code == 200


def test_a_class_without_students_or_topics_is_told_what_will_be_here(client: Client, course: Course) -> None:
    client.force_login(an_instructor_of(course))
    assert "No students yet" in text_of(client.get(of_class(course)))
    course.topics = {}
    course.save()
    assert "No topics yet" in text_of(client.get(of_class(course)))
    assert "No topics yet" in text_of(client.get(own(course)))


def test_assistants_see_the_class(client: Client, course: Course) -> None:
    client.force_login(a_member(course, role=Role.ASSISTANT))
    assert client.get(of_class(course)).status_code == 200


@pytest.mark.parametrize(("students", "quizzes"), [(2, 1), (70, 6)])
def test_maps_cost_the_same_for_any_class(
    client: Client, course: Course, students: int, quizzes: int, django_assert_num_queries: Queries
) -> None:
    people: Any = students
    for number in range(quizzes):
        quiz = a_quiz(course, questions=a_bank(3, topic="vm.what", prefix=f"q{number}"))
        attempts = took(quiz, students=people, with_gradebook=True)
        people = [attempt.student for attempt in attempts]
    client.force_login(an_instructor_of(course))
    with django_assert_num_queries(10):
        client.get(of_class(course))
    client.force_login(people[0])
    with django_assert_num_queries(12):
        client.get(own(course))


def test_titles_stay_text(client: Client, course: Course, student: User) -> None:
    course.topics = {"vm.what": "<script>alert(1)</script>"}
    course.save()
    a_quiz(course, questions=a_bank(2, topic="vm.what"), activity={"title": "<img src=x onerror=a()>"})

    page = text_of(client.get(own(course)))

    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_regrade_and_its_undoing_move_the_map_and_make_old_work_no_newer(
    client: Client, course: Course, student: User
) -> None:
    teacher = an_instructor_of(course)
    quiz = a_quiz(course, questions=a_bank(2, topic="vm.what"))
    attempt = start_attempt(quiz=quiz, student=student)
    for asked in attempt.questions.all():
        save_answer(attempt=attempt, position=asked.position, value=False, revision=0)
    close_attempt(attempt=attempt)

    def stands() -> tuple[float | None, Any]:
        (piece,) = rows(client.get(own(course)))["vm.what"].mastery.pieces
        return piece.share, piece.at

    _, handed_in = stands()
    assert stands() == (0, handed_in)
    key = Rule.of("key", {"answer": False})
    first = apply(by=teacher, regrade=draft(by=teacher, quiz=quiz, changes={"q-1": key}, reason="The key was wrong."))
    assert stands() == (0.5, handed_in)
    drop = draft(by=teacher, quiz=quiz, changes={"q-2": Rule.of("drop")}, reason="Unclear.")
    second = apply(by=teacher, regrade=drop)
    assert stands() == (1, handed_in)
    undo(by=teacher, regrade=second)
    undo(by=teacher, regrade=first)
    assert stands() == (0, handed_in)
    full = {"q-1": Rule.of("full"), "q-2": Rule.of("full")}
    apply(by=teacher, regrade=draft(by=teacher, quiz=quiz, changes=full, reason="Not taught."))
    assert rows(client.get(own(course)))["vm.what"].mastery.level.value == "none"


def test_a_mark_is_evidence_once_it_is_given(client: Client, course: Course, student: User) -> None:
    essay = {
        "id": "essay",
        "kind": "long_text",
        "topics": ["vm.what"],
        "points": 4,
        "text": "Why?",
        "rubric": [{"id": "all", "title": "Says why", "points": 4}],
    }
    quiz = a_quiz(course, questions=(CHOICE, essay))
    attempt = start_attempt(quiz=quiz, student=student)
    save_answer(attempt=attempt, position=2, value="Because it simulates a machine.", revision=0)
    attempt = close_attempt(attempt=attempt)
    assert rows(client.get(own(course)))["vm.what"].mastery.level.value == "none"

    give_mark(by=an_instructor_of(course), asked=attempt.questions.get(position=2), rubric={"all": 3})

    (piece,) = rows(client.get(own(course)))["vm.what"].mastery.pieces
    assert (piece.share, piece.at) == (0.75, attempt.closed_at)


def test_the_map_is_reached_from_results_and_from_a_member_s_page(
    client: Client, course: Course, student: User
) -> None:
    quiz = a_quiz(course, questions=(CHOICE, SEVERAL))
    attempt = close_attempt(attempt=start_attempt(quiz=quiz, student=student))
    submission = graded(a_submission(a_lab(course), author=student), score=10)

    for name, arguments in (("review", [attempt.pk]), ("submission", [submission.pk]), ("dashboard", [])):
        assert own(course) in text_of(client.get(reverse(f"portal:{name}", args=arguments))), name

    client.force_login(an_instructor_of(course))
    its = reverse("portal:teach-mastery-student", args=[course.slug, student.pk])
    assert its in text_of(client.get(reverse("portal:teach-member", args=[course.slug, student.pk])))
