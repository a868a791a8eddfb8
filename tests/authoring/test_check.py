"""`course check`: the topics it counts, the labs it grades, the mutants it tries, and how it ends."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from small_pack import COURSE, a_pack

from authoring.check import check_labs, mutation_score
from authoring.coverage import coverage, coverage_table
from authoring.management.commands.course import Command
from authoring.packs import InvalidPack, load
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.fake import FakeSandbox

LAB = """\
title: Say hello
topics: [dockerfile.cmd]
points: 4
bases: [busybox]
checks:
  - {id: form, kind: instruction, instruction: CMD, form: exec, points: 1}
  - {id: user, kind: instruction, instruction: USER, points: 3}
"""
REFERENCE = 'FROM busybox:1.35\nUSER 5\nCMD ["echo", "hello"]\n'
TOKEN = "add: ENV API_PASSWORD=Kv7-xW2m-Qp9r"
SURVIVES = 'another last word: CMD ["echo", "hello"]'


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack whose lab is judged by its text, so that a scripted engine will do."""
    folder = a_pack(tmp_path, labs__hello__lab_yaml=LAB)
    solve(folder, "reference", REFERENCE)
    solve(folder, "silent", REFERENCE.replace('["echo", "hello"]', "echo hello"), "score: 3\nfails: [form]\n")
    solve(folder, "broken", REFERENCE.replace("USER 5\n", ""), "score: 1\nfails: [user]\n")
    return folder


def solve(folder: Path, name: str, dockerfile: str, expect: str = "") -> None:
    place = folder / "labs/hello/solutions" / name
    (place / "Dockerfile").write_text(dockerfile)
    if expect:
        (place / "expect.yaml").write_text(f"about: Made to fail.\n{expect}")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeSandbox:
    """The engine of every address."""
    fake = FakeSandbox()
    monkeypatch.setattr("authoring.management.commands.course.DockerSandbox", lambda _address: fake)
    return fake


def check(pack: Path, *options: str) -> None:
    call_command("course", "check", str(pack), "--engine", "unix:///nowhere", *options)


def test_its_help_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        Command().create_parser("manage.py", "course").parse_args(["check", "--help"])
    assert ended.value.code == 0
    assert "90% of the mutants" in " ".join(capsys.readouterr().out.split())


def test_it_ends_well_and_tells_of_topics_solutions_and_mutants(
    pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    check(pack)
    out = capsys.readouterr().out
    assert "2 questions (0 with values, 0 with a proof), 1 quizzes, 1 labs: the files are right." in out
    assert "[1 of 1] hello: 3 solutions as declared; " in out
    assert SURVIVES in out
    assert "NOT EXPLAINED" in out
    assert "Mutation score: 0." in out
    assert "Everything is as it should be." in out


def test_a_solution_that_does_otherwise_ends_it_with_1_and_no_mutant_is_tried(
    pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    solve(pack, "silent", REFERENCE, "score: 3\nfails: [form]\n")
    with pytest.raises(CommandError, match="the lab hello is not as declared") as ended:
        check(pack)
    out = capsys.readouterr().out
    assert ended.value.returncode == 1
    assert "1 NOT as declared" in out
    assert "silent/expect.yaml:3:1: It does not fail `form`." in out
    assert "No wrong solution fails the check `form`" in out
    assert "mutants noticed" not in out


def test_being_strict_it_fails_for_survivors_that_nobody_explains_and_for_a_low_score(
    pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match=r"a survivor of hello is not explained; the mutation score is below 0\.9"):
        check(pack, "--strict")
    survivors = [
        each.mutant.change
        for lab in check_labs(load(pack), sandboxes=[engine], tell=print)
        if lab.mutated
        for each in lab.mutated.unexplained
    ]
    assert TOKEN in survivors
    explained = "".join(f"- mutant: '{survivor}'\n  why: It is only a test.\n" for survivor in survivors)
    (pack / "labs/hello/mutants.yaml").write_text(explained)
    capsys.readouterr()
    with pytest.raises(CommandError, match=r"^1 faults: the mutation score is below 0\.9\.$"):
        check(pack, "--strict")
    out = capsys.readouterr().out
    assert "NOT EXPLAINED" not in out
    assert "It is only a test." in out


def test_the_score_counts_explained_survivors_as_survivors(pack: Path, engine: FakeSandbox) -> None:
    before = check_labs(load(pack), sandboxes=[engine], tell=print)
    (pack / "labs/hello/mutants.yaml").write_text(f"- mutant: '{TOKEN}'\n  why: It is only a test.\n")
    after = check_labs(load(pack), sandboxes=[engine], tell=print)
    assert mutation_score(after) == mutation_score(before) < 1
    assert mutation_score([]) == 1


def test_an_explanation_of_nothing_is_a_fault(
    pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    (pack / "labs/hello/mutants.yaml").write_text("- mutant: 'leave out: USER 6'\n  why: It is only a test.\n")
    with pytest.raises(CommandError, match="the lab hello is not as declared"):
        check(pack)
    assert "mutants.yaml:1:3: The reference has no mutant `leave out: USER 6`." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("mutants.yaml", "- {mutant: x}\n", "mutants.yaml:1"),
        ("solutions/silent/expect.yaml", "about: x\nscore: 3\nfails: [frm]\n", "The lab has no check `frm`"),
    ],
)
def test_files_that_only_checking_reads_are_read_before_anything_is_graded(
    pack: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, complaint: str
) -> None:
    (pack / "labs/hello" / file).write_text(text)
    with pytest.raises(CommandError) as ended:
        check(pack, "--files-only")
    assert ended.value.returncode == 2
    assert complaint in capsys.readouterr().err


def test_one_lab_alone_and_no_mutants(pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]) -> None:
    check(pack, "--lab", "hello", "--no-mutants")
    assert "Mutation score" not in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"no lab `helo`\. Did you mean `hello`\?"):
        check(pack, "--lab", "helo")


def test_without_an_engine_it_ends_with_3(pack: Path, engine: FakeSandbox, settings: Any) -> None:
    engine.break_on("info")
    with pytest.raises(CommandError) as ended:
        check(pack)
    assert ended.value.returncode == 3
    settings.SANDBOX_ENGINES, settings.SANDBOX_ENGINE = [], ""
    with pytest.raises(CommandError) as ended:
        call_command("course", "check", str(pack))
    assert ended.value.returncode == 3


def test_topics_are_counted_and_what_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course = COURSE.replace("dockerfile.cmd: CMD", "dockerfile.cmd: {title: CMD, needs: [lab, proof]}")
    course = course.replace("docker.what: What Docker is", "docker.what: {title: What Docker is, needs: [lab]}")
    pack = load(a_pack(tmp_path, course_yaml=f"{course}coverage: {{questions: 2}}\n"))
    what, cmd = coverage(pack)
    assert (what.questions, what.labs, what.gaps) == (1, 0, ("1 more question", "a lab"))
    assert (cmd.questions, cmd.labs, cmd.gaps) == (1, 1, ("1 more question", "a question with a proof"))
    assert list(coverage_table([what, cmd]))[1].endswith("MISSING: 1 more question, a lab")
    with pytest.raises(CommandError, match=r"docker\.what lacks 1 more question and a lab"):
        check(tmp_path, "--files-only")


def test_a_course_that_asks_for_nothing_lacks_nothing(tmp_path: Path) -> None:
    assert [each.gaps for each in coverage(load(a_pack(tmp_path)))] == [(), ()]


def test_a_need_that_is_none_is_named_with_its_place(tmp_path: Path) -> None:
    course = COURSE.replace("dockerfile.cmd: CMD", "dockerfile.cmd: {title: CMD, needs: [labs]}")
    with pytest.raises(InvalidPack, match="lab"):
        load(a_pack(tmp_path, course_yaml=course))


@pytest.mark.engine
def test_on_a_real_engine_the_small_course_is_as_declared(tmp_path: Path, engine_url: str) -> None:
    told: list[str] = []
    (lab,) = check_labs(load(a_pack(tmp_path)), sandboxes=[DockerSandbox(engine_url)], tell=told.append)
    assert lab.faults == ()
    assert lab.mutated is not None
    assert {each.mutant.change: each.noticed_by for each in lab.mutated.tried}[SURVIVES] == ()
    assert [each.mutant.change for each in lab.mutated.survivors] == [
        'shell form: CMD ["echo", "hello"]',
        'as ENTRYPOINT: CMD ["echo", "hello"]',
        SURVIVES,
        TOKEN,
    ]
