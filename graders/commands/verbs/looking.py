"""Carries out `docker top`, `port` and `diff`: looks at one container."""

import re

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.model import Command, CommandRefused
from graders.commands.tables import aligned
from graders.commands.verbs.noting import noted_where_refused
from graders.commands.verbs.targets import ask, looked_up, own_container

_TOP_WIDTH = 20
_KINDS = {0: "C", 1: "A", 2: "D"}
_COLUMNS = frozenset(
    (
        "%cpu", "%mem", "args", "c", "cmd", "comm", "command", "cputime", "egid", "egroup", "etime", "etimes", "euid",
        "euser", "gid", "group", "lstart", "ni", "nice", "nlwp", "pcpu", "pgid", "pid", "pmem", "ppid", "pri", "rss",
        "ruid", "ruser", "s", "sid", "size", "start", "stat", "state", "stime", "sz", "thcount", "time", "tname", "tt",
        "tty", "ucmd", "uid", "user", "vsize", "vsz",
    )
)  # fmt: skip
_WORDS = frozenset(("aux", "-aux", "au", "-ef", "-e", "-f", "-l", "-F", "-efl", "ef", "u", "x", "-A", "ax", "-o", "o"))


@carries("container", "top")
def top(doing: Doing, command: Command) -> int:
    """Print the processes of a container."""
    word, *options = command.args
    query = {"ps_args": " ".join(options)} if options else {}
    with noted_where_refused(doing, "GET", f"/containers/{word}/top", query=query):
        _ensure_offered(options)
    told = ask(doing, "GET", word, "/top", query=query).json()
    lines = [told.get("Titles") or [], *(told.get("Processes") or [])]
    doing.out(aligned("\n".join("\t".join(line) for line in lines), least=_TOP_WIDTH))
    own = own_container(doing, word)
    doing.touch("container", own.name, own.id)
    return 0


def _ensure_offered(options: list[str]) -> None:
    """Only what names columns reaches `ps`, which the daemon runs among the processes of its whole host."""
    for number, option in enumerate(options):
        columns = option if number and options[number - 1] in {"-o", "o"} else ""
        attached = re.fullmatch(r"-o(.+)", option)
        columns = attached[1] if attached and option not in _WORDS else columns
        if columns:
            unknown = [column for column in columns.split(",") if column not in _COLUMNS]
            if unknown:
                raise DaemonRefused(500, f'ps: error: unknown user-defined format specifier "{unknown[0]}"')
        elif option not in _WORDS:
            raise CommandRefused(
                f"docker top: the option `{option}` of ps is not available here. Say `aux`, `-ef`, or columns such as"
                " `-o pid,comm`.",
                code="not-available",
            )


@carries("container", "port")
def port(doing: Doing, command: Command) -> int:
    """Print the ports that a container has published: none here, since nothing is published."""
    word, *wanted = command.args
    own, told = looked_up(doing, word)
    doing.touch("container", own.name, own.id)
    published = {key: found for key, found in ((told.get("NetworkSettings") or {}).get("Ports") or {}).items() if found}
    if not wanted:
        for key, found in sorted(published.items()):
            for one in found:
                doing.out(f"{key} -> {one['HostIp']}:{one['HostPort']}")
        return 0
    number, _, protocol = wanted[0].partition("/")
    key = f"{number}/{protocol or 'tcp'}"
    if key not in published:
        raise CommandRefused(f"Error: No public port '{key}' published for {word}", code="not-published")
    for one in published[key]:
        doing.out(f"{one['HostIp']}:{one['HostPort']}")
    return 0


@carries("container", "diff")
def diff(doing: Doing, command: Command) -> int:
    """Print what a container has changed in its file system since it was made."""
    word = command.args[0]
    changes = ask(doing, "GET", word, "/changes").json() or ()
    doing.out("".join(f"{_KINDS.get(one.get('Kind'), '?')} {one.get('Path')}\n" for one in changes), end="")
    own = own_container(doing, word)
    doing.touch("container", own.name, own.id)
    return 0
