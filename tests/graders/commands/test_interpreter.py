"""Carrying out whole lines, on a real engine."""

import pytest
from consoles import console

from graders.commands.model import Carried

pytestmark = pytest.mark.engine


def _sent(done: Carried) -> list[str]:
    return [f"{call.method} {call.path.partition('?')[0]}" for call in done.calls]


def test_a_line_of_the_consoles_own_words_prints_what_a_shell_would_and_asks_the_daemon_nothing(
    engine_url: str,
) -> None:
    with console(engine_url, files={"app.py": "print('hi')\n", "src/a.txt": "a\n"}) as one:
        done = one.carry_out("ls; cat app.py && pwd || echo never")

    assert done.stdout == "app.py\nsrc/\nprint('hi')\n/lab\n"
    assert (done.exit_code, done.calls, done.done) == (0, (), ())


def test_a_course_is_played_in_the_forms_in_which_it_is_taught(engine_url: str) -> None:
    with console(engine_url, files={"Dockerfile": "FROM busybox:1.35\nCOPY Dockerfile /made\n"}) as one:

        def typed(line: str) -> str:
            done = one.carry_out(line)
            assert done.exit_code == 0, (line, done.stderr)
            return done.stdout.strip()

        made = typed("docker create --name web busybox:1.35 sleep 600")
        assert typed("docker ps -aq --no-trunc") == made
        assert typed("docker ps -a | grep -c Created") == "1"
        assert typed("docker start web && docker pause web") == "web\nweb"
        assert typed("docker container ls -a | awk 'NR>1 {print $NF}'") == "web"
        assert typed("docker unpause $(docker ps -q --filter status=paused)") == made[:12]
        assert typed("docker exec web sh -c 'echo $HOSTNAME > /note; cat /note'") == made[:12]
        assert typed("echo piped | docker exec -i web cat") == "piped"
        assert typed("docker commit -m kept web kept | cut -c 1-7") == "sha256:"
        assert typed("docker build -q -t built $PWD | wc -l") == "1"
        assert typed("docker run --rm built cat /made | head -1") == "FROM busybox:1.35"
        assert typed("docker images -q | sort | uniq | wc -l") == "3"
        assert typed("docker ps -q | xargs docker kill") == made[:12]
        assert typed("docker inspect -f '{{.State.ExitCode}}' `docker ps -lq`") == "137"
        assert typed("docker rm $(docker ps -aq) | wc -l") == "1"
        assert typed("docker rmi kept built | grep -c Untagged") == "2"
        assert typed("docker ps -a -q; docker volume ls -q") == ""

        assert one.state.containers == []
        assert one.state.images == []


def test_every_docker_command_pings_the_daemon_first_as_the_cli_does(engine_url: str) -> None:
    with console(engine_url) as one:
        assert _sent(one.carry_out("docker ps")) == ["HEAD /_ping", "GET /containers/json"]
        assert _sent(one.carry_out("docker rm")) == ["HEAD /_ping"]
        assert _sent(one.carry_out("docker volume create data && docker volume rm data")) == [
            "HEAD /_ping",
            "POST /volumes/create",
            "HEAD /_ping",
            "DELETE /volumes/data",
        ]


def test_the_ledger_is_kept_before_and_after_whatever_is_made(engine_url: str) -> None:
    kept: list[list[tuple[str, bool]]] = []
    with console(
        engine_url, save=lambda state: kept.append([(one.name, bool(one.id)) for one in state.containers])
    ) as one:
        one.carry_out("docker create --name web busybox:1.35 true")

    assert [("web", False)] in kept
    assert kept[-1] == [("web", True)]


def test_the_clients_own_version_is_that_of_the_engine(engine_url: str) -> None:
    with console(engine_url) as one:
        version = one.engine.client.version()["Version"]
        assert one.carry_out("docker --version").stdout.startswith(f"Docker version {version}, build ")
