"""A quiz lets in who has the code and is where it may be taken, and tells everybody else what to do."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from builders import a_member, an_instructor_of
from django.core.cache import cache
from django.test import RequestFactory
from django.utils import timezone

from accounts.addresses import address_of
from accounts.errors import TooMany
from courses.models import AuditEntry, Role
from quizzes.access import CODE_LENGTH, WRONG_CODES, WRONG_CODES_SECONDS, draw_code, set_access
from quizzes.checking import check_answer
from quizzes.errors import DrydockError, NotAllowed
from quizzes.models import Quiz
from quizzes.services import save_answer, start_attempt
from quizzes.turning import turn_page
from tests.quizzes.building import a_bank, a_quiz

pytestmark = pytest.mark.django_db

HERE, THERE = "10.1.2.3", "203.0.113.9"


@pytest.fixture(autouse=True)
def _nothing_was_guessed() -> None:
    cache.clear()


def guarded(*, code: str = "", networks: tuple[str, ...] = (), **settings: Any) -> Quiz:
    quiz = a_quiz(questions=a_bank(3), **settings)
    return set_access(by=an_instructor_of(quiz.activity.course), quiz=quiz, code=code, networks=networks)


def refused(quiz: Quiz, **given: Any) -> DrydockError:
    with pytest.raises(DrydockError) as refusal:
        start_attempt(quiz=quiz, student=given.pop("student", None) or a_member(quiz.activity.course), **given)
    return refusal.value


@pytest.mark.parametrize("typed", ["Open Sesame", "open-sesame", "  OPENSESAME ", "ｏｐｅｎ sesame"])  # noqa: RUF001  wide letters are the point
def test_capitals_spaces_and_hyphens_of_a_code_do_not_matter(typed: str) -> None:
    quiz = guarded(code="Open Sesame")
    assert start_attempt(quiz=quiz, student=a_member(quiz.activity.course), code=typed).is_open


def test_without_the_code_nobody_starts_and_the_field_is_named() -> None:
    quiz = guarded(code="Open Sesame")
    needed, wrong = refused(quiz), refused(quiz, code="open says me")
    assert (needed.code, needed.status, needed.fields["code"]) == ("code_needed", 403, needed.message)
    assert (wrong.code, wrong.status, wrong.fields["code"]) == ("code_wrong", 403, wrong.message)
    assert "sesame" not in wrong.message.lower()


def test_a_try_under_way_needs_no_code() -> None:
    quiz = guarded(code="Open Sesame")
    student = a_member(quiz.activity.course)
    attempt = start_attempt(quiz=quiz, student=student, code="Open Sesame")
    assert start_attempt(quiz=quiz, student=student).pk == attempt.pk


def test_codes_are_guessed_ten_times_in_ten_minutes_and_no_more_by_each_student() -> None:
    quiz = guarded(code="Open Sesame")
    student = a_member(quiz.activity.course)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(WRONG_CODES):
            assert refused(quiz, student=student, code=f"guess {number}").code == "code_wrong"
        for code in ("guess", "Open Sesame"):
            stopped = refused(quiz, student=student, code=code)
            assert isinstance(stopped, TooMany)
            assert (stopped.code, stopped.status, stopped.retry_after_seconds) == ("code_guessed", 429, 600)
        assert start_attempt(quiz=quiz, student=a_member(quiz.activity.course), code="Open Sesame").is_open
        clock.shift(timedelta(seconds=WRONG_CODES_SECONDS + 1))
        assert start_attempt(quiz=quiz, student=student, code="Open Sesame").is_open


def test_the_right_code_lets_the_wrong_ones_be_forgotten() -> None:
    quiz = guarded(code="Open Sesame", attempts="unlimited")
    student = a_member(quiz.activity.course)
    for _ in range(WRONG_CODES - 1):
        refused(quiz, student=student, code="guess")
    start_attempt(quiz=quiz, student=student, code="Open Sesame")
    other = a_quiz(quiz.activity.course, questions=a_bank(3))
    set_access(by=an_instructor_of(quiz.activity.course), quiz=other, code="Other code", networks=[])
    assert refused(other, student=student, code="guess").code == "code_wrong"


def test_asking_without_a_code_is_no_guess() -> None:
    quiz = guarded(code="Open Sesame")
    student = a_member(quiz.activity.course)
    for _ in range(WRONG_CODES + 5):
        assert refused(quiz, student=student).code == "code_needed"
    assert start_attempt(quiz=quiz, student=student, code="Open Sesame").is_open


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        (HERE, ("10.0.0.0/8",)),
        (HERE, ("192.0.2.0/24", "10.1.2.3")),
        ("2001:db8::77", ("10.0.0.0/8", "2001:db8::/32")),
        ("10.0.0.0", ("10.0.0.0/31",)),
        ("10.0.0.1", ("10.0.0.0/31",)),
        ("10.1.2.3", ("::ffff:10.0.0.0/104",)),
        ("2001:db8::1", ("::/0",)),
    ],
)
def test_a_quiz_is_open_to_the_networks_that_it_lists(address: str, networks: tuple[str, ...]) -> None:
    quiz = guarded(networks=networks)
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course), address=address)
    attempt.refresh_from_db()
    assert attempt.address == address


@pytest.mark.parametrize("address", [THERE, "10.0.0.2", "2001:db9::1", "::1", None])
def test_from_everywhere_else_nobody_starts(address: str | None) -> None:
    refusal = refused(guarded(networks=("10.0.0.0/31", "2001:db8::/32")), address=address)
    assert (refusal.code, refusal.status) == ("address_not_allowed", 403)
    assert address is None or f"You are at {address}." in refusal.message


def test_a_try_under_way_is_not_taken_on_elsewhere() -> None:
    quiz = guarded(networks=("10.0.0.0/8",), mode="practice", go_back=False, questions_per_page=1)
    student = a_member(quiz.activity.course)
    attempt = start_attempt(quiz=quiz, student=student, address=HERE)
    save_answer(attempt=attempt, position=1, value=True, revision=0, address=HERE)
    acts: list[Any] = [
        lambda: save_answer(attempt=attempt, position=1, value=False, revision=1, address=THERE),
        lambda: save_answer(attempt=attempt, position=1, value=False, revision=1),
        lambda: turn_page(attempt=attempt, page=2, address=THERE),
        lambda: check_answer(attempt=attempt, position=1, address=THERE),
        lambda: start_attempt(quiz=quiz, student=student, address=THERE),
    ]
    for act in acts:
        with pytest.raises(NotAllowed) as refusal:
            act()
        assert refusal.value.code == "address_not_allowed"
    asked = attempt.questions.get(position=1)
    assert (asked.value, asked.revision, asked.checked_at) == (True, 1, None)
    assert save_answer(attempt=attempt, position=1, value=False, revision=1, address=HERE).revision == 2


def test_staff_try_it_out_from_anywhere_without_a_code() -> None:
    quiz = guarded(code="Open Sesame", networks=("10.0.0.0/8",))
    tryout = start_attempt(quiz=quiz, student=an_instructor_of(quiz.activity.course), address=THERE)
    assert save_answer(attempt=tryout, position=1, value=True, revision=0, address=THERE).revision == 1


@pytest.mark.parametrize("role", [Role.STUDENT, Role.ASSISTANT])
def test_only_instructors_set_access(role: Role) -> None:
    quiz = a_quiz()
    with pytest.raises(NotAllowed):
        set_access(by=a_member(quiz.activity.course, role=role), quiz=quiz, code="Open Sesame", networks=[])
    quiz.refresh_from_db()
    assert quiz.access_code == ""


def test_setting_access_is_on_record_without_the_code() -> None:
    quiz = guarded(code="Open Sesame", networks=("10.0.0.7/8", " 10.0.0.0/8 ", ""))
    assert quiz.allowed_addresses == ["10.0.0.0/8"]
    (entry,) = AuditEntry.objects.all()
    assert entry.summary == "Set an access code. Opened the quiz to 10.0.0.0/8 only."
    assert "Sesame" not in f"{entry.summary} {entry.detail}"
    set_access(by=entry.by, quiz=quiz, code="Open Sesame", networks=["10.0.0.0/8"])
    assert AuditEntry.objects.count() == 1


def test_too_many_networks_are_refused() -> None:
    with pytest.raises(DrydockError) as refusal:
        guarded(networks=tuple(f"10.0.{number}.0/24" for number in range(101)))
    assert refusal.value.code == "networks_too_many"


def test_a_drawn_code_is_new_each_time_and_can_be_read_aloud() -> None:
    codes = {draw_code() for _ in range(50)}
    assert len(codes) == 50
    assert all(len(code) == CODE_LENGTH and not set(code) & set("0O1Il") for code in codes)


@pytest.mark.parametrize(
    ("trusted", "headers", "address"),
    [
        (False, {"REMOTE_ADDR": "10.1.2.3"}, "10.1.2.3"),
        (False, {"REMOTE_ADDR": "10.1.2.3", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}, "10.1.2.3"),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}, "192.0.2.1"),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "10.9.9.9, 192.0.2.1"}, "192.0.2.1"),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "::ffff:192.0.2.1"}, "192.0.2.1"),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "fe80::1%eth0"}, "fe80::1"),
        (True, {"REMOTE_ADDR": "127.0.0.1"}, None),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "unknown"}, None),
        (False, {"REMOTE_ADDR": ""}, None),
    ],
)
def test_an_address_is_the_proxys_word_only_where_the_proxy_is_trusted(
    settings: Any, trusted: bool, headers: dict[str, str], address: str | None
) -> None:
    settings.TRUST_PROXY = trusted
    assert address_of(RequestFactory().get("/", **headers)) == address  # type: ignore[arg-type]  # headers as WSGI has them
