"""Pictures say in their tables what they draw, and write nothing unescaped."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from quizzes.pictures import (
    OptionLine,
    Picture,
    Series,
    Spot,
    TimeBox,
    histogram,
    option_lines,
    scatter,
    spent,
    time_boxes,
)

HOSTILE = '"><script>alert(1)</script>'


def shapes(picture: Picture, tag: str) -> list[ET.Element]:
    return ET.fromstring(picture.svg).findall(f"./{tag}")


@given(st.lists(st.lists(st.floats(0, 1), max_size=60), min_size=1, max_size=2))
def test_a_histogram_counts_every_score_once(shares: Sequence[Sequence[float]]) -> None:
    picture = histogram(title="Scores", series=[Series(name=f"S{at}", shares=row) for at, row in enumerate(shares)])

    for at, row in enumerate(shares, 1):
        assert sum(int(cells[at]) for cells in picture.rows) == len(row)
    drawn = [cell for cells in picture.rows for cell in cells[1:] if cell != "0"]
    assert len(shapes(picture, "rect")) == len(drawn)


def test_full_marks_are_in_the_last_tenth_and_a_tenth_in_the_second() -> None:
    picture = histogram(title="Scores", series=[Series(name="Students", shares=[1.0, 0.1, 0.3, 0.7])])

    assert [row[1] for row in picture.rows] == ["0", "1", "0", "1", "0", "0", "0", "1", "0", "1"]


def test_the_highest_bar_stays_on_the_sheet() -> None:
    picture = histogram(title="Scores", series=[Series(name="Students", shares=[0.5] * 997)])

    (only,) = shapes(picture, "rect")
    assert float(only.attrib["y"]) >= 0


def pictures_with(name: str) -> list[Picture]:
    return [
        histogram(title=name, series=[Series(name=name, shares=[0.5]), Series(name="after", shares=[1])]),
        scatter(spots=[Spot(label="1", name=name, facility=1, discrimination=-1, flagged=True)]),
        option_lines(
            groups=["weakest", "strongest"], lines=[OptionLine(label="A", name=name, right=True, shares=[None, 1])]
        ),
        time_boxes(boxes=[TimeBox(label="1", name=name, low=1, middle=2, high=3)]),
    ]


@pytest.mark.parametrize("picture", pictures_with(HOSTILE), ids=["histogram", "scatter", "options", "times"])
def test_names_that_look_like_tags_stay_text_in_picture_and_table(picture: Picture) -> None:
    page = render_to_string("quizzes/picture.html", {"picture": picture})

    assert "<script" not in page
    assert "style=" not in page
    assert HOSTILE in "".join(ET.fromstring(f"<a>{picture.svg}</a>").itertext()) + str([*picture.rows, picture.columns])


@pytest.mark.parametrize("picture", pictures_with("n"), ids=["histogram", "scatter", "options", "times"])
def test_each_picture_has_words_for_those_who_cannot_see_it_and_a_table(picture: Picture) -> None:
    root = ET.fromstring(picture.svg)

    assert root.attrib["role"] == "img"
    assert picture.says in root.attrib["aria-label"]
    assert picture.rows
    assert all(len(row) == len(picture.columns) for row in picture.rows)


def test_nothing_to_draw_is_drawn_as_nothing() -> None:
    assert histogram(title="Scores", series=[Series(name="Students", shares=[])]).says == "no scores yet"
    assert time_boxes(boxes=[]).says == "No times known yet"
    assert scatter(spots=[]).rows == ()


def test_times_are_said_in_minutes_and_seconds() -> None:
    assert (spent(45), spent(125.4), spent(0)) == ("45 s", "2 min 05 s", "0 s")
