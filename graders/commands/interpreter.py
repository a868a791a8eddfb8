"""Carries out one line of a console: what the lexer made of it, command by command, in a session of its own.

Everything that is typed is data: words are expanded, piped and chained here, and never reach a shell or the docker CLI.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graders.commands.model import Carried
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState
from graders.sandbox.connection import Engine


@dataclass
class Console:
    """A session at work: its ledger, and the engine that its objects are on."""

    state: SessionState
    engine: Engine
    rules: ConsoleRules
    save: Callable[[SessionState], None]
    """Keeps the ledger; called before anything is made."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Put on everything that is made, and never shown."""

    def carry_out(self, line: str) -> Carried:
        """Carry a line out, and say what came of it. A wrong line is a result, never an exception.

        Raises SandboxUnavailable when the engine cannot be reached or does not work.
        """
        raise NotImplementedError
