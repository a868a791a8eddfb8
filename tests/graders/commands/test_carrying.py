"""Carrying lines out: chains, pipes and substitution, with docker commands that only say what they were asked."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.commands import interpreter
from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing
from graders.commands.folder import kept
from graders.commands.interpreter import Console
from graders.commands.model import Command, CommandRefused
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState

_IDS = "aaa\nbbb\nccc"


def _saying(doing: Doing, command: Command) -> int:
    doing.out(f"{' '.join(command.path)}: {' '.join(command.args)}")
    if doing.stdin:
        doing.out(doing.stdin.decode())
    return 0


def _ids(doing: Doing, command: Command) -> int:
    if command.args == () and command.is_on("quiet"):
        doing.out(_IDS)
        doing.err("a warning")
    return 0


def _failing(doing: Doing, command: Command) -> int:
    doing.out("half")
    raise CommandRefused("Error: no", code="no", exit_code=7)


def _refused(doing: Doing, command: Command) -> int:
    raise DaemonRefused(409, "it is in use")


@pytest.fixture
def carry_out(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    paths = dict.fromkeys(interpreter.VERBS, _saying)
    paths[("container", "ls")] = _ids
    paths[("container", "kill")] = _failing
    paths[("container", "stop")] = paths[("container", "run")] = _refused
    monkeypatch.setattr(interpreter, "VERBS", paths)
    monkeypatch.setattr(interpreter, "forget_gone", lambda doing: None)

    def carried(line: str, **rules: Any) -> Any:
        state = SessionState(files=kept({"a.txt": b"one\ntwo\n"}))
        return Console(state, None, ConsoleRules(**rules), save=lambda state: None).carry_out(line)  # type: ignore[arg-type]

    return carried


@pytest.mark.parametrize(
    ("line", "stdout"),
    [
        ("docker rm a; docker rm b", "container rm: a\ncontainer rm: b\n"),
        ("docker rm a && docker rm b", "container rm: a\ncontainer rm: b\n"),
        ("docker rm a || docker rm b", "container rm: a\n"),
        ("docker kill a && docker rm b; docker rm c", "half\ncontainer rm: c\n"),
        ("docker kill a || docker rm b", "half\ncontainer rm: b\n"),
        ("false && echo a || echo b", "b\n"),
        ("docker rm $(docker ps -q)", "container rm: aaa bbb ccc\n"),
        ("docker rm `docker ps -q`", "container rm: aaa bbb ccc\n"),
        ('docker rm "$(docker ps -q)"', "container rm: aaa\nbbb\nccc\n"),
        ("docker rm x$(docker ps -q)y", "container rm: xaaa bbb cccy\n"),
        ("docker rm $(docker ps -q | tail -1) z", "container rm: ccc z\n"),
        ("docker rm $(echo $(docker ps -q))", "container rm: aaa bbb ccc\n"),
        ("docker rm a$(docker ps)b", "container rm: ab\n"),
        ("docker rm x $(docker ps)", "container rm: x\n"),
        ("docker ps -q | xargs docker rm", "container rm: aaa bbb ccc\n"),
        ("docker ps -q | xargs -n1 docker rm", "container rm: aaa\ncontainer rm: bbb\ncontainer rm: ccc\n"),
        ("docker ps -q | xargs -I{} docker rm x{}", "container rm: xaaa\ncontainer rm: xbbb\ncontainer rm: xccc\n"),
        ("docker ps -q | xargs -n1 docker rm | wc -l", "3\n"),
        ("docker ps -q | grep -v bbb | wc -l", "2\n"),
        ("echo hi | docker exec -i web cat", "container exec: web cat\nhi\n\n"),
        ("cat a.txt | grep two", "two\n"),
        ("docker build $(pwd)", "image build: /lab\n"),
        ("docker build $PWD/x", "image build: /lab/x\n"),
        ("docker rm '$(docker ps -q)'", "container rm: $(docker ps -q)\n"),
        ("$(echo docker rm) a", "container rm: a\n"),
        ("$(docker ps)", ""),
        ("", ""),
        ("# docker rm a", ""),
    ],
)
def test_a_line_is_carried_out_as_a_shell_would(carry_out: Callable[..., Any], line: str, stdout: str) -> None:
    assert carry_out(line).stdout == stdout


def test_each_docker_command_of_a_line_is_an_entry_of_the_journal(carry_out: Callable[..., Any]) -> None:
    done = carry_out("docker rm $(docker ps -q | head -1); docker kill a; docker rm --foo; docker stop a; ls")

    assert [(one.command and one.command.path, one.exit_code) for one in done.done] == [
        (("container", "ls"), 0),
        (("container", "rm"), 0),
        (("container", "kill"), 7),
        (None, 125),
        (("container", "stop"), 1),
    ]
    assert done.done[0].stdout == f"{_IDS}\n"
    assert done.exit_code == 0


def test_what_goes_to_standard_error_is_shown_and_not_piped_on(carry_out: Callable[..., Any]) -> None:
    done = carry_out("docker rm $(docker ps -q) | wc -l")

    assert (done.stdout, done.stderr) == ("1\n", "a warning\n")


@pytest.mark.parametrize(
    ("line", "stderr", "exit_code"),
    [
        ("docker kill a", "Error: no\n", 7),
        ("docker stop a", "Error response from daemon: it is in use\n", 1),
        ("docker run busybox", "docker: Error response from daemon: it is in use.\nSee 'docker run --help'.\n", 125),
        ("docker kill a | wc -l", "Error: no\n", 0),
        ("docker stop a; docker rm a", "Error response from daemon: it is in use\n", 0),
        ("echo a | xargs docker kill", "Error: no\n", 123),
    ],
)
def test_what_fails_fails_as_dockers_cli_does(
    carry_out: Callable[..., Any], line: str, stderr: str, exit_code: int
) -> None:
    done = carry_out(line)

    assert (done.stderr, done.exit_code) == (stderr, exit_code)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sudo docker ps", "sudo: command not found\n[console] No sudo is needed here"),
        ("ps -a", "ps: command not found\n[console] Did you mean `docker ps`?"),
        ("rm web", "rm: command not found\n[console] Did you mean `docker` before it? Files"),
        ("cd app", "cd: command not found\n[console] You are in the lab's folder, and stay there."),
        ("bash", "bash: command not found\n[console] There is no shell here."),
        ("$ docker ps", "$: command not found\n[console] Leave out the prompt's sign"),
        ("dokcer ps", "dokcer: command not found\n[console] Did you mean `docker`?"),
        ("Docker ps", "Docker: command not found\n[console] Did you mean `docker`?"),
        ("xyzzy", "xyzzy: command not found\n[console] Type docker commands here; `help` lists them."),
        ("docker ps | less", "less: command not found\n[console] Leave it out: all output is shown."),
        ("/usr/bin/docker ps", "/usr/bin/docker: command not found"),
        ("cat ../x", "cat: "),
        ("cat /etc/passwd", "cat: "),
        ("ls /", "ls: "),
        ("help nothing", "unknown help topic: nothing"),
        ("history x", "history: say how many lines"),
    ],
)
def test_a_word_that_is_no_command_here_says_what_to_type(carry_out: Callable[..., Any], line: str, words: str) -> None:
    done = carry_out(line)

    assert done.stderr.startswith(words)
    assert done.exit_code != 0


def test_a_refused_line_carries_nothing_of_it_out(carry_out: Callable[..., Any]) -> None:
    done = carry_out("docker rm a; docker rm b > x")

    assert (done.stdout, done.done, done.calls, done.exit_code) == ("", (), (), 2)


def test_what_is_printed_beyond_the_bound_is_cut_and_said_to_be(carry_out: Callable[..., Any]) -> None:
    done = carry_out("; ".join(["echo " + "é" * 300] * 4), output_bytes=1024)

    assert done.cut
    assert len(done.stdout.encode()) <= 1024
    assert "rest is left out" in done.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"docker rm {'a ' * 400}", "more than 300 words"),
        ("; ".join(["docker ps -q | xargs -n1 docker rm | xargs -n1 docker rm"] * 2), "more than 20 commands"),
        ("docker ps -q | xargs -n1 docker rm | xargs -n1 docker rm | xargs -n1 docker rm", "more than 20 commands"),
        ("x " * 3000, "longer than the 4096 bytes"),
        ("echo " + "$(cat a.txt)" * 21, "more than 20 commands"),
    ],
)
def test_a_line_has_bounds(carry_out: Callable[..., Any], line: str, words: str) -> None:
    done = carry_out(line)

    assert words in done.stderr
    assert len(done.done) <= 20


def test_a_line_that_takes_too_long_is_left_off(carry_out: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    hours = iter(range(0, 10**6, 3600))
    monkeypatch.setattr(interpreter.time, "monotonic", lambda: float(next(hours)))

    assert "taken too long" in carry_out("docker rm a; docker rm b").stderr


def test_clear_empties_the_screen_and_history_lists_what_was_typed(carry_out: Callable[..., Any]) -> None:
    assert carry_out("clear").clears
    assert carry_out("history").stdout == "    1  history\n"
    assert "docker --help" in carry_out("help").stdout
    assert "Usage:  docker run" in carry_out("help run").stdout
    assert carry_out("docker run --help").stdout == carry_out("help run").stdout


def test_what_is_no_text_is_no_trouble_for_the_ledger_or_the_journal(carry_out: Callable[..., Any]) -> None:
    for line in ("echo \0", "echo \ud800", "docker rm \udfff", "\0"):
        assert carry_out(line).exit_code == 2


_PIECES = r"""
docker |docker ps -q |docker rm |$(|)|`|'|"|&& |; |xargs |grep |-n |1 |a |awk '{print $1}' |cut -f1 |tr a b |sort
head -n -1|tail +2 |uniq -c |wc |echo |cat |a.txt |ls |history |help |\\|#|$PWD |--format |{{.}} |-f |--|=|[|run
container |volume |-I{} |-E '(' |sort -k 1,1 |é
""".replace("\n", "|").split("|")
_pieces = st.sampled_from([*_PIECES, "| ", "|| ", "\0", "\n", "\t"])


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_pieces, max_size=14).map("".join))
def test_no_line_makes_the_console_fail(carry_out: Callable[..., Any], line: str) -> None:
    done = carry_out(line)

    assert 0 <= done.exit_code < 256
    assert done.model_dump_json()
