"""Which Dockerfile an engine reads: what its built-in frontend knows, by its version."""

import re
from dataclasses import dataclass
from typing import Self

_VERSION = re.compile(r"v?(\d+)\.(\d+)")
_HEREDOCS_SINCE = (23, 0)  # its BuildKit 0.10 brought the Dockerfile 1.4 frontend: heredocs, COPY --link
_START_INTERVAL_SINCE = (25, 0)
_TMPFS_SIZE_SINCE = (26, 0)
_SUBSTITUTIONS_SINCE = (26, 0)  # ${X-y}, ${X+y}, ${X#y}, ${X%y}, ${X/y/z}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the engine's own frontend understands. The default knows the least, so that nothing is taken for granted."""

    heredocs: bool = False
    link: bool = False
    start_interval: bool = False
    tmpfs_size: bool = False
    substitutions: bool = False

    @classmethod
    def of_engine(cls, version: str) -> Self:
        """The dialect of a Docker engine by its version, such as `20.10.24+dfsg1`; an odd version knows the least."""
        found = _VERSION.match(version.strip())
        if found is None:
            return cls()
        number = (int(found[1]), int(found[2]))
        return cls(
            heredocs=number >= _HEREDOCS_SINCE,
            link=number >= _HEREDOCS_SINCE,
            start_interval=number >= _START_INTERVAL_SINCE,
            tmpfs_size=number >= _TMPFS_SIZE_SINCE,
            substitutions=number >= _SUBSTITUTIONS_SINCE,
        )
