"""Rules on how much: variables that grow, ports and volumes."""

import re
from collections.abc import Iterator, Mapping

from graders.dockerfile.errors import ExpansionError
from graders.dockerfile.expansion import expand, expand_words, scopes
from graders.dockerfile.growth import sizes
from graders.dockerfile.rules.case import Case, refuse
from graders.refusal import Refusal

_MOST_OF_ONE_STEP = 512 * 1024  # characters, variables filled in
_MOST_IN_ALL = 4 * 1024 * 1024
_MOST_PORTS = 1_000  # each is kept and told by the engine: 65,535 take it longer than a call may take
_MOST_VOLUMES = 50  # each is made, and removed, for every container
_PORT_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")


def growth(case: Case) -> Iterator[Refusal]:
    """Variables that double until memory is full; asked before anything is filled in."""
    total = 0
    for step, size in sizes(case.dockerfile, case.build_arguments):
        total += size
        if size > _MOST_OF_ONE_STEP or total > _MOST_IN_ALL:
            yield refuse("too-much-expansion", step, "its variables grow too large; set them to shorter values.")
            return


def declarations(case: Case) -> Iterator[Refusal]:
    """More ports and volumes than an engine can bear."""
    ports = volumes = 0
    for step, scope in scopes(case.dockerfile, build_arguments=case.build_arguments):
        declared = step.nested or step
        if declared.keyword == "VOLUME":
            volumes += len(declared.words)
            if volumes > _MOST_VOLUMES:
                yield refuse("too-many-volumes", step, f"that makes more than {_MOST_VOLUMES} volumes; name fewer.")
                return
        elif declared.keyword == "EXPOSE":
            for word in declared.words:
                count = _ports_in(word, scope, case.dockerfile.escape)
                if count is None:
                    yield refuse("unsettled-ports", step, f"what {word[:60]} comes to is not clear; write it out.")
                ports += count or 0
            if ports > _MOST_PORTS:
                message = f"that makes more than {_MOST_PORTS:,} ports; name those that your program uses."
                yield refuse("too-many-ports", step, message)
                return


def _ports_in(word: str, scope: Mapping[str, str | None], escape: str) -> int | None:
    """How many ports the word is; None where engines, or what the base sets, could make many of it."""
    try:
        ports = expand_words(word, scope, escape=escape)
        unknown = expand(word, scope, escape=escape).unknown
    except ExpansionError:
        return 0  # told of by another rule
    if any(name in scope for name in unknown):
        return None
    return sum(_range(port) for port in ports)


def _range(port: str) -> int:
    found = _PORT_RANGE.match(port)
    return 1 if found is None else max(1, int(found[2]) - int(found[1]) + 1)
