"""Two spellings of one image are one image; nothing else is."""

import pytest

from graders.dockerfile.references import Reference

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("busybox", "busybox:latest"),
        ("busybox:1.35", "busybox:1.35"),
        ("docker.io/library/busybox:1.35", "busybox:1.35"),
        ("docker.io/busybox:1.35", "busybox:1.35"),
        ("index.docker.io/library/busybox:1.35", "busybox:1.35"),
        ("library/busybox:1.35", "busybox:1.35"),
        ("some/one:2", "some/one:2"),
        ("localhost/busybox:1.35", "localhost/busybox:1.35"),
        ("registry.example:5000/busybox:1.35", "registry.example:5000/busybox:1.35"),
        ("registry.example/library/busybox", "registry.example/library/busybox:latest"),
        (f"busybox@{DIGEST}", f"busybox@{DIGEST}"),
        (f"busybox:1.35@{DIGEST}", f"busybox:1.35@{DIGEST}"),
        ("Host/path", "Host/path:latest"),
        ("sha256:" + "a" * 64, "sha256:" + "a" * 64),
    ],
)
def test_a_reference_has_one_short_form(text: str, short: str) -> None:
    assert str(Reference.parse(text)) == short


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Busybox",
        "busybox:",
        ":1.35",
        "busybox:1:2",
        "bus ybox",
        "a" * 64,
        "busybox@sha256:short",
        "http://busybox",
        "-x",
        "/busybox",
        "busybox/",
        "a//b",
        "busybox:-x",
        "busybox:" + "t" * 129,
        "../x",
        "busybox\n",
        "busybox:1.35\n",
    ],
)
def test_what_is_no_reference_is_none(text: str) -> None:
    assert Reference.parse(text) is None
