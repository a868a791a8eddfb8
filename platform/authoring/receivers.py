"""Lets the files of an import go with its row, as where its course is deleted."""

from typing import Any

from authoring.models import CourseImport
from quizzes import loose_bytes


def import_deleted(sender: type[CourseImport], instance: CourseImport, **kwargs: Any) -> None:
    """Nothing names its files any more."""
    del sender, kwargs
    if instance.stored:
        loose_bytes.let_go(instance.stored)
