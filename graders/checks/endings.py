"""What several kinds say alike of a run that did not end by itself, or did not begin."""

from graders.blame import line_in_effect
from graders.causes import blames_user, engine_words, start_cause
from graders.checks.base import Verdict, failed
from graders.observations import Observations, SeenRun
from graders.sandbox.base import Limit
from graders.visible import last_lines, quoted, visible

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
    """The verdict on a run whose container could not be started."""
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
            hint="A container lives as long as its main process: it must stay in the foreground.",
            line=run_line(seen, run),
        )
    if not run.ready and run.waited_for is not None:
        return failed(
            f"The container was not up after {run.wait_seconds:g} s: {_missing_sign(run)}.{complaint_of(run)}",
            seen=output_of(run),
            line=run_line(seen, run),
        )
    return None


def _missing_sign(run: SeenRun) -> str:
    sign = run.waited_for
    if sign is None or sign.is_port:
        return f"nothing listened on port {run.port}"
    if sign.log:
        return f"it had printed nothing that fits {quoted(sign.log)}"
    if sign.http:
        return f"{quoted(sign.http)} was not answered on port {run.port}"
    return f"its HEALTHCHECK says {run.health}" if sign.health else "it did not run"


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
