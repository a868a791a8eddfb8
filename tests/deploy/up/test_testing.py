"""What `make coverage` asks of the package that grades."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.up.testing import GRADERS_FLOOR, cover_command


@pytest.fixture(name="measured")
def _measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose graders were tried in one of two ways, and whose other packages in every way."""
    monkeypatch.delenv("COVERAGE_FILE", raising=False)  # these tests may be measured themselves
    (tmp_path / "graders").mkdir()
    (tmp_path / "graders/__init__.py").touch()
    (tmp_path / "graders/judge.py").write_text("def judge(right):\n    if right:\n        return 1\n    return 0\n")
    (tmp_path / "labs.py").write_text("\n".join(f"a{number} = {number}" for number in range(500)))
    (tmp_path / "tries.py").write_text("import labs\nfrom graders.judge import judge\njudge(True)\n")
    measure = [sys.executable, "-m", "coverage", "run", "--branch", "--source=.", "tries.py"]
    subprocess.run(measure, cwd=tmp_path, check=True)
    return tmp_path


def test_too_little_of_graders_fails_the_whole_run_however_much_of_the_rest_is_covered(measured: Path) -> None:
    seen = subprocess.run(
        cover_command(Path(sys.executable), whole=True), cwd=measured, capture_output=True, text=True, check=False
    )

    assert seen.returncode != 0
    assert f"less than fail-under={GRADERS_FLOOR}" in seen.stdout + seen.stderr


def test_a_run_of_some_tests_shows_the_figure_of_graders_and_asks_for_nothing(measured: Path) -> None:
    seen = subprocess.run(
        cover_command(Path(sys.executable), whole=False), cwd=measured, capture_output=True, text=True, check=False
    )

    assert seen.returncode == 0
    assert float(seen.stdout) == 66.67, "three of four lines and one of two branches"
