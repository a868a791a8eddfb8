"""`docker exec`."""

import pytest

from graders.commands.rules import ConsoleRules
from tests.consoles import console

pytestmark = pytest.mark.engine


def test_a_program_runs_beside_the_containers_own_and_ends_as_it_ends(engine_url: str) -> None:
    with console(engine_url, files={"vars": "A=file\n", "in": "piped"}) as at:
        at.carry_out("docker run -d --name web busybox:1.35 sleep 1000")
        both = at.carry_out("docker exec web sh -c 'echo out; sleep 0.2; echo err >&2; exit 4'")
        flags = at.carry_out("docker exec -e B=flag --env-file vars -w /tmp -u 5:6 web sh -c 'echo $A $B; pwd; id -u'")
        piped = at.carry_out("cat in | docker exec -i web cat")
        missing = at.carry_out("docker exec web no-such-program")
        terminal = at.carry_out("docker exec -it web sh")
        no_file = at.carry_out("docker exec --env-file none web true")
        none = at.carry_out("docker exec none true")

    assert (both.stdout, both.stderr, both.exit_code) == ("out\n", "err\n", 4)
    assert flags.stdout == "file flag\n/tmp\n5\n"
    assert piped.stdout == "piped"
    assert (missing.exit_code, missing.stdout.strip()) == (
        126,
        (
            'OCI runtime exec failed: exec failed: unable to start container process: exec: "no-such-program":'
            " executable file not found in $PATH: unknown"
        ),
    )
    assert (no_file.stderr, no_file.exit_code) == ("open none: no such file or directory\n", 1)
    assert terminal.stderr.startswith("the input device is not a TTY\n[console] ")
    assert (none.stderr, none.exit_code) == ("Error: No such container: none\n", 1)


def test_a_detached_program_prints_nothing_and_goes_on(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker run -d --name web busybox:1.35 sleep 1000")
        came = at.carry_out("docker exec -d web sh -c 'echo x > /made; sleep 1000'")
        wrong = at.carry_out("docker exec -d web no-such-program")
        there = at.carry_out("docker exec web sh -c 'while ! [ -s /made ]; do sleep 0.1; done; cat /made'")

    assert (came.pieces, came.exit_code) == ((), 0)
    assert (wrong.exit_code, wrong.stderr.startswith("Error response from daemon: OCI runtime exec failed")) == (
        1,
        True,
    )
    assert there.stdout == "x\n"


def test_a_program_cannot_be_run_in_what_does_not_run(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker create --name web busybox:1.35 sleep 1000")
        web = at.state.containers[0]
        created = at.carry_out("docker exec web true")
        at.carry_out("docker start web; docker pause web")
        paused = at.carry_out("docker exec web true")

    assert created.stderr == f"Error response from daemon: Container {web.id} is not running\n"
    assert paused.stderr == "Error response from daemon: Container web is paused, unpause the container before exec\n"
    assert (created.exit_code, paused.exit_code) == (1, 1)


def test_the_console_lets_go_of_a_program_that_does_not_end_or_prints_too_much(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(foreground_seconds=1, output_bytes=4096)) as at:
        at.carry_out("docker run -d --name web busybox:1.35 sleep 1000")
        late = at.carry_out("docker exec web sleep 1000")
        full = at.carry_out("docker exec web yes")

    assert (late.exit_code, full.exit_code) == (0, 0)
    assert late.stderr.startswith("[console] Still running after 1 s, so the console let go of it; the program goes on")
    assert full.stderr.startswith("[console] More than 4 KiB were printed, and the rest is not shown; the program goes")
    assert len(full.stdout) == 4096 - 512
