"""The course pack's labs: each reference gets every point, each wrong solution fails exactly the checks it names."""

from pathlib import Path

import pytest

from graders.archive import Submission
from graders.console_plan import COMMANDS_FILE
from graders.engine import grade
from graders.plan import load_plan
from graders.report import Outcome
from graders.sandbox.docker import DockerSandbox
from graders.solutions import read_solutions, read_starter, verify_solutions

LABS = Path(__file__).resolve().parents[2] / "packs/containerization-review/labs"
NAMES = sorted(folder.name for folder in LABS.iterdir())


OF_COMMANDS = {
    "create-and-start",
    "build-and-tag",
    "freeze-and-kill",
    "commit-or-build",
    "run-and-look",
    "keep-and-remove",
    "what-is-left",
    "what-is-wrong",
}
OF_DOCKERFILES = {
    "first-dockerfile",
    "choose-the-base",
    "run-forms",
    "copy-workdir",
    "folder-by-folder",
    "add-or-copy",
    "cmd-and-entrypoint",
    "expose-http",
    "declare-volume",
    "keep-it-out",
    "layers-and-cache",
    "multi-stage",
    "light-image",
    "readable",
    "env-config",
    "replace-it",
    "keep-the-data",
    "secret-at-run",
    "secret-while-building",
    "non-root",
    "health",
    "stop-gracefully",
    "two-jobs",
    "debug-unreachable",
    "debug-missing-file",
    "debug-wrong-user",
    "debug-deaf",
    "api-1-it-runs",
    "api-2-safe-to-run",
    "containerize-api",
}


def test_each_lab_of_the_pack_is_one_of_dockerfiles_or_of_commands() -> None:
    assert {name for name in NAMES if load_plan(LABS / name).console is None} == OF_DOCKERFILES
    assert {name for name in NAMES if load_plan(LABS / name).console is not None} == OF_COMMANDS


@pytest.mark.parametrize("name", sorted(OF_DOCKERFILES))
def test_each_lab_of_dockerfiles_has_four_wrong_solutions_that_build_and_are_mostly_right(name: str) -> None:
    plan = load_plan(LABS / name)
    whether_it_builds = {check.id for check in plan.checks if check.kind == "builds"}
    wrong = [one for one in read_solutions(LABS / name, plan) if one.expected is not None and one.expected.fails]
    assert sum(1 for one in wrong if one.expected and not whether_it_builds.intersection(one.expected.fails)) >= 4
    assert [one.name for one in wrong if one.expected is not None and len(one.expected.fails) > 3] == []


def test_every_keyword_of_the_review_is_practised_in_a_lab_of_dockerfiles() -> None:
    practised = {topic for name in OF_DOCKERFILES for topic in load_plan(LABS / name).topics}
    keywords = ("what", "from", "run", "add", "copy", "expose", "volume", "workdir", "cmd")
    assert {f"dockerfile.{keyword}" for keyword in keywords} - practised == set()


@pytest.mark.parametrize("name", sorted(OF_COMMANDS))
def test_each_lab_of_commands_has_four_wrong_solutions_that_are_mostly_right(name: str) -> None:
    plan = load_plan(LABS / name)
    wrong = [one for one in read_solutions(LABS / name, plan) if one.expected is not None and one.expected.fails]
    assert len(wrong) >= 4
    assert [one.name for one in wrong if one.expected is not None and len(one.expected.fails) > 3] == []


@pytest.mark.parametrize("name", sorted(OF_COMMANDS))
def test_each_lab_of_commands_tells_each_learner_their_own_values(name: str) -> None:
    plan = load_plan(LABS / name)
    readme = (LABS / name / "README.md").read_text()
    prepared = " ".join(plan.require_console().prepare)
    assert [value for value in plan.values if f"{{{value}}}" not in readme + prepared] == []


def test_every_command_of_the_review_is_practised_in_a_lab_of_commands() -> None:
    checked = {topic for name in OF_COMMANDS for check in load_plan(LABS / name).checks for topic in check.topics}
    commands = ("build", "commit", "create", "run", "ls", "kill", "pause", "start", "rm", "volume-rm")
    assert {f"cmd.{command}" for command in commands} - checked == set()
    assert {"image.what", "container.instance", "best.volumes", "docker.arch", "docker.objects"} <= checked


@pytest.mark.parametrize("name", NAMES)
def test_each_lab_has_a_story_three_checks_or_more_and_two_wrong_solutions(name: str) -> None:
    plan = load_plan(LABS / name)
    solutions = read_solutions(LABS / name, plan)
    assert len((LABS / name / "README.md").read_text()) > 1000
    assert len(plan.checks) >= 3
    assert sum(1 for solution in solutions if solution.expected is not None and solution.expected.fails) >= 2
    assert all(check.hint or check.hidden or check.id == "notes" for check in plan.checks)


@pytest.mark.engine
@pytest.mark.parametrize("name", NAMES)
def test_each_solution_is_graded_as_it_says(name: str, engine_url: str) -> None:
    verification = verify_solutions(LABS / name, DockerSandbox(engine_url))
    assert [str(problem) for problem in verification.problems] == []
    assert verification.never_failed == ()


@pytest.mark.engine
@pytest.mark.parametrize("name", sorted(OF_COMMANDS))
def test_looking_around_alone_gets_no_points_in_a_lab_of_commands(name: str, engine_url: str) -> None:
    plan = load_plan(LABS / name)
    starter = {path: text for path, text in read_starter(LABS / name).items() if path != COMMANDS_FILE}
    files = Submission.from_files({**starter, COMMANDS_FILE: b"docker ps -a\ndocker images\n"})
    report = grade(plan, files, DockerSandbox(engine_url), seed=2, job_id="looking")
    assert (report.outcome, report.score) == (Outcome.GRADED, 0)
