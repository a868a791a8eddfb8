"""The gradebook as CSV, safe to open in a spreadsheet."""

import csv
from collections.abc import Iterator
from decimal import Decimal

from courses.models import Activity, Course, Membership
from gradebook.models import Score

# A cell that starts with one of these is run as a formula by common spreadsheets.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class Echo:
    """A file-like object that hands each line back to whoever writes it."""

    def write(self, line: str) -> str:
        """Give the line back."""
        return line


def safe_cell(value: object) -> str:
    """Text for a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and not isinstance(value, int | float | Decimal) else text


def course_csv(course: Course) -> Iterator[str]:
    """One line per active student, one column per activity, then the total.

    The total leaves out what is not published. Three queries, whatever the size.
    """
    activities = list(Activity.objects.filter(course=course).order_by("position", "pk"))
    members = (
        Membership.objects.students().filter(course=course).select_related("user", "section").order_by("user__email")
    )
    scores: dict[tuple[int, int], Score] = {
        (score.user_id, score.activity_id): score for score in Score.objects.filter(activity__course=course)
    }
    writer = csv.writer(Echo())
    header = ["email", "name", "section", *(f"{a.title} (of {a.max_points})" for a in activities), "total"]
    yield writer.writerow([safe_cell(cell) for cell in header])
    for member in members:
        points = [
            score.final_points if (score := scores.get((member.user_id, activity.pk))) else None
            for activity in activities
        ]
        counted = (p for p, activity in zip(points, activities, strict=True) if activity.published)
        total = sum((p for p in counted if p is not None), Decimal(0))
        cells = [
            member.user.email,
            member.user.name,
            member.section.name if member.section else "",
            *points,
            total,
        ]
        yield writer.writerow([safe_cell(cell) for cell in cells])
