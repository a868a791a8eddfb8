"""A Redis that is away: pages go on."""

from typing import Any

import pytest
from builders import PASSWORD, a_user
from django.conf import settings as configured
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

UNHEARD = "redis://127.0.0.1:1/0"


@pytest.fixture
def _redis_is_away(settings: Any) -> None:
    # The tests' own settings hold a cache in memory; this is the one that sites run with.
    settings.CACHES = {
        "default": {
            "BACKEND": "config.cache.RedisCache",
            "LOCATION": UNHEARD,
            "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 1},
        }
    }
    assert configured.CACHES["default"]["LOCATION"] == UNHEARD


@pytest.mark.usefixtures("_redis_is_away")
def test_a_lock_is_had_and_a_count_starts_anew_while_redis_is_away() -> None:
    cache = caches["default"]
    assert cache.add("lock", 1) is True
    assert cache.get("count", []) == []


@pytest.mark.django_db
@pytest.mark.usefixtures("_redis_is_away")
def test_people_sign_in_while_redis_is_away(client: Client) -> None:
    user = a_user()
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
