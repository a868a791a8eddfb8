"""Docker commands are compared by what they ask for, told part by part, and nothing typed can break the comparison."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from quizzes.types.base import Scored
from quizzes.types.docker_command import MAX_LENGTH, DockerCommand

SPEC = {"id": "q", "kind": "docker_command", "topics": ["docker.cli"], "text": "Type it."}

SAME = [
    ("docker ps", "docker container ls"),
    ("docker ps", "docker container list"),
    ("docker ps -a -q", "docker ps -qa"),
    ("docker ps --all", "docker ps -a=true"),
    ("docker rmi a", "docker image rm a:latest"),
    ("docker run -d --name web a", "docker container run --name=web --detach a"),
    ("docker run -it a sh", "docker run --tty -i a sh"),
    ("docker run -e A=1 -e B=2 a", "docker run --env B=2 -eA=1 a"),
    ("docker run -p 80:80 -p 443:443 a", "docker run --publish=443:443/tcp -p80:80 a"),
    ("docker run -m 64m a", "docker run --memory 65536k a"),
    ("docker run --mount type=volume,source=v,target=/d a", "docker run --mount dst=/d,src=v,type=volume a"),
    ("docker run -v $PWD:/src a", 'docker run -v "$(pwd)":/src a'),
    ("docker stop one two", "docker container stop two one"),
    ("docker rm -f -v one", "docker rm one --volumes --force"),
    ("docker exec web sh -c 'echo hi'", 'docker exec web sh -c "echo hi"'),
    ("docker pull a", "docker image pull a:latest"),
    ("docker run --privileged a", "docker run --privileged=true a"),
    ("docker volume rm a b", "docker volume remove b a"),
    ("docker logs -f web", "docker logs web --follow"),
    ("docker run a", "docker run \\\n  a"),
]
OTHER = [
    ("docker run -d a", "docker run a -d"),
    ("docker run --name a b", "docker run a --name b"),
    ("docker run a", "docker create a"),
    ("docker run a", "docker run a:1"),
    ("docker run a sh", "docker run sh a"),
    ("docker cp a:/x y", "docker cp y a:/x"),
    ("docker run -e A=1 -e A=2 a", "docker run -e A=2 -e A=1 a"),
    ("docker tag a b", "docker tag b a"),
    ("docker compose up", "docker compose down"),
    ("docker rm a", "docker rm -f a"),
]


def judged(answer: Any, text: str, **fields: Any) -> Scored:
    question = DockerCommand.model_validate(SPEC | {"answer": answer} | fields)
    value = question.parse(text)
    assert value is not None
    return question.score(value)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_the_same_count_alike(one: str, other: str) -> None:
    assert judged(one, other).fraction == judged(other, one).fraction == 1


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_asks_for_something_else_does_not_count(one: str, other: str) -> None:
    assert judged(one, other).fraction < 1
    assert judged(other, one).fraction < 1


def test_each_part_is_told_whether_it_is_right_wrong_too_much_or_missing() -> None:
    marks = judged("docker run -d --name web -e A=1 -e B=2 a sh -c x", "docker run --rm --name wbe -e A=1 a sh").lines
    assert [(mark.outcome, mark.text, mark.right) for mark in marks] == [
        ("right", "docker run", ""),
        ("missed", "", "-d"),
        ("right", "-e A=1", ""),
        ("missed", "", "-e B=2"),
        ("wrong", "--name wbe", "--name web"),
        ("extra", "--rm", ""),
        ("right", "a", ""),
        ("right", "sh", ""),
        ("missed", "", "-c"),
        ("missed", "", "x"),
    ]


def test_an_option_behind_the_image_is_told_where_it_belongs() -> None:
    scored = judged("docker run -d busybox", "docker run busybox -d")
    assert scored.fraction == Fraction(1, 3)
    (mark,) = [mark for mark in scored.lines if mark.note]
    assert (mark.text, mark.outcome) == ("-d", "extra")
    assert "program in the container" in mark.note


def test_nothing_is_earned_by_another_command_or_about_something_else() -> None:
    assert judged("docker rm -f web", "docker stop -t 1 web").fraction == 0
    assert judged("docker rm -f web", "docker rm -f wbe").fraction == 0
    assert judged("docker run -d a", "docker run -d b").fraction == 0
    assert judged("docker compose up -d", "docker compose up").fraction == 0


def test_the_answer_that_fits_best_counts() -> None:
    assert judged(["docker ps", "docker ps -a -q"], "docker ps -a").fraction == Fraction(2, 3)


def test_what_docker_refuses_is_kept_and_told_in_its_words() -> None:
    question = DockerCommand.model_validate(SPEC | {"answer": "docker ps"})
    assert question.parse("docker ps --al") == "docker ps --al"
    assert question.score("docker ps --al").trouble == "unknown flag: --al\nSee 'docker ps --help'."
    assert "Usage" not in question.score("docker run").trouble
    assert question.score("docker ps 'x").fraction == 0


def test_a_known_mistake_is_told_however_it_is_spelled() -> None:
    wrong = [{"text": ["docker ps -l"], "feedback": "the last one only"}]
    assert judged("docker ps -a", "docker container ls --latest", wrong=wrong).feedback == "the last one only"


PIECES = st.sampled_from(
    ["docker", "run", "-d", "--name", "web", "-e", "A=1", "--", "-", "'", '"', "$(", "$PWD", "\\", "|", "&&", ";", "\n",
     "compose", "swarm", "ps", "container", "ls", "rm", "--format", "{{.Names}}", "--mount", "type=bind,", "-p",
     "--memory", "9e9", "-m", "--filter", "x=y", "\x00", "__PWD__", "pull", "busybox:latest", "-it", "--rm=maybe"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=25).map(" ".join))
def test_whatever_is_typed_is_kept_or_refused_and_judged(words: str) -> None:
    question = DockerCommand.model_validate(SPEC | {"answer": ["docker run -d busybox", "docker compose up"]})
    for text in (words[:MAX_LENGTH], f"docker {words}"[:MAX_LENGTH], f"docker run {words}"[:MAX_LENGTH]):
        value = question.parse(text)
        assert 0 <= question.score_or_nothing(value).fraction <= 1
        assert value is None or question.parse(value) == value


@pytest.mark.parametrize(
    ("fields", "place", "words"),
    [
        ({"answer": "docker rnu"}, ("answer", 0), "docker would refuse this: docker: 'rnu'"),
        ({"answer": ["docker ps", "docker run --nope a"]}, ("answer", 1), "unknown flag: --nope"),
        ({"answer": "ls"}, ("answer", 0), "begins with `docker`"),
        ({"answer": "docker ps | wc -l"}, ("answer", 0), "one docker command"),
        ({"wrong": [{"text": "docker container ls", "feedback": "f"}]}, ("wrong", 0, "text"), "counts as right"),
        ({"wrong": [{"text": "docker run", "feedback": "f"}]}, ("wrong", 0, "text"), "at least 1 argument"),
    ],
)
def test_an_authors_mistake_is_told_at_its_place(fields: dict[str, Any], place: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValidationError) as error:
        DockerCommand.model_validate(SPEC | {"answer": "docker ps"} | fields)
    (found,) = error.value.errors()
    assert found["loc"] == place
    assert words in found["msg"]
