"""Pieces of Dockerfiles are compared by meaning, told line by line, and nothing typed can break the comparison."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from quizzes.types.base import Scored
from quizzes.types.dockerfile_text import MAX_LENGTH, DockerfileText

SPEC = {"id": "q", "kind": "dockerfile_text", "topics": ["dockerfile.env"], "text": "Write it."}

SAME = [
    ("EXPOSE 80", "expose 80/tcp"),
    ("EXPOSE 80 443/udp", "EXPOSE 443/UDP\nEXPOSE 80"),
    ("ENV A=1 B=2", "ENV B=2\nENV A=1"),
    ("ENV A=1", "ENV A 1"),
    ("ENV A=1", "ENV A='1'"),
    ('ENV A="one two"', "ENV A one two"),
    ("ENV A=1\nENV B=$A", "ENV A=1\nENV B=${A}"),
    ("LABEL a=1 b=2", 'LABEL "b"="2"\nLABEL a=1'),
    ("ARG A=1", "arg  A='1'"),
    ("RUN a && b", "RUN a  &&b"),
    ("RUN a && b", "RUN a && \\\n  # why\n\n  b"),
    ("RUN a && b", "# comment\nRUN a && b\n# end"),
    ("COPY a b/", 'COPY ["a", "b/"]'),
    ("COPY ./a .", "COPY a ./"),
    ("COPY --chown=me --from=Build /a /b", "COPY --from=build --chown=me a /b"),
    ("WORKDIR /app", "WORKDIR /app/"),
    ("VOLUME /data", 'VOLUME ["/data"]'),
    ('CMD ["a", "b"]', 'cmd [ "a","b" ]'),
    ("STOPSIGNAL SIGTERM", "STOPSIGNAL 15"),
    ("FROM busybox", "FROM busybox:latest"),
    ("FROM busybox AS Build", "from busybox as build"),
    ("HEALTHCHECK --interval=60s --retries=3 CMD a", "HEALTHCHECK --interval=1m CMD a"),
    ("RUN --mount=type=cache,target=/c a", "RUN --mount=dst=/c,type=cache a"),
    ("ONBUILD RUN a  b", "onbuild run a b"),
    ("RUN <<EOF\na\nEOF", "RUN <<END\na\nEND"),
    ("USER 1000", 'USER "1000"'),
]
OTHER = [
    ("CMD a", 'CMD ["a"]'),
    ("ENTRYPOINT a", "CMD a"),
    ("EXPOSE 80", "EXPOSE 80/udp"),
    ("ENV A=1\nENV B=$A", "ENV A=1 B=$A"),
    ("ENV A='$B'", "ENV A=$B"),
    ("ENV A=$B", "ENV A=$C"),
    ("ENV A=1\nRUN a", "RUN a\nENV A=1"),
    ("LABEL a=1\nLABEL a=2", "LABEL a=2\nLABEL a=1"),
    ('RUN echo "a  b"', 'RUN echo "a b"'),
    ("COPY a b", "COPY a b/"),
    ("WORKDIR app", "WORKDIR /app"),
    ("RUN a", "RUN A"),
    ("CMD a\nEXPOSE 80", "EXPOSE 80\nCMD a"),
    ("FROM busybox", "FROM busybox:1.36"),
]


def the_question(answer: Any, **fields: Any) -> DockerfileText:
    return DockerfileText.model_validate(SPEC | {"answer": answer} | fields)


def judged(answer: Any, text: str, **fields: Any) -> Scored:
    question = the_question(answer, **fields)
    value = question.parse(text)
    assert value is not None
    return question.score(value)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_the_same_count_alike(one: str, other: str) -> None:
    assert judged(one, other).fraction == judged(other, one).fraction == 1


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_means_something_else_does_not_count(one: str, other: str) -> None:
    assert judged(one, other).fraction < 1
    assert judged(other, one).fraction < 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LABEL a=1\nRUN x", "RUN x\nLABEL a=1"),
        ("EXPOSE 80\nCMD a", "CMD a\nEXPOSE 80"),
        ("ENV A=1\nWORKDIR /x", "WORKDIR /x\nENV A=1"),
    ],
)
def test_what_does_not_depend_on_each_other_may_change_places_where_the_author_says_so(one: str, other: str) -> None:
    assert judged(one, other, order="free").fraction == 1
    assert judged(one, other).fraction < 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("COPY a .\nRUN x", "RUN x\nCOPY a ."),
        ("ENV A=1\nWORKDIR $A", "WORKDIR $A\nENV A=1"),
        ('SHELL ["a"]\nCMD x', 'CMD x\nSHELL ["a"]'),
        ("FROM a\nLABEL b=1", "LABEL b=1\nFROM a"),
        ("CMD a\nCMD b", "CMD b\nCMD a"),
        ("ARG P=1\nEXPOSE $P", "EXPOSE $P\nARG P=1"),
    ],
)  # fmt: skip
def test_what_depends_on_each_other_keeps_its_order_even_then(one: str, other: str) -> None:
    assert judged(one, other, order="free").fraction < 1


def test_either_form_of_a_command_counts_where_the_author_says_so() -> None:
    assert judged('CMD ["python", "app.py"]', "CMD python app.py", forms="either").fraction == 1
    assert judged("CMD echo $HOME", 'CMD ["echo", "$HOME"]', forms="either").fraction == 0
    assert judged("CMD echo $HOME", 'CMD ["sh", "-c", "echo $HOME"]', forms="either").fraction == 1


def test_each_line_is_told_whether_it_is_right_wrong_too_much_misplaced_or_missing() -> None:
    answer = 'FROM busybox\nWORKDIR /app\nCOPY . .\nRUN make\nEXPOSE 80\nCMD ["serve"]'
    marks = judged(answer, "FROM busybox\nRUN make\nCOPY . .\nEXPOSE 8080\nUSER me\nCMD serve").lines
    assert [(mark.number, mark.outcome, mark.right) for mark in marks] == [
        (1, "right", ""),
        (2, "misplaced", ""),
        (3, "right", ""),
        (4, "wrong", "EXPOSE 80"),
        (5, "extra", ""),
        (6, "wrong", 'CMD ["serve"]'),
        (None, "missed", "WORKDIR /app"),
    ]
    assert "no shell is started" in marks[5].note


def test_the_share_is_that_of_the_longest_run_over_the_larger_count() -> None:
    assert judged("ENV A=1 B=2\nUSER me", "ENV A=1\nUSER me").fraction == Fraction(2, 3)
    assert judged("USER me", "USER me\nUSER me\nUSER me").fraction == Fraction(1, 3)
    assert judged("EXPOSE 80", "EXPOSE 80 80").fraction == Fraction(1, 2)


def test_a_known_mistake_is_told_at_its_line_and_never_for_a_right_answer() -> None:
    wrong = [
        {"text": "RUN cd /app", "feedback": "said of cd"},
        {"pattern": "sudo", "feedback": "said of sudo"},
    ]
    marks = judged("WORKDIR /app", "# first\nRUN cd  /app\nRUN sudo x", wrong=wrong).lines
    assert [(mark.number, mark.feedback) for mark in marks[:2]] == [(2, "said of cd"), (3, "said of sudo")]
    assert not any(mark.feedback for mark in judged("WORKDIR /app", "WORKDIR /app", wrong=wrong).lines)
    assert judged("WORKDIR /app", 'CMD ["sudo" 1', wrong=wrong).lines[0].feedback == "said of sudo"


def test_what_cannot_be_read_is_kept_and_earns_nothing_with_the_line_to_blame() -> None:
    question = the_question("EXPOSE 80")
    text = "EXPOSE 80\nENV\nRUN x"
    assert question.parse(text) == text
    scored = question.score(text)
    assert scored.fraction == 0
    assert "Line 2" in scored.trouble
    assert [line.outcome for line in scored.lines] == ["", "wrong", ""]
    assert question.score("# nothing").trouble == "There are only comments in it, and no instruction."


def test_a_snippet_needs_no_from_and_no_whole_file() -> None:
    assert judged("RUN a", "RUN a").fraction == 1


PIECES = st.sampled_from(
    ["ENV A=1", "ENV", "RUN ", "\\", "\n", "<<EOF", "EOF", "[", '["a"', "]", "$", "${", "${A:-", "}", "'", '"', "#",
     "# escape=`", "FROM x", "COPY", "--from=", "EXPOSE 1-65535", "\t", "\x00", "\ue000", "`", "ONBUILD ", "=", ","]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=60).map(" ".join), st.sampled_from(["exact", "either"])
)
def test_whatever_is_typed_is_kept_and_judged(text: str, forms: str) -> None:
    question = the_question(["ENV A=1\nRUN a", "EXPOSE 80"], forms=forms, order="free")
    value = question.parse(text)
    scored = question.score_or_nothing(value)
    assert 0 <= scored.fraction <= 1
    if value is not None:
        assert question.parse(value) == value


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([line for one, _ in SAME for line in one.split("\n") if "<<" not in line]), max_size=8))
def test_an_answer_like_the_key_is_right_whatever_the_key(lines: list[str]) -> None:
    text = "\n".join(line for line in lines if line not in {"a", "EOF"})
    if text:
        for order in ("as_written", "free"):
            assert judged(text, text, order=order).fraction == 1


@pytest.mark.parametrize(
    "text",
    [
        "$" * MAX_LENGTH,
        "RUN " + "${" * 1900,
        "RUN " + "'" * 3900,
        "ENV A=" + "\\" * 3900,
        "ENV " + "A=1 " * 990,
        "EXPOSE " + "1 " * 1900,
        "CMD " + "[" * 3900,
        "RUN x\n" * 600,
        "LABEL a=1\n" * 399,
        "ONBUILD " * 480,
        "RUN <<A\n" * 490,
    ],
)
def test_long_hostile_texts_are_judged_at_once(text: str) -> None:
    assert judged(["ENV " + "A=1 " * 60, "EXPOSE 80"], text).fraction < 1


@pytest.mark.parametrize(
    ("fields", "place", "words"),
    [
        ({"answer": "ENV"}, ("answer", 0), "Line 1: ENV needs a name"),
        ({"answer": ["EXPOSE 80", "RUN <<E"]}, ("answer", 1), "no engine could read this"),
        ({"answer": "ENV " + "A=1 " * 61}, ("answer", 0), "at most 60"),
        ({"wrong": [{"text": "expose 80/tcp", "feedback": "f"}]}, ("wrong", 0, "text"), "counts as right"),
        ({"wrong": [{"feedback": "f"}]}, ("wrong", 0, "text"), "say what is wrong"),
        ({"wrong": [{"pattern": "(", "feedback": "f"}]}, ("wrong", 0, "pattern"), "RE2 cannot"),
        ({"wrong": [{"text": "COPY a", "feedback": "f"}]}, ("wrong", 0, "text"), "COPY needs"),
    ],
)
def test_an_authors_mistake_is_told_at_its_place(fields: dict[str, Any], place: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValidationError) as error:
        DockerfileText.model_validate(SPEC | {"answer": "EXPOSE 80"} | fields)
    (found,) = error.value.errors()
    assert found["loc"] == place
    assert words in found["msg"]
