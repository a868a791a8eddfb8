"""Sessions on an engine that grades: those of a job, which carries out what was handed in as a file of commands.

Such a session's key follows from its job, so that what a killed worker left is found by whoever opens the job again;
what nobody opens again is found by the job's label on things with a session's name, which no student can give.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from graders.commands.end_state import EndState, EndWants, Line
from graders.commands.ending import end, sweep
from graders.commands.interpreter import Console
from graders.commands.looking_back import look
from graders.commands.model import Carried
from graders.commands.state import SessionState
from graders.sandbox.base import Commands
from graders.sandbox.connection import Engine, engine_call
from graders.sandbox.facts import JOB_LABEL

_KEY_DIGITS = 12
_NAMED = re.compile(r"dd-([0-9a-f]+)[-:]")


def replay_key(job_key: str) -> str:
    """The key of a job's session."""
    return hashlib.sha256(job_key.encode()).hexdigest()[:_KEY_DIGITS]


class ReplayFailed(Exception):
    """A line could not be carried out by a mistake of the console's own, so there is nothing to be judged."""


class Replay(Commands):
    """A job's session at work."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def carry_out(self, line: str) -> Carried:
        """Carry a line out. Raises ReplayFailed where the console has a mistake, which nobody is to lose points by."""
        carried = self._console.carry_out(line)
        if carried.our_fault:
            raise ReplayFailed(f"The console failed at `{line[:200]}`: its log says where.")
        return carried

    def begin(self) -> None:
        """Forget what was typed up to now, as if the session began here."""
        self._console.state.history = []

    def look(self, wants: EndWants, *, journal: Sequence[Line] = ()) -> EndState:
        """See what is there."""
        return look(self._console, wants, journal=journal)


def end_replay(engine: Engine, job_key: str) -> int:
    """Remove what the session of a job left that was killed; returns how many objects went."""
    return end(engine, SessionState(key=replay_key(job_key)))


def end_replays(engine: Engine, *, keep: Iterable[str] = ()) -> int:
    """Remove what sessions of jobs left, except of those whose keys are to be kept; returns how many objects went.

    Volumes without a name bear no sign of whose they are: they go when nobody's session is on the engine any more.
    """
    kept = set(keep)
    keys = {key for key, job in _sessions_of_jobs(engine) if job not in kept}
    removed = sum(end(engine, SessionState(key=key)) for key in sorted(keys))
    if not kept and not any(_sessions(engine)):
        removed += sweep(engine, keep=tuple)
    return removed


def _sessions(engine: Engine) -> Iterator[str]:
    """Names of what sessions have on the engine, whoever's they are."""
    client, named = engine.client, {"name": "dd-"}
    with engine_call("looking for sessions"):
        found = [name for one in client.containers(all=True, filters=named) for name in one["Names"] or ()]
        found += [one["Name"] for one in client.volumes(filters=named)["Volumes"] or ()]
        found += [one["Name"] for one in client.networks(filters=named)]
    yield from (name for name in found if _NAMED.match(name.removeprefix("/")))


def _sessions_of_jobs(engine: Engine) -> Iterator[tuple[str, str]]:
    """The keys of sessions that jobs left something of, each with its job's key."""
    client, label = engine.client, {"label": JOB_LABEL}
    with engine_call("looking for what sessions left"):
        found = [(name, one["Labels"]) for one in client.containers(all=True, filters=label) for name in one["Names"]]
        found += [(one["Name"], one["Labels"]) for one in client.networks(filters=label)]
        found += [(one["Name"], one["Labels"]) for one in client.volumes(filters=label)["Volumes"] or ()]
        found += [
            (name, one["Labels"]) for one in client.images(all=True, filters=label) for name in one["RepoTags"] or ()
        ]
    for name, labels in found:
        if of_session := _NAMED.match(name.removeprefix("/")):
            yield of_session[1], str(labels[JOB_LABEL])
