"""Recording what was earned and overriding it; every change of what counts leaves a row in the outbox."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from courses.access import require_instructor
from courses.errors import DrydockError
from courses.models import Activity, Membership
from gradebook.models import Evidence, GradeEvent, Score

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


@transaction.atomic
def record(
    *,
    activity: Activity,
    user: User,
    points: Decimal | float,
    max_points: Decimal | float,
    late_factor: Decimal = Decimal(1),
    source_kind: str,
    source_id: int,
    evidence: Iterable[TopicEvidence] = (),
    evidence_source_id: int | None = None,
) -> Score:
    """Write what counts for a person in an activity, as the caller decided by its scoring rule (best, last).

    Called inside the transaction that stores the graded work: both are there or neither. Recording the same again
    changes nothing and sends no event. `evidence` belongs to the work `evidence_source_id` (or `source_id`), which
    may be another try than the one that counts.
    """
    score, _ = Score.objects.select_for_update().get_or_create(
        activity=activity, user=user, defaults={"max_points": rounded(max_points)}
    )
    before = (score.final_points, score.max_points)
    score.raw_points = rounded(points)
    score.late_factor = late_factor
    score.points = rounded(rounded(points) * late_factor)
    score.max_points = rounded(max_points)
    score.source_kind, score.source_id = source_kind, source_id
    score.save()
    _replace_evidence(
        activity=activity,
        user=user,
        source_kind=source_kind,
        source_id=evidence_source_id or source_id,
        evidence=evidence,
    )
    if (score.final_points, score.max_points) != before:
        _announce(score, cause="earned")
    return score


def _replace_evidence(
    *, activity: Activity, user: User, source_kind: str, source_id: int, evidence: Iterable[TopicEvidence]
) -> None:
    rows = list(evidence)
    if not rows:
        return
    Evidence.objects.filter(source_kind=source_kind, source_id=source_id).delete()
    Evidence.objects.bulk_create(
        Evidence(
            course_id=activity.course_id,
            activity=activity,
            user=user,
            topic=row.topic,
            points=rounded(row.points),
            max_points=rounded(row.max_points),
            source_kind=source_kind,
            source_id=source_id,
        )
        for row in rows
    )


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
    score.override_points = rounded(points)
    score.override_reason = reason.strip()[:300]
    score.override_by = by
    score.override_at = timezone.now()
    score.save()
    _announce(score, cause="override")
    return score


@transaction.atomic
def clear_override(*, by: User, score: Score) -> Score:
    """Let what was earned count again."""
    require_instructor(by, score.activity.course)
    score = Score.objects.select_for_update().get(pk=score.pk)
    if score.override_points is None:
        return score
    score.override_points, score.override_reason = None, ""
    score.override_by = score.override_at = None
    score.save()
    _announce(score, cause="override_cleared")
    return score


def _announce(score: Score, *, cause: str) -> None:
    GradeEvent.objects.create(
        course_id=score.activity.course_id,
        activity=score.activity,
        user=score.user,
        points=score.final_points,
        max_points=score.max_points,
        cause=cause,
    )
