"""`docker exec`: a program beside the one that runs in a container, shown until it ends or the console lets go of it.

The engine cannot end such a program alone: one that the console lets go of lives on until its container ends.
"""

import json

from graders.commands.daemon import STUCK, DaemonRefused, freed_when_stuck
from graders.commands.doing import Doing, carries
from graders.commands.model import Command
from graders.commands.state import OwnContainer
from graders.commands.verbs.foreground import Patience, Shown, feed, say_full, say_let_go, show
from graders.commands.verbs.run import refuse_terminal
from graders.commands.verbs.starting import ensure_harmless
from graders.commands.verbs.targets import ask, looked_up
from graders.commands.verbs.variables import environment
from graders.sandbox.connection import RawStream, engine_call, request_path
from graders.sandbox.stuck import free_if_stuck

_SWITCHING, _SERVER_ERROR = 101, 500
_GOES_ON = "the program goes on in it, until it ends or its container does."


@carries("container", "exec")
def execute(doing: Doing, command: Command) -> int:
    """Run a program in a running container, and end as it ends; with `-d`, print nothing."""
    word = command.args[0]
    own, told = looked_up(doing, word)
    doing.touch("container", own.name, own.id)
    detached = command.is_on("detach")
    if not detached:
        refuse_terminal(command)
    interactive = command.is_on("interactive")
    body = {
        "User": command.text("user"),
        "Privileged": False,
        "Tty": command.is_on("tty"),
        "AttachStdin": interactive and not detached,
        "AttachStderr": not detached,
        "AttachStdout": not detached,
        "Detach": detached,
        "Env": environment(doing, command) or None,
        "WorkingDir": command.text("workdir"),
        "Cmd": list(command.args[1:]),
    }
    if (told.get("State") or {}).get("Running"):
        ensure_harmless(doing, own)
    made = str(ask(doing, "POST", word, "/exec", body=body).json()["Id"])
    if detached:
        with freed_when_stuck(doing.daemon.engine, own.id):
            doing.daemon.call("POST", f"/exec/{made}/start", body={"Detach": True, "Tty": command.is_on("tty")})
        return 0
    return _follow(doing, made, own, stdin=doing.stdin if interactive else None)


def _follow(doing: Doing, made: str, own: OwnContainer, *, stdin: bytes | None) -> int:
    engine, patience = doing.daemon.engine, Patience(doing)
    path = f"/exec/{made}/start"
    body = json.dumps({"Detach": False, "Tty": False}).encode()
    with engine_call("running a program in a container"):
        stream = RawStream(engine.address, request_path(engine.client, path), body)
    try:
        doing.daemon.note("POST", path, status=_SWITCHING)
        if stdin is not None:
            feed(stream, stdin)
        shown = show(doing, stream, patience)
    finally:
        stream.close()
    if shown is Shown.LATE:
        with engine_call("looking at a container"):
            if free_if_stuck(engine, own.id):  # its user files were swapped between the look at them and the start
                raise DaemonRefused(_SERVER_ERROR, STUCK)
    told = doing.daemon.get(f"/exec/{made}/json")
    if told.get("Running") and shown is not Shown.ENDED:
        more = f"{_GOES_ON} See 'docker top {own.name}'."
        say_let_go(doing, shown, seconds=patience.seconds, more=more)
        return 0
    if shown is Shown.FULL:
        say_full(doing)
    return int(told.get("ExitCode") or 0)
