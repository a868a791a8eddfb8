"""Rows 19 and 29 of docs/security.md in consoles: what a line may never ask for, in every spelling of it.

Whatever is typed, what the engine makes has a console's bounds: that is asked of the engine itself.
"""

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.commands.grammar.flags import Flag, Holds
from graders.commands.grammar.table import BY_PATH, SHAPES
from graders.commands.interpreter import Console
from tests.security.console_sessions import assert_bounded, ok, raw, raw_containers, session
from tests.security.engine_state import objects

pytestmark = pytest.mark.engine

MAKING = [
    *(f"docker create {flag} busybox:1.35" for flag in ("--privileged", "--privileged=true", "--privileged=1")),
    "docker container run --privileged=T busybox:1.35",
    "docker run --rm --privileged --privileged=false --privileged busybox:1.35",
    "docker create --cap-add ALL busybox:1.35",
    "docker create --cap-add=SYS_ADMIN --cap-drop= busybox:1.35",
    "docker create -v /:/h busybox:1.35",
    "docker create -v/:/h busybox:1.35",
    "docker create -v=/:/h busybox:1.35",
    "docker create -iv /:/h busybox:1.35",
    "docker create --volume=/etc:/h:ro busybox:1.35",
    "docker create --volume /var/run/docker.sock:/s busybox:1.35",
    "docker create -v ./:/h busybox:1.35",
    "docker create -v ../../x:/h busybox:1.35",
    "docker create -v ~:/h busybox:1.35",
    "docker create -v x/../../../etc:/h busybox:1.35",
    "docker create -v 'C:\\\\:/h' busybox:1.35",
    "docker create -v //etc:/h busybox:1.35",
    "docker create -v $(docker info -f '{{.DockerRootDir}}'):/h busybox:1.35",
    "docker create --mount type=bind,src=/,dst=/h busybox:1.35",
    "docker create --mount=source=/,target=/h busybox:1.35",
    "docker create --mount source=/,target=/h,type=bind busybox:1.35",
    "docker create --mount type=BIND,src=/,dst=/h busybox:1.35",
    "docker create --mount type=npipe,src=/,dst=/h busybox:1.35",
    'docker create --mount \'"type=bind","src=/",dst=/h\' busybox:1.35',
    "docker create --mount type=volume,src=v,dst=/h,volume-opt=device=/,volume-opt=o=bind busybox:1.35",
    "docker create --mount type=volume,dst=/h,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/ busybox:1.35",
    "docker create --volumes-from mine busybox:1.35",
    "docker create --volume-driver=other -v v:/v busybox:1.35",
    "docker create --pid=host busybox:1.35",
    "docker create --pid container:mine busybox:1.35",
    "docker create --net host busybox:1.35",
    "docker create --net=host busybox:1.35",
    "docker create --network host busybox:1.35",
    "docker create --network=HOST busybox:1.35",
    "docker create --network name=host busybox:1.35",
    "docker create --network container:mine busybox:1.35",
    "docker create --network=bridge --network=host busybox:1.35",
    "docker create --userns=host busybox:1.35",
    "docker create --security-opt seccomp=unconfined busybox:1.35",
    "docker create --security-opt=no-new-privileges=false busybox:1.35",
    "docker create --security-opt apparmor:unconfined busybox:1.35",
    "docker create --device /dev/mem busybox:1.35",
    "docker create --device-cgroup-rule 'a *:* rwm' busybox:1.35",
    "docker create --gpus all busybox:1.35",
    "docker create --ipc host busybox:1.35",
    "docker create --ipc=container:mine busybox:1.35",
    "docker create --uts=host busybox:1.35",
    "docker create --cgroup-parent / busybox:1.35",
    "docker create --cgroupns host busybox:1.35",
    "docker create --runtime=other busybox:1.35",
    "docker create --log-driver syslog busybox:1.35",
    "docker create --log-opt max-size=9g busybox:1.35",
    "docker create --add-host a:127.0.0.1 busybox:1.35",
    "docker create --dns 127.0.0.1 busybox:1.35",
    "docker create --sysctl kernel.panic=1 busybox:1.35",
    "docker create --ulimit fsize=-1 busybox:1.35",
    "docker create --oom-kill-disable busybox:1.35",
    "docker create --oom-score-adj=-1000 busybox:1.35",
    "docker create --memory 100g busybox:1.35",
    "docker create -m 0 busybox:1.35",
    "docker create --memory-swap -1 busybox:1.35",
    "docker create --pids-limit -1 busybox:1.35",
    "docker create --pids-limit=0 busybox:1.35",
    "docker create --cpus 64 busybox:1.35",
    "docker create --cpus=0 busybox:1.35",
    "docker create --cpu-shares 99999 busybox:1.35",
    "docker create --shm-size 8g busybox:1.35",
    "docker create --tmpfs /x:size=100g busybox:1.35",
    "docker create --tmpfs /x:exec,suid,dev busybox:1.35",
    "docker create --mount type=tmpfs,dst=/x,tmpfs-size=100g busybox:1.35",
    "docker create --restart always busybox:1.35",
    "docker create --restart=unless-stopped busybox:1.35",
    "docker create -p 80:80 busybox:1.35",
    "docker create -P busybox:1.35",
    "docker create --publish=127.0.0.1:1:1 busybox:1.35",
    "docker create --link mine:x busybox:1.35",
    "docker create --group-add 0 busybox:1.35",
    "docker create --env-file /etc/passwd busybox:1.35",
    "docker create --env-file ../../../../etc/passwd busybox:1.35",
    "docker create --env-file /proc/self/environ busybox:1.35",
    "docker create --label-file /etc/passwd busybox:1.35",
    "docker create --cidfile /tmp/x busybox:1.35",
    "docker create --health-cmd 'sleep 9999' --health-interval 1ms busybox:1.35",
    "docker create --health-cmd=true --health-interval=1ns --health-timeout=1h busybox:1.35",
    "docker create --init busybox:1.35",
    "docker create --stop-timeout 999999999 busybox:1.35",
    "docker create --expose 1-65535 busybox:1.35",
    "docker create -v v:/v:rw,z,shared busybox:1.35",
    "docker create -v v:/v:rshared busybox:1.35",
    "docker create -v v:/v:nosuch busybox:1.35",
    "docker create --hostname '$(id)' busybox:1.35",
    "docker create --mac-address 02:42:ac:11:65:43 busybox:1.35",
    "docker create --ip 172.17.0.1 busybox:1.35",
    "docker create --storage-opt size=100G busybox:1.35",
    "docker create --platform other/one busybox:1.35",
]
"""Each ends with a container within a console's bounds, or with none."""

REFUSED = [
    "docker volume create -o type=none -o o=bind -o device=/ v",
    "docker volume create --opt type=none --opt=o=bind --opt=device=/ v",
    "docker volume create --driver other v",
    "docker volume create -d=sshfs v",
    "docker network create -d host n",
    "docker network create --driver=macvlan -o parent=eth0 n",
    "docker network create --opt com.docker.network.bridge.name=docker0 n",
    "docker network create --subnet 10.0.0.0/8 n",
    "docker network create --ipv6 --attachable --ingress n",
    "docker network connect host one",
    "docker network connect bridge one",
    "docker cp one:/etc/hostname ../../x",
    "docker cp one:/etc/hostname /etc/x",
    "docker cp one:/etc/hostname /tmp/x",
    "docker cp /etc/passwd one:/x",
    "docker cp ../../../../etc/passwd one:/x",
    "docker cp link/../../../etc/passwd one:/x",
    "docker build ..",
    "docker build /",
    "docker build /etc",
    "docker build -f /etc/passwd .",
    "docker build -f ../../../etc/passwd .",
    "docker build --network host .",
    "docker build --network=container:one .",
    "docker build --secret id=x,src=/etc/passwd .",
    "docker build --ssh default .",
    "docker build --allow security.insecure .",
    "docker build --security-opt seccomp=unconfined .",
    "docker build --add-host a:127.0.0.1 .",
    "docker build --output type=local,dest=/tmp/x .",
    "docker build -o /tmp/x .",
    "docker build --cgroup-parent / .",
    "docker build --build-arg BUILDKIT_SYNTAX=elsewhere/frontend:1 .",
    "docker build --iidfile /tmp/x .",
    "docker build https://127.0.0.1/x.git",
    "docker build git@127.0.0.1:x.git",
    "docker build -",
    "docker exec --privileged one true",
    "docker exec --privileged=true one true",
    "docker exec --env-file /etc/passwd one true",
    "docker exec --env-file=../../../etc/passwd one true",
    "docker update --memory 0 one",
    "docker update --restart always one",
    "docker commit -c 'ONBUILD RUN true' one x",
    "docker save one",
    "docker load -i /etc/passwd",
    "docker import /etc/passwd",
    "docker export one",
    "docker login -u me -p me",
    "docker push one",
    "docker plugin install x",
    "docker swarm init",
    "docker service create busybox:1.35",
    "docker system prune -af --volumes",
    "docker builder prune -af",
    "docker events",
    "docker attach one",
    "docker context create x",
    "docker -H tcp://127.0.0.1:2375 ps",
    "docker --host=unix:///var/run/docker.sock ps",
    "docker --config /root/.docker ps",
    "docker -c other ps",
    "docker --context=other ps",
]
SHELL = [
    "docker ps; {}",
    "docker ps && {}",
    "docker rm nothere || {}",
    "docker ps | {}",
    "docker ps & {}",
    "docker ps $({})",
    "docker ps `{}`",
    "{}",
    "docker ps > {}",
    "docker ps >> {}",
    "docker ps < {}",
    "docker ps <({})",
    "docker ps <<< {}",
    "docker ps\n{}",
    "docker ps\r{}",
    "docker ps\0{}",
    "docker ps | xargs {}",
    "docker ps -q | xargs -I X sh -c {}",
    "docker create --name $({}) busybox:1.35",
    "docker create --name `{}` busybox:1.35",
    "docker create --name ';{};' busybox:1.35",
    'docker create --name "$({})" busybox:1.35',
    "docker ps --filter 'name=$({})'",
    "docker ps --format '{{{{`{}`}}}}'",
    "docker ps --format '{{{{call .{}}}}}'",
    "X=1 {}",
    "sudo {}",
    "env {}",
    "eval {}",
    "exec {}",
    "( {} )",
    "{{ {}; }}",
    "if true; then {}; fi",
    "alias docker={}",
    "cat /etc/passwd; {}",
    "cat ../../../etc/passwd; {}",
    "ls /; {}",
    "docker ps | grep -f /etc/passwd; {}",
    "docker ps | sort -o {}",
    "docker ps | tail -f {}",
]


@pytest.fixture(scope="module", name="console")
def _console(engine_url: str) -> Iterator[Console]:
    """A session with a container, and one beside it whose container is called mine."""
    files = {"Dockerfile": "FROM busybox:1.35\n", "notes.txt": "a note\n"}
    with session(engine_url, files=files, containers=10, foreground_seconds=3) as console:
        ok(console, "docker create --name one busybox:1.35")
        yield console


def only_one(console: Console) -> None:
    """Remove all but the container that was there, after having looked at each."""
    for found in raw_containers(console):
        assert_bounded(found, console.rules)
    for container in list(console.state.containers):
        if container.name != "one":
            ok(console, f"docker rm -f -v {container.name}")
    for volume in list(console.state.volumes):
        ok(console, f"docker volume rm {volume.name}")


@pytest.mark.parametrize("line", MAKING)
def test_what_is_made_has_its_bounds_whatever_is_asked_for(console: Console, line: str) -> None:
    carried = console.carry_out(line)
    assert carried.exit_code == 0 or carried.stderr.strip()
    only_one(console)


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_not_to_be_had_is_refused_and_says_so(console: Console, line: str) -> None:
    before = raw(console)
    carried = console.carry_out(line)
    assert carried.exit_code != 0, (line, carried.stdout)
    assert len(carried.stderr) > 10
    assert not [call for call in carried.calls if call.method == "POST" and call.status < 400]
    del before["ledger"]
    assert {key: value for key, value in raw(console).items() if key != "ledger"} == before


@pytest.mark.parametrize("call", ["run", "create", "exec", "build", "volume create", "network create", "start", "cp"])
def test_every_flag_that_is_not_offered_is_refused_with_its_reason(console: Console, call: str) -> None:
    shape = next(shape for shape in SHAPES if call in shape.calls)
    flags = [flag for flag in shape.flags if not flag.offered]
    rest = {"run": "busybox:1.35", "create": "busybox:1.35", "exec": "one true", "build": ".", "start": "one"}
    for flag in flags:
        for spelled in _spellings(flag):
            carried = console.carry_out(f"docker {call} {spelled} {rest.get(call, 'x')}")
            assert carried.exit_code != 0, spelled
            assert re.search("not available here|^invalid argument", carried.stderr), (spelled, carried.stderr)
            assert not any(call.method == "POST" for call in carried.calls)
    only_one(console)


def _spellings(flag: Flag) -> list[str]:
    names = [f"--{name}" for name in (flag.name, *flag.aliases)]
    if flag.holds is Holds.SWITCH and flag.default is True:
        return [f"{name}=false" for name in names]
    if flag.holds is Holds.SWITCH:
        return [*names, *(f"{name}=true" for name in names), *([f"-{flag.short}"] if flag.short else [])]
    value = "1" if flag.holds in {Holds.NUMBER, Holds.UNSIGNED, Holds.SIZE, Holds.DECIMAL} else "a=1:1"
    value = "1s" if flag.holds is Holds.DURATION else value
    shorts = [f"-{flag.short} {value}", f"-{flag.short}{value}", f"-{flag.short}={value}"] if flag.short else []
    return [*(f"{name} {value}" for name in names), *(f"{name}={value}" for name in names), *shorts]


@pytest.mark.parametrize("template", SHELL)
def test_no_word_of_a_line_reaches_a_shell(
    console: Console, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    trace = tmp_path_factory.mktemp("trace") / "trace"
    for attack in (f"touch {trace}", f"sh -c 'touch {trace}'", str(trace)):
        carried = console.carry_out(template.format(attack))
        assert not trace.exists()
        assert "root:" not in carried.stdout
    only_one(console)


_FLAGS = [
    f"{spelled}"
    for flag in BY_PATH["container", "create"].flags
    for spelled in ([f"--{flag.name}", f"--{flag.name}="] + ([f"-{flag.short}"] if flag.short else []))
]
_VALUES = [
    "host",
    "/:/h",
    "ALL",
    "0",
    "-1",
    "v:/v",
    "type=bind,src=/,dst=/h",
    "unconfined",
    "true",
    "=",
    "x" * 300,
    "🚢",
]
_words = st.lists(st.one_of(st.sampled_from(_FLAGS), st.sampled_from(_VALUES), st.text(max_size=8)), max_size=5)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(words=_words)
def test_any_words_at_all_make_a_bounded_container_or_none(console: Console, words: list[str]) -> None:
    carried = console.carry_out(" ".join(["docker create", *words, "busybox:1.35"]))
    assert carried.exit_code == 0 or carried.stderr.strip() or carried.stdout
    if carried.exit_code == 0:
        only_one(console)


def test_nothing_is_left_of_all_this(warm_engine: str) -> None:
    before = objects(warm_engine)
    with session(warm_engine, files={"Dockerfile": "FROM busybox:1.35\n"}, containers=10) as console:
        for line in MAKING[::7]:
            console.carry_out(line)
    assert objects(warm_engine) == before
