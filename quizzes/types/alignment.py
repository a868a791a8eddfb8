"""Lays two sequences side by side by their longest common subsequence, for a share of the points line by line."""

from collections.abc import Hashable, Sequence
from fractions import Fraction


def common(one: Sequence[Hashable], other: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The places, in both, of a longest common subsequence, in order."""
    lengths = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for at in range(len(one) - 1, -1, -1):
        row, below = lengths[at], lengths[at + 1]
        for beside in range(len(other) - 1, -1, -1):
            row[beside] = below[beside + 1] + 1 if one[at] == other[beside] else max(below[beside], row[beside + 1])
    pairs: list[tuple[int, int]] = []
    at = beside = 0
    while at < len(one) and beside < len(other):
        if one[at] == other[beside]:
            pairs.append((at, beside))
            at, beside = at + 1, beside + 1
        elif lengths[at + 1][beside] >= lengths[at][beside + 1]:
            at += 1
        else:
            beside += 1
    return pairs


def share(matched: int, one: int, other: int) -> Fraction:
    """The share that is right where `matched` of two counts agree: of the larger one, so that too much costs, too."""
    return Fraction(matched, max(one, other, 1))
