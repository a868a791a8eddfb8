"""The grammar of the docker commands as the console's page completes by it: one JSON, the same for everybody."""

import json
from functools import cache
from hashlib import sha256
from typing import Any

from graders.commands.grammar.flags import Flag, Holds
from graders.commands.grammar.table import OFFERED
from graders.commands.own_words import PIPE_WORDS

_OWN = ("docker", "help", "clear", "history", "ls", "cat", "pwd", "echo")


@cache
def grammar_text() -> str:
    """Every command that is offered, by each way to call it: its flags with what they take, and its arguments.

    A flag maps to "" where it is a switch, else to "=" and what its value names, or to "=" and the values there are,
    parted by bars.
    """
    calls = {
        call: {"flags": dict(sorted(_flags(shape.flags))), "takes": list(shape.takes)}
        for shape in OFFERED
        for call in shape.calls
    }
    told: dict[str, Any] = {"words": _OWN, "filters": PIPE_WORDS, "calls": calls}
    return json.dumps(told, separators=(",", ":"), sort_keys=True)


@cache
def grammar_digest() -> str:
    """Changes with the grammar: part of its address."""
    return sha256(grammar_text().encode()).hexdigest()[:12]


def _flags(flags: tuple[Flag, ...]) -> list[tuple[str, str]]:
    found = [("--help", "")]
    for flag in flags:
        if not flag.offered:
            continue
        value = "" if flag.holds is Holds.SWITCH else f"={'|'.join(flag.only) or flag.takes}"
        found.append((f"--{flag.name}", value))
        if flag.short:
            found.append((f"-{flag.short}", value))
    return found
