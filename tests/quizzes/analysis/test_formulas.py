"""The formulas give what NumPy and SciPy give, and say what they need where those give NaN."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from quizzes.analysis.formulas import (
    GROUPS,
    chance_of_chi_square,
    chance_that_groups_are_alike,
    correlation,
    discrimination,
    groups_by_score,
    quantile,
    reliability,
    shares_differ,
    standard_deviation,
    upper_bound,
    variance,
)

SEEDS = range(12)
Matrix = NDArray[np.float64]
values = st.lists(st.floats(-1000, 1000, allow_nan=False), min_size=1, max_size=40)
steps = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=40)


def a_class(seed: int, *, tries: int = 200, questions: int = 12) -> Matrix:
    """Points of tries (rows) in questions (columns): partial credit in steps, so with many ties."""
    rng = np.random.default_rng(seed)
    able = rng.normal(size=(tries, 1))
    hard = rng.normal(size=(1, questions))
    exact = 1 / (1 + np.exp(hard - able + rng.normal(scale=0.8, size=(tries, questions))))
    weights = rng.choice([1.0, 2.0, 0.5], size=questions)
    return np.round(exact * 2) / 2 * weights


def as_items(points: Matrix) -> list[tuple[list[int], list[float]]]:
    """The columns as `reliability` takes them: NaN stands for a question that the try did not have."""
    return [
        (
            [int(row) for row in np.flatnonzero(~np.isnan(column))],
            [float(x) for x in column[~np.isnan(column)]],
        )
        for column in points.T
    ]


def textbook_alpha(points: Matrix) -> float:
    k = points.shape[1]
    return float(k / (k - 1) * (1 - points.var(axis=0, ddof=1).sum() / points.sum(axis=1).var(ddof=1)))


@pytest.mark.parametrize("seed", SEEDS)
def test_discrimination_is_the_correlation_with_the_other_questions_by_scipy(seed: int) -> None:
    points = a_class(seed)
    for question in range(points.shape[1]):
        item, rest = points[:, question], points.sum(axis=1) - points[:, question]

        found = discrimination(list(item), list(rest))

        assert found.value == pytest.approx(stats.pearsonr(item, rest).statistic, abs=1e-12)


def test_discrimination_of_right_and_wrong_is_the_point_biserial_by_scipy() -> None:
    rng = np.random.default_rng(5)
    item = rng.integers(0, 2, size=90)
    rest = rng.integers(0, 9, size=90) + 2 * item

    found = discrimination([float(x) for x in item], [float(x) for x in rest])

    assert found.value == pytest.approx(stats.pointbiserialr(item, rest).statistic, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_alpha_and_its_error_are_the_textbooks_where_all_had_all_questions(seed: int) -> None:
    points = a_class(seed)

    found = reliability(as_items(points), len(points))

    alpha = textbook_alpha(points)
    assert found.alpha.value == pytest.approx(alpha, abs=1e-10)
    assert found.error.value == pytest.approx(points.sum(axis=1).std(ddof=1) * math.sqrt(1 - alpha), abs=1e-10)
    assert found.questions == points.shape[1]


def pairwise_alpha(points: Matrix) -> float:
    """By brute force: each covariance from the rows that have both, means over all rows that have each."""
    have = ~np.isnan(points)
    distance = points - np.nanmean(points, axis=0)
    count = have.sum(axis=0)
    products = worth = 0.0
    for one in range(points.shape[1]):
        for other in range(points.shape[1]):
            both = have[:, one] & have[:, other]
            if one != other and both.any():
                b = both.sum()
                products += (distance[both, one] * distance[both, other]).sum()
                worth += b * (1 - 1 / count[one] - 1 / count[other] + b / (count[one] * count[other]))
    v = np.nansum(distance**2) / (count - 1).sum()
    c, k = products / worth, have.sum() / len(points)
    return float(k * c / (v + (k - 1) * c))


@pytest.mark.parametrize("seed", SEEDS)
def test_alpha_of_a_quiz_that_draws_is_what_numpy_finds_pair_by_pair(seed: int) -> None:
    points = a_class(seed, questions=14)
    rng = np.random.default_rng(seed + 100)
    for row in points:
        row[rng.choice(14, size=6, replace=False)] = np.nan

    found = reliability(as_items(points), len(points))

    assert found.alpha.value == pytest.approx(pairwise_alpha(points), abs=1e-10)


def test_alpha_of_draws_from_a_bank_is_near_that_of_the_same_number_of_questions_for_all() -> None:
    whole = a_class(3, tries=4000, questions=40)
    whole = whole / whole.max(axis=0)
    rng = np.random.default_rng(3)
    for_all = np.mean([textbook_alpha(whole[:, rng.choice(40, size=10, replace=False)]) for _ in range(60)])
    drawn = whole.copy()
    for row in drawn:
        row[rng.choice(40, size=30, replace=False)] = np.nan

    found = reliability(as_items(drawn), len(drawn))

    assert found.alpha.value == pytest.approx(for_all, abs=0.03)


@pytest.mark.parametrize(
    ("points", "needs"),
    [
        ([[1.0, 0.0], [0.0, 1.0]], "at least 3 tries"),
        ([[1.0], [0.0], [1.0]], "at least 2 questions in a try"),
        ([[1.0, 1.0]] * 5, "scores that differ"),
        ([[1.0, 0.0], [0.0, 1.0]] * 5, "scores that differ"),
        (
            [[1.0, np.nan, 1.0, np.nan], [np.nan, 1.0, np.nan, 1.0], [np.nan] * 4],
            "at least 2 questions in a try",
        ),
    ],
    ids=["two tries", "one question", "all right", "sums that are all equal", "nothing in common"],
)
def test_alpha_says_what_it_needs_where_it_cannot_be_known(points: list[list[float]], needs: str) -> None:
    found = reliability(as_items(np.array(points)), len(points))

    assert (found.alpha.value, found.alpha.needs, found.error.value) == (None, needs, None)


def test_alpha_of_no_tries_is_not_known() -> None:
    assert not reliability([], 0).alpha.known


@given(values)
def test_quantiles_are_numpys(numbers: list[float]) -> None:
    for share in (0.0, 0.1, 0.25, 0.5, 0.75, 1.0):
        assert quantile(numbers, share) == pytest.approx(np.quantile(numbers, share), rel=1e-9, abs=1e-9)


@given(values)
def test_variance_and_deviation_are_numpys_or_say_what_they_need(numbers: list[float]) -> None:
    if len(numbers) < 2:
        assert variance(numbers).needs == standard_deviation(numbers).needs == "at least 2 tries"
    else:
        assert variance(numbers).value == pytest.approx(np.var(numbers, ddof=1), rel=1e-6, abs=1e-12)
        assert standard_deviation(numbers).value == pytest.approx(np.std(numbers, ddof=1), rel=1e-6, abs=1e-9)


@given(steps, st.randoms(use_true_random=False))
def test_correlation_is_symmetric_bounded_and_blind_to_scale(one: list[float], rng: "st.random.Random") -> None:
    other = [rng.choice([0.0, 0.5, 1.0, 3.0]) for _ in one]
    found = correlation(one, other)

    if not found.known:
        assert found.needs
        return
    assert found.value is not None
    assert -1 <= found.value <= 1
    assert correlation(other, one).value == pytest.approx(found.value, abs=1e-12)
    assert correlation([7 * x + 3 for x in one], other).value == pytest.approx(found.value, abs=1e-9)
    assert correlation([-x for x in one], other).value == pytest.approx(-found.value, abs=1e-9)


@pytest.mark.parametrize(
    ("item", "rest", "needs"),
    [
        ([1.0], [1.0], "at least 3 tries"),
        ([1.0, 0.0], [1.0, 2.0], "at least 3 tries"),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], "answers that differ: everybody got the same points"),
        ([1.0, 0.0, 1.0], [2.0, 2.0, 2.0], "scores on the other questions that differ"),
        ([0.1 + 0.2] * 2 + [0.3], [1.0, 2.0, 3.0], "answers that differ: everybody got the same points"),
    ],
    ids=["one student", "two students", "all right", "all alike otherwise", "equal but for rounding"],
)
def test_discrimination_says_what_it_needs_where_it_cannot_be_known(
    item: list[float], rest: list[float], needs: str
) -> None:
    found = discrimination(item, rest)

    assert (found.value, found.needs) == (None, needs)


@given(st.lists(st.floats(0, 1), max_size=60))
def test_fifths_keep_equal_scores_together_and_rise_with_the_score(scores: list[float]) -> None:
    found = groups_by_score(scores)

    assert all(0 <= group < GROUPS for group in found)
    for one, group in zip(scores, found, strict=True):
        for other, its in zip(scores, found, strict=True):
            if one <= other:
                assert group <= its
            if one == other:
                assert group == its


def test_fifths_of_different_scores_are_equally_large() -> None:
    found = groups_by_score([float(score) for score in range(100)])

    assert [found.count(group) for group in range(GROUPS)] == [20] * GROUPS


def test_one_student_is_in_the_middle() -> None:
    assert groups_by_score([0.3]) == [2]


@settings(max_examples=60)
@given(*(st.integers(0, 60) for _ in range(4)))
def test_shares_differ_as_the_chi_square_of_their_table(one: int, rest: int, other: int, others_rest: int) -> None:
    table = [[one, rest], [other, others_rest]]
    assume(all(map(any, table)) and any((one, other)) and any((rest, others_rest)))

    found = shares_differ(one, one + rest, other, other + others_rest)

    assert found**2 == pytest.approx(stats.chi2_contingency(table, correction=False).statistic, abs=1e-9)


def test_shares_of_nobody_or_of_all_alike_do_not_differ() -> None:
    assert shares_differ(0, 0, 1, 2) == shares_differ(3, 3, 5, 5) == 0


@pytest.mark.parametrize("degrees", [1, 2, 5, 19, 60])
def test_the_chance_of_a_chi_square_is_near_scipys(degrees: int) -> None:
    for value in np.linspace(0.05, 4 * degrees + 10, 40):
        assert chance_of_chi_square(float(value), degrees) == pytest.approx(stats.chi2.sf(value, degrees), abs=0.02)
    at_one_percent = float(stats.chi2.isf(0.01, degrees))
    assert chance_of_chi_square(at_one_percent, degrees) == pytest.approx(0.01, abs=0.002)


def test_groups_of_one_kind_seem_to_differ_as_seldom_as_promised() -> None:
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(600):
        groups = [[float(x) for x in rng.integers(0, 2, size=25)] for _ in range(6)]
        alarms += (chance_that_groups_are_alike(groups).value or 0) < 0.01

    assert alarms <= 18


@pytest.mark.parametrize(
    ("groups", "chance"),
    [([[1.0, 1.0], [0.0, 0.0]], 0.0), ([[1.0, 1.0], [1.0, 1.0], []], 1.0), ([[1.0], [0.0]], None), ([[0.5, 1]], None)],
    ids=["all right and all wrong", "all right", "one try each", "one group"],
)
def test_groups_without_variance_are_judged_too(groups: list[list[float]], chance: float | None) -> None:
    assert chance_that_groups_are_alike(groups).value == chance


@given(st.floats(-1, 1), st.integers(0, 1000))
def test_the_upper_bound_lies_above_and_within_range(found: float, tries: int) -> None:
    bound = upper_bound(found, tries)

    assert found - 1e-9 <= bound <= 1


def test_the_upper_bound_is_fishers() -> None:
    expected = math.tanh(math.atanh(-0.1) + float(stats.norm.ppf(0.95)) / math.sqrt(97))

    assert upper_bound(-0.1, 100) == pytest.approx(expected, abs=1e-4)
