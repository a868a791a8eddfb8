"""The filters of a pipe, against the programs of the same name."""

import shlex
import subprocess
from types import SimpleNamespace

import pytest

from graders.commands.folder import kept
from graders.commands.model import CommandRefused
from graders.commands.own_words import OWN_WORDS
from graders.commands.ran import Ran
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState

PS = """\
CONTAINER ID   IMAGE          COMMAND       CREATED          STATUS                      PORTS     NAMES
0a1b2c3d4e5f   busybox:1.35   "sleep 600"   10 seconds ago   Up 9 seconds (Paused)                 web
1a1b2c3d4e5f   busybox:1.35   "true"        2 minutes ago    Exited (0) 2 minutes ago              quiet_one
2a1b2c3d4e5f   web:latest     "sh -c 'x'"   3 hours ago      Exited (137) 1 hour ago               db-1
"""
LINES = "pear\napple\nApple\nfig 10\nfig 9\npear\n\n  indented\nlast without a feed"
JSON = '{\n    "Mounts": [\n        {\n            "Type": "volume"\n        }\n    ],\n    "Image": "x.y"\n}\n'
SIZES = "1.5MB a\n200kB b\n3GB c\n12B d\n"

COMMANDS = r"""
grep web
grep -v web
grep -c Exited
grep -i exited
grep -n Up
grep -E 'web|db'
grep 'web\|db'
grep 'Exited (0)'
grep -E 'Exited \([1-9]'
grep -F '(0)'
grep -w web
grep -ow 'db'
grep -o '[0-9a-f]\{12\}'
grep -x pear
grep -q nothing
grep nothing
grep '^$'
grep -vc '^$'
grep -e apple -e fig
grep -m 1 pear
grep -A 2 Mounts
grep -B1 Type
grep -C 1 Image
grep -nA1 fig
grep 'x.y'
grep -F x.y
grep -F '\<'
grep -E '\<web'
grep -m -1 pear
grep '[[:upper:]]'
grep 'fig*'
grep '*'
grep 'a+'
grep 'pp\+'
grep -E 'p{2}'
grep '\<web\>'
grep -io APPLE
grep ''
grep -in '"'
grep '[]a]'
grep 'Exited ([0-9]*)'
wc
wc -l
wc -w
wc -c
wc -lw
wc -cl
wc -m
head
head -n 2
head -2
head -n2
head -n -1
head -c 5
head -1
head -n 0
head --lines=1
tail
tail -n 2
tail -2
tail -n +2
tail +2
tail -n1
tail -c 4
tail -n 0
tail -n +1
tail --lines 1
sort
sort -r
sort -u
sort -n
sort -k 2
sort -k2,2
sort -k 2 -n
sort -k2n
sort -rn
sort -f
sort -k 2nr
sort -t: -k 2
sort -h
sort -ru
sort -k1,1 -k2,2n
sort -b
uniq
uniq -c
uniq -d
uniq -u
uniq -ci
cut -d' ' -f1
cut -d ' ' -f 1,3
cut -c 1-12
cut -c-3
cut -d: -f2-
cut -f1
cut -sd: -f1
cut -d'"' -f2
tr -s ' '
tr -d '\n'
tr a-z A-Z
tr '\n' ' '
tr '[:lower:]' '[:upper:]'
tr -d '"'
tr -cd 'a-z\n'
awk '{print $1}'
awk '{print $1, $3}'
awk '{print $NF}'
awk 'NR>1 {print $1}'
awk 'NR==2'
awk '/Exited/ {print $NF}'
awk '!/Exited/'
awk '{print $1 " is " $2}'
awk -F: '{print $2}'
awk -F '"' '{print $2}'
awk '{ print }'
awk 'NR!=1{print NR, $1}'
awk '{print $0}'
awk '{print $9}'
cat
cat -
""".strip().splitlines()
ON_FILES = r"""
wc -l a.txt
wc a.txt b.txt
wc -l a.txt b.txt
head -n 1 a.txt
head -n 1 a.txt b.txt
tail -1 a.txt
grep x a.txt
grep -n x a.txt b.txt
grep -c x a.txt b.txt
cat a.txt b.txt
sort a.txt b.txt
uniq a.txt
cut -c1 a.txt
awk '{print $1}' a.txt
cat missing.txt
grep x missing.txt
wc -l missing.txt
""".strip().splitlines()
UNKNOWN = r"""
grep
grep -Z x
grep '['
grep -E '(a'
head -n x
head --foo
tail -f
sort -k x
sort -k 0
cut
cut -d ab -f 1
cut -f x
tr
tr a b c
awk
awk '{system("id")}'
awk '{print > "x"}'
awk 'BEGIN {}'
xargs xargs docker rm
xargs -n 0
xargs -P 4
uniq --foo
wc -x
""".strip().splitlines()
TEXTS = {"ps": PS, "lines": LINES, "json": JSON, "sizes": SIZES, "none": ""}


def _ours(line: str, stdin: str, files: dict[str, str] | None = None) -> Ran:
    words = shlex.split(line)
    contents = {path: text.encode() for path, text in (files or {}).items()}
    console = SimpleNamespace(state=SessionState(files=kept(contents)), rules=ConsoleRules())
    try:
        return OWN_WORDS[words[0]](words[1:], stdin, console)  # type: ignore[arg-type]
    except CommandRefused as refusal:
        return Ran((), refusal.exit_code)


def _theirs(line: str, stdin: str, cwd: object = None) -> tuple[str, int]:
    done = subprocess.run(
        shlex.split(line),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=str(cwd) if cwd else None,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    return done.stdout, done.returncode


@pytest.mark.parametrize("line", COMMANDS)
def test_a_filter_prints_what_the_program_of_its_name_does(line: str) -> None:
    for name, text in TEXTS.items():
        ran = _ours(line, text)
        assert (ran.stdout, ran.exit_code) == _theirs(line, text), name


@pytest.mark.parametrize(
    "line",
    ON_FILES,
)
def test_a_filter_reads_files_of_the_labs_folder(line: str, tmp_path: object) -> None:
    files = {"a.txt": "x 1\ny 2\nx 3\n", "b.txt": "z\nxx\n"}
    for path, text in files.items():
        (tmp_path / path).write_text(text)  # type: ignore[operator]
    ran = _ours(line, "", files)

    assert (ran.stdout, ran.exit_code) == _theirs(line, "", tmp_path)


@pytest.mark.parametrize(
    ("line", "stdin"),
    [("xargs", "a b\nc\n"), ("xargs echo x", "a b\nc\n"), ("xargs -n 1 echo", "a b\nc\n"), ("xargs -n2", "a b\nc\n"),
     ("xargs -I{} echo {}-{}", "a b\nc\n"), ("xargs -L 1 echo", "a b\nc\n"),
     ("xargs -r echo no", ""), ("xargs echo no", "")],
)  # fmt: skip
def test_xargs_makes_the_commands_that_xargs_makes(line: str, stdin: str) -> None:
    made = _ours(line, stdin)

    echoed = "".join(" ".join(command[1:]) + "\n" for command in made.commands)
    assert echoed == _theirs(line, stdin)[0]


@pytest.mark.parametrize(
    "line",
    UNKNOWN,
)
def test_what_a_filter_does_not_know_is_refused_with_what_it_does(line: str) -> None:
    words = shlex.split(line)
    console = SimpleNamespace(state=SessionState(), rules=ConsoleRules())

    with pytest.raises(CommandRefused) as refusal:
        OWN_WORDS[words[0]](words[1:], "a b\n", console)  # type: ignore[arg-type]

    assert "[console] " in refusal.value.message
    assert refusal.value.exit_code == 2


def test_a_pattern_that_would_take_exponential_time_elsewhere_takes_none_here() -> None:
    ran = _ours("grep -E '(a+)+$'", "a" * 20_000 + "b\n")

    assert ran.exit_code == 1


@pytest.mark.parametrize("line", ["cat" + " big" * 40, "wc" + " big" * 40, "grep x" + " big" * 40])
def test_a_file_that_is_named_over_and_over_is_not_read_without_end(line: str) -> None:
    ran = _ours(line, "", {"big": "x" * 200_000})

    assert (ran.exit_code, ran.pieces) == (2, ())


@pytest.mark.parametrize("stdin", ["x" * 200_000, "x y\n" * 50_000])
def test_xargs_makes_no_more_of_its_input_than_there_is_room_for(stdin: str) -> None:
    ran = _ours(f"xargs -I% echo {'%' * 3000}", stdin)

    assert (ran.exit_code, ran.commands) == (2, ())


def test_sort_takes_signs_that_only_look_like_digits_for_letters() -> None:
    assert _ours("sort -V", "v1\u00b2\nv1\u00b22\nv1\n").stdout == "v1\nv1\u00b2\nv1\u00b22\n"
