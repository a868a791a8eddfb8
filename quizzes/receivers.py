"""Keeps running attempts' time right when an instructor changes a window, a section or grants more time."""

from collections.abc import Collection
from typing import Any

from accounts.models import User
from courses.models import Activity, ActivityKind, Course, Extension, Membership, SectionOverride
from quizzes.lateness import reckon_lateness_anew
from quizzes.models import Attempt, Quiz
from quizzes.rule_lock import hold_rules
from quizzes.timekeeping import retime


def times_changing(sender: type[Activity], *, activity: Activity, **kwargs: Any) -> None:
    """Somebody's times are about to change: rules stay still, so that attempts can be scored by them afterwards."""
    del sender, kwargs
    for quiz_id in Quiz.objects.filter(activity=activity).values_list("pk", flat=True):
        hold_rules(quiz_id)


def due_changed(
    sender: type[Activity], *, activity: Activity, by: User, user_ids: Collection[int], **kwargs: Any
) -> None:
    """It is due at another time for some people: what was late may be in time now, or the other way round."""
    del sender, kwargs
    reckon_lateness_anew(by=by, activity=activity, user_ids=user_ids)


def extension_changed(sender: type[Extension], instance: Extension, **kwargs: Any) -> None:
    """Somebody got more time, or it was taken back."""
    del sender, kwargs
    retime(activity=instance.activity, students=[instance.user_id])


def override_changed(sender: type[SectionOverride], instance: SectionOverride, **kwargs: Any) -> None:
    """A section got times of its own, or lost them."""
    del sender, kwargs
    retime(activity=instance.activity)


def activity_changed(sender: type[Activity], instance: Activity, *, created: bool, **kwargs: Any) -> None:
    """The window of an activity may have moved."""
    del sender, kwargs
    if not created and instance.kind == ActivityKind.QUIZ:
        retime(activity=instance)


def member_changed(sender: type[Membership], instance: Membership, *, created: bool, **kwargs: Any) -> None:
    """Somebody may be in another section now."""
    del sender, kwargs
    if not created:
        _retime_members(instance.course, [instance.user_id])


def members_changed(sender: Any, *, course: Course, user_ids: Collection[int], **kwargs: Any) -> None:
    """Many may be in other sections now."""
    del sender, kwargs
    _retime_members(course, user_ids)


def _retime_members(course: Course, user_ids: Collection[int]) -> None:
    under_way = Attempt.objects.open().filter(quiz__activity__course=course, student__in=user_ids, is_tryout=False)
    with_other_times = under_way.filter(quiz__activity__section_overrides__isnull=False)
    activities = Activity.objects.filter(quiz__attempts__in=with_other_times).select_related("course").distinct()
    for activity in activities:
        retime(activity=activity, students=user_ids)
