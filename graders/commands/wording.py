"""Docker's own words for a command that is called wrongly, and this console's for what it does not offer."""

from graders.commands.grammar.flags import Flag
from graders.commands.grammar.shapes import Shape
from graders.commands.model import Command, CommandRefused

FLAG_EXIT = 125
"""What the CLI exits with for a flag it cannot read."""


def bad_flag(called: str, complaint: str, *, code: str, usage: str = "") -> CommandRefused:
    """Make the refusal of a flag, `called` being the command such as `docker run`."""
    more = f"\n\n{usage}" if usage else ""
    return CommandRefused(f"{complaint}\nSee '{called} --help'.{more}", code=code, exit_code=FLAG_EXIT)


def flag_not_offered(called: str, flag: Flag, given: str) -> CommandRefused:
    """Make the refusal of a flag that docker has and this console has not, or not with this value."""
    what = f"{given} is not available here"
    offered = f" Only {_listed(flag.only)} can be given." if flag.only else ""
    return bad_flag(called, f"{what}: {flag.refused}{offered}", code="not-available")


def command_not_offered(called: str, why: str) -> CommandRefused:
    """Make the refusal of a command that docker has and this console has not."""
    return CommandRefused(f"{called} is not available here: {why}", code="not-available")


def not_a_command(word: str, hint: str = "") -> CommandRefused:
    """Make the refusal of a word that is no docker command."""
    more = f"\n[console] {hint}" if hint else ""
    return CommandRefused(
        f"docker: '{word}' is not a docker command.\nSee 'docker --help'{more}", code="unknown-command"
    )


def wrong_count(shape: Shape, called: str, count: int) -> CommandRefused | None:
    """Make the refusal of too few or too many arguments; None where the count is right."""
    least, most = shape.least, shape.most
    if count >= least and (most is None or count <= most):
        return None
    if most == 0:
        wants = "accepts no arguments"
    elif least == most:
        wants = f"requires exactly {least} {_arguments(least)}"
    elif most is None:
        wants = f"requires at least {least} {_arguments(least)}"
    elif least == 0:
        wants = f"requires at most {most} {_arguments(most)}"
    else:
        wants = f"requires at least {least} and at most {most} {_arguments(most)}"
    return CommandRefused(
        f"\"{called}\" {wants}.\nSee '{called} --help'.\n\nUsage:  {shape.usage(called)}\n\n{shape.about}",
        code="too-few-arguments" if count < least else "too-many-arguments",
    )


def daemon_words(command: Command, message: str) -> tuple[str, int]:
    """How the CLI prints what the daemon refused, and what it exits with."""
    words = f"Error response from daemon: {message}"
    if command.path == ("container", "run"):
        return f"docker: {words.removesuffix('.')}.\nSee '{command.called} --help'.", FLAG_EXIT
    return words, 1


def _arguments(count: int) -> str:
    return "argument" if count == 1 else "arguments"


def _listed(values: tuple[str, ...]) -> str:
    quoted = [f"`{value}`" for value in values]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
