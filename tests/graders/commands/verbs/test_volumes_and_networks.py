"""Volumes and networks of a session: written down first, within their quota, and what containers do with them."""

from collections.abc import Iterator

import pytest
from docker.errors import NotFound

from graders.commands.interpreter import Console
from graders.commands.rules import ConsoleRules
from graders.commands.state import OwnNetwork, OwnVolume, SessionState
from graders.sandbox.connection import Address, Engine
from graders.sandbox.reaching import reach
from tests.consoles import console

pytestmark = pytest.mark.engine


@pytest.fixture
def engine(engine_url: str) -> Engine:
    return reach(Address(engine_url))


@pytest.fixture
def made(engine_url: str) -> Iterator[Console]:
    with console(engine_url, rules=ConsoleRules(volumes=2, networks=1)) as one:
        yield one


def there(engine: Engine, state: SessionState) -> list[bool]:
    """Whether the engine has what is written down, volumes first."""
    found = []
    for look, names in (
        (engine.client.inspect_volume, [one.engine_name for one in state.volumes]),
        (engine.client.inspect_network, [one.engine_name for one in state.networks]),
    ):
        for name in names:
            try:
                look(name)
            except NotFound:
                found.append(False)
            else:
                found.append(True)
    return found


@pytest.mark.parametrize("line", ["docker volume create data", "docker volume create", "docker network create shore"])
def test_a_name_is_written_down_before_the_object_is_made(engine_url: str, engine: Engine, line: str) -> None:
    kept: list[list[bool]] = []
    with console(engine_url, save=lambda state: kept.append(there(engine, state))) as one:
        assert one.carry_out(line).exit_code == 0
        assert kept[0] == [False]
        assert kept[-1] == [True]


def test_there_is_room_for_so_many_and_no_more(made: Console) -> None:
    for line in ("docker volume create v1", "docker volume create", "docker network create n1"):
        assert made.carry_out(line).exit_code == 0
    for line, kind in (("docker volume create v3", "2 volumes"), ("docker network create n2", "1 network")):
        came = made.carry_out(line)
        assert came.exit_code == 1
        assert f"room for {kind}" in came.stderr
    assert made.carry_out("docker volume create v1").stdout == "v1\n"
    assert len(made.state.volumes) == 2


@pytest.mark.parametrize(
    "line",
    [
        "docker volume create --label drydock.session=other v1",
        "docker network create --label drydock.job=other n1",
        "docker network create 'two\nlines'",
        "docker network create a/b",
        f"docker network create {'n' * 300}",
        f"docker volume create {'v' * 300}",
    ],
)
def test_what_would_confuse_the_engine_is_refused_and_leaves_nothing(made: Console, line: str) -> None:
    came = made.carry_out(line)
    assert came.exit_code != 0
    assert came.stderr
    assert (made.state.volumes, made.state.networks) == ([], [])


def test_what_somebody_else_removed_is_forgotten(made: Console, engine: Engine) -> None:
    made.carry_out("docker volume create lost")
    made.carry_out("docker network create lost")
    engine.client.remove_volume(made.state.volumes[0].engine_name)
    engine.client.remove_network(made.state.networks[0].id)
    assert made.carry_out("docker volume ls -q").stdout == ""
    assert made.carry_out("docker volume inspect lost").stderr == "Error: No such volume: lost\n"
    assert made.carry_out("docker volume rm lost").stderr == "Error: No such volume: lost\n"
    assert made.carry_out("docker network rm lost").stderr == "Error: No such network: lost\n"
    assert (made.state.volumes, made.state.networks) == ([], [])


def test_what_was_written_down_and_never_made_can_be_removed(made: Console) -> None:
    made.state.networks.append(OwnNetwork(name="lost", engine_name=made.state.engine_name("n", "lost")))
    made.state.volumes.append(OwnVolume(name="lost", engine_name=made.state.engine_name("v", "lost")))
    assert made.carry_out("docker network ls -q -f type=custom").stdout == ""
    assert made.carry_out("docker network inspect lost").stderr == "Error: No such network: lost\n"
    assert made.carry_out("docker network rm lost").stderr == "Error: No such network: lost\n"
    assert made.carry_out("docker volume rm -f lost").stdout == "lost\n"
    assert (made.state.volumes, made.state.networks) == ([], [])


def test_containers_that_are_connected_find_each_other_by_name_and_nothing_else(made: Console) -> None:
    made.carry_out("docker network create shore")
    made.carry_out("docker run -d --name one busybox:1.35 sleep 300")
    made.carry_out("docker create --name two busybox:1.35 sleep 300")
    assert made.carry_out("docker network connect shore one").exit_code == 0
    assert made.carry_out("docker network connect --alias deux shore two").exit_code == 0
    made.carry_out("docker start two")
    for name in ("two", "deux"):
        assert f"PING {name} (" in made.carry_out(f"docker exec one ping -c 1 -W 2 {name}").stdout
    shown = made.carry_out("docker network inspect -f '{{range .Containers}}{{.Name}} {{end}}{{.Internal}}' shore")
    assert sorted(shown.stdout.split()) == ["one", "true", "two"]
    assert made.carry_out("docker network disconnect shore two").exit_code == 0
    assert "bad address 'two'" in made.carry_out("docker exec one ping -c 1 -W 1 two").stderr


def test_a_container_that_cannot_be_connected_stays_where_it_was(made: Console) -> None:
    made.carry_out("docker network create shore")
    made.carry_out("docker run -d --name one busybox:1.35 sleep 300")
    made.carry_out("docker pause one")
    before = made.carry_out("docker inspect -f '{{json .NetworkSettings.Networks}}' one").stdout
    for network in ("bridge", "host", "none", "nothere"):
        assert made.carry_out(f"docker network connect {network} one").exit_code == 1
    assert made.carry_out("docker inspect -f '{{json .NetworkSettings.Networks}}' one").stdout == before
    assert "docker network create" in made.carry_out("docker network connect bridge one").stderr


def test_a_prune_asks_first_and_takes_y_from_a_pipe(made: Console) -> None:
    made.carry_out("docker volume create v1")
    asked = made.carry_out("docker volume prune")
    assert asked.stdout.startswith("WARNING! This will remove all local volumes")
    assert [one.name for one in made.state.volumes] == ["v1"]
    assert "Deleted Volumes:\nv1\n" in made.carry_out("echo y | docker volume prune").stdout
    assert made.state.volumes == []


def test_the_journal_tells_what_was_made_and_removed(made: Console) -> None:
    created = made.carry_out("docker volume create v1").done[0].touched[0]
    assert (created.kind, created.name, created.made) == ("volume", "v1", True)
    again = made.carry_out("docker volume create v1").done[0].touched[0]
    assert not again.made
    removed = made.carry_out("docker volume rm v1").done[0].touched[0]
    assert removed.removed
    network = made.carry_out("docker network create n1").done[0].touched[0]
    assert (network.kind, network.id, network.made) == ("network", made.state.networks[0].id, True)
    assert made.carry_out("docker network prune -f").done[0].touched[0].removed
