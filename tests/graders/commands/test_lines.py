"""Reading a line as a shell does, held against bash itself, and what is refused with a sentence of its own."""

import subprocess
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.commands.lines import read_line, typed_lines
from graders.commands.model import CommandRefused
from graders.commands.shell_refusals import REFUSALS

REFUSED = {
    "docker ps > out.txt": "redirection",
    "docker ps >> out.txt": "redirection",
    "docker exec -i web sh < in.txt": "redirection",
    "docker ps 2>/dev/null": "redirection",
    "docker ps 2>&1 > out.txt": "redirection",
    "docker ps 2>&1x": "streams",
    "docker ps 1>&2": "streams",
    "docker ps >&2": "streams",
    "2>&1 | grep x": "syntax",
    "docker ps &> out.txt": "redirection",
    "docker ps |& cat": "streams",
    "cat << EOF": "heredoc",
    "cat <<< word": "heredoc",
    "docker run busybox sleep 9 &": "background",
    "docker pause web & docker ps": "background",
    "docker rm $NAME": "variable",
    "docker rm ${NAME}": "variable",
    'docker rm "$NAME"': "variable",
    "docker rm $1": "variable",
    "docker ps; echo $?": "variable",
    "NAME=web": "variable",
    "NAME=web docker rm web": "variable",
    "NAME='web'": "variable",
    "docker rm $'a'": "variable",
    "echo $((1+1))": "arithmetic",
    "(docker ps)": "subshell",
    "f() docker ps": "subshell",
    "docker rm $(docker ps -q": "parenthesis",
    "docker rm web*": "glob",
    "cat ?.txt": "glob",
    "cat [ab].txt": "glob",
    "docker rm {a,b}": "braces",
    "docker rm web{1..3}": "braces",
    "cat ~/x": "home",
    "! docker ps": "exclamation",
    "!!": "exclamation",
    "echo $(echo $(echo $(echo a)))": "nested",
    "docker rm 'web": "single-quote",
    'docker rm "web': "double-quote",
    "docker rm `docker ps -q": "backtick",
    "docker ps \\": "ends-in-backslash",
    "docker ps \0": "character",
    "docker ps \ud800": "character",
    "docker ps \u2013a": "dash",
    "docker run \u2014name web busybox": "dash",
    "docker run -e A=\u201cx\u201d busybox": "curly-quote",
    "docker ps\u00a0-a": "odd-space",
    "for x in a; do docker rm a; done": "keyword",
    "if true; then docker ps; fi": "keyword",
    "while true": "keyword",
    "{ docker ps; }": "keyword",
    "docker ps |": "syntax",
    "| wc": "syntax",
    "docker ps &&": "syntax",
    "&& docker ps": "syntax",
    "docker ps ;; docker ps": "syntax",
    "docker ps | | wc": "syntax",
    "docker rm $(docker ps |)": "syntax",
    ";": "syntax",
    "echo " + "a" * 20_000: "too-long",
    "; ".join(["echo a"] * 21): "too-many-commands",
    "echo " + " ".join(["$(echo a)"] * 20): "too-many-commands",
}


def _words(text: str) -> list[list[list[str | None]]]:
    return [[[word.plain for word in command] for command in line.commands] for line in read_line(text).pipelines]


@pytest.mark.parametrize(("text", "code"), REFUSED.items())
def test_what_no_line_here_does_is_refused_with_a_sentence_of_its_own(text: str, code: str) -> None:
    with pytest.raises(CommandRefused) as refusal:
        read_line(text)

    assert refusal.value.code == code
    assert refusal.value.message.startswith("console: ")
    assert refusal.value.exit_code == 2


def test_every_refusal_of_a_line_is_one_that_a_test_sees() -> None:
    seen_by_the_interpreter = {"too-slow", "too-much-substituted", "too-many-words"}

    assert set(REFUSED.values()) | seen_by_the_interpreter == set(REFUSALS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("docker ps -a", ["docker", "ps", "-a"]),
        ("docker run  -e\tA='b c' x", ["docker", "run", "-e", "A=b c", "x"]),
        ('echo "a \\"b\\" \\$c \\d"', ["echo", 'a "b" $c \\d']),
        ("echo a\\ b \\' \\\\", ["echo", "a b", "'", "\\"]),
        ("echo '' \"\" a''b", ["echo", "", "", "ab"]),
        ("docker ps # all of them; really", ["docker", "ps"]),
        ("echo a#b '# c'", ["echo", "a#b", "# c"]),
        ("docker run \\\n  --name web \\\n  busybox", ["docker", "run", "--name", "web", "busybox"]),
        ("docker ps --format {{.Names}}", ["docker", "ps", "--format", "{{.Names}}"]),
        ("docker ps --format '{{.ID}}\\t{{.Names}}'", ["docker", "ps", "--format", "{{.ID}}\\t{{.Names}}"]),
        ("docker ps --format {{.ID}},{{.Names}}", ["docker", "ps", "--format", "{{.ID}},{{.Names}}"]),
        (
            "docker run busybox sh -c 'echo $HOME > /x; ls *'",
            ["docker", "run", "busybox", "sh", "-c", "echo $HOME > /x; ls *"],
        ),
        ("docker commit -c 'CMD [\"sh\"]' web me", ["docker", "commit", "-c", 'CMD ["sh"]', "web", "me"]),
        ("echo a$ b", ["echo", "a$", "b"]),
        ("echo a=b c~ d!", ["echo", "a=b", "c~", "d!"]),
        ("echo é", ["echo", "é"]),
    ],
)
def test_a_line_is_parted_into_the_words_that_a_shell_makes_of_it(text: str, words: list[str]) -> None:
    assert _words(text) == [[words]]
    assert _in_bash(text) == words


def test_commands_are_joined_and_piped() -> None:
    line = read_line("docker ps | grep web | wc -l && docker stop web || docker ps; docker rm web\ndocker images")

    assert [(one.joint, len(one.commands)) for one in line.pipelines] == [
        (";", 3),
        ("&&", 1),
        ("||", 1),
        (";", 1),
        (";", 1),
    ]


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("docker logs web 2>&1", [{0}]),
        ("docker logs web 2>&1 | grep x", [{0}]),
        ("docker logs 2>&1 web|wc -l 2>&1;docker ps", [{0, 1}, set()]),
        ("docker ps | wc && docker logs web 2>&1|wc", [set(), {0}]),
        ("echo '2>&1' a2", [set()]),
    ],
)
def test_a_command_may_send_its_errors_where_its_output_goes(text: str, joined: list[set[int]]) -> None:
    assert [set(one.joined) for one in read_line(text).pipelines] == joined
    assert read_line("docker logs 2>&1 web").pipelines[0].commands == read_line("docker logs web").pipelines[0].commands


def test_lines_that_were_copied_with_carriage_returns_are_lines() -> None:
    assert _words("docker ps\r\ndocker images\r") == [[["docker", "ps"]], [["docker", "images"]]]


def test_a_command_may_go_on_in_the_next_line_after_a_sign() -> None:
    assert _words("docker ps |\n\n wc -l &&\n docker ps\n") == [[["docker", "ps"], ["wc", "-l"]], [["docker", "ps"]]]


@pytest.mark.parametrize("text", ["", "   ", "# nothing", "\n\n", " \t "])
def test_an_empty_line_holds_nothing(text: str) -> None:
    assert read_line(text).pipelines == ()


def test_a_file_of_commands_is_read_line_by_line_with_those_that_go_on_put_together() -> None:
    text = "# first\r\ndocker run \\\n  --name web \\\n  busybox\n\n  # a note \\\ndocker ps\ndocker rm web \\"

    assert list(typed_lines(text)) == [
        (2, "docker run \\\n  --name web \\\n  busybox"),
        (7, "docker ps"),
        (8, "docker rm web \\"),
    ]


_shell_text = st.text("ab' \"\\#$-={}.,~!é\t\n", max_size=24)


@settings(max_examples=300)
@given(_shell_text)
def test_whatever_is_read_is_read_as_bash_reads_it(text: str) -> None:
    try:
        words = _words(f"echo {text}")
    except CommandRefused:
        return
    if len(words) == 1:
        assert words == [[_in_bash(f"echo {text}")]]


@given(st.text("ab'\"\\`$()|&;<>#*? \n{}!~=\0\ud800\u2013\u201c", max_size=60))
def test_no_text_makes_the_lexer_fail_but_in_its_own_way(text: str) -> None:
    try:
        read_line(text)
    except CommandRefused as refusal:
        code = refusal.code
    else:
        code = ""

    assert code in {"", *REFUSALS}


PIECES = [
    "a",
    "' '",
    '" "',
    "a ",
    "\\",
    "{",
    "{,",
    "$(echo ",
    "`",
    "`a`",
    "$",
    "#",
    "\n",
    "a|",
    "((",
    "'\"",
    '"`',
    "$(a)",
]


@pytest.mark.parametrize("piece", PIECES)
def test_a_long_line_takes_work_by_its_length_alone(piece: str) -> None:
    def steps(length: int) -> int:
        taken = 0

        def count(frame: FrameType, event: str, arg: object) -> Any:
            nonlocal taken
            taken += event == "line"
            return count

        text = piece * (length // len(piece))
        sys.settrace(count)
        try:
            read_line(text, most_bytes=1 << 20)
        except CommandRefused:
            pass
        finally:
            sys.settrace(None)
        return taken

    assert steps(8 * 1024) < 10 * steps(1024) + 1000


def _in_bash(text: str) -> list[str]:
    name, _, rest = text.partition(" ")
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{name}() {{ printf '%s\\0' {name} \"$@\"; }}\n{name} {rest}"],
        capture_output=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    return done.stdout.decode().split("\0")[:-1]
