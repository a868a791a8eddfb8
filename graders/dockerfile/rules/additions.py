"""The rule on ADD: nothing is fetched from elsewhere, however its address is put together."""

import re
from collections.abc import Iterator, Mapping

from graders.dockerfile.errors import ExpansionError
from graders.dockerfile.expansion import expand, scopes
from graders.dockerfile.rules.case import NEWER_FORM, Case, listed, refuse
from graders.refusal import Refusal

_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|[^/@\s]+@[^/:\s]+:|git@|github\.com/", re.IGNORECASE)


def adds(case: Case) -> Iterator[Refusal]:
    """ADD takes files from the context only, unless the lab allows addresses."""
    if case.policy.allow_add_url:
        return
    for step, scope in scopes(case.dockerfile, build_arguments=case.build_arguments):
        add = step.nested or step
        for word in add.words[:-1] if add.keyword == "ADD" else ():
            seen = scope if step.nested is None else {}  # a trigger sees what is set where it is carried out
            problem = _add_problem(case, word, seen)
            if problem is not None:
                yield refuse("add-url", step, f"ADD {word[:80]}: {problem}")


def _add_problem(case: Case, word: str, scope: Mapping[str, str | None]) -> str | None:
    try:
        expanded = expand(word, scope, escape=case.dockerfile.escape)
    except ExpansionError as error:
        return f"it cannot be worked out: {error.message}."
    if expanded.is_newer and not case.dialect.substitutions:
        return f"it cannot be worked out: {NEWER_FORM}."
    if _REMOTE.match(expanded.text.strip()) or "://" in expanded.text:
        return "nothing may be fetched from elsewhere in this lab; put the file beside the Dockerfile and COPY it."
    if expanded.unknown:
        names = listed(f"${name}" for name in expanded.unknown)
        return f"{names} has no value that this file settles, so it could be an address; write it out, or use COPY."
    return None
