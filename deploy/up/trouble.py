"""What stops a command: one plain sentence that says what to do."""

from __future__ import annotations


class Trouble(Exception):
    """Something is missing or in the way; the text is for the person at the terminal."""
