"""Every docker command there is, found by the way it is called."""

from collections.abc import Mapping

from graders.commands.grammar.about import ABOUT
from graders.commands.grammar.containers import CONTAINERS
from graders.commands.grammar.elsewhere import ELSEWHERE, GROUPS
from graders.commands.grammar.images import IMAGES
from graders.commands.grammar.shapes import Group, Shape
from graders.commands.grammar.volumes_and_networks import NETWORKS, VOLUMES

SHAPES: tuple[Shape, ...] = CONTAINERS + IMAGES + VOLUMES + NETWORKS + ABOUT + ELSEWHERE
GROUP_BY_NAME: Mapping[str, Group] = {group.name: group for group in GROUPS}


def _by_call(shapes: tuple[Shape, ...]) -> dict[str, Shape]:
    found: dict[str, Shape] = {}
    for shape in shapes:
        for call in shape.calls:
            if call in found:
                raise ValueError(f"docker {call} stands in the grammar twice.")
            found[call] = shape
    return found


BY_CALL: Mapping[str, Shape] = _by_call(SHAPES)
"""Every command by each way to call it, without `docker`."""
BY_PATH: Mapping[tuple[str, ...], Shape] = {shape.path: shape for shape in SHAPES}
OFFERED: tuple[Shape, ...] = tuple(shape for shape in SHAPES if not shape.refused)
