"""What carrying out one docker command has at hand: the session's ledger, the daemon, and somewhere to print."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graders.commands.daemon import Daemon
from graders.commands.model import Command, CommandRefused, Kind, Piece, Stream, Touched
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState

Verb = Callable[["Doing", Command], int]
"""Carries a command out and returns its exit code. What it raises ends the command: CommandRefused and DaemonRefused
are printed as docker prints them, SandboxUnavailable is the engine's trouble."""


@dataclass
class Doing:
    """One command being carried out."""

    state: SessionState
    daemon: Daemon
    rules: ConsoleRules
    save: Callable[[], None]
    """Keeps the ledger; called after a name was written down and before the object is made."""
    stdin: bytes = b""
    """What was piped into the command, for `-i`."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Put on everything that is made, and never shown: whoever reaps a grading engine goes by them."""
    allowed_bases: tuple[str, ...] = ()
    """References that FROM and `docker run` may name beside the session's own images."""
    pieces: list[Piece] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)
    cut: bool = False
    """Whether a program printed more than is shown."""

    def out(self, text: str, *, end: str = "\n") -> None:
        """Print to standard output."""
        self._print("out", text + end)

    def err(self, text: str, *, end: str = "\n") -> None:
        """Print to standard error."""
        self._print("err", text + end)

    def touch(self, kind: Kind, name: str, id_: str, *, made: bool = False, removed: bool = False) -> None:
        """Note for the journal what the command was about."""
        self.touched.append(Touched(kind=kind, name=name, id=id_, made=made, removed=removed))

    def ensure_room(self, kind: Kind, *, wanted: int = 1) -> None:
        """Refuse to make more, one unless told otherwise, than the quota allows. Raises CommandRefused."""
        has, may = {
            "container": (len(self.state.containers), self.rules.containers),
            "image": (len(self.state.images), self.rules.images),
            "volume": (len(self.state.volumes), self.rules.volumes),
            "network": (len(self.state.networks), self.rules.networks),
        }[kind]
        if has + wanted > may:
            more = f", and this would make {wanted} more" if wanted > 1 else ""
            advice = "Remove one that you do not need any more, then try again." if wanted <= may else "Make fewer."
            raise CommandRefused(
                f"Error response from daemon: this lab gives you room for {may} {kind}{'' if may == 1 else 's'}, and"
                f" you have {has}{more}. {advice}",
                code="quota",
                exit_code=1,
            )

    def _print(self, stream: Stream, text: str) -> None:
        if text:
            self.pieces.append(Piece(stream=stream, text=text))


VERBS: dict[tuple[str, ...], Verb] = {}
"""What carries each command out, by its path; filled by `carries` when the modules in verbs/ are imported."""


def carries(*path: str) -> Callable[[Verb], Verb]:
    """Register what carries a command out, by the command's path. Refuses a second one for the same."""

    def register(verb: Verb) -> Verb:
        if path in VERBS:
            raise ValueError(f"docker {' '.join(path)} is carried out twice.")
        VERBS[path] = verb
        return verb

    return register
