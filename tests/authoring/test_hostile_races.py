"""Two who bring, confirm and apply course files at the very same moment: one of them counts, and nothing is mixed."""

import threading
from collections.abc import Callable

import pytest
from builders import a_user
from django.db import connection

from accounts.errors import DrydockError
from authoring import calling, import_work
from authoring.bringing_in import bring_zip, confirm
from authoring.models import CourseImport, ImportState
from courses.models import AuditEntry, Course, Membership
from tests.authoring.packed import an_upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "call_readers", lambda: None)


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do them in threads that begin together; returns the codes of those that were refused."""
    together, refused = threading.Barrier(len(acts)), []

    def do(act: Callable[[], object]) -> None:
        together.wait(timeout=30)
        try:
            act()
        except DrydockError as error:
            refused.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return refused


def brought() -> CourseImport:
    made = bring_zip(by=a_user(is_staff=True), course=None, upload=an_upload())
    import_work.work()
    made.refresh_from_db()
    assert made.state == ImportState.SEEN
    return made


def test_of_two_confirmations_at_once_one_is_refused() -> None:
    made = brought()
    same = CourseImport.objects.get(pk=made.pk)
    refused = at_once(
        lambda: confirm(by=made.by, course_import=made, seen=made.seen),
        lambda: confirm(by=same.by, course_import=same, seen=same.seen),
    )
    assert refused == ["not_to_confirm"]


def test_of_two_new_courses_of_one_name_at_once_one_is_made_and_its_maker_alone_teaches_it() -> None:
    both = [brought(), brought()]
    for made in both:
        confirm(by=made.by, course_import=made, seen=made.seen)
    at_once(import_work.work, import_work.work)
    for made in both:
        made.refresh_from_db()
    applied = [made for made in both if made.state == ImportState.APPLIED]
    assert len(applied) == 1, [(made.state, made.why) for made in both]
    assert Membership.objects.get(course=Course.objects.get()).user == applied[0].by
    assert AuditEntry.objects.count() == 1
