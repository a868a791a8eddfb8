"""Whatever stands in a Dockerfile that can be read, the checks of the source come to a verdict."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.actions import Build
from graders.checks.base import Check
from graders.checks.registry import read_check
from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.parser import parse
from graders.observations import Observations
from graders.report import CheckOutcome

CHECKS: tuple[dict[str, Any], ...] = (
    {"kind": "instruction", "instruction": "COPY", "flags": {"from": "a"}, "contains": "x"},
    {"kind": "order", "steps": ["RUN a b", "COPY x", "CMD /x+/"]},
    {"kind": "order", "steps": ["ADD .", "FROM"], "stage": "image"},
    {"kind": "stages", "at_least": 2, "names": "a", "used": True},
    {"kind": "pinned_base", "version_parts": 2},
    {"kind": "pinned_base", "by": "digest", "stages": "image"},
    {"kind": "prefers_copy"},
    {"kind": "source_secrets", "texts": "secret"},
    {"kind": "layout", "longest_line": 20, "commands_apart": True, "in_order": ["a", "b", "\\"]},
    {"kind": "layout", "commands_apart": True},
    {"kind": "layout", "in_order": ["a", "."]},
)
WORDS = (
    "FROM", "COPY", "ADD", "RUN", "ENV", "ARG", "LABEL", "ONBUILD", "CMD", "WORKDIR", "a", "A", "AS", "scratch",
    "busybox", "busybox:1.35", "a@sha256:" + "0" * 64, "${X}", "${X:-y}", "${X", "$", "\\", "\n", "\n\n", "#", "=",
    "PASSWORD=x", "TOKEN=$X", "--from=a", "--from=0", "--from=99", "--from=", "--mount=type=bind,from=a", "--mount=x",
    "[", "]", '["a", "b"]', '"', "'", ".", "./", "/", "..", "*.py", "*", "a.tar.gz", ".env", "https://u:p@h/x",
    "&&", ";", ";;", "\\\n", "git@h:x", "-----BEGIN PRIVATE KEY-----", "\u202e", "é", "\t", ":latest", "//",
)  # fmt: skip


def looked_at(check: Check, dockerfile: str) -> Observations:
    spec = Build(args={"X": "busybox"})
    files = {".dockerignore": b"[\n", "x/.env": b"", "a.tar.gz": b"\x1f\x8b", "a": b"x"}
    return Observations(sources={"default": parse(dockerfile)}, build_specs={"default": spec}, files_in=files)


@pytest.mark.parametrize("fields", CHECKS, ids=lambda fields: str(fields["kind"]))
@settings(max_examples=150, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=40))
def test_a_readable_dockerfile_gets_a_verdict(fields: dict[str, Any], words: list[str]) -> None:
    check = read_check({"id": "a", "points": 1, **fields})
    text = "FROM busybox\n" + " ".join(words)
    try:
        seen = looked_at(check, text)
    except DockerfileError:
        return
    verdict = check.judge(seen)
    assert verdict.outcome in {CheckOutcome.PASSED, CheckOutcome.FAILED}
    assert verdict.message
