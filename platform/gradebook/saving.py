"""Saves many rows whose new values are mostly alike, such as points: much quicker than a case for each row."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Model, QuerySet


def save_alike(there: "QuerySet[Any]", rows: Iterable[Model], fields: Sequence[str]) -> None:
    """Save these fields of rows that are `there`: one query for each set of values that there is."""
    alike: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in rows:
        alike[tuple(getattr(row, field) for field in fields)].append(row.pk)
    for values, group in alike.items():
        there.filter(pk__in=group).update(**dict(zip(fields, values, strict=True)))
