"""Runs a container in the foreground: listens from the first byte on, starts it, shows it, and waits for its end."""

from graders.commands.amounts import memory_size
from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing
from graders.commands.state import OwnContainer
from graders.commands.verbs.foreground import End, Patience, Shown, feed, say_full, say_let_go, show
from graders.commands.verbs.refusing import remark
from graders.commands.verbs.starting import start
from graders.sandbox.connection import RawStream, engine_call, request_path

_LAST_SECONDS = 1.0
"""How long a program that has printed too much is given to end after all."""
_SWITCHING, _OK = 101, 200
_KILLED = 137
_MIB = 1024 * 1024


class Follower:
    """Listens to one container.

    Args:
        doing: whose container it is.
        own: the container.
        condition: which end is waited for: `next-exit`, or `removed` for one with `--rm`.
        tty: whether it has a terminal, whose one stream comes without frames.
        stdin: what it gets to read; None leaves its input alone.
    """

    def __init__(
        self, doing: Doing, own: OwnContainer, *, condition: str, tty: bool = False, stdin: bytes | None = None
    ) -> None:
        self._doing, self._own, self._tty, self._stdin = doing, own, tty, stdin
        self._patience = Patience(doing)
        self._query = {"stderr": "1", **({"stdin": "1"} if stdin is not None else {}), "stdout": "1", "stream": "1"}
        self._stream: RawStream | None = None
        self._condition = condition

    def run(self, *, word: str, is_new_base: bool = False) -> int | None:
        """Start it and show it: its exit code, None when the console let go of it.

        Raises DaemonRefused when it cannot be started.
        """
        doing, own = self._doing, self._own
        self._end = End(doing.daemon.engine, own.id, self._condition)
        doing.daemon.note("POST", f"/containers/{own.id}/attach", query=self._query, status=_SWITCHING)
        doing.daemon.note("POST", f"/containers/{own.id}/wait", query={"condition": self._condition}, status=_OK)
        try:
            start(doing, own, word=word, is_new_base=is_new_base, attach=self._listen)
            return self._follow(self._end)
        finally:
            self._hang_up()
            self._end.close()

    def _listen(self) -> None:
        self._hang_up()
        engine = self._doing.daemon.engine
        path = request_path(engine.client, f"/containers/{self._own.id}/attach", **self._query)
        with engine_call("listening to a container"):
            self._stream = RawStream(engine.address, path, framed=not self._tty)
        if self._stdin is not None:
            feed(self._stream, self._stdin)

    def _hang_up(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _say_why_killed(self) -> None:
        """Name the bound that a program met which was killed; docker leaves that to `docker inspect`."""
        doing = self._doing
        try:
            told = doing.daemon.get(f"/containers/{self._own.id}/json", aside=True)
        except DaemonRefused:  # it had `--rm`, and nobody can be asked any more
            most = memory_size(doing.rules.memory_mib * _MIB)
            remark(
                doing, f"It was killed, as a program is that wants more memory than its container has: {most} at most."
            )
            return
        if told["State"]["OOMKilled"]:
            remark(
                doing,
                f"It was killed for wanting more memory than the {memory_size(told['HostConfig']['Memory'])} it has.",
            )

    def _follow(self, end: End) -> int | None:
        doing, patience = self._doing, self._patience
        shown = show(doing, self._stream, patience) if self._stream is not None else Shown.ENDED
        self._hang_up()
        seconds = min(_LAST_SECONDS, patience.left) if shown is Shown.FULL else patience.left
        exit_code = end.exit_code(within_seconds=seconds)
        if exit_code is None:
            say_let_go(doing, shown, seconds=patience.seconds)
        elif shown is Shown.FULL:
            say_full(doing)
        if exit_code == _KILLED:
            self._say_why_killed()
        return exit_code
