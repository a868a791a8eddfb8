"""What several kinds say alike of a run that did not end by itself, or did not begin."""

import re

from graders.blame import line_in_effect
from graders.causes import blames_user, engine_words, start_cause
from graders.checks.base import Verdict, failed
from graders.observations import Observations, SeenRun
from graders.sandbox.base import Limit
from graders.visible import last_lines, listed, quoted, visible

_DENIED = re.compile(r"read-only file system|permission denied", re.IGNORECASE)
_PATH = re.compile(r"/[\w@%+=.,/-]+")
_LAST_LINES, _LONGEST_LINE = 40, 1000

_LIMIT_SAYS = {
    Limit.WALL: ("time limit", "Does the command wait for something, or run for ever?"),
    Limit.MEMORY: ("memory limit", "It asked for more memory than this lab gives it."),
    Limit.PIDS: ("limit of processes", "It started more processes than this lab allows."),
    Limit.DISK: ("disk limit", "It wrote more than this lab lets it."),
    Limit.OUTPUT: ("limit of output", "It printed more than this lab keeps. Does a loop print without end?"),
}


def run_line(seen: Observations, run: SeenRun) -> int | None:
    """The line that says what a container of this run does."""
    return keyword_line(seen, run, "CMD", "ENTRYPOINT")


def keyword_line(seen: Observations, run: SeenRun, *keywords: str) -> int | None:
    """The line of the first of these keywords that is in effect in the image of this run; a base has no lines."""
    if not run.build:
        return None
    return line_in_effect(seen.dockerfile(run.build), *keywords, target=seen.target(run.build))


def limit_words(limit: Limit) -> tuple[str, str]:
    """The limit's name, and advice."""
    return _LIMIT_SAYS[limit]


def did_not_start(seen: Observations, run: SeenRun) -> Verdict | None:
    """The verdict on a run whose container could not be started, or for which one beside it was not ready."""
    late = next((beside for beside in run.beside.values() if not beside.ready), None)
    if late is not None:
        return not_ready(seen, late, companion=True)
    if not run.result.start_error:
        return None
    return failed(
        f"The container could not be started: {visible(engine_words(run.result.start_error))}.",
        hint=start_cause(run.result.start_error),
        line=_start_line(seen, run),
    )


def did_not_end(seen: Observations, run: SeenRun) -> Verdict | None:
    """The verdict on a run that a limit ended, or that could not start; None when it ended by itself."""
    trouble = did_not_start(seen, run)
    if trouble is not None or run.result.limit is None:
        return trouble
    name, advice = limit_words(run.result.limit)
    if run.stop is not None and run.result.limit is Limit.WALL:
        return failed(
            f"The container did not end within {run.stop.within_seconds:g} s of its stop signal, and was killed.",
            hint="Its first process must hear the signal and end.",
            seen=output_of(run),
            line=run_line(seen, run),
        )
    return failed(
        f"The container ran into its {name} after {run.result.seconds:.1f} s and was ended.",
        hint=advice,
        seen=output_of(run),
        line=run_line(seen, run),
    )


def did_not_last(seen: Observations, run: SeenRun) -> Verdict | None:
    """The verdict on a serving run that did not come up, or ended by itself; None where there was something to see."""
    trouble = did_not_start(seen, run)
    if trouble is not None:
        return trouble
    if run.ended_early:
        limit = f" at its {limit_words(run.result.limit)[0]}" if run.result.limit else f" with {run.result.exit_code}"
        return failed(
            f"The container ended by itself{limit} after {run.result.seconds:.1f} s, instead of going on."
            f"{complaint_of(run)}",
            seen=output_of(run),
            hint=denial_of(run) or "A container lives as long as its main process: it must stay in the foreground.",
            line=run_line(seen, run),
        )
    return not_ready(seen, run)


def denial_of(run: SeenRun) -> str:
    """A sentence on the path that a program says it could not write; empty where it says nothing of the kind."""
    for line in reversed(visible(run.result.stdout + b"\n" + run.result.stderr).splitlines()[-_LAST_LINES:]):
        told = _DENIED.search(line[:_LONGEST_LINE])
        if told is None:
            continue
        after, before = (_PATH.findall(part) for part in (line[told.end() : _LONGEST_LINE], line[: told.start()]))
        what = after[0] if after else before[-1] if before else "a file"
        if told[0].lower().startswith("read"):
            return f"It wanted to write {what}, but its file system is read only: only volumes can be written."
        return f"It wanted to use {what}, but the user that it runs as may not: look at who owns it, and at its mode."
    return ""


def output_of(run: SeenRun) -> str:
    """The end of what the container printed, its errors last."""
    parts = [last_lines(visible(stream)) for stream in (run.result.stdout, run.result.stderr) if stream.strip()]
    return "\n".join(parts)


def complaint_of(run: SeenRun) -> str:
    """A sentence with the last line of its error output, empty when there is none."""
    lines = visible(run.result.stderr).strip().splitlines()
    return f" Its error output ends with {quoted(lines[-1])}." if lines else ""


def _start_line(seen: Observations, run: SeenRun) -> int | None:
    keywords = ("USER", "ENTRYPOINT", "CMD") if blames_user(run.result.start_error) else ("ENTRYPOINT", "CMD")
    return keyword_line(seen, run, *keywords)


def not_ready(seen: Observations, run: SeenRun, *, companion: bool = False) -> Verdict | None:
    """The verdict on a serving run that was not up in time: what was waited for, and what was seen instead."""
    trouble = did_not_start(seen, run)
    if trouble is not None or run.ready or run.waited_for is None:
        return trouble
    name = _named(run, companion=companion)
    line = run_line(seen, run)
    if run.ended_early:
        return ended_instead(seen, run, _serving_words(run), companion=companion)
    within = f"within {run.wait_seconds:g} s"
    if run.waited_for.is_port:
        return not_listening(seen, run, companion=companion)
    told = f" {run.instead}" if run.instead else ""
    if run.waited_for.http:
        others = _elsewhere(run) if not any(listener.port == run.port for listener in run.listeners) else ""
        return failed(
            f"{name} did not answer GET {visible(run.waited_for.http)} on port {run.port} with a status below 400 "
            f"{within}.{told}{others}{complaint_of(run)}",
            seen=output_of(run),
            line=line,
        )
    if run.waited_for.health:
        return failed(
            f"{name} was not healthy {within}, as its HEALTHCHECK says.{told}{complaint_of(run)}",
            expected="healthy",
            seen=run.health,
            line=keyword_line(seen, run, "HEALTHCHECK") or line,
        )
    if run.waited_for.log:
        return failed(
            f"{name} did not print {within} what shows that it is ready.{complaint_of(run)}",
            expected=run.waited_for.log,
            seen=output_of(run),
            hint="What a program prints may rest in a buffer: let it print without one.",
            line=line,
        )
    return ended_instead(seen, run, "running on", companion=companion)


def not_listening(seen: Observations, run: SeenRun, port: int | None = None, *, companion: bool = False) -> Verdict:
    """The verdict on a server that does not listen on its port, with where it listens instead."""
    wanted = port or run.port
    others = _elsewhere(run)
    of = f" of `{run.name}`" if companion else ""
    return failed(
        f"Nothing{of} listens on port {wanted} after {run.wait_seconds:g} s.{others}{complaint_of(run)}",
        expected=f"port {wanted}",
        seen=others.strip() or output_of(run),
        hint=denial_of(run) or "EXPOSE only documents a port: the server itself must listen on it.",
        line=run_line(seen, run),
    )


def loopback_only(seen: Observations, run: SeenRun, port: int) -> Verdict | None:
    """The verdict on a server that nobody outside of its container can reach; None when it can be."""
    listening = [listener for listener in run.listeners if listener.port == port]
    if not listening or not all(listener.loopback_only for listener in listening):
        return None
    return failed(
        f"The server listens on 127.0.0.1 only, so nobody outside of the container can reach port {port}.",
        hint="Each container has a loopback address of its own. Make the server listen on 0.0.0.0.",
        line=run_line(seen, run),
    )


def ended_instead(seen: Observations, run: SeenRun, of_what: str, *, companion: bool = False) -> Verdict:
    """The verdict on a serving run whose container has ended."""
    why = f" at its {limit_words(run.result.limit)[0]}" if run.result.limit else f" with {run.result.exit_code}"
    return failed(
        f"{_named(run, companion=companion)} ended{why}, instead of {of_what}.{complaint_of(run)}",
        seen=output_of(run),
        hint=denial_of(run) or "A container lives as long as its main process: start the server in the foreground.",
        line=run_line(seen, run),
    )


def ended_beside(run: SeenRun) -> str:
    """A sentence for each run beside this one that ended by itself meanwhile, empty when none did."""
    told = ""
    for beside in run.beside.values():
        if beside.ready and beside.ended_early:
            whose = ", which the lab brings," if beside.ours else ""
            told += f" Meanwhile `{beside.name}` beside it{whose} ended with {beside.result.exit_code}."
            told += "" if beside.ours else complaint_of(beside)
    return told


def _named(run: SeenRun, *, companion: bool) -> str:
    return f"The container of `{run.name}`" if companion else "The container"


def _serving_words(run: SeenRun) -> str:
    return f"serving on port {run.port}" if run.port is not None else "running on"


def _elsewhere(run: SeenRun) -> str:
    found = [
        f"{listener.port} (on 127.0.0.1 only)" if listener.loopback_only else str(listener.port)
        for listener in run.listeners
    ]
    return f" It listens on {listed(found)} instead." if found else ""
