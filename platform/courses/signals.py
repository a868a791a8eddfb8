"""What courses tell those above them: apps that keep times of their own listen."""

from django.dispatch import Signal

sections_changed = Signal()
"""Many members may be in other sections now, by one statement: `course`, `user_ids`. Single ones tell by post_save."""

times_changing = Signal()
"""Somebody's own times in an activity are about to change: `activity`. Sent before any row is locked."""

due_changed = Signal()
"""It is due at another time now for some people: `activity`, `by`, `user_ids`. Sent once, in the same transaction."""
