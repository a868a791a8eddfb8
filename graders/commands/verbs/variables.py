"""Variables for a program: from files of the lab's folder, then from flags; the later one counts.

A name without a value takes the variable away, as with a docker CLI whose own environment has none of that name.
"""

import re

from graders.commands.doing import Doing
from graders.commands.folder import Folder
from graders.commands.model import Command, CommandRefused


def environment(doing: Doing, command: Command) -> list[str]:
    """What `--env-file` and `--env` say. Raises CommandRefused in the words of the docker CLI."""
    found: list[str] = []
    folder = Folder(doing.state, doing.rules)
    for path in command.texts("env-file"):
        if not folder.is_file(path):
            raise _refused(f"open {path}: no such file or directory")
        for line in folder.read(path).decode(errors="replace").splitlines():
            text = line.lstrip()
            if text and not text.startswith("#"):
                found.append(_checked(text))
    return found + list(command.texts("env"))


def _checked(line: str) -> str:
    name = line.partition("=")[0]
    if not name:
        raise _refused(f"poorly formatted environment: no variable name on line '{line}'")
    if re.search(r"\s", name.rstrip() if "=" not in line else name):
        raise _refused(f"poorly formatted environment: variable '{name}' contains whitespaces")
    return line


def _refused(words: str) -> CommandRefused:
    return CommandRefused(words, code="bad-value")
