"""What is said of a wrong command, against what docker's own CLI says: it needs no daemon for that."""

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.commands.grammar.flags import Flag
from graders.commands.grammar.table import OFFERED
from graders.commands.model import Command, CommandRefused
from graders.commands.parser import HELP_PATH, parse, read_command

CLI = "/usr/bin/docker"  # Debian's, of the version that the grammar is of

UNKNOWN_FLAGS = """
rm --foo
rm -z
rm -fz x
rm -zf x
rm -f= x
rm --=x web
rm ---force web
rm --force-all web
ps --version
ps -H x
run --foo
run -tiz
run --nam web
run -d=true -z
create --detach busybox
exec --rm web ls
start -t 3 web
stop --signal KILL web
build --foo .
images --tree
volume ls -a
volume rm -v data
network ls -a
container ls --foo
container prune -a
image prune -x
container inspect --type image web
logs --lines 3 web
commit --squash web
tag -f a b
rename -f a b
pause -a
kill -9 web
history --all busybox
cp -r web:/a .
info --all
system df -a
-x
--foo ps
""".strip().splitlines()

MISSING_VALUES = """
run --name
run -e
run -it --name
run -m
run --memory
run -v
run --network
run --net
run --network-alias
run --health-interval
create --entrypoint
exec -e
exec -w
ps --last
ps -f
ps -an
stop --time
stop -t
kill -s
logs --tail
logs -n
commit -m
build -t
build . -f
volume create --label
network create -d
inspect -f
""".strip().splitlines()

BAD_VALUES = """
ps -n x
ps --last 3x
ps --last=
ps -n 1_0_
ps -n 0x
ps -n 09
ps -n 9999999999999999999
ps -n 99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999
ps --all=maybe
rm --help=x
run --help=x
ps -a=maybe
ps -f x
ps --no-trunc=
stop -t x web
stop -t 1.5 web
restart -t '' web
run --rm=foo busybox
run --stop-timeout x busybox
run --stop-timeout '"' busybox
run --stop-timeout 'é\\t' busybox
run --memory x busybox
run -m 1x busybox
run -m -1 busybox
run -m 1.2.3m busybox
run -m '' busybox
run -m '64 m b' busybox
run --cpus x busybox
run --cpus 0.5.5 busybox
run --cpus '' busybox
run --cpus 0.0000000001 busybox
run --cpus 1/0 busybox
run --health-interval x busybox
run --health-interval 5 busybox
run --health-interval 5x busybox
run --health-interval '' busybox
run --health-interval 1h5 busybox
run --health-interval 5s3 busybox
run --health-interval . busybox
run --health-interval 1.s.2 busybox
run --health-interval 99999999999h busybox
run -e =x busybox
run -e '' busybox
run -l =x busybox
run -l '' busybox
run -a foo busybox
run --dns x busybox
run --add-host x busybox
run --blkio-weight 70000 busybox
run --blkio-weight -1 busybox
build --build-arg =x .
volume create --label =x data
volume ls -f x
network ls --filter dangling
history -H=x busybox
container prune --filter x
commit --pause=perhaps web
""".strip().splitlines()

WRONG_COUNTS = """
commit web me -m x
tag a -f b
pause --help=false
rm
rm --
rm -f
run
run -d
run --rm
run --name web
create
start
stop
restart
kill
pause
unpause
wait
exec
exec web
exec -it web
ps extra
ps -- extra
ps -a extra
container ls extra
container list extra
container ps extra
logs
logs a b
inspect
container inspect
image inspect
cp a
cp
cp a b c
container cp a
commit
commit a b c
rename a
rename a b c
tag a
image tag a b c
images a b
image ls a b
image list a b
rmi
image rm
image remove
history
history a b
build
build a b
image build
top
port
port a b c
diff
diff a b
version x
info x
system info x
system df x
volume create a b
volume rm
volume remove
volume inspect
volume ls x
volume list x
volume prune x
network create
network create a b
network connect a
network disconnect a
network rm
network inspect
network ls x
network prune x
container prune x
image prune x
""".strip().splitlines()

NO_COMMANDS = """
foo
PS
rnu -d busybox
foo -x
foo --bar
help foo
buildx-foo
""".strip().splitlines()


ASKS_HELP = """
--help
help
run --help
help run
rm -h
ps -ah
container
container --help
--help ps
image foo --help
help container ls
""".strip().splitlines()


def _cli(line: str) -> tuple[str, int]:
    done = subprocess.run(
        [CLI, *shlex.split(line)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"DOCKER_HOST": "unix:///nowhere/docker.sock", "HOME": "/nowhere", "PATH": "/usr/bin:/bin"},
    )
    return done.stdout + done.stderr, done.returncode


def _ours(line: str) -> tuple[str, int]:
    with pytest.raises(CommandRefused) as refusal:
        read_command(f"docker {line}")
    return f"{refusal.value.message}\n", refusal.value.exit_code


def _before_usage(text: str) -> str:
    """Without the list of commands, which here is of those that are offered."""
    return text.split("\n\nUsage:", maxsplit=1)[0]


@pytest.mark.parametrize("line", [*MISSING_VALUES, *BAD_VALUES, *WRONG_COUNTS])
def test_a_wrong_command_is_refused_in_the_words_and_with_the_exit_code_of_the_cli(line: str) -> None:
    assert _ours(line) == _cli(line)


@pytest.mark.parametrize("line", [*UNKNOWN_FLAGS, *NO_COMMANDS])
def test_an_unknown_word_is_refused_in_the_words_and_with_the_exit_code_of_the_cli(line: str) -> None:
    ours, theirs = _ours(line), _cli(line)

    assert (_before_usage(ours[0]).strip(), ours[1]) == (_before_usage(theirs[0]).strip(), theirs[1])


@pytest.mark.parametrize("line", ["", *ASKS_HELP])
def test_what_asks_for_help_is_no_error_to_the_cli_nor_here(line: str) -> None:
    try:
        ours = 0 if read_command(f"docker {line}").path == HELP_PATH else -1
    except CommandRefused as refusal:
        ours = refusal.exit_code

    assert ours == _cli(line)[1] == 0


@pytest.mark.parametrize("line", ["container foo", "volume foo", "image help", "network help ls"])
def test_a_group_with_a_word_it_does_not_know_fails_with_the_list_of_its_commands(line: str) -> None:
    ours, theirs = _ours(line), _cli(line)

    assert ours[0].startswith(theirs[0].split("Commands:", maxsplit=1)[0])
    assert ours[1] == theirs[1] == 1


_VALUES = [
    "x",
    "1",
    "-1",
    "0",
    "true",
    "T",
    "a=b",
    "=",
    "a=",
    "64m",
    "1 kb",
    "5s",
    "1m30s",
    "1h1",
    ".5",
    "1e3",
    "",
    "-",
    "--",
]
_VALUES += ["10x", "é", "'", '"', "a:b", "0x1F", "1_000", "+5", "9999999999999999999", "µs", "1µs", "a,b", "\t"]
_values = st.sampled_from(_VALUES)
_letters = st.text("abdefhilnqstvwzLH=1", min_size=1, max_size=3).map("-{}".format)
_odd = st.sampled_from(["--", "--foo", "---a", "--=", "--all=", "--help=false", "--help", "--h", "-"])


def _given(flag: Flag) -> st.SearchStrategy[list[str]]:
    short = f"-{flag.short}" if flag.short else f"--{flag.name}"
    values = st.sampled_from(flag.only) if flag.only else _values
    return st.one_of(
        values.map(lambda value: [f"--{flag.name}={value}"]),
        values.map(lambda value: [f"--{flag.name}", value]),
        values.map(lambda value: [f"{short}{value}"]),
        values.map(lambda value: [f"{short}={value}"]),
        st.just([short]),
    )


@st.composite
def _commands(draw: st.DrawFn) -> list[str]:
    shape = draw(st.sampled_from(OFFERED))
    flags = [flag for flag in shape.flags if flag.offered and (*shape.path, flag.name) != ("image", "build", "tag")]
    word = st.one_of(_values, _letters, _odd).map(lambda word: [word])
    one = st.one_of(word, st.sampled_from(flags).flatmap(_given)) if flags else word
    words = draw(st.lists(one, max_size=4))
    return [*draw(st.sampled_from(shape.calls)).split(), *(word for group in words for word in group)]


_COMPLAINTS = ("unknown ", "invalid argument ", "flag needs ", "bad flag ", '"docker ')


@settings(max_examples=60, derandomize=True, deadline=None)
@given(_commands())
def test_whatever_is_typed_is_taken_or_refused_as_the_cli_does(words: list[str]) -> None:
    """What the CLI takes it cannot carry out, where no daemon is: it says so, or what is wrong with an image's name."""
    theirs, exit_code = _cli(shlex.join(words))
    command, refusal = _read(words)

    if command is not None:
        assert (exit_code == 0 and "Usage:" in theirs) == (command.path == HELP_PATH)
        assert not theirs.startswith(_COMPLAINTS)
    elif refusal is not None and refusal.code != "not-available":
        assert (refusal.message.strip(), refusal.exit_code) == (theirs.strip(), exit_code)


def _read(words: list[str]) -> tuple[Command | None, CommandRefused | None]:
    try:
        return parse(["docker", *words]), None
    except CommandRefused as refusal:
        return None, refusal
