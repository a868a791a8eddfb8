"""How commands about containers say no: in docker's words where it has some, then why it is so here."""

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing
from graders.commands.model import Command, CommandRefused
from graders.commands.wording import bad_flag

NOTE = "[console]"
"""Begins what the console itself has to say, so that nobody takes it for docker's words."""
_BAD_OPTIONS = 125


def not_here(command: Command, given: str, why: str) -> CommandRefused:
    """Make the refusal of something that docker can do and this console cannot; `why` says what to do instead."""
    return bad_flag(command.called, f"{given} is not available here: {why}", code="not-available")


def wrong_options(command: Command, words: str) -> CommandRefused:
    """Make the refusal of options that do not go together, as the docker CLI words it for `run` and `create`."""
    return CommandRefused(
        f"docker: {words}.\nSee 'docker {command.path[-1]} --help'.", code="bad-value", exit_code=_BAD_OPTIONS
    )


def wrong_value(command: Command, flag: str, value: str, words: str) -> CommandRefused:
    """Make the refusal of a flag's value, as the docker CLI words it."""
    return CommandRefused(
        f'invalid argument "{value}" for "--{flag}" flag: {words}\nSee \'docker {command.path[-1]} --help\'.',
        code="bad-value",
        exit_code=_BAD_OPTIONS,
    )


def as_daemons(refusal: CommandRefused) -> DaemonRefused:
    """The same refusal as the daemon's, for commands that put words of their own around what the daemon says."""
    return DaemonRefused(409, refusal.message.removeprefix("Error response from daemon: "))


def remark(doing: Doing, words: str) -> None:
    """Print something that the console has to say, apart from docker's output."""
    doing.err(f"{NOTE} {words}")
