"""Whatever the text, the parser answers with a Dockerfile that is the text, or with one DockerfileError."""

from contextlib import suppress
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from graders.dockerfile.dialect import Dialect
from graders.dockerfile.durations import seconds
from graders.dockerfile.errors import DockerfileError, ExpansionError
from graders.dockerfile.expansion import expand, expand_words
from graders.dockerfile.mounts import BadMount, Mount
from graders.dockerfile.parser import parse, parse_instructions
from graders.dockerfile.policy import Policy, check_policy, examine
from graders.dockerfile.references import Reference

KEYWORDS = [
    "FROM",
    "RUN",
    "CMD",
    "COPY",
    "ADD",
    "ENV",
    "ARG",
    "LABEL",
    "EXPOSE",
    "VOLUME",
    "USER",
    "WORKDIR",
    "ONBUILD",
    "SHELL",
    "HEALTHCHECK",
    "STOPSIGNAL",
    "ENTRYPOINT",
    "MAINTAINER",
    "run",
    "FROB",
]
TOKENS = [
    " ",
    "  ",
    "\t",
    "\n",
    "\n",
    "\r\n",
    "\\\n",
    "\\",
    "\\\\\n",
    "`\n",
    "`",
    "#",
    "# escape=`\n",
    "# syntax=x\n",
    "//",
    "[",
    "]",
    '"',
    "'",
    ",",
    '["a", "b"]',
    "=",
    "A=1",
    "$A",
    "${A}",
    "${A:-x}",
    "${A:",
    "$",
    "<<EOF",
    "<<-'E'",
    "EOF\n",
    "E\n",
    "--from=0",
    "--mount=type=bind,from=x",
    "--",
    "--x",
    "AS",
    "a",
    "b",
    "/x",
    ".",
    "http://x",
    "busybox:1.35",
    "scratch",
    "\ufeff",
    "\x00",
    "\x1b",
    "\u00a0",
    "\u2028",
    "\u202e",
    "{",
    "}",
    '{"syntax": "x"}',
    "\x85",
    "\v",
    "\f",
    "0",
    "CMD",
    "NONE",
]

dockerfiles = st.lists(st.sampled_from(KEYWORDS + TOKENS * 2), max_size=40).map("".join)
lines = st.builds(
    lambda keyword, rest: f"{keyword} {''.join(rest)}\n",
    st.sampled_from(KEYWORDS),
    st.lists(st.sampled_from(TOKENS), max_size=8),
)
likely = st.lists(lines, max_size=8).map(lambda body: "FROM busybox:1.35\n" + "".join(body))
LAB = Policy(allowed_bases=frozenset({"busybox:1.35"}), allow_mounts=frozenset({"bind"}), allow_onbuild=True)


def check(text: str | bytes) -> None:
    dockerfile, refusals = examine(text, LAB, Dialect())
    for refusal in refusals:
        assert refusal.rule
        assert refusal.message
        assert refusal.line is None or refusal.line >= 1
    if dockerfile is None:
        return
    source = text.decode() if isinstance(text, bytes) else text
    assert dockerfile.source == source
    assert "".join(piece.source for piece in dockerfile.pieces) == source
    assert [piece.line for piece in dockerfile.pieces if piece.kind == "instruction"] == [
        each.line for each in dockerfile.instructions
    ]
    physical = source.removeprefix("\ufeff").split("\n")
    for each in dockerfile.instructions:
        assert 1 <= each.line <= each.end_line <= len(physical)
        lines = "\n".join(physical[each.line - 1 : each.end_line])
        assert each.source in (lines, lines + "\n")
        assert each.spelling in physical[each.line - 1] or "\\" in each.source or "`" in each.source
    for comment in dockerfile.comments:
        assert physical[comment.line - 1].strip().startswith("#")
        assert comment.text in physical[comment.line - 1]
    assert refusals == check_policy(dockerfile, LAB, Dialect())
    assert parse(source) == dockerfile


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    check(text)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    check(raw)


@settings(max_examples=800, deadline=None)
@given(dockerfiles | likely)
def test_anything_that_looks_like_a_dockerfile_is_read_or_refused(text: str) -> None:
    check(text)


plain_words = st.text(alphabet="abXY01/._=é猫$#'\"-", min_size=1, max_size=8).filter(lambda word: word[0] not in "#-[")


@dataclass(frozen=True)
class Written:
    """An instruction as somebody lays it out, and what must be read from it."""

    text: str
    keyword: str
    words: list[str]
    comments: int
    lines: int


@st.composite
def written(draw: st.DrawFn) -> Written:
    """A RUN with its words spread over lines, comments and blank lines between them."""
    words = draw(st.lists(plain_words, min_size=1, max_size=5))
    spelling = draw(st.sampled_from(["RUN", "run", "Run"]))
    text = draw(st.sampled_from(["", " ", "\t"])) + spelling
    comments = 0
    for word in words:
        gap = draw(
            st.sampled_from([" ", "  ", "\t", " \\\n ", "\\ \t\n\t", "\\\n\n ", "\\\n# why\n ", "\\\n  # \\\n\n\t"])
        )
        comments += gap.count("#")
        text += gap + word
    return Written(text + "\n", spelling, words, comments, text.count("\n") + 1)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["", "\n", "# about\n", "  # more\n \n"]), written()), min_size=1, max_size=5),
    st.booleans(),
    st.booleans(),
)
def test_what_was_laid_out_over_lines_is_read_back_with_its_places(
    layout: list[tuple[str, Written]], windows: bool, marked: bool
) -> None:
    text = "FROM a\n" + "".join(before + each.text for before, each in layout)
    text = text.replace("\n", "\r\n") if windows else text
    dockerfile = parse(("\ufeff" if marked else "") + text)
    line = 2
    for (before, expected), read in zip(layout, dockerfile.instructions[1:], strict=True):
        line += before.count("\n")
        assert (read.spelling, read.line, read.end_line) == (expected.keyword, line, line + expected.lines - 1)
        assert read.arguments.split() == expected.words
        assert len(read.comments) == expected.comments
        line += expected.lines


@settings(max_examples=200, deadline=None)
@given(likely)
def test_instructions_are_the_same_without_their_stages(text: str) -> None:
    with suppress(DockerfileError):
        whole = parse(text)
        parts = parse_instructions(text)
        assert [(each.keyword, each.line, each.words) for each in parts] == [
            (each.keyword, each.line, each.words) for each in whole.instructions
        ]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.text(alphabet='type=bindcachsrwoutg,/.$"', max_size=60))
def test_any_mount_and_duration_is_read_or_refused(text: str, mount: str) -> None:
    for each in (text, mount):
        with suppress(BadMount):
            assert Mount.parse(each).kind
        found = seconds(each)
        assert found is None or found >= 0


@settings(max_examples=300, deadline=None)
@given(likely)
def test_nothing_is_built_on_another_image(text: str) -> None:
    dockerfile, refusals = examine(text, LAB, Dialect())
    if dockerfile is None or refusals:
        return
    names = {stage.name for stage in dockerfile.stages}
    for stage in dockerfile.stages:
        assert "http" not in str([each.words for each in stage.instructions if each.keyword == "ADD"])
        assert stage.base.strip("'\"") in {"busybox:1.35", "scratch", *names}


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="$${}:-+AB\\\"'` x1_", max_size=40), st.sampled_from("\\`"))
def test_any_word_expands_or_is_refused(word: str, escape: str) -> None:
    with suppress(ExpansionError):
        expanded = expand(word, {"A": "1", "B": None}, escape=escape)
        assert "B" not in expanded.text or "B" in word
        words = expand_words(word, {"A": "1", "B": None}, escape=escape)
        assert "".join(words).replace(" ", "") == expanded.text.replace(" ", "")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abZ0.:/@-_sha256", max_size=60))
def test_a_references_short_form_is_its_own_short_form(text: str) -> None:
    found = Reference.parse(text)
    if found is not None:
        assert Reference.parse(str(found)) == found
