"""Windows in time: edges, extensions and what lateness costs."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from builders import a_course, a_member, an_activity, an_instructor_of

from courses.deadlines import Window, WindowState, window_for, windows_for
from courses.services import grant_extension

DUE = datetime(2026, 3, 10, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (DUE - timedelta(days=8), WindowState.NOT_YET),
        (DUE - timedelta(days=7), WindowState.OPEN),
        (DUE, WindowState.OPEN),
        (DUE + timedelta(seconds=1), WindowState.LATE),
        (DUE + timedelta(days=2), WindowState.LATE),
        (DUE + timedelta(days=2, seconds=1), WindowState.CLOSED),
    ],
)
def test_the_edges_of_a_window_belong_to_the_earlier_state(at: datetime, state: WindowState) -> None:
    window = Window(opens_at=DUE - timedelta(days=7), due_at=DUE, closes_at=DUE + timedelta(days=2))
    assert window.state(at) == state
    assert window.accepts(at) == (state in {WindowState.OPEN, WindowState.LATE})


@pytest.mark.parametrize(
    ("late", "factor"),
    [
        (timedelta(0), Decimal(1)),
        (timedelta(seconds=1), Decimal("0.8")),
        (timedelta(days=1), Decimal("0.8")),
        (timedelta(days=1, seconds=1), Decimal("0.6")),
        (timedelta(days=30), Decimal(0)),
    ],
)
def test_each_started_day_late_takes_its_percent_and_never_goes_below_zero(late: timedelta, factor: Decimal) -> None:
    assert Window(due_at=DUE, late_percent_per_day=20).late_factor(DUE + late) == factor


def test_no_due_time_is_never_late() -> None:
    assert Window().late_factor(DUE) == 1
    assert Window().state(DUE) == WindowState.OPEN


@pytest.mark.django_db
def test_an_extension_moves_the_window_of_one_person_only() -> None:
    course = a_course()
    activity = an_activity(course, due_at=DUE, closes_at=DUE)
    lucky, other = a_member(course), a_member(course)
    grant_extension(
        by=an_instructor_of(course), activity=activity, user=lucky, reason="ill", due_at=DUE + timedelta(days=3)
    )
    assert window_for(activity=activity, user=lucky).due_at == DUE + timedelta(days=3)
    assert window_for(activity=activity, user=lucky).closes_at == DUE + timedelta(days=3), "the door stays open as long"
    assert window_for(activity=activity, user=other).due_at == DUE


@pytest.mark.django_db
def test_many_windows_cost_one_query(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    course = a_course()
    student = a_member(course)
    activities = [an_activity(course) for _ in range(5)]
    with django_assert_num_queries(1):
        assert set(windows_for(activities=activities, user=student)) == {a.pk for a in activities}
