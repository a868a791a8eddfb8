"""What all checks together want to know of a build's layers, so that the image is read once."""

from collections.abc import Iterable, Mapping, Sequence

from graders.image.contents import Search, WalkLimits
from graders.image.needles import SHORTEST
from graders.observations import Wants
from graders.sandbox.base import ImageFacts

_MEASURING_SECONDS = 15.0
"""How long may be read only to measure waste: a picture is not worth more of a learner's time."""


def search_of(
    build: str, wanted: Sequence[Wants], *, decoys: Mapping[str, Iterable[str]], base: ImageFacts | None
) -> Search:
    """What to look for in the layers of a build's image; `decoys` are those of this build, with their drawn values."""
    texts = {text for wants in wanted for name, text in wants.texts if name == build}
    if any(build in wants.decoys for wants in wanted):
        texts |= {text for drawn in decoys.values() for text in drawn}
    paths = {path for wants in wanted for name, path in wants.contents if name == build}
    is_asked = any(build in wants.read_by_layer() for wants in wanted)
    return Search(
        texts=frozenset(text for text in texts if len(text.encode()) >= SHORTEST),
        names=frozenset(path.rpartition("/")[2] for path in paths),
        base_layer_ids=frozenset(base.layer_ids if base is not None else ()),
        limits=WalkLimits() if is_asked else WalkLimits(seconds=_MEASURING_SECONDS),
    )
