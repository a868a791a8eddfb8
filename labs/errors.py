"""What can go wrong with labs and submissions, as stable codes."""

from accounts.errors import Conflict, DrydockError, NotAllowed, NotFound, TooMany

__all__ = ["Conflict", "DrydockError", "LeaseLost", "NotAllowed", "NotFound", "TooMany"]


class LeaseLost(Exception):
    """This worker no longer holds the submission: whatever it found out about it is to be dropped."""
