"""Writes down what the docker CLI would have sent where the answer came from the ledger and not from the engine."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing


def in_path(word: str) -> str:
    """A word as the CLI writes it into a path."""
    return quote(word, safe="", errors="replace")


@contextmanager
def noted_where_refused(
    doing: Doing, method: str, path: str, *, query: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Note the request when what is done within is refused, and let the refusal go on."""
    try:
        yield
    except DaemonRefused as refusal:
        doing.daemon.note(method, path, query=query, status=refusal.status)
        raise
