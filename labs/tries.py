"""How many tries somebody has in a lab, and how many are left."""

from dataclasses import dataclass

from accounts.models import User
from courses.deadlines import Window
from labs.models import Lab, Submission


@dataclass(frozen=True, kw_only=True)
class Tries:
    """Tries used and allowed; `allowed` None means as many as they like."""

    used: int
    allowed: int | None

    @property
    def left(self) -> int | None:
        """Tries left; None means as many as they like."""
        return None if self.allowed is None else max(0, self.allowed - self.used)


def tries_of(*, user: User, lab: Lab, window: Window) -> Tries:
    """The tries of a person in a lab, an extension's counted in. One query.

    A try that was cancelled, refused before building, lost to trouble with the platform, or given back is not used.
    """
    used = Submission.objects.trying().filter(lab=lab, author=user, tryout=False).count()
    allowed = None if lab.attempts_allowed is None else lab.attempts_allowed + window.extra_attempts
    return Tries(used=used, allowed=allowed)
