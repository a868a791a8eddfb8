"""Containers that are killed from beside the engine."""

import os
from pathlib import Path

import pytest

from deploy.sandbox import cgroups
from deploy.sandbox.instance import Instance


@pytest.mark.parametrize("text", ["", "..", "/", "../../x", "ab" * 31, "AB" * 32, "ab" * 32 + "/.."])
def test_what_is_no_id_kills_nothing(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr(cgroups, "_groups", lambda _: [tmp_path])
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))
    (tmp_path / "cgroup.procs").write_text("10\n")

    assert not cgroups.kill_container(Instance(name="none", root=tmp_path), text)
    assert killed == []


def test_only_the_processes_of_the_one_container_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr(cgroups, "_groups", lambda _: [tmp_path])
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))
    for number, container_id in enumerate(("ab" * 32, "cd" * 32), start=10):
        (tmp_path / container_id).mkdir()
        (tmp_path / container_id / "cgroup.procs").write_text(f"{number}\n")

    assert cgroups.kill_container(Instance(name="none", root=tmp_path), "ab" * 32)
    assert killed == [10]
