"""Who may see which console, and the moves between the states of sessions and entries."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from courses.querysets import member_of, staff_of
from labs.console_states import (
    ENTRY_MOVES,
    LIVE,
    ON_ENGINE,
    SESSION_MOVES,
    ConsoleState,
    EntryKind,
    EntryState,
    sources_of,
)

if TYPE_CHECKING:
    from accounts.models import User

M = TypeVar("M", bound=models.Model)


class ConsoleSessionQuerySet(models.QuerySet[M]):
    """Sessions by who may see them and how far they are."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """One's own while in the course and the lab is published; everybody's in courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        own = Q(author_id=user.pk, lab__activity__published=True) & member_of(user, "course_id")
        return self.filter(own | staff_of(user, "course_id"))

    def staffed_by(self, user: "User | AnonymousUser") -> Self:
        """Those in courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(staff_of(user, "course_id"))

    def live(self) -> Self:
        """Opening or open."""
        return self.filter(state__in=LIVE)

    def on_engine(self, engine: str) -> Self:
        """Those that may have objects on the engine of this name."""
        return self.filter(state__in=ON_ENGINE, engine=engine)

    def idle(self, since: datetime) -> Self:
        """Live ones in which nothing has been done since."""
        return self.live().filter(used_at__lt=since)

    def too_old(self, now: datetime) -> Self:
        """Live ones that have lasted as long as one may."""
        return self.live().filter(expires_at__lt=now)

    def move(self, to: ConsoleState, **fields: Any) -> int:
        """Move those of these rows that may go to `to`, in one statement; the answer is how many went."""
        return self.filter(state__in=sources_of(to, SESSION_MOVES)).update(state=to, **fields)


class ConsoleEntryQuerySet(models.QuerySet[M]):
    """Entries of sessions by who may see them and how far they are."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Those of sessions that the person may see."""
        from labs.console_models import ConsoleSession

        return self.filter(session__in=ConsoleSession.objects.visible_to(user))

    def shown(self) -> Self:
        """Those that people see, in order: looking at the engine again is nobody's doing."""
        return self.exclude(kind=EntryKind.REFRESH).order_by("number")

    def lines(self) -> Self:
        """What was typed, in order."""
        return self.filter(kind=EntryKind.LINE).order_by("number")

    def waiting(self) -> Self:
        """Not taken by a worker yet."""
        return self.filter(state=EntryState.WAITING)

    def finished(self) -> Self:
        """Those to which nothing more will happen."""
        return self.filter(state__in=(EntryState.DONE, EntryState.LOST))

    def expired(self, now: datetime) -> Self:
        """Being carried out by a worker that has stopped renewing its lease."""
        return self.filter(state=EntryState.RUNNING, lease_expires_at__lt=now)

    def move(self, to: EntryState, **fields: Any) -> int:
        """Move those of these rows that may go to `to`, in one statement; the answer is how many went."""
        return self.filter(state__in=sources_of(to, ENTRY_MOVES)).update(state=to, **fields)
