"""People: one account for each address, signing in, and setting a new password by mail."""

import re

import pytest
from builders import PASSWORD, a_user
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from accounts.models import User

pytestmark = pytest.mark.django_db


def sign_in(email: str, password: str) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": password})
    return client


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("portal:dashboard")).status_code == 200


def test_an_address_is_kept_in_lower_case_and_taken_once_in_any() -> None:
    assert User.objects.create_user("  Ana@Example.TEST ").email == "ana@example.test"
    with pytest.raises(IntegrityError):
        User.objects.create(email="ANA@example.test")


def test_an_account_without_an_address_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an e-mail address"):
        User.objects.create_user("")


def test_a_person_without_a_name_is_shown_by_address() -> None:
    user = User(email="ana@example.test")
    assert (user.display_name, user.get_short_name()) == ("ana@example.test", "ana")
    user.name = "Ana Lima"
    assert (str(user), user.get_short_name(), user.get_full_name()) == ("Ana Lima", "Ana", "Ana Lima")


def test_a_superuser_may_do_everything() -> None:
    user = User.objects.create_superuser("op@example.test", PASSWORD)
    assert user.is_staff
    assert user.is_superuser


def test_one_signs_in_by_address_in_any_case_and_password() -> None:
    user = a_user(email="ana@example.test")
    assert is_signed_in(sign_in("Ana@Example.test", PASSWORD))
    assert not is_signed_in(sign_in(user.email, "wrong"))
    assert not is_signed_in(sign_in("nobody@example.test", PASSWORD))


def test_an_account_that_was_closed_does_not_get_in() -> None:
    user = a_user(is_active=False)
    assert not is_signed_in(sign_in(user.email, PASSWORD))


def test_a_forgotten_password_is_set_anew_by_the_link_in_the_mail_and_only_once() -> None:
    user = a_user(email="ana@example.test")
    client = Client()
    client.post(reverse("account_reset_password"), {"email": "ana@example.test"})
    (letter,) = mail.outbox
    assert letter.to == [user.email]
    found = re.search(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", str(letter.body))
    assert found
    form = client.get(found[1], follow=True)
    assert form.status_code == 200
    where = form.redirect_chain[-1][0]
    new = "a new and much longer secret"
    client.post(where, {"password1": new, "password2": new})
    assert is_signed_in(sign_in(user.email, new))
    assert not is_signed_in(sign_in(user.email, PASSWORD))
    again = Client().get(found[1], follow=True)
    assert b'name="password1"' not in again.content, "the link has been used"


def test_a_roster_s_account_gets_its_first_password_by_the_same_way() -> None:
    user = User.objects.create_user("bo@example.test")
    assert not user.has_usable_password()
    Client().post(reverse("account_reset_password"), {"email": user.email})
    assert [letter.to for letter in mail.outbox] == [[user.email]]


def test_asking_for_an_address_that_nobody_has_looks_the_same() -> None:
    a_user(email="ana@example.test")
    answers = [
        Client().post(reverse("account_reset_password"), {"email": email}, follow=True)
        for email in ("ana@example.test", "nobody@example.test")
    ]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert answers[0].status_code == answers[1].status_code == 200


@pytest.mark.parametrize(("is_open", "made"), [(True, 1), (False, 0)])
def test_strangers_make_accounts_only_where_the_operator_lets_them(settings: object, is_open: bool, made: int) -> None:
    settings.ACCOUNT_SIGNUP_OPEN = is_open  # type: ignore[attr-defined]
    form = {"email": "new@example.test", "password1": "long enough a secret", "password2": "long enough a secret"}
    Client().post(reverse("account_signup"), form)
    assert User.objects.filter(email="new@example.test").count() == made


def test_letters_about_passwords_speak_of_drydock_and_offer_nothing_that_is_closed(settings: object) -> None:
    settings.ACCOUNT_SIGNUP_OPEN = False  # type: ignore[attr-defined]
    a_user(email="ana@example.test")
    for email in ("ana@example.test", "nobody@example.test"):
        Client().post(reverse("account_reset_password"), {"email": email})
    known, unknown = mail.outbox
    assert known.subject == "Drydock: Choose a new password"
    assert "The link works once." in known.body
    assert "nobody@example.test" in unknown.body
    assert reverse("account_signup") not in unknown.body
