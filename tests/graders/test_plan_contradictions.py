"""Plans that contradict themselves: what only one thing of a lab would say, and another makes impossible."""

from pathlib import Path
from textwrap import dedent

import pytest

from graders.plan import Base, InvalidPlan, LabPlan, load_plan, parse_plan

BASES = {"busybox": Base(name="busybox", image="busybox:1.35")}
COURSE = "bases: {busybox: {image: busybox:1.35}}\n"
PLAIN = "title: x\npoints: 1\nchecks: [{id: a, kind: builds, points: 1}]\n"


def plan_of(text: str) -> LabPlan:
    return parse_plan(dedent(text), file="lab.yaml", bases=BASES)


def with_check(check: str, *, more: str = "") -> str:
    return f"title: x\npoints: 1\nbases: [busybox]\n{dedent(more)}\nchecks:\n- {{id: a, points: 1, {check}}}\n"


def problems_of(text: str) -> str:
    with pytest.raises(InvalidPlan) as caught:
        plan_of(text)
    return "\n".join(str(problem) for problem in caught.value.problems)


SERVES = "runs: {default: {serve: {port: 80}}}"
NO_PORT = "runs: {default: {serve: {ready: started}}}"


@pytest.mark.parametrize(
    ("check", "more", "told"),
    [
        (
            "kind: runs_as",
            "builds: {other: {dockerfile: Other}}\nruns: {default: {build: other}}",
            "The run `default` is of the build `other`; say so in `build`.",
        ),
        (
            "kind: runs_as",
            "runs: {default: {user: '7'}}",
            "The run `default` sets a user, so it does not show whom the image runs as.",
        ),
        (
            "kind: mounts, path: /data, type: volume",
            "runs: {default: {tmpfs: [/data]}}",
            "The run `default` puts something else at /data, under another field.",
        ),
        (
            "kind: ephemeral, run: one, again: one, path: /x, contains: y",
            "runs: {one: {}}",
            "The run `one` cannot come after itself.",
        ),
        (
            "kind: ephemeral, run: one, again: two, path: /x, contains: y",
            "runs: {one: {}}",
            "There is no run `two`. Known: `default`, `one`.",
        ),
        (
            "kind: http_sequence, steps: [{path: /}]",
            NO_PORT,
            "The run `default` serves no port; give its `serve` one, or the step its own `port`.",
        ),
        (
            "kind: http_sequence, steps: [{stop: default}, {stop: default}, {start: default}]",
            SERVES,
            "`default` was stopped before this step.",
        ),
        (
            "kind: http_sequence, steps: [{path: /}]",
            "runs: {default: {beside: [store], serve: {port: 80}}}",
            "There is no run `store`.",
        ),
        (
            "kind: http, request: asked",
            f"{NO_PORT}\nrequests: {{asked: {{path: /}}}}",
            "The run `default` serves no port; give its `serve` one, or the request its own `port`.",
        ),
        (
            "kind: compare, reference: model, trials: 1",
            "builds: {model: {solution: reference}}\nruns: {default: {base: busybox}}",
            "The run `default` is of a base of the lab's, not of what is handed in.",
        ),
        (
            "kind: builds",
            "builds: {default: {files: {Dockerfile: FROM busybox}}}",
            "`Dockerfile` is the learner's Dockerfile; a build cannot replace it.",
        ),
        (
            "kind: http, send: {headers: {'Content Type': x}}",
            SERVES,
            "must be the name of a header, such as Content-Type.",
        ),
        (
            "kind: http, send: {body: x, json: {a: 1}}",
            SERVES,
            "carries either `body` or `json`, not both.",
        ),
        (
            "kind: builds",
            "runs: {default: {serve: {ready: {log: '('}}}}",
            "`log` is no regular expression: missing ) at position 1.",
        ),
        (
            "kind: compare, reference: model",
            "builds: {model: {solution: reference}}",
            "has the same inputs in each trial; draw some under `values`, or say `trials: 1`.",
        ),
        (
            "kind: custom, base: busybox, command: [sh], folder: grader",
            "",
            "The lab has no folder `grader` with files in it.",
        ),
        (
            "kind: stdout, contains: x",
            "values: {n: {kind: number, at_least: 3, at_most: 2}}",
            "has an `at_least` that is more than its `at_most`.",
        ),
    ],
)
def test_a_contradiction_is_told_in_a_sentence(check: str, more: str, told: str) -> None:
    assert told in problems_of(with_check(check, more=more))


def test_a_volume_that_the_image_itself_asks_for_need_not_be_in_the_plan() -> None:
    plan = plan_of(with_check("kind: mounts, path: /data, type: anonymous"))
    assert plan.runs["default"].mounted() == []


def test_a_mount_that_the_run_declares_is_in_order() -> None:
    plan = plan_of(with_check("kind: mounts, path: /data, type: tmpfs", more="runs: {default: {tmpfs: [/data]}}"))
    assert plan.runs["default"].mounted() == ["/data"]


def test_a_healthcheck_may_be_tried_without_being_broken() -> None:
    plan = plan_of(with_check("kind: health, breaks: null", more=SERVES))
    (trial,) = plan.checks[0].wants().health.values()
    assert trial.breaks is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: @x\n", "lab.yaml:1:8: "),
        ("title: @x\n", "A text that begins with this character needs quotes."),
        ("title: !!int abc\n", "`abc` is no number."),
        ("title: ~\n", "lab.yaml:1:1: `title` must be text"),
        ("builds: [1]\n" + PLAIN, "`builds` must be a mapping of names, such as {name: …}."),
        ("- 1\n", "A lab is a mapping that begins with `title: …`."),
    ],
)
def test_what_is_no_lab_is_refused_at_its_place(text: str, told: str) -> None:
    assert told in problems_of(text)


def test_a_file_that_nobody_writes_by_hand_is_not_even_decoded() -> None:
    with pytest.raises(InvalidPlan) as caught:
        parse_plan(b"\xff" * 4_000_000, file="lab.yaml", bases=BASES)
    assert "The file is larger than" in str(caught.value)


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Path:
    (tmp_path / "course.yaml").write_text(COURSE)
    (tmp_path / "labs/one").mkdir(parents=True)
    (tmp_path / "labs/one/lab.yaml").write_text(PLAIN)
    return tmp_path / "labs/one"


@pytest.mark.parametrize(
    ("course", "told"),
    [
        ("bases: [", "course.yaml:1:"),
        ("bases: [busybox]\n", "`bases` must map names to images and their recipes."),
        ("just words\n", "`bases` must map names to images and their recipes."),
    ],
)
def test_a_course_file_that_cannot_be_understood_is_named(lab: Path, course: str, told: str) -> None:
    (lab.parents[1] / "course.yaml").write_text(course)
    with pytest.raises(InvalidPlan) as caught:
        load_plan(lab)
    assert told in str(caught.value)


def test_a_lab_file_that_cannot_be_read_says_why(lab: Path) -> None:
    (lab / "lab.yaml").unlink()
    (lab / "lab.yaml").mkdir()
    with pytest.raises(InvalidPlan, match="The file cannot be read: Is a directory"):
        load_plan(lab)


def test_a_folder_of_the_lab_with_something_that_is_no_file_is_refused(lab: Path) -> None:
    check = "kind: custom, base: busybox, command: [sh], folder: grader"
    (lab / "lab.yaml").write_text(with_check(check))
    (lab / "grader").mkdir()
    (lab / "grader/passwords").symlink_to("/etc/passwd")
    with pytest.raises(InvalidPlan) as caught:
        load_plan(lab)
    assert "passwords" in str(caught.value)


@pytest.mark.parametrize("content", ["=", "a", "YQ"])
def test_a_stored_plan_whose_folders_were_damaged_is_refused(content: str) -> None:
    stored = plan_of(PLAIN).model_dump(mode="json")
    with pytest.raises(ValueError, match="must be base64"):
        LabPlan.model_validate({**stored, "attached": {"grader": {"run.sh": content}}})


def test_what_stands_in_for_a_plan_and_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="dictionary"):
        LabPlan.model_validate("a plan")
