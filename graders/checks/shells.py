"""Which processes are shells: what PID 1 should seldom be, since a shell keeps signals from the program it started."""

from pathlib import PurePosixPath

from graders.sandbox.base import Process
from graders.visible import shortened, visible

_SHELLS = frozenset(
    {"sh", "ash", "bash", "dash", "hush", "ksh", "ksh93", "mksh", "rbash", "yash", "zsh", "fish", "csh"}
)


def program_of(process: Process) -> str:
    """The name of its program, as its command gives it."""
    return PurePosixPath(process.command[0]).name.removeprefix("-") if process.command else ""


def names_of(process: Process) -> frozenset[str]:
    """What its program may be called: by its command, by its own file, and by a title that it has given itself.

    Servers do so for `ps`: "nginx: master process nginx", "redis-server *:6379".
    """
    title = process.command[0].split() if process.command else []
    named = {program_of(process), PurePosixPath(process.executable).name}
    return frozenset(named | {PurePosixPath(word.removesuffix(":")).name for word in title[:1]}) - {""}


def is_shell(process: Process) -> bool:
    """Whether it is a shell. Its command may say what it likes; a shell's own file is known by its name.

    (All programs of busybox are one file under many names; there, the command decides what it is.)
    """
    own_file = PurePosixPath(process.executable).name
    return program_of(process) in _SHELLS or own_file in _SHELLS - {"sh", "ash"}


def command_of(process: Process) -> str:
    """Its command, fit for the middle of a sentence."""
    return f'"{shortened(visible(" ".join(process.command)).replace(chr(10), "⏎"), limit=80)}"'
