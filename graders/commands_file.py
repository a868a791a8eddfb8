"""Reads a commands.txt: docker commands, one a line, as somebody would type them.

Blank lines and lines that begin with `#` are skipped; a `\\` at the end of a line goes on with the next one.
"""

from dataclasses import dataclass

from graders.commands.lines import typed_lines
from graders.console_plan import COMMANDS_FILE, MOST_LINES
from graders.refusal import Refusal

_MOST_BYTES = 256 * 1024


@dataclass(frozen=True)
class Typed:
    """A line to be carried out, with the number of the file's line on which it begins."""

    number: int
    text: str


@dataclass(frozen=True)
class CommandsFile:
    """What a commands.txt says, or why it cannot be carried out."""

    lines: tuple[Typed, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def read_commands(content: bytes, *, line_bytes: int) -> CommandsFile:
    """Read the file. A command that docker would not understand is no reason to refuse it: it fails when carried out.

    `line_bytes` is how long one line may be.
    """
    if len(content) > _MOST_BYTES:
        return _refused(None, f"{COMMANDS_FILE} has more than {_MOST_BYTES // 1024} KiB, and is no list of commands.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return _refused(line, f"Line {line} of {COMMANDS_FILE} is no UTF-8 text. Save the file as UTF-8.")
    if "\0" in text:
        line = text.partition("\0")[0].count("\n") + 1
        return _refused(line, f"Line {line} of {COMMANDS_FILE} holds a NUL character. Type the line again.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = tuple(Typed(number, line) for number, line in typed_lines(text))
    if not lines:
        return _refused(None, f"{COMMANDS_FILE} holds no command. Write one a line, such as: docker ps")
    if len(lines) > MOST_LINES:
        return _refused(
            lines[MOST_LINES].number, f"{COMMANDS_FILE} has {len(lines)} commands; up to {MOST_LINES} are carried out."
        )
    long = next((typed.number for typed in lines if len(typed.text.encode()) > line_bytes), None)
    if long is not None:
        return _refused(long, f"Line {long} of {COMMANDS_FILE} is longer than the {line_bytes} bytes of a line.")
    return CommandsFile(lines=lines)


def _refused(line: int | None, message: str) -> CommandsFile:
    return CommandsFile(refusals=(Refusal(rule="commands", line=line, message=message),))
