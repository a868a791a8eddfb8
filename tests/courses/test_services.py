"""Joining, enrolling, rosters and extensions."""

from datetime import UTC, datetime

import pytest
from builders import a_course, a_member, a_user, an_activity, an_instructor_of
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import DrydockError
from accounts.models import User
from courses.models import Course, Extension, Membership, Role
from courses.services import (
    create_course,
    enrol,
    grant_extension,
    import_roster,
    join_by_code,
    remove_member,
    rotate_join_code,
)

pytestmark = pytest.mark.django_db


def test_the_maker_of_a_course_teaches_it() -> None:
    maker = a_user()
    course = create_course(by=maker, slug="docker-101", title="Docker 101", time_zone="Europe/Madrid")
    assert list(Course.objects.taught_by(maker)) == [course]


def test_a_taken_short_name_is_refused_with_its_field() -> None:
    course = a_course()
    with pytest.raises(DrydockError) as caught:
        create_course(by=a_user(), slug=course.slug, title="Another")
    assert caught.value.code == "course_exists"
    assert "slug" in caught.value.fields


@pytest.mark.parametrize("spelling", ["{}", " {} ", "{lower}", "{first}-{last}", "{first} {last}"])
def test_a_join_code_is_read_however_it_is_typed(spelling: str) -> None:
    course, user = a_course(), a_user()
    code = course.join_code
    typed = spelling.format(code, lower=code.lower(), first=code[:4], last=code[4:])
    assert join_by_code(user=user, code=typed).course == course


def test_joining_twice_is_harmless_and_keeps_the_role() -> None:
    course = a_course()
    instructor = an_instructor_of(course)
    assert join_by_code(user=instructor, code=course.join_code).role == Role.INSTRUCTOR
    assert Membership.objects.filter(course=course, user=instructor).count() == 1


def test_a_closed_course_and_a_wrong_code_say_what_to_do() -> None:
    course = a_course(is_open=False)
    with pytest.raises(DrydockError, match="Ask your instructor") as closed:
        join_by_code(user=a_user(), code=course.join_code)
    assert closed.value.code == "course_not_open"
    with pytest.raises(DrydockError, match="Check it") as wrong:
        join_by_code(user=a_user(), code="NOSUCH99")
    assert wrong.value.code == "no_such_code"


def test_a_removed_student_cannot_return_to_a_closed_course_by_code() -> None:
    course = a_course(is_open=False)
    student = a_member(course)
    remove_member(by=an_instructor_of(course), course=course, user=student)
    with pytest.raises(DrydockError) as caught:
        join_by_code(user=student, code=course.join_code)
    assert caught.value.code == "course_not_open"


def test_a_new_join_code_makes_the_old_one_useless() -> None:
    course = a_course()
    old = course.join_code
    rotate_join_code(by=an_instructor_of(course), course=course)
    with pytest.raises(DrydockError):
        join_by_code(user=a_user(), code=old)


def test_the_last_instructor_can_neither_leave_nor_step_down() -> None:
    course = a_course()
    instructor = an_instructor_of(course)
    with pytest.raises(DrydockError) as left:
        remove_member(by=instructor, course=course, user=instructor)
    with pytest.raises(DrydockError) as stepped_down:
        enrol(by=instructor, course=course, user=instructor, role=Role.STUDENT)
    assert left.value.code == stepped_down.value.code == "last_instructor"


def test_a_roster_enrols_a_class_with_its_sections_and_makes_accounts() -> None:
    course = a_course()
    known = a_user(email="Ana@example.test")
    content = "\ufeffEmail;Name;Section\nana@EXAMPLE.test;Ana;Mon\nbo@example.test;Bo;Tue\n;;\n".encode()
    outcome = import_roster(by=an_instructor_of(course), course=course, content=content)
    assert (outcome.enrolled, outcome.accounts_made) == (2, 1)
    assert Membership.objects.get(course=course, user=known).section.name == "Mon"  # type: ignore[union-attr]
    assert not User.objects.get(email="bo@example.test").has_usable_password()
    again = import_roster(by=an_instructor_of(course), course=course, content=content)
    assert (again.enrolled, again.unchanged) == (0, 2)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "columns"),
        (b"name\nAna\n", "email"),
        (b"email,shoe\nana@example.test,42\n", "shoe"),
        (b"email\nnot an address\n", "line 2"),
        (b"email\na@example.test\na@example.test\n", "on line 2 already"),
        (b"email,role\na@example.test,instructor\n", "use student"),
        (b"email\n", "names nobody"),
        (b"email\n\xff\xfe\n", "UTF-8"),
        (b"email\na@example.test,x,y\n", "more values"),
        (b"PK\x03\x04\x00\x00email", "not a CSV"),
    ],
)
def test_a_wrong_roster_enrols_nobody_and_names_the_line(content: bytes, says: str) -> None:
    course = a_course()
    with pytest.raises(DrydockError, match=says) as caught:
        import_roster(by=an_instructor_of(course), course=course, content=content)
    assert caught.value.code == "roster_invalid"
    assert Membership.objects.filter(course=course, role=Role.STUDENT).count() == 0


def test_a_roster_costs_a_query_more_per_batch_and_not_per_person() -> None:
    def queries(people: int) -> int:
        course = a_course()
        instructor = an_instructor_of(course)
        content = ("email\n" + "".join(f"s{n}@{course.slug}.test\n" for n in range(people))).encode()
        with CaptureQueriesContext(connection) as captured:
            import_roster(by=instructor, course=course, content=content)
        return len(captured)

    batches = 4  # SQLite takes inserts in batches of about a hundred rows
    assert queries(300) <= queries(3) + batches


def test_an_extension_needs_a_reason_a_member_and_some_effect() -> None:
    course = a_course()
    activity, student = an_activity(course), a_member(course)
    by = an_instructor_of(course)
    later = datetime(2026, 5, 1, tzinfo=UTC)
    for user, fields, code in [
        (student, {"reason": " ", "due_at": later}, "reason_needed"),
        (student, {"reason": "ill"}, "extension_empty"),
        (a_user(), {"reason": "ill", "due_at": later}, "not_a_member"),
    ]:
        with pytest.raises(DrydockError) as caught:
            grant_extension(by=by, activity=activity, user=user, **fields)  # type: ignore[arg-type]
        assert caught.value.code == code
    assert Extension.objects.count() == 0


def test_only_the_instructor_changes_a_course() -> None:
    course = a_course()
    activity, student, assistant = an_activity(course), a_member(course), a_member(course, role=Role.ASSISTANT)
    stranger = an_instructor_of(a_course())
    for by in (student, assistant, stranger):
        for attempt in (
            lambda by=by: enrol(by=by, course=course, user=student),
            lambda by=by: remove_member(by=by, course=course, user=student),
            lambda by=by: import_roster(by=by, course=course, content=b"email\na@example.test\n"),
            lambda by=by: rotate_join_code(by=by, course=course),
            lambda by=by: grant_extension(by=by, activity=activity, user=student, reason="x", extra_attempts=1),
        ):
            with pytest.raises(DrydockError) as caught:
                attempt()
            assert caught.value.code == "not_course_staff"
