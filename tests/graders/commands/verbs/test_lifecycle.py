"""What containers live through: start, stop, restart, kill, pause, unpause, wait, rename."""

from typing import Any

import pytest

from graders.commands.interpreter import Console
from graders.commands.rules import ConsoleRules
from tests.consoles import console

pytestmark = pytest.mark.engine


def _state(at: Console, word: str) -> dict[str, Any]:
    own = at.state.container(word)
    assert own is not None
    state: dict[str, Any] = at.engine.client.inspect_container(own.id)["State"]
    return state


def test_a_container_goes_through_its_states_as_docker_says(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker create --name web busybox:1.35 sleep 1000")
        web = at.state.containers[0]
        seen = []
        for line in ("start", "pause", "pause", "start", "unpause", "stop -t 0", "kill", "restart -t 0", "kill"):
            came = at.carry_out(f"docker {line} web")
            seen.append((line, came.exit_code, came.stdout + came.stderr, _state(at, "web")["Status"]))

    assert seen == [
        ("start", 0, "web\n", "running"),
        ("pause", 0, "web\n", "paused"),
        ("pause", 1, f"Error response from daemon: Container {web.id} is already paused\n", "paused"),
        (
            "start",
            1,
            (
                "Error response from daemon: cannot start a paused container, try unpause instead\n"
                "Error: failed to start containers: web\n"
            ),
            "paused",
        ),
        ("unpause", 0, "web\n", "running"),
        ("stop -t 0", 0, "web\n", "exited"),
        (
            "kill",
            1,
            f"Error response from daemon: Cannot kill container: web: Container {web.id} is not running\n",
            "exited",
        ),
        ("restart -t 0", 0, "web\n", "running"),
        ("kill", 0, "web\n", "exited"),
    ]


def test_commands_for_several_go_on_after_one_that_is_not_there(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker create --name web busybox:1.35 sleep 1000")
        start = at.carry_out("docker start none web")
        kill = at.carry_out("docker kill none web nope")
        wait = at.carry_out("docker wait none web")

    assert [(piece.stream, piece.text) for piece in start.pieces] == [
        ("err", "Error response from daemon: No such container: none\n"),
        ("out", "web\n"),
        ("err", "Error: failed to start containers: none\n"),
    ]
    assert (kill.stdout, kill.exit_code) == ("web\n", 1)
    assert kill.stderr == (
        "Error response from daemon: Cannot kill container: none: No such container: none\n"
        "Error response from daemon: Cannot kill container: nope: No such container: nope\n"
    )
    assert (wait.stdout, wait.exit_code) == ("137\n", 1)
    assert [f"{call.method} {call.path} {call.status}" for call in kill.calls[1:]] == [
        "POST /containers/none/kill?signal=KILL 404",
        "POST /containers/web/kill?signal=KILL 204",
        "POST /containers/nope/kill?signal=KILL 404",
    ]


def test_a_signal_reaches_the_program_and_one_that_is_none_is_refused(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out(
            """docker run -d --name web busybox:1.35 sh -c 'trap "exit 9" USR1; while :; do sleep 0.1; done'"""
        )
        none = at.carry_out("docker kill -s NONE web")
        sent = at.carry_out("docker kill -s USR1 web")
        code = at.carry_out("docker wait web")

    assert none.stderr == "Error response from daemon: Invalid signal: NONE\n"
    assert (sent.exit_code, code.stdout) == (0, "9\n")


def test_a_start_with_attach_shows_what_is_printed_and_ends_as_it_ends(engine_url: str) -> None:
    with console(engine_url, files={"in": "piped\n"}) as at:
        at.carry_out("docker create --name web -i busybox:1.35 sh -c 'echo out; cat; exit 4'")
        shown = at.carry_out("cat in | docker start -ai web")
        at.carry_out("docker create --name term -t busybox:1.35 echo in a terminal")
        terminal = at.carry_out("docker start -a term")
        none = at.carry_out("docker start -a none")
        two = at.carry_out("docker start -a web none")

    assert (shown.stdout, shown.exit_code) == ("out\npiped\n", 4)
    assert terminal.stdout.strip() == "in a terminal"
    assert (none.stderr, none.exit_code) == ("Error: No such container: none\n", 1)
    assert two.stderr == "you cannot start and attach multiple containers at once\n"


def test_waiting_ends_with_the_patience_of_the_console(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(foreground_seconds=1)) as at:
        at.carry_out("docker run -d --name web busybox:1.35 sleep 1000")
        came = at.carry_out("docker wait web")

    assert (came.exit_code, came.stdout) == (130, "")
    assert came.stderr.startswith("[console] Still running after 1 s")


def test_a_renamed_container_is_known_by_its_new_name_alone(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker create --name web busybox:1.35; docker create --name db busybox:1.35")
        renamed = at.carry_out("docker rename web site")
        taken = at.carry_out("docker rename site db")
        same = at.carry_out("docker rename site site")
        none = at.carry_out("docker rename web other")
        names = [one.name for one in at.state.containers]

    assert (renamed.exit_code, renamed.pieces) == (0, ())
    assert names == ["site", "db"]
    assert taken.stderr.startswith(
        "Error response from daemon: Error when allocating new name: Conflict. The container"
    )
    assert taken.stderr.endswith("\nError: failed to rename container named site\n")
    assert same.stderr.startswith("Error response from daemon: Renaming a container with the same name as its current")
    assert none.stderr == (
        "Error response from daemon: No such container: web\nError: failed to rename container named web\n"
    )


def test_a_container_whose_list_of_users_is_a_pipe_is_neither_started_nor_entered_nor_read(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker run -d --name web busybox:1.35 sleep 1000")
        at.carry_out("docker exec web sh -c 'rm /etc/passwd; mknod /etc/passwd p'")
        refused = [
            at.carry_out(f"docker {line}")
            for line in ("exec web id", "cp web:/etc/group .", "cp . web:/tmp", "restart -t 0 web")
        ]
        at.carry_out("docker kill web")
        refused.append(at.carry_out("docker start web"))
        removed = at.carry_out("docker rm web")

    assert all("/etc/passwd of the container is no regular file" in one.stderr for one in refused)
    assert all(one.exit_code == 1 for one in refused)
    assert removed.stdout == "web\n"


def test_a_container_that_is_named_over_and_over_holds_nobody_up_for_long(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(foreground_seconds=0.5)) as one:
        one.carry_out("docker create --name web busybox:1.35 true")
        for verb in ("start", "restart -t 0"):
            done = one.carry_out(f"docker {verb}{' web' * 200}")

            assert done.exit_code == 1
            assert "web: nothing was done, since the command took too long already. Name fewer at once" in done.stderr
            assert done.stdout.count("web") < 200
