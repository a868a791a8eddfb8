"""Proving a lab by its solutions, on a scripted sandbox."""

from pathlib import Path

import pytest

from graders.archive import Submission
from graders.commands.model import Carried, Piece
from graders.plan import InvalidPlan, load_plan
from graders.sandbox.base import ContainerSpec
from graders.sandbox.fake import BuildCall, FakeProgram, FakeSandbox
from graders.solutions import Verification, read_solutions, verify_solutions, with_values

LAB = """
title: x
points: 4
bases: [busybox]
checks:
  - {id: builds, kind: builds, points: 1}
  - {id: form, kind: instruction, instruction: CMD, form: exec, points: 1}
  - {id: user, kind: instruction, instruction: USER, points: 2}
"""
RIGHT = 'FROM busybox:1.35\nUSER 1000\nCMD ["x"]\n'


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Path:
    lab = tmp_path / "labs/first"
    lab.mkdir(parents=True)
    (tmp_path / "course.yaml").write_text("bases: {busybox: {image: 'busybox:1.35'}}")
    (lab / "lab.yaml").write_text(LAB)
    solve(lab, "reference", RIGHT)
    solve(lab, "shell", "FROM busybox:1.35\nUSER 1000\nCMD x\n", "about: Shell form.\nscore: 3\nfails: [form]\n")
    return lab


def solve(lab: Path, name: str, dockerfile: str, expect: str = "") -> None:
    folder = lab / "solutions" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    if expect:
        (folder / "expect.yaml").write_text(expect)


def verify(lab: Path) -> Verification:
    return verify_solutions(lab, FakeSandbox())


def messages(lab: Path) -> str:
    return "\n".join(str(problem) for problem in verify(lab).problems)


def test_solutions_that_are_as_they_say_give_no_problem_and_unproven_checks_are_reported(lab: Path) -> None:
    found = verify(lab)
    assert found.problems == ()
    assert [one.solution.name for one in found.solutions] == ["reference", "shell"]
    assert found.never_failed == ("builds", "user")


def test_a_reference_that_does_not_get_every_point_is_a_problem(lab: Path) -> None:
    solve(lab, "reference", "FROM busybox:1.35\nCMD x\n")
    assert "The reference does not pass `form`" in messages(lab)
    assert "The reference does not pass `user`" in messages(lab)


def test_a_check_that_fails_unnamed_is_a_problem_at_its_line(lab: Path) -> None:
    solve(lab, "shell", "FROM busybox:1.35\nCMD x\n")
    assert "shell/expect.yaml:3:1: It fails `user` too" in messages(lab)
    assert "shell/expect.yaml:2:1: It scores 1, not 3." in messages(lab)


def test_a_check_that_does_not_fail_as_named_is_a_problem(lab: Path) -> None:
    solve(lab, "shell", RIGHT)
    assert "It does not fail `form`." in messages(lab)


def test_a_solution_that_is_refused_is_a_problem(lab: Path) -> None:
    solve(lab, "shell", "FROM elsewhere\n")
    assert "The solution shell is refused: Line 1: this lab does not allow" in messages(lab)


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ("about: x\nscore: 3\nfails: [fromm]\n", "expect.yaml:3:9: The lab has no check `fromm`."),
        ("about: x\nscor: 3\nfails: [form]\n", "expect.yaml:2:1: `scor` is not known here. Did you mean `score`?"),
        ("about: x\nscore: lots\n", "expect.yaml:2:1: `score` must be a number of points"),
        ("[", "not valid YAML"),
    ],
)
def test_an_expectation_that_says_nothing_sensible_is_refused(lab: Path, expect: str, words: str) -> None:
    solve(lab, "shell", RIGHT, expect)
    with pytest.raises(InvalidPlan) as caught:
        read_solutions(lab, load_plan(lab))
    assert words in str(caught.value)


def test_a_wrong_solution_without_an_expectation_is_refused(lab: Path) -> None:
    solve(lab, "silent", RIGHT)
    with pytest.raises(InvalidPlan, match=r"says in expect\.yaml what it scores"):
        verify(lab)


def test_a_lab_without_a_reference_is_refused(lab: Path) -> None:
    (lab / "solutions/reference/Dockerfile").unlink()
    (lab / "solutions/reference").rmdir()
    with pytest.raises(InvalidPlan, match="has no solutions/reference"):
        verify(lab)


def test_a_solution_with_a_file_the_lab_does_not_take_is_refused(lab: Path) -> None:
    (lab / "solutions/shell/extra.txt").write_text("x")
    with pytest.raises(InvalidPlan, match=r"extra\.txt: this lab takes no such file"):
        verify(lab)


def test_solutions_get_the_labs_own_files_beside_them(lab: Path) -> None:
    (lab / "starter").mkdir()
    (lab / "starter/given.txt").write_text("given")
    (lab / "starter/Dockerfile").write_text("# begin")
    contexts: list[bytes] = []

    def build(call: BuildCall) -> None:
        contexts.append(call.context)

    verify_solutions(lab, FakeSandbox(on_build=build, on_run=_quiet))
    assert all(b"given.txt" in context for context in contexts)
    assert len(contexts) == 2


def _quiet(spec: ContainerSpec) -> FakeProgram:
    return FakeProgram()


COMMANDS_LAB = """
title: x
points: 1
bases: [busybox]
values: {box: word}
console: {}
checks:
  - {id: made, kind: container, name: "{box}", points: 1}
"""


def test_a_solution_of_commands_is_carried_out_with_the_values_that_a_learner_would_have(lab: Path) -> None:
    (lab / "lab.yaml").write_text(COMMANDS_LAB)
    for name in ("reference", "shell"):
        (lab / "solutions" / name / "Dockerfile").unlink()
        (lab / "solutions" / name / "commands.txt").write_text("docker create --name {box} busybox:1.35\n")
    (lab / "solutions/shell/expect.yaml").write_text("about: The same.\nscore: 0\nfails: [made]\n")
    sandbox = FakeSandbox()
    found = verify_solutions(lab, sandbox, seed=5)
    drawn = found.solutions[0].report.values["box"]
    assert sandbox.asked("carry_out") == [f"docker create --name {drawn} busybox:1.35"] * 2


def test_values_stand_in_the_commands_only_and_only_in_labs_that_have_some(lab: Path) -> None:
    files = Submission.from_files({"commands.txt": b"docker rm {box} {none} {{box}}\n", "Dockerfile": b"ENV A={box}\n"})
    assert with_values(files, load_plan(lab), seed=5) == files
    (lab / "lab.yaml").write_text(COMMANDS_LAB)
    plan = load_plan(lab)
    filled = with_values(files, plan, seed=5)
    assert filled.files["Dockerfile"] == b"ENV A={box}\n"
    assert filled.files["commands.txt"].decode().endswith(" {none} {box}\n")
    broken = Submission.from_files({"commands.txt": b"docker \xff {box}\n"})
    assert with_values(broken, plan, seed=5) == broken


def test_a_lab_whose_preparation_fails_is_told_so_with_what_was_said(lab: Path) -> None:
    (lab / "lab.yaml").write_text(COMMANDS_LAB.replace("console: {}", 'console: {prepare: ["docker start {box}"]}'))
    for name in ("reference", "shell"):
        (lab / "solutions" / name / "commands.txt").write_text("docker ps\n")
        (lab / "solutions" / name / "Dockerfile").unlink()
    (lab / "solutions/shell/expect.yaml").write_text("about: The same.\nscore: 0\nfails: [made]\n")
    answer = Carried(exit_code=1, pieces=(Piece(stream="err", text="Error: No such container: x\n"),))
    sandbox = FakeSandbox(on_line=lambda line: answer if "start" in line else None)
    problem = str(verify_solutions(lab, sandbox).problems[0])
    assert "lab.yaml:1:1: `prepare` fails at" in problem
    assert "No such container: x" in problem
