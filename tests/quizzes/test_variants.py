"""A question with values gives each seed a variant of its own, and an author's slip shows when it is loaded."""

import json
import random
import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from graders.authored import read_yaml
from graders.spec import problems_of
from quizzes.specs import Bank
from quizzes.stored import as_json, digest_of, question_of
from quizzes.types import REGISTRY
from quizzes.types.base import QuestionType
from quizzes.types.numeric import Numeric
from quizzes.variants import Family, VariantFails, try_variants

MEBIBYTES = """
id: mebibytes
kind: numeric
topics: [best.lightweight]
text: How many KiB are {n} MiB?
answer: "{total}"
unit: KiB
wrong:
  - {value: "{thousand}", feedback: "A MiB is 1024 KiB: {n} of them are {total}."}
explanation: "{n} x 1024"
values:
  n: {kind: number, at_least: 2, at_most: 64}
  total: {compute: n * 1024}
  thousand: {compute: n * 1000}
"""


def a_family(text: str = MEBIBYTES) -> Family:
    question = REGISTRY.question(read_yaml(text, file="bank.yaml").value)
    assert isinstance(question, Family)
    return question


def said_about(text: str) -> list[str]:
    """What an author is told about a question of a bank, each with its line (the question begins on line 1)."""
    lines = text.strip().splitlines()
    bank = "\n".join(["- " + lines[0], *("  " + line for line in lines[1:])])
    document = read_yaml(bank, file="bank.yaml")
    try:
        Bank.model_validate(document.value)
    except ValidationError as error:
        return [f"{problem.line}: {problem.message}" for problem in problems_of(error, document, Bank)]
    return []


def changed(text: str = MEBIBYTES, /, **lines: str) -> str:
    """The question with other lines: by their key, whatever is on the line; empty leaves it out."""
    result = []
    for line in text.strip().splitlines():
        key = line.strip().partition(":")[0]
        if key not in lines:
            result.append(line)
        elif lines[key]:
            result.append(f"{line[: len(line) - len(line.lstrip())]}{key}: {lines[key]}")
    return "\n".join(result)


def test_a_variant_is_a_question_of_its_kind_with_the_values_put_in() -> None:
    family = a_family()
    assert family.varies
    assert (family.kind, family.topics, family.difficulty) == ("numeric", ("best.lightweight",), 2)
    assert family.text == "How many KiB are {n} MiB?"
    variant = family.variant(5)
    number = int(family.values_of(5)["n"])  # type: ignore[arg-type]
    assert isinstance(variant, Numeric)
    assert not variant.varies
    assert variant.text == f"How many KiB are {number} MiB?"
    assert variant.answer == number * 1024
    assert variant.score(str(number * 1024)).fraction == 1
    assert variant.score(str(number * 1000)).feedback == f"A MiB is 1024 KiB: {number} of them are {number * 1024}."
    assert len({family.variant(seed).text for seed in range(200)}) > 50


def test_a_seed_gives_the_same_variant_in_every_process() -> None:
    family = a_family()
    code = (
        "import json, sys; from quizzes.types import REGISTRY; "
        "q = REGISTRY.question(json.load(sys.stdin)); print([q.variant(s).text for s in range(50)])"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(as_json(family), sort_keys=True),
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": hash_seed, "DJANGO_SETTINGS_MODULE": "config.settings"},
            cwd=Path(__file__).parents[2],
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert seen == {str([family.variant(seed).text for seed in range(50)])}


def test_a_seed_gives_the_values_it_always_gave() -> None:
    assert [str(a_family().values_of(seed)["n"]) for seed in (0, 1, 2**47)] == ["26", "32", "48"]


def test_a_family_comes_back_from_the_database_as_it_was_even_with_its_keys_in_another_order() -> None:
    family = a_family()
    stored = json.loads(json.dumps(as_json(family), sort_keys=True))
    again = question_of(f"{digest_of(family)} sorted", stored)
    assert again == family
    assert digest_of(again) == digest_of(family)
    assert hash(again) == hash(family)
    assert [again.variant(seed) for seed in range(30)] == [family.variant(seed) for seed in range(30)]
    assert digest_of(a_family(changed(explanation="'{n} times 1024'"))) != digest_of(family)


def test_a_family_as_itself_is_the_variant_with_seed_0() -> None:
    family = a_family()
    first = family.variant(0)
    assert family.public() == first.public()
    assert family.key() == first.key()
    assert family.read("7") == "7"
    assert family.score("7") == first.score("7")
    assert family.instruction == first.instruction
    assert (family.takes_many, family.takes_parts, family.needs_person) == (False, False, False)
    assert family.show_value("7") == "7"
    assert (family.shuffled_options(), family.draw_order(random.Random(1), shuffle=True)) == (0, [])
    assert Family.samples() == []


EACH_KIND_OF_VALUE = """
id: values
kind: short_text
topics: [cmd.run]
text: "{w} {s} {p} {h} {x} {path} {c} {n} {m} {d} {picks} {picks_1} {said} {instruction} {{w}} ${HOME}"
answer: "{does}"
values:
  w: word
  s: sentence
  p: port
  h: hex
  x: nonce
  path: path
  c: {kind: choice, of: [bridge, 7, 2.50]}
  n: {kind: number, at_least: 10, at_most: 50, step: 20}
  m: {kind: number, at_least: 1, at_most: n - 1}
  d: {kind: decimal, at_least: 0.5, at_most: 1.5, places: 2, step: 0.25}
  picks: {kind: sample, of: [a, b, c, d], take: 3}
  said: {compute: "lower(instruction) + ' ' + str(n / 4)"}
  row:
    rows:
      - {instruction: COPY, does: copies}
      - {instruction: ADD, does: adds}
"""


def test_every_kind_of_value_keeps_what_it_promises() -> None:
    family = a_family(EACH_KIND_OF_VALUE)
    seen: dict[str, set[Any]] = {}
    for seed in range(300):
        values = family.values_of(seed)
        for name, amount in values.items():
            seen.setdefault(name, set()).add(amount)
        assert values["m"] < values["n"]  # type: ignore[operator]
        assert len(set(values["picks"])) == 3  # type: ignore[arg-type]
        assert values["picks"][0] == values["picks_1"]  # type: ignore[index]
        assert {"COPY": "copies", "ADD": "adds"}[str(values["instruction"])] == values["does"]
    assert seen["n"] == {10, 30, 50}
    assert seen["d"] == {Fraction(number, 4) for number in range(2, 7)}
    assert seen["c"] == {"bridge", Fraction(7), Fraction(5, 2)}
    assert all(isinstance(port, Fraction) for port in seen["p"])
    assert {"a", "b", "c", "d"} == seen["picks_1"]
    text = family.variant(3).text
    assert "{w}" in text
    assert "${HOME}" in text


def test_values_of_the_same_kind_differ_as_long_as_there_is_room() -> None:
    text = """
id: differ
kind: short_text
topics: [cmd.run]
text: "{a} {b} {c}"
answer: x
values:
  a: {kind: number, at_least: 1, at_most: 3}
  b: {kind: number, at_least: 1, at_most: 3}
  c: {kind: number, at_least: 1, at_most: 3}
"""
    family = a_family(text)
    assert {tuple(sorted(family.values_of(seed).values(), key=str)) for seed in range(100)} == {(1, 2, 3)}


def test_fields_of_numbers_truth_and_lists_take_values_that_stand_alone() -> None:
    truth = a_family("""
id: truth
kind: true_or_false
topics: [cmd.run]
text: "{n} is more than 5."
answer: "{holds}"
values: {n: {kind: number, at_least: 1, at_most: 10}, holds: {compute: n > 5}}
""")
    assert {(truth.values_of(seed)["n"] > 5, truth.variant(seed).answer) for seed in range(40)} == {  # type: ignore[operator, attr-defined]
        (True, True),
        (False, False),
    }
    several = a_family("""
id: several
kind: multiple_choice
topics: [cmd.run]
text: Which?
options: "{shown}"
answer: "{right}"
values:
  right: {kind: sample, of: [a, b, 3], take: 2}
  shown: {compute: "right + ['x', 'y']"}
""")
    assert len(several.variant(1).options) == 4  # type: ignore[attr-defined]
    assert several.shuffled_options() == 4


def test_conditions_draw_again_until_they_hold() -> None:
    text = changed(n="{kind: number, at_least: 1, at_most: 12}") + "\nwhere: ['n % 4 == 0', n != 8]"
    family = a_family(text)
    assert {family.values_of(seed)["n"] for seed in range(60)} == {4, 12}


def test_an_author_hears_of_each_slip_with_its_line() -> None:
    assert said_about(MEBIBYTES) == []
    assert said_about(changed(text="How many KiB are {m} MiB?", explanation="'{n}'")) == [
        "4: There is no value `m`. Known: `n`, `thousand`, `total`. Write `{{m}}` for the text itself."
    ]
    (unused,) = said_about(changed(explanation="x") + "\n  spare: word")
    assert unused == "14: Nothing uses `spare`: put it into the question, or leave it out."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("total: {compute: n * }", "`compute` cannot be read"),
        ("total: {compute: m * 2}", "`total` computes with `m`, which no value has for its name."),
        ("total: {compute: thousand + total}", "These values need each other, so none can come first: total → total."),
        ("total: {compute: n.real}", "which expressions do not have"),
        ("total: {compute: 8 // (n - 64)}", "`compute` divides by zero (n = 64"),
        ("total: {compute: n / 7}", "decimals cannot hold"),
        ("total: {compute: 'n > 3'}", "`answer` should be a valid decimal (seed 0: n = "),
        ("n: nmber", "There is no kind of value `nmber`. Did you mean `number`?"),
        ("n: {kind: number, at_last: 2}", "`at_last` is not known here. Did you mean `at_least`?"),
        ("n: {kind: number, at_least: 9, at_most: 2}", "an `at_least` of 9, more than its `at_most` of 2"),
        ("n: {kind: number, at_least: 1.5}", "the kind `decimal` draws numbers with a point"),
        ("n: {kind: decimal, places: 1, step: 0.25}", "more decimals than its 1 `places`"),
        ("n: {kind: sample, of: [1, 1], take: 2}", "more than there are different ones"),
        ("n: {rows: [{n: 1}, {m: 2}]}", "a row, number 2, whose columns differ from the first one's: `m`, `n`"),
        ("n: {}", "A value has a `kind`, `rows` or `compute`."),
        ("n: 5", "A value is a kind such as `port`"),
        ("n: {kind: choice, of: [one]}", "a text of more than 2000 characters (seed 0: n = one)"),
        ("n: {kind: choice, of: [[1]]}", "is a text, a number, true or false"),
    ],
)
def test_a_slip_in_values_is_told_where_it_stands(line: str, said: str) -> None:
    name, _, new = line.partition(": ")
    text = changed(**{name: new})
    messages = said_about(text)
    assert any(said in message for message in messages), messages
    places = {position for position, found in enumerate(text.splitlines(), 1)}
    assert all(int(message.partition(":")[0]) in places - {1} for message in messages)


def test_a_name_that_expressions_know_already_is_refused() -> None:
    for name in ("round", "if", "true", "Big", "a" * 41):
        (message,) = said_about(changed(explanation="x") + f"\n  {name!r}: word")
        assert message.startswith("14: `"), message


def test_options_that_become_equal_are_an_error_that_names_the_seed() -> None:
    text = """
id: equal
kind: single_choice
topics: [cmd.run]
text: What is {n} times 2?
options: ["{double}", "{square}", "0"]
answer: "{double}"
values:
  n: {kind: number, at_least: 1, at_most: 4}
  double: {compute: n * 2}
  square: {compute: n * n}
"""
    (message,) = said_about(text)
    assert message.startswith("5: `options`: there is an option `4` already (seed ")
    assert message.endswith(": double = 4, n = 2, square = 4).")
    assert said_about(text + "where: [n != 2]") == []


def test_extremes_are_tried_that_no_seed_of_the_first_meets() -> None:
    text = """
id: rare
kind: single_choice
topics: [cmd.run]
text: "{n}"
options: ["{n}", "1000000"]
answer: "{n}"
values:
  n: {kind: number, at_least: 1, at_most: 1000000}
"""
    (message,) = said_about(text)
    assert message == "5: `options`: there is an option `1000000` already (n = 1000000)."


def test_conditions_that_never_hold_are_told() -> None:
    (message,) = said_about(MEBIBYTES + "where: [n > 99]")
    assert message.startswith("14: `where`: `n > 99` did not hold for any of 200 draws")
    (unknown,) = said_about(MEBIBYTES + "where: [k > 99]")
    assert unknown == "14: There is no value `k`. Known: `n`, `thousand`, `total`."
    (number,) = said_about(MEBIBYTES + "where: [n]")
    assert "is a number, not a condition" in number


def test_the_header_is_the_same_for_all_variants() -> None:
    assert said_about(MEBIBYTES + "points: '{n}'")[0].startswith("14: `points`")
    assert said_about(changed(text=""))[0].endswith("`text` is missing.")


def test_twenty_seeds_at_once_point_out_what_comes_out_the_same_and_what_fails() -> None:
    family = a_family(changed(n="{kind: choice, of: [2, 3]}"))
    tried = try_variants(family, start=100, count=20)
    assert [variant.seed for variant in tried] == list(range(100, 120))
    for variant in tried:
        assert variant.question is not None
        others = [other.seed for other in tried if other.values["n"] == variant.values["n"] and other is not variant]
        assert variant.same_as == others
    broken = question_of("fails-for-some-seeds", _with(as_json(family), values={"n": {"kind": "choice", "of": [0, 2]}}))
    assert isinstance(broken, Family)
    failing = [variant for variant in try_variants(broken, start=1, count=20) if variant.question is None]
    assert failing
    assert all("wrong" in variant.problems[0] and variant.values["n"] == "0" for variant in failing)
    with pytest.raises(VariantFails):
        broken.variant(failing[0].seed)


def _with(stored: Mapping[str, Any], *, values: Mapping[str, Any]) -> dict[str, Any]:
    return {**stored, "values": {**stored["values"], **values}}


def test_a_question_without_values_is_its_own_variant() -> None:
    plain: QuestionType = a_family().variant(1)
    assert plain.variant(99) is plain
