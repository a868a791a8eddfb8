"""What courses tell those above them: apps that keep times of their own listen."""

from django.dispatch import Signal

sections_changed = Signal()
"""Many members may be in other sections now, by one statement: `course`, `user_ids`. Single ones tell by post_save."""
