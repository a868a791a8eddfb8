"""Two sessions on one engine: nothing that one types leads to the other's images, whatever is known of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from consoles import console

from graders.commands.ending import end
from graders.commands.folder import kept
from graders.commands.interpreter import Console

pytestmark = pytest.mark.engine

SECRET = "only-of-the-one"
FILES = {"Dockerfile": f"FROM busybox:1.35\nLABEL of={SECRET}\nRUN echo {SECRET} > /secret\n"}

WORDS = ("reference", "reference on the engine", "repository on the engine", "id", "digits", "short id", "container")
LINES = (
    "docker run --rm {word} cat /secret",
    "docker create {word}",
    "docker tag {word} stolen",
    "docker rmi {word}",
    "docker rmi -f {word}",
    "docker inspect {word}",
    "docker image inspect {word}",
    "docker history {word}",
    "docker commit {word} stolen",
    "docker commit {container} stolen",
    "docker images -f before={word}",
    "docker images -f since={word}",
)


@dataclass
class Neighbours:
    """A session with something to take, and one that tries to."""

    one: Console
    other: Console

    def word(self, what: str) -> str:
        """What the other might know of the one's image or container."""
        state = self.one.state
        id_, engine = state.images[0].id, state.references["mine:latest"]
        return {
            "reference": "mine",
            "reference on the engine": engine,
            "repository on the engine": engine.partition(":")[0],
            "id": id_,
            "digits": id_.removeprefix("sha256:"),
            "short id": id_[7:19],
            "container": state.containers[0].id,
        }[what]


@pytest.fixture(scope="module")
def neighbours(engine_url: str) -> Iterator[Neighbours]:
    with console(engine_url, files=FILES) as one, console(engine_url) as other:
        for line in ("docker build -q -t mine .", "docker create --name mine mine cat /secret"):
            assert one.carry_out(line).exit_code == 0
        yield Neighbours(one, other)


def standing(console: Console) -> tuple[list[str], dict[str, str]]:
    """What a session has, by its own account and by the engine's."""
    names = console.engine.client.images(filters={"label": f"drydock.session={console.state.key}"})
    on_engine = {str(image["Id"]): ",".join(image["RepoTags"] or ()) for image in names}
    return [image.id for image in console.state.images], on_engine


@pytest.mark.parametrize("what", WORDS)
@pytest.mark.parametrize("line", LINES)
def test_no_word_leads_to_an_image_of_another_session(neighbours: Neighbours, line: str, what: str) -> None:
    before = standing(neighbours.one)
    word, container = neighbours.word(what), neighbours.word("container")

    carried = neighbours.other.carry_out(line.format(word=word, container=container))

    assert carried.stderr
    assert carried.exit_code != 0 or line.startswith("docker rmi -f ")  # which docker calls done where there is none
    assert SECRET not in carried.stdout + carried.stderr
    assert carried.stdout in {"", "[]\n"}
    assert standing(neighbours.one) == before
    assert neighbours.other.state.images == []


@pytest.mark.parametrize("what", WORDS)
@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM {word}\nRUN cat /secret\n",
        "ARG BASE={word}\nFROM ${{BASE}}\nRUN cat /secret\n",
        "ARG BASE\nFROM $BASE\nRUN cat /secret\n",
        "FROM busybox:1.35\nCOPY --from={word} /secret /secret\nRUN cat /secret\n",
        "FROM busybox:1.35\nRUN --mount=type=bind,from={word},target=/x cat /x/secret\n",
        "# syntax={word}\nFROM busybox:1.35\n",
    ],
)
def test_no_build_takes_anything_from_an_image_of_another_session(
    neighbours: Neighbours, dockerfile: str, what: str
) -> None:
    word = neighbours.word(what)
    neighbours.other.state.files = kept({"Dockerfile": dockerfile.format(word=word).encode()})

    carried = neighbours.other.carry_out(f"docker build --build-arg BASE={word} .")

    assert carried.exit_code == 1
    assert "Line " in carried.stderr
    assert SECRET not in carried.stderr
    assert neighbours.other.state.images == []


@pytest.mark.parametrize(
    "line",
    [
        "docker images -a",
        "docker images --no-trunc",
        "docker images mine",
        "docker images -f reference='dd-*'",
        f"docker images -f label=of={SECRET}",
        "docker image prune -a -f",
        "docker system df -v",
        "docker ps -a",
    ],
)
def test_no_listing_shows_what_another_session_has(neighbours: Neighbours, line: str) -> None:
    before = standing(neighbours.one)

    carried = neighbours.other.carry_out(line)

    assert carried.exit_code == 0, carried.stderr
    assert "mine" not in carried.stdout
    assert neighbours.word("id")[7:19] not in carried.stdout
    assert neighbours.one.state.key not in carried.stdout
    assert standing(neighbours.one) == before


def test_the_same_name_means_each_sessions_own_image(neighbours: Neighbours, engine_url: str) -> None:
    with console(engine_url, files={"Dockerfile": "FROM busybox:1.35\nRUN echo another > /secret\n"}) as third:
        assert third.carry_out("docker build -q -t mine .").exit_code == 0

        assert third.state.images[0].id != neighbours.one.state.images[0].id
        assert third.carry_out("docker run --rm mine cat /secret").stdout == "another\n"
        assert neighbours.one.carry_out("docker run --rm mine cat /secret").stdout == f"{SECRET}\n"


def test_a_session_that_ends_leaves_others_whole(neighbours: Neighbours, engine_url: str) -> None:
    before = standing(neighbours.one)
    with console(engine_url, files=FILES) as third:
        for line in ("docker build -q -t mine .", "docker run -d --name mine -v /data mine sleep 60"):
            assert third.carry_out(line).exit_code == 0

        assert end(third.engine, third.state) > 0

        assert standing(third)[1] == {}
        assert standing(neighbours.one) == before
        assert neighbours.one.carry_out("docker start -a mine").stdout == f"{SECRET}\n"
