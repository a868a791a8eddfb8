"""What a lab's own checker returns: our form, Gradescope's, and everything that is neither."""

import json
from decimal import Decimal
from typing import Any

import pytest

from graders.checker import Checked
from graders.checks.base import Verdict
from graders.report import CheckOutcome
from graders.results_json import BrokenChecker, verdict_of
from graders.sandbox.base import Limit, RunResult


def checked(results: object, *, cut: bool = False, **result: Any) -> Checked:
    data = results if isinstance(results, bytes) else json.dumps(results).encode()
    ended = RunResult(**{"exit_code": 0, "stdout": b"", "stderr": b"", "seconds": 0.1, **result})
    return Checked(result=ended, results=data, cut=cut)


def verdict(results: object, *, points: str = "4") -> Verdict:
    return verdict_of(checked(results), points=Decimal(points))


def test_our_own_form_is_handed_on() -> None:
    said = verdict(
        {"passed": False, "message": "No.", "expected": "a", "seen": "b", "hint": "c", "line": 3, "share": 0.25}
    )
    assert said == Verdict(
        outcome=CheckOutcome.FAILED,
        message="No.",
        expected="a",
        seen="b",
        hint="c",
        line=3,
        share=Decimal("0.25"),
    )


def test_without_a_share_it_is_all_or_nothing() -> None:
    said = verdict({"passed": True, "message": "Yes."})
    assert said.outcome is CheckOutcome.PASSED
    assert said.share is None


def test_the_tests_of_a_results_json_are_added_up() -> None:
    said = verdict(
        {
            "tests": [
                {"name": "one", "number": "1.1", "score": 2, "max_score": 2},
                {"name": "two", "score": 0.5, "max_score": 2, "output": "off by one"},
            ]
        }
    )
    assert said.outcome is CheckOutcome.FAILED
    assert said.share == Decimal("0.625")
    assert said.message == "1 of 2 tests passed."
    assert said.seen == "two: off by one"


def test_a_total_stands_above_the_sum_of_the_tests() -> None:
    said = verdict({"score": 4, "output": "Late bonus.", "tests": [{"score": 1, "max_score": 4, "name": "a"}]})
    assert said.outcome is CheckOutcome.PASSED
    assert said.share == 1
    assert said.message == "0 of 1 tests passed. Late bonus."


def test_a_total_without_tests_counts_in_points_of_the_check() -> None:
    assert verdict({"score": 1}).share == Decimal("0.25")
    assert verdict({"score": 9}).share == 1
    assert verdict({"score": -9}).share == 0


def test_tests_without_scores_must_all_have_passed() -> None:
    assert verdict({"tests": [{"status": "passed"}, {"status": "passed"}]}).share == 1
    assert verdict({"tests": [{"status": "passed"}, {"status": "failed"}]}).share == 0
    assert verdict({"tests": []}).share == 0


@pytest.mark.parametrize("visibility", ["hidden", "after_due_date", "after_published"])
def test_what_gradescope_would_not_show_is_not_shown(visibility: str) -> None:
    hidden = {"name": "secret", "output": "42", "score": 0, "max_score": 1, "visibility": visibility}
    said = verdict({"tests": [hidden]})
    assert "42" not in said.seen
    whole = verdict({"visibility": visibility, "output": "42", "tests": [{**hidden, "visibility": "visible"}]})
    assert "42" not in whole.seen + whole.message


def test_control_characters_and_floods_are_made_inert() -> None:
    said = verdict({"tests": [{"name": "\x1b[31m", "status": "failed", "output": "x" * 100_000}] * 50})
    assert "\x1b" not in said.seen
    assert len(said.seen) <= 4000


@pytest.mark.parametrize(
    ("results", "says"),
    [
        (b"", "no JSON"),
        (b"hello", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        ([1], "no JSON object"),
        ({"result": 1}, "neither"),
        ({"passed": "yes", "message": "a"}, "passed"),
        ({"passed": True}, "message"),
        ({"passed": True, "message": "a", "shar": 1}, "shar"),
        ({"passed": True, "message": "a", "share": 2}, "share"),
        ({"passed": True, "message": "a", "share": float("nan")}, "share"),
        ({"passed": True, "message": "a", "line": 0}, "line"),
        ({"tests": [{"max_score": -1}]}, "max_score"),
        ({"score": "many"}, "score"),
        ({"tests": "none"}, "tests"),
    ],
)
def test_anything_else_is_the_checkers_fault_and_said_so(results: object, says: str) -> None:
    with pytest.raises(BrokenChecker, match=says):
        verdict(results)


@pytest.mark.parametrize(
    ("ended", "says"),
    [
        ({"limit": Limit.WALL}, "limit of time"),
        ({"start_error": "no such program"}, "could not be started"),
    ],
)
def test_a_checker_that_did_not_end_said_nothing(ended: dict[str, Any], says: str) -> None:
    with pytest.raises(BrokenChecker, match=says):
        verdict_of(checked({"passed": True, "message": "a"}, **ended), points=Decimal(1))


def test_a_result_that_was_cut_counts_for_nothing() -> None:
    with pytest.raises(BrokenChecker, match="larger"):
        verdict_of(checked({"passed": True, "message": "a"}, cut=True), points=Decimal(1))


@pytest.mark.parametrize("score", ["1e999999", "Infinity", "-Infinity", "NaN"])
def test_no_number_is_too_odd(score: str) -> None:
    with pytest.raises(BrokenChecker):
        verdict_of(checked(f'{{"score": {score}}}'.encode()), points=Decimal(1))
