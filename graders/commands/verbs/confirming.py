"""The question that prunes ask before they act."""

from graders.commands.doing import Doing
from graders.commands.model import Command


def is_confirmed(doing: Doing, command: Command, warning: str) -> bool:
    """Whether `--force` was given, or `y` piped in; else the warning and the question are printed, as docker does."""
    if command.is_on("force"):
        return True
    doing.out(f"WARNING! {warning}\nAre you sure you want to continue? [y/N] ", end="")
    answer = doing.stdin.decode(errors="replace").partition("\n")[0].strip()
    return answer.lower() == "y"
