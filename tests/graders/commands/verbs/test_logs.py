"""`docker logs`."""

import pytest

from graders.commands.rules import ConsoleRules
from tests.consoles import console

pytestmark = pytest.mark.engine


def test_logs_print_each_line_to_its_own_stream(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker run --name web busybox:1.35 sh -c 'echo one; echo two; echo wrong >&2'")
        everything = at.carry_out("docker logs web")
        last = at.carry_out("docker logs -n 1 web")
        stamped = at.carry_out("docker logs -t web")
        later = at.carry_out("docker logs --since 2999-01-01 web")
        wrong = at.carry_out("docker logs --since soon web")
        none = at.carry_out("docker logs none")
        web = at.state.containers[0]

    assert (everything.stdout, everything.stderr) == ("one\ntwo\n", "wrong\n")
    assert last.stdout + last.stderr in {"two\n", "wrong\n"}
    assert all(line.endswith(("Z one", "Z two")) for line in stamped.stdout.splitlines())
    assert (later.stdout, later.exit_code) == ("", 0)
    assert wrong.stderr == 'invalid value for "since": failed to parse value as time or duration: "soon"\n'
    assert (none.stderr, none.exit_code) == ("Error: No such container: none\n", 1)
    assert [f"{call.method} {call.path} {call.status}" for call in last.calls[1:]] == [
        "GET /containers/web/json 200",
        f"GET /containers/{web.id}/logs?stderr=1&stdout=1&tail=1 200",
    ]


def test_following_ends_with_the_container_or_with_the_patience_of_the_console(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(foreground_seconds=2)) as at:
        at.carry_out("docker run -d --name web busybox:1.35 sh -c 'echo one; sleep 0.5; echo two'")
        ended = at.carry_out("docker logs -f web")
        at.carry_out("docker run -dt --name term busybox:1.35 sh -c 'echo in a terminal; sleep 1000'")
        let_go = at.carry_out("docker logs -f term")

    assert (ended.stdout, ended.stderr) == ("one\ntwo\n", "")
    assert (let_go.stdout.strip(), let_go.exit_code) == ("in a terminal", 0)
    assert let_go.stderr.startswith(
        "[console] Still running after 2 s, so the console let go of it; 'docker logs --tail"
    )


def test_the_engine_keeps_and_the_console_shows_a_bounded_part_of_what_is_printed(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(log_bytes=16 * 1024, output_bytes=8 * 1024)) as at:
        at.carry_out("docker run -d --name web busybox:1.35 sh -c 'seq 100000; sleep 1000'")
        at.carry_out("docker logs -n 1 web")
        came = at.carry_out("docker logs web")

    assert len(came.stdout) <= 8 * 1024
    assert came.stderr.startswith("[console] More than 8 KiB were printed") or not came.stderr
