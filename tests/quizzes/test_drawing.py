"""Draws fill every slot with another fitting question whenever that is possible at all."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.drawing import Candidate, CannotDraw, draw_questions
from quizzes.specs import Draw, QuizSpec


def a_candidate(
    version: int,
    *topics: str,
    kind: str = "numeric",
    difficulty: int = 2,
    slug: str = "",
    tags: Sequence[str] = (),
) -> Candidate:
    return Candidate(
        version=version,
        slug=slug or f"q-{version}",
        kind=kind,
        topics=topics or ("docker.cli",),
        difficulty=difficulty,
        points=Decimal(1),
        tags=tags,
    )


def drawn(
    items: list[Any],
    pool: list[Candidate],
    *,
    seed: int = 0,
    seen: Mapping[str, int] | None = None,
    **settings: Any,
) -> list[int]:
    spec = QuizSpec.model_validate({"title": "t", "items": items, **settings})
    listed = {candidate.slug: candidate for candidate in pool}
    questions = draw_questions(spec, listed=listed, pool=pool, rng=random.Random(seed), seen=seen)
    return [question.version for question in questions]


def test_listed_questions_stand_in_order_and_are_not_drawn_again() -> None:
    pool = [a_candidate(n) for n in range(1, 6)]
    for seed in range(20):
        versions = drawn(
            [
                "q-3",
                {"draw": 4},
            ],
            pool,
            seed=seed,
        )
        assert versions[0] == 3
        assert sorted(versions) == [1, 2, 3, 4, 5]


def test_draws_look_at_topic_group_kind_and_difficulty() -> None:
    pool = [
        a_candidate(1, "dockerfile.run"),
        a_candidate(2, "dockerfile.cmd", kind="short_text"),
        a_candidate(3, "cmd.run", difficulty=5),
        a_candidate(4, "dockerfile"),
    ]
    assert drawn([{"draw": 1, "topics": ["dockerfile.run"]}], pool) == [1]
    assert sorted(drawn([{"draw": 2, "topics": ["dockerfile.*"]}], pool)) == [1, 2]
    assert drawn([{"draw": 1, "kinds": ["short_text"]}], pool) == [2]
    assert drawn([{"draw": 1, "difficulty": [4, 5]}], pool) == [3]


def test_a_wide_draw_leaves_a_narrow_one_what_it_needs() -> None:
    pool = [a_candidate(1, "a.x"), a_candidate(2, "a.x"), a_candidate(3, "b.y"), a_candidate(4, "b.y")]
    for seed in range(50):
        versions = drawn([{"draw": 2}, {"draw": 2, "topics": ["a.x"]}], pool, seed=seed)
        assert sorted(versions[2:]) == [1, 2]


def test_chains_of_overlapping_draws_are_untangled() -> None:
    pool = [a_candidate(n, f"t.{n}", f"t.{n + 1}") for n in range(1, 31)]
    items = [{"draw": 1, "topics": [f"t.{n}"]} for n in range(2, 32)]
    for seed in range(10):
        assert sorted(drawn(items, pool, seed=seed)) == list(range(1, 31))


def test_a_draw_that_cannot_be_met_names_its_item() -> None:
    pool = [a_candidate(1, "a.x"), a_candidate(2, "b.y")]
    with pytest.raises(CannotDraw) as few:
        drawn(["q-2", {"draw": 2, "topics": ["a.x"]}], pool)
    assert (few.value.item, few.value.message) == (1, "this draws 2, and the banks hold 1 that fit and are not listed")
    with pytest.raises(CannotDraw) as shared:
        drawn([{"draw": 1, "topics": ["a.x"]}, {"draw": 1, "topics": ["a.*"]}], pool)
    assert "other draws need them too" in shared.value.message
    with pytest.raises(CannotDraw) as unknown:
        drawn(["q-9"], pool)
    assert "there is no question `q-9`" in unknown.value.message


def test_every_fitting_question_has_the_same_chance() -> None:
    pool = [a_candidate(n) for n in range(1, 9)]
    rng = random.Random(7)
    spec = QuizSpec.model_validate({"title": "t", "items": [{"draw": 4}]})
    counts = Counter(
        question.version for _ in range(4000) for question in draw_questions(spec, listed={}, pool=pool, rng=rng)
    )
    assert set(counts) == set(range(1, 9))
    assert all(1800 < count < 2200 for count in counts.values())  # 2000 expected, standard deviation 32


def test_draws_look_at_tags() -> None:
    pool = [a_candidate(1, tags=("exam",)), a_candidate(2, tags=("exam", "hard")), a_candidate(3)]
    assert sorted(drawn([{"draw": 2, "tags": ["exam"]}], pool)) == [1, 2]
    assert drawn([{"draw": 1, "tags": ["hard", "other"]}], pool) == [2]


def test_unseen_questions_come_first_and_then_those_seen_least() -> None:
    pool = [a_candidate(n) for n in range(1, 7)]
    seen = {"q-1": 2, "q-2": 1, "q-3": 1}
    for seed in range(30):
        assert set(drawn([{"draw": 4}], pool, seed=seed, seen=seen)) > {4, 5, 6}
        assert set(drawn([{"draw": 5}], pool, seed=seed, seen=seen)) == {2, 3, 4, 5, 6}


def test_a_wide_draw_leaves_unseen_questions_to_a_narrow_one() -> None:
    pool = [a_candidate(1, "a.x"), a_candidate(2, "a.x"), a_candidate(3, "b.y"), a_candidate(4, "b.y")]
    seen = {"q-2": 3, "q-4": 3}
    for seed in range(50):
        versions = drawn([{"draw": 1}, {"draw": 1, "topics": ["a.x"]}], pool, seed=seed, seen=seen)
        assert versions == [3, 1]


TOPICS = ("a.x", "a.y", "b.x")
POOLS = st.lists(st.tuples(st.sets(st.sampled_from(TOPICS), min_size=1), st.integers(0, 3)), min_size=1, max_size=7)
DRAWS = st.lists(
    st.tuples(st.integers(1, 3), st.sets(st.sampled_from((*TOPICS, "a.*")))), min_size=1, max_size=3
).filter(lambda draws: sum(count for count, _ in draws) <= 6)


@given(POOLS, DRAWS, st.integers(0, 99))
def test_no_other_choice_uses_more_that_is_unseen(
    pool: list[tuple[set[str], int]], draws: list[tuple[int, set[str]]], seed: int
) -> None:
    candidates = [a_candidate(number, *sorted(topics)) for number, (topics, _) in enumerate(pool, 1)]
    seen = {f"q-{number}": times for number, (_, times) in enumerate(pool, 1)}
    items = [{"draw": count, "topics": sorted(topics)} for count, topics in draws]
    slots = [item for item in items for _ in range(item["draw"])]  # type: ignore[call-overload]
    takes = [Draw.model_validate(slot) for slot in slots]
    possible = [
        sorted(seen[candidate.slug] for candidate in chosen)
        for chosen in permutations(candidates, len(takes))
        if all(
            draw.takes(topics=candidate.topics, kind=candidate.kind, difficulty=2)
            for draw, candidate in zip(takes, chosen, strict=True)
        )
    ]
    if not possible:
        with pytest.raises(CannotDraw):
            drawn(items, candidates, seed=seed, seen=seen)
        return
    versions = drawn(items, candidates, seed=seed, seen=seen)
    assert len(set(versions)) == len(takes)
    for draw, version in zip(takes, versions, strict=True):
        chosen = candidates[version - 1]
        assert draw.takes(topics=chosen.topics, kind=chosen.kind, difficulty=2)
    assert sorted(seen[f"q-{version}"] for version in versions) == min(possible)


def test_a_large_bank_with_many_draws_that_overlap_is_drawn_from() -> None:
    pool = [a_candidate(n, f"t.{n % 40}", f"t.{(n + 1) % 40}", difficulty=n % 5 + 1) for n in range(2000)]
    items = [{"draw": 4, "topics": [f"t.{n}", f"t.{(n + 3) % 40}"]} for n in range(40)] + [{"draw": 40}]
    seen = {f"q-{n}": 1 for n in range(1800)}
    versions = drawn(items, pool, seen=seen)
    assert len(set(versions)) == 200
    assert sum(version >= 1800 for version in versions) == 200
