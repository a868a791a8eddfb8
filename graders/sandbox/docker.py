"""The sandbox on a real Docker engine: connects to it when first needed, and opens jobs on it one at a time."""

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from graders.commands.replays import end_replay, end_replays
from graders.sandbox.base import EngineInfo, Sandbox, SandboxUnavailable
from graders.sandbox.connection import Address, Engine
from graders.sandbox.job import DockerJob
from graders.sandbox.ledger import Ledger, empty_build_cache, job_key, reap
from graders.sandbox.owners import find_context_owner
from graders.sandbox.probe import ensure_image
from graders.sandbox.reaching import reach
from graders.sandbox.stuck import anew_when_stuck
from graders.sandbox.turn import EngineBusy, engine_turn

_FIRST_WITH_HEREDOCS = 23
"""Docker 23.0 brought the Dockerfile frontend 1.5 along; 20.10 has one without heredocs."""
_TURN_SECONDS = 600.0


class DockerSandbox(Sandbox):
    """A Docker engine given to Drydock, which empties its build cache and removes what jobs left.

    Args:
        url: `unix:///path/to/socket` or `tcp://host:port`.
        name: what reports call the engine; its address when empty.
        turn_seconds: how long a job waits for another one to leave the engine.

    Nothing is asked of the engine before it is first used. Raises SandboxUnavailable for an address that is none.
    """

    def __init__(self, url: str, *, name: str = "", turn_seconds: float = _TURN_SECONDS) -> None:
        self.url = url
        self.name = name or url
        self._address = Address(url)
        self._turn_seconds = turn_seconds
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._probe_image = ""
        self._owner: int | None = None

    def info(self) -> EngineInfo:
        """Ask the engine who it is. Raises SandboxUnavailable."""
        version = self._address.version()
        major = re.match(r"\d+", version["Version"])
        return EngineInfo(
            name=self.name,
            version=version["Version"],
            api_version=version["ApiVersion"],
            heredocs=major is not None and int(major.group()) >= _FIRST_WITH_HEREDOCS,
        )

    @contextmanager
    def job(self, job_id: str) -> Iterator[DockerJob]:
        """Open a job, once the engine is free. Leftovers of an earlier, killed job with this id are removed first.

        Leaving it removes all that it made. Raises SandboxUnavailable, also on leaving.
        """
        engine = self._connected()
        with engine_turn(self.url, wait_seconds=self._turn_seconds) as turn:
            was_clean = turn.begin()
            if not was_clean:
                reap(engine.client, only=job_key(job_id))
                end_replay(engine, job_key(job_id))
            empty_build_cache(engine.client)
            job = DockerJob(engine, job_id, probe_image=self.probe_image, context_owner=self._context_owner)
            try:
                yield job
            except BaseException:
                self._probe_image = ""  # the trouble may be that it is gone: the next job looks
                with suppress(SandboxUnavailable):  # the first trouble is the one to hear of
                    job.close()
                raise
            if job.close() and was_clean:
                turn.leave_clean()

    def sweep(self, *, keep: Iterable[str] = (), unless_clean: bool = False) -> int:
        """Remove what jobs left that were killed or met trouble, except those named; returns how many objects went.

        With `unless_clean`, nothing is looked for where whoever had the engine last is sure to have left nothing.

        Nothing is removed while a job of this machine holds the engine: that job is alive, and the next sweep is near.
        """
        engine = self._connected()
        try:
            with engine_turn(self.url, wait_seconds=0) as turn:
                if turn.begin() and unless_clean:
                    turn.leave_clean()
                    return 0
                kept = {job_key(job_id) for job_id in keep}
                with anew_when_stuck(engine.address):
                    ended = end_replays(engine, keep=kept)
                    reaped = reap(engine.client, keep=kept)
                empty_build_cache(engine.client)
                if reaped.all_gone and not kept:
                    turn.leave_clean()
                return reaped.removed + ended
        except EngineBusy:
            return 0

    def probe_image(self) -> str:
        """Reference of the image that probes are made of, which is made on the engine when it is first needed."""
        engine = self._connected()
        with self._lock:
            if not self._probe_image:
                self._probe_image = ensure_image(engine.client)
            return self._probe_image

    def _context_owner(self, ledger: Ledger) -> int:
        """Who must own a build context's files; found out by a first job's first build, whose `ledger` pays for it."""
        engine = self._connected()
        if not engine.id_offset:
            return 0
        if self._owner is None:
            self._owner = find_context_owner(
                engine.address, engine.client, ledger, base=self.probe_image(), id_offset=engine.id_offset
            )
        return self._owner

    def _connected(self) -> Engine:
        with self._lock:
            if self._engine is None:
                self._engine = reach(self._address)
            return self._engine
