"""Recording what was earned and overriding it; every change of what counts leaves a row in the outbox."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from accounts.models import User
from courses.access import require_instructor
from courses.audit import note
from courses.errors import DrydockError
from courses.models import Activity, Membership
from gradebook.models import Evidence, GradeEvent, Score
from gradebook.saving import save_alike

CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class TopicEvidence:
    """Points on one topic in one piece of work."""

    topic: str
    points: Decimal
    max_points: Decimal


def rounded(points: Decimal | float) -> Decimal:
    """Points to two places, halves up: what is stored, shown and exported."""
    return Decimal(str(points)).quantize(CENT, ROUND_HALF_UP)


def hold_score(*, activity: Activity, user: User) -> None:
    """Let nobody else record what counts for a person in an activity until the transaction ends.

    For callers of `record` that choose among several pieces of work: asked for before these are read, so that of two
    who record at once the later one knows of the work of the other.
    """
    list(Score.objects.select_for_update().filter(activity=activity, user=user).values_list("pk"))


@transaction.atomic(savepoint=False)
def record(
    *,
    activity: Activity,
    user: User,
    points: Decimal | float,
    max_points: Decimal | float,
    late_factor: Decimal = Decimal(1),
    source_kind: str,
    source_id: int,
    evidence: Iterable[TopicEvidence] | None = None,
    evidence_source_id: int | None = None,
    evidence_at: datetime | None = None,
    evidence_is_new: bool = False,
) -> Score:
    """Write what counts for a person in an activity, as the caller decided by its scoring rule (best, last).

    Called inside the transaction that stores the graded work: both are there or neither. Recording the same again
    changes nothing and sends no event. `evidence` belongs to the work `evidence_source_id` (or `source_id`), which
    may be another try than the one that counts. It replaces what that work showed before; None leaves it as it is.
    `evidence_at` is when that work was handed in: grading it again makes it no newer. `evidence_is_new`: that work
    was never recorded before, so that nothing is looked for that it showed.
    """
    earned = {
        "raw_points": rounded(points),
        "late_factor": late_factor,
        "points": rounded(rounded(points) * late_factor),
        "max_points": rounded(max_points),
        "source_kind": source_kind,
        "source_id": source_id,
    }
    score, is_first = Score.objects.select_for_update().get_or_create(activity=activity, user=user, defaults=earned)
    before = (None, None) if is_first else (score.final_points, score.max_points)
    if not is_first:
        for name, value in earned.items():
            setattr(score, name, value)
        score.save()
    _replace_evidence(
        activity=activity,
        user=user,
        source_kind=source_kind,
        source_id=evidence_source_id or source_id,
        evidence=evidence,
        at=evidence_at,
        is_new=evidence_is_new,
    )
    if (score.final_points, score.max_points) != before:
        _announce(score, cause="earned")
    return score


def _replace_evidence(
    *,
    activity: Activity,
    user: User,
    source_kind: str,
    source_id: int,
    evidence: Iterable[TopicEvidence] | None,
    at: datetime | None,
    is_new: bool,
) -> None:
    if evidence is None:
        return
    showed = [Showed(user_id=user.pk, source_id=source_id, evidence=list(evidence), at=at)]
    _write_evidence(activity, source_kind, showed, {} if is_new else _taken_away(source_kind, showed))


def _taken_away(source_kind: str, showed: Sequence["Showed"]) -> dict[int, datetime]:
    """Delete what the same work showed before; returns how old that was, by work. Two queries at most."""
    before = Evidence.objects.filter(source_kind=source_kind, source_id__in=[one.source_id for one in showed])
    first_seen: dict[int, datetime] = dict(before.order_by().values_list("source_id").annotate(first=Min("at")))
    if first_seen:
        before.delete()
    return first_seen


def _write_evidence(
    activity: Activity, source_kind: str, showed: Sequence["Showed"], first_seen: Mapping[int, datetime]
) -> None:
    """Write what work shows, as old as what it showed before. One query."""
    now = timezone.now()
    Evidence.objects.bulk_create(
        Evidence(
            course_id=activity.course_id,
            activity=activity,
            user_id=one.user_id,
            topic=row.topic,
            points=rounded(row.points),
            max_points=rounded(row.max_points),
            source_kind=source_kind,
            source_id=one.source_id,
            at=one.at or first_seen.get(one.source_id, now),
        )
        for one in showed
        for row in one.evidence
    )


@dataclass(frozen=True, kw_only=True)
class Earned:
    """What counts for one person from now on, and the work that it comes from."""

    user_id: int
    points: Decimal
    max_points: Decimal
    late_factor: Decimal
    source_id: int


@dataclass(frozen=True, kw_only=True)
class Showed:
    """What a piece of work shows by topic; nothing takes earlier evidence of it away. `at`: when it was handed in."""

    user_id: int
    source_id: int
    evidence: Sequence[TopicEvidence]
    at: datetime | None = None


@transaction.atomic
def record_all(*, activity: Activity, source_kind: str, earned: Sequence[Earned], showed: Sequence[Showed] = ()) -> int:
    """Do as `record` does for many people at once; returns for how many of them what counts is another now.

    The number of queries grows with the different points there are, not with people. Each person is in `earned` once.
    """
    there: dict[int, Score] = {
        score.user_id: score
        for score in Score.objects.select_for_update()
        .filter(activity=activity, user__in=[one.user_id for one in earned])
        .order_by("pk")
    }
    before: dict[int, tuple[Decimal | None, Decimal]] = {
        user_id: (score.final_points, score.max_points) for user_id, score in there.items()
    }
    new: list[Score] = []
    changed: list[Score] = []
    elsewhere: list[Score] = []
    now = timezone.now()
    for one in earned:
        score = there.get(one.user_id) or Score(activity=activity, user_id=one.user_id)
        (changed if one.user_id in there else new).append(score)
        score.raw_points, score.late_factor = rounded(one.points), one.late_factor
        score.points = rounded(score.raw_points * one.late_factor)
        score.max_points = rounded(one.max_points)
        if (score.source_kind, score.source_id) != (source_kind, one.source_id):
            score.source_kind, score.source_id = source_kind, one.source_id
            if one.user_id in there:
                elsewhere.append(score)
        score.updated_at = now
    Score.objects.bulk_create(new)
    save_alike(Score.objects.all(), changed, ["raw_points", "late_factor", "points", "max_points", "updated_at"])
    Score.objects.bulk_update(elsewhere, ["source_kind", "source_id"])
    moved = [s for s in (*new, *changed) if (s.final_points, s.max_points) != before.get(s.user_id)]
    GradeEvent.objects.bulk_create(_event(score, activity, cause="earned") for score in moved)
    _write_evidence(activity, source_kind, showed, _taken_away(source_kind, showed))
    return len(moved)


@transaction.atomic
def override(*, by: User, activity: Activity, user: User, points: Decimal, reason: str) -> Score:
    """Let other points count than those earned, with a reason that is kept; what was earned stays beside it."""
    require_instructor(by, activity.course)
    if not reason.strip():
        raise DrydockError("reason_needed", "Say why: the reason is kept with the grade.", fields={"reason": "Needed."})
    if not points.is_finite() or points < 0:
        raise DrydockError("points_invalid", "Points cannot be negative.", fields={"points": "0 or more."})
    if points > 2 * activity.max_points:
        raise DrydockError(
            "points_invalid",
            f"{points} is more than twice the {activity.max_points} points of this activity. Check the number.",
            fields={"points": "Too many."},
        )
    if not Membership.objects.filter(course=activity.course, user=user).exists():
        raise DrydockError("not_a_member", f"{user} is not in this course.")
    score, _ = Score.objects.select_for_update().get_or_create(
        activity=activity, user=user, defaults={"max_points": activity.max_points}
    )
    before = score.final_points
    score.override_points = rounded(points)
    score.override_reason = reason.strip()[:300]
    score.override_by = by
    score.override_at = timezone.now()
    score.save()
    _announce(score, cause="override")
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action="override_set",
        summary=f"Set the points of {user.display_name} in {activity.title} to {score.override_points}: "
        f"{score.override_reason}",
        detail={"user": user.pk, "before": _said(before), "after": _said(score.final_points)},
    )
    return score


@transaction.atomic
def clear_override(*, by: User, score: Score) -> Score:
    """Let what was earned count again."""
    require_instructor(by, score.activity.course)
    score = Score.objects.select_for_update().get(pk=score.pk)
    if score.override_points is None:
        return score
    before = score.final_points
    score.override_points, score.override_reason = None, ""
    score.override_by = score.override_at = None
    score.save()
    _announce(score, cause="override_cleared")
    activity = score.activity
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action="override_cleared",
        summary=f"Let what {score.user.display_name} earned in {activity.title} count again",
        detail={"user": score.user_id, "before": _said(before), "after": _said(score.final_points)},
    )
    return score


def _said(points: Decimal | None) -> str | None:
    return None if points is None else str(points)


def _announce(score: Score, *, cause: str) -> None:
    _event(score, score.activity, cause=cause).save()


def _event(score: Score, activity: Activity, *, cause: str) -> GradeEvent:
    return GradeEvent(
        course_id=activity.course_id,
        activity=activity,
        user_id=score.user_id,
        points=score.final_points,
        max_points=score.max_points,
        cause=cause,
    )
