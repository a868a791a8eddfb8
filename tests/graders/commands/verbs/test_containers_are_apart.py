"""Two sessions on one engine: whatever one types, it neither reaches nor sees the other's containers."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from graders.commands.interpreter import Console
from tests.consoles import console

pytestmark = pytest.mark.engine

_COMMANDS = (
    "start {}",
    "start -a {}",
    "stop -t 0 {}",
    "restart -t 0 {}",
    "kill {}",
    "kill -s STOP {}",
    "pause {}",
    "unpause {}",
    "wait {}",
    "rename {} mine",
    "rm {}",
    "rm -f {}",
    "rm -fv {}",
    "logs {}",
    "logs -f {}",
    "exec {} id",
    "exec -d {} touch /there",
    "cp {}:/etc/passwd .",
    "cp f.txt {}:/there",
)
_NOTHING = ("No such container", "no such directory", "must specify at least one container source")
_WAYS = ("name", "slashed", "engine name", "id", "short id", "digit")


@dataclass
class Two:
    """Somebody's running container, and somebody else's console."""

    theirs: Console
    mine: Console

    def word(self, way: str) -> str:
        """What the container can be called by."""
        web = self.theirs.state.containers[0]
        return {
            "name": web.name,
            "slashed": f"/{web.name}",
            "engine name": web.engine_name,
            "id": web.id,
            "short id": web.id[:12],
            "digit": web.id[:1],
        }[way]

    def facts(self) -> object:
        """All that the engine tells of it, but for what changes by itself."""
        return self.theirs.engine.client.inspect_container(self.theirs.state.containers[0].id)


@pytest.fixture(scope="module")
def two(engine_url: str) -> Iterator[Two]:
    """Two sessions on one engine."""
    with console(engine_url) as theirs, console(engine_url, files={"f.txt": "mine\n"}) as mine:
        theirs.carry_out("docker volume create secret")
        theirs.carry_out("docker run -d --name theirs -v secret:/secret busybox:1.35 sleep 1000")
        yield Two(theirs, mine)


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("command", _COMMANDS)
def test_a_command_does_not_reach_the_container_of_another_session(two: Two, command: str, way: str) -> None:
    before = two.facts()
    came = two.mine.carry_out(f"docker {command.format(two.word(way))}")

    assert came.stdout == ""
    assert any(words in came.stderr for words in _NOTHING)
    assert two.facts() == before
    assert two.mine.state.containers == []


@pytest.mark.parametrize(
    "line", ["docker container prune -f", "docker run --rm -v secret:/secret busybox:1.35 ls /secret"]
)
def test_what_one_session_makes_or_prunes_is_its_own(two: Two, line: str) -> None:
    two.theirs.carry_out("docker exec theirs touch /secret/key")
    before = two.facts()
    came = two.mine.carry_out(line)

    assert came.exit_code == 0
    assert "key" not in came.stdout
    assert two.facts() == before


def test_a_name_that_another_session_has_is_free(two: Two) -> None:
    came = two.mine.carry_out("docker run --rm --name theirs busybox:1.35 echo mine")

    assert came.stdout == "mine\n"


def test_a_container_cannot_be_made_on_what_another_session_has(two: Two) -> None:
    two.theirs.carry_out("docker network create inner; docker commit theirs own:latest")
    network, image = two.theirs.state.networks[0], two.theirs.state.images[0]
    words = [
        "--network inner busybox:1.35",
        f"--network {network.engine_name} busybox:1.35",
        f"--network {network.id} busybox:1.35",
        "own:latest",
        image.id,
        image.id.removeprefix("sha256:")[:12],
        two.theirs.state.references["own:latest"],
    ]
    refused = [two.mine.carry_out(f"docker create {one}") for one in words]

    assert [one.exit_code for one in refused] == [1] * len(words)
    assert all("not found" in one.stderr for one in refused[:3])
    assert all("cannot be pulled, since there is no registry here" in one.stderr for one in refused[3:])
