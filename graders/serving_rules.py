"""What must hold between what checks have done to serving runs and the runs: who is asked, disturbed and broken."""

from collections.abc import Iterable, Iterator, Mapping

from graders.actions import Run
from graders.authored import Place, did_you_mean
from graders.companions import order_of_start
from graders.exchanges import Exchange
from graders.health import HealthTrial
from graders.observations import Wants

Found = Iterator[tuple[Place, str]]


def about_listening(place: Place, listens: Iterable[tuple[str, int | str | None]], runs: Mapping[str, Run]) -> Found:
    """Contradictions of looking where runs listen."""
    for name, port in listens:
        yield from _serves(place, name, runs)
        serve = runs[name].serve if name in runs else None
        if serve is not None and serve.port is None and port is None:
            yield place, f"The run `{name}` serves no port; give its `serve` one, or the check its own `port`."


def about_exchange(place: Place, exchange: Exchange, runs: Mapping[str, Run], drawn: Iterable[str]) -> Found:
    """Contradictions of a sequence of steps; `drawn` are the names of the plan's values."""
    for position, step in enumerate(exchange.steps):
        for name in sorted(step.keep.keys() & set(drawn)):
            yield (*place, "steps", position), f"`{name}` is drawn already; keep the value under another name."
    yield from _serves((*place, "run"), exchange.run, runs)
    run, taking_part = runs.get(exchange.run), _taking_part(exchange.run, runs)
    portless = run is not None and run.serve is not None and run.serve.port is None
    for position, step in enumerate(exchange.steps):
        at: Place = (*place, "steps", position)
        if step.disturbed and step.disturbed not in taking_part:
            known = did_you_mean(step.disturbed, taking_part)
            where = f"it can be `{exchange.run}` or a run that is beside it"
            yield at, f"`{step.disturbed}` is not up then; {where}. {known}"
        if step.path and portless and step.port is None:
            yield at, f"The run `{exchange.run}` serves no port; give its `serve` one, or the step its own `port`."
    yield from _stopped(place, exchange)


def _stopped(place: Place, exchange: Exchange) -> Found:
    """What is stopped must be started again, and not be asked meanwhile."""
    stopped: set[str] = set()
    for position, step in enumerate(exchange.steps):
        at: Place = (*place, "steps", position)
        name = step.disturbed
        if step.stop is not None:
            if name in stopped:
                yield at, f"`{name}` was stopped before this step."
            stopped.add(name)
        elif step.restart is not None and name in stopped:
            yield at, f"`{name}` was stopped before this step: write `start: {name}`."
        elif step.start is not None:
            if name not in stopped:
                yield at, f"`{name}` was not stopped before this step; it is up from the beginning."
            stopped.discard(name)
        elif step.path and exchange.run in stopped:
            yield at, f"`{exchange.run}` was stopped before this step, so that it cannot be asked."
    for name in sorted(stopped):
        yield (*place, "steps"), f"`{name}` is stopped and not started again, which other checks may need."


def about_health(place: Place, key: str, trial: HealthTrial, runs: Mapping[str, Run], wanted: list[Wants]) -> Found:
    """Contradictions of a trial of a HEALTHCHECK; `wanted` is what all checks of the plan want."""
    yield from _serves((*place, "run"), trial.run, runs)
    if trial.run not in runs:
        return
    run, breaks = runs[trial.run], trial.breaks
    if run.base is not None:
        yield (*place, "run"), f"The run `{trial.run}` is of the lab's own base `{run.base}`, not of what is handed in."
    if breaks is None:
        return
    if breaks.stop is not None and breaks.stop not in _taking_part(trial.run, runs) - {trial.run}:
        yield (*place, "breaks", "stop"), f"`{breaks.stop}` is not beside the run `{trial.run}`."
    port = breaks.request is not None and breaks.request.port is None
    if port and run.serve is not None and run.serve.port is None:
        yield (*place, "breaks", "request"), f"The run `{trial.run}` serves no port; give the request its own `port`."
    trials = [name for wants in wanted for name, other in wants.health.items() if other.run == trial.run]
    if trials[-1] != key:
        yield (*place, "run"), f"Another check tries the run `{trial.run}` after this one has broken it: use two runs."
    if run.stop is not None or any(trial.run in wants.stops for wants in wanted):
        yield (
            (*place, "run"),
            f"The run `{trial.run}` is to end by its stop signal, which it cannot once it is broken: use two runs.",
        )


def _taking_part(name: str, runs: Mapping[str, Run]) -> set[str]:
    """The run itself and those that are up beside it."""
    try:
        return {name, *order_of_start(name, runs)}
    except KeyError:  # one of them is not there, which is said at its own place
        return {name}


def _serves(place: Place, name: str, runs: Mapping[str, Run]) -> Found:
    if name not in runs:
        yield place, f"There is no run `{name}`. {did_you_mean(name, runs)}"
    elif runs[name].serve is None:
        yield (
            place,
            f"The run `{name}` ends by itself; to ask it something, give it `serve: {{port: …}}` under `runs`.",
        )
