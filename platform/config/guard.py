"""Refuses to start a production site that is unsafe: called by the web server, the workers and the sweeper."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from config.checks import check_settings, demo_people


class UnsafeStart(ImproperlyConfigured):
    """Production was asked to start with something that must not be; the text lists all of it."""


def refuse_unsafe_start() -> None:
    """Raise UnsafeStart when production settings meet demo people, default secrets or debugging."""
    if not settings.PRODUCTION:
        return
    found = check_settings()
    try:
        found += demo_people()
    except DatabaseError as error:
        raise UnsafeStart(
            f"Drydock does not start: whether demo people exist cannot be told ({error}). "
            "See that the database runs, and run `manage.py migrate`."
        ) from error
    if found:
        listed = "".join(f"\n  {message.id}: {message.msg} {message.hint}" for message in found)
        raise UnsafeStart(f"Drydock does not start with these production settings:{listed}")
