"""Keeps running attempts' time right when an instructor changes a window, a section or grants more time."""

from collections.abc import Collection
from typing import Any

from courses.models import Activity, ActivityKind, Course, Extension, Membership, SectionOverride
from quizzes.models import Attempt
from quizzes.timekeeping import retime


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
