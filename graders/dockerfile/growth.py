"""How large variables can make a Dockerfile: `ENV A=$A$A`, forty times, takes all memory of whoever expands it.

Nothing is expanded here. The sizes are upper bounds, so that what passes is safe to expand, for us and for the engine
(which also fills variables into the names of its steps).
"""

import re
from collections.abc import Iterator, Mapping

from graders.dockerfile.model import Dockerfile, Instruction

UNKNOWN_SIZE = 256
"""Characters that a variable has at most when the file does not set it: an image's PATH and the like."""

_LONGEST_NAME = 200
_REPLACES = re.compile(r"\$\{(?:\w+|[@*#?$!-])/")  # each letter of one value may become the whole of another
_REFERENCE = re.compile(r"\$\{?(\w+|[@*#?$!-])")


def sizes(dockerfile: Dockerfile, build_arguments: Mapping[str, str]) -> Iterator[tuple[Instruction, int]]:
    """Each instruction with the characters that it can come to when all its variables are filled in."""
    known = _Sizes({name: len(value) for name, value in build_arguments.items()})
    for instruction in dockerfile.instructions:
        yield instruction, known.of(instruction.logical)
        inner = instruction.nested or instruction
        if inner.keyword in ("ARG", "ENV"):
            known.update({name: known.of(value) for name, value in inner.pairs if value is not None})


class _Sizes:
    """The largest that each variable can be; none is taken for smaller than `others`."""

    def __init__(self, named: dict[str, int]) -> None:
        self.named = named
        self.others = UNKNOWN_SIZE

    def of(self, text: str) -> int:
        """The largest that a text can become."""
        size = len(text) + sum(self._most(found[1]) for found in _REFERENCE.finditer(text))
        return size * size if _REPLACES.search(text) else size

    def update(self, sizes: Mapping[str, int]) -> None:
        """Set variables. A name with quotes, variables or the like in it can turn out to be any name."""
        for name, size in sizes.items():
            if name.isidentifier() and len(name) <= _LONGEST_NAME:
                self.named[name] = max(size, self.named.get(name, 0))
            else:
                self.others = max(size, self.others)

    def _most(self, word: str) -> int:
        """Where a name ends has rules of its own: the largest variable whose name this word begins with."""
        starts = (word[:end] for end in range(1, min(len(word), _LONGEST_NAME) + 1))
        return max(self.others, max((self.named[start] for start in starts if start in self.named), default=0))
