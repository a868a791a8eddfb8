"""The gradebook as a table: a page of students, a column for each activity, and what counts in each cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from courses.models import Activity, Membership
from gradebook.models import Score
from portal.teaching.progress import starters


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One person in one activity."""

    activity: Activity
    score: Score | None
    started: bool

    @property
    def points(self) -> Decimal | None:
        """What counts; None where nothing was earned."""
        return self.score.final_points if self.score else None

    @property
    def overridden(self) -> bool:
        """Whether an instructor decided the points."""
        return self.score is not None and self.score.override_points is not None

    @property
    def late(self) -> bool:
        """Whether lateness took something off what counts."""
        return self.score is not None and not self.overridden and self.score.late_factor < 1


@dataclass(frozen=True, kw_only=True)
class Row:
    """One person's line, with the sum of what counts in published activities."""

    member: Membership
    cells: Sequence[Cell]
    total: Decimal


def rows_of(members: Sequence[Membership], activities: Sequence[Activity]) -> list[Row]:
    """The lines of these members, in order. Three queries, however many there are."""
    scores = {
        (score.user_id, score.activity_id): score
        for score in Score.objects.filter(activity__in=activities, user__in=[member.user_id for member in members])
    }
    begun = starters(activities)
    found = []
    for member in members:
        cells = [
            Cell(
                activity=activity,
                score=scores.get((member.user_id, activity.pk)),
                started=member.user_id in begun[activity.pk],
            )
            for activity in activities
        ]
        counted = (cell.points for cell in cells if cell.activity.published)
        total = sum((points for points in counted if points is not None), Decimal(0))
        found.append(Row(member=member, cells=cells, total=total))
    return found
