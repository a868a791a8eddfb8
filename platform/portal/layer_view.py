"""An image's layers as bars: each as long as its share of the largest."""

from collections.abc import Sequence
from dataclasses import dataclass

from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.parser import parse
from graders.report import LayerReport

_HUNDRED = 100


@dataclass(frozen=True, kw_only=True)
class LayerBar:
    """One layer, ready to be drawn."""

    name: str
    size_bytes: int
    percent: int
    line: int | None
    from_base: bool


def base_of(dockerfile: str, target: str = "") -> str:
    """The image that the last stage, or `target`, is built on, as its author wrote it; empty where nobody can tell."""
    try:
        stages = parse(dockerfile).stages
    except DockerfileError:
        return ""
    by_name = {stage.name: stage for stage in stages if stage.name} | {str(stage.index): stage for stage in stages}
    stage = by_name.get(target.lower()) or (stages[-1] if stages else None)
    while stage is not None:
        earlier = by_name.get(stage.base.lower())
        if earlier is None or earlier.index >= stage.index:
            return stage.base
        stage = earlier
    return ""


def bars(layers: Sequence[LayerReport], base: str = "") -> list[LayerBar]:
    """The layers in order, oldest first; any that holds something is at least one percent long, so that it shows.

    Layers of the base say nothing of where they come from: they bear the name of the `base`.
    """
    largest = max((layer.size_bytes for layer in layers), default=0)
    return [
        LayerBar(
            name=layer.created_by or (_base_words(base) if layer.from_base else "A layer without a name"),
            size_bytes=layer.size_bytes,
            percent=max(1, round(_HUNDRED * layer.size_bytes / largest)) if layer.size_bytes else 0,
            line=layer.line,
            from_base=layer.from_base,
        )
        for layer in layers
    ]


def _base_words(base: str) -> str:
    return f"{base}, the base image" if base else "The base image"
