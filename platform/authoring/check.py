"""Grades the solutions that a pack's labs ship, and says which did not score what they should."""

from collections.abc import Callable

from authoring.packs import Pack


def check_labs(pack: Pack, *, engine: str, tell: Callable[[str], object]) -> int:
    """placeholder until verify exists"""
    return 0
