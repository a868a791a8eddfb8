"""The formulas of item analysis, each with its source. Pure arithmetic on sequences: no clock, no database.

What cannot be said yet is a `Figure` without a value that says what it needs; nothing here returns NaN. Sources:
- Crocker, L. & Algina, J. (1986), Introduction to Classical and Modern Test Theory.
- Cronbach, L. J. (1951), Coefficient alpha and the internal structure of tests, Psychometrika 16.
- Ebel, R. L. & Frisbie, D. A. (1991), Essentials of Educational Measurement.
- Fisher, R. A. (1921), On the probable error of a coefficient of correlation, Metron 1.
- Henrysson, S. (1963), Correction of item-total correlations in item analysis, Psychometrika 28.
- Hyndman, R. J. & Fan, Y. (1996), Sample quantiles in statistical packages, The American Statistician 50.
- Lord, F. M. & Novick, M. R. (1968), Statistical Theories of Mental Test Scores.
- Wilson, E. B. & Hilferty, M. M. (1931), The distribution of chi-square, PNAS 17.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

GROUPS = 5
"""Into how many groups students are put by their total score."""
_TINY = 1e-12
"""Relative to what is compared: less is rounding, not variance."""


@dataclass(frozen=True)
class Figure:
    """A number, or what is needed before it can be known."""

    value: float | None
    needs: str = ""

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return self.value is not None


def known(value: float) -> Figure:
    """A figure that is known."""
    return Figure(value)


def unknown(needs: str) -> Figure:
    """A figure that is not known yet."""
    return Figure(None, needs)


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean of at least one value, summed exactly."""
    return math.fsum(values) / len(values)


def squares(values: Sequence[float]) -> float:
    """The sum of the squared distances from the mean; 0 for what is rounding alone."""
    if not values:
        return 0.0
    middle = mean(values)
    total = math.fsum((value - middle) ** 2 for value in values)
    scale = max(abs(max(values)), abs(min(values)))
    return 0.0 if total <= len(values) * (_TINY * scale) ** 2 else total


def variance(values: Sequence[float]) -> Figure:
    """The variance with n - 1 in the denominator (Crocker & Algina 1986, ch. 2)."""
    if len(values) < 2:  # noqa: PLR2004
        return unknown("at least 2 tries")
    return known(squares(values) / (len(values) - 1))


def standard_deviation(values: Sequence[float]) -> Figure:
    """The root of the variance."""
    found = variance(values)
    return found if found.value is None else known(math.sqrt(found.value))


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of at least one value lies, between neighbours in proportion.

    Hyndman & Fan (1996), definition 7: what NumPy and R give unless asked otherwise.
    """
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def correlation(one: Sequence[float], other: Sequence[float]) -> Figure:
    """The product-moment correlation of pairs, from -1 to 1 (Crocker & Algina 1986, ch. 2)."""
    if len(one) < 3:  # noqa: PLR2004 - through two points a line always goes
        return unknown("at least 3 tries")
    spread_one, spread_other = squares(one), squares(other)
    if not spread_one or not spread_other:
        return unknown("answers that differ")
    mean_one, mean_other = mean(one), mean(other)
    together = math.fsum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    return known(max(-1.0, min(1.0, together / math.sqrt(spread_one) / math.sqrt(spread_other))))


def discrimination(item: Sequence[float], rest: Sequence[float]) -> Figure:
    """The corrected point-biserial: an item's correlation with the score on all other items.

    Leaving the item out of the score keeps it from correlating with itself (Henrysson 1963; Crocker & Algina 1986,
    ch. 14). For partial credit the same product-moment correlation is meant. Lists are by try, item beside rest.
    """
    found = correlation(item, rest)
    if found.known or len(item) < 3:  # noqa: PLR2004
        return found
    if not squares(item):
        return unknown("answers that differ: everybody got the same points")
    return unknown("scores on the other questions that differ")


def upper_bound(correlation_found: float, tries: int) -> float:
    """What a correlation hardly exceeds: the upper end of its one-sided 95 % interval, by Fisher's z (1921)."""
    if tries <= 3:  # noqa: PLR2004 - the variance of z is 1 / (n - 3)
        return 1.0
    z = math.atanh(max(-1 + _TINY, min(1 - _TINY, correlation_found)))
    return math.tanh(z + 1.6449 / math.sqrt(tries - 3))


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Cronbach's alpha, the standard error of measurement in points, and how many questions a try had on average."""

    alpha: Figure
    error: Figure
    questions: float


def reliability(items: Sequence[tuple[Sequence[int], Sequence[float]]], tries: int) -> Reliability:
    """Cronbach's alpha (1951) and the standard error of measurement (Lord & Novick 1968, ch. 3) of a quiz.

    `items` holds for each question the numbers of the tries that had it (from 0, increasing) and the points earned.
    Where everybody had every question, alpha is the textbook's, k / (k - 1) x (1 - sum of the items' variances /
    variance of the totals), and the error is the totals' standard deviation x sqrt(1 - alpha).

    Where tries had different questions (draws), the same is written with averages. With v the mean variance of a
    question, c the mean covariance of two questions of one try, and k the mean number of questions in a try:
    alpha = k c / (v + (k - 1) c), and the error is sqrt(k (v - c)). For complete data these equal the textbook's; for
    draws they hold for tests sampled from a pool of items (Lord & Novick 1968, ch. 11). Each covariance is estimated
    from those tries that had both questions.
    """
    cells = sum(len(numbers) for numbers, _ in items)
    k = cells / tries if tries else 0.0
    if tries < 3:  # noqa: PLR2004
        return _unreliable(k, "at least 3 tries")
    if k < 2:  # noqa: PLR2004
        return _unreliable(k, "at least 2 questions in a try")
    degrees = sum(max(len(numbers) - 1, 0) for numbers, _ in items)
    if not degrees:
        return _unreliable(k, "tries that share questions")
    v = math.fsum(squares(points) for _, points in items) / degrees
    pairs = _pairs(items, tries)
    if pairs <= 0:
        return _unreliable(k, "tries that share questions")
    c = _products(items, tries) / pairs
    total = v + (k - 1) * c
    if not v or total <= v * _TINY:
        return _unreliable(k, "scores that differ")
    return Reliability(alpha=known(k * c / total), error=known(math.sqrt(max(0.0, k * (v - c)))), questions=k)


def _unreliable(k: float, needs: str) -> Reliability:
    return Reliability(alpha=unknown(needs), error=unknown(needs), questions=k)


def _products(items: Sequence[tuple[Sequence[int], Sequence[float]]], tries: int) -> float:
    """The sum, over tries and pairs of two questions of a try, of the product of the distances from the means."""
    summed, squared = [0.0] * tries, [0.0] * tries
    for numbers, points in items:
        if not points:
            continue
        middle = mean(points)
        for number, value in zip(numbers, points, strict=True):
            distance = value - middle
            summed[number] += distance
            squared[number] += distance * distance
    return math.fsum(one * one - own for one, own in zip(summed, squared, strict=True))


def _pairs(items: Sequence[tuple[Sequence[int], Sequence[float]]], tries: int) -> float:
    """How many products of true distances the sum above is worth, since each mean is estimated from the same tries.

    For questions with n and m tries, b of them with both: b (1 - 1/n - 1/m + b/(n m)); n - 1 where all have both.
    """
    alike: dict[tuple[int, ...], int] = {}
    for numbers, _ in items:
        if numbers:
            key = (len(numbers), _as_bits(numbers, tries))
            alike[key] = alike.get(key, 0) + 1
    groups = [(count, bits, times) for (count, bits), times in alike.items()]
    worth = 0.0
    for at, (n, bits, times) in enumerate(groups):
        if times > 1:
            worth += times * (times - 1) * (n - 1)
        for m, others, more in groups[at + 1 :]:
            both = (bits & others).bit_count()
            if both:
                worth += 2 * times * more * both * (1 - 1 / n - 1 / m + both / (n * m))
    return worth


def _as_bits(numbers: Sequence[int], tries: int) -> int:
    bits = bytearray(tries // 8 + 1)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")


def groups_by_score(scores: Sequence[float]) -> list[int]:
    """Each score's fifth, from 0 for the lowest: by its middle rank, so that equal scores are in the same group.

    Ties make the groups uneven, and may leave some empty. Upper and lower groups: Ebel & Frisbie 1991, ch. 13.
    """
    order = sorted(range(len(scores)), key=scores.__getitem__)
    found = [0] * len(scores)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        group = min(GROUPS - 1, int(GROUPS * (start + end) / 2 / len(order)))
        for number in order[start:end]:
            found[number] = group
        start = end
    return found


def shares_differ(one: int, of_one: int, other: int, of_other: int) -> float:
    """By how many standard errors a share exceeds another: the pooled two-proportion z; 0 where nothing is known."""
    if not of_one or not of_other:
        return 0.0
    pooled = (one + other) / (of_one + of_other)
    spread = pooled * (1 - pooled) * (1 / of_one + 1 / of_other)
    return (one / of_one - other / of_other) / math.sqrt(spread) if spread > 0 else 0.0


def chance_of_chi_square(value: float, degrees: int) -> float:
    """How often chance alone gives a chi-square of at least `value`: Wilson & Hilferty's (1931) cube root."""
    if value <= 0:
        return 1.0
    ninth = 2 / (9 * degrees)
    z = ((value / degrees) ** (1 / 3) - (1 - ninth)) / math.sqrt(ninth)
    return math.erfc(z / math.sqrt(2)) / 2


def chance_that_groups_are_alike(groups: Sequence[Sequence[float]]) -> Figure:
    """How often chance alone would let the groups' means differ so much.

    The groups' distances from the overall mean, weighted by size and divided by the variance within groups, are nearly
    chi-square with one degree fewer than groups.
    """
    filled = [group for group in groups if group]
    count = sum(map(len, filled))
    degrees = len(filled) - 1
    if degrees < 1 or count <= len(filled):
        return unknown("at least 2 groups, with several tries each")
    overall = math.fsum(value for group in filled for value in group) / count
    between = math.fsum(len(group) * (mean(group) - overall) ** 2 for group in filled)
    within = math.fsum(squares(group) for group in filled) / (count - len(filled))
    if not within:
        return known(1.0 if between <= count * _TINY else 0.0)
    return known(chance_of_chi_square(between / within, degrees))
