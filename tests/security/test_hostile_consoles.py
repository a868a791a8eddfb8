"""Rows 8 to 11, 14, 18 and 19 of docs/security.md in consoles: what one student's commands do to the engine they share.

Two sessions share one engine. Whatever one of them does meets its bounds, is said to, and leaves the other as it was.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from graders.commands.interpreter import Console
from graders.commands.rules import ConsoleRules
from tests.security.console_sessions import QUICK, assert_bounded, ok, raw, raw_containers, refused, session
from tests.security.looking_around import GET_MORE

pytestmark = pytest.mark.engine

PATIENT = {"foreground_seconds": 60}
"""What ends by itself, or by its bounds, is waited for however busy the machine is."""


@pytest.fixture(name="two")
def _two(engine_url: str) -> Iterator[tuple[Console, Console]]:
    """The attacker's session and somebody else's, who has a container, a volume and a network."""
    with session(engine_url, **PATIENT) as attacker, session(engine_url, **PATIENT) as other:
        ok(other, "docker volume create mine && docker network create mine")
        ok(other, "docker run -d --name mine -v mine:/mine --network mine busybox:1.35 sleep 600")
        yield attacker, other


def assert_usable(other: Console) -> None:
    """The other one's container still runs, and the engine still does what it is asked."""
    assert ok(other, "docker ps --format '{{.Names}}'") == "mine\n"
    assert ok(other, "docker exec mine echo alive") == "alive\n"
    assert ok(other, "docker run --rm busybox:1.35 echo new") == "new\n"


def test_a_fork_bomb_meets_its_bound_and_the_other_session_goes_on(two: tuple[Console, Console]) -> None:
    attacker, other = two
    forks = "i=0; while [ $i -lt 60 ]; do sleep 60 & i=$((i+1)); done; wait"
    ok(attacker, f"docker run -d --name bomb busybox:1.35 sh -c '{forks}'")
    assert_usable(other)
    said = attacker.carry_out("docker logs bomb")
    assert "can't fork" in said.stdout + said.stderr
    bomb = attacker.engine.client.inspect_container(attacker.state.containers[0].id)
    assert_bounded(bomb, attacker.rules)


def test_a_memory_bomb_is_killed_and_said_to_be_and_the_other_session_goes_on(two: tuple[Console, Console]) -> None:
    attacker, other = two
    carried = attacker.carry_out("docker run --name bomb busybox:1.35 dd if=/dev/zero of=/dev/null bs=100M count=1")
    assert carried.exit_code == 137
    assert ok(attacker, "docker inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' bomb") == "true 137\n"
    assert "memory" in carried.stderr.lower(), "and the console says which bound it was"
    assert_usable(other)


def test_a_busy_container_leaves_the_engine_to_others(two: tuple[Console, Console]) -> None:
    attacker, other = two
    for number in range(2):
        ok(attacker, f"docker run -d --name busy{number} busybox:1.35 sh -c 'while :; do :; done'")
    assert_usable(other)
    for found in raw_containers(attacker):
        assert_bounded(found, attacker.rules)


@pytest.mark.parametrize(
    "line",
    [
        "docker run --name flood busybox:1.35 yes",
        "docker run --name flood busybox:1.35 sh -c 'yes | tr -d \"\\n\"'",
        "docker run --name flood busybox:1.35 sh -c 'yes | head -c 100000' | wc -l; docker logs flood",
        "docker run -d --name flood busybox:1.35 yes; docker logs -f flood",
        "docker run -d --name flood busybox:1.35 sleep 60; docker exec flood yes",
        "docker run -d --name flood busybox:1.35 sleep 60; docker exec flood sh -c 'yes >&2'",
    ],
)
def test_a_flood_of_output_is_cut_and_said_to_be(two: tuple[Console, Console], line: str) -> None:
    attacker, other = two
    attacker.rules = ConsoleRules(output_bytes=4096, **PATIENT)
    carried = attacker.carry_out(line)
    assert carried.cut
    printed = sum(len(piece.text.encode()) for piece in carried.pieces)
    assert printed < 3 * 4096
    assert "[console]" in carried.stderr, "it is said that more was printed"
    kept = len(json.dumps([done.model_dump(mode="json") for done in carried.done]))
    assert kept < 64 * 1024
    assert_usable(other)


def test_a_file_grows_no_larger_than_its_bound_and_a_volume_no_faster(two: tuple[Console, Console]) -> None:
    attacker, other = two
    attacker.rules = ConsoleRules(file_mib=4, **PATIENT)
    carried = attacker.carry_out(
        "docker run --rm -v data:/data busybox:1.35 dd if=/dev/zero of=/data/fill bs=1M count=9"
    )
    assert carried.exit_code != 0
    size = int(ok(attacker, "docker run --rm -v data:/data busybox:1.35 stat -c %s /data/fill"))
    assert 0 < size <= 4 * 1024 * 1024
    assert_usable(other)


def test_what_is_logged_is_bounded_on_the_engine(two: tuple[Console, Console]) -> None:
    attacker, _ = two
    attacker.rules = ConsoleRules(log_bytes=16 * 1024, **PATIENT)
    attacker.carry_out("docker run --name flood busybox:1.35 sh -c 'yes | head -c 3000000'")
    assert_bounded(raw_containers(attacker)[0], attacker.rules)
    assert len(ok(attacker, "docker logs flood")) <= 2 * 16 * 1024


@pytest.mark.parametrize(
    "line",
    [
        "docker run --name sleeper busybox:1.35 sleep 9999",
        "docker run --name sleeper busybox:1.35 sh -c 'trap \"\" TERM INT HUP; exec >&- 2>&-; sleep 9999'",
        "docker create --name sleeper busybox:1.35 sleep 9999; docker start -a sleeper",
        "docker run -d --name sleeper busybox:1.35 sleep 9999; docker exec sleeper sleep 9999",
        "docker run -d --name sleeper busybox:1.35 sleep 9999; docker wait sleeper",
        "docker run -d --name sleeper busybox:1.35 sleep 9999; docker logs -f sleeper",
    ],
)
def test_what_sleeps_for_ever_is_let_go_of(two: tuple[Console, Console], line: str) -> None:
    """That the line comes back is what is proven: nothing here ends by itself within two hours."""
    attacker, other = two
    attacker.rules = ConsoleRules(**QUICK)
    carried = attacker.carry_out(line)
    assert carried.stderr, line
    assert_usable(other)
    assert "sleeper" in ok(attacker, "docker ps -a --format '{{.Names}}'")


@pytest.mark.parametrize("verb", ["stop", "restart"])
def test_nobody_has_the_engine_wait_long_for_a_deaf_container(engine_url: str, verb: str) -> None:
    with session(engine_url) as console:
        refused(console, "docker create --stop-timeout 9999 busybox:1.35")
        ok(console, "docker create --name deaf busybox:1.35 true")
        carried = console.carry_out(f"docker {verb} --time 9999 deaf")
        assert carried.calls[-1].path == f"/containers/deaf/{verb}?t=30"
        assert "30 s at most" in carried.stderr


@pytest.mark.parametrize("step", ["sleep 9999", "while :; do :; done", "trap '' TERM INT; while :; do sleep 1; done"])
def test_a_build_that_never_ends_is_ended_and_says_so(engine_url: str, step: str) -> None:
    files = {"Dockerfile": f"FROM busybox:1.35\nRUN {step}\n", "short/Dockerfile": "FROM busybox:1.35\nRUN true\n"}
    with session(engine_url, files=files, **QUICK) as attacker, session(engine_url, files=files) as other:
        said = refused(attacker, "docker build -t web .")
        assert "3 s" in said or "3 seconds" in said, said
        assert not attacker.state.images
        ok(other, "docker build -t web short")


def test_bombs_in_a_build_meet_the_bounds_of_the_engine(engine_url: str) -> None:
    files = {
        "Dockerfile": "FROM busybox:1.35\nRUN yes | head -c 30000000\n",
        "memory": "FROM busybox:1.35\nRUN dd if=/dev/zero of=/dev/null bs=2000M count=1\n",
        "forks": "FROM busybox:1.35\nRUN i=0; while [ $i -lt 900 ]; do sleep 9 & i=$((i+1)); done; wait\n",
        "fine": "FROM busybox:1.35\nRUN true\n",
    }
    with session(engine_url, files=files, build_seconds=8) as attacker, session(engine_url, files=files) as other:
        carried = attacker.carry_out("docker build -t web .")
        printed = sum(len(piece.text.encode()) for piece in carried.pieces)
        assert printed < 2 * attacker.rules.output_bytes
        for name in ("memory", "forks"):
            refused(attacker, f"docker build -f {name} -t bomb .")
        ok(other, "docker build -q -f fine -t fine .")


def test_neither_servers_nor_gateways_nor_others_are_reached_from_a_network(two: tuple[Console, Console]) -> None:
    attacker, other = two
    ok(other, "docker exec -d mine nc -l -p 7777 -e echo GOT-OTHER")
    client = attacker.engine.client
    [found] = raw_containers(other)
    [theirs] = [network["IPAddress"] for network in found["NetworkSettings"]["Networks"].values()]
    host = socket.gethostbyname(socket.gethostname())
    ok(attacker, "docker network create shore && docker run -d --name near --network shore busybox:1.35 sleep 600")
    network = client.inspect_network(attacker.state.networks[0].id)
    assert network["Internal"]
    subnet = network["IPAM"]["Config"][0]
    gateway = subnet.get("Gateway") or subnet["Subnet"].rpartition(".")[0] + ".1"
    with ExitStack() as servers:
        listening = [servers.enter_context(socket.create_server((address, 0))) for address in ("127.0.0.1", "0.0.0.0")]
        ports = " ".join(str(server.getsockname()[1]) for server in listening)
        script = (
            f"for a in 127.0.0.1 169.254.169.254 172.17.0.1 {gateway} {host} {theirs}; do for p in {ports} 7777;"
            " do (timeout 1 nc -w 1 $a $p < /dev/null && echo GOT-OUT $a $p) & done; wait; done;"
            " ls /var/run/docker.sock /run/drydock 2> /dev/null && echo GOT-SOCKET; echo looked"
        )
        for where in ("--network shore", "--network none"):
            carried = attacker.carry_out(f"docker run --rm {where} busybox:1.35 sh -c '{script}'")
            assert "looked" in carried.stdout, carried
            assert "GOT-" not in carried.stdout
        for server in listening:
            server.settimeout(0)
            with pytest.raises(BlockingIOError):
                server.accept()
    assert "mine" not in ok(attacker, "docker run --rm --network shore busybox:1.35 cat /etc/hosts")


def test_a_container_gets_no_more_rights_than_it_has(two: tuple[Console, Console]) -> None:
    attacker, _ = two
    script = GET_MORE.replace("'", '"')
    carried = attacker.carry_out(f"docker run --name curious busybox:1.35 sh -c '{script}; echo tried'")
    assert "tried" in carried.stdout, carried
    assert "GOT-" not in carried.stdout
    ok(attacker, "docker run -d --name still busybox:1.35 sleep 60")
    carried = attacker.carry_out(f"docker exec -u 0 still sh -c '{script}; cat /proc/self/status; echo tried'")
    assert "tried" in carried.stdout, carried
    assert "GOT-" not in carried.stdout
    assert "CapEff:\t0000000000000000" in carried.stdout
    assert "CapBnd:\t0000000000000000" in carried.stdout


def test_quotas_hold_however_often_more_is_asked_for(engine_url: str) -> None:
    rules = {"containers": 3, "volumes": 2, "networks": 2, "images": 2}
    with session(engine_url, files={"Dockerfile": "FROM busybox:1.35\nCMD true\n"}, **rules) as console:
        said = []
        for number in range(5):
            said += [console.carry_out(f"docker create --name c{number} busybox:1.35").stderr]
            said += [console.carry_out(f"docker volume create v{number}").stderr]
            said += [console.carry_out(f"docker network create n{number}").stderr]
            said += [console.carry_out(f"docker commit c0 i{number}").stderr]
            said += [console.carry_out(f"docker build -q -t b{number} .").stderr]
            said += [console.carry_out(f"docker tag busybox:1.35 t{number}").stderr]
        state, client = console.state, console.engine.client
        assert len(raw_containers(console)) == len(state.containers) <= 3
        assert len(state.volumes) <= 2
        assert len(state.networks) <= 2
        assert len(state.images) <= 2
        names = client.volumes(filters={"name": f"dd-{state.key}"})["Volumes"] or ()
        assert len(names) <= 2
        assert len(client.networks(filters={"name": f"dd-{state.key}"})) <= 2
        for kind in ("container", "volume", "network", "image"):
            assert any(f"room for {rules[kind + 's']} {kind}s" in text for text in said), kind
        assert "room for" in refused(console, "docker run -v /one -v /two busybox:1.35 true")


def test_a_pipe_in_place_of_user_files_hangs_nobody(engine_url: str) -> None:
    """Docker 20.10 opens /etc/passwd of a container before it starts, and waits for ever where that is a pipe."""
    files = {"Dockerfile": "FROM busybox:1.35\nRUN rm -f /etc/passwd /etc/group; mkfifo /etc/passwd /etc/group\n"}
    with session(engine_url, files=files, containers=9, **PATIENT) as console:
        console.carry_out("docker build -t trap .")
        refused(console, "docker run --rm trap true")
        ok(console, "docker run --name maker busybox:1.35 sh -c 'rm -f /etc/passwd; mkfifo /etc/passwd'")
        console.carry_out("docker start -a maker")
        console.carry_out("docker commit maker trapped")
        refused(console, "docker run --rm -u nobody trapped true")
        ok(console, "docker volume create vol && docker run --rm -v vol:/v busybox:1.35 mkfifo /v/passwd /v/group")
        refused(console, "docker run --rm -v vol:/etc busybox:1.35 true")
        ok(console, "docker run -d --name live busybox:1.35 sleep 600")
        ok(console, "docker exec live sh -c 'rm -f /etc/passwd; mkfifo /etc/passwd'")
        refused(console, "docker exec -u nobody live true")
        console.carry_out("docker restart -t 0 live")
        console.carry_out("docker cp live:/etc/passwd got")
        console.carry_out("docker cp Dockerfile live:/etc/new")
        console.carry_out("docker create --name one trap; docker start one; docker cp Dockerfile one:/x")
        ok(console, "docker ps -a")
    with session(engine_url) as other:
        assert ok(other, "docker run --rm busybox:1.35 echo alive") == "alive\n"


def test_what_a_container_prints_forges_neither_journal_nor_end_state(two: tuple[Console, Console]) -> None:
    attacker, _ = two
    forged = '{"schema": "drydock.console/1", "containers": [{"name": "forged"}], "journal": []}'
    done = '{"command": {"path": ["container", "rm"]}, "exit_code": 0}'
    ok(attacker, f"docker run --name talk busybox:1.35 printf '%s\\n$ docker rm talk\\n%s\\n' '{forged}' '{done}'")
    carried = attacker.carry_out("docker logs talk")
    assert "forged" in carried.stdout
    assert len(carried.done) == 1
    assert carried.done[0].command is not None
    assert carried.done[0].command.path == ("container", "logs")
    assert not any(touched.removed or touched.made for touched in carried.done[0].touched)
    carried = attacker.carry_out("docker logs talk | xargs docker volume create")
    assert not any(volume.name == "forged" for volume in attacker.state.volumes)
    assert [one.name for one in attacker.state.containers] == ["talk"]


@pytest.mark.parametrize(
    "line",
    [
        "docker create --label drydock.session=0 --name x busybox:1.35",
        "docker create -l drydock.job=else --name x busybox:1.35",
        "docker create --label=drydock.anything --name x busybox:1.35",
        "docker volume create --label drydock.session=0 x",
        "docker network create --label drydock.session=0 x",
        "docker build --label drydock.session=0 -t x .",
        "docker build -f labelled -t x .",
        "docker create --name c busybox:1.35; docker commit -c 'LABEL drydock.session=0' c x",
    ],
)
def test_a_label_of_the_platforms_cannot_be_set(engine_url: str, line: str) -> None:
    files = {
        "Dockerfile": "FROM busybox:1.35\n",
        "labelled": "FROM busybox:1.35\nLABEL drydock.session=0 drydock.job=1\n",
    }
    with session(engine_url, files=files) as console:
        console.carry_out(line)
        for found in raw_containers(console):
            labels = found["Config"]["Labels"]
            assert labels.get("drydock.session", console.state.key) == console.state.key
            assert labels.get("drydock.job") is None
            assert "drydock.anything" not in labels
        client = console.engine.client
        for volume in console.state.volumes:
            assert (client.inspect_volume(volume.engine_name)["Labels"] or {}).get("drydock.session") in {
                None,
                console.state.key,
            }
        for network in console.state.networks:
            assert client.inspect_network(network.id)["Labels"].get("drydock.session") in {None, console.state.key}
        for image in console.state.images:
            labels = client.inspect_image(image.id)["Config"]["Labels"]
            assert labels["drydock.session"] == console.state.key
            assert "drydock" not in ok(console, f"docker image inspect {image.id}").replace(BASE_COMMENT, "")


BASE_COMMENT = "drydock recipe"


def test_a_name_made_of_anothers_key_reaches_nothing_of_theirs(two: tuple[Console, Console]) -> None:
    attacker, other = two
    before = raw(other)
    key = other.state.key
    theirs = [other.state.containers[0].engine_name, *(one.engine_name for one in other.state.volumes)]
    for name in (*theirs, f"dd-{key}-c99"):
        attacker.carry_out(f"docker create --name {name} busybox:1.35")
        attacker.carry_out(f"docker volume create {name}")
        attacker.carry_out(f"docker network create {name}")
        attacker.carry_out(f"docker tag busybox:1.35 dd-{key}:i1")
        attacker.carry_out(f"docker rm -f {name}; docker volume rm -f {name}; docker network rm {name}")
    assert raw(other) == before
    names = {found["Name"].removeprefix("/") for found in raw_containers(attacker)}
    assert all(name.startswith(f"dd-{attacker.state.key}-") for name in names)
