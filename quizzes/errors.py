"""What can go wrong with quizzes, as stable codes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.errors import Conflict, DrydockError, NotAllowed, NotFound
from courses.models import Course

__all__ = [
    "AnswerRefused",
    "Conflict",
    "DrydockError",
    "NotAllowed",
    "NotFound",
    "SavedAnswer",
    "StaleRevision",
    "said",
]


@dataclass(frozen=True, kw_only=True)
class SavedAnswer:
    """An answer as the server has it; `replayed` when it was there already."""

    position: int
    value: Any
    revision: int
    saved_at: datetime | None
    replayed: bool = False


class AnswerRefused(Conflict):
    """The answer was not saved; `saved` is what the server has."""

    def __init__(self, code: str, message: str, *, saved: SavedAnswer) -> None:
        super().__init__(code, message)
        self.saved = saved


class StaleRevision(AnswerRefused):
    """The answer was changed elsewhere since the page that sent this one read it; `saved` is the newer one."""

    def __init__(self, *, saved: SavedAnswer) -> None:
        super().__init__(
            "stale_revision",
            f"Question {saved.position} was changed in another tab or on another device since this page was loaded. "
            "The newer answer is saved; yours is not. Choose which one to keep.",
            saved=saved,
        )


def said(moment: datetime, course: Course) -> str:
    """A moment in words, in the course's time zone."""
    local = timezone.localtime(moment, course.zone)
    return f"{local:%a} {local.day} {local:%b %H:%M:%S}"
