"""Carries out one line of a console: what the lexer made of it, command by command, in a session of its own.

Everything that is typed is data: words are expanded, piped and chained here, and never reach a shell or the docker CLI.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from graders.commands.daemon import Daemon, DaemonRefused
from graders.commands.doing import Doing
from graders.commands.every_verb import VERBS
from graders.commands.folder import HOME
from graders.commands.helping import help_text
from graders.commands.holding import let_go
from graders.commands.lines import MOST_COMMANDS, Line, Pipeline, read_inside, read_line
from graders.commands.model import Carried, Command, CommandRefused, Done, Piece
from graders.commands.own_words import OWN_WORDS, unknown_word
from graders.commands.parser import HELP_PATH, VERSION_PATH, parse
from graders.commands.ran import Ran
from graders.commands.reconciling import reconcile
from graders.commands.rules import ConsoleRules
from graders.commands.screen import Screen
from graders.commands.shell_refusals import refused
from graders.commands.state import SessionState
from graders.commands.verbs.gone import forget_gone
from graders.commands.wording import daemon_words
from graders.commands.words import Folder as FolderWord
from graders.commands.words import Substitution, Text, Word
from graders.commands.xargs import after_xargs
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import Engine

_log = logging.getLogger(__name__)

MOST_HISTORY = 300
"""Lines that a session remembers."""
_DONE_STDOUT = 4096
"""Characters of a command's own output that the journal keeps."""
_MOST_WORDS = 300
"""Of one docker command."""
_MOST_PIPED = 256 * 1024
"""Characters that go from one command of a pipe into the next."""
_MOST_WORD_BYTES = 64 * 1024
"""What one command's words may hold together once everything is substituted."""
_OUR_FAULT = (
    "[console] This command could not be carried out, and it is not your fault: the console itself failed, and those"
    " who run it can see where. Look with `docker ps -a` what there is now, and go on, or try it another way."
)


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
        """Carry a line out, and say what came of it. A wrong line is a result, never an exception, and so is one that
        meets a mistake of the console's own.

        Raises SandboxUnavailable when the engine cannot be reached or does not work, and what `save` raises.
        """
        if line.strip():
            kept = _plain(line[: self.rules.line_bytes])
            self.state.history = [*self.state.history, kept][-MOST_HISTORY:]
        let_go(self.engine, self.state)  # a process before this one may have been killed while it held something
        carrying = _Carrying(self)
        try:
            exit_code = carrying.typed(line)
        finally:
            self.save(self.state)
        return Carried(
            pieces=tuple(carrying.screen.pieces),
            exit_code=exit_code,
            calls=tuple(carrying.daemon.calls),
            done=tuple(carrying.done),
            cut=carrying.screen.cut or carrying.cut,
            clears=carrying.clears,
            our_fault=carrying.our_fault,
        )


class _Carrying:
    """One line being carried out."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.daemon = Daemon(console.engine, console.state)
        self.screen = Screen(console.rules.output_bytes)
        self.done: list[Done] = []
        self.clears = False
        self.cut = False
        self.our_fault = False
        self._not_kept: Exception | None = None
        self._until = time.monotonic() + console.rules.build_seconds + 2 * console.rules.foreground_seconds

    def typed(self, text: str) -> int:
        """Carry out what was typed; returns the exit code of the last command of it."""
        try:
            return self._line(read_line(text, most_bytes=self.console.rules.line_bytes), self.screen)
        except CommandRefused as refusal:
            self.screen.add("err", f"{refusal.message}\n")
            return refusal.exit_code
        except Exception as trouble:  # noqa: BLE001  # whatever is wrong in here, the session goes on
            self._own_up(trouble)
            self.screen.add("err", f"{_OUR_FAULT}\n")
            return 1

    def _own_up(self, trouble: Exception) -> None:
        """Write a mistake of the console's own down for whoever runs it. What is none goes on its way."""
        if isinstance(trouble, SandboxUnavailable) or trouble is self._not_kept:
            raise trouble
        self.our_fault = True
        _log.error("The console failed at a command", exc_info=trouble)

    def _save(self) -> None:
        try:
            self.console.save(self.console.state)
        except Exception as trouble:
            self._not_kept = trouble
            raise

    def _line(self, line: Line, screen: Screen) -> int:
        exit_code = 0
        for pipeline in line.pipelines:
            if (pipeline.joint == "&&" and exit_code) or (pipeline.joint == "||" and not exit_code):
                continue
            exit_code = self._pipeline(pipeline, screen)
        return exit_code

    def _pipeline(self, pipeline: Pipeline, screen: Screen) -> int:
        stdin = ""
        ran = Ran()
        for place, words in enumerate(pipeline.commands):
            ran = self._command(self._expanded(words), stdin)
            self.clears |= ran.clears
            if place in pipeline.joined:
                ran = ran.with_streams_joined()
            is_last = place == len(pipeline.commands) - 1
            for piece in ran.pieces:
                if is_last:
                    screen.add(piece.stream, piece.text)
                elif piece.stream == "err":
                    self.screen.add("err", piece.text)
            stdin = ran.stdout[:_MOST_PIPED]
        return ran.exit_code

    def _command(self, words: list[str], stdin: str) -> Ran:
        if not words:
            return Ran()
        try:
            if time.monotonic() > self._until:
                raise refused("too-slow")
            if words[0] == "docker":
                return self._docker(words, stdin)
            own = OWN_WORDS.get(words[0])
            if own is None:
                raise unknown_word(words)
            ran = own(words[1:], stdin, self.console)
            if ran.commands:
                ran = after_xargs([self._command(list(command), "") for command in ran.commands])
        except CommandRefused as refusal:
            return Ran((Piece(stream="err", text=f"{refusal.message}\n"),), refusal.exit_code)
        return ran

    def _docker(self, words: Sequence[str], stdin: str) -> Ran:
        if len(self.done) >= MOST_COMMANDS:
            raise refused("too-many-commands", most=MOST_COMMANDS)
        if len(words) > _MOST_WORDS:
            raise refused("too-many-words", most=_MOST_WORDS)
        command: Command | None = None
        in_doubt = False
        console = self.console
        doing = Doing(
            state=console.state,
            daemon=self.daemon,
            rules=console.rules,
            save=self._save,
            stdin=stdin.encode(errors="replace"),
            labels=console.labels,
            allowed_bases=tuple(base.reference for base in console.state.bases),
        )
        self.daemon.note("HEAD", "/_ping")  # docker's CLI asks this before it reads what it is to do
        try:
            command = parse(words)
            exit_code = self._carry(doing, command)
        except CommandRefused as refusal:
            doing.err(refusal.message)
            exit_code = refusal.exit_code
        except DaemonRefused as refusal:
            message, exit_code = daemon_words(command, refusal.message) if command else (refusal.message, 1)
            doing.err(message)
        except Exception as trouble:  # noqa: BLE001  # see above
            self._own_up(trouble)
            doing.err(_OUR_FAULT)
            exit_code, in_doubt = 1, True
        self.cut |= doing.cut
        ran = Ran(tuple(doing.pieces), exit_code)
        self.done.append(
            Done(
                command=command,
                exit_code=exit_code,
                touched=tuple(doing.touched),
                stdout=_plain(ran.stdout[:_DONE_STDOUT]),
            )
        )
        if in_doubt:  # it may have made what it did not come to write down
            reconcile(console.engine, console.state)
        self._save()
        return ran

    def _carry(self, doing: Doing, command: Command) -> int:
        if command.path == HELP_PATH:
            doing.out(help_text(*command.args))
            return 0
        if command.path == VERSION_PATH:
            version = self.daemon.get("/version", aside=True)
            doing.out(f"Docker version {version['Version']}, build {version['GitCommit']}")
            return 0
        forget_gone(doing)
        return VERBS[command.path](doing, command)

    def _expanded(self, words: Sequence[Word]) -> list[str]:
        """The words with everything substituted, those that are not quoted split as a shell splits them."""
        found: list[str] = []
        held = 0
        for word in words:
            fields = self._fields(word)
            found += fields
            held += sum(len(one) + 1 for one in fields)
            if held > _MOST_WORD_BYTES:
                raise refused("too-much-substituted", most=_MOST_WORD_BYTES)
        return found

    def _fields(self, word: Word) -> list[str]:
        fields: list[str] = []
        held: str | None = None
        for part in word.parts:
            text = self._text(part)
            if part.quoted or not isinstance(part, Substitution):
                held = (held or "") + text
                continue
            pieces = re.split(r"[ \t\n]+", text)
            for number, piece in enumerate(pieces):
                if number and held is not None:
                    fields.append(held)
                    held = None
                if piece:
                    held = (held or "") + piece
        return fields if held is None else [*fields, held]

    def _text(self, part: Text | FolderWord | Substitution) -> str:
        match part:
            case Text():
                return part.text
            case FolderWord():
                return HOME
            case Substitution():
                inner = Screen(self.console.rules.output_bytes)
                self._line(read_inside(part), inner)
                for piece in inner.pieces:
                    if piece.stream == "err":
                        self.screen.add("err", piece.text)
                return "".join(piece.text for piece in inner.pieces if piece.stream == "out").rstrip("\n")


def _plain(text: str) -> str:
    """The text as any database keeps it: without NULs, and whole Unicode."""
    return text.replace("\0", "").encode(errors="replace").decode()
