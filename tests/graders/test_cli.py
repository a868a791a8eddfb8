"""`python -m graders`: what it prints, and how it ends."""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import docker
import jsonschema
import pytest
from sandboxes import BUSYBOX

from graders.__main__ import main
from graders.checks.registry import RegistryError
from graders.report import Report
from graders.sandbox.ledger import Ledger

REPOSITORY = Path(__file__).resolve().parents[2]
LABS = REPOSITORY / "packs/containerization-review/labs"
LAB = LABS / "first-dockerfile"
REFERENCE = LAB / "solutions/reference"


@pytest.fixture(name="pack")
def _pack(tmp_path: Path) -> Path:
    """A course of one lab that may be spoilt."""
    shutil.copy(LABS.parent / "course.yaml", tmp_path / "course.yaml")
    shutil.copytree(LAB, tmp_path / "labs/first")
    return tmp_path / "labs/first"


@pytest.fixture(autouse=True)
def _no_engine_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANDBOX_ENGINES", raising=False)


@pytest.mark.engine
def test_a_graded_submission_ends_with_0_and_a_report_to_read(
    engine_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(
        ["grade", "--lab", str(LAB), "--submission", str(LAB / "solutions/shell-form"), "--engine", engine_url]
    )
    printed = capsys.readouterr()
    assert status == 0
    assert "8 of 10 points" in printed.out
    assert "✗    0/2    CMD is written in the exec form  (line 2)" in printed.out
    assert "expected  | CMD" in printed.out
    assert "step 1 of" in printed.err
    assert printed.err.index("Building") < printed.err.index("✓ check 1 of 6")


@pytest.mark.engine
def test_what_a_killed_command_left_running_is_removed_by_the_next_one(engine_url: str) -> None:
    client = docker.APIClient(base_url=engine_url)
    client.create_container(BUSYBOX, ["sleep", "600"], name=Ledger("killed").name("run"))
    client.start(Ledger("killed").name("run"))
    assert main(["grade", "--lab", str(LAB), "--submission", str(REFERENCE), "--engine", engine_url, "--quiet"]) == 0
    assert client.containers(all=True) == []
    client.close()


@pytest.mark.engine
def test_json_is_the_documented_report(engine_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    lab = LABS / "expose-http"
    arguments = ["--lab", str(lab), "--submission", str(lab / "solutions/reference"), "--seed", "11", "--json"]
    assert main(["grade", *arguments, "--engine", engine_url]) == 0
    content = json.loads(capsys.readouterr().out)
    documented = {"schema", "score", "max_score", "outcome", "checks", "refusals", "phases", "engine"}
    assert documented <= content.keys()
    assert content["schema"] == "drydock.report/1"
    assert content["score"] == content["max_score"] == 14
    fields = {"id", "kind", "title", "outcome", "points", "max_points", "message", "hint", "line"}
    assert all(fields <= check.keys() for check in content["checks"])
    assert {phase["name"] for phase in content["phases"]} >= {"policy", "build default", "run web"}
    assert content["seed"] == 11
    assert [layer["line"] for layer in content["images"][0]["layers"] if not layer["from_base"]] == [2, 3, 4, 5]
    assert Report.model_validate(content).score == 14


@pytest.mark.engine
def test_a_solution_of_commands_is_carried_out_with_values_of_the_seed(
    engine_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = LABS / "create-and-start"
    arguments = ["grade", "--lab", str(lab), "--engine", engine_url, "--seed", "11"]
    assert main([*arguments, "--submission", str(lab / "solutions/run-only")]) == 0
    printed = capsys.readouterr()
    assert "9 of 12 points" in printed.out
    assert "line 1 of 4  docker run -d --name" in printed.err
    (tmp_path / "commands.txt").write_text("docker create --name {lamp} busybox:1.35\n")
    assert main([*arguments, "--submission", str(tmp_path), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["score"] == 0
    assert content["commands"][0]["text"] == "docker create --name {lamp} busybox:1.35"
    assert content["commands"][0]["exit_code"] == 1


@pytest.mark.engine
def test_the_first_engine_of_the_environment_is_the_default(
    engine_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.write(REFERENCE / "Dockerfile", "work/Dockerfile")
    (tmp_path / "work.zip").write_bytes(archive.getvalue())
    monkeypatch.setenv("SANDBOX_ENGINES", f"{engine_url}, unix:///nowhere")
    assert main(["grade", "--lab", str(LAB), "--submission", str(tmp_path / "work.zip"), "--quiet"]) == 0


def test_an_invalid_lab_ends_with_2_and_names_file_and_line(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (pack / "lab.yaml").read_text()
    (pack / "lab.yaml").write_text(text.replace("minutes: 15", "minuets: 15"))
    assert main(["grade", "--lab", str(pack), "--submission", str(REFERENCE)]) == 2
    line = text.splitlines().index("minutes: 15") + 1
    assert f"lab.yaml:{line}:1: `minuets` is not known here. Did you mean `minutes`?" in capsys.readouterr().err


def test_a_folder_that_is_no_lab_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "--lab", str(tmp_path), "--submission", str(REFERENCE)]) == 2
    assert "There is no lab.yaml in this folder." in capsys.readouterr().err


@pytest.mark.parametrize("engine", [[], ["--engine", "unix:///nowhere/docker.sock"], ["--engine", "nonsense"]])
def test_without_a_sandbox_it_ends_with_3(engine: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "--lab", str(LAB), "--submission", str(REFERENCE), *engine]) == 3
    assert capsys.readouterr().err.startswith("No sandbox: ")


def test_a_file_the_lab_does_not_take_ends_with_4_before_an_engine_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM busybox:1.35\n")
    (tmp_path / "virus.exe").write_text("x")
    assert main(["grade", "--lab", str(LAB), "--submission", str(tmp_path)]) == 4
    printed = capsys.readouterr().out
    assert "Refused before anything was done:" in printed
    assert "virus.exe: this lab takes no such file. Yours to write: Dockerfile." in printed


def test_a_changed_file_of_the_lab_ends_with_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM busybox:1.35\n")
    (tmp_path / "site/index.html").write_text("mine")
    assert main(["grade", "--lab", str(LABS / "expose-http"), "--submission", str(tmp_path), "--json"]) == 4
    (refusal,) = json.loads(capsys.readouterr().out)["refusals"]
    assert refusal["rule"] == "file-not-editable"


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 broken", b"\x00" * 600])
def test_a_submission_that_cannot_be_read_ends_with_4(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "work.zip"
    if content is not None:
        file.write_bytes(content)
    assert main(["grade", "--lab", str(LAB), "--submission", str(file), "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["outcome"] == "refused"


@pytest.mark.engine
def test_a_dockerfile_that_the_policy_refuses_ends_with_4(
    engine_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM busybox:1.35\nADD http://example.test/x /\n")
    assert main(["grade", "--lab", str(LAB), "--submission", str(tmp_path), "--engine", engine_url]) == 4
    assert "Line 2: ADD" in capsys.readouterr().out


def test_the_schema_fits_every_lab_of_the_pack_and_refuses_a_wrong_field(capsys: pytest.CaptureFixture[str]) -> None:
    import yaml

    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    validator = jsonschema.Draft202012Validator(schema)
    for lab in LABS.iterdir():
        content = yaml.safe_load((lab / "lab.yaml").read_text())
        assert [error.message for error in validator.iter_errors(content)] == []
        content["checks"][0]["kind"] = "bulids"
        assert list(validator.iter_errors(content))


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "graders", "grade", "--help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert "--submission" in done.stdout
    assert "4  the submission was refused" in done.stdout


def test_a_page_that_was_never_recorded_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("graders.__main__.read_record", dict)
    assert main(["checks"]) == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert "--record" in printed.err


def test_a_kind_to_record_that_is_none_is_told_before_an_engine_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docker.sock").touch()
    assert main(["checks", "bulids", "--record", "--engine", f"unix://{tmp_path}/docker.sock"]) == 2
    assert "There is no kind of check `bulids`. Did you mean `builds`?" in capsys.readouterr().err


def test_a_kind_that_is_registered_twice_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def twice(lab: Path) -> None:
        raise RegistryError("The kind `builds` is registered twice.")

    monkeypatch.setattr("graders.__main__.load_plan", twice)
    assert main(["grade", "--lab", str(LAB), "--submission", str(REFERENCE)]) == 2
    assert capsys.readouterr().err == "The kind `builds` is registered twice.\n"
