"""A skipped test, or no test at all, fails the run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.up.instance import REPOSITORY

PASSES = "def test_passes(): pass\n"
SKIPS = "import pytest\n@pytest.mark.skip(reason='x')\ndef test_skips(): pass\n"
SKIPS_MODULE = "import pytest\npytest.skip('x', allow_module_level=True)\n"


def run(tmp_path: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "test_it.py").write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "deploy.up.no_skips", "-q", *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "xdist"])
def test_a_skipped_test_fails_the_run_and_is_named(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, PASSES + SKIPS, *arguments)

    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "test_it.py::test_skips" in done.stdout


def test_a_skipped_module_fails_the_run(tmp_path: Path) -> None:
    assert run(tmp_path, SKIPS_MODULE).returncode != 0


def test_no_test_at_all_fails_the_run(tmp_path: Path) -> None:
    assert run(tmp_path, "x = 1\n").returncode == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "xdist"])
def test_tests_that_pass_pass(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert run(tmp_path, PASSES, *arguments).returncode == 0
