"""docs/security.md has a row for each threat; each test that it names is there and runs where it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENT = REPOSITORY / "docs/security.md"
NAME = re.compile(r"`(tests/[\w/]+\.py::test_\w+)`")
ROWS = [*range(1, 26), 27, 28, 29]
WITHOUT_ENGINE = {25, 27, 28}
"""Quizzes are taken, and course files read, at the site alone: no engine takes part, as the rows themselves say."""


def rows() -> dict[int, tuple[list[str], list[str]]]:
    """Of each row: the tests on an engine, and the others."""
    found = {}
    for line in DOCUMENT.read_text().splitlines():
        cells = line.strip("|").split(" | ")
        if line.startswith("| ") and cells[0].strip().isdecimal():
            *_, on_engine, others = cells
            found[int(cells[0])] = (NAME.findall(on_engine), NAME.findall(others))
    return found


def collected(names: list[str], marker: str) -> set[str]:
    """Those of the tests that pytest collects with this marker."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-m", marker, *names]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run(command, cwd=REPOSITORY, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return {line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line}


def test_every_row_is_there_with_a_test_on_an_engine_where_one_takes_part() -> None:
    table = rows()
    assert list(table) == ROWS
    assert {row for row, (on_engine, _) in table.items() if not on_engine} == WITHOUT_ENGINE
    assert all(table[row][1] for row in WITHOUT_ENGINE)


@pytest.mark.parametrize(("place", "marker"), [(0, "engine"), (1, "not browser")])
def test_every_named_test_is_collected(place: int, marker: str) -> None:
    names = sorted({name for row in rows().values() for name in row[place]})
    assert collected(names, marker) == set(names)


def test_what_the_text_names_is_collected_too() -> None:
    in_table = {name for row in rows().values() for names in row for name in names}
    others = sorted(set(NAME.findall(DOCUMENT.read_text())) - in_table)
    assert others
    assert collected(others, "engine and processes") == set(others)
