"""Flags are raised for questions that are bad, in words, and not by chance for those that are good."""

import random
from collections.abc import Callable, Sequence

import pytest

from quizzes.analysis.figures import QuestionFigures, figures_of
from quizzes.analysis.flags import flags_of
from quizzes.analysis.sheet import Asked, Column, OptionAsked, Sheet

OPTIONS = tuple(OptionAsked(id=name, text=f"option {name}", right=name == "a") for name in "abcd")
Choosing = Callable[[float, random.Random], int | None]
"""From ability (0 to 1) to the place of the option chosen; None for nothing."""


def by_ability(able: float, rng: random.Random) -> int | None:
    return 0 if rng.random() < 0.25 + 0.6 * able else rng.randrange(1, 4)


def a_sheet(choosing: Choosing, *, tries: int = 100, others: int = 10, seed: int = 1, variants: int = 0) -> Sheet:
    """A question answered as told, beside others that are good."""
    rng = random.Random(seed)
    first = Asked(pk=1, slug="q", kind="single_choice", title="Q", options=OPTIONS, one_answer=True)
    asked = [first, *(Asked(pk=2 + at, slug=f"o{at}", kind="numeric", title="O") for at in range(others))]
    columns = [Column() for _ in asked]
    columns[0].seeds, columns[0].variant_options = list(range(variants)), [()] * variants
    for number in range(tries):
        able = rng.random()
        place = choosing(able, rng)
        columns[0].add(
            number=number,
            points=float(place == 0),
            possible=1,
            chosen=-1 if place is None else 1 << place,
            variant=number % variants if variants else -1,
        )
        for column in columns[1:]:
            column.add(number=number, points=float(rng.random() < able), possible=1, chosen=0)
    return Sheet(tries=tries, asked=asked, columns=columns)


def first(sheet: Sheet) -> QuestionFigures:
    return figures_of(sheet).questions[0]


def codes(sheet: Sheet) -> set[str]:
    return {flag.code for flag in flags_of(first(sheet))}


def test_a_good_question_has_no_flags() -> None:
    assert codes(a_sheet(by_ability, tries=300)) == set()


def test_good_questions_are_hardly_ever_flagged_by_chance() -> None:
    alarms: Sequence[set[str]] = [codes(a_sheet(by_ability, tries=40, seed=seed)) for seed in range(120)]

    assert sum(bool(found - {"unused_option"}) for found in alarms) <= 4


def test_a_wrong_key_is_found() -> None:
    def as_if_b_were_right(able: float, rng: random.Random) -> int | None:
        place = by_ability(able, rng)
        return {0: 1, 1: 0}.get(place or 0, place)

    found = flags_of(first(a_sheet(as_if_b_were_right, tries=200)))

    assert found[0].code in {"best_choose_other", "negative_discrimination"}
    assert {"best_choose_other", "negative_discrimination"} <= {flag.code for flag in found}
    assert "B (“option b”)" in next(flag.text for flag in found if flag.code == "best_choose_other")


def test_an_option_that_the_best_fall_for_is_found_although_the_key_is_chosen_more() -> None:
    def knowing_too_much(able: float, rng: random.Random) -> int | None:
        if able > 0.6 and rng.random() < 0.45:
            return 1
        return 0 if rng.random() < 0.6 else rng.randrange(2, 4)

    assert "best_fall_for" in codes(a_sheet(knowing_too_much, tries=400))


@pytest.mark.parametrize(
    ("choosing", "code"),
    [
        (lambda able, rng: 0 if rng.random() < 0.98 else 1, "too_easy"),
        (lambda able, rng: 0 if rng.random() < 0.12 else rng.randrange(1, 4), "as_guessing"),
        (lambda able, rng: 0 if rng.random() < 0.4 + 0.4 * able else rng.randrange(1, 3), "unused_option"),
        (lambda able, rng: None if rng.random() < 0.4 else by_ability(able, rng), "left_out"),
        (lambda able, rng: 0 if rng.random() < 0.6 else rng.randrange(1, 4), "weak_discrimination"),
    ],
    ids=["easy", "guessed", "unused", "left out", "about something else"],
)
def test_what_is_wrong_is_said(choosing: Choosing, code: str) -> None:
    assert code in codes(a_sheet(choosing, tries=800))


def test_a_hard_question_without_options_is_called_hard() -> None:
    sheet = a_sheet(lambda able, rng: 0 if able > 0.9 else 1, tries=100)
    plain = Asked(pk=1, slug="q", kind="numeric", title="Q")

    assert "too_hard" in codes(Sheet(tries=100, asked=[plain, *sheet.asked[1:]], columns=sheet.columns))


def test_with_few_tries_nothing_is_said_but_that() -> None:
    assert codes(a_sheet(lambda able, rng: 1, tries=19)) == {"few"}
    assert "few" not in codes(a_sheet(lambda able, rng: 1, tries=20))


def test_variants_of_unequal_difficulty_are_found_and_equal_ones_are_not() -> None:
    counter = iter(range(10_000))

    def hard_every_other_time(able: float, rng: random.Random) -> int | None:
        return 0 if rng.random() < (0.2 if next(counter) % 2 else 0.9) else rng.randrange(1, 4)

    assert "variants_differ" in codes(a_sheet(hard_every_other_time, tries=100, variants=2))
    assert "variants_differ" not in codes(a_sheet(by_ability, tries=300, variants=6))


def test_variants_with_few_tries_each_are_not_compared() -> None:
    found = first(a_sheet(by_ability, tries=60, variants=30))

    assert found.variants_alike.needs == "at least 2 variants with 10 tries each"
    assert len(found.variants) == 30


def test_flags_use_no_word_of_a_statistician() -> None:
    words = " ".join(
        flag.text
        for choosing in (by_ability, lambda able, rng: 1, lambda able, rng: None, lambda able, rng: 0)
        for flag in flags_of(first(a_sheet(choosing, tries=60)))
    )

    assert words
    assert not any(word in words.lower() for word in ("correlation", "biserial", "p-value", "significant", "quintile"))
