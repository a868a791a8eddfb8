"""Windows in time: edges, sections, extensions, what lateness costs, and what clocks do twice a year."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from builders import a_course, a_member, an_activity, an_instructor_of

from accounts.errors import DrydockError, NotAllowed
from accounts.models import User
from courses.clocks import comes_twice, is_skipped, later_of
from courses.deadlines import Window, WindowState, window_for, windows_by_user, windows_for
from courses.models import Activity, AuditEntry, Role, Section, SectionOverride
from courses.order_of_times import extensions_outrun
from courses.services import (
    clear_section_override,
    grant_extension,
    grant_section_override,
    revoke_extension,
    set_window,
)

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


MADRID = zoneinfo.ZoneInfo("Europe/Madrid")
"""Clocks go forward at 02:00 on 29 March 2026, and back at 03:00 on 25 October: days of 23 and of 25 hours."""


def in_madrid(month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=MADRID).astimezone(UTC)


@pytest.mark.parametrize(
    ("due", "handed_in", "days"),
    [
        # The night clocks go forward: the day from Saturday 17:00 to Sunday 17:00 has 23 hours.
        (in_madrid(3, 28, 17), in_madrid(3, 29, 17), 1),
        (in_madrid(3, 28, 17), in_madrid(3, 29, 17, 0, 1), 2),
        (in_madrid(3, 28, 17), in_madrid(3, 30, 17), 2),
        # The night clocks go back: that day has 25.
        (in_madrid(10, 24, 17), in_madrid(10, 25, 16, 59), 1),
        (in_madrid(10, 24, 17), in_madrid(10, 25, 17), 1),
        (in_madrid(10, 24, 17), in_madrid(10, 25, 17, 0, 1), 2),
        (in_madrid(10, 24, 17), in_madrid(10, 30, 17), 6),
        # Due at a time that the next day does not have, or has twice.
        (in_madrid(3, 28, 2, 30), in_madrid(3, 29, 3, 30), 1),
        (in_madrid(3, 28, 2, 30), in_madrid(3, 29, 3, 30, 1), 2),
        (in_madrid(10, 24, 2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 1),
        (in_madrid(10, 24, 2, 30), datetime(2026, 10, 25, 0, 30, 1, tzinfo=UTC), 2),
        # Due in the hour that comes twice, and handed in when clocks showed it again.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 10, tzinfo=UTC), 1),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), in_madrid(10, 26, 2, 30), 1),
    ],
)
def test_a_day_late_ends_at_the_time_of_day_at_which_the_work_was_due(
    due: datetime, handed_in: datetime, days: int
) -> None:
    window = Window(due_at=due, late_percent_per_day=10, zone=MADRID)
    assert window.late_factor(handed_in) == 1 - Decimal(days) / 10


@pytest.mark.parametrize("days", [1, 2, 3, 30, 400])
@pytest.mark.parametrize("hour", [0, 2, 3, 12, 23])
def test_each_day_of_a_year_starts_where_the_one_before_ends(days: int, hour: int) -> None:
    due = datetime(2026, 1, 1, hour, 30, tzinfo=MADRID)
    window = Window(due_at=due.astimezone(UTC), late_percent_per_day=1, zone=MADRID)
    end = (due + timedelta(days=days)).astimezone(UTC)
    assert window._days_late(end) == days
    assert window._days_late(end + timedelta(seconds=1)) == days + 1


@pytest.mark.parametrize(
    ("late", "factor"),
    [
        (timedelta(minutes=14, seconds=59), Decimal(1)),
        (timedelta(minutes=15), Decimal(1)),
        (timedelta(minutes=15, seconds=1), Decimal("0.8")),
        (timedelta(days=1), Decimal("0.8")),
        (timedelta(days=1, minutes=15), Decimal("0.6")),
        (timedelta(days=3, seconds=1), Decimal("0.3")),
        (timedelta(days=300), Decimal("0.3")),
    ],
)
def test_within_the_grace_work_is_in_time_and_late_work_keeps_the_floor(late: timedelta, factor: Decimal) -> None:
    window = Window(due_at=DUE, late_percent_per_day=20, late_grace_minutes=15, late_floor_percent=30)
    assert window.late_factor(DUE + late) == factor
    assert window.state(DUE + late) == (WindowState.OPEN if factor == 1 else WindowState.LATE)


def test_the_grace_keeps_no_door_open() -> None:
    window = Window(due_at=DUE, closes_at=DUE, late_grace_minutes=15)
    assert window.state(DUE + timedelta(seconds=1)) == WindowState.CLOSED


def test_a_floor_costs_nothing_where_lateness_costs_nothing() -> None:
    assert Window(due_at=DUE, late_floor_percent=40).late_factor(DUE + timedelta(days=9)) == 1


DAY = timedelta(days=1)


def a_class() -> tuple[Activity, Section, User, User]:
    """An activity from DUE minus two days to DUE plus one, a section, somebody in it, and somebody in none."""
    course = a_course()
    activity = an_activity(course, opens_at=DUE - 2 * DAY, due_at=DUE, closes_at=DUE + DAY)
    section = course.sections.create(name="Friday")
    return activity, section, a_member(course, section=section), a_member(course)


def times(activity: Activity, user: User) -> list[float | None]:
    """Opening, due and closing time that hold for somebody, in days from DUE."""
    window = window_for(activity=activity, user=user)
    return [at and (at - DUE) / DAY for at in (window.opens_at, window.due_at, window.closes_at)]


@pytest.mark.django_db
def test_a_section_s_times_lie_over_the_activity_s_and_an_extension_over_both() -> None:
    activity, section, inside, outside = a_class()
    teacher = an_instructor_of(activity.course)
    override = grant_section_override(
        by=teacher, activity=activity, section=section, opens_at=DUE - DAY, due_at=DUE + 3 * DAY
    )
    assert times(activity, inside) == [-1, 3, 3], "the door does not close before it is due"
    assert times(activity, outside) == [-2, 0, 1]
    grant_extension(
        by=teacher, activity=activity, user=inside, reason="-", opens_at=DUE - 5 * DAY, closes_at=DUE + 9 * DAY
    )
    assert times(activity, inside) == [-5, 3, 9]
    clear_section_override(by=teacher, override=override)
    assert times(activity, inside) == [-5, 0, 9]


@pytest.mark.django_db
def test_setting_a_section_s_times_again_replaces_them() -> None:
    activity, section, inside, _ = a_class()
    teacher = an_instructor_of(activity.course)
    for days in (1, 2):
        grant_section_override(by=teacher, activity=activity, section=section, due_at=DUE + days * DAY)
    assert times(activity, inside) == [-2, 2, 2]
    assert SectionOverride.objects.count() == 1


@pytest.mark.django_db
def test_who_left_the_course_has_no_section_s_times() -> None:
    activity, section, inside, _ = a_class()
    teacher = an_instructor_of(activity.course)
    grant_section_override(by=teacher, activity=activity, section=section, due_at=DUE + DAY)
    activity.course.memberships.filter(user=inside).update(active=False)
    assert times(activity, inside) == [-2, 0, 1]


@pytest.mark.django_db
@pytest.mark.parametrize("people", [1, 30])
def test_the_windows_of_a_class_cost_one_query(people: int, django_assert_num_queries: Any) -> None:
    activity, section, _, _ = a_class()
    teacher = an_instructor_of(activity.course)
    grant_section_override(by=teacher, activity=activity, section=section, due_at=DUE + DAY)
    members = [a_member(activity.course, section=section) for _ in range(people)]
    grant_extension(by=teacher, activity=activity, user=members[0], reason="-", due_at=DUE + 2 * DAY)
    with django_assert_num_queries(1):
        windows = windows_by_user(activity=activity, user_ids=[member.pk for member in members])
    due = [windows[member.pk].due_at for member in members]
    assert due == [DUE + 2 * DAY, *[DUE + DAY] * (people - 1)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"closes_at": DUE - DAY}, "closes_at"),
        ({"due_at": DUE + 2 * DAY, "closes_at": DUE + DAY}, "closes_at"),
        ({"opens_at": DUE}, "opens_at"),
        ({"opens_at": DUE + DAY, "due_at": DUE}, "opens_at"),
        ({"due_at": DUE - 2 * DAY}, "due_at"),
    ],
)
def test_times_in_disorder_are_refused_and_change_nothing(given: dict[str, datetime], field: str) -> None:
    activity, section, inside, _ = a_class()
    teacher = an_instructor_of(activity.course)
    for grant in (
        lambda: grant_section_override(by=teacher, activity=activity, section=section, **given),
        lambda: grant_extension(by=teacher, activity=activity, user=inside, reason="-", **given),
    ):
        with pytest.raises(DrydockError) as refused:
            grant()
        assert refused.value.code == "times_in_disorder"
        assert list(refused.value.fields) == [field]
    assert times(activity, inside) == [-2, 0, 1]
    assert not AuditEntry.objects.exists()


def set_times(activity: Activity, **times: datetime | None) -> Activity:
    """Set an activity's own times, the others as they are."""
    own = {name: getattr(activity, name) for name in ("opens_at", "due_at", "closes_at")}
    return set_window(
        by=an_instructor_of(activity.course),
        activity=Activity.objects.select_related("course").get(pk=activity.pk),
        late_percent_per_day=0,
        published=True,
        **{**own, **times},
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("theirs", "ours", "says"),
    [
        ({"due_at": DUE - DAY}, {"opens_at": DUE - timedelta(hours=12)}, "not before it is due"),
        ({"opens_at": DUE - DAY}, {"due_at": DUE - timedelta(hours=30)}, "not before it is due"),
        ({"closes_at": DUE + DAY}, {"due_at": DUE + 2 * DAY, "closes_at": DUE + 3 * DAY}, "before it is due"),
        (
            {"opens_at": DUE - DAY},
            {"opens_at": None, "due_at": None, "closes_at": DUE - 2 * DAY},
            "not before it closes",
        ),
    ],
)
@pytest.mark.parametrize("whose", ["section", "person"])
def test_an_activity_s_new_times_leave_no_section_or_person_with_times_in_disorder(
    whose: str, theirs: dict[str, datetime], ours: dict[str, Any], says: str
) -> None:
    activity, section, inside, _ = a_class()
    teacher = an_instructor_of(activity.course)
    if whose == "section":
        grant_section_override(by=teacher, activity=activity, section=section, **theirs)
        name = f"section {section}"
    else:
        grant_extension(by=teacher, activity=activity, user=inside, reason="Ill.", **theirs)
        name = inside.display_name
    before = times(activity, inside)
    with pytest.raises(DrydockError) as refused:
        set_times(activity, **ours)
    assert (refused.value.code, refused.value.status) == ("others_times_in_disorder", 409)
    assert name in refused.value.message
    assert says in refused.value.message
    activity.refresh_from_db()
    assert times(activity, inside) == before
    assert not AuditEntry.objects.filter(action="window_set").exists()


@pytest.mark.django_db
def test_times_in_disorder_since_before_keep_nobody_from_setting_others() -> None:
    activity, section, _, _ = a_class()
    grant_section_override(by=an_instructor_of(activity.course), activity=activity, section=section, due_at=DUE - DAY)
    Activity.objects.filter(pk=activity.pk).update(opens_at=DUE - timedelta(hours=1))
    activity.refresh_from_db()
    assert set_times(activity, due_at=DUE + timedelta(hours=1)).due_at == DUE + timedelta(hours=1)
    assert set_times(activity, opens_at=None).opens_at is None


@pytest.mark.django_db
def test_a_section_s_new_times_leave_no_person_of_it_with_times_in_disorder() -> None:
    activity, section, inside, outside = a_class()
    teacher = an_instructor_of(activity.course)
    for user in (inside, outside):
        grant_extension(by=teacher, activity=activity, user=user, reason="Ill.", closes_at=DUE + 2 * DAY)
    with pytest.raises(DrydockError) as refused:
        grant_section_override(by=teacher, activity=activity, section=section, due_at=DUE + 3 * DAY)
    assert refused.value.code == "others_times_in_disorder"
    assert inside.display_name in refused.value.message
    assert outside.display_name not in refused.value.message
    assert not SectionOverride.objects.exists()


@pytest.mark.django_db
def test_a_section_s_times_are_not_taken_from_under_a_person_s_own() -> None:
    activity, section, inside, _ = a_class()
    teacher = an_instructor_of(activity.course)
    override = grant_section_override(
        by=teacher, activity=activity, section=section, due_at=DUE + 5 * DAY, closes_at=DUE + 6 * DAY
    )
    grant_extension(by=teacher, activity=activity, user=inside, reason="Ill.", opens_at=DUE + 4 * DAY)
    with pytest.raises(DrydockError) as refused:
        clear_section_override(by=teacher, override=override)
    assert refused.value.code == "others_times_in_disorder"
    assert SectionOverride.objects.get().due_at == DUE + 5 * DAY


@pytest.mark.django_db
def test_a_refusal_names_three_and_counts_the_rest() -> None:
    activity, _, inside, outside = a_class()
    teacher = an_instructor_of(activity.course)
    for user in (inside, outside, *(a_member(activity.course) for _ in range(3))):
        grant_extension(by=teacher, activity=activity, user=user, reason="Ill.", due_at=DUE - DAY)
    gone = a_member(activity.course)
    grant_extension(by=teacher, activity=activity, user=gone, reason="Ill.", due_at=DUE - DAY)
    activity.course.memberships.filter(user=gone).update(active=False)
    with pytest.raises(DrydockError) as refused:
        set_times(activity, opens_at=DUE - timedelta(hours=12))
    assert "The same goes for 2 more." in refused.value.message
    assert refused.value.message.count("For ") == 3


@pytest.mark.django_db
def test_extensions_that_end_sooner_than_everybody_s_times_are_found() -> None:
    activity, section, inside, outside = a_class()
    teacher = an_instructor_of(activity.course)
    for user in (inside, outside):
        grant_extension(by=teacher, activity=activity, user=user, reason="Ill.", due_at=DUE + 2 * DAY)
    assert extensions_outrun(activity) == []
    activity = set_times(activity, due_at=DUE + 3 * DAY, closes_at=DUE + 4 * DAY)
    assert {extension.user for extension in extensions_outrun(activity)} == {inside, outside}
    grant_section_override(by=teacher, activity=activity, section=section, due_at=DUE + DAY)
    assert [extension.user for extension in extensions_outrun(activity)] == [outside]


@pytest.mark.django_db
def test_looking_at_everybody_s_times_costs_the_same_however_many_have_their_own(
    django_assert_num_queries: Any,
) -> None:
    activity, section, inside, outside = a_class()
    teacher = an_instructor_of(activity.course)
    grant_section_override(by=teacher, activity=activity, section=section, due_at=DUE + DAY)
    for user in (inside, outside):
        grant_extension(by=teacher, activity=activity, user=user, reason="Ill.", due_at=DUE + 2 * DAY)
    with django_assert_num_queries(3):
        extensions_outrun(activity)


@pytest.mark.django_db
def test_an_override_that_changes_nothing_or_is_of_another_course_is_refused() -> None:
    activity, section, _, _ = a_class()
    teacher = an_instructor_of(activity.course)
    foreign = a_course().sections.create(name="Elsewhere")
    for refused_section, code in ((section, "override_empty"), (foreign, "section_of_other_course")):
        with pytest.raises(DrydockError) as refused:
            grant_section_override(by=teacher, activity=activity, section=refused_section)
        assert refused.value.code == code


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.STUDENT, Role.ASSISTANT])
def test_only_instructors_set_a_section_s_times(role: Role) -> None:
    activity, section, _, _ = a_class()
    somebody = a_member(activity.course, role=role)
    override = grant_section_override(
        by=an_instructor_of(activity.course), activity=activity, section=section, due_at=DUE + DAY
    )
    with pytest.raises(NotAllowed):
        grant_section_override(by=somebody, activity=activity, section=section, due_at=DUE + 2 * DAY)
    with pytest.raises(NotAllowed):
        clear_section_override(by=somebody, override=override)
    assert SectionOverride.objects.get().due_at == DUE + DAY


@pytest.mark.django_db
def test_every_change_of_times_is_on_record() -> None:
    activity, section, inside, _ = a_class()
    teacher = an_instructor_of(activity.course)
    override = grant_section_override(by=teacher, activity=activity, section=section, due_at=DUE + DAY)
    clear_section_override(by=teacher, override=override)
    revoke_extension(
        by=teacher,
        extension=grant_extension(by=teacher, activity=activity, user=inside, reason="Ill.", extra_minutes=5),
    )
    set_window(
        by=teacher,
        activity=activity,
        opens_at=None,
        due_at=DUE,
        closes_at=None,
        late_percent_per_day=10,
        late_grace_minutes=5,
        published=True,
    )
    entries = list(AuditEntry.objects.order_by("pk"))
    assert [entry.action for entry in entries] == [
        "section_times_set",
        "section_times_cleared",
        "extension_granted",
        "extension_revoked",
        "window_set",
    ]
    assert entries[0].summary == f"Gave section Friday other times in “{activity}”: due Wed 11 Mar 2026 17:00."
    assert entries[-1].detail["after"] == {
        "opens_at": None,
        "closes_at": None,
        "late_percent_per_day": 10,
        "late_grace_minutes": 5,
    }


@pytest.mark.parametrize(
    ("local", "skipped", "twice", "moment"),
    [
        ("2026-03-29 01:59", False, False, "2026-03-29 00:59"),
        ("2026-03-29 02:00", True, False, "2026-03-29 01:00"),
        ("2026-03-29 02:59", True, False, "2026-03-29 01:59"),
        ("2026-03-29 03:00", False, False, "2026-03-29 01:00"),
        ("2026-10-25 01:59", False, False, "2026-10-24 23:59"),
        ("2026-10-25 02:00", False, True, "2026-10-25 01:00"),
        ("2026-10-25 02:59", False, True, "2026-10-25 01:59"),
        ("2026-10-25 03:00", False, False, "2026-10-25 02:00"),
        ("2026-12-01 09:00", False, False, "2026-12-01 08:00"),
    ],
)
def test_what_clocks_do_to_a_local_time(local: str, skipped: bool, twice: bool, moment: str) -> None:
    named = datetime.fromisoformat(local)
    assert (is_skipped(named, MADRID), comes_twice(named, MADRID)) == (skipped, twice)
    assert later_of(named, MADRID) == datetime.fromisoformat(f"{moment}+00:00")
