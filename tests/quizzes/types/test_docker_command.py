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
    ("docker run a", "docker run \\  a"),  # a page's field dropped the end of the line
    ("docker ps", "$ docker ps"),
    ("docker ps", "  #   docker   ps  "),
    ("docker ps", "$docker ps"),
    ("docker ps", "> docker ps"),
    ("docker ps", "me@host:~/app$ docker ps"),
    ("docker ps", "`docker ps`"),
    ("docker ps", "sudo docker ps"),
    ("docker ps", "$ sudo -E docker ps"),
    ("docker ps -a", "docker ps\u00a0-a"),
    ("docker run --rm a", "docker run \u2013rm a"),
    ("docker run --rm a", "docker run \u2014rm a"),
    ("docker run -it a", "docker run \u2013it a"),
    ("docker run --name web a", "docker run \u2013\u2013name=\u201cweb\u201d a"),
    ("docker run a sh -c 'echo \u2013x \u201cy\u201d'", "docker run a sh \u2013c 'echo \u2013x \u201cy\u201d'"),
    ("docker run a sh -c 'echo x  y'", "docker run a  sh -c 'echo x  y'"),
    ("docker run -it a sh", "docker run --interactive=true --tty a sh"),
    ("docker run --rm a", "docker run --rm=true a"),
    ("docker run -v x:/y a", "docker run -v x:/y:rw a"),
    ("docker run -v x:/y a", "docker run --volume=x:/y/ a"),
    ("docker run -v x:/y a", "docker run --mount source=x,target=/y a"),
    ("docker run -v x:/y a", "docker run --mount type=volume,src=x,dst=/y a"),
    ("docker run -v x:/y:ro a", "docker run --mount destination=/y,source=x,readonly a"),
    ("docker run -v x:/y:ro a", "docker run --mount src=x,dst=/y,ro=1,type=volume a"),
    ("docker run -v /y a", "docker run --mount type=volume,target=/y a"),
    ("docker run -v $PWD/d:/d a", "docker run -v ./d/:/d a"),
    (
        "docker run --mount type=bind,source=/s,target=/y a",
        "docker run --mount dst=/y,src=/s,type=bind,readonly=false a",
    ),
    ("docker run -w /app a", "docker run --workdir /app/ a"),
    ("docker run -e A=2 -e B=1 a", "docker run -e A=1 -e B=1 -e A=2 a"),
    ("docker run -e A=2 a", "docker run -e A=2 -e A=2 a"),
    ("docker run -l x a", "docker run --label x= a"),
    ("docker run -p 8080:80 a", "docker run -p 8080:80/tcp a"),
    ("docker build -t app .", "docker build --tag app:latest ."),
    ("docker build -t app .", "docker build -t docker.io/library/app ."),
    ("docker build -t app .", "docker build -t app ./"),
    ("docker build -t app .", 'docker build -t app "$(pwd)"'),
    ("docker build -t app .", "docker build -t app -f Dockerfile ."),
    ("docker build -t app .", "docker build -t app --file ./Dockerfile ."),
    ("docker build -t app sub", "docker build -t app -f sub/Dockerfile ./sub/"),
    ("docker build -t app -f Dockerfile.dev .", "docker build -t app -f ./Dockerfile.dev ."),
    ("docker build -t app -f Dockerfile.dev .", "docker build -t app --file $PWD/Dockerfile.dev ."),
    ("docker kill -s HUP web", "docker kill --signal SIGHUP web"),
    ("docker kill -s HUP web", "docker kill --signal=hup web"),
    ("docker kill -s HUP web", "docker kill -s 1 web"),
    ("docker run --stop-signal INT a", "docker run --stop-signal sigint a"),
    ("docker build -t app .", "docker buildx build -t app ."),
    ("docker build -t app .", "docker buildx build --load -t app ."),
    ("docker run -p 80:80 a", "docker run -p 80:80/TCP a"),
    ("docker build -t app .", "docker image build . -t app"),
    ("docker build -t app .", "docker builder build -t app ."),
    ("docker build --build-arg A=2 .", "docker build --build-arg A=1 --build-arg A=2 ."),
    ("docker run busybox", "docker run docker.io/library/busybox"),
    ("docker tag a b", "docker image tag a:latest docker.io/library/b:latest"),
    ("docker commit web a", "docker container commit web a:latest"),
    ("docker pull -q a", "docker image pull --quiet a:latest"),
    ("docker save -o x.tar a", "docker image save a:latest --output=x.tar"),
    ("docker system prune -af", "docker system prune --force --all"),
    ("docker volume create v", "docker volume create --name v"),
    ("docker cp web:/x .", "docker container cp web:/x ./"),
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
    ("docker run --rm a", "docker run --rm=false a"),
    ("docker run -v x:/y a", "docker run -v x:/y:ro a"),
    ("docker run -v x:/y a", "docker run -v x:/z a"),
    ("docker run -v x:/y a", "docker run -v ./x:/y a"),
    ("docker run -v x:/y a", "docker run --mount type=bind,source=x,target=/y a"),
    ("docker run -v x:/y a", "docker run --mount source=x,target=/y,readonly a"),
    ("docker run -v /x:/y a", "docker run --mount type=bind,source=/x,target=/y a"),  # it has to be there
    ("docker run -v x:/y a", "docker run -v /y a"),
    ("docker run --mount type=tmpfs,target=/y a", "docker run --mount type=volume,target=/y a"),
    ("docker run -p 8080:80 a", "docker run -p 8080:80/udp a"),
    ("docker run -p 8080:80 a", "docker run -p 80:8080 a"),
    ("docker run -e A=1 a", "docker run -e A=1 -e A=2 a"),
    ("docker run -e A= a", "docker run -e A a"),
    ("docker run a sh -c 'echo x  y'", "docker run a sh -c 'echo x y'"),
    ("docker build -t app .", "docker build -t app:1 ."),
    ("docker build -t app .", "docker build -t app .."),
    ("docker build -t app .", "docker build -t app -f Dockerfile.dev ."),
    ("docker build -t app sub", "docker build -t app -f Dockerfile sub"),
    ("docker build -t app -f Dockerfile.dev .", "docker build -t app -f ../Dockerfile.dev ."),
    ("docker kill -s HUP web", "docker kill -s INT web"),
    ("docker kill -s HUP web", "docker kill -s 10 web"),
    ("docker build -t app .", "docker buildx build --push -t app ."),
    ("docker tag a b", "docker tag a b:2"),
    ("docker run busybox", "docker run other/busybox"),
    ("docker save -o x.tar a", "docker save -o y.tar a"),
    ("docker pull a", "docker pull -a a"),
    ("docker cp web:/x y", "docker cp web:/x y/"),
]


def judged(answer: Any, text: str, **fields: Any) -> Scored:
    question = DockerCommand.model_validate(SPEC | {"answer": answer} | fields)
    value = question.parse(text)
    assert value is not None
    return question.score(value)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_the_same_count_alike(one: str, other: str) -> None:
    assert judged(one, other).fraction == 1
    if "\u00a0" not in other:  # of an author, an odd space is refused
        assert judged(other, one).fraction == 1


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_asks_for_something_else_does_not_count(one: str, other: str) -> None:
    assert judged(one, other).fraction < 1
    assert judged(other, one).fraction < 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("docker run a \u2013 x", "a long dash"),
        ("docker build -t app", "exactly 1 argument"),
        ("echo docker ps", "begins with `docker`"),
        ("docker-compose up", "begins with `docker`"),
        ("docker run a \\", "ends in `\\`"),
        ("$PS docker ps", "variables"),
    ],
)
def test_what_is_no_command_is_told_why(typed: str, words: str) -> None:
    scored = judged("docker run a", typed)
    assert scored.fraction == 0
    assert words in scored.trouble


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


def test_dashes_and_quotes_of_a_word_processor_count_and_are_told_of() -> None:
    scored = judged("docker run --rm --name web a", "docker run \u2013rm --name \u201cweb\u201d a")
    assert scored.fraction == 1
    assert "word processors" in scored.feedback
    assert judged("docker run --rm a", "docker run --rm a").feedback == ""
    assert judged("docker run a sh -c 'echo \u2013'", "docker run a sh -c 'echo \u2013'").feedback == ""


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
