"""`docker run`: what is printed, in which order, with which exit code, and for how long it is waited for."""

import time

import pytest

from graders.commands.rules import ConsoleRules
from tests.consoles import console

pytestmark = pytest.mark.engine


def test_a_run_prints_both_streams_as_they_came_and_ends_as_its_program_ends(engine_url: str) -> None:
    with console(engine_url) as at:
        came = at.carry_out(
            "docker run --name web busybox:1.35"
            " sh -c 'echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three; exit 7'"
        )
        web = at.state.containers[0]

    assert came.exit_code == 7
    assert [(piece.stream, piece.text) for piece in came.pieces] == [
        ("out", "one\n"),
        ("err", "two\n"),
        ("out", "three\n"),
    ]
    assert [f"{call.method} {call.path} {call.status}" for call in came.calls] == [
        "HEAD /_ping 200",
        "POST /containers/create?name=web 201",
        f"POST /containers/{web.id}/attach?stderr=1&stdout=1&stream=1 101",
        f"POST /containers/{web.id}/wait?condition=next-exit 200",
        f"POST /containers/{web.id}/start 204",
    ]
    assert (web.made_by, came.done[0].touched[0].made, came.done[0].touched[0].removed) == ("run", True, False)


def test_a_detached_run_prints_the_id_and_goes_on(engine_url: str) -> None:
    with console(engine_url) as at:
        came = at.carry_out("docker run -dit --name web busybox:1.35")
        web = at.state.containers[0]
        state = at.engine.client.inspect_container(web.id)["State"]

    assert (came.stdout, came.exit_code) == (f"{web.id}\n", 0)
    assert state["Running"]


def test_a_program_that_cannot_be_started_ends_with_the_exit_codes_of_docker(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(containers=10)) as at:
        missing = at.carry_out("docker run busybox:1.35 no-such-program")
        folder = at.carry_out("docker run busybox:1.35 /etc")
        user = at.carry_out("docker run --rm -u nobody-here busybox:1.35 id")
        detached = at.carry_out("docker run -d busybox:1.35 no-such-program")
        left = len(at.state.containers)

    assert (missing.exit_code, folder.exit_code, user.exit_code, detached.exit_code) == (127, 126, 125, 127)
    assert missing.stderr == (
        "docker: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed:"
        ' unable to start container process: exec: "no-such-program": executable file not found in $PATH: unknown.\n'
    )
    assert len(detached.stdout) == 65
    assert left == 3


def test_a_run_with_rm_leaves_nothing_behind(engine_url: str) -> None:
    with console(engine_url) as at:
        came = at.carry_out("docker run --rm --name web -v /nameless busybox:1.35 true")
        state = at.state

    assert came.done[0].touched[0].removed
    assert not (state.containers)
    assert not (state.volumes)


def test_a_detached_run_with_rm_is_forgotten_once_it_has_ended(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker run -d --rm --name web -v /nameless busybox:1.35 sleep 1000")
        before = len(at.state.containers)
        at.carry_out("docker kill web")
        deadline = time.monotonic() + 20
        while at.state.containers and time.monotonic() < deadline:
            at.carry_out("docker rm nothing")
        again = at.carry_out("docker run --rm --name web busybox:1.35 true")
        state = at.state

    assert before == 1
    assert again.exit_code == 0
    assert not (state.containers)
    assert not (state.volumes)


def test_the_console_lets_go_of_what_runs_for_too_long(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(foreground_seconds=1)) as at:
        came = at.carry_out("docker run --name web busybox:1.35 sh -c 'echo hello; sleep 1000'")
        state = at.engine.client.inspect_container(at.state.containers[0].id)["State"]

    assert (came.stdout, came.exit_code) == ("hello\n", 0)
    assert came.stderr == (
        "[console] Still running after 1 s, so the console let go of it; it goes on. See 'docker ps'.\n"
    )
    assert state["Running"]


def test_endless_output_is_cut_and_its_container_goes_on(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(output_bytes=4096)) as at:
        came = at.carry_out("docker run --name web busybox:1.35 yes")
        at.carry_out("docker kill web")

    assert len(came.stdout) == 4096 - 512
    assert came.stderr == (
        "[console] More than 4 KiB were printed, and the rest is not shown; it goes on. See 'docker ps'.\n"
    )
    assert came.exit_code == 0


def test_long_output_of_a_program_that_ends_still_gives_its_exit_code(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(output_bytes=4096)) as at:
        came = at.carry_out("docker run busybox:1.35 sh -c 'seq 3000; exit 3'")

    assert came.exit_code == 3
    assert came.stderr == "[console] More than 4 KiB were printed, and the rest is not shown.\n"


def test_a_terminal_is_refused_for_what_is_shown(engine_url: str) -> None:
    with console(engine_url) as at:
        came = at.carry_out("docker run -it busybox:1.35 sh")
        containers = at.state.containers

    assert came.stderr.startswith(
        "the input device is not a TTY\n[console] Nothing can be typed into a running program"
    )
    assert (came.exit_code, containers) == (1, [])


def test_what_is_piped_in_is_what_the_program_reads(engine_url: str) -> None:
    with console(engine_url, files={"names": "web\ndb\n"}) as at:
        piped = at.carry_out("cat names | docker run --rm -i busybox:1.35 grep -c web")
        nothing = at.carry_out("docker run --rm -i busybox:1.35 cat")

    assert (piped.stdout, piped.exit_code) == ("1\n", 0)
    assert (nothing.stdout, nothing.exit_code) == ("", 0)


def test_bytes_that_are_no_text_harm_nobody(engine_url: str) -> None:
    with console(engine_url) as at:
        came = at.carry_out(r"docker run --rm busybox:1.35 printf '\377\303\251'")

    assert came.stdout == "\N{REPLACEMENT CHARACTER}é"


def test_nothing_is_started_where_all_sessions_together_have_enough(engine_url: str) -> None:
    with console(engine_url) as other, console(engine_url, rules=ConsoleRules(engine_containers=1)) as at:
        other.carry_out("docker run -d busybox:1.35 sleep 1000")
        at.carry_out("docker create --name web busybox:1.35 true")
        refused = [at.carry_out(f"docker {verb}") for verb in ("run busybox:1.35", "start web", "restart web")]

    words = "the engine is busy with other people's containers; try again in a moment"
    assert [one.exit_code for one in refused] == [125, 1, 1]
    assert all(words in one.stderr for one in refused)


def test_containers_of_one_network_reach_each_other_by_name(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker network create inside")
        at.carry_out("docker run -d --name web --network inside --network-alias alias busybox:1.35 sleep 1000")
        by_name = at.carry_out("docker run --rm --network inside busybox:1.35 nslookup web")
        by_alias = at.carry_out("docker run --rm --network inside busybox:1.35 nslookup alias")
        at.carry_out("docker rename web site")
        by_new_name = at.carry_out("docker run --rm --network inside busybox:1.35 nslookup site")
        by_old_name = at.carry_out("docker run --rm --network inside busybox:1.35 nslookup web")

    assert [one.exit_code for one in (by_name, by_alias, by_new_name)] == [0, 0, 0]
    assert by_old_name.exit_code == 1
