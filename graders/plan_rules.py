"""What must hold between the parts of a plan: names that lead somewhere, points that add up, no circles."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import ValidationError

from graders.actions import Request, Run
from graders.authored import Place, did_you_mean
from graders.checks.base import Check
from graders.console_plan import console_faults
from graders.decoys import asked_decoy_faults, decoy_faults
from graders.observations import Wants
from graders.rebuilding import asked_rebuild_faults, rebuild_faults
from graders.run_rules import about_pair, about_run, about_wants
from graders.serving_rules import about_exchange, about_health, about_listening
from graders.spec import Spec, templates_in
from graders.trials import Trials
from graders.values import Quoting, extremes, filled

if TYPE_CHECKING:
    from graders.plan import LabPlan

Found = Iterator[tuple[Place, str]]


def contradictions(plan: "LabPlan") -> Found:
    """Every contradiction, with its place in the plan and a whole sentence."""
    yield from _points(plan)
    names = [*_runs(plan.runs, plan), *_checks(plan)]
    for name, request in plan.requests.items():
        names += _request(("requests", name), request, plan)
    yield from names or _hidden_volumes(plan)  # only names that lead somewhere can be followed
    yield from _templates(plan)
    yield from _filling(plan)
    yield from decoy_faults(plan)
    yield from rebuild_faults(plan)
    yield from console_faults(plan)
    for name, build in plan.builds.items():
        if build.secrets and "secret" not in plan.allow.mounts:
            yield (
                ("builds", name, "secrets"),
                "Secrets come in by mounts, which this lab does not allow; say `allow: {mounts: [secret]}`.",
            )
        for path in build.files:
            if path == build.dockerfile:
                yield (
                    ("builds", name, "files", path),
                    f"`{path}` is the learner's Dockerfile; a build cannot replace it.",
                )


def _points(plan: "LabPlan") -> Found:
    total = plan.max_points
    if total != plan.points:
        yield ("points",), f"The lab says {_number(plan.points)} points, but its checks add up to {_number(total)}."
    if not total:
        yield ("points",), "A lab needs at least one check with points."


def _number(points: Decimal) -> str:
    return f"{points.normalize():f}"


def _runs(runs: Mapping[str, Run], plan: "LabPlan") -> Found:
    for name, run in runs.items():
        place: Place = ("runs", name)
        yield from _known((*place, "build"), "build", run.build, plan.builds)
        for field, others in (("beside", run.beside), ("after", run.after)):
            for position, other in enumerate(others):
                yield from _known((*place, field, position), "run", other, runs)
                if other == name:
                    yield (*place, field, position), f"The run `{name}` cannot be {field} itself."
        for position, other in enumerate(run.beside):
            if other in runs and runs[other].serve is None:
                yield (
                    (*place, "beside", position),
                    f"The run `{other}` ends by itself; only one with `serve` can be beside another.",
                )
        yield from about_run(place, name, run, [base.name for base in plan.bases])
    for circle in _circles({name: [*run.after, *run.beside] for name, run in runs.items()}):
        yield ("runs", circle[0]), f"These runs wait for each other: {_arrows(circle)}."


def _request(place: Place, request: Request, plan: "LabPlan") -> Found:
    yield from _known((*place, "run"), "run", request.run, plan.runs)
    run = plan.runs.get(request.run)
    if run is not None and run.serve is None:
        yield (
            place,
            f"The run `{request.run}` ends by itself; to ask it something, give it `serve: {{port: …}}` under `runs`.",
        )
    elif run is not None and run.serve is not None and run.serve.port is None and request.port is None:
        yield place, f"The run `{request.run}` serves no port; give its `serve` one, or the request its own `port`."


def _checks(plan: "LabPlan") -> Found:
    first: dict[str, int] = {}
    ids = {check.id for check in plan.checks}
    for position, check in enumerate(plan.checks):
        place: Place = ("checks", position)
        if check.id in first:
            yield (*place, "id"), f"The id `{check.id}` is taken by check {first[check.id] + 1}."
        first.setdefault(check.id, position)
        for index, other in enumerate(check.needs):
            yield from _known((*place, "needs", index), "check", other, ids)
            if first.get(other, len(plan.checks)) >= position and other in ids:
                yield (*place, "needs", index), f"`{other}` must stand above `{check.id}`, which needs it."
        if plan.console is None or check.of_console:  # else its kind does not fit, which is told
            yield from _wants(place, check, plan)


def _wants(place: Place, check: Check, plan: "LabPlan") -> Found:
    wants = check.wants()
    for build in sorted({*wants.sources, *wants.builds, *wants.images, *(name for name, _ in wants.paths)}):
        yield from _known((*place, "build"), "build", build, plan.builds)
    for build in sorted(wants.read_by_layer() - wants.images):
        yield from _known((*place, "build"), "build", build, plan.builds)
    yield from asked_decoy_faults(place, wants.decoys, plan)
    yield from asked_rebuild_faults(place, wants.rebuilds, plan)
    yield from _wanted_runs((*place, "run"), wants, plan)
    yield from _wanted_requests(place, wants, plan)
    yield from about_listening((*place, "run"), wants.listens, plan.runs)
    for exchange in wants.exchanges.values():
        yield from about_exchange(place, exchange, plan.runs, plan.values)
    for key, trial in wants.health.items():
        yield from about_health(place, key, trial, plan.runs, [other.wants() for other in plan.checks])
    for trials in wants.trials.values():
        yield from _trials(place, trials, plan)
    if wants.checker is not None:
        yield from _known((*place, "base"), "base", wants.checker.base, [base.name for base in plan.bases])


def _wanted_runs(place: Place, wants: Wants, plan: "LabPlan") -> Found:
    for name in sorted(wants.runs_named()):
        yield from _known(place, "run", name, plan.runs)
        if name in plan.runs:
            yield from about_wants(place, name, plan.runs[name], wants)
    for pair in wants.pairs:
        yield from about_pair(place[:-1], pair, plan.runs, _all_before(pair.then, plan.runs))


def _wanted_requests(place: Place, wants: Wants, plan: "LabPlan") -> Found:
    for name in wants.named_requests:
        yield from _known((*place, "request"), "request", name, plan.requests)
        run = plan.requests[name].run if name in plan.requests else None
        if run is not None and wants.requests_go_to not in {None, run}:
            yield (*place, "request"), f"The request `{name}` goes to the run `{run}`, not to `{wants.requests_go_to}`."
    for request in wants.requests.values():
        yield from _request(place, request, plan)


def _trials(place: Place, trials: Trials, plan: "LabPlan") -> Found:
    yield from _known((*place, "reference"), "build", trials.reference, plan.builds)
    build = plan.builds.get(trials.reference)
    if build is not None and build.solution is None:
        yield (*place, "reference"), f"The build `{trials.reference}` has no `solution` to compare with."
    yield from _known((*place, "run"), "run", trials.run, plan.runs)
    run = plan.runs.get(trials.run)
    if run is not None and run.base is not None:
        yield (*place, "run"), f"The run `{trials.run}` is of a base of the lab's, not of what is handed in."
    if run is not None and (run.serve is not None or run.beside or run.after or run.volumes):
        yield (
            (*place, "run"),
            f"The run `{trials.run}` serves, or needs other runs or volumes; only one that stands alone is compared.",
        )


def _hidden_volumes(plan: "LabPlan") -> Found:
    """What only hidden checks tell a container must not reach one that learners are shown, through a shared volume."""
    whole = plan.unfilled()
    told, secret = set[str](), set[str]()
    for check in plan.checks:
        if not check.hidden:
            told |= whole.runs_behind(check.wants())
    for check in plan.checks:
        if check.hidden:
            wants = check.wants()
            secret |= whole.runs_behind(wants) - told
            secret |= {request.run for request in whole.requests_of(wants).values()}
            secret |= {exchange.run for exchange in wants.exchanges.values()}
            secret |= {trial.run for trial in wants.health.values()}
    for name in sorted(secret):
        before = _all_before(name, plan.runs)
        mine = set(plan.runs[name].volumes.values())
        for other in sorted(told - before - {name}):
            for volume in sorted(mine & set(plan.runs[other].volumes.values())):
                yield (
                    ("runs", name, "volumes"),
                    (
                        f"Hidden checks tell the run `{name}` things that could be read from the volume `{volume}` "
                        f"in the run `{other}`, whose output learners see. "
                        f"Write `after: [{other}]`, or give it a volume of its own."
                    ),
                )


def _all_before(name: str, runs: Mapping[str, Run]) -> set[str]:
    """The runs that have ended before this one starts; none before one that is not there."""
    waiting, found = [*(runs[name].after if name in runs else ())], set[str]()
    while waiting:
        each = waiting.pop()
        if each in runs and each not in found:
            found.add(each)
            waiting += runs[each].after
    return found


def _templates(plan: "LabPlan") -> Found:
    known = plan.values
    raw = plan.model_dump(mode="json", include={"builds", "runs", "requests", "console"})
    raw["checks"] = [check.model_dump(mode="json", exclude={"title", "hint"}) for check in plan.checks]
    own = {position: check.own_values() for position, check in enumerate(plan.checks)}
    for place, name in templates_in(raw):
        if name not in known and not (place[0] == "checks" and name in own[int(place[1])]):
            yield (
                place,
                (
                    f"`{{{name}}}` stands for a value that is not declared under `values`. {did_you_mean(name, known)} "
                    f"Write `{{{{{name}}}}}` for the plain text."
                ),
            )
    for place, name in templates_in([[check.title, check.hint] for check in plan.checks]):
        if name in known:
            field = "title" if place[1] == 0 else "hint"
            yield ("checks", place[0], field), f"`{{{name}}}` is drawn per run and must not stand in a {field}."


def _filling(plan: "LabPlan") -> Found:
    """Whether drawn values fit where they are put, tried with what may come."""
    parts: list[tuple[Place, Spec, Quoting]] = [(("builds", name), build, {}) for name, build in plan.builds.items()]
    parts += [(("runs", name), run, {}) for name, run in plan.runs.items()]
    parts += [(("requests", name), request, Request.quoting) for name, request in plan.requests.items()]
    parts += [(("checks", position), check, check.quoting) for position, check in enumerate(plan.checks)]
    if plan.console is not None:
        parts.append((("console",), plan.console, {}))
    draws = list(extremes(plan.values))
    for place, part, quoting in parts:
        try:
            for values in draws:
                part.filled(values) if isinstance(part, Check) else filled(part, values, quoting=quoting)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                reason = details["msg"].removeprefix("Value error, ")
                yield (
                    (*place, *details["loc"]),
                    f"With a drawn value put in, this {reason}, seen with {details['input']!r:.60}.",
                )


def _known(place: Place, what: str, name: str, known: Iterable[str]) -> Found:
    names = list(known)
    if name not in names:
        yield place, f"There is no {what} `{name}`. {did_you_mean(name, names)}"


def _circles(edges: Mapping[str, list[str]]) -> Iterator[list[str]]:
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        found = _walk(start, edges, path, done)
        if found:
            yield found
            return


def _walk(name: str, edges: Mapping[str, list[str]], path: list[str], done: set[str]) -> list[str]:
    if name in path:
        return [*path[path.index(name) :], name]
    if name in done or name not in edges:
        return []
    path.append(name)
    for other in edges[name]:
        found = _walk(other, edges, path, done) if other != name else []
        if found:
            return found
    path.pop()
    done.add(name)
    return []


def _arrows(circle: list[str]) -> str:
    return " -> ".join(f"`{name}`" for name in circle)
