"""Rules on flags: only those in the table, with values that the engine takes."""

import re
from collections.abc import Iterator
from decimal import Decimal

from graders.dockerfile.dialect import Dialect
from graders.dockerfile.durations import seconds
from graders.dockerfile.instructions import READERS
from graders.dockerfile.model import Flag, Instruction
from graders.dockerfile.rules.case import Case, listed, refuse
from graders.refusal import Refusal

_FLAGS: dict[str, frozenset[str]] = {
    "ADD": frozenset({"chown", "chmod"}),
    "COPY": frozenset({"from", "chown", "chmod"}),
    "HEALTHCHECK": frozenset({"interval", "timeout", "start-period", "retries"}),
    "RUN": frozenset({"mount"}),
}
_VALUELESS_FLAGS = frozenset({"link"})
_COUNT = re.compile("0*[1-9][0-9]{0,8}")
_SHORTEST_TIME = Decimal("0.001")  # seconds; the engine's own floor


def flags(case: Case) -> Iterator[Refusal]:
    """Flags outside the table, and values that the engine does not take."""
    for step in case.steps():
        if step.keyword not in READERS:
            continue
        known = _known_flags(step.keyword, case.dialect)
        for flag in step.flags:
            refusal = _flag(step, flag, known)
            if refusal is not None:
                yield refusal


def _known_flags(keyword: str, dialect: Dialect) -> frozenset[str]:
    known = _FLAGS.get(keyword, frozenset())
    if dialect.link and keyword in ("ADD", "COPY"):
        known |= {"link"}
    if dialect.start_interval and keyword == "HEALTHCHECK":
        known |= {"start-interval"}
    return known


def _flag(step: Instruction, flag: Flag, known: frozenset[str]) -> Refusal | None:
    if step.keyword == "FROM" and flag.name == "platform":
        return refuse(
            "platform", step, "images are built for the grading machine's own platform here; remove --platform."
        )
    if flag.name not in known:
        which = "it takes " + listed(f"--{name}" for name in known) if known else "it takes no flags"
        return refuse("unknown-flag", step, f"{step.keyword} may not have --{flag.name[:40]} here; {which}.")
    if flag.value is None:
        if flag.name in _VALUELESS_FLAGS:
            return None
        return refuse("flag-value", step, f"--{flag.name} needs a value: --{flag.name}=….")
    if not flag.value.isascii():
        return refuse("odd-flag", step, f"write --{flag.name} in plain letters.")
    problem = _health_problem(flag.name, flag.value) if step.keyword == "HEALTHCHECK" and flag.value else None
    return None if problem is None else refuse("flag-value", step, f"--{flag.name}={flag.value[:40]}: {problem}")


def _health_problem(name: str, value: str) -> str | None:
    if name == "retries":
        return None if _COUNT.fullmatch(value) else "it takes a whole number from 1 up, such as --retries=3."
    duration = seconds(value)
    if duration is None:
        return f"it takes a time with its unit, such as --{name}=30s."
    return None if duration >= _SHORTEST_TIME else "that is too short; no time under 1ms can be meant."
