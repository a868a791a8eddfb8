"""The build context: which files .dockerignore keeps out, and what becomes of the Dockerfile itself."""

import fnmatch
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.actions import Build
from graders.archive import Submission, SubmissionRefused
from graders.context import HIDDEN_DOCKERFILE, BadPattern, context_of, is_ignored, read_ignore


def ignored(text: str, *paths: str) -> list[str]:
    patterns = read_ignore(text)
    return [path for path in paths if is_ignored(path, patterns)]


@pytest.mark.parametrize(
    ("text", "kept_out", "kept"),
    [
        ("*.md", ["a.md"], ["x/a.md", "a.txt"]),
        ("*.md\n!README.md", ["a.md"], ["README.md"]),
        ("!README.md\n*.md", ["README.md"], []),
        ("**/*.pyc", ["a.pyc", "x/y/a.pyc"], ["a.py"]),
        ("app/", ["app/a", "app/b/c"], ["b/app/x"]),
        ("/app", ["app/a"], ["b/app/x"]),
        ("*\n!app", ["x", "y/z"], ["app/server.py"]),
        ("*/temp*", ["a/temp1", "a/temp2/b"], ["temp", "a/b/temp"]),
        ("app\n!app/keep", ["app/x"], ["app/keep"]),
        ("a?b[0-9]", ["axb3"], ["axbz", "ab3"]),
        ("[^a-c].txt", ["d.txt"], ["a.txt"]),
        ("./foo/../bar", ["bar", "bar/x"], ["foo"]),
        ("**", ["a", "a/b"], []),
        ("**/secret", ["secret", "x/secret/y"], ["x/secrets"]),
        ("a/**/z", ["a/z", "a/b/c/z"], ["a/b"]),
        ("# a\n\n  b  \n", ["b"], ["# a", "a"]),
        (r"\*", ["*"], ["a"]),
        (".\n/\n", [], ["a"]),
        ("\ufeffsecret", ["secret"], []),
        ("../up", [], ["up"]),
    ],
)
def test_patterns_keep_out_what_the_engines_own_command_keeps_out(
    text: str, kept_out: list[str], kept: list[str]
) -> None:
    assert ignored(text, *kept_out, *kept) == kept_out


@pytest.mark.parametrize(("text", "line"), [("a\n[", 2), ("[]a]", 1), ("a\\", 1), ("!", 1), ("[a-", 1)])
def test_what_is_no_pattern_is_named_with_its_line(text: str, line: int) -> None:
    with pytest.raises(BadPattern) as caught:
        read_ignore(text)
    assert caught.value.line == line


def test_patterns_made_to_take_long_do_not() -> None:
    assert not ignored("/".join(["**"] * 60) + "/x", "/".join(["a"] * 120))
    assert not ignored("*a" * 60 + "b", "a" * 240)


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", min_size=1, max_size=8))
def test_a_name_matches_as_a_shell_would_match_it(pattern: str, name: str) -> None:
    if pattern and "**" not in pattern:
        assert bool(ignored(pattern, name)) == fnmatch.fnmatchcase(name, pattern)


@given(st.text(max_size=40), st.text(alphabet="ab/.*", min_size=1, max_size=20))
def test_no_text_makes_reading_fail_in_another_way(text: str, path: str) -> None:
    try:
        patterns = read_ignore(text)
    except BadPattern:
        return
    is_ignored(path, patterns)


def files_of(submission: Submission, build: Build | None = None) -> tuple[set[str], str]:
    context = context_of(submission, build or Build())
    return set(Submission.from_tar(context.tar).files), context.dockerfile


def test_what_is_kept_out_is_not_sent_to_the_builder() -> None:
    submission = Submission.from_files(
        {"Dockerfile": b"FROM busybox", "a": b"", "b": b"", ".dockerignore": b"b\n.dockerignore"}
    )
    assert files_of(submission) == ({"Dockerfile", "a"}, "Dockerfile")


def test_a_dockerfile_that_is_kept_out_can_be_built_but_not_copied() -> None:
    submission = Submission.from_files({"Dockerfile": b"FROM busybox", "a": b"", ".dockerignore": b"Dockerfile"})
    assert files_of(submission) == ({HIDDEN_DOCKERFILE, "a", ".dockerignore"}, HIDDEN_DOCKERFILE)


def test_a_dockerfiles_own_list_comes_before_the_common_one() -> None:
    submission = Submission.from_files(
        {"Dockerfile": b"FROM busybox", "a": b"", "b": b"", ".dockerignore": b"a", "Dockerfile.dockerignore": b"b"}
    )
    assert files_of(submission)[0] == {"Dockerfile", "a", ".dockerignore", "Dockerfile.dockerignore"}


def test_programs_stay_executable() -> None:
    submission = Submission.from_files(
        {"Dockerfile": b"FROM busybox", "run": b"#!/bin/sh", ".dockerignore": b"x"}, executable=["run"]
    )
    assert Submission.from_tar(context_of(submission, Build()).tar).executable == {"run"}


def test_files_of_the_plan_replace_those_handed_in() -> None:
    submission = Submission.from_files({"Dockerfile": b"FROM busybox", "a": b"mine"})
    context = context_of(submission, Build(files={"a": "the plan's"}))
    assert Submission.from_tar(context.tar).files["a"] == b"the plan's"


def test_decoys_take_any_name_and_dockerignore_keeps_them_out() -> None:
    files = {"Dockerfile": b"FROM scratch\n", "a": b"mine"}
    build = Build(decoys={".git/HEAD": "x", ".DS_Store": "y", "a": "instead"}, files={"b": "b"})
    with tarfile.open(fileobj=io.BytesIO(context_of(Submission.from_files(files), build).tar)) as archive:
        sent = {member.name: member.size for member in archive if member.isreg()}
    assert sent == {"Dockerfile": 13, ".git/HEAD": 1, ".DS_Store": 1, "a": len("instead"), "b": 1}
    ignoring = Submission.from_files({**files, ".dockerignore": b".*\na\n"})
    assert files_of(ignoring, build)[0] == {"Dockerfile", "b"}


def test_a_file_in_the_way_of_a_decoy_is_refused() -> None:
    files = {"Dockerfile": b"FROM scratch\n", "notes": b"a file, no folder"}
    with pytest.raises(SubmissionRefused):
        context_of(Submission.from_files(files), Build(decoys={"notes/today.txt": "x"}))
