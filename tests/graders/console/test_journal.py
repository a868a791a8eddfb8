"""The journal check, on journals written by hand: order, parts of points, and which line went wrong."""

from typing import Any

import pytest
from console_ends import container, done, end_of, journal, plan_of, touched

from graders.checks.journal_steps import Called
from graders.commands.end_state import EndState
from graders.commands.model import Done
from graders.console_grading import judge
from graders.report import CheckOutcome, CheckResult

STEPS = [
    {"command": "create", "of": "web"},
    {"command": "start", "of": "web"},
    {"command": "pause", "of": "web"},
    {"command": "unpause", "of": "web"},
]
WEB = touched("container", "web")


def act(verb: str, name: str = "web", **more: Any) -> Any:
    return done("container", verb, of=[touched("container", name)], **more)


def refused(verb: str, name: str = "web") -> Done:
    return done("container", verb, args=[name], exit_code=1)


def result(end: EndState, **check: Any) -> CheckResult:
    plan = plan_of({"kind": "journal", "points": 4, **check})
    (found,) = judge(plan, end, seed=1, digest="").checks
    return found


def followed(*entries: Any, **check: Any) -> CheckResult:
    return result(end_of(container("web"), journal=journal(*entries)), **{"steps": STEPS, **check})


def test_all_steps_in_order_with_others_between_get_all_points() -> None:
    found = followed(act("create"), done("container", "ls"), act("start"), act("logs"), act("pause"), act("unpause"))
    assert (found.outcome, found.points) == (CheckOutcome.PASSED, 4)


def test_a_step_that_is_missing_leaves_the_points_of_the_others() -> None:
    found = followed(act("create"), act("start"), refused("unpause"))
    assert (found.outcome, found.points) == (CheckOutcome.FAILED, 2)
    assert found.message == "Step 3 of 4 (docker pause web) was never done."
    assert (found.expected, found.seen) == ("docker pause web", "After line 2 came: docker container unpause")
    assert found.line == 3


def test_the_share_counts_steps_behind_the_one_that_is_missing() -> None:
    found = followed(act("create"), act("start"), act("unpause"))
    assert found.points == 3
    assert "Step 3 of 4" in found.message


def test_a_part_of_the_points_is_never_rounded_up() -> None:
    found = followed(act("create"), act("start"), steps=STEPS[:3], points=1)
    assert found.points == 0.66


def test_steps_in_the_wrong_order_say_which_came_too_early() -> None:
    found = followed(act("start"), act("create"), steps=STEPS[:2])
    assert found.points == 2
    assert found.line is not None
    assert "too early: at line 1, before line 2" in found.message or "too late: at line 2" in found.message


def test_an_empty_journal_gets_nothing_and_says_so() -> None:
    found = followed()
    assert (found.points, found.seen, found.line) == (0, "nothing", None)
    assert "Step 1 of 4 (docker create web) was never done" in found.message


def test_a_step_that_was_refused_names_its_line_and_what_was_said() -> None:
    end = end_of(journal=journal(refused("pause"), stderr={1: "Error: Container x is not running\n"}))
    found = result(end, steps=[{"command": "pause", "of": "web"}])
    assert found.message == "Step 1 of 1 (docker pause web) is missing: line 1 did not succeed (exit code 1)."
    assert "is not running" in found.hint


def test_other_words_for_a_step_keep_the_command_to_the_lab() -> None:
    found = followed(act("stop"), steps=[{"command": "pause", "of": "web", "about": "freeze the lamp"}])
    assert "docker pause" not in f"{found.message}{found.expected}{found.hint}"
    assert "(freeze the lamp)" in found.message


def test_what_must_never_come_leaves_nothing_of_the_points() -> None:
    found = followed(
        act("create"), act("start"), act("stop"), steps=STEPS[:2], never=[{"command": "stop", "of": "web"}]
    )
    assert (found.points, found.line) == (0, 3)
    assert found.message == "Line 3 is docker stop web, which was not to be used."


def test_what_must_never_come_may_be_tried_in_vain_or_done_to_others() -> None:
    entries = [act("create"), act("start"), refused("stop"), act("stop", "other")]
    found = followed(*entries, steps=STEPS[:2], never=[{"command": "stop", "of": "web"}])
    assert found.outcome is CheckOutcome.PASSED


def test_a_program_that_fails_was_run_all_the_same() -> None:
    ran = done("container", "run", of=[touched("container", "web", made=True)], exit_code=3)
    assert followed(ran, steps=[], never=[{"command": "run"}]).line == 1
    assert followed(ran, steps=[{"command": "run", "of": "web"}]).outcome is CheckOutcome.PASSED


def test_a_run_that_docker_refused_was_none() -> None:
    refused = done("container", "run", exit_code=125)
    assert followed(refused, steps=[], never=[{"command": "run"}]).outcome is CheckOutcome.PASSED


def test_all_spellings_of_a_command_are_one() -> None:
    listed = done("container", "ls", flags={"all": True})
    for spelling in ("ps", "container ls", "docker ps", "container list"):
        found = followed(listed, steps=[{"command": spelling, "flags": {"all": True}}])
        assert found.outcome is CheckOutcome.PASSED


def test_flags_are_compared_by_what_they_hold() -> None:
    ran = done("container", "run", flags={"detach": True, "env": ("A=1", "B=2"), "name": "web"}, of=[WEB])

    def asked(**flags: Any) -> CheckOutcome:
        return followed(ran, steps=[{"command": "run", "flags": flags}]).outcome

    assert asked(detach=True, env="B=2", name="web") is CheckOutcome.PASSED
    assert asked(env="C=3") is CheckOutcome.FAILED
    assert asked(name="wed") is CheckOutcome.FAILED
    assert asked(detach=False) is CheckOutcome.FAILED
    assert asked(rm=False) is CheckOutcome.PASSED
    assert asked(rm=True) is CheckOutcome.FAILED


def test_a_flag_that_must_not_be_given_may_be_given_as_false() -> None:
    step = {"command": "rm", "of": "web", "without": "force"}
    assert followed(act("rm", flags={"force": False}), steps=[step]).outcome is CheckOutcome.PASSED
    found = followed(act("rm", flags={"force": True}), steps=[step])
    assert "gives --force, which it should not" in found.message


def test_a_container_that_was_renamed_is_known_by_its_last_name_too() -> None:
    web = container("web")
    made = done("container", "run", of=[touched("container", "wobbly_fox", web.id, made=True)])
    end = end_of(web, journal=journal(made, act("rename")))
    assert result(end, steps=[{"command": "run", "of": "web"}]).outcome is CheckOutcome.PASSED


def test_several_commands_of_one_line_are_steps_in_their_order() -> None:
    end = end_of(container("web"), journal=journal([act("create"), act("start")]))
    assert result(end, steps=STEPS[:2]).outcome is CheckOutcome.PASSED


def test_looking_around_is_free_and_failed_tries_do_not_count() -> None:
    entries = [done("container", "ls"), done("inspect"), refused("rm"), act("create"), act("start")]
    assert followed(*entries, steps=[], at_most=2).outcome is CheckOutcome.PASSED
    found = followed(*entries, act("pause"), steps=[], at_most=2)
    assert (found.points, found.line) == (0, 6)


def test_a_line_that_could_not_be_read_is_no_step_and_breaks_nothing() -> None:
    entries = [Done(command=None, exit_code=1), act("create")]
    assert followed(*entries, steps=STEPS[:1]).outcome is CheckOutcome.PASSED


def test_a_journal_of_a_thousand_lines_is_judged() -> None:
    entries = [act("create"), *(act("logs") for _ in range(1000)), act("start")]
    assert followed(*entries, steps=STEPS[:2]).outcome is CheckOutcome.PASSED


def test_what_was_done_to_one_of_two_counts_though_the_other_was_refused() -> None:
    stopped = done("container", "stop", of=[WEB], args=["web", "nobody"], exit_code=1)
    steps = [{"command": "stop", "of": "web"}]
    assert followed(stopped, steps=steps).outcome == CheckOutcome.PASSED
    assert followed(stopped, steps=[], never=steps).message == "Line 1 is docker stop web, which was not to be used."
    assert followed(stopped, steps=[{"command": "stop", "of": "nobody"}]).points == 0


def test_a_container_that_is_called_something_else_meanwhile_stays_the_one_that_it_is() -> None:
    id_ = "f" * 64
    away = done("container", "rename", of=[touched("container", "web", id_), touched("container", "x", id_)])
    removed = done("container", "rm", of=[touched("container", "x", id_, removed=True)])
    found = followed(away, removed, act("create"), steps=[], never=[{"command": "rm", "of": "web"}])
    assert (found.points, found.line) == (0, 2)


def test_a_prune_that_removed_nothing_is_none_that_was_not_to_be_used() -> None:
    never = [{"command": "volume prune"}]
    asked = done("volume", "prune")
    assert followed(asked, steps=[], never=never).outcome == CheckOutcome.PASSED
    pruned = done("volume", "prune", of=[touched("volume", "store", "store", removed=True)])
    assert followed(asked, pruned, steps=[], never=never).line == 2


def test_what_was_not_to_be_used_is_told_by_names_and_by_ids_only_where_there_are_none() -> None:
    id_ = "sha256:" + "d" * 64
    named = done("image", "rm", of=[touched("image", name, id_, removed=True) for name in ("site:1", id_)])
    never = [{"command": "rmi"}]
    assert "docker rmi site:1, which" in followed(named, steps=[], never=never).message
    nameless = done("image", "rm", of=[touched("image", id_, id_, removed=True)])
    assert f"docker rmi {id_}, which" in followed(nameless, steps=[], never=never).message


def test_what_is_missing_is_told_by_the_line_about_the_right_thing_where_there_is_one() -> None:
    step = {"command": "run", "of": "web", "flags": {"detach": True}}
    found = followed(act("run", "web"), act("run", "other", flags={"detach": True}), steps=[step])
    assert "line 1 does not give --detach" in found.message
    assert found.line == 1
    assert "line 1 does it to other" in followed(act("run", "other"), steps=[step]).message


def test_what_was_made_by_another_command_is_told_by_that_line() -> None:
    ran = done("container", "run", of=[touched("container", "web", made=True)])
    found = followed(act("ls"), ran, act("create", "other"), steps=[{"command": "create", "of": "web"}])
    assert found.message == "Step 1 of 1 (docker create web) was never done: line 2 is docker run web."
    assert found.line == 2


def test_names_are_looked_up_once_however_many_steps_and_lines_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Called] = []

    class Counted(Called):
        def __init__(self, end: EndState) -> None:
            super().__init__(end)
            made.append(self)

    monkeypatch.setattr("graders.checks.journal.Called", Counted)
    steps = [{"command": "start", "of": f"web{number}"} for number in range(30)]
    found = followed(*(act("start") for _ in range(2000)), steps=steps, never=[dict(step) for step in steps])
    assert found.outcome is CheckOutcome.FAILED
    assert len(made) == 1
