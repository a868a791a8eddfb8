"""Tokens: got by password, slow to guess, given back, and over after their time."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from builders import PASSWORD, a_user
from django.utils import timezone
from knox.models import AuthToken

from tests.api.calling import V1, client_of, problem

pytestmark = pytest.mark.django_db

TOKENS = f"{V1}tokens/"
ME = f"{V1}me/"


def sign_in(email: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client_of().post(TOKENS, {"email": email, "password": password}, **extra)


def test_the_right_password_gets_a_token_that_says_who_one_is() -> None:
    user = a_user()
    reply = sign_in(user.email)
    assert reply.status_code == 201
    body = reply.json()
    assert body["person"] == {"id": user.pk, "email": user.email, "name": user.name}
    assert body["token"].startswith("drydock_")
    me = client_of().get(ME, HTTP_AUTHORIZATION=f"Token {body['token']}")
    assert me.json() == body["person"]


def test_addresses_are_the_same_in_capitals() -> None:
    assert sign_in(a_user(email="ada@example.test").email.upper()).status_code == 201


def test_a_token_is_kept_as_a_digest_only() -> None:
    token = sign_in(a_user().email).json()["token"]
    assert token not in str(AuthToken.objects.values().get())


@pytest.mark.parametrize("email", ["known@example.test", "unknown@example.test"])
def test_a_wrong_password_and_an_unknown_address_are_told_apart_by_nobody(email: str) -> None:
    a_user(email="known@example.test")
    reply = sign_in(email, "wrong")
    said = problem(reply, 401, "wrong_credentials")
    assert said["detail"] == "The e-mail address and the password do not fit."
    assert reply["WWW-Authenticate"] == "Token"


def test_somebody_whose_account_is_closed_gets_none() -> None:
    problem(sign_in(a_user(is_active=False).email), 401, "wrong_credentials")


def test_where_addresses_must_be_confirmed_a_token_needs_that_too(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    user = a_user()
    problem(sign_in(user.email), 403, "email_not_confirmed")
    problem(sign_in(user.email, "wrong"), 401, "wrong_credentials")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    assert sign_in(user.email).status_code == 201


def test_what_is_missing_is_named() -> None:
    said = problem(client_of().post(TOKENS, {"email": "not an address"}), 400, "invalid")
    assert {error["field"] for error in said["errors"]} == {"email", "password"}


def test_guessing_at_one_account_is_slowed_down_wherever_it_comes_from(settings: Any) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    user = a_user()
    for number in range(10):
        assert sign_in(user.email, "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}").status_code == 401
    refused = sign_in(user.email.upper(), HTTP_X_FORWARDED_FOR="10.0.1.1")
    problem(refused, 429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 60
    assert sign_in(a_user().email, HTTP_X_FORWARDED_FOR="10.0.1.1").status_code == 201


def test_guessing_at_many_accounts_from_one_address_is_slowed_down() -> None:
    for number in range(30):
        assert sign_in(f"person{number}@elsewhere.test", "wrong").status_code == 401
    refused = sign_in(a_user().email)
    problem(refused, 429, "throttled")
    assert int(refused["Retry-After"]) > 0


def test_an_address_made_up_by_the_client_escapes_no_limit() -> None:
    for number in range(30):
        sign_in(f"person{number}@elsewhere.test", "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    problem(sign_in(a_user().email, HTTP_X_FORWARDED_FOR="10.9.9.9"), 429, "throttled")


def test_a_token_given_back_works_no_more_and_others_do() -> None:
    user = a_user()
    client, other = client_of(user), client_of(user)
    assert client.delete(f"{TOKENS}current/").status_code == 204
    problem(client.get(ME), 401, "authentication_failed")
    assert other.get(ME).status_code == 200


def test_a_token_ends_after_its_time() -> None:
    client = client_of(a_user())
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        reply = client.get(ME)
    problem(reply, 401, "authentication_failed")
    assert reply["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("header", ["Token", "Token x y", "Token drydock_wrong", "Token \u00e9", "Basic dTpw"])
def test_what_is_no_token_lets_nobody_in(header: str) -> None:
    assert client_of().get(ME, HTTP_AUTHORIZATION=header).status_code == 401
