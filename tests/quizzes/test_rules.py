"""Rules: another key, dropped, full marks. Pure, for every kind, for variants, and never out of range."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.grading import Response, best_of, judge, score_responses, standing_of
from quizzes.rescoring import TryScore
from quizzes.rules import NO_RULES, BadRule, Change, Rule, Rules, current_key, rekeyed
from quizzes.types import REGISTRY
from quizzes.types.base import QuestionType
from tests.quizzes.building import CHOICE, NUMBER, ONE_OF_EACH, SEVERAL, STATEMENT, WORD, option, questions_of

DROP, FULL = Rule(change=Change.DROP), Rule(change=Change.FULL)


def question(data: dict[str, Any]) -> QuestionType:
    (made,) = questions_of(data)
    return made


def key(*fields: dict[str, Any]) -> Rule:
    return Rule(change=Change.KEY, keys=fields)


@pytest.mark.parametrize(
    ("data", "fields", "value", "before", "after"),
    [
        (CHOICE, {"answer": "running"}, option(CHOICE, "running"), 0, 1),
        (SEVERAL, {"answer": ["its memory"]}, [option(SEVERAL, "its memory")], Fraction(1, 2), 1),
        (STATEMENT, {"answer": True}, True, 0, 1),
        (WORD, {"answer": ["cd", "chdir"], "wrong": []}, "CHDIR", 0, 1),
        (NUMBER, {"answer": 1500, "within": 10}, "1507", 0, 1),
    ],
)
def test_another_key_scores_by_the_new_one(
    data: dict[str, Any], fields: dict[str, Any], value: Any, before: Fraction, after: Fraction
) -> None:
    asked = question(data)
    assert asked.score(value).fraction == before
    assert rekeyed(asked, fields).score(value).fraction == after


@pytest.mark.parametrize("kind", list(REGISTRY))
def test_each_kind_takes_its_own_key_back_and_nothing_of_what_was_asked(kind: str) -> None:
    for sample in REGISTRY.get(kind).samples():
        asked = REGISTRY.question(sample.spec)
        again = rekeyed(asked, current_key(asked) or {"explanation": "Because."})
        assert again.public() == asked.public()
        if sample.fraction is not None:
            assert again.score_or_nothing(asked.parse(sample.raw)).fraction == sample.fraction
        for field in ("id", "kind", "text", "points", "topics", "tags", "difficulty", "proof", "values"):
            with pytest.raises(BadRule, match=f"cannot change `{field}`"):
                rekeyed(asked, {field: 1})


def test_a_key_that_changes_what_students_saw_is_refused() -> None:
    with pytest.raises(BadRule, match="what students saw"):
        rekeyed(question(CHOICE), {"options": ["created", "running", "paused", "gone"]})


def test_the_best_of_several_keys_counts() -> None:
    rules = Rules({"created": key({"answer": "created"}, {"answer": "running"})})
    asked = question(CHOICE)
    judges = rules.judges(asked)
    shares = [best_of(judges, option(CHOICE, text)).fraction for text in ("created", "running", "paused")]
    assert shares == [1, 1, 0]
    assert best_of(judges, None).fraction == 0


def test_a_key_that_does_not_fit_leaves_the_question_s_own() -> None:
    rules = Rules({"created": key({"answer": "exploded"})})
    asked = question(CHOICE)
    assert rules.judges(asked) == (asked,)
    half = Rules({"created": key({"answer": "exploded"}, {"answer": "running"})})
    assert best_of(half.judges(asked), option(CHOICE, "running")).fraction == 1


VARIED = {
    "id": "sum",
    "kind": "numeric",
    "topics": ["docker.cli"],
    "text": "Two containers listen, on {a} and {a + 1}. What do the ports add up to?",
    "values": {
        "a": {"kind": "number", "at_least": 1000, "at_most": 9000},
        "b": {"compute": "a + 1"},
        "total": {"compute": "2 * a + 1"},
    },
    "answer": "{total}",
}


def a_family() -> QuestionType:
    return REGISTRY.question({**VARIED, "text": "Ports {a} and {b}: what do they add up to?"})


def test_a_varying_question_s_new_key_is_computed_for_each_variant() -> None:
    family = REGISTRY.question({**VARIED, "text": "Ports {a} and {b}: add them up. (Not {total}.)"})
    assert family.varies
    rules = Rules({"sum": key({"answer": "{b}"})})
    for seed in (1, 2, 17):
        variant = family.variant(seed)
        values = {name: str(amount) for name, amount in family.values_of(seed).items()}  # type: ignore[attr-defined]
        judges = rules.judges(variant, family=family, seed=seed)
        assert [best_of(judges, values[name]).fraction for name in ("b", "total")] == [1, 0]


def test_a_variant_that_its_family_no_longer_makes_gets_no_key_that_would_have_to_be_computed() -> None:
    family = a_family_without_total()
    stored = REGISTRY.question(
        {"id": "sum", "kind": "numeric", "topics": ["docker.cli"], "text": "Ports 1 and 2: add them up.", "answer": 3}
    )
    computed, plain = Rules({"sum": key({"answer": "{b}"})}), Rules({"sum": key({"answer": 4})})
    assert best_of(computed.judges(stored, family=family, seed=5), "3").fraction == 1
    assert [best_of(plain.judges(stored, family=family, seed=5), text).fraction for text in ("3", "4")] == [0, 1]


def a_family_without_total() -> QuestionType:
    return REGISTRY.question({**VARIED, "text": "Ports {a} and {b}: what do they add up to, {total} aside?"})


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("double", None),
        ("key", None),
        ("key", {}),
        ("key", ["answer"]),
        ("key", {"any_of": []}),
        ("key", {"any_of": "answer"}),
        ("key", {"any_of": [{}]}),
        ("key", {"any_of": [{"answer": "x"}] * 13}),
    ],
)
def test_what_is_no_rule_is_refused(kind: str, detail: object) -> None:
    with pytest.raises(BadRule):
        Rule.of(kind, detail)


@pytest.mark.parametrize("rule", [DROP, FULL, key({"answer": "a"}), key({"answer": "a"}, {"answer": "b"})])
def test_a_rule_survives_being_stored(rule: Rule) -> None:
    assert Rule.stored(rule.as_json()) == rule
    assert Rule.of(rule.change, rule.detail) == rule


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=20),
    st.sampled_from([option(CHOICE, text) for text in ("created", "running", "paused")]),
    st.lists(st.sampled_from([option(SEVERAL, text) for text in ("its memory", "its files")]), max_size=2, unique=True),
)
RULES = st.sampled_from(
    [
        None,
        DROP,
        FULL,
        key({"answer": "running"}),
        key({"answer": ["its files"]}),
        key({"answer": True}),
        key({"answer": "7"}),
    ]
)


@given(values=st.lists(VALUES, min_size=5, max_size=5), rules=st.lists(RULES, min_size=5, max_size=5))
def test_scores_stay_in_range_and_scoring_twice_gives_the_same(values: list[Any], rules: list[Rule | None]) -> None:
    asked = questions_of(*ONE_OF_EACH)
    held = Rules({one.id: rule for one, rule in zip(asked, rules, strict=True) if rule is not None})
    responses = [
        Response(question=one, value=value, max_points=one.points) for one, value in zip(asked, values, strict=True)
    ]
    result = score_responses(responses, held)
    assert 0 <= result.score <= result.max_score <= result.worth == 6
    for one, judged in zip(responses, result.judged, strict=True):
        rule = held.of(one.question)
        assert (judged.points is None) == (rule == DROP)
        assert judged.points is None or 0 <= judged.points <= one.max_points
        assert rule != FULL or judged.points == one.max_points
    assert all(0 <= row.points <= row.max_points for row in result.evidence)
    assert score_responses(responses, Rules(held.by_question)) == result
    without = score_responses(responses, NO_RULES)
    for one, was, now in zip(responses, without.judged, result.judged, strict=True):
        assert held.of(one.question) is not None or was == now


@given(
    tries=st.lists(
        st.tuples(st.integers(0, 600), st.integers(1, 600), st.integers(0, 600), st.integers(0, 100)), min_size=1
    ),
    scoring=st.sampled_from(["best", "last", "first", "average"]),
)
def test_what_counts_is_never_more_than_a_try_was_worth(tries: list[tuple[int, int, int, int]], scoring: Any) -> None:
    listed = [
        TryScore(
            attempt_id=number,
            number=number,
            score=Decimal(min(score, out_of)) / 100,
            max_score=Decimal(out_of) / 100,
            worth=Decimal(out_of + dropped) / 100 if dropped else None,
            late_factor=Decimal(late) / 100,
        )
        for number, (score, out_of, dropped, late) in enumerate(tries, 1)
    ]
    standing = standing_of(listed, scoring=scoring)
    assert 0 <= standing.points <= standing.max_points
    if not any(one.worth for one in listed) and scoring != "average":
        assert standing.points == standing.source.score


def test_a_try_of_which_everything_was_dropped_earns_nothing_of_what_it_was_worth() -> None:
    result = score_responses(
        [Response(question=question(CHOICE), value=None, max_points=Decimal(1))], Rules({"created": DROP})
    )
    assert (result.score, result.max_score, result.worth, result.evidence) == (0, 0, 1, ())
    nothing = TryScore(
        attempt_id=1, number=1, score=Decimal(0), max_score=Decimal(0), worth=Decimal(1), late_factor=Decimal(1)
    )
    assert standing_of([nothing], scoring="best").points == 0


def test_full_marks_are_for_the_unanswered_too() -> None:
    response = Response(question=question(CHOICE), value=None, max_points=Decimal("1.5"))
    assert judge(response, Rules({"created": FULL})).points == Decimal("1.5")
