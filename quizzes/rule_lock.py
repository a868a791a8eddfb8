"""Keeps a quiz's rules still while something is scored by them, and everything scored while they change.

Whatever scores an attempt first holds the rules; whatever changes them first takes them, which waits for all who hold
them and makes new ones wait. Both end with the transaction. So no attempt is scored by rules that are no longer there
once it is committed, and a regrade misses none. Saving answers needs neither.

PostgreSQL: advisory locks, shared and exclusive. SQLite has one writer at a time anyway.
"""

from django.db import connection

_NAMESPACE = 0x71A1  # keeps these locks apart from others that are named by a number


def hold_rules(quiz_id: int) -> None:
    """Let nobody change the quiz's rules until the transaction ends. To be asked for before any row is locked."""
    _lock("pg_advisory_xact_lock_shared", quiz_id)


def take_rules(quiz_id: int) -> None:
    """Let nobody score by the quiz's rules until the transaction ends. To be asked for before any row is locked."""
    _lock("pg_advisory_xact_lock", quiz_id)


def _lock(function: str, quiz_id: int) -> None:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [_NAMESPACE, quiz_id % 2**31])
