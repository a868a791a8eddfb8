"""Keeps running attempts' time right when an instructor changes a window or grants more time."""

from typing import Any

from courses.models import Activity, ActivityKind, Extension
from quizzes.timekeeping import retime


def extension_changed(sender: type[Extension], instance: Extension, **kwargs: Any) -> None:
    """Somebody got more time, or it was taken back."""
    del sender, kwargs
    retime(activity=instance.activity, students=[instance.user_id])


def activity_changed(sender: type[Activity], instance: Activity, *, created: bool, **kwargs: Any) -> None:
    """The window of an activity may have moved."""
    del sender, kwargs
    if not created and instance.kind == ActivityKind.QUIZ:
        retime(activity=instance)
