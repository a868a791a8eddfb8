"""Labs with a console: what they may hold, and what contradicts itself in one."""

from textwrap import dedent
from typing import Any

import pytest

from graders.console_plan import COMMANDS_FILE
from graders.plan import Base, InvalidPlan, LabPlan, parse_plan

BASES = {"busybox": Base(name="busybox", image="busybox:1.35")}
MADE = "{id: a, kind: container, name: web, points: 1}"


def plan_of(more: str = "", *, console: str = "{}", checks: str = MADE) -> LabPlan:
    text = f"title: x\npoints: 1\nbases: [busybox]\nconsole: {console}\n{dedent(more)}\nchecks:\n- {checks}\n"
    plan = parse_plan(text, file="lab.yaml", bases=BASES)
    assert LabPlan.model_validate(plan.model_dump(mode="json")) == plan
    return plan


def problems_of(*arguments: Any, **more: Any) -> list[str]:
    with pytest.raises(InvalidPlan) as caught:
        plan_of(*arguments, **more)
    return [str(problem) for problem in caught.value.problems]


def test_a_lab_of_commands_has_no_build_and_no_run_and_takes_a_file_of_commands() -> None:
    plan = plan_of()
    assert (dict(plan.builds), dict(plan.runs)) == ({}, {})
    assert plan.submission.required == (COMMANDS_FILE,)
    assert plan.submission.is_editable(COMMANDS_FILE)
    assert not plan.submission.is_editable("Dockerfile")


def test_files_that_learners_may_write_come_beside_their_commands() -> None:
    plan = plan_of("submission: {editable: Dockerfile, max_mib: 1}")
    assert plan.submission.editable == (COMMANDS_FILE, "Dockerfile")
    assert plan.submission.max_mib == 1


def test_a_lab_without_a_console_is_what_it_was() -> None:
    text = "title: x\npoints: 1\nchecks: [{id: a, kind: builds, points: 1}]\n"
    plan = parse_plan(text, file="lab.yaml", bases={})
    assert plan.console is None
    assert plan.submission.required == ("Dockerfile",)
    with pytest.raises(ValueError, match="no console"):
        plan.require_console()


def test_drawn_values_are_put_into_what_is_prepared() -> None:
    plan = plan_of("values: {vol: word}", console='{prepare: ["docker volume create {vol}"]}')
    console = plan.filled({"vol": "kestrel42"}).console
    assert console is not None
    assert console.prepare == ("docker volume create kestrel42",)


def test_rules_of_the_session_are_the_labs_to_set_within_bounds() -> None:
    assert plan_of(console="{rules: {containers: 2}}").require_console().rules.containers == 2
    assert "lab.yaml:4:19" in problems_of(console="{rules: {containers: 100}}")[0]
    assert "`contaners` is not known here. Did you mean" in problems_of(console="{rules: {contaners: 1}}")[0]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("builds: {default: {}}", "A lab with a `console` has no `builds`"),
        ("runs: {default: {}}", "A lab with a `console` has no `runs`"),
        ("requests: {front: {path: /}}", "A lab with a `console` has no `requests`"),
        ("submission: {required: [Dockerfile]}", "leave `required` out"),
    ],
)
def test_parts_of_other_labs_do_not_fit(more: str, told: str) -> None:
    assert any(told in problem for problem in problems_of(more))


def test_a_check_of_another_kind_is_named_with_those_that_fit() -> None:
    (problem,) = problems_of(checks="{id: a, kind: builds, points: 1}")
    assert "`builds` has nothing to look at" in problem
    assert "`container`" in problem
    assert "`journal`" in problem
    assert problem.startswith("lab.yaml:7:")


def test_a_kind_for_consoles_asks_for_one() -> None:
    text = f"title: x\npoints: 1\nbases: [busybox]\nchecks:\n- {MADE}\n"
    with pytest.raises(InvalidPlan, match="give the lab a `console`"):
        parse_plan(text, file="lab.yaml", bases=BASES)


def test_there_is_no_dockerfile_to_blame() -> None:
    (problem,) = problems_of(checks="{id: a, kind: container, name: web, points: 1, blame: CMD}")
    assert "no Dockerfile to blame" in problem


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("docker volume creat x", "cannot be carried out"),
        ("docker run --privileged busybox:1.35", "--privileged"),
        ("docker run --nosuch busybox:1.35", "unknown flag: --nosuch"),
        ("docker ps | rm -rf /", "`rm` is no docker command"),
        ("docker rm 'open", "cannot be carried out"),
        ("docker ps > /etc/passwd", "cannot be carried out"),
        ("docker rm {box}", "not declared"),
        ("mount /dev/sda /mnt", "`mount` is no docker command"),
    ],
)
def test_what_is_prepared_must_be_docker_commands_that_can_be_read(line: str, told: str) -> None:
    found = problems_of(console=f'{{prepare: ["{line}"]}}')
    assert any(told in problem for problem in found), found


def test_a_prepared_line_may_substitute_and_hold_values() -> None:
    plan = plan_of("values: {box: word}", console='{prepare: ["docker run -d --name {box} busybox:1.35 sleep 9", '
                   '"docker stop $(docker ps -q)"]}')  # fmt: skip
    assert len(plan.require_console().prepare) == 2


def test_a_check_with_a_value_that_no_one_declares_is_refused() -> None:
    assert "not declared" in problems_of(checks='{id: a, kind: container, name: "{box}", points: 1}')[0]
