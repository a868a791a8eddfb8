"""Recording and overriding scores, and the outbox that tells of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from builders import a_course, a_member, a_user, an_activity, an_instructor_of
from django.utils import timezone

from accounts.errors import DrydockError
from accounts.models import User
from courses.models import Activity, AuditEntry
from gradebook.models import Evidence, GradeEvent, Score
from gradebook.services import Earned, Showed, TopicEvidence, clear_override, override, record, record_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def activity() -> Activity:
    return an_activity(a_course())


@pytest.fixture
def student(activity: Activity) -> User:
    return a_member(activity.course)


def earned(
    activity: Activity,
    user: User,
    points: float,
    *,
    late_factor: Decimal = Decimal(1),
    evidence: Sequence[TopicEvidence] = (),
) -> Score:
    return record(
        activity=activity,
        user=user,
        points=points,
        max_points=10,
        source_kind="submission",
        source_id=1,
        late_factor=late_factor,
        evidence=evidence,
    )


def test_a_score_counts_lateness_once_and_rounds_halves_up(activity: Activity, student: User) -> None:
    score = earned(activity, student, 8.125, late_factor=Decimal("0.8"))
    assert (score.raw_points, score.points) == (Decimal("8.13"), Decimal("6.50"))


def test_recording_the_same_again_sends_no_second_event(activity: Activity, student: User) -> None:
    earned(activity, student, 7)
    earned(activity, student, 7)
    assert Score.objects.get().points == 7
    assert GradeEvent.objects.count() == 1


def test_evidence_of_a_source_is_replaced_and_not_doubled(activity: Activity, student: User) -> None:
    for points in (1, 2):
        proof = TopicEvidence(topic="dockerfile.cmd", points=Decimal(points), max_points=Decimal(2))
        earned(activity, student, 7, evidence=[proof])
    assert [e.points for e in Evidence.objects.all()] == [2]


def test_an_override_stands_beside_what_was_earned(activity: Activity, student: User) -> None:
    earned(activity, student, 3)
    by = an_instructor_of(activity.course)
    override(by=by, activity=activity, user=student, points=Decimal(9), reason="the lab was broken")
    earned(activity, student, 5)
    score = Score.objects.get()
    assert (score.final_points, score.points) == (9, 5)
    clear_override(by=by, score=score)
    assert Score.objects.get().final_points == 5
    assert [e.points for e in GradeEvent.objects.all()] == [3, 9, 5]


@pytest.mark.parametrize(
    ("points", "reason", "code"),
    [
        (Decimal(5), "  ", "reason_needed"),
        (Decimal(-1), "x", "points_invalid"),
        (Decimal(21), "typo", "points_invalid"),
        (Decimal("NaN"), "x", "points_invalid"),
    ],
)
def test_a_senseless_override_is_refused(
    activity: Activity, student: User, points: Decimal, reason: str, code: str
) -> None:
    with pytest.raises(DrydockError) as caught:
        override(by=an_instructor_of(activity.course), activity=activity, user=student, points=points, reason=reason)
    assert caught.value.code == code


def test_nobody_but_the_course_s_instructor_overrides(activity: Activity, student: User) -> None:
    for by in (student, a_user(), an_instructor_of(a_course())):
        with pytest.raises(DrydockError) as caught:
            override(by=by, activity=activity, user=student, points=Decimal(10), reason="please")
        assert caught.value.code == "not_course_staff"


def test_scores_are_seen_by_their_owner_and_the_course_s_staff(activity: Activity, student: User) -> None:
    score = earned(activity, student, 3)
    other, teacher, foreign = a_member(activity.course), an_instructor_of(activity.course), an_instructor_of(a_course())
    assert [score in Score.objects.visible_to(u) for u in (student, teacher, other, foreign)] == [
        True,
        True,
        False,
        False,
    ]


def test_the_outbox_is_read_by_cursor(activity: Activity, student: User) -> None:
    for points in (1, 2, 3):
        earned(activity, student, points)
    first = GradeEvent.objects.order_by("pk").first()
    assert first is not None
    assert [e.points for e in GradeEvent.objects.all().after(first.pk)] == [2, 3]


def a_standing(user: User, points: float, source_id: int, *, late_factor: str = "1") -> Earned:
    return Earned(
        user_id=user.pk,
        points=Decimal(str(points)),
        max_points=Decimal(10),
        late_factor=Decimal(late_factor),
        source_id=source_id,
    )


def test_many_are_recorded_as_one_after_the_other_would_be(activity: Activity) -> None:
    new, same, risen, overridden = (a_member(activity.course) for _ in range(4))
    for number, user in enumerate((same, risen, overridden), 2):
        record(
            activity=activity,
            user=user,
            points=5,
            max_points=10,
            source_kind="attempt",
            source_id=number,
            evidence=[TopicEvidence(topic="cmd.run", points=Decimal(5), max_points=Decimal(10))],
        )
    by = an_instructor_of(activity.course)
    override(by=by, activity=activity, user=overridden, points=Decimal(9), reason="shown in class")
    before = GradeEvent.objects.count()
    shown = TopicEvidence(topic="cmd.start", points=Decimal(7), max_points=Decimal(7))
    rows = [
        a_standing(new, 4, 1, late_factor="0.5"),
        a_standing(same, 5, 2),
        a_standing(risen, 7, 3),
        a_standing(overridden, 7, 4),
    ]
    showed = [
        Showed(user_id=risen.pk, source_id=3, evidence=[shown]),
        Showed(user_id=same.pk, source_id=2, evidence=[]),
    ]
    assert record_all(activity=activity, source_kind="attempt", earned=rows, showed=showed) == 2
    points = {score.user_id: (score.points, score.final_points) for score in Score.objects.filter(activity=activity)}
    assert points == {new.pk: (2, 2), same.pk: (5, 5), risen.pk: (7, 7), overridden.pk: (7, 9)}
    events = GradeEvent.objects.order_by("pk")[before:]
    assert {(event.user_id, event.points, event.cause) for event in events} == {
        (new.pk, 2, "earned"),
        (risen.pk, 7, "earned"),
    }
    assert {(row.user_id, row.topic) for row in Evidence.objects.filter(activity=activity)} == {
        (risen.pk, "cmd.start"),
        (overridden.pk, "cmd.run"),
    }
    assert record_all(activity=activity, source_kind="attempt", earned=rows, showed=showed) == 0


def test_recording_many_takes_no_more_queries_than_recording_few(
    activity: Activity, django_assert_num_queries: Any
) -> None:
    for count in (2, 12):
        users = [a_member(activity.course) for _ in range(count)]
        showed = [Showed(user_id=user.pk, source_id=user.pk, evidence=[]) for user in users]
        for points in (5, 6):
            rows = [a_standing(user, points, user.pk) for user in users]
            with django_assert_num_queries(6):
                assert record_all(activity=activity, source_kind="attempt", earned=rows, showed=showed) == count


def test_overrides_are_written_down_with_what_they_replaced(activity: Activity, student: User) -> None:
    record(activity=activity, user=student, points=4, max_points=10, source_kind="attempt", source_id=1)
    by = an_instructor_of(activity.course)
    score = override(by=by, activity=activity, user=student, points=Decimal(9), reason="the lab was broken")
    clear_override(by=by, score=score)
    clear_override(by=by, score=score)
    cleared, given = AuditEntry.objects.filter(course=activity.course)
    assert (given.action, given.by, given.detail) == (
        "override_set",
        by,
        {"user": student.pk, "before": "4.00", "after": "9.00"},
    )
    assert "the lab was broken" in given.summary
    assert (cleared.action, cleared.detail["after"]) == ("override_cleared", "4.00")


def test_evidence_of_work_graded_again_is_replaced_and_gets_no_newer(activity: Activity, student: User) -> None:
    def grade(**rest: Any) -> None:
        record(activity=activity, user=student, points=1, max_points=2, source_kind="attempt", source_id=7, **rest)

    def shown() -> list[tuple[str, int]]:
        return [(row.topic, int(row.points)) for row in Evidence.objects.order_by("topic")]

    on = [TopicEvidence(topic="cmd.run", points=Decimal(1), max_points=Decimal(2))]
    handed_in = timezone.now() - timedelta(days=3)
    grade(evidence=on, evidence_at=handed_in)
    first = Evidence.objects.get().at
    grade(evidence=[replace(on[0], points=Decimal(2)), replace(on[0], topic="cmd.ls")])
    assert shown() == [("cmd.ls", 1), ("cmd.run", 2)]
    assert {row.at for row in Evidence.objects.all()} == {first} == {handed_in}
    grade()
    assert len(shown()) == 2
    record_all(
        activity=activity,
        source_kind="attempt",
        earned=[],
        showed=[Showed(user_id=student.pk, source_id=7, evidence=on)],
    )
    assert shown() == [("cmd.run", 1)]
    assert Evidence.objects.get().at == first
    grade(evidence=[])
    assert shown() == []
