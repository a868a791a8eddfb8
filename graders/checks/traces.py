"""Looks for a text in what a container has said and left: where an author's nonce has come to."""

from graders.observations import SeenRun
from graders.visible import visible


def where_it_shows(run: SeenRun, text: str) -> str:
    """Where a container says the text: on an output or in an answer; empty where it does not."""
    for name, stream in (("its output", run.result.stdout), ("its error output", run.result.stderr)):
        if text in visible(stream):
            return name
    return next((f"its answer to {name}" for name, reply in run.replies.items() if text in visible(reply.body)), "")


def file_with(run: SeenRun, text: str) -> str:
    """The file of its own layer that holds the text; empty where none does."""
    return next((visible(file.path) for file in run.written if text in visible(file.content)), "")
