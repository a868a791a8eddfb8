"""Row 24 of docs/security.md on the engine: a session can neither see nor touch another's objects, command by command.

Every command that the grammar offers has its lines here; a new one without any fails. Each word by which somebody
could mean another's object (name, id, beginning of an id, name on the engine) is answered as a word that means nothing.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from graders.commands.grammar.table import OFFERED
from graders.commands.interpreter import Console
from tests.security.console_sessions import ok, raw, session

pytestmark = pytest.mark.engine

SECRET = "theirs-5f2a"
CASES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("container", "create"): (
        "docker create {image}",
        "docker create -v {volume}:/v {image}",
        "docker create --network {network} busybox:1.35",
        "docker create --network container:{container} busybox:1.35",
        "docker create --volumes-from {container} busybox:1.35",
    ),
    ("container", "run"): (
        "docker run --rm {image} cat /note",
        "docker run --rm --network {network} busybox:1.35 true",
        "docker run --rm --network container:{container} busybox:1.35 true",
        "docker run --rm --volumes-from {container} busybox:1.35 true",
    ),
    ("container", "start"): ("docker start {container}", "docker start -a {container}"),
    ("container", "stop"): ("docker stop -t 0 {container}",),
    ("container", "restart"): ("docker restart -t 0 {container}",),
    ("container", "kill"): ("docker kill {container}", "docker kill -s HUP {container}"),
    ("container", "pause"): ("docker pause {container}",),
    ("container", "unpause"): ("docker unpause {container}",),
    ("container", "rm"): ("docker rm {container}", "docker rm -f {container}", "docker rm -vf {container}"),
    ("container", "ls"): (
        "docker ps -a --no-trunc",
        "docker ps -a --filter name={container}",
        "docker ps -a --filter id={container}",
        "docker ps -a --filter ancestor={image}",
        "docker ps -a --filter volume={volume}",
        "docker ps -a --filter network={network}",
        "docker ps -a --filter label=mark",
        "docker ps -a --filter before={container}",
        "docker ps -a --filter since={container}",
    ),
    ("container", "logs"): ("docker logs {container}", "docker logs -f {container}"),
    ("container", "inspect"): ("docker container inspect {container}",),
    ("container", "exec"): ("docker exec {container} cat /note", "docker exec -d {container} rm /note"),
    ("container", "cp"): (
        "docker cp {container}:/note got",
        "docker cp mine.txt {container}:/note",
        "docker cp {container}:/note -",
    ),
    ("container", "commit"): ("docker commit {container} got",),
    ("container", "rename"): ("docker rename {container} got",),
    ("container", "wait"): ("docker wait {container}",),
    ("container", "prune"): ("docker container prune -f", "docker container prune -f --filter label=mark"),
    ("container", "top"): ("docker top {container}",),
    ("container", "port"): ("docker port {container}",),
    ("container", "diff"): ("docker diff {container}",),
    ("container", "stats"): ("docker stats --no-stream {container}", "docker stats --no-stream -a"),
    ("image", "build"): (
        "docker build -f from-{image_file} -t got .",
        "docker build -f copy-{image_file} -t got .",
        "docker build -f mount-{image_file} -t got .",
        "docker build --target x --cache-from {image} -t got .",
        "docker build --build-arg BASE={image} -f argument -t got .",
    ),
    ("image", "ls"): (
        "docker images -a --no-trunc",
        "docker images {image}",
        "docker images --filter reference={image}",
        "docker images --filter label=drydock.session",
        "docker images --filter since={image}",
        "docker images --filter before={image}",
        "docker images --filter dangling=true",
    ),
    ("image", "rm"): ("docker rmi {image}", "docker rmi -f {image}"),
    ("image", "tag"): ("docker tag {image} got",),
    ("image", "history"): ("docker history {image}",),
    ("image", "inspect"): ("docker image inspect {image}",),
    ("image", "prune"): ("docker image prune -f", "docker image prune -a -f"),
    ("volume", "create"): ("docker volume create {volume}; docker volume rm {volume}",),
    ("volume", "ls"): (
        "docker volume ls",
        "docker volume ls --filter name={volume}",
        "docker volume ls --filter label=mark",
        "docker volume ls --filter dangling=false",
    ),
    ("volume", "inspect"): ("docker volume inspect {volume}",),
    ("volume", "rm"): ("docker volume rm {volume}", "docker volume rm -f {volume}"),
    ("volume", "prune"): ("docker volume prune -f", "docker volume prune -f --filter label=mark"),
    ("network", "create"): ("docker network create {network}; docker network rm {network}",),
    ("network", "ls"): (
        "docker network ls --no-trunc",
        "docker network ls --filter name={network}",
        "docker network ls --filter id={network}",
        "docker network ls --filter label=mark",
    ),
    ("network", "connect"): (
        "docker network connect {network} own",
        "docker network connect own {container}",
        "docker network connect {network} {container}",
    ),
    ("network", "disconnect"): (
        "docker network disconnect {network} own",
        "docker network disconnect -f {network} {container}",
        "docker network disconnect own {container}",
    ),
    ("network", "inspect"): ("docker network inspect {network}", "docker network inspect bridge host none"),
    ("network", "rm"): ("docker network rm {network}",),
    ("network", "prune"): ("docker network prune -f",),
    ("inspect",): (
        "docker inspect {container}",
        "docker inspect {image}",
        "docker inspect {volume}",
        "docker inspect {network}",
        "docker inspect --type container {container}",
        "docker inspect --type image {image}",
        "docker inspect --type volume {volume}",
        "docker inspect --type network {network}",
        "docker inspect --size {container}",
    ),
    ("version",): ("docker version", "docker version --format '{{{{json .}}}}'"),
    ("info",): ("docker info", "docker info --format '{{{{json .}}}}'"),
    ("system", "df"): ("docker system df", "docker system df -v", "docker system df --format '{{{{json .}}}}'"),
}
"""Of each command: its lines. `{container}` and so on stand for every word that means one of the other session's."""


@dataclass(frozen=True)
class Theirs:
    """The other session, and by which words its objects could be meant."""

    console: Console
    words: dict[str, list[str]]
    """Of each kind: the names, ids and so on."""
    never: frozenset[str]
    """What may stand in nothing that anybody else is shown."""


@pytest.fixture(scope="module", name="theirs")
def _theirs(engine_url: str) -> Iterator[Theirs]:
    with session(engine_url) as console:
        ok(console, f"docker volume create --label mark=1 {SECRET}-v")
        ok(console, f"docker network create --label mark=1 {SECRET}-n")
        mounted = f"-v {SECRET}-v:/v -v /unnamed --network {SECRET}-n --label mark=1"
        script = f"echo {SECRET} > /note; echo {SECRET}; exec sleep 900"
        ok(console, f"docker run -d --name {SECRET}-c {mounted} busybox:1.35 sh -c '{script}'")
        ok(console, f"docker commit {SECRET}-c {SECRET}-i")
        ok(console, f"docker create --name {SECRET}-idle {SECRET}-i")
        state = console.state
        [container, idle], [image], [network] = state.containers, state.images, state.networks
        volume, *unnamed = state.volumes
        ids = [container.id, idle.id, network.id, image.id.removeprefix("sha256:"), *(one.name for one in unnamed)]
        engine_names = [container.engine_name, volume.engine_name, network.engine_name, *state.references.values()]
        digits = image.id.removeprefix("sha256:")
        words = {
            "container": [*_words_of(container.name, container.id, container.engine_name), f"/{container.engine_name}"],
            "idle": _words_of(idle.name, idle.id, idle.engine_name),
            "image": [*_words_of(f"{SECRET}-i", digits, *state.references.values()), image.id, f"x@{image.id}"],
            "volume": [volume.name, volume.engine_name, *(one.name for one in unnamed)],
            "network": _words_of(network.name, network.id, network.engine_name),
        }
        never = {word[:12] for word in ids} | set(engine_names) | {SECRET, state.key}
        yield Theirs(console, words, frozenset(never))


def _words_of(name: str, id_: str, *engine_names: str) -> list[str]:
    return [name, id_, id_[:12], id_[:4], *engine_names]


@pytest.fixture(name="mine")
def _mine(engine_url: str, theirs: Theirs) -> Iterator[Console]:
    files = {"mine.txt": "mine\n", "Dockerfile": "FROM busybox:1.35\n", "argument": "ARG BASE\nFROM $BASE\n"}
    for number, word in enumerate(theirs.words["image"]):
        files[f"from-{number}"] = f"FROM {word}\n"
        files[f"copy-{number}"] = f"FROM busybox:1.35\nCOPY --from={word} /note /note\n"
        short = word if len(word) < 40 else f"{SECRET}-i"  # a refusal quotes no more of a line than fits
        files[f"mount-{number}"] = f"FROM busybox:1.35\nRUN --mount=type=bind,from={short},target=/x cat /x/note\n"
    with session(engine_url, files=files, foreground_seconds=3) as console:
        ok(console, "docker network create own && docker create --name own busybox:1.35")
        yield console


def test_every_command_that_is_offered_is_tried() -> None:
    assert set(CASES) == {shape.path for shape in OFFERED}


@pytest.mark.parametrize("path", [pytest.param(path, id=" ".join(path)) for path in CASES])
def test_anothers_objects_are_neither_seen_nor_touched(path: tuple[str, ...], theirs: Theirs, mine: Console) -> None:
    before = raw(theirs.console)
    for template in CASES[path]:
        for line in _lines(template, theirs):
            carried = mine.carry_out(line)
            shown = carried.stdout + carried.stderr + "".join(call.path for call in carried.calls)
            shown = _without_what_was_typed(shown, line + _files_of(mine, line), theirs)
            found = [word for word in theirs.never if word in shown]
            assert not found, (line, found, carried.stdout, carried.stderr)
            assert "got:latest" not in mine.state.references, line
            assert "got" not in mine.state.files, line
    assert raw(theirs.console) == before
    ok(mine, "docker rm -vf own")


KINDS = ("container", "image", "volume", "network")


@pytest.mark.parametrize("path", [pytest.param(path, id=" ".join(path)) for path in CASES])
def test_anothers_word_is_answered_as_one_that_means_nothing(
    path: tuple[str, ...], theirs: Theirs, mine: Console
) -> None:
    for template in CASES[path]:
        for kind in (kind for kind in KINDS if f"{{{kind}}}" in template):
            for word in theirs.words[kind]:
                stand_in = _nothing_like(word)
                answers = []
                for meant in (word, stand_in):
                    line = template.format(
                        **{each: meant if each == kind else "nothere" for each in KINDS}, image_file=0
                    )
                    carried = mine.carry_out(line)
                    shown = (carried.stdout + carried.stderr).replace(meant, "WORD").replace(meant.lstrip("/"), "WORD")
                    shown = re.sub(r"\b[0-9a-f]{64}\b", "ID", shown)
                    answers.append((carried.exit_code, shown, [call.status for call in carried.calls]))
                assert answers[0] == answers[1], (template, word)


OWN = (
    "docker ps -as --no-trunc",
    "docker ps -a --no-trunc --format '{{json .}}'",
    "docker inspect one two web snap vol net",
    "docker images -a --no-trunc --format '{{json .}}'",
    "docker image inspect web snap busybox:1.35",
    "docker volume ls --format '{{json .}}'",
    "docker network ls --no-trunc --format '{{json .}}'",
    "docker network inspect net bridge host none",
    "docker system df -v",
    "docker info --format '{{json .}}'",
    "docker version --format '{{json .}}'",
    "docker top one",
    "docker stats --no-stream --format '{{json .}}'",
    "docker exec one cat /etc/hosts /etc/hostname /etc/resolv.conf /proc/1/environ",
    "docker exec one nslookup two",
    "docker rm one; docker volume rm vol; docker network rm net; docker rmi web; docker kill -s NOSUCH one",
    "docker network connect net one; docker network disconnect net none; docker pause two two",
    "docker rename one uno; docker inspect uno; docker exec two nslookup uno; docker rename uno one",
)


@pytest.mark.parametrize("line", [*OWN, "docker rmi -f web; docker rm -vf one two; docker volume rm vol"])
def test_nothing_that_is_shown_holds_a_name_of_the_engines(own: Console, line: str) -> None:
    carried = own.carry_out(line)
    assert carried.pieces
    shown = carried.stdout + carried.stderr + "".join(call.path for call in carried.calls)
    assert not re.findall(rf"\S*(?:dd-[0-9a-f]{{12}}|drydock\.|/run/drydock|{own.state.key})\S*", shown)


@pytest.fixture(scope="module", name="own")
def _own(engine_url: str) -> Iterator[Console]:
    """A session with something of each kind."""
    dockerfile = "FROM busybox:1.35\nVOLUME /anon\nHEALTHCHECK --interval=5s CMD true\nRUN true\n"
    with session(engine_url, files={"Dockerfile": dockerfile}, foreground_seconds=60) as console:
        ok(console, "docker volume create vol && docker network create net && docker build -q -t web .")
        ok(console, "docker run -d --name one -v vol:/v --network net --network-alias other web sleep 900")
        ok(console, "docker run -d --name two --mount source=vol,target=/w --network net busybox:1.35 sleep 900")
        ok(console, "docker commit one snap")
        yield console


def _lines(template: str, theirs: Theirs) -> list[str]:
    """The template with every word for each object, one kind at a time and all together."""
    longest = max(len(words) for words in theirs.words.values())
    lines = []
    for number in range(longest):
        filled = {kind: words[number % len(words)] for kind, words in theirs.words.items()}
        lines.append(template.format(**filled, image_file=number % len(theirs.words["image"])))
    return list(dict.fromkeys(lines))


def _files_of(mine: Console, line: str) -> str:
    """What the files hold that a line names: a word in a Dockerfile is typed too."""
    named = [path for path in mine.state.files if path in line.split()]
    return "".join(base64.b64decode(mine.state.files[path]).decode() for path in named)


def _without_what_was_typed(shown: str, typed: str, theirs: Theirs) -> str:
    """What was shown without those of the other's words that were typed: whoever types a word may read it again."""
    words = {word.lstrip("/") for words in theirs.words.values() for word in words}
    words |= {word.partition(":")[0] for word in words if word.startswith("dd-")}
    for word in sorted(words, key=len, reverse=True):
        if word in typed:
            shown = re.sub(rf"(?<![0-9A-Za-z]){re.escape(word)}(?![0-9A-Za-z])", "", shown)
    return shown


def _nothing_like(word: str) -> str:
    """A word of the same shape that means nothing to anybody."""
    digits = str.maketrans("0123456789abcdef", "123456789abcdef0")
    if re.fullmatch(r"(sha256:|x@sha256:)?[0-9a-f]+", word):
        head, _, tail = word.rpartition(":")
        return (f"{head}:" if head else "") + tail.translate(digits)
    if found := re.fullmatch(r"(/?dd-)([0-9a-f]+)(.*)", word):
        return found[1] + found[2].translate(digits) + found[3]
    return word.replace("5f2a", "7c1b")
