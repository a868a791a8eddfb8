"""What a submitted Dockerfile may do, before anything is built: default deny, each refusal with line and way out."""

from collections.abc import Mapping
from itertools import islice

from graders.dockerfile.dialect import Dialect
from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.parser import parse
from graders.dockerfile.rules import additions, amounts, flags, forms, images
from graders.dockerfile.rules.case import SCRATCH, Case, Policy, Rule
from graders.refusal import Refusal

__all__ = ["SCRATCH", "Policy", "check_policy", "examine"]

_MOST_OF_ONE_RULE = 50
_RULES: tuple[Rule, ...] = (
    forms.syntax_directives,
    forms.unknown_instructions,
    forms.commands,
    forms.stage_names,
    flags.flags,
    forms.heredocs,
    forms.onbuild,
    images.bases,
    images.copies,
    images.mounts,
    additions.adds,
    forms.values,
    amounts.declarations,
)


def examine(
    text: str | bytes, policy: Policy, dialect: Dialect, *, build_arguments: Mapping[str, str] | None = None
) -> tuple[Dockerfile | None, list[Refusal]]:
    """Parse and judge in one step: the Dockerfile (None when it cannot be read) and why it is refused, if it is."""
    try:
        dockerfile = parse(text)
    except DockerfileError as error:
        return None, [error.as_refusal()]
    return dockerfile, check_policy(dockerfile, policy, dialect, build_arguments=build_arguments)


def check_policy(
    dockerfile: Dockerfile,
    policy: Policy,
    dialect: Dialect,
    *,
    build_arguments: Mapping[str, str] | None = None,
) -> list[Refusal]:
    """Every reason to refuse this Dockerfile, in the order of its lines; an empty list means that it may be built."""
    case = Case(dockerfile, policy, dialect, build_arguments or {})
    found = list(amounts.growth(case))
    if not found:  # only now is it safe to fill in variables
        found = [refusal for rule in _RULES for refusal in islice(rule(case), _MOST_OF_ONE_RULE)]
    return sorted(found, key=lambda refusal: refusal.line or 0)
