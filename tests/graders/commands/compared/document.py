"""docs/console-commands.md: every compared line, whether it is equal to docker's, and what it sends to the daemon."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.graders.commands.compared.lines import Line, Scenario

REPOSITORY = Path(__file__).resolve().parents[4]
PAGE = REPOSITORY / "docs/console-commands.md"
RECORD = Path(__file__).with_name("record.json")
_ID = re.compile(r"<id \d+, \d+ digits>")
HOW = "python -m tests.graders.commands.compared.record --engine unix:///path/to/docker.sock"

_HEAD = """# Console commands beside the real docker CLI

In a console lab nothing that is typed reaches the docker CLI or a shell: lines are read as data and carried out through
the engine's API. So that students see what docker says, word for word, each line below was carried out twice on one
engine: by the console, and by the docker CLI with the bounds that a console puts on every container.
({version}, and an engine of the same release.)
Compared are stdout, stderr, the exit code and the requests to the daemon (method, path, query, status).

Evened out before comparing, since two runs of docker itself differ in it: ids and drawn names (which must stand for the
same object throughout a scenario), times and durations, addresses, the room that they take in a table, and the
engine's own folder, which a console shows as `/var/lib/docker`. Requests for several containers at once have no order.

This page is written by

    {how}

which carries everything out anew and writes nothing where a line differs without its reason.
`tests/graders/commands/compared/` holds the lines and the two tests: one compares on a real engine, whenever the tests
run, and takes no difference without a reason and no reason without a difference; one sees that this page says the same.

{total} lines: {equal} are equal in everything that is printed, {different} differ for the reason given.
In {sent} lines the requests to the daemon are equal too; where they are not, it is said why.
"""


def verdict(line: Line) -> str:
    """What the page says of a line."""
    parts = []
    if line.differs:
        parts.append(f"different: {line.differs}; still equal: {', '.join(line.still) or 'nothing'}")
    else:
        parts.append("equal")
    if line.calls_differ:
        parts.append(f"requests differ: {line.calls_differ}")
    return ". ".join(parts)


def page(scenarios: Sequence[Scenario], record: Mapping[str, object]) -> str:
    """The whole page, of the lines and what was recorded of the console."""
    lines = [line for scenario in scenarios for line in scenario.lines]
    equal = sum(not line.differs for line in lines)
    head = _HEAD.format(
        version=record["cli"],
        how=HOW,
        total=len(lines),
        equal=equal,
        different=len(lines) - equal,
        sent=sum(not line.calls_differ for line in lines),
    )
    sent = record["sent"]
    assert isinstance(sent, dict)
    return "\n".join([head, *(part for scenario in scenarios for part in _section(scenario, sent[scenario.name]))])


def _section(scenario: Scenario, sent: Sequence[Sequence[str]]) -> list[str]:
    rows = [f"## {scenario.name[0].upper()}{scenario.name[1:]}", ""]
    rows += ["| line | beside docker | sent to the daemon after `HEAD /_ping` |", "|---|---|---|"]
    for line, calls in zip(scenario.lines, sent, strict=True):
        requests = "<br>".join(_code(_ID.sub("{id}", call)) for call in calls if not call.startswith("HEAD /_ping"))
        rows.append(f"| {_code(line.text)} | {_escaped(verdict(line))} | {requests} |")
    return [*rows, ""]


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{_escaped(text)}{fence}"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def read_record() -> dict[str, object]:
    """What was recorded when the page was written last."""
    found = json.loads(RECORD.read_text())
    assert isinstance(found, dict)
    return found


def write_record(record: Mapping[str, object]) -> None:
    """Keep what was recorded."""
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
