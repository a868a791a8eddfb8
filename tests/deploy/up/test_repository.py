"""What must hold for the repository as a whole."""

import importlib.metadata
import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.up import locks
from deploy.up.checking import checks, source_root_problems
from deploy.up.instance import REPOSITORY
from deploy.up.testing import on_postgresql


def test_platform_is_a_source_root_and_no_package() -> None:
    assert source_root_problems(REPOSITORY) == []


def test_a_package_that_would_shadow_pythons_own_platform_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "platform").mkdir()
    (tmp_path / "platform/__init__.py").touch()

    assert len(source_root_problems(tmp_path)) == 1


@pytest.mark.parametrize(
    "name", ["config", "accounts", "courses", "gradebook", "portal", "api", "authoring", "labs", "quizzes", "graders"]
)
def test_a_root_package_loads_from_the_repository(name: str) -> None:
    found = importlib.util.find_spec(name)

    assert found is not None
    assert found.origin is not None
    assert Path(found.origin).is_relative_to(REPOSITORY)


def test_locks_name_no_address() -> None:
    assert locks.problems(REPOSITORY) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url somewhere",
        "--extra-index-url x",
        "-i x",
        "--find-links /x",
        "a @ https://x/y.whl",
        "a @ git+ssh://x",
    ],
)
def test_an_address_in_a_lock_is_found(tmp_path: Path, line: str) -> None:
    for name in ("requirements.in", "requirements-dev.in", "requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("a==1 \\\n    --hash=sha256:00\n")
    (tmp_path / "requirements.txt").write_text(f"a==1\n{line}\n")
    (tmp_path / locks.NODE_LOCK).parent.mkdir(parents=True)
    (tmp_path / locks.NODE_LOCK).write_text('{"resolved": "https://x/a.tgz"}')

    found = locks.problems(tmp_path)

    assert any(problem.startswith("requirements.txt, line 2") for problem in found)
    assert any(problem.startswith(f"{locks.NODE_LOCK}, line 1") for problem in found)


def test_every_requirement_is_locked_by_hash() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (REPOSITORY / name).read_text().replace("\\\n", " ")
        pinned = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]

        assert pinned
        assert [line for line in pinned if "--hash=sha256:" not in line] == []


def test_make_help_lists_every_command_in_one_line_each() -> None:
    said = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))

    assert {line.split()[1] for line in said.splitlines()} == targets
    assert {"up", "down", "status", "logs", "demo", "test", "check", "lock", "bench", "help"} <= targets


def test_make_check_covers_what_it_promises() -> None:
    said = " ".join(check.command for check in checks())

    for tool in ("ruff check", "ruff format --check", "mypy", "lint-imports", "makemigrations --check", "djlint"):
        assert tool in said
    assert "check --deploy --fail-level WARNING" in said
    assert "docker-compose" in said


def test_no_file_names_the_host_of_a_registry() -> None:
    hosts = r"(pypi|debian|npmjs|pythonhosted|yarnpkg)\.(org|com|io)"
    found = subprocess.run(
        ["git", "grep", "-nIE", hosts, "--", ".", ":!tests/deploy/up/test_repository.py"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.stdout == ""


def test_the_lock_holds_what_debians_own_python_needs() -> None:
    """The lock may have been made on a later 3.11, where some requirements fall away."""
    locked = {
        canonicalize_name(name)
        for file in ("requirements.txt", "requirements-dev.txt")
        for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", (REPOSITORY / file).read_text(), re.MULTILINE)
    }
    debian = {**default_environment(), "python_full_version": "3.11.2", "extra": ""}
    needed = {
        f"{distribution.metadata['Name']} needs {requirement}"
        for distribution in importlib.metadata.distributions()
        if canonicalize_name(distribution.metadata["Name"]) in locked
        for requirement in map(Requirement, distribution.requires or [])
        if (requirement.marker is None or requirement.marker.evaluate(debian))
        and canonicalize_name(requirement.name) not in locked
    }

    assert needed == set()


def test_the_second_run_on_postgresql_names_only_folders_with_tests(tmp_path: Path) -> None:
    for name in ("labs", "quizzes", "accounts"):
        (tmp_path / "tests" / name).mkdir(parents=True)
    (tmp_path / "tests/labs/test_queue.py").touch()

    assert on_postgresql(tmp_path) == ["tests/labs"]
    assert {"tests/api", "tests/courses", "tests/gradebook", "tests/labs", "tests/quizzes"} <= set(
        on_postgresql(REPOSITORY)
    )


@pytest.mark.parametrize("script", [".ci/run", "deploy/fresh-root.sh"])
def test_a_script_can_be_run_and_parses(script: str) -> None:
    assert os.access(REPOSITORY / script, os.X_OK)
    subprocess.run(["bash", "-n", REPOSITORY / script], check=True)


def test_every_link_in_the_documentation_leads_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("**/*.md")]
        for target in re.findall(r"\]\(([^)#]+)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]

    assert broken == []
