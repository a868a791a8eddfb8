"""Handing in: what is taken, what is turned away, and what a try costs."""

import io
import zipfile
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from builders import DOCKERFILE, a_course, a_lab, a_member, a_plan, a_submission, an_instructor_of, graded
from django.utils import timezone

from accounts.errors import DrydockError
from courses.services import grant_extension
from graders.archive import Submission as Files
from labs import handing_in, queue, services, storage
from labs.events import QUEUED
from labs.models import Submission
from labs.reading import files_of
from labs.services import cancel, submit
from labs.states import State

pytestmark = pytest.mark.django_db


def code_of(refused: pytest.ExceptionInfo[DrydockError]) -> str:
    return refused.value.code


def hand_in(lab: Any, author: Any, text: bytes = DOCKERFILE) -> Submission:
    return submit(author=author, lab=lab, files={"Dockerfile": text})


def a_zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_a_try_is_queued_with_its_files_stored() -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)

    submission = hand_in(lab, student)

    assert submission.state == State.QUEUED
    assert submission.number == 1
    assert submission.version == lab.current_version
    assert files_of(submission).files == {"Dockerfile": DOCKERFILE}
    assert [(event.sequence, event.kind) for event in submission.events.all()] == [(1, QUEUED)]


def test_workers_are_woken_once_the_row_is_committed(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(services.tasks.wake, "apply_async", lambda **_: calls.append(Submission.objects.count()))
    lab = a_lab()
    student = a_member(lab.activity.course)

    with django_capture_on_commit_callbacks(execute=True):
        hand_in(lab, student)
        assert calls == []

    assert calls == [1]


def test_a_broker_that_is_away_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def away(**_: object) -> None:
        raise ConnectionError("Redis is down")

    monkeypatch.setattr(services.tasks.wake, "apply_async", away)
    lab = a_lab()
    student = a_member(lab.activity.course)

    with django_capture_on_commit_callbacks(execute=True):
        submission = hand_in(lab, student)

    assert Submission.objects.get(pk=submission.pk).state == State.QUEUED
    assert "Redis is down" in caplog.text


def test_a_zip_is_taken_with_the_folder_around_it_removed() -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)

    submission = submit(author=student, lab=lab, files=a_zip({"mine/Dockerfile": DOCKERFILE}))

    assert files_of(submission).files == {"Dockerfile": DOCKERFILE}


def test_the_labs_own_files_are_added_and_may_be_sent_along_unchanged() -> None:
    lab = a_lab(starter={"Dockerfile": "FROM busybox:1.35\n", "app/main.py": "print(1)\n"})
    student = a_member(lab.activity.course)

    submission = submit(author=student, lab=lab, files={"Dockerfile": DOCKERFILE, "app/main.py": b"print(1)\n"})

    assert files_of(submission).files == {"Dockerfile": DOCKERFILE, "app/main.py": b"print(1)\n"}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"Dockerfile": DOCKERFILE, "app/main.py": b"print(2)\n"}, "file_not_editable"),
        ({"Dockerfile": DOCKERFILE, "notes.txt": b"hello"}, "file_not_expected"),
        ({".dockerignore": b"*"}, "no_dockerfile"),
        ({}, "empty"),
        (b"", "empty"),
        (b"PK\x03\x04 but then only junk", "not_an_archive"),
    ],
)
def test_files_that_cannot_be_taken_are_refused_at_the_field(files: Any, code: str) -> None:
    lab = a_lab(starter={"Dockerfile": "FROM busybox:1.35\n", "app/main.py": "print(1)\n"})
    student = a_member(lab.activity.course)

    with pytest.raises(DrydockError) as refused:
        submit(author=student, lab=lab, files=files)

    assert code_of(refused) == code
    assert refused.value.fields["files"] == refused.value.message
    assert not Submission.objects.exists()


def test_an_archive_larger_than_the_lab_takes_is_refused() -> None:
    lab = a_lab(plan=a_plan(submission={"max_mib": 1}))
    student = a_member(lab.activity.course)

    with pytest.raises(DrydockError) as refused:
        hand_in(lab, student, DOCKERFILE + b"#" * 1024 * 1024)

    assert code_of(refused) == "too_large"


def test_files_read_already_are_taken_as_they_are() -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    files = Files.from_files({"Dockerfile": DOCKERFILE})

    submission = submit(author=student, lab=lab, files=files)

    assert submission.digest == files.digest


def test_handing_in_what_waits_already_returns_the_waiting_try() -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    first = hand_in(lab, student)

    second = hand_in(lab, student)

    assert second == first
    assert second.already_waiting
    assert not first.already_waiting
    assert Submission.objects.count() == 1


def test_the_same_files_can_be_handed_in_again_after_a_grade() -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    graded(hand_in(lab, student))

    assert hand_in(lab, student).number == 2


def test_a_third_waiting_try_at_one_lab_is_turned_away() -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    a_submission(lab, author=student)
    a_submission(lab, author=student)

    with pytest.raises(DrydockError) as refused:
        a_submission(lab, author=student)

    assert code_of(refused) == "too_many_waiting_in_lab"
    assert refused.value.status == 429


def test_twenty_waiting_tries_are_all_that_one_person_may_have() -> None:
    course = a_course()
    student = a_member(course)
    for _ in range(10):
        lab = a_lab(course)
        a_submission(lab, author=student)
        a_submission(lab, author=student)

    with pytest.raises(DrydockError) as refused:
        a_submission(a_lab(course), author=student)

    assert code_of(refused) == "too_many_waiting"


def test_a_flood_is_turned_away_with_the_time_to_come_back() -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    for _ in range(30):
        cancel(by=student, submission=a_submission(lab, author=student))

    with pytest.raises(DrydockError) as refused:
        a_submission(lab, author=student)

    assert code_of(refused) == "too_fast"
    assert 1 <= refused.value.retry_after_seconds <= 61  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("window", "code"),
    [
        ({"opens_at": timedelta(hours=1)}, "not_yet_open"),
        ({"due_at": -timedelta(hours=2), "closes_at": -timedelta(hours=1)}, "closed"),
    ],
)
def test_outside_its_window_nothing_is_taken(window: dict[str, timedelta], code: str) -> None:
    lab = a_lab(**{name: timezone.now() + offset for name, offset in window.items()})
    student = a_member(lab.activity.course)

    with pytest.raises(DrydockError) as refused:
        hand_in(lab, student)

    assert code_of(refused) == code


def test_a_late_try_keeps_its_factor() -> None:
    lab = a_lab(due_at=timezone.now() - timedelta(hours=30), late_percent_per_day=10)
    student = a_member(lab.activity.course)

    submission = hand_in(lab, student)

    assert submission.late_factor == Decimal("0.8")
    assert submission.is_late


def test_an_unpublished_lab_takes_tryouts_of_staff_only() -> None:
    lab = a_lab(published=False, opens_at=timezone.now() + timedelta(days=1), attempts_allowed=1)
    course = lab.activity.course
    student = a_member(course)
    instructor = an_instructor_of(course)

    with pytest.raises(DrydockError) as refused:
        hand_in(lab, student)
    graded(hand_in(lab, instructor))
    second = hand_in(lab, instructor)

    assert code_of(refused) == "not_published"
    assert second.tryout


def test_tries_are_used_up_by_grades_and_an_extension_gives_more() -> None:
    lab = a_lab(attempts_allowed=1)
    student = a_member(lab.activity.course)
    graded(a_submission(lab, author=student))

    with pytest.raises(DrydockError) as refused:
        hand_in(lab, student)
    grant_extension(
        by=an_instructor_of(lab.activity.course), activity=lab.activity, user=student, reason="ill", extra_attempts=1
    )

    assert code_of(refused) == "tries_used_up"
    assert hand_in(lab, student).number == 2


def test_a_waiting_try_uses_the_allowance_until_it_is_cancelled() -> None:
    lab = a_lab(attempts_allowed=1)
    student = a_member(lab.activity.course)
    waiting = a_submission(lab, author=student)

    with pytest.raises(DrydockError) as refused:
        a_submission(lab, author=student)
    cancel(by=student, submission=waiting)

    assert code_of(refused) == "tries_used_up"
    assert a_submission(lab, author=student).state == State.QUEUED


def test_a_try_given_back_does_not_count() -> None:
    lab = a_lab(attempts_allowed=1)
    student = a_member(lab.activity.course)
    first = graded(a_submission(lab, author=student))

    services.give_back_try(by=an_instructor_of(lab.activity.course), submission=first)

    assert hand_in(lab, student).number == 2


def test_only_a_waiting_try_can_be_cancelled_and_only_by_its_author_or_staff() -> None:
    lab = a_lab()
    student, other = a_member(lab.activity.course), a_member(lab.activity.course)
    submission = a_submission(lab, author=student)

    with pytest.raises(DrydockError) as stranger:
        cancel(by=other, submission=submission)
    assert queue.claim_next(worker="w") is not None
    with pytest.raises(DrydockError) as running:
        cancel(by=student, submission=submission)

    assert code_of(stranger) == "not_course_staff"
    assert code_of(running) == "not_waiting"


def test_nothing_stays_in_storage_when_the_row_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    stored: list[str] = []
    save = storage.save

    def note(name: str, content: bytes) -> str:
        stored.append(save(name, content))
        return stored[-1]

    def fail(**_: object) -> None:
        raise RuntimeError("the database is full")

    monkeypatch.setattr(storage, "save", note)
    monkeypatch.setattr(handing_in.events, "write", fail)
    with pytest.raises(RuntimeError):
        hand_in(lab, student)

    assert len(stored) == 1
    assert not storage.default_storage.exists(stored[0])
