"""What containers live through after they were made: start, stop, restart, kill, pause, unpause, wait, rename."""

from collections.abc import Sequence

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.model import Command, CommandRefused
from graders.commands.verbs.bounding import Bounds
from graders.commands.verbs.following import Follower
from graders.commands.verbs.foreground import LET_GO_WAITING, End, Patience, Shown, say_let_go
from graders.commands.verbs.gone import forget, forget_gone
from graders.commands.verbs.joining import rename_in_networks
from graders.commands.verbs.naming import free_name
from graders.commands.verbs.refusing import remark
from graders.commands.verbs.starting import ensure_engine_has_room, ensure_harmless, start
from graders.commands.verbs.targets import ask_all, late, looked_up, own_container

_MOST_STOP_SECONDS = 30
_NO_CONTENT, _BAD_REQUEST, _NOT_FOUND = 204, 400, 404


@carries("container", "start")
def start_containers(doing: Doing, command: Command) -> int:
    """Start containers; with `-a`, show what the one prints."""
    if command.is_on("attach") or command.is_on("interactive"):
        if len(command.args) > 1:
            raise CommandRefused("you cannot start and attach multiple containers at once", code="bad-value")
        return _start_and_follow(doing, command, command.args[0])
    failed = []
    bounds = Bounds(doing)
    for word in command.args:
        try:
            if bounds.is_over:
                raise late(word)
            _start(doing, word)
        except DaemonRefused as refusal:
            doing.err(f"Error response from daemon: {refusal.message}")
            failed.append(word)
        else:
            doing.out(word)
    if failed:
        doing.err(f"Error: failed to start containers: {', '.join(failed)}")
    return 1 if failed else 0


@carries("container", "stop")
def stop(doing: Doing, command: Command) -> int:
    """Stop containers by their stop signal, and by force after `-t` seconds."""
    return _each(doing, command, "stop", query=_patience(doing, command))


@carries("container", "restart")
def restart(doing: Doing, command: Command) -> int:
    """Stop containers and start them again."""
    allowed: list[str] = []
    refused: dict[str, DaemonRefused] = {}
    bounds = Bounds(doing)
    for word in command.args:
        try:
            if bounds.is_over:
                raise late(word)
            _ensure_may_start(doing, word)
        except DaemonRefused as refusal:
            refused[word] = refusal
            doing.daemon.note("POST", f"/containers/{word}/restart", status=refusal.status)
        else:
            allowed.append(word)
    restarted = ask_all(doing, "POST", allowed, "/restart", query=_patience(doing, command))
    answers = dict(zip(allowed, restarted, strict=True))
    return _told(doing, command.args, [refused.get(word) or answers.get(word) for word in command.args])


@carries("container", "kill")
def kill(doing: Doing, command: Command) -> int:
    """Send containers a signal, SIGKILL unless told otherwise."""
    query = {"signal": command.text("signal", "KILL")}
    refused = ask_all(doing, "POST", command.args, "/kill", query=query)
    return _told(doing, command.args, [_not_killed(word, one) for word, one in zip(command.args, refused, strict=True)])


@carries("container", "pause")
def pause(doing: Doing, command: Command) -> int:
    """Hold the processes of containers."""
    return _each(doing, command, "pause")


@carries("container", "unpause")
def unpause(doing: Doing, command: Command) -> int:
    """Let the processes of containers go on."""
    return _each(doing, command, "unpause")


@carries("container", "wait")
def wait(doing: Doing, command: Command) -> int:
    """Wait until containers have ended, and print what they exited with; no longer than the console waits."""
    patience = Patience(doing)
    refused: list[str] = []
    for word in command.args:
        try:
            exit_code = _wait(doing, word, patience)
        except DaemonRefused as refusal:
            refused.append(f"Error response from daemon: {refusal.message}")
            continue
        if exit_code is None:
            say_let_go(doing, Shown.LATE, seconds=patience.seconds)
            return LET_GO_WAITING
        doing.out(str(exit_code))
    return _errors(doing, refused)


@carries("container", "rename")
def rename(doing: Doing, command: Command) -> int:
    """Give a container another name."""
    word, new = command.args[0].strip(), command.args[1].strip()
    if not word or not new:
        raise CommandRefused("Error: Neither old nor new names may be empty", code="bad-value")
    status = _NO_CONTENT
    try:
        _rename(doing, word, new)
    except DaemonRefused as refusal:
        status = refusal.status
        doing.err(f"Error response from daemon: {refusal.message}")
        doing.err(f"Error: failed to rename container named {word}")
    doing.daemon.note("POST", f"/containers/{word}/rename", query={"name": new}, status=status)
    return 0 if status == _NO_CONTENT else 1


def _rename(doing: Doing, word: str, new: str) -> None:
    own = own_container(doing, word)
    old = own.name
    if new.removeprefix("/") == old:
        raise DaemonRefused(_BAD_REQUEST, "Renaming a container with the same name as its current name")
    try:
        own.name = free_name(doing.state, new if new.startswith("/") else f"/{new}")
    except DaemonRefused as refusal:
        raise DaemonRefused(refusal.status, f"Error when allocating new name: {refusal.message}") from refusal
    doing.state.names[own.engine_name] = own.name
    doing.save()
    rename_in_networks(doing, own, old=old)
    for name in (old, own.name):
        doing.touch("container", name, own.id)


def _start(doing: Doing, word: str) -> None:
    try:
        own = own_container(doing, word)
    except DaemonRefused as refusal:
        doing.daemon.note("POST", f"/containers/{word}/start", status=refusal.status)
        raise
    start(doing, own, word=word)
    doing.touch("container", own.name, own.id)


def _wait(doing: Doing, word: str, patience: Patience) -> int | None:
    path, query = f"/containers/{word.removeprefix('/')}/wait", {"condition": ""}
    try:
        own = own_container(doing, word)
        end = End(doing.daemon.engine, own.id, "")
    except DaemonRefused as refusal:
        doing.daemon.note("POST", path, query=query, status=refusal.status)
        raise
    doing.daemon.note("POST", path, query=query, status=end.status)
    doing.touch("container", own.name, own.id)
    return end.exit_code(within_seconds=patience.left)


def _ensure_may_start(doing: Doing, word: str) -> None:
    own = own_container(doing, word)
    ensure_engine_has_room(doing)
    ensure_harmless(doing, own)


def _start_and_follow(doing: Doing, command: Command, word: str) -> int:
    own, told = looked_up(doing, word)
    doing.touch("container", own.name, own.id)
    config = told.get("Config") or {}
    reads = command.is_on("interactive") and bool(config.get("OpenStdin"))
    follower = Follower(
        doing,
        own,
        condition="removed" if own.remove_at_end else "next-exit",
        tty=bool(config.get("Tty")),
        stdin=doing.stdin if reads else None,
    )
    exit_code = follower.run(word=own.id)
    if exit_code is not None and own.remove_at_end:
        forget(doing, own)
    return exit_code or 0


def _not_killed(word: str, refusal: DaemonRefused | None) -> DaemonRefused | None:
    """The refusal as the daemon frames it, which says so even of a container that is not there."""
    frame = f"Cannot kill container: {word}: "
    if refusal is None or refusal.status != _NOT_FOUND or refusal.message.startswith(frame):
        return refusal
    return DaemonRefused(refusal.status, frame + refusal.message)


def _patience(doing: Doing, command: Command) -> dict[str, str]:
    """How long the daemon is to wait for a container to stop by itself; not given, its own ten seconds."""
    seconds = command.flag("time")
    if not isinstance(seconds, int):
        return {}
    if not 0 <= seconds <= _MOST_STOP_SECONDS:
        remark(doing, f"A stop is waited for {_MOST_STOP_SECONDS} s at most here.")
        seconds = _MOST_STOP_SECONDS
    return {"t": str(seconds)}


def _each(doing: Doing, command: Command, verb: str, *, query: dict[str, str] | None = None) -> int:
    return _told(doing, command.args, ask_all(doing, "POST", command.args, f"/{verb}", query=query))


def _told(doing: Doing, words: Sequence[str], refused: Sequence[DaemonRefused | None]) -> int:
    """Print what came of it for each container: names as they were typed, then what was refused."""
    for word, refusal in zip(words, refused, strict=True):
        if refusal is not None:
            continue
        own = doing.state.container(word)
        if own is not None:
            doing.touch("container", own.name, own.id)
        doing.out(word)
    forget_gone(doing)
    return _errors(doing, [f"Error response from daemon: {one.message}" for one in refused if one is not None])


def _errors(doing: Doing, lines: Sequence[str]) -> int:
    if lines:
        doing.err("\n".join(lines))
    return 1 if lines else 0
