"""Reports as learners and terminals see them."""

from graders.refusal import Refusal
from graders.render import WIDTH, render
from graders.report import CheckOutcome, CheckResult, ContainerReport, Outcome, Phase, Report


def a_check(**fields: object) -> CheckResult:
    given = {
        "id": "greets",
        "kind": "stdout",
        "title": "It greets",
        "outcome": CheckOutcome.FAILED,
        "points": 0,
        "max_points": 2.5,
        "message": 'It printed "bye"; expected was "hello" in it. ' * 4,
        "hint": "Say hello.\nA second piece of advice.",
        "why": "Nobody hears a container that says nothing.",
        "expected": "hello",
        "seen": "bye\nbye",
        "line": 3,
        **fields,
    }
    return CheckResult.model_validate(given)


def a_report(*checks: CheckResult, **fields: object) -> Report:
    given = {"outcome": Outcome.GRADED, "score": 1.5, "max_score": 4, "lab": "Greet", "checks": checks, **fields}
    return Report.model_validate(given)


def test_a_failed_check_shows_points_line_message_both_sides_and_hints() -> None:
    text = render(a_report(a_check()))
    assert "1.5 of 4 points" in text
    assert "✗    0/2.5  It greets  (line 3)" in text
    assert "expected  | hello" in text
    assert "seen      | bye\n                      | bye" in text
    assert "> Say hello." in text
    assert "> A second piece of advice." in text
    assert "* Nobody hears a container that says nothing." in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_colour_is_only_used_where_it_is_asked_for() -> None:
    report = a_report(a_check(outcome=CheckOutcome.PASSED), a_check(outcome=CheckOutcome.SKIPPED))
    assert "\x1b" not in render(report)
    assert "\x1b[32m✓\x1b[0m" in render(report, colour=True)


def test_a_refusal_is_shown_with_its_reasons() -> None:
    refusal = Refusal(rule="base-not-allowed", line=1, message="Line 1: this lab does not allow the image.")
    text = render(a_report(outcome=Outcome.REFUSED, refusals=(refusal,)))
    assert "Refused before anything was done:\n  * Line 1: this lab does not allow the image." in text


def test_the_slowest_phase_is_named() -> None:
    phases = (Phase(name="build default", seconds=2.25), Phase(name="run default", seconds=0.5))
    assert "Took 2.8 s, most of it in: build default (2.2 s). Seed 0." in render(a_report(phases=phases))


def test_learners_see_title_and_outcome_of_a_hidden_check_and_nothing_of_its_containers() -> None:
    container = ContainerReport(
        id="secretly", build="default", exit_code=0, seconds=1, stdout="the secret", hidden=True
    )
    shown = a_report(
        a_check(
            hidden=True, message="the secret", seen="the secret", expected="the secret", hint="the secret", why="secret"
        ),
        containers=(container,),
        phases=tuple(
            Phase(name=name, seconds=1) for name in ("run secretly", "trials greets", "checker greets", "policy")
        ),
        values={"secret": "the secret"},
        seed=7,
    ).for_learner()
    assert "secret" not in shown.model_dump_json()
    assert shown.seed == 0
    assert (shown.checks[0].title, shown.checks[0].outcome) == ("It greets", CheckOutcome.FAILED)
    assert [phase.name for phase in shown.phases] == ["policy"]
