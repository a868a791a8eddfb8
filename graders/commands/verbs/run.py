"""`docker run`: makes a container, starts it, and shows what it prints until it ends or the console lets go of it."""

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.model import Command, CommandRefused
from graders.commands.state import OwnContainer
from graders.commands.verbs.create import new_container
from graders.commands.verbs.following import Follower
from graders.commands.verbs.gone import forget, forget_gone
from graders.commands.verbs.refusing import NOTE
from graders.commands.verbs.starting import start

_NOT_FOUND_EXIT, _NOT_EXECUTABLE_EXIT, _DAEMON_EXIT = 127, 126, 125
_MISSING = ("executable file not found", "no such file or directory", "system cannot find the file specified")


@carries("container", "run")
def run(doing: Doing, command: Command) -> int:
    """Make and start a container, and end as it ends; with `-d`, print its id."""
    detached = command.is_on("detach")
    if not detached:
        refuse_terminal(command)
    own = new_container(doing, command, attached=not detached)
    try:
        exit_code = _start_detached(doing, own) if detached else _follow(doing, command, own)
    except DaemonRefused as refusal:
        doing.err(f"docker: Error response from daemon: {refusal.message.removesuffix('.')}.")
        exit_code = start_exit_code(refusal.message)
    if own in doing.state.containers:
        forget_gone(doing)
    doing.touch("container", own.name, own.id, made=True, removed=own not in doing.state.containers)
    return exit_code


def refuse_terminal(command: Command) -> None:
    """Refuse `-t` for what is shown here, since nobody sits at a terminal. Raises CommandRefused."""
    if not command.is_on("tty"):
        return
    name = command.path[-1]
    instead = (
        "give the command without -t, as in 'docker exec web ls'"
        if name == "exec"
        else "give the command without -t, or let a shell run with -dit and use 'docker exec'"
    )
    raise CommandRefused(
        f"the input device is not a TTY\n{NOTE} Nothing can be typed into a running program here: {instead}.",
        code="not-a-terminal",
    )


def start_exit_code(message: str) -> int:
    """What docker exits with when a container cannot be started (docker/cli, `runStartContainerErr`)."""
    if any(words in message for words in _MISSING):
        return _NOT_FOUND_EXIT
    if "permission denied" in message:
        return _NOT_EXECUTABLE_EXIT
    return _DAEMON_EXIT


def _follow(doing: Doing, command: Command, own: OwnContainer) -> int:
    follower = Follower(
        doing,
        own,
        condition="removed" if own.remove_at_end else "next-exit",
        stdin=doing.stdin if command.is_on("interactive") else None,
    )
    exit_code = follower.run(word=own.id, is_new_base=_is_new_base(doing, own))
    if exit_code is not None and own.remove_at_end:
        forget(doing, own)
    return exit_code or 0


def _start_detached(doing: Doing, own: OwnContainer) -> int:
    doing.out(own.id)
    condition = "removed" if own.remove_at_end else "next-exit"
    doing.daemon.note("POST", f"/containers/{own.id}/wait", query={"condition": condition})
    start(doing, own, word=own.id, is_new_base=_is_new_base(doing, own))
    return 0


def _is_new_base(doing: Doing, own: OwnContainer) -> bool:
    """Whether nothing but one of the lab's bases has a say in what is in the container."""
    return own.image_id in {base.id for base in doing.state.bases} and not doing.state.volumes
