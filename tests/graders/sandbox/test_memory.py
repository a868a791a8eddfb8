"""The most memory a container has held: what engines tell of it, and what has to do where they tell less."""

from pathlib import Path
from typing import Any, cast

import docker
import pytest
import requests
from docker.errors import APIError

from graders.sandbox import memory
from graders.sandbox.memory import memory_peak

ID = "c" * 64


class Telling:
    """A client whose engine tells what it is given, or refuses with a status."""

    def __init__(self, told: dict[str, Any], *, refuses: int = 0) -> None:
        self.told, self.refuses = told, refuses

    def stats(self, container_id: str, *, stream: bool, one_shot: bool) -> dict[str, Any]:
        assert (container_id, stream, one_shot) == (ID, False, True)
        if self.refuses:
            response = requests.Response()
            response.status_code = self.refuses
            raise APIError("no", response=response)
        return self.told


def peak(told: dict[str, Any], *, refuses: int = 0) -> int | None:
    return memory_peak(cast("docker.APIClient", Telling(told, refuses=refuses)), ID)


def test_the_kernels_own_peak_counts() -> None:
    assert peak({"memory_stats": {"usage": 3, "max_usage": 7}}) == 7


def test_where_there_is_no_peak_the_figure_of_the_moment_has_to_do() -> None:
    assert peak({"memory_stats": {"usage": 3}}) == 3


def test_the_peak_of_version_2_is_read_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, group in (("7", f"0::/drydock/{ID}\n"), ("8", "0::/other\n"), ("self", "")):
        (tmp_path / "proc" / number).mkdir(parents=True)
        (tmp_path / "proc" / number / "cgroup").write_text(group)
    (tmp_path / "groups/drydock" / ID).mkdir(parents=True)
    (tmp_path / "groups/drydock" / ID / "memory.peak").write_text("9000\n")
    monkeypatch.setattr(memory, "_PROCESSES", tmp_path / "proc")
    monkeypatch.setattr(memory, "_GROUPS", tmp_path / "groups")
    assert peak({"memory_stats": {"usage": 3}}) == 9000
    (tmp_path / "groups/drydock" / ID / "memory.peak").unlink()
    assert peak({"memory_stats": {"usage": 3}}) == 3


@pytest.mark.parametrize("status", [404, 409])
def test_what_has_ended_holds_nothing(status: int) -> None:
    assert peak({}, refuses=status) is None
    assert peak({"memory_stats": {}}) is None


def test_an_engine_that_fails_is_not_taken_for_an_ended_container() -> None:
    with pytest.raises(APIError):
        peak({}, refuses=500)
