"""A clone's own name, places and choices."""

import os
from pathlib import Path

import pytest

from deploy.up.instance import default_name, default_slots, find, read_env_file, run_root_of
from deploy.up.trouble import Trouble


def test_two_clones_have_nothing_in_common(tmp_path: Path) -> None:
    one, other = find(tmp_path / "one", {}), find(tmp_path / "two", {})

    for place in ("name", "data", "run_dir", "redis_socket", "supervisor_socket", "log_dir"):
        assert getattr(one, place) != getattr(other, place), place
    assert not set(one.engine_names) & set(other.engine_names)


def test_a_clone_keeps_its_name(tmp_path: Path) -> None:
    assert default_name(tmp_path) == default_name(tmp_path)
    assert find(tmp_path, {}).name.startswith("drydock-")
    assert len(find(tmp_path, {}).name) == len("drydock-") + 6


def test_a_deep_clone_still_has_short_sockets(tmp_path: Path) -> None:
    deep = find(tmp_path / ("a" * 200), {})

    assert len(os.fsencode(deep.redis_socket)) < 100
    assert all(len(url) < 100 for url in deep.engines)


@pytest.mark.parametrize("name", ["Drydock", "a b", "../x", "x" * 35, "-x"])
def test_a_name_that_sockets_and_engines_cannot_bear_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Trouble, match="DRYDOCK_INSTANCE"):
        find(tmp_path, {"DRYDOCK_INSTANCE": name})


@pytest.mark.parametrize("name", ["100%", "a; b", "a #b", "it's", 'a"b', "a\nb"])
def test_a_folder_that_supervisord_cannot_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Trouble, match="plainer"):
        find(tmp_path / name, {})


def test_given_services_are_used_instead_of_own_ones(tmp_path: Path) -> None:
    instance = find(
        tmp_path,
        {
            "DATABASE_URL": "postgres://db/x",
            "REDIS_URL": "redis://r:6379/0",
            "SANDBOX_ENGINES": "tcp://a:1, unix:///b.sock",
        },
    )

    assert instance.given_database == "postgres://db/x"
    assert instance.given_redis == "redis://r:6379/0"
    assert instance.engines == ["tcp://a:1", "unix:///b.sock"]
    assert instance.engine_names == []


def test_there_is_an_engine_for_each_slot(tmp_path: Path) -> None:
    instance = find(tmp_path, {"SANDBOX_SLOTS": "3"})

    assert len(instance.engines) == len(set(instance.engines)) == 3


@pytest.mark.parametrize(
    ("cpus", "memory_mib", "slots"), [(1, 900, 1), (1, 8000, 2), (2, 3900, 2), (2, 8000, 3), (16, 64000, 3)]
)
def test_by_default_there_is_a_slot_more_than_cores_where_memory_allows_it(
    cpus: int, memory_mib: int, slots: int
) -> None:
    assert default_slots(cpus=cpus, memory_mib=memory_mib) == slots


@pytest.mark.parametrize("slots", ["0", "-1", "two", "65"])
def test_a_number_of_slots_that_makes_no_sense_is_refused(tmp_path: Path, slots: str) -> None:
    with pytest.raises(Trouble, match="SANDBOX_SLOTS"):
        _ = find(tmp_path, {"SANDBOX_SLOTS": slots}).slots


def test_the_shell_wins_over_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DRYDOCK_BIND=10.0.0.1\nREDIS_URL=redis://file\n")

    instance = find(tmp_path, {"REDIS_URL": "redis://shell"})

    assert instance.bind == "10.0.0.1"
    assert instance.given_redis == "redis://shell"


def test_an_env_file_has_comments_exports_and_quotes(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# a comment\n\nexport A=1\nB='two words'\nC=\"a=b\"\nD=\nE='open\n")

    assert read_env_file(file) == {"A": "1", "B": "two words", "C": "a=b", "D": "", "E": "'open"}


@pytest.mark.parametrize("line", ["no equals sign", "1A=2", "=x", "A B=c"])
def test_a_wrong_line_in_an_env_file_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"A=1\n{line}\n")

    with pytest.raises(Trouble, match=r"\.env, line 2"):
        read_env_file(file)


def test_a_choice_is_remembered_and_a_broken_memory_is_forgotten(tmp_path: Path) -> None:
    instance = find(tmp_path, {})
    instance.remember("port", 8003)
    instance.remember("other", "x")

    assert find(tmp_path, {}).recall("port") == 8003

    (instance.data / "instance.json").write_text("{half")
    assert instance.recall("port") is None


def test_an_ordinary_user_has_sockets_of_their_own_while_engines_stay_where_they_are(tmp_path: Path) -> None:
    assert run_root_of(0, None) == Path("/run/drydock")
    assert run_root_of(1000, None) == Path("/run/user/1000/drydock")
    assert run_root_of(1000, "/somewhere") == Path("/somewhere/drydock")
    assert all(url.startswith("unix:///run/drydock/") for url in find(tmp_path, {}).engines)
