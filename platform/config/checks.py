"""What production refuses to start with: demo people, default secrets, settings for development."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, register

SHORTEST_SECRET = 50
FEWEST_CHARACTERS = 10
KNOWN_PASSWORDS = frozenset({"", "drydock", "postgres", "password", "secret", "change-me", "changeme", "admin"})


def secret_key(value: str, known: Iterable[str]) -> list[CheckMessage]:
    """A secret that others know or can guess signs sessions in their name."""
    if value in known or "change-me" in value:
        return [_error("SECRET_KEY is the one that comes with Drydock", "set SECRET_KEY to a secret of your own", 1)]
    if len(value) < SHORTEST_SECRET or len(set(value)) < FEWEST_CHARACTERS:
        return [_error("SECRET_KEY can be guessed", f"use at least {SHORTEST_SECRET} random characters", 2)]
    return []


def debugging(*, debug: bool) -> list[CheckMessage]:
    """Debug pages show settings and source to anybody."""
    return [_error("DEBUG is on", "unset DEBUG", 3)] if debug else []


def allowed_hosts(hosts: list[str]) -> list[CheckMessage]:
    """Without the site's own names no request is answered; with a star, requests for any name are."""
    if not hosts:
        return [_error("ALLOWED_HOSTS is empty", "set it to the names that the site is reached by", 4)]
    if "*" in hosts:
        return [_error("ALLOWED_HOSTS allows every name", "set it to the names that the site is reached by", 5)]
    return []


def database_password(database: dict[str, Any]) -> list[CheckMessage]:
    """A database reached over a network needs a password that is not everybody's."""
    if "sqlite3" in database["ENGINE"] or str(database.get("HOST", "")).startswith("/"):
        return []
    if str(database.get("PASSWORD") or "") in KNOWN_PASSWORDS:
        return [_error("The database's password is empty or well known", "choose another in DATABASE_URL", 6)]
    return []


def redis_password(url: str) -> list[CheckMessage]:
    """The password of Redis, where one is given, must not be one that everybody knows."""
    password = urlsplit(url).password
    if password is not None and password in KNOWN_PASSWORDS:
        return [_error("The password of Redis is empty or well known", "choose another in REDIS_URL", 7)]
    return []


def demo_people() -> list[CheckMessage]:
    """Anybody can sign in as a demo person: their passwords are printed in the documentation."""
    count = get_user_model()._default_manager.filter(is_demo=True).count()  # noqa: SLF001 - Django's name for it
    if not count:
        return []
    return [
        _error(
            f"{count} demo {'person' if count == 1 else 'people'} with known passwords can sign in",
            "remove them with `manage.py seed_demo --remove`",
            8,
        )
    ]


@register(Tags.security, deploy=True)
def check_settings(**_: Any) -> list[CheckMessage]:
    """What `manage.py check --deploy` says about the settings."""
    return [
        *secret_key(settings.SECRET_KEY, {settings.DEVELOPMENT_SECRET_KEY}),
        *debugging(debug=settings.DEBUG),
        *allowed_hosts(settings.ALLOWED_HOSTS),
        *database_password(settings.DATABASES["default"]),
        *redis_password(settings.REDIS_URL),
    ]


@register(Tags.database, deploy=True)
def check_people(**given: Any) -> list[CheckMessage]:
    """What `manage.py check --deploy --database default` says about the people."""
    return demo_people() if given.get("databases") else []


def _error(what: str, remedy: str, number: int) -> Error:
    return Error(f"{what}.", hint=f"{remedy[0].upper()}{remedy[1:]}.", id=f"drydock.E{number:03}")
