"""Questions that vary: the family, and many of its variants at once for those who write it."""

from collections import defaultdict
from dataclasses import dataclass, field

from quizzes.amounts import Amount
from quizzes.stored import as_json
from quizzes.types.base import QuestionType
from quizzes.types.family import Family, VariantFails
from quizzes.values import described

__all__ = ["Family", "VariantFails", "VariantTried", "try_variant", "try_variants", "values_shown"]


@dataclass(frozen=True, kw_only=True)
class VariantTried:
    """What a seed makes: its values in words, and the question, or what is wrong; and which seeds make the same."""

    seed: int
    values: dict[str, str]
    question: QuestionType | None = None
    problems: list[str] = field(default_factory=list)
    same_as: list[int] = field(default_factory=list)


def values_shown(values: dict[str, Amount]) -> dict[str, str]:
    """Values by name, as text."""
    return {name: described(amount) for name, amount in sorted(values.items())}


def try_variant(family: Family, seed: int) -> VariantTried:
    """Make one variant; a seed that makes no valid question says why."""
    try:
        values = family.values_of(seed)
        return VariantTried(seed=seed, values=values_shown(values), question=family.made(values))
    except VariantFails as failure:
        return VariantTried(seed=seed, values=values_shown(failure.values), problems=failure.messages)


def try_variants(family: Family, *, start: int, count: int) -> list[VariantTried]:
    """Make the variants with these seeds, and find those that come out the same."""
    tried = [try_variant(family, seed) for seed in range(start, start + count)]
    same: dict[str, list[int]] = defaultdict(list)
    for variant in tried:
        same[_mark(variant)].append(variant.seed)
    return [
        VariantTried(
            seed=variant.seed,
            values=variant.values,
            question=variant.question,
            problems=variant.problems,
            same_as=[seed for seed in same[_mark(variant)] if seed != variant.seed] if variant.question else [],
        )
        for variant in tried
    ]


def _mark(variant: VariantTried) -> str:
    return str(variant.seed) if variant.question is None else repr(as_json(variant.question))
