"""Turns what was seen into the parts of a report: builds, images and containers, their text made fit to be shown."""

from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from graders.blame import line_of_step, lineage, lines_of_history
from graders.causes import engine_words, without_places
from graders.checker import Checked
from graders.commands.end_state import Line
from graders.dockerfile.model import Dockerfile
from graders.image.seen import unmeasured
from graders.image.waste import waste_of_rows
from graders.observations import Fact, Observations, SeenRun
from graders.report import BuildReport, CommandReport, ContainerReport, ImageReport, LayerReport, StepReport
from graders.sandbox.base import BuildResult, Limit
from graders.visible import shortened, visible

_FACTS: dict[Fact, str] = {"stop": "stop_seconds", "memory": "memory_peak_bytes"}
MAX_OUTPUT_CHARACTERS = 64 * 1024


def build_report(name: str, result: BuildResult, dockerfile: Dockerfile, *, hidden: bool = False) -> BuildReport:
    """A build with its steps."""
    return BuildReport(
        id=name,
        ok=result.ok,
        seconds=round(result.seconds, 3),
        steps=tuple(
            StepReport(
                index=step.index,
                total=step.total,
                name=visible(step.name),
                line=line_of_step(dockerfile, step.name),
                state=step.state.value,
                seconds=round(step.seconds, 3),
                log=visible(without_places(step.log)),
                error=visible(engine_words(step.error)),
            )
            for step in result.steps
        ),
        error=visible(engine_words(result.error)),
        limit=result.limit.value if result.limit else "",
        log_cut=result.log_cut,
        hidden=hidden,
    )


def image_report(build: str, seen: Observations, *, hidden: bool = False) -> ImageReport:
    """An image's layers, those of its base told apart."""
    image, base = seen.images[build], seen.bases[build]
    from_base = len(base.history) if base is not None else 0
    lines = lines_of_history(seen.dockerfile(build), image.history, seen.target(build))
    written = {each.line: each.logical.strip() for each in seen.dockerfile(build).instructions}
    waste = waste_of_rows(seen.layers.get(build), image)
    return ImageReport(
        build=build,
        size_bytes=image.size_bytes,
        hidden=hidden,
        layers=tuple(
            LayerReport(
                created_by=visible(entry.created_by),
                size_bytes=entry.size_bytes,
                line=None if position < from_base else line,
                from_base=position < from_base,
                instruction="" if position < from_base or line is None else visible(shortened(written.get(line, ""))),
                empty=entry.empty_layer,
                wasted_bytes=waste.bytes_of(position),
                undone_by=waste.undone_by(position),
            )
            for position, (entry, line) in enumerate(zip(image.history, lines, strict=True))
        ),
        base=visible(lineage(seen.dockerfile(build), seen.target(build))[0].base) if base is not None else "",
        base_size_bytes=base.size_bytes if base is not None else 0,
        base_wasted_bytes=waste.total(range(from_base)),
        wasted_bytes=waste.total(range(from_base, len(image.history))),
        waste_note=visible(waste.note or unmeasured(image, base)) if not waste.measured else "",
    )


def checker_report(check: str, checked: Checked) -> ContainerReport:
    """How the checker of a check ended, for instructors: what it printed may say why it is broken."""
    run = SeenRun(name=f"checker {check}", build="", result=checked.result)
    return container_report(run, hidden=True)


def container_reports(run: SeenRun, *, hidden: bool, told: Collection[Fact]) -> Iterator[ContainerReport]:
    """How a container ran, and those beside it; what one of the lab's own printed is for its instructors.

    Facts that only hidden checks asked for, those not `told`, stand in the results of these checks alone.
    """
    for beside in run.beside.values():
        yield container_report(beside, hidden=hidden or beside.ours, beside=run.name)
    report = container_report(run, hidden=hidden)
    yield report.model_copy(update={field: None for fact, field in _FACTS.items() if fact not in told})


def container_report(run: SeenRun, *, hidden: bool, beside: str = "") -> ContainerReport:
    """How a container ran, with what it printed."""
    result = run.result
    return ContainerReport(
        id=run.name,
        build=run.build,
        exit_code=result.exit_code,
        seconds=round(result.seconds, 3),
        stdout=visible(result.stdout)[:MAX_OUTPUT_CHARACTERS],
        stderr=visible(result.stderr)[:MAX_OUTPUT_CHARACTERS],
        limit=result.limit.value if result.limit else "",
        cut=result.stdout_cut or result.stderr_cut,
        start_error=visible(engine_words(result.start_error)),
        beside=beside,
        stop_seconds=_stop_seconds(run),
        memory_peak_bytes=run.memory_peak_bytes,
        hidden=hidden,
    )


def _stop_seconds(run: SeenRun) -> float | None:
    if run.stop is None or not run.stop.was_running or run.result.limit is Limit.WALL:
        return None
    return round(run.stop.seconds, 3)


def command_report(line: Line) -> CommandReport:
    """A line of the journal."""
    return CommandReport(
        line=line.number,
        text=visible(line.text),
        exit_code=line.exit_code,
        stdout=visible(line.stdout),
        stderr=visible(line.stderr),
    )


def shown_name(engine: str) -> str:
    """The engine's name for learners: of an address, what tells engines apart and not where they are on the machine."""
    scheme, separator, rest = engine.partition("://")
    if not separator:
        return engine
    return PurePosixPath(rest).parent.name or "engine" if scheme == "unix" else "engine"
