"""Whether the engine's own memory limit was met, as its control group tells it."""

from pathlib import Path

import pytest

from graders.sandbox import pressure
from graders.sandbox.connection import Address
from graders.sandbox.pressure import MemoryWatch

HERE = Address("unix:///run/none/docker.sock")


def watched(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> MemoryWatch:
    monkeypatch.setattr(pressure, "_group_of", lambda address: folder)
    for name, text in files.items():
        (folder / f"memory.{name}").write_text(text)
    return MemoryWatch(HERE)


def test_version_2_counts_what_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watched(tmp_path, monkeypatch, events="low 0\noom 2\noom_kill 2\n")
    assert watch.was_met() is False
    (tmp_path / "memory.events").write_text("low 0\noom 3\noom_kill 3\n")
    assert watch.was_met() is True


def test_version_1_keeps_the_most_that_was_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watched(tmp_path, monkeypatch, limit_in_bytes="1000000\n", max_usage_in_bytes="1000000\n")
    assert watch.was_met() is False, "the record begins anew"
    (tmp_path / "memory.max_usage_in_bytes").write_text("999999\n")
    assert watch.was_met() is True
    (tmp_path / "memory.limit_in_bytes").write_text("no number")
    assert watch.was_met() is None


def test_a_group_that_cannot_be_read_or_written_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert watched(tmp_path / "gone", monkeypatch).was_met() is None
    assert MemoryWatch(HERE).was_met() is None


@pytest.mark.parametrize("url", ["unix:///run/none/docker.sock", "tcp://127.0.0.1:1"])
def test_an_engine_elsewhere_tells_nothing(url: str) -> None:
    assert MemoryWatch(Address(url)).was_met() is None


@pytest.mark.parametrize(
    ("of_all", "of_builds", "inner"),
    [("1000", "400", True), ("max", "400", True), ("1000", "9223372036854771712", False), ("1000", "max", False)],
)
def test_builds_with_bounds_of_their_own_are_watched_by_those(
    tmp_path: Path, of_all: str, of_builds: str, inner: bool
) -> None:
    (tmp_path / "buildkit").mkdir()
    (tmp_path / "memory.max").write_text(f"{of_all}\n")
    (tmp_path / "buildkit/memory.max").write_text(f"{of_builds}\n")

    assert pressure._of_builds(tmp_path) == (tmp_path / "buildkit" if inner else tmp_path)


@pytest.mark.engine
def test_the_group_of_an_engine_on_this_machine_is_found(engine_url: str) -> None:
    assert MemoryWatch(Address(engine_url)).was_met() is False
