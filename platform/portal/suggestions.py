"""What to try next for a topic: something open, with a try left, that one has not done or not done well yet."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from accounts.models import User
from courses.deadlines import Window, windows_for
from courses.models import Activity
from gradebook.mastery import NOTHING, SECURE_SHARE, Level, Map
from labs.models import Lab, Submission
from quizzes.models import Attempt, Quiz

_LONG = 10_000


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """An activity that is about the topic. `share` is what one showed there, None for nothing yet."""

    activity: Activity
    share: float | None
    under_way: bool

    @property
    def words(self) -> str:
        """What the button says."""
        if self.under_way:
            return "Go on with"
        return "Try" if self.share is None else "Try again"


def can_be_done(*, user: User, activities: Iterable[Activity], now: datetime) -> dict[int, bool]:
    """The activities that the person can work on at this moment, and whether each is under way. Six queries at most.

    Quizzes that are paused, or taken with a code or from certain places only, are left out: nobody starts those alone.
    """
    windows = windows_for(activities=activities, user=user)
    listed = {one.pk: one for one in activities if one.published and windows[one.pk].accepts(now)}
    found = _quizzes(user, {pk for pk, one in listed.items() if one.kind == "quiz"}, windows)
    return found | _labs(user, {pk for pk, one in listed.items() if one.kind == "lab"}, windows)


def _quizzes(user: User, activity_ids: Collection[int], windows: Mapping[int, Window]) -> dict[int, bool]:
    tries = Attempt.objects.filter(student=user, quiz__activity__in=activity_ids, is_tryout=False).order_by()
    used = {
        activity: (count, under_way > 0)
        for activity, count, under_way in tries.values_list("quiz__activity_id").annotate(
            count=Count("pk"), under_way=Count("pk", filter=Q(state="OPEN"))
        )
    }
    found = {}
    startable = Q(access_code="", allowed_addresses=[], paused_at=None, current_version__isnull=False)
    for quiz in Quiz.objects.filter(startable, activity__in=activity_ids).select_related("current_version"):
        count, under_way = used.get(quiz.activity_id, (0, False))
        allowed = quiz.current_version.settings.attempts if quiz.current_version else 0
        if under_way or allowed is None or count < allowed + windows[quiz.activity_id].extra_attempts:
            found[quiz.activity_id] = under_way
    return found


def _labs(user: User, activity_ids: Collection[int], windows: Mapping[int, Window]) -> dict[int, bool]:
    tries = Submission.objects.trying().filter(author=user, lab__activity__in=activity_ids, tryout=False).order_by()
    used = dict(tries.values_list("lab__activity_id").annotate(count=Count("pk")))
    labs = Lab.objects.filter(activity__in=activity_ids, current_version__isnull=False)
    return {
        activity: False
        for activity, allowed in labs.values_list("activity_id", "attempts_allowed")
        if allowed is None or used.get(activity, 0) < allowed + windows[activity].extra_attempts
    }


def suggestions_for(
    topics: Iterable[str], *, own: Map, activities: Sequence[Activity], open_now: Mapping[int, bool]
) -> dict[str, Suggestion]:
    """What to try for each topic that is not secure: what is under way, then what is new, the shortest first. Pure."""
    found = {}
    for topic in topics:
        mastery = own.get(topic, NOTHING)
        if mastery.level is Level.SECURE:
            continue
        shares = {piece.activity_id: piece.share for piece in mastery.pieces}
        fitting = [
            Suggestion(activity=one, share=shares.get(one.pk), under_way=open_now[one.pk])
            for one in activities
            if topic in one.topics and one.pk in open_now and shares.get(one.pk, 0.0) < SECURE_SHARE
        ]
        if fitting:
            found[topic] = min(fitting, key=_order)
    return found


def _order(one: Suggestion) -> tuple[bool, bool, int, int, int]:
    activity = one.activity
    return (not one.under_way, one.share is not None, activity.minutes or _LONG, activity.position, activity.pk)
