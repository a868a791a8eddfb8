"""Questions of several parts give away nothing of their author's order, and tell each part what was right."""

import itertools
import random
from fractions import Fraction
from typing import Any

import pytest
from django.template.loader import render_to_string

from quizzes.rendering import block
from quizzes.showing import ask, with_sent_parts
from quizzes.types import REGISTRY
from quizzes.types.base import FormValues, MalformedAnswer, QuestionType
from quizzes.types.ordering import longest_run
from quizzes.types.parts import by_words, id_of
from quizzes.types.passage import passage_of

GIVEN = {"id": "q", "topics": ["docker.cli"], "text": "Which?"}


def question(kind: str, **fields: Any) -> QuestionType:
    return REGISTRY.question(GIVEN | {"kind": kind} | fields)


def ordering(*items: str, **fields: Any) -> QuestionType:
    return question("ordering", items=list(items), **fields)


def matching(*matches: str) -> QuestionType:
    return question("matching", pairs=[{"item": f"item {n}", "match": match} for n, match in enumerate(matches)])


def test_what_a_student_sees_of_a_matching_question_is_the_same_whichever_pairs_are_right() -> None:
    seen = {matching(*matches).public() for matches in itertools.permutations(["a", "b", "c", "d"])}
    assert len(seen) == 1


def test_what_a_student_sees_of_groups_is_the_same_whatever_belongs_where() -> None:
    def groups(*of: str) -> QuestionType:
        items = [{"text": f"item {n}", "group": group} for n, group in enumerate(of)]
        return question("categorise", groups=["a", "b"], items=items, offer_none=True)

    seen = {groups(*of).public() for of in itertools.product(["a", "b", "none"], repeat=3)}
    assert len(seen) == 1


def test_items_to_place_are_not_shown_as_they_were_written_even_unshuffled() -> None:
    items = [{"text": f"item {n}", "group": "a" if n < 12 else "b"} for n in range(24)]
    asked = question("categorise", groups=["a", "b"], items=items)
    order = asked.draw_order(random.Random(1), shuffle=False)
    assert order == asked.draw_order(random.Random(2), shuffle=False)
    shown = [part.id for part in asked.public(order).parts]
    assert shown == sorted(shown)


def test_a_drop_down_is_sorted_by_its_words_and_numbers_by_size() -> None:
    blank = {"options": ["8080", "80", "port 10", "port 9", "Port 1", "443"], "answer": "80"}
    asked = question("blanks", passage="[[p]]", blanks={"p": blank})
    (part,) = asked.public().parts
    assert [choice.text for choice in part.choices] == ["80", "443", "8080", "Port 1", "port 9", "port 10"]


def test_any_texts_can_be_sorted_together() -> None:
    texts = ["٣" * 5000, "9" * 5000, "²", "", "a1b", "1", "a", "\ud800"]
    assert len(sorted(texts, key=by_words)) == len(texts)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("count", [3, 4, 12])
def test_no_one_is_shown_items_in_the_right_order(count: int, shuffle: bool) -> None:
    asked = ordering(*(f"step {n}" for n in range(count)))
    right = [id_of(f"step {n}") for n in range(count)]
    orders = [asked.draw_order(random.Random(seed), shuffle=shuffle) for seed in range(200)]
    for order in (*orders, []):
        assert [part.id for part in asked.public(order).parts] != right
    assert len({tuple(order) for order in orders}) >= 5


def test_a_preview_of_any_items_is_not_in_the_right_order() -> None:
    for items in itertools.permutations(["a", "b", "c"]):
        assert [part.text for part in ordering(*items).public().parts] != list(items)


@pytest.mark.parametrize(
    ("answer", "run"),
    [
        ("abcde", "abcde"),
        ("bcdea", "bcde"),
        ("eabcd", "abcd"),
        ("deabc", "abc"),
        ("abdec", "ab"),  # the first of equals
        ("edcba", "e"),
        ("acebd", "a"),
        ("abced", "abc"),
    ],
)
def test_a_run_is_made_of_items_that_follow_each_other_directly(answer: str, run: str) -> None:
    assert "".join(longest_run(answer, "abcde")) == run
    asked = ordering(*"abcde")
    judged = asked.score([id_of(letter) for letter in answer])
    assert judged.fraction == Fraction(len(run) - 1, 4)
    right = {letter for letter in "abcde" if judged.options[id_of(letter)].outcome == "right"}
    assert right == (set(run) if len(run) > 1 else set())


def test_every_order_but_the_right_one_earns_less_than_all() -> None:
    asked = ordering("a", "b", "c", "d")
    full = [
        order
        for order in itertools.permutations("abcd")
        if asked.score([id_of(letter) for letter in order]).fraction == 1
    ]
    assert full == [("a", "b", "c", "d")]


def test_places_that_are_no_order_are_refused_in_words_and_stay_in_their_fields() -> None:
    asked = ordering("a", "b", "c")
    a, b, c = (id_of(letter) for letter in "abc")
    sent = FormValues(parts={a: "1", b: "1", c: ""})
    with pytest.raises(MalformedAnswer, match="Place 1 is given twice"):
        asked.parse(sent)
    with pytest.raises(MalformedAnswer, match="2 of 3 items have no place yet"):
        asked.parse(FormValues(parts={a: "2", b: "", c: ""}))
    shown = ask(asked, position=1, option_order=[], max_points=asked.points, value=None)
    again = with_sent_parts(shown, sent.parts)
    html = render_to_string(again.template, {"question": again, "value": None, "mode": "answer"})
    assert html.count('<option value="1" selected>') == 2
    assert html.count("selected") == 2


def test_an_order_that_was_saved_is_shown_in_that_order() -> None:
    asked = ordering(*(f"step {n}" for n in range(11)))
    order = [id_of(f"step {n}") for n in range(11)]
    shown = ask(asked, position=1, option_order=[], max_points=asked.points, value=order)
    assert [part.id for part in sorted(shown.parts, key=lambda part: part.place)] == order


def test_blanks_are_numbered_as_they_stand_and_tell_no_names() -> None:
    asked = question(
        "blanks",
        passage="First [[zz-secret]], then `run [[aa-secret]]`.",
        blanks={"aa-secret": {"answer": "2"}, "zz-secret": {"answer": "1"}},
    )
    public = asked.public()
    assert [part.id for part in public.parts] == ["b1", "b2"]
    assert "secret" not in repr(public)
    assert asked.score({"b1": "1", "b2": "2"}).fraction == 1


def test_a_passage_is_cut_without_breaking_its_markup() -> None:
    text = "- one [[a]] *b [[c]]*\n\n```\nx [[d]] && [[ -f y ]]\n```\n\n| h [[e]] |\n|---|\n| [[f]] |\n\n"
    text += "&amp; [[G]] <b>[[g]]</b>"
    passage = passage_of(text)
    assert passage.names == ("a", "c", "d", "e", "f", "g")
    whole = "".join(f"{before}[[{name}]]" for before, name in zip(passage.before, passage.names, strict=True))
    assert whole + passage.tail == block(text)


def test_an_answer_that_is_no_answer_still_tells_each_part_what_was_right() -> None:
    asked = matching("a", "b")
    judged = asked.score_or_nothing(None)
    assert judged.fraction == 0
    assert {mark.outcome for mark in judged.options.values()} == {"missed"}
    assert {mark.right for mark in judged.options.values()} == {"a", "b"}
