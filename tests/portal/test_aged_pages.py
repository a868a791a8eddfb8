"""A page open since before somebody signed in again reads the newest token, and is told plainly where it has none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders import a_user
from django.conf import settings
from django.test import Client
from django.urls import reverse

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "platform/portal/frontend/src/csrf.ts"

pytestmark = pytest.mark.django_db


def test_the_cookie_of_the_token_can_be_read_by_scripts_under_the_name_that_they_look_for(client: Client) -> None:
    client.get(reverse("account_login"))
    assert not client.cookies[settings.CSRF_COOKIE_NAME]["httponly"]
    assert f'"{settings.CSRF_COOKIE_NAME}="' in SCRIPT.read_text()


def test_it_can_in_production_too() -> None:
    shown = "import json; from config import settings as s; print(json.dumps([s.PRODUCTION, s.CSRF_COOKIE_HTTPONLY]))"
    environment = {**os.environ, "DRYDOCK_ENV": "production", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "-c", shown], env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [True, False]


def test_a_script_without_a_token_is_told_by_a_code_and_a_person_by_a_page() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(a_user())
    address = reverse("portal:theme")
    told = client.post(address, {"theme": "dark"}, headers={"Accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (403, "csrf_failed")
    page = client.post(address, {"theme": "dark"})
    assert (page.status_code, page["Content-Type"].partition(";")[0]) == (403, "text/html")
