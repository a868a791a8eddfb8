"""Reads what a lab's own checker returns: Drydock's own JSON, or Gradescope's results.json. docs/custom-checks.md.

Gradescope's fields are those of https://gradescope-autograders.readthedocs.io, "Autograder Specifications"; those that
say how results are shown there (order, tags, leaderboard, images) are read over.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from graders.checker import Checked
from graders.checks.base import Verdict
from graders.report import CheckOutcome
from graders.visible import visible

_LONGEST = 4000
_SHOWN_TESTS = 10


class BrokenChecker(Exception):
    """The checker did not return what it should: a fault of the lab, in words for its author."""


class OwnResult(BaseModel):
    """What a checker returns by default. Unknown fields are an error, since one misspelt would change a grade."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    passed: bool
    message: str = Field(min_length=1)
    share: float | None = Field(default=None, ge=0, le=1)
    """The part of the points that is given; all where it passed, none where it did not."""
    expected: str = ""
    seen: str = ""
    hint: str = ""
    line: int | None = Field(default=None, ge=1)
    """Line of the Dockerfile to blame."""


class GradescopeTest(BaseModel):
    """One test of a results.json."""

    model_config = ConfigDict(frozen=True)

    name: str = ""
    number: str = ""
    score: FiniteFloat | None = None
    max_score: FiniteFloat | None = Field(default=None, ge=0)
    status: Literal["passed", "failed"] | None = None
    output: str = ""
    visibility: Literal["visible", "hidden", "after_due_date", "after_published"] = "visible"

    @property
    def passed(self) -> bool:
        """By its status, or else by whether it has its full score."""
        if self.status is not None:
            return self.status == "passed"
        return self.score is not None and self.score >= (self.max_score or 0)


class GradescopeResults(BaseModel):
    """A whole results.json."""

    model_config = ConfigDict(frozen=True)

    score: FiniteFloat | None = None
    output: str = ""
    visibility: Literal["visible", "hidden", "after_due_date", "after_published"] = "visible"
    tests: tuple[GradescopeTest, ...] = ()

    def share(self, points: Decimal) -> Decimal:
        """The part of the points that is given. A total stands above the tests' sum, as it does there."""
        most = sum((Decimal(str(test.max_score or 0)) for test in self.tests), Decimal(0))
        if self.score is not None:
            return _bounded(Decimal(str(self.score)), most or points)
        given = sum((Decimal(str(test.score or 0)) for test in self.tests), Decimal(0))
        if most:
            return _bounded(given, most)
        return Decimal(1) if self.tests and all(test.passed for test in self.tests) else Decimal(0)


def verdict_of(checked: Checked, *, points: Decimal) -> Verdict:
    """The verdict that a checker came to. Raises BrokenChecker when it came to none."""
    value = _json_of(checked)
    try:
        if "passed" in value:
            return _own(OwnResult.model_validate(value))
        if "tests" in value or "score" in value:
            return _gradescope(GradescopeResults.model_validate(value), points)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BrokenChecker(f"The checker's result is not as it should be: {where}: {first['msg']}.") from None
    raise BrokenChecker(
        "The checker's result has neither `passed` (our own form) nor `score` or `tests` (Gradescope's)."
    )


def _json_of(checked: Checked) -> dict[str, Any]:
    result = checked.result
    if result.start_error:
        raise BrokenChecker(f"The checker could not be started: {result.start_error}")
    if result.limit is not None:
        raise BrokenChecker(f"The checker ran into its limit of {result.limit.value}.")
    if checked.cut:
        raise BrokenChecker("The checker's result is larger than what is read.")
    try:
        value = json.loads(checked.results)
    except (ValueError, RecursionError):
        raise BrokenChecker(f"The checker exited with {result.exit_code} and returned no JSON.") from None
    if not isinstance(value, dict):
        raise BrokenChecker("The checker's result is no JSON object.")
    return value


def _own(result: OwnResult) -> Verdict:
    return Verdict(
        outcome=CheckOutcome.PASSED if result.passed else CheckOutcome.FAILED,
        message=result.message[:_LONGEST],
        expected=result.expected[:_LONGEST],
        seen=result.seen[:_LONGEST],
        hint=result.hint[:_LONGEST],
        line=result.line,
        share=None if result.share is None else Decimal(str(result.share)),
    )


def _gradescope(results: GradescopeResults, points: Decimal) -> Verdict:
    share = results.share(points)
    whole = share == 1
    shown = [test for test in results.tests if test.visibility == "visible"] if results.visibility == "visible" else []
    passed = sum(test.passed for test in results.tests)
    message = f"{passed} of {len(results.tests)} tests passed." if results.tests else ""
    output = results.output if results.visibility == "visible" else ""
    told = " ".join(filter(None, [message, output])) or ("All of it holds." if whole else "Not all of it holds.")
    return Verdict(
        outcome=CheckOutcome.PASSED if whole else CheckOutcome.FAILED,
        message=told[:_LONGEST],
        seen="\n".join(_not_passed(shown))[:_LONGEST],
        share=share,
    )


def _not_passed(tests: list[GradescopeTest]) -> Iterator[str]:
    failing = [test for test in tests if not test.passed]
    for test in failing[:_SHOWN_TESTS]:
        name = " ".join(filter(None, [test.number, test.name])) or "A test"
        yield visible(f"{name}: {test.output.strip()}" if test.output.strip() else name)
    if len(failing) > _SHOWN_TESTS:
        yield f"… and {len(failing) - _SHOWN_TESTS} more"


def _bounded(given: Decimal, most: Decimal) -> Decimal:
    return min(max(given / most, Decimal(0)), Decimal(1)) if most else Decimal(0)
