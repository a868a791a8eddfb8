"""The order in which docker lists names: numbers in them count as numbers, so that `web2` comes before `web10`."""

import re

_NUMBER = re.compile(r"(\d+)", re.ASCII)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """What to sort a name by."""
    return tuple(
        (0, int(piece), piece) if piece.isascii() and piece.isdigit() else (1, 0, piece)
        for piece in _NUMBER.split(name)
        if piece
    )
