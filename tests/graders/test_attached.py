"""Folders of the lab that a plan carries along, and grading with them."""

from pathlib import Path

import pytest
import yaml

from graders.archive import Submission
from graders.engine import grade
from graders.plan import InvalidPlan, LabPlan, load_plan
from graders.report import CheckOutcome, Report
from graders.sandbox.base import ContainerSpec
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.fake import FakeProgram, FakeSandbox, steps

COURSE = "bases: {busybox: {image: busybox:1.35}}\n"
DOCKERFILE = "FROM busybox:1.35\nCMD echo hello\n"
COMPARE = {"id": "same", "kind": "compare", "points": 1, "reference": "model", "trials": 1}
CUSTOM = {"id": "own", "kind": "custom", "points": 4, "base": "busybox", "command": ["sh", "/autograder/source/a.sh"]}


def lab(tmp_path: Path, files: dict[str, str], *checks: dict[str, object], **plan: object) -> Path:
    folder = tmp_path / "labs" / "one"
    points = sum(int(str(check["points"])) for check in checks)
    text = yaml.safe_dump({"title": "One", "points": points, "bases": ["busybox"], **plan, "checks": list(checks)})
    for path, content in {"lab.yaml": text, **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    (tmp_path / "course.yaml").write_text(COURSE)
    return folder


def stored(folder: Path) -> LabPlan:
    return LabPlan.model_validate(load_plan(folder).model_dump(mode="json"))


def graded(folder: Path, sandbox: FakeSandbox | DockerSandbox, *, text: str = DOCKERFILE) -> Report:
    submission = Submission.from_files({"Dockerfile": text.encode()})
    return grade(stored(folder), submission, sandbox, seed=3, job_id="attached")


MODEL = {"builds": {"model": {"solution": "reference"}}}


def test_a_solution_comes_along_with_the_starter_beneath_it(tmp_path: Path) -> None:
    files = {
        "solutions/reference/Dockerfile": DOCKERFILE,
        "solutions/reference/expect.yaml": "about: x\n",
        "starter/a": "1",
    }
    sandbox = FakeSandbox()
    report = graded(lab(tmp_path, files, COMPARE, **MODEL), sandbox)
    assert report.score == 1
    contexts = [call.context for call in sandbox.asked("build")]  # type: ignore[attr-defined]
    assert [b"expect.yaml" in context for context in contexts] == [False, False]
    assert sum(b"a\0" in context for context in contexts) == 1


def test_learners_are_told_nothing_of_the_solutions_build(tmp_path: Path) -> None:
    folder = lab(tmp_path, {"solutions/reference/Dockerfile": DOCKERFILE}, COMPARE, **MODEL)
    report = graded(folder, FakeSandbox()).for_learner()
    assert [build.id for build in report.builds] == ["default"]
    assert [image.build for image in report.images] == ["default"]


def test_a_solution_that_is_not_there_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlan, match="no folder `solutions/reference`") as caught:
        load_plan(lab(tmp_path, {}, COMPARE, **MODEL))
    assert caught.value.problems[0].line > 1


def test_attached_files_are_never_written_by_hand(tmp_path: Path) -> None:
    folder = lab(tmp_path, {}, {"id": "builds", "kind": "builds", "points": 1}, attached={"a": {"b": "Yw=="}})
    with pytest.raises(InvalidPlan, match="leave it out"):
        load_plan(folder)


def test_what_a_lab_brings_itself_has_a_bound(tmp_path: Path) -> None:
    files = {"checker/a.sh": "x" * 3 * 2**20}
    with pytest.raises(InvalidPlan, match="over 2 MiB"):
        load_plan(lab(tmp_path, files, CUSTOM))


@pytest.mark.parametrize("broken", ["FROM nothing:1\n", "COPY\n", "FROM busybox:1.35\nRUN false\n"])
def test_a_broken_solution_is_nobodys_fault_but_the_labs(tmp_path: Path, broken: str) -> None:
    folder = lab(tmp_path, {"solutions/reference/Dockerfile": broken}, COMPARE, **MODEL)
    sandbox = FakeSandbox(on_build=lambda call: steps(failed=0) if b"RUN false" in call.context else None)
    (result,) = graded(folder, sandbox).checks
    assert result.outcome is CheckOutcome.SKIPPED
    assert "not your fault" in result.message


def test_a_solution_whose_context_cannot_be_put_together_is_the_labs_fault_too(tmp_path: Path) -> None:
    files = {"solutions/reference/Dockerfile": DOCKERFILE, "solutions/reference/.dockerignore": "[\n"}
    report = graded(lab(tmp_path, files, COMPARE, **MODEL), FakeSandbox())
    assert not report.refusals
    assert report.checks[0].outcome is CheckOutcome.SKIPPED
    assert "not your fault" in report.checks[0].message


def test_a_solution_that_never_ends_is_not_held_against_anybody(tmp_path: Path) -> None:
    folder = lab(tmp_path, {"solutions/reference/Dockerfile": DOCKERFILE}, COMPARE, **MODEL)
    sandbox = FakeSandbox(on_run=lambda spec: FakeProgram(start_error="no such file"))
    (result,) = graded(folder, sandbox).checks
    assert result.outcome is CheckOutcome.SKIPPED


def test_the_same_seed_gives_the_same_trials_and_another_seed_others(tmp_path: Path) -> None:
    check = {**COMPARE, "trials": 3, "values": {"n": "number"}, "inputs": {"args": ["{n}"]}}
    plan = stored(lab(tmp_path, {"solutions/reference/Dockerfile": DOCKERFILE}, check, **MODEL))

    def tried(seed: int) -> list[tuple[str, ...] | None]:
        sandbox = FakeSandbox()
        submission = Submission.from_files({"Dockerfile": DOCKERFILE.encode()})
        grade(plan, submission, sandbox, seed=seed, job_id="trials")
        return [spec.args for spec in sandbox.asked("run") if isinstance(spec, ContainerSpec)]

    first = tried(1)
    assert len(first) == 6
    assert first[0::2] == first[1::2]
    assert len(set(first)) == 3
    assert tried(1) == first
    assert tried(2) != first


def test_a_part_of_the_points_is_rounded_down_to_the_cent(tmp_path: Path) -> None:
    says = b'{"passed": false, "message": "Nearly.", "share": 0.33333}'
    folder = lab(tmp_path, {"checker/a.sh": "true\n"}, CUSTOM)
    report = graded(folder, FakeSandbox(on_run=lambda spec: FakeProgram(stdout=says)))
    assert report.score == 1.33
    assert report.checks[0].outcome is CheckOutcome.FAILED


def test_a_checker_that_says_nothing_sensible_is_broken_and_only_instructors_see_why(tmp_path: Path) -> None:
    folder = lab(tmp_path, {"checker/a.sh": "true\n"}, CUSTOM)
    report = graded(folder, FakeSandbox(on_run=lambda spec: FakeProgram(stderr=b"Traceback", exit_code=1)))
    (result,) = report.checks
    assert result.outcome is CheckOutcome.SKIPPED
    assert "not your fault" in result.message
    assert [each.stderr for each in report.containers if each.id == "checker own"] == ["Traceback"]
    assert all(each.id != "checker own" for each in report.for_learner().containers)


@pytest.mark.engine
def test_a_checker_finds_what_was_handed_in_and_what_was_recorded(tmp_path: Path, engine_url: str) -> None:
    script = """
set -e
cd /autograder
grep -A 8 '"/out.txt"' record.json | grep -q '"text": "written'
grep -q '"/none": null' record.json
grep -q 'CMD echo hello' submission/Dockerfile
grep -q '"text": "hello\\\\n"' record.json
cat > results/results.json <<END
{"score": 3, "output": "Read it all."}
END
echo what is printed beside a results file does not count
"""
    check = {**CUSTOM, "files": {"default": ["/out.txt", "/none"]}}
    text = "FROM busybox:1.35\nCMD echo hello && echo written > /out.txt\n"
    report = graded(lab(tmp_path, {"checker/a.sh": script}, check), DockerSandbox(engine_url), text=text)
    assert report.score == 3, report
    assert report.checks[0].message == "Read it all."


@pytest.mark.engine
def test_a_hostile_checker_reaches_nothing(tmp_path: Path, engine_url: str) -> None:
    script = """
reached=
mount -t tmpfs none /mnt 2> /dev/null && reached="$reached mount"
mknod /tmp/disk b 8 0 2> /dev/null && reached="$reached device"
chroot / true 2> /dev/null && reached="$reached chroot"
ls /var/run/docker.sock /run/drydock > /dev/null 2>&1 && reached="$reached socket"
wget -q -T 2 -O - http://127.0.0.1:80 > /dev/null 2>&1 && reached="$reached network"
[ "$(ls /sys/class/net)" = lo ] || reached="$reached interface"
grep -q '^CapEff:.*0000000000000000$' /proc/self/status || reached="$reached capabilities"
echo "{\\"passed\\": true, \\"message\\": \\"reached:$reached\\"}"
"""
    report = graded(lab(tmp_path, {"checker/a.sh": script}, CUSTOM), DockerSandbox(engine_url))
    assert report.checks[0].message == "reached:", report


@pytest.mark.engine
def test_a_checker_that_never_ends_is_ended(tmp_path: Path, engine_url: str) -> None:
    folder = lab(tmp_path, {"checker/a.sh": "sleep 9999\n"}, {**CUSTOM, "seconds": 1})
    report = graded(folder, DockerSandbox(engine_url))
    assert report.checks[0].outcome is CheckOutcome.SKIPPED
    assert next(each for each in report.containers if each.id == "checker own").limit == "time"
