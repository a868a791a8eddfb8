"""Two sessions on one engine: nothing that one lists, inspects or prunes shows or touches what the other has."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from graders.commands.interpreter import Console
from tests.consoles import console

pytestmark = pytest.mark.engine

_WORDS = (
    "container", "container on the engine", "container's id", "container's short id", "container's first digits",
    "volume", "volume on the engine", "volume without a name", "network", "network on the engine", "network's id",
    "network's short id", "image", "image on the engine", "image's id", "image's short id",
)  # fmt: skip
_ABOUT_ONE = (
    "inspect {}",
    "inspect -s {}",
    "inspect -f '{{{{json .}}}}' {}",
    "container inspect {}",
    "image inspect {}",
    "volume inspect {}",
    "network inspect {}",
    "inspect --type volume {}",
    "top {}",
    "top {} aux",
    "port {}",
    "diff {}",
    "stats --no-stream {}",
    "volume rm {}",
    "network rm {}",
    "network connect {} own",
    "network connect -- mine {}",
    "network disconnect {} own",
    "network disconnect mine {}",
    "network disconnect -f mine {}",
    "ps -a -f before={}",
    "ps -a -f since={}",
)
_LISTINGS = (
    "ps -a --no-trunc",
    "ps -a -s --format '{{json .}}'",
    "ps -aq -f name={}",
    "ps -aq -f id={}",
    "ps -aq -f ancestor={}",
    "ps -aq -f volume={}",
    "ps -aq -f network={}",
    "ps -aq -f label={}",
    "ps -aq -f label=of=theirs",
    "ps -aq -f label=drydock.session",
    "volume ls",
    "volume ls -q -f name={}",
    "volume ls -q -f dangling=true",
    "volume ls -q -f label=of=theirs",
    "volume ls -q -f label=drydock.session",
    "network ls --no-trunc",
    "network ls -q -f name={}",
    "network ls -q -f id={}",
    "network ls -q -f label=of=theirs",
    "network inspect none bridge host",
    "info",
    "info -f '{{json .}}'",
    "system df",
    "system df -v",
    "version",
    "stats --no-stream",
    "volume prune -f",
    "network prune -f",
)


@dataclass
class Two:
    """Somebody's objects of every kind, and somebody else's console."""

    theirs: Console
    mine: Console

    def word(self, what: str) -> str:
        """What one of the objects can be called by."""
        state = self.theirs.state
        web, network, image = state.containers[0], state.networks[0], state.images[0]
        named = next(one for one in state.volumes if not one.anonymous)
        return {
            "container": web.name,
            "container on the engine": web.engine_name,
            "container's id": web.id,
            "container's short id": web.id[:12],
            "container's first digits": self._first_digits(web.id),
            "volume": named.name,
            "volume on the engine": named.engine_name,
            "volume without a name": next(one.name for one in state.volumes if one.anonymous),
            "network": network.name,
            "network on the engine": network.engine_name,
            "network's id": network.id,
            "network's short id": network.id[:12],
            "image": "theirs:latest",
            "image on the engine": state.references["theirs:latest"],
            "image's id": image.id,
            "image's short id": image.id.removeprefix("sha256:")[:12],
        }[what]

    def _first_digits(self, container: str) -> str:
        """As few as can be, and not those of something that the other session may look at: its own, or a base."""
        client = self.mine.engine.client
        others = [one.id for one in self.mine.state.containers]
        others += [str(one["Id"]) for one in client.networks()]
        others += [str(one["Id"]).removeprefix("sha256:") for one in client.images()]
        return next(
            container[:count] for count in range(1, 65) if not any(one.startswith(container[:count]) for one in others)
        )

    def words(self) -> list[str]:
        """All of them that say something."""
        return [self.word(what) for what in _WORDS if what != "container's first digits"]

    def facts(self) -> str:
        """All that the engine tells of them."""
        client, state = self.theirs.engine.client, self.theirs.state
        told = [
            *(client.inspect_container(one.id) for one in state.containers),
            *(client.inspect_image(one.id) for one in state.images),  # type: ignore[no-untyped-call]  # not in the stubs
            *(client.inspect_volume(one.engine_name) for one in state.volumes),
            *(client.inspect_network(one.id) for one in state.networks),
        ]
        return json.dumps(told, sort_keys=True)


@pytest.fixture(scope="module")
def two(engine_url: str) -> Iterator[Two]:
    """Two sessions on one engine."""
    with console(engine_url) as theirs, console(engine_url) as mine:
        for line in (
            "docker network create --label of=theirs harbour",
            "docker volume create --label of=theirs secret",
            "docker volume create",
            "docker run -d --name theirs --label of=theirs --network harbour -v secret:/secret busybox:1.35 sleep 1000",
            "docker run -d --name apart busybox:1.35 sleep 1000",
            "docker commit apart theirs",
        ):
            assert theirs.carry_out(line).exit_code == 0, line
        for line in ("docker network create mine", "docker create --name own busybox:1.35 true"):
            assert mine.carry_out(line).exit_code == 0, line
        yield Two(theirs, mine)


@pytest.mark.parametrize("what", _WORDS)
def test_no_command_about_one_object_reaches_that_of_another_session(two: Two, what: str) -> None:
    word, before = two.word(what), two.facts()
    for command in _ABOUT_ONE:
        came = two.mine.carry_out(f"docker {command.format(word)}")
        assert came.exit_code != 0, command
        assert came.stdout in {"", "[]\n", "\n"}, command
    assert two.facts() == before


@pytest.mark.parametrize("line", _LISTINGS)
def test_no_listing_shows_what_another_session_has(two: Two, line: str) -> None:
    before, kept = two.facts(), (len(two.mine.state.containers), len(two.mine.state.networks))
    words = two.words()
    for word in words if "{}" in line else [""]:
        came = two.mine.carry_out(f"docker {line.replace('{}', word)}")
        assert came.exit_code == 0, came.stderr
        shown = came.stdout + came.stderr
        if line != "network prune -f":
            assert not [one for one in words if len(one) > 8 and one in shown]
        assert "theirs" not in shown
        assert "dd-" not in shown
        assert "drydock." not in shown
    assert two.facts() == before
    if line == "network prune -f":
        two.mine.carry_out("docker network create mine")
    assert kept == (len(two.mine.state.containers), len(two.mine.state.networks))


def test_a_name_of_the_other_session_is_free_in_ones_own(two: Two) -> None:
    before = two.facts()
    for line in ("docker volume create secret", "docker network create harbour"):
        assert two.mine.carry_out(line).exit_code == 0
    assert two.mine.carry_out("docker volume rm secret").stdout == "secret\n"
    assert two.mine.carry_out("docker network rm harbour").stdout == "harbour\n"
    assert two.facts() == before


def test_what_is_shown_of_ones_own_names_no_path_and_no_name_of_the_host(two: Two) -> None:
    engine = two.theirs.engine.client.info()
    lines = (
        "docker inspect theirs apart harbour secret theirs:latest",
        "docker ps -a --no-trunc",
        "docker info",
        "docker info -f '{{json .}}'",
        "docker volume ls --format '{{json .}}'",
        "docker network inspect harbour none",
    )
    for line in lines:
        came = two.theirs.carry_out(line)
        assert came.exit_code == 0, came.stderr
        for hidden in (str(engine["DockerRootDir"]), "/run/", "dd-", "drydock.", str(engine["ID"])):
            assert hidden not in came.stdout.replace("/var/run/", ""), (line, hidden)


def test_why_a_container_did_not_start_is_told_without_a_path_of_the_host(engine_url: str) -> None:
    with console(engine_url) as one:
        root = str(one.engine.client.info()["DockerRootDir"])
        one.carry_out("docker run --rm -v data:/d busybox:1.35 touch /d/f")
        one.carry_out("docker run -d --name web -v data:/etc/passwd busybox:1.35 true")
        told = one.carry_out("docker inspect -f '{{.State.Error}}' web")

    assert "/var/lib/docker/volumes/data/_data" in told.stdout
    assert root not in told.stdout
