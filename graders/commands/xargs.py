"""xargs: commands out of what was piped in, such as `docker ps -aq | xargs docker rm`."""

from typing import TYPE_CHECKING

from graders.commands.filter_options import bad_use, read_options
from graders.commands.lines import MOST_COMMANDS
from graders.commands.model import Piece
from graders.commands.ran import Ran
from graders.commands.shell_refusals import refused

if TYPE_CHECKING:
    from graders.commands.interpreter import Console

_FAILED = 123
_MOST_CHARACTERS = 512 * 1024
"""That `-I` puts in the place of its sign, in all."""


def xargs(args: list[str], stdin: str, console: "Console") -> Ran:
    """Make the commands; whoever called carries them out. Raises CommandRefused."""
    options = read_options(
        "xargs", args, switches="rt", values="nLI", long={"no-run-if-empty": "r", "max-args": "n"}, stops=True
    )
    command = options.args or ["echo"]
    stdin = stdin.replace("\0", " ")
    if command[0] == "xargs":
        raise bad_use("xargs", "xargs cannot start xargs here", "Give it a docker command.")
    if "I" in options.values:
        placeholder = options.values["I"][-1] or "{}"
        lines = [line.strip() for line in stdin.split("\n") if line.strip()]
        _ensure_few(len(lines))
        _ensure_modest(command, lines, placeholder)
        return Ran(commands=tuple(tuple(word.replace(placeholder, line) for word in command) for line in lines))
    letter = "L" if "L" in options.values else "n"
    size = options.number(letter)
    if size is not None and size < 1:
        raise bad_use("xargs", f"value {size} for -{letter} option should be >= 1", f"Say `xargs -{letter} 1`.")
    units = (
        [line.split() for line in stdin.split("\n") if line.strip()] if letter == "L" else [[w] for w in stdin.split()]
    )
    if not units and "r" in options.switches:
        return Ran()
    step = size or max(len(units), 1)
    groups = [units[at : at + step] for at in range(0, len(units), step)] or [[]]
    _ensure_few(len(groups))
    return Ran(commands=tuple((*command, *(word for unit in group for word in unit)) for group in groups))


def after_xargs(runs: list[Ran]) -> Ran:
    """What came of the commands that were made; xargs fails in its own way when one of them did."""
    pieces: tuple[Piece, ...] = tuple(piece for run in runs for piece in run.pieces)
    return Ran(pieces, _FAILED if any(run.exit_code for run in runs) else 0)


def _ensure_few(commands: int) -> None:
    if commands > MOST_COMMANDS:
        raise refused("too-many-commands", most=MOST_COMMANDS)


def _ensure_modest(command: list[str], lines: list[str], placeholder: str) -> None:
    """Refuse what would be far longer than what was piped in: a placeholder may stand there a thousand times."""
    places = sum(word.count(placeholder) for word in command)
    if places * sum(map(len, lines)) > _MOST_CHARACTERS:
        raise bad_use("xargs", "argument line too long", "Put less in its place, or put it there less often.")
