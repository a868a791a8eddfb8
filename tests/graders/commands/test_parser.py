"""Reading a docker command: what it means, what is refused, and writing it back."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.commands.grammar.flags import Flag, Holds
from graders.commands.grammar.shapes import Shape
from graders.commands.grammar.table import BY_CALL, OFFERED, SHAPES
from graders.commands.helping import help_text
from graders.commands.model import Command, CommandRefused
from graders.commands.parser import parse, read_command
from graders.commands.written import same_command, written


def _read(line: str) -> Command:
    return read_command(f"docker {line}")


def test_a_command_is_read_into_its_path_flags_and_arguments() -> None:
    command = _read(
        "run -d --rm --name web -e A=1 -eB=2 -p=false busybox:1.35 sh -c 'echo $A' -d".replace("-p=false ", "")
    )

    assert command.path == ("container", "run")
    assert command.called == "docker run"
    assert command.flags == {"detach": True, "rm": True, "name": "web", "env": ("A=1", "B=2")}
    assert command.args == ("busybox:1.35", "sh", "-c", "echo $A", "-d")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ps -a", "container ls --all"),
        ("ps -a", "container ps -a=true"),
        ("ps -aq", "ps --quiet --all"),
        ("run -it busybox", "run -t -i busybox"),
        ("run -dit --name=a busybox", "container run --name a -i -t -d busybox"),
        ("run -ea=1 busybox", "run --env a=1 busybox"),
        ("run -e=a=1 busybox", "run --env=a=1 busybox"),
        ("run --rm=false busybox", "run busybox"),
        ("run --net none busybox", "run --network=none busybox"),
        ("stop -t 10 web", "stop web"),
        ("stop -t10 web", "container stop --time=0xA web"),
        ("kill web", "kill --signal KILL web"),
        ("rmi -f a b", "image remove --force a b"),
        ("rm web -f", "rm -f web"),
        ("rm -f -- web", "rm -f web"),
        ("images", "image list"),
        ("volume ls -qf dangling=true", "volume list --quiet --filter 'Dangling = true'"),
        ("run -m 64m busybox", "run --memory 65536k busybox"),
        ("run --health-interval 1m30s busybox", "run --health-interval 90s busybox"),
        ("run --cpus .5 busybox", "run --cpus 1/2 busybox"),
        ("info", "system info"),
        ("logs -n 5 web", "logs web --tail=5"),
        ("run --privileged=false busybox", "run busybox"),
        ("run --restart no busybox", "run --restart=no busybox"),
        ("history -H busybox", "history busybox"),
    ],
)
def test_two_ways_to_say_the_same_are_the_same_command(one: str, other: str) -> None:
    assert same_command(_read(one), _read(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ps", "ps -a"),
        ("stop web", "kill web"),
        ("pause web", "unpause web"),
        ("create busybox", "run busybox"),
        ("rm a b", "rm b a"),
        ("run -e A=1 busybox", "run -e A=2 busybox"),
        ("run busybox -d", "run -d busybox"),
        ("stop -t 9 web", "stop web"),
        ("commit web me", "commit --pause=false web me"),
        ("inspect web", "container inspect web"),
    ],
)
def test_what_differs_in_effect_is_another_command(one: str, other: str) -> None:
    assert not same_command(_read(one), _read(other))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run --privileged busybox", "--privileged is not available here: "),
        ("run -p 8080:80 busybox", "-p is not available here: this console has no way in from your machine."),
        ("run -dP busybox", "-P is not available here: "),
        ("run --cap-add=SYS_ADMIN busybox", "--cap-add is not available here: "),
        ("run --restart always busybox", "--restart always is not available here: "),
        ("run --pid host busybox", "--pid is not available here: "),
        ("exec --privileged web id", "--privileged is not available here: "),
        ("rm -l web", "-l is not available here: "),
        ("build --pull .", "--pull is not available here: this engine reaches no registry."),
        ("build --progress tty .", "--progress tty is not available here: "),
        ("volume create -d nfs data", "-d nfs is not available here: "),
        ("volume create -o type=tmpfs data", "-o is not available here: "),
        ("network create --subnet 10.0.0.0/8 net", "--subnet is not available here: "),
        ("network create -d host net", "-d host is not available here: "),
        ("inspect --type swarm x", "--type swarm is not available here: "),
        ("-H tcp://1.2.3.4 ps", "-H is not available here: there is one engine here"),
        ("--context other ps", "--context is not available here: "),
    ],
)
def test_a_flag_that_is_not_offered_says_why_and_where_to_look(line: str, words: str) -> None:
    with pytest.raises(CommandRefused) as refusal:
        _read(line)

    assert refusal.value.message.startswith(words)
    assert "\nSee 'docker" in refusal.value.message
    assert (refusal.value.code, refusal.value.exit_code) == ("not-available", 125)


NOT_OFFERED = """
attach web
push me
pull nginx
login
save busybox
load
swarm init
events
system prune -af
update -m 1g web
context ls
stack deploy
buildx build .
compose up
""".strip().splitlines()


@pytest.mark.parametrize("line", NOT_OFFERED)
def test_a_command_that_is_not_offered_says_what_to_do_instead(line: str) -> None:
    with pytest.raises(CommandRefused) as refusal:
        _read(line)

    assert refusal.value.code in {"not-available", "unknown-command"}
    assert refusal.value.exit_code == 1
    assert "not available here: " in refusal.value.message or "\n[console] " in refusal.value.message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("docker ps | wc -l", "not-one-command"),
        ("docker ps; docker ps", "not-one-command"),
        ("docker ps 2>&1", "not-one-command"),
        ("docker rm $(docker ps -q)", "not-one-command"),
        ("docker build $PWD", "not-one-command"),
        ("", "not-one-command"),
        ("ls", "no-docker-command"),
        ("docker rm 'web", "single-quote"),
        ("docker ps > x", "redirection"),
    ],
)
def test_an_answer_is_one_docker_command_and_nothing_else(text: str, code: str) -> None:
    with pytest.raises(CommandRefused) as refusal:
        read_command(text)

    assert refusal.value.code == code


def test_every_refusal_in_the_grammar_is_a_sentence_that_says_what_to_do() -> None:
    for shape in SHAPES:
        for reason in (shape.refused, *(flag.refused for flag in shape.flags)):
            if reason:
                assert reason.endswith("."), reason
                assert ". " in reason or reason.split()[0] in {"use", "name", "say", "write", "remove"}, reason


def test_every_command_has_help_by_every_way_to_call_it() -> None:
    for call in BY_CALL:
        assert f"Usage:  docker {call}" in help_text(*call.split())


def test_no_command_has_two_flags_of_one_name_or_letter() -> None:
    for shape in SHAPES:
        names = [name for flag in shape.flags for name in (flag.name, *flag.aliases)]
        letters = [flag.short for flag in shape.flags if flag.short]
        assert len(set(names)) == len(names)
        assert len(set(letters)) == len(letters)


_words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def _values(flag: Flag) -> st.SearchStrategy[object]:
    if flag.only:
        return st.sampled_from(flag.only).map(lambda text: text if flag.holds is not Holds.SWITCH else True)
    if flag.rule is not None:
        pairs = st.tuples(st.text(string.ascii_lowercase, min_size=1), _words.map(str.strip)).map("=".join)
        return st.lists(pairs, min_size=1, max_size=3).map(tuple)
    lines = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=1, max_size=12)
    return {
        Holds.SWITCH: st.booleans(),
        Holds.TEXT: _words,
        Holds.TEXTS: st.lists(_words, min_size=1, max_size=3).map(tuple),
        Holds.STRINGS: st.lists(lines, min_size=1, max_size=3).map(tuple),
        Holds.NUMBER: st.integers(-(2**63), 2**63 - 1),
        Holds.SIZE: st.integers(0, 2**62),
        Holds.DURATION: st.integers(-(2**62), 2**62),
        Holds.DECIMAL: st.decimals(0, 1000, places=3).map(float),
    }[flag.holds]


@st.composite
def _commands(draw: st.DrawFn) -> Command:
    shape: Shape = draw(st.sampled_from(OFFERED))
    offered = [flag for flag in shape.flags if flag.offered]
    chosen = draw(st.lists(st.sampled_from(offered), unique=True, max_size=5)) if offered else []
    most = shape.least + 3 if shape.most is None else shape.most
    args = draw(st.lists(_words, min_size=shape.least, max_size=most))
    return Command(
        path=shape.path,
        called=f"docker {shape.calls[0]}",
        flags={flag.name: draw(_values(flag)) for flag in chosen},
        args=tuple(args),
    )


@given(_commands())
def test_a_command_that_is_written_and_read_again_is_the_same(command: Command) -> None:
    assert read_command(written(command)) == command


def _refusal_of(words: list[str]) -> CommandRefused | None:
    try:
        parse(words)
    except CommandRefused as refusal:
        return refusal
    return None


@given(st.lists(_words, max_size=6), st.sampled_from(["", *sorted(BY_CALL)]))
def test_no_words_make_the_parser_fail_but_in_its_own_way(words: list[str], call: str) -> None:
    refusal = _refusal_of(["docker", *call.split(), *words])

    assert refusal is None or (refusal.message and refusal.code)


_near_flags = st.text("-=abdefhilmnpqstuvw0159. ", max_size=8)


@given(st.lists(_near_flags, max_size=5), st.sampled_from(sorted(BY_CALL)))
def test_no_near_flags_make_the_parser_fail_but_in_its_own_way(words: list[str], call: str) -> None:
    refusal = _refusal_of(["docker", *call.split(), *words])

    assert refusal is None or refusal.exit_code in {0, 1, 125}


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (
            "docker run -p 80:80 --privileged -it busybox sh",
            Command(
                path=("container", "run"),
                called="docker run",
                flags={"publish": ("80:80",), "privileged": True, "interactive": True, "tty": True},
                args=("busybox", "sh"),
            ),
        ),
        ("docker image pull -q a", Command(path=("pull",), called="docker image pull", args=("-q", "a"))),
        ("docker compose up -d", Command(path=("compose",), called="docker compose", args=("up", "-d"))),
        ("docker swarm init", Command(path=("swarm",), called="docker swarm", args=("init",))),
    ],
)
def test_what_docker_has_and_the_console_has_not_can_be_read_where_nothing_is_carried_out(
    text: str, command: Command
) -> None:
    assert read_command(text, offered_only=False) == command
    with pytest.raises(CommandRefused):
        read_command(text)


@pytest.mark.parametrize("text", ["docker rnu x", "docker run --nope x", "docker run", "docker container foo"])
def test_what_docker_has_not_is_refused_there_too(text: str) -> None:
    with pytest.raises(CommandRefused):
        read_command(text, offered_only=False)
