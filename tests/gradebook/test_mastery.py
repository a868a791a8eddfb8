"""How points become a level: the newest work counts most, and one lucky answer makes nobody secure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import a_course, a_member, an_activity
from hypothesis import given
from hypothesis import strategies as st

from courses.models import Course
from gradebook.mastery import NOTHING, Level, Piece, counts_of, maps_of, mastery_of, offered_in, student_ids
from gradebook.models import Evidence

START = datetime(2026, 11, 1, tzinfo=UTC)


def pieces(*shares: float) -> list[Piece]:
    """Work at one activity a day, the oldest first."""
    return [
        Piece(activity_id=number, share=share, at=START + timedelta(days=number)) for number, share in enumerate(shares)
    ]


@pytest.mark.parametrize(
    ("shares", "offered", "level"),
    [
        ([], 2, Level.NONE),
        ([0.0], 2, Level.STARTED),
        ([0.49], 2, Level.STARTED),
        ([0.5], 2, Level.GETTING_THERE),
        ([1.0], 2, Level.GETTING_THERE),
        ([1.0], 1, Level.SECURE),
        ([1.0], 0, Level.SECURE),
        ([0.8, 0.8], 2, Level.SECURE),
        ([0.79, 0.8], 5, Level.GETTING_THERE),
        ([0.4, 1.0], 2, Level.SECURE),
        ([1.0, 0.4], 2, Level.GETTING_THERE),
        ([1.0, 0.0], 2, Level.STARTED),
        ([0.0, 0.0, 1.0, 1.0], 4, Level.SECURE),
    ],
    ids=str,
)
def test_the_levels(shares: Sequence[float], offered: int, level: Level) -> None:
    assert mastery_of(pieces(*shares), offered=offered).level is level


def test_what_is_missing_is_known() -> None:
    assert mastery_of(pieces(1.0), offered=3).wants_more_work
    assert not mastery_of(pieces(0.6), offered=3).wants_more_work
    assert not mastery_of(pieces(1.0, 1.0), offered=3).wants_more_work


def test_each_older_piece_counts_half() -> None:
    assert mastery_of(pieces(0.0, 1.0), offered=2).share == pytest.approx(1 / 1.5)
    assert mastery_of(pieces(0.0, 0.0, 1.0), offered=3).share == pytest.approx(1 / 1.75)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(0, 5), st.data())
def test_doing_better_in_any_piece_never_lowers_the_level(shares: list[float], offered: int, data: Any) -> None:
    levels = list(Level)
    before = mastery_of(pieces(*shares), offered=offered)
    better = list(shares)
    at = data.draw(st.integers(0, len(shares) - 1))
    better[at] = data.draw(st.floats(shares[at], 1))
    after = mastery_of(pieces(*better), offered=offered)

    assert levels.index(after.level) >= levels.index(before.level)
    assert before.share is not None
    assert 0 <= before.share <= 1
    assert min(shares) - 1e-9 <= before.share <= max(shares) + 1e-9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(shares: list[float], rng: Any) -> None:
    shuffled = pieces(*shares)
    rng.shuffle(shuffled)

    assert mastery_of(shuffled, offered=2) == mastery_of(pieces(*shares), offered=2)


@pytest.fixture
def course() -> Course:
    return a_course(topics={"cmd.run": "docker run", "cmd.ls": "docker ps", "vm.what": "Virtual machines"})


def shows(
    course: Course, user: Any, topic: str, points: float, *, day: int = 0, activity: Any = None, of: int = 4
) -> None:
    activity = activity or an_activity(course, topics=[topic])
    Evidence.objects.create(
        course=course,
        activity=activity,
        user=user,
        topic=topic,
        points=points,
        max_points=of,
        source_kind="attempt",
        source_id=Evidence.objects.count() + 1,
        at=START + timedelta(days=day),
    )


@pytest.mark.django_db
def test_of_several_tries_at_one_activity_the_newest_counts(course: Course) -> None:
    student, activity = a_member(course), an_activity(course)
    shows(course, student, "cmd.run", 4, day=5, activity=activity)
    shows(course, student, "cmd.run", 1, day=3, activity=activity)

    (found,) = maps_of(course=course, user_ids=[student.pk], offered={"cmd.run": 1}).values()

    assert found["cmd.run"].share == 1
    assert len(found["cmd.run"].pieces) == 1


@pytest.mark.django_db
def test_quizzes_and_labs_count_alike_and_what_is_left_out_does_not(course: Course) -> None:
    student = a_member(course)
    hidden = an_activity(course)
    shows(course, student, "cmd.run", 1, day=1, of=1)
    shows(course, student, "cmd.run", 10, day=2, of=10)
    shows(course, student, "cmd.run", 0, day=3, activity=hidden)

    seen = maps_of(course=course, user_ids=[student.pk], offered={"cmd.run": 3}, leave_out={hidden.pk})[student.pk]
    everything = maps_of(course=course, user_ids=[student.pk], offered={"cmd.run": 3})[student.pk]

    assert seen["cmd.run"].level is Level.SECURE
    assert everything["cmd.run"].level is Level.STARTED


@pytest.mark.django_db
def test_work_that_was_worth_nothing_shows_nothing(course: Course) -> None:
    student = a_member(course)
    shows(course, student, "cmd.run", 0, of=0)

    assert maps_of(course=course, user_ids=[student.pk], offered={}) == {student.pk: {}}


@pytest.mark.django_db
def test_the_weakest_topic_comes_first_and_what_nobody_tried_last(course: Course) -> None:
    able, weak = a_member(course), a_member(course)
    shows(course, able, "cmd.run", 4)
    shows(course, weak, "cmd.run", 2)
    shows(course, able, "cmd.ls", 0)
    ids = student_ids(course)

    counts = counts_of(course.topics, maps_of(course=course, user_ids=ids, offered={"cmd.run": 2, "cmd.ls": 2}))

    assert [one.topic for one in counts] == ["cmd.ls", "cmd.run", "vm.what"]
    assert [one.mean for one in counts] == [0, 0.75, None]
    assert counts[1].by_level == {Level.NONE: 0, Level.STARTED: 0, Level.GETTING_THERE: 2, Level.SECURE: 0}
    assert [(one.tried, one.students) for one in counts] == [(1, 2), (2, 2), (0, 2)]


@pytest.mark.django_db
def test_a_class_costs_one_query_however_large(course: Course, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        shows(course, a_member(course), "cmd.run", 3)
    ids = student_ids(course)

    with django_assert_num_queries(1):
        maps_of(course=course, user_ids=ids, offered={})


@pytest.mark.django_db
def test_only_published_activities_are_offered(course: Course) -> None:
    an_activity(course, topics=["cmd.run", "cmd.run"])
    an_activity(course, topics=["cmd.run"], published=False)

    assert offered_in(course.activities.all()) == {"cmd.run": 1}


def test_nothing_is_nothing() -> None:
    assert mastery_of([], offered=5) == NOTHING
