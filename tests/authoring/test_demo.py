"""Demo people, and how production gets rid of them."""

from typing import Any

import pytest
from builders import a_course, a_user
from django.core.management import CommandError, call_command
from django.test import Client
from knox.models import AuthToken

from accounts.models import User
from authoring import demo

pytestmark = pytest.mark.django_db


def test_removed_demo_people_cannot_sign_in_and_their_work_stays(capsys: pytest.CaptureFixture[str]) -> None:
    course = a_course()
    demo.seed(course=course)
    admin = User.objects.get(email="admin@demo.drydock.test")
    AuthToken.objects.create(user=admin)

    call_command("seed_demo", "--remove")

    assert "5 demo accounts are closed" in capsys.readouterr().out
    assert not User.objects.filter(is_demo=True).exists()
    assert not Client().login(email="admin@demo.drydock.test", password="demo-admin")
    assert not AuthToken.objects.filter(user=admin).exists()
    assert course.memberships.filter(user__email="student1@demo.drydock.test").exists()


def test_removing_leaves_real_people_alone() -> None:
    real = a_user()
    demo.seed(course=a_course())

    demo.retire()

    real.refresh_from_db()
    assert real.is_active
    assert real.has_usable_password()


def test_production_removes_demo_people_and_makes_none(settings: Any) -> None:
    demo.seed(course=a_course(slug="small-course"))
    settings.PRODUCTION = True

    call_command("seed_demo", "--remove")
    with pytest.raises(CommandError, match="known passwords"):
        call_command("seed_demo", "--course", "small-course")

    assert not User.objects.filter(is_demo=True).exists()


def test_making_them_again_opens_their_accounts() -> None:
    course = a_course()
    demo.seed(course=course)
    demo.retire()

    demo.seed(course=course)

    assert Client().login(email="admin@demo.drydock.test", password="demo-admin")
    assert User.objects.filter(is_demo=True, is_active=True).count() == 5
