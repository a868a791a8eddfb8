"""The words of a line that are no docker commands: looking into the lab's folder, and the console's own."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from graders.commands.filter_options import read_each
from graders.commands.filters import FILTERS
from graders.commands.folder import HOME, Folder
from graders.commands.grammar.table import BY_CALL
from graders.commands.helping import CONSOLE_HELP, help_text
from graders.commands.model import CommandRefused, Piece
from graders.commands.patterns import PATTERN_WORDS
from graders.commands.ran import OwnWord, Ran, printed
from graders.commands.xargs import xargs

if TYPE_CHECKING:
    from graders.commands.interpreter import Console

_NOT_FOUND = 127
_LIKENESS = 0.7
_DOCKER_WORDS = frozenset(call.split()[0] for call in BY_CALL)


def unknown_word(words: list[str]) -> CommandRefused:
    """Make the refusal of a line that does not begin with a word of this console."""
    word = words[0]
    near = get_close_matches(word[:30].lower(), ["docker", *OWN_WORDS], 1, _LIKENESS)
    guess = f"Did you mean `{near[0]}`?" if near else "Type docker commands here; `help` lists them."
    if word in _DOCKER_WORDS:
        guess = f"Did you mean `docker {word}`?"
    hint = _HINTS.get(word, guess)
    return CommandRefused(f"{word}: command not found\n[console] {hint}", code="unknown-word", exit_code=_NOT_FOUND)


def _help(args: list[str], stdin: str, console: "Console") -> Ran:
    return printed((help_text(*args) if args else CONSOLE_HELP) + "\n")


def _clear(args: list[str], stdin: str, console: "Console") -> Ran:
    return Ran(clears=True)


def _history(args: list[str], stdin: str, console: "Console") -> Ran:
    lines = console.state.history
    if args:
        if len(args) > 1 or not args[0].isascii() or not args[0].isdigit():
            raise CommandRefused("history: say how many lines, as in `history 10`.", code="bad-value")
        lines = lines[-int(args[0][:9]) :] if int(args[0][:9]) else []
    start = len(console.state.history) - len(lines) + 1
    return printed("".join(f"{number:5}  {line}\n" for number, line in enumerate(lines, start=start)))


def _pwd(args: list[str], stdin: str, console: "Console") -> Ran:
    return printed(f"{HOME}\n")


def _echo(args: list[str], stdin: str, console: "Console") -> Ran:
    if args[:1] == ["-n"]:
        return printed(" ".join(args[1:]))
    return printed(" ".join(args) + "\n")


def _ls(args: list[str], stdin: str, console: "Console") -> Ran:
    folder = Folder(console.state, console.rules)
    paths = [arg for arg in args if not arg.startswith("-") or arg == "-"]
    letters = "".join(arg[1:] for arg in args if arg.startswith("-") and arg != "-")
    if not set(letters) <= set("1alhAFp"):
        raise CommandRefused("ls: say `ls`, `ls -l` or `ls FOLDER` here.", code="unknown-flag", exit_code=2)
    shown = []
    for path in paths or ["."]:
        try:
            names = folder.listing(path)
        except CommandRefused as refusal:
            raise CommandRefused(f"ls: {refusal.message}", code=refusal.code, exit_code=2) from refusal
        if "l" in letters:
            names = [f"{_size(folder, path, name):>8} {name}" for name in names]
        head = [f"{path}:"] if len(paths) > 1 else []
        shown.append("\n".join(head + names))
    text = "\n\n".join(shown) if len(paths) > 1 else shown[0]
    return printed(f"{text}\n" if text else "")


def _size(folder: Folder, path: str, name: str) -> str:
    if name.endswith("/"):
        return "-"
    return str(len(folder.read(path if folder.is_file(path) else f"{path}/{name}")))


def _cat(args: list[str], stdin: str, console: "Console") -> Ran:
    pieces = [
        read if isinstance(read, Piece) else Piece(stream="out", text=read)
        for _, read in read_each("cat", args or ["-"], stdin, console)
    ]
    return Ran(tuple(pieces), int(any(piece.stream == "err" for piece in pieces)))


def _true(args: list[str], stdin: str, console: "Console") -> Ran:
    return Ran()


def _false(args: list[str], stdin: str, console: "Console") -> Ran:
    return Ran(exit_code=1)


OWN_WORDS: Mapping[str, OwnWord] = {
    "help": _help,
    "clear": _clear,
    "history": _history,
    "pwd": _pwd,
    "echo": _echo,
    "ls": _ls,
    "cat": _cat,
    "true": _true,
    "false": _false,
    **FILTERS,
    **PATTERN_WORDS,
    "xargs": xargs,
}
"""Every word that may begin a command, but `docker`."""
PIPE_WORDS: tuple[str, ...] = tuple(sorted([*FILTERS, *PATTERN_WORDS, "xargs"]))
"""Those that something is piped into."""

_HINTS: Mapping[str, str] = {
    "sudo": "No sudo is needed here: type the docker command alone.",
    "cd": "You are in the lab's folder, and stay there. Write paths from it, such as `./app`.",
    "docker-compose": "One container is made at a time here: use `docker run` and `docker network create`.",
    "podman": "Type `docker` in its place.",
    "exit": "The session ends with the button of the page.",
    "logout": "The session ends with the button of the page.",
    "sleep": "There is nothing to wait for in the line itself: `docker wait NAME` waits until a container ends.",
    "$": "Leave out the prompt's sign: type the command alone.",
    "#": "Leave out the prompt's sign: type the command alone.",
    "sed": "There is no sed here: `grep`, `cut`, `tr` and `awk` pick lines and words out.",
    "jq": "There is no jq here: `docker inspect --format` picks values out.",
    "less": "Leave it out: all output is shown.",
    "more": "Leave it out: all output is shown.",
    "watch": "Type the command again, or look at the picture beside the console.",
    "man": "Say `help run` or `docker run --help`.",
} | dict.fromkeys(
    ["sh", "bash", "ash", "zsh", "python", "python3", "perl", "eval", "source", "."],
    "There is no shell here. Run a command in a container: `docker run --rm IMAGE sh -c '…'`.",
) | dict.fromkeys(
    ["vi", "vim", "nano", "emacs", "touch", "mkdir", "mv", "tee", "chmod", "chown", "ln", "rmdir"],
    "Files of the lab's folder are edited in the page, beside the console.",
) | dict.fromkeys(
    ["rm", "cp"],
    "Did you mean `docker` before it? Files of the lab's folder are edited in the page, beside the console.",
) | dict.fromkeys(
    ["curl", "wget", "ping", "ssh", "nc", "ip", "ifconfig"],
    "The console itself has no network. Ask from a container: `docker exec NAME wget -qO- localhost:8000`.",
) | dict.fromkeys(
    ["apt", "apt-get", "apk", "yum", "dnf", "pip", "npm", "brew", "systemctl", "service"],
    "Nothing is installed here, and the engine is running already.",
) | dict.fromkeys(
    ["export", "set", "alias", "unalias", "read", "env", "declare", "local"],
    "There are no variables here. Write the value itself, or give it to the container with `-e NAME=value`.",
)  # fmt: skip
