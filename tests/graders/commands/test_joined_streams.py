"""`2>&1` on a real engine: what a program complains of goes through a pipe with the rest."""

import pytest
from consoles import console

pytestmark = pytest.mark.engine


def test_errors_go_through_a_pipe_where_they_are_sent_along(engine_url: str) -> None:
    with console(engine_url) as one:
        ran = one.carry_out("docker run --name loud busybox:1.35 sh -c 'echo said; echo complained >&2' 2>&1")
        assert (sorted(ran.stdout.split()), ran.stderr) == (["complained", "said"], "")

        alone = one.carry_out("docker logs loud | grep complained")
        assert (alone.stdout, alone.stderr, alone.exit_code) == ("", "complained\n", 1)
        joined = one.carry_out("docker logs loud 2>&1 | grep complained")
        assert (joined.stdout, joined.stderr, joined.exit_code) == ("complained\n", "", 0)
        assert one.carry_out("echo $(docker logs nothere 2>&1)").stdout == "Error: No such container: nothere\n"
        assert one.carry_out("docker rm nothere 2>&1 | wc -l").stdout == "1\n"
