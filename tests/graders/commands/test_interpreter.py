"""Carrying out whole lines, on a real engine."""

import pytest

from consoles import console

pytestmark = pytest.mark.engine


def test_a_line_of_the_consoles_own_words_prints_what_a_shell_would(engine_url: str) -> None:
    with console(engine_url, files={"app.py": "print('hi')\n", "src/a.txt": "a\n"}) as one:
        done = one.carry_out("ls; cat app.py && pwd || echo never")

    assert done.stdout == "app.py\nsrc/\nprint('hi')\n/lab\n"
    assert done.exit_code == 0
    assert done.calls == ()


def test_a_created_container_is_there(engine_url: str) -> None:
    with console(engine_url) as one:
        done = one.carry_out("docker create --name web busybox:1.35 true")

    assert done.stderr == ""
    assert [call.method for call in done.calls][:2] == ["HEAD", "POST"]
