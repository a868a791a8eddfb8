"""Looking at containers and at the engine: what is told, what is left out, and how much of it at most."""

from collections.abc import Iterator

import pytest

from graders.commands.interpreter import Console
from graders.commands.rules import ConsoleRules
from tests.consoles import console

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def made(engine_url: str) -> Iterator[Console]:
    files = {"Dockerfile": "FROM busybox:1.35\nRUN head -c 100000 /dev/zero > /padding\nEXPOSE 80 81 90\n"}
    with console(engine_url, rules=ConsoleRules(output_bytes=16 * 1024), files=files) as one:
        for line in (
            "docker network create shore",
            "docker build -q -t mine .",
            "docker run -d --name web --network shore mine sh -c 'echo x > /new; sleep 1000'",
            "docker create --name idle busybox:1.35 true",
        ):
            assert one.carry_out(line).exit_code == 0, line
        yield one


def test_no_port_is_published_and_docker_lists_none_of_an_internal_network(made: Console) -> None:
    assert made.carry_out("docker ps --format '{{.Names}} {{.Ports}}'").stdout == "web \n"
    assert made.carry_out("docker port web").stdout == ""
    assert made.carry_out("docker port web 80").stderr == "Error: No public port '80/tcp' published for web\n"


def test_only_a_choice_of_columns_reaches_the_engines_own_ps(made: Console) -> None:
    assert "sleep" in made.carry_out("docker top web").stdout
    assert made.carry_out("docker top web -o pid,comm").stdout.split()[:2] == ["PID", "COMMAND"]
    for options in ("-o pid,comm=PID", "-o ppid=PID", "--version", "-N", "-C sleep", "-opid,x=PID", "axo pid", "-o"):
        came = made.carry_out(f"docker top web {options}")
        assert came.exit_code == 1, options
        assert came.stdout == "", options


def test_what_containers_use_is_told_once(made: Console) -> None:
    head, row = made.carry_out("docker stats --no-stream web").stdout.splitlines()
    assert head.split()[:3] == ["CONTAINER", "ID", "NAME"]
    assert row.split()[1] == "web"
    assert "64MiB" in row
    assert "--no-stream" in made.carry_out("docker stats").stderr
    assert made.carry_out("docker stats --no-stream " + " ".join(f"c{n}" for n in range(30))).exit_code == 1


def test_layers_that_images_share_are_counted_once(made: Console) -> None:
    made.carry_out("docker commit idle second")
    lines = made.carry_out("docker system df --format '{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}}'").stdout
    assert "Images 3 2 2.08" in lines
    images = made.carry_out("docker system df -v --format '{{range .Images}}{{.Repository}} {{.UniqueSize}};{{end}}'")
    assert "mine 100kB;" in images.stdout
    assert "busybox 0B;" in images.stdout
    assert "Containers space usage:" in made.carry_out("docker system df -v").stdout


def test_the_console_says_that_it_is_the_client(made: Console) -> None:
    told = made.carry_out("docker version").stdout
    assert told.startswith("Client: Drydock console\n")
    assert "\nServer:\n Engine:\n  Version:" in told
    assert made.carry_out("docker version -f '{{.Client.Platform.Name}}'").stdout == "Drydock console\n"


def test_info_counts_the_session_and_names_no_host(made: Console) -> None:
    assert made.carry_out("docker info -f '{{.Containers}} {{.ContainersRunning}} {{.ContainersStopped}}'").stdout == (
        "2 1 1\n"
    )
    told = made.carry_out("docker info").stdout
    assert " Name: console\n" in told
    assert " Docker Root Dir: /var/lib/docker\n" in told


def test_more_than_is_shown_at_once_is_not_collected(made: Console) -> None:
    came = made.carry_out(f"docker inspect {'web ' * 250}")
    assert came.exit_code == 1
    assert came.stdout == ""
    assert "Name fewer" in came.stderr
    assert len(came.calls) < 100


def test_a_template_that_never_comes_to_its_end_is_told_off(made: Console) -> None:
    many = "{{range $.Config.Env}}" * 12 + "{{json $}}" * 60 + "{{end}}" * 12
    came = made.carry_out(f"docker inspect -f '{many}' web")
    assert came.exit_code == 1
    assert "more work than is allowed" in came.stderr or "prints more than" in came.stderr


def test_what_is_looked_at_is_in_the_journal(made: Console) -> None:
    touched = made.carry_out("docker inspect web shore mine:latest").done[0].touched
    assert [(one.kind, one.name) for one in touched] == [
        ("container", "web"),
        ("network", "shore"),
        ("image", "mine:latest"),
    ]
