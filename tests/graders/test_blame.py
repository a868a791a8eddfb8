"""Which line is to blame: by step, by history, and by what takes effect."""

from textwrap import dedent

import pytest

from graders.blame import bases, line_in_effect, line_of_step, line_that_sets, lines_of_history, root_base
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.parser import parse
from graders.sandbox.base import HistoryEntry

MULTI = """\
    ARG TAG=1.35
    FROM busybox:${TAG} AS maker
    ENV A=1
    RUN one \\
        two
    COPY a /a
    FROM scratch AS lonely
    COPY b /b
    FROM maker
    WORKDIR /w
    CMD ["x"]
    RUN three
    CMD ["y"]
    """


def multi() -> Dockerfile:
    return parse(dedent(MULTI))


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("[maker 1/3] FROM docker.io/library/busybox:1.35", 2),
        ("[maker 2/3] RUN one     two", 4),
        ("[maker 3/3] COPY a /a", 6),
        ("[lonely 1/1] COPY b /b", 8),
        ("[stage-2 1/2] WORKDIR /w", 10),
        ("[stage-2 2/2] RUN three", 12),
        ("[stage-2 9/9] RUN three", None),
        ("[stage-7 1/2] RUN x", None),
        ("[maker 2/3] COPY a /a", None),
        ("[2/3] RUN one", None),
        ("[internal] load metadata", None),
        ("", None),
    ],
)
def test_a_step_leads_to_its_line(step: str, line: int | None) -> None:
    assert line_of_step(multi(), step) == line


def test_a_step_of_a_single_stage_needs_no_name() -> None:
    assert line_of_step(parse("FROM busybox\nENV A=1\nRUN x\n"), "[2/2] RUN x") == 3


def test_the_last_of_a_keyword_takes_effect_through_the_stages_below() -> None:
    assert line_in_effect(multi(), "CMD") == 13
    assert line_in_effect(multi(), "ENV") == 3
    assert line_in_effect(multi(), "USER", "CMD") == 13
    assert line_in_effect(multi(), "USER") is None
    assert line_in_effect(multi(), "COPY", target="lonely") == 8
    assert line_in_effect(multi(), "ENV", target="lonely") is None


def test_bases_are_what_from_names_outside_of_the_file() -> None:
    assert root_base(multi()) == "busybox:1.35"
    assert root_base(multi(), args={"TAG": "1.36"}) == "busybox:1.36"
    assert root_base(multi(), "lonely") == ""
    assert bases(multi()) == ["busybox:1.35"]
    assert bases(parse("FROM a AS x\nFROM b\nFROM x\n")) == ["a", "b"]


def history(*rows: str) -> list[HistoryEntry]:
    return [HistoryEntry(created_by=row, size_bytes=1, empty_layer=False) for row in rows]


def test_rows_of_the_history_lead_to_their_lines_from_the_top_down() -> None:
    rows = history(
        "import",
        "ENV A=1",
        "RUN /bin/sh -c one two # buildkit",
        "COPY a /a # buildkit",
        "WORKDIR /w",
        'CMD ["x"]',
        "RUN /bin/sh -c three # buildkit",
        'CMD ["y"]',
    )
    assert lines_of_history(multi(), rows) == [None, 3, 4, 6, 10, 11, 12, 13]


def test_rows_of_the_classic_builder_are_understood() -> None:
    rows = history("import", "/bin/sh -c #(nop)  ENV A=1", "/bin/sh -c make", '/bin/sh -c #(nop)  CMD ["x"]')
    assert lines_of_history(parse('FROM b\nENV A=1\nRUN make\nCMD ["x"]\n'), rows) == [None, 2, 3, 4]


def test_where_rows_and_lines_do_not_fit_nothing_is_claimed() -> None:
    assert lines_of_history(parse("FROM b\nRUN x\nENV A=1\n"), history("import", "COPY a b", "ENV A=1")) == [
        None,
        None,
        3,
    ]


def test_a_stage_may_be_asked_for_by_its_number() -> None:
    assert line_in_effect(multi(), "ENV", target="0") == 3
    assert line_in_effect(multi(), "COPY", target="1") == 8
    assert line_in_effect(multi(), "COPY", target="9") == line_in_effect(multi(), "COPY")


def test_where_an_image_begins_is_the_line_of_its_stage() -> None:
    assert line_in_effect(multi(), "FROM") == 9
    assert line_in_effect(multi(), "FROM", target="maker") == 2


def test_a_base_that_cannot_be_told_is_none() -> None:
    assert root_base(parse("ARG TAG\nFROM busybox:${TAG:?needed}\n"), {}) == ""


def test_the_line_that_sets_a_name_is_the_last_that_gives_it_a_value_on_the_way_to_the_image() -> None:
    text = "FROM busybox:1.35 AS below\nENV A=1 B=2\nENV A=3\nENV C=4\nFROM below\nLABEL A=5\n"
    found = {name: line_that_sets(parse(text), "ENV", name) for name in ("A", "B", "C", "D")}
    assert found == {"A": 3, "B": 2, "C": 4, "D": None}
    assert line_that_sets(parse(text), "LABEL", "A", target="below") is None
