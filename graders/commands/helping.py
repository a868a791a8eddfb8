"""Help as docker prints it, limited to what is offered here, and the console's own `help`."""

import textwrap

from graders.commands.grammar.elsewhere import GROUPS
from graders.commands.grammar.flags import Flag
from graders.commands.grammar.root import GLOBAL_FLAGS
from graders.commands.grammar.shapes import Group, Shape
from graders.commands.grammar.table import BY_CALL, GROUP_BY_NAME, SHAPES
from graders.commands.model import CommandRefused

_WIDTH = 80
_SLOP = 5
_NAME_WIDTH = 11
"""As the libraries of docker's CLI have them (pflag, `wrapN`; cobra, `minNamePadding`)."""

CONSOLE_HELP = """\
Type docker commands here. A real engine carries them out; what you make is yours alone, and goes when you end.

  docker --help            every docker command there is here
  docker run --help        one command and its flags
  help run                 the same, shorter to type
  history                  what you typed so far
  clear                    empty the screen
  ls, cat FILE, pwd, echo  look into the lab's folder

Commands may be joined by ; && and ||, their output piped into grep, wc, head, tail, sort, uniq, cut, awk '{print $1}'
and xargs (with 2>&1 before the pipe, their errors too), and put into another command with $(docker ps -aq). The arrow
keys bring earlier lines back."""


def help_text(*topic: str) -> str:
    """The help about a command, a group of commands, or docker as a whole; words without `docker`.

    Raises CommandRefused where there is no such command.
    """
    if topic[:1] == ("docker",):
        topic = topic[1:]
    if not topic:
        return root_help()
    call = " ".join(topic[:2])
    for known in (call, topic[0]):
        if known in BY_CALL:
            return command_help(BY_CALL[known], known)
    if topic[0] in GROUP_BY_NAME:
        return group_help(GROUP_BY_NAME[topic[0]])
    raise CommandRefused(f"unknown help topic: {' '.join(topic)}", code="unknown-command")


def command_help(shape: Shape, call: str) -> str:
    """What `docker CALL --help` prints, with the flags that are offered."""
    text = f"\nUsage:  {shape.usage(f'docker {call}')}\n\n{shape.more or shape.about}"
    if shape.refused:
        return f"{text}\n\nNot available here: {shape.refused}"
    group = call.partition(" ")[0]
    aliases = [other.split()[-1] for other in shape.calls if other.startswith(f"{group} ")]
    if " " in call and len(aliases) > 1:
        text += f"\n\nAliases:\n  {', '.join(aliases)}"
    flags = sorted((flag for flag in shape.flags if flag.offered), key=lambda flag: flag.name)
    if flags:
        text += f"\n\nOptions:\n{_table(flags)}"
    left_out = sum(not flag.offered for flag in shape.flags)
    notes = [shape.notes] if shape.notes else []
    if left_out:
        notes.append(f"{left_out} more options of docker's are not available here; each says why when you give it.")
    if notes:
        text += "\n\nIn this console:\n" + "\n".join(
            textwrap.fill(note, _WIDTH, initial_indent="  ", subsequent_indent="  ") for note in notes
        )
    return text


def group_help(group: Group) -> str:
    """What `docker GROUP` prints."""
    if group.refused:
        return f"\nUsage:  docker {group.name} COMMAND\n\n{group.about}\n\nNot available here: {group.refused}"
    names = {
        call.split()[1]: shape.about for shape in SHAPES if not shape.refused for call in _own_calls(shape, group.name)
    }
    return (
        f"\nUsage:  docker {group.name} COMMAND\n\n{group.about}\n\nCommands:\n{_listing(names)}\n\n"
        f"Run 'docker {group.name} COMMAND --help' for more information on a command."
    )


def root_help() -> str:
    """What `docker --help` prints, with the commands that are offered."""
    groups = {group.name: group.about for group in GROUPS if not group.refused}
    names = {shape.calls[0]: shape.about for shape in SHAPES if not shape.refused and " " not in shape.calls[0]}
    flags = [flag for flag in GLOBAL_FLAGS if flag.offered]
    return (
        "\nUsage:  docker [OPTIONS] COMMAND\n\nA self-sufficient runtime for containers\n\n"
        f"Options:\n{_table(flags)}\n\nManagement Commands:\n{_listing(groups)}\n\nCommands:\n{_listing(names)}\n\n"
        "Run 'docker COMMAND --help' for more information on a command."
    )


def _own_calls(shape: Shape, group: str) -> list[str]:
    """The call of a shape in a group that its help lists: the first one, aliases are not."""
    return [call for call in shape.calls if call.startswith(f"{group} ")][:1]


def _listing(names: dict[str, str]) -> str:
    width = max(_NAME_WIDTH, *(len(name) for name in names))
    return "\n".join(f"  {name:<{width}} {about}" for name, about in sorted(names.items()))


def _table(flags: list[Flag]) -> str:
    left = [_left(flag) for flag in flags]
    column = max(len(text) for text in left) + 3
    lines = []
    for text, flag in zip(left, flags, strict=True):
        about = _wrapped(flag.about, _WIDTH - 1 - column - _SLOP)
        lines += [f"{text:<{column}}{about[0]}".rstrip(), *(" " * column + more for more in about[1:])]
    return "\n".join(lines)


def _wrapped(about: str, room: int) -> list[str]:
    """A flag's text in lines, broken as the CLI breaks it: at a space within the room, unless it nearly fits."""
    lines = []
    while len(about) >= room + _SLOP and (space := about[:room].rfind(" ")) > 0:
        lines.append(about[:space])
        about = about[space + 1 :]
    return [*lines, about]


def _left(flag: Flag) -> str:
    short = f"-{flag.short}, " if flag.short else "    "
    word = flag.metavar or flag.holds.value
    return f"  {short}--{flag.name}{' ' + word if word else ''}"
