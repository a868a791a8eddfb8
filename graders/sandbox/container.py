"""A container of a job on a real engine: ended by its limits, read while it runs, looked at from outside."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from docker.errors import APIError, NotFound

from graders.sandbox.base import (
    Container,
    FileFacts,
    HealthProbe,
    HttpReply,
    HttpRequest,
    Limit,
    Listener,
    MountFacts,
    Process,
    RunLimits,
    RunResult,
    SandboxUnavailable,
)
from graders.sandbox.changes import changes_of
from graders.sandbox.connection import (
    CALL_SECONDS,
    Engine,
    RawStream,
    engine_call,
    engine_words,
    ensure_outlives_a_kill,
    request_path,
    wait_for_end,
)
from graders.sandbox.execution import run_inside
from graders.sandbox.files import read_path
from graders.sandbox.hardening import start_hardened
from graders.sandbox.http_exchange import failed_reply
from graders.sandbox.limits import KILLED, is_disk_full, is_start_fault, limit_in_run
from graders.sandbox.memory import memory_peak
from graders.sandbox.mounts import facts_of
from graders.sandbox.output import Output
from graders.sandbox.probe import Sidecar
from graders.sandbox.processes import processes_of
from graders.sandbox.user_files import unread, user_file_fault
from graders.sandbox.visit import Visit

_KILL_SECONDS = 10.0
_LAST_OUTPUT_SECONDS = 2.0
_DEFAULT_STOP_SIGNAL = "SIGTERM"
_KILLING_SIGNALS = frozenset({"KILL", "9"})
_log = logging.getLogger(__name__)


class DockerContainer(Container):
    """A container that has been created; `start` it before anything else.

    Args:
        engine: where it is.
        container_id: the engine's id of it.
        limits: bounds that are held from outside: time and output.
        probe: makes one, when it is first needed; None when the container does not run any more.
        freeze: holds its processes; False when it has ended, or would not be held.
    """

    def __init__(
        self,
        engine: Engine,
        container_id: str,
        *,
        limits: RunLimits,
        probe: Callable[[str], Visit | Sidecar | None],
        freeze: Callable[[str], bool],
    ) -> None:
        self.id = container_id
        self._engine = engine
        self._limits = limits
        self._make_probe = probe
        self._freeze = freeze
        self._probe: Visit | Sidecar | None = None
        self._output: Output | None = None
        self._before: tuple[bytes, bytes] = (b"", b"")
        self._result: RunResult | None = None
        self._started_at = 0.0
        self._start_answered = threading.Event()

    def start(self, stdin: bytes) -> None:
        """Start it, reading its output from the first byte on."""
        with engine_call("starting a container"):
            try:
                start_hardened(self._engine.client, self.id, attach=lambda: self._attach(stdin))
            except APIError as refusal:
                self._detach()
                self._result = self._not_started(engine_words(refusal), refusal)
                return
            except BaseException:
                self._detach()
                raise
            finally:
                self._start_answered.set()
        self._started_at = time.monotonic()

    def wait(self) -> RunResult:
        """Wait until it ends, or end it at its wall limit; then read its output, capped."""
        if self._result is not None:
            return self._result
        return self._wait_until(self._started_at + self._limits.seconds)

    def stop(self, *, within_seconds: float) -> RunResult:
        """Send its stop signal, kill it after `within_seconds`, and read its output; `limit` is WALL if killed."""
        if self._result is not None:
            return self._result
        client = self._engine.client
        with engine_call("stopping a container"):
            signal = client.inspect_container(self.id)["Config"].get("StopSignal") or _DEFAULT_STOP_SIGNAL
            try:
                client.kill(self.id, signal=signal)
            except APIError as refusal:
                _log.debug("a container took no stop signal: %s", refusal)  # it has ended, or names no signal
        kills = signal.upper().removeprefix("SIG") in _KILLING_SIGNALS
        return self._wait_until(time.monotonic() + within_seconds, killed_by_us=kills)

    def kill(self) -> RunResult:
        """End it at once and read its output."""
        if self._result is None:
            ours = self.running()
            self._kill()
            self._finish(None, killed_by_us=ours)
        return self._ended()

    def running(self) -> bool:
        """Whether it still runs."""
        if self._result is not None:
            return False
        return (self._probe is not None and self._probe.sees_it_run()) or bool(self._state()["Running"])

    def is_over(self) -> bool:
        """Whether its end has been read, so that only its files are left to be asked for."""
        return self._result is not None

    def logs(self) -> tuple[bytes, bytes]:
        """stdout and stderr up to now, capped."""
        stdout, stderr = self._output.so_far() if self._output is not None else (b"", b"")
        return self._before[0] + stdout, self._before[1] + stderr

    def processes(self) -> tuple[Process, ...]:
        """Its processes, PID 1 first; empty when it has ended."""
        if not self.running():
            return ()
        with engine_call("listing processes"):
            return processes_of(self._engine.client, self.id, id_offset=self._engine.id_offset)

    def listeners(self) -> tuple[Listener, ...]:
        """Its listening TCP sockets, IPv4 and IPv6, read from outside its file system."""
        probe = self._probed()
        return probe.listeners() if probe is not None else ()

    def http(self, request: HttpRequest) -> HttpReply:
        """Send a request to its 127.0.0.1, from outside of it; never raises for what the student's server does."""
        probe = self._probed()
        if probe is None:
            return failed_reply("The container has ended.", seconds=0.0)
        return probe.http(request)

    def exec(self, command: Sequence[str], *, user: str | None = None, seconds: float = 5.0) -> RunResult:
        """Run a program of the container's own image inside it: only for labs that are about that."""
        if not self.running():
            return RunResult(
                exit_code=None, stdout=b"", stderr=b"", seconds=0.0, start_error="The container has ended."
            )
        return run_inside(
            self._engine, self.id, command, user=user, seconds=seconds, output_bytes=self._limits.output_bytes
        )

    def read_file(self, path: str, *, max_bytes: int = 64 * 1024) -> FileFacts | None:
        """A path in its file system, streamed and capped; None when there is none.

        A running container is held still meanwhile, so that nothing can be swapped between the look and the read.
        """
        if not self.id:
            return None
        held = self.running() and self._hold()
        try:
            if user_file_fault(self._engine, self.id):
                return unread(path)
            return read_path(
                self._engine.address,
                self._engine.client,
                self.id,
                path,
                max_bytes=max_bytes,
                id_offset=self._engine.id_offset,
            )
        finally:
            if held:
                with engine_call("letting a container go on"), suppress(APIError):
                    self._engine.client.unpause(self.id)  # refused when it was killed meanwhile

    def changes(self) -> tuple[str, ...]:
        """Paths that it added or changed in its own layer, folders too; only the beginning of a long list."""
        return changes_of(self._engine.address, self._engine.client, self.id) if self.id else ()

    def mounts(self) -> tuple[MountFacts, ...]:
        """What is mounted, by path; it need not run."""
        if not self.id:
            return ()
        with engine_call("looking at a container"):
            return facts_of(self._engine.client.inspect_container(self.id))

    def memory_peak(self) -> int | None:
        """The most memory it has held at once, in bytes, kept file contents included; None when it does not run."""
        if not self.running():
            return None
        with engine_call("measuring a container"):
            return memory_peak(self._engine.client, self.id)

    def health(self) -> str:
        """`none`, `starting`, `healthy` or `unhealthy`."""
        return str((self._state().get("Health") or {}).get("Status") or "none")

    def health_log(self) -> tuple[HealthProbe, ...]:
        """The last tries of its HEALTHCHECK, oldest first; the engine keeps five."""
        return tuple(
            HealthProbe(
                exit_code=int(tried.get("ExitCode", -1)),
                output=str(tried.get("Output") or ""),
                seconds=_seconds_between(tried.get("Start"), tried.get("End")),
            )
            for tried in (self._state().get("Health") or {}).get("Log") or ()
        )

    def start_again(self) -> str:
        """Start it again after `stop` or `kill`, with its files and volumes; returns why it could not be started."""
        first = self._result
        if first is None:
            return "It has not been ended."
        if first.start_error:
            return first.start_error
        if fault := user_file_fault(self._engine, self.id):  # it may have put something in their place
            return fault
        self._before = (first.stdout, first.stderr)
        self._result, self._output = None, None
        self._leave()  # the network that it was in has gone with the container's end
        self._start_answered.clear()
        self.start(b"")
        refused = self._refused()
        if refused:
            self._result = first
        return refused

    def _refused(self) -> str:
        return self._result.start_error if self._result is not None else ""

    def freeze(self) -> bool:
        """Hold every process that its program started, itself included, as if the program hung."""
        return self._freeze(self.id) if self.running() else False

    def close(self) -> None:
        """Let go of it: its connections, not the container, which the job removes."""
        self._leave()
        if self._output is not None:
            self._output.finish(patience=0)

    def fail(self, words: str, refusal: Exception) -> None:
        """Note that it could not even be created. Raises SandboxUnavailable when that is the engine's fault."""
        self._result = self._not_started(words, refusal)

    def hold_back(self, words: str) -> None:
        """Note that it must not be started, since the image's own files would hold up the engine."""
        self._result = RunResult(exit_code=None, stdout=b"", stderr=b"", seconds=0.0, start_error=words)

    def _attach(self, stdin: bytes) -> None:
        self._detach()
        query = {"stream": "1", "stdout": "1", "stderr": "1"} | ({"stdin": "1"} if stdin else {})
        path = request_path(self._engine.client, f"/containers/{self.id}/attach", **query)
        self._output = Output(
            RawStream(self._engine.address, path),
            cap=self._limits.output_bytes,
            on_overflow=self._kill_quietly,
            stdin=stdin or None,
        )
        self._output.start()

    def _detach(self) -> None:
        if self._output is not None:
            self._output.finish(patience=0)
            self._output = None

    def _wait_until(self, deadline: float, *, killed_by_us: bool = False) -> RunResult:
        output = self._output
        if output is None:
            raise SandboxUnavailable("A container was waited for before it was started.")
        ended = output.closed.wait(max(0.0, deadline - time.monotonic()))
        if ended:  # its output has ended; it may still run, with its output closed
            with engine_call("waiting for a container"):
                ended = wait_for_end(self._engine.address, self._engine.client, self.id, deadline - time.monotonic())
        if not ended:
            self._kill()
        self._finish(None if ended else Limit.WALL, killed_by_us=killed_by_us)
        return self._ended()

    def _ended(self) -> RunResult:
        if self._result is None:
            raise SandboxUnavailable("A container was not started.")
        return self._result

    def _probed(self) -> Visit | Sidecar | None:
        if self._result is not None and self._result.start_error:
            return None
        if self._probe is None:
            self._probe = self._make_probe(self.id)
        return self._probe

    def _leave(self) -> None:
        if self._probe is not None:
            self._probe.close()
            self._probe = None

    def _state(self) -> dict[str, Any]:
        if not self.id:
            return {"Running": False}
        with engine_call("looking at a container"):
            state: dict[str, Any] = self._engine.client.inspect_container(self.id)["State"]
        return state

    def _hold(self) -> bool:
        try:
            with engine_call("holding a container still"):
                self._engine.client.pause(self.id)
        except SandboxUnavailable:
            if self.running():
                raise
            return False
        return True

    def _kill(self) -> None:
        with engine_call("killing a container"):
            try:
                self._engine.client.kill(self.id, signal="SIGKILL")
            except APIError as refusal:
                if refusal.status_code not in {404, 409}:  # 409: it does not run
                    raise

    def _kill_quietly(self) -> None:
        self._start_answered.wait(CALL_SECONDS)  # it may print too much before the engine says that it has started
        with suppress(Exception):  # the one who waits finds out
            self._engine.client.kill(self.id, signal="SIGKILL")

    def _finish(self, limit: Limit | None, *, killed_by_us: bool = False) -> None:
        output = self._output
        if output is None:
            return
        output.finish(patience=_LAST_OUTPUT_SECONDS)
        state = self._state()
        if state["Running"]:  # a kill mostly returns when the container has ended, and promises it nowhere
            with engine_call("waiting for a container"):
                if not wait_for_end(self._engine.address, self._engine.client, self.id, _KILL_SECONDS):
                    raise SandboxUnavailable("A container could not be killed.")
            state = self._state()
        stdout, stderr = self.logs()
        stdout_cut, stderr_cut = output.was_cut()
        exit_code = state["ExitCode"]
        if output.overflown:
            limit = Limit.OUTPUT
        elif limit is None and not killed_by_us:
            if exit_code == KILLED and not state.get("OOMKilled"):
                ensure_outlives_a_kill(self._engine.address)
            limit = limit_in_run(exit_code=exit_code, oom_killed=bool(state.get("OOMKilled")), stderr=stderr)
        self._result = RunResult(
            exit_code=exit_code,
            stdout=stdout,
            stderr=stderr,
            seconds=_seconds_between(state.get("StartedAt"), state.get("FinishedAt")),
            limit=limit,
            stdout_cut=stdout_cut,
            stderr_cut=stderr_cut,
        )

    def _not_started(self, words: str, refusal: Exception) -> RunResult:
        full = is_disk_full(words)
        if not full and not is_start_fault(words):
            raise SandboxUnavailable(f"The engine could not start a container: {words}") from refusal
        exit_code = None
        with suppress(NotFound):
            exit_code = self._engine.client.inspect_container(self.id)["State"]["ExitCode"] if self.id else None
        return RunResult(
            exit_code=exit_code or None,
            stdout=b"",
            stderr=b"",
            seconds=0.0,
            limit=Limit.DISK if full else None,
            start_error=words,
        )


def _seconds_between(started: str | None, finished: str | None) -> float:
    try:
        begin, end = (datetime.fromisoformat(text or "") for text in (started, finished))
    except ValueError:
        return 0.0
    return max(0.0, (end - begin).total_seconds())
