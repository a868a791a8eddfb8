"""Writes down whose tries became later or less late when they were due at another time afterwards."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from courses.audit import note
from courses.models import Activity


@dataclass(frozen=True, kw_only=True)
class MovedTry:
    """A try of which another share of the points counts now."""

    user_id: int
    source_kind: str
    source_id: int
    before: Decimal
    after: Decimal

    def as_json(self) -> dict[str, int | str]:
        """As the audit log keeps it."""
        return {
            "user": self.user_id,
            self.source_kind: self.source_id,
            "before": f"{self.before.normalize():f}",
            "after": f"{self.after.normalize():f}",
        }


def note_lateness(*, by: User, activity: Activity, moved: Collection[MovedTry], people: int) -> None:
    """Add to the audit log which tries moved, and for how many people the grade is another now."""
    tries = "1 try" if len(moved) == 1 else f"{len(moved)} tries"
    for_whom = "1 person" if people == 1 else f"{people} people"
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action="lateness_reckoned_anew",
        summary=f"Reckoned the lateness of {tries} in “{activity}” anew by the times that hold now: "
        f"the grade of {for_whom} changed.",
        detail={"tries": [one.as_json() for one in moved], "people": people},
    )
