"""Carries a scenario out by the console and by the real CLI, on one engine, and says line by line what differs."""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import groupby

import docker

from graders.commands.interpreter import Console
from graders.commands.rules import ConsoleRules
from tests.consoles import console
from tests.graders.commands.compared.cli import Seen, real_cli
from tests.graders.commands.compared.lines import Line, Part, Scenario
from tests.graders.commands.compared.normal import VERSION as _VERSION
from tests.graders.commands.compared.normal import Evened
from tests.graders.commands.compared.recording import Request

ROOMY = ConsoleRules(containers=10, images=10, volumes=10, networks=5, foreground_seconds=60)


@dataclass(frozen=True)
class Compared:
    """A line, carried out on both sides."""

    line: Line
    cli: Seen
    console: Seen
    """As they were."""
    cli_evened: Seen
    console_evened: Seen
    """Without what must differ."""
    cli_calls: tuple[str, ...]
    console_calls: tuple[str, ...]

    @property
    def unequal(self) -> list[str]:
        """The parts of what was printed that differ."""
        sides = (self.cli_evened, self.console_evened)
        return [part for part in ("exit code", "stdout", "stderr") if _part(part, sides[0]) != _part(part, sides[1])]

    @property
    def problems(self) -> list[str]:
        """What was not to differ and does, and reasons that are none."""
        found = []
        line, unequal = self.line, self.unequal
        if not line.differs:
            found += [f"{part} differs" for part in unequal]
        elif not unequal:
            found.append("what is printed is equal: its reason is stale")
        else:
            sides = (self.cli_evened, self.console_evened)
            found += [f"{part} differs" for part in line.still if _part(part, sides[0]) != _part(part, sides[1])]
        same_calls = self.cli_calls == self.console_calls
        if line.calls_differ and same_calls:
            found.append("the requests are equal: their reason is stale")
        elif not line.calls_differ and not same_calls:
            found.append("requests differ")
        return found

    def explained(self) -> str:
        """Both sides, for whoever has to mend one."""
        sides = [
            f"$ {self.line.text}: {', '.join(self.problems)}",
            *_told("docker", self.cli_evened, self.cli_calls),
            *_told("console", self.console_evened, self.console_calls),
        ]
        return "\n".join(sides)


def compare(scenario: Scenario, engine_url: str) -> list[Compared]:
    """Carry the scenario out on both sides, one after the other. Nothing of it is left on the engine."""
    bases = bases_on(engine_url)
    with real_cli(engine_url, scenario.files) as cli:
        by_cli = [cli.carry_out(line.text) for line in scenario.lines]
    with console(engine_url, rules=ROOMY, bases=list(bases), files=scenario.files) as made:
        by_console = [carried(made, line.text) for line in scenario.lines]
    kept = [id_.removeprefix("sha256:") for id_ in bases.values()]
    sides = (Evened(kept), Evened(kept))
    return [
        Compared(
            line=line,
            cli=one,
            console=other,
            cli_evened=_evened(sides[0], one, line),
            console_evened=_evened(sides[1], other, line),
            cli_calls=_calls(sides[0], one, line),
            console_calls=_calls(sides[1], other, line),
        )
        for line, one, other in zip(scenario.lines, by_cli, by_console, strict=True)
    ]


def bases_on(engine_url: str) -> dict[str, str]:
    """Every image on the engine, by reference: what the CLI sees there is given to the session as its bases."""
    client = docker.APIClient(base_url=engine_url, version="auto", timeout=60)
    try:
        told = [(reference, found["Id"]) for found in client.images() for reference in found["RepoTags"] or ()]
        return {reference: id_ for reference, id_ in told if not reference.startswith("<none>")}
    finally:
        client.close()


def carried(made: Console, text: str) -> Seen:
    """What came of a line in the console."""
    done = made.carry_out(text)
    requests = tuple(Request(call.method, call.path, call.status) for call in done.calls)
    return Seen(done.stdout, done.stderr, done.exit_code, requests)


def _evened(side: Evened, seen: Seen, line: Line) -> Seen:
    """What was printed, evened out; what one side alone may say counts nothing on."""
    apart = deepcopy(side)
    stdout, stderr = (side if not line.differs or part in line.still else apart for part in ("stdout", "stderr"))
    printed = stdout.output(seen.stdout)
    if not line.differs and _LISTS_IMAGES.match(line.text):
        printed = "\n".join(sorted(printed.split("\n")))
    return Seen(printed, stderr.output(seen.stderr), seen.exit_code)


def _calls(side: Evened, seen: Seen, line: Line) -> tuple[str, ...]:
    """The requests in order; those of one command for several objects, which docker sends at once, by name."""
    side = deepcopy(side) if line.calls_differ else side
    calls: list[str] = []
    for _, group in groupby(seen.requests, key=_what_is_asked):
        calls += sorted(f"{side.call(each.method, each.path)} → {each.status}" for each in group)
    return tuple(calls)


def _what_is_asked(request: Request) -> tuple[str, str]:
    """A request without the object it is about: `/containers/web/kill` and `/containers/db/kill` ask the same."""
    parts = _VERSION.sub("", request.path).partition("?")[0].split("/")
    return request.method, "/".join(parts[:2] + parts[3:])


def _told(who: str, seen: Seen, calls: tuple[str, ...]) -> list[str]:
    texts = [f"  {who} [{seen.exit_code}]"]
    texts += [f"    out {line}" for line in seen.stdout.splitlines()]
    texts += [f"    err {line}" for line in seen.stderr.splitlines()]
    return [*texts, *(f"    api {call}" for call in calls)]


_LISTS_IMAGES = re.compile(r"docker (images|image ls)\b")
"""The engine lists images by the second in which they were made, and those of one second in any order."""
_STEP = re.compile(r"^#\d+ (\[.*)$", re.MULTILINE)
_PARTS: Mapping[Part, Callable[[Seen], object]] = {
    "exit code": lambda seen: seen.exit_code,
    "stdout": lambda seen: seen.stdout,
    "stderr": lambda seen: seen.stderr,
    "first line of stderr": lambda seen: seen.stderr.partition("\n")[0],
    "columns": lambda seen: seen.stdout.partition("\n")[0],
    "steps": lambda seen: sorted(set(_STEP.findall(seen.stderr))),
    "number of lines": lambda seen: len(seen.stdout.splitlines()),
    "words": lambda seen: sorted(" ".join(line.split()) for line in seen.stdout.splitlines()),
}


def _part(part: str, seen: Seen) -> object:
    return _PARTS[part](seen)  # type: ignore[index]  # a text of `Part`
