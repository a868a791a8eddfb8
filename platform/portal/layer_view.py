"""An image's layers as bars: each as long as its share of the largest."""

from collections.abc import Sequence
from dataclasses import dataclass

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


def bars(layers: Sequence[LayerReport]) -> list[LayerBar]:
    """The layers in order, oldest first; any that holds something is at least one percent long, so that it shows."""
    largest = max((layer.size_bytes for layer in layers), default=0)
    return [
        LayerBar(
            name=layer.created_by,
            size_bytes=layer.size_bytes,
            percent=max(1, round(_HUNDRED * layer.size_bytes / largest)) if layer.size_bytes else 0,
            line=layer.line,
            from_base=layer.from_base,
        )
        for layer in layers
    ]
