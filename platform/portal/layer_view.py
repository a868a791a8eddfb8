"""An image's layers as bars, each as long as its share of the largest, with the part that nobody will ever see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.parser import parse
from graders.report import ImageReport, LayerReport

_HUNDRED = 100


@dataclass(frozen=True, kw_only=True)
class LayerBar:
    """One layer, ready to be drawn; the base's are one together."""

    name: str
    size_bytes: int
    percent: int
    """Of the largest layer."""
    line: int | None = None
    from_base: bool = False
    only_settings: bool = False
    """Whether it changes no files."""
    wasted_bytes: int | None = None
    """None where it was not measured."""
    wasted_percent: int = 0
    """Of the largest layer."""
    undone_by: Sequence[int] = ()


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


def bars(image: ImageReport, base: str = "") -> list[LayerBar]:
    """The base as one bar and the layers above it in order; any that holds something is long enough to be seen.

    `base` is the name to give to the base where the report does not know it.
    """
    own = [layer for layer in image.layers if not layer.from_base]
    base_bytes = image.base_size_bytes or sum(layer.size_bytes for layer in image.layers if layer.from_base)
    largest = max([base_bytes, *(layer.size_bytes for layer in own)], default=0)
    return list(_bars(image, own, image.base or base, base_bytes, largest))


def _bars(
    image: ImageReport, own: Sequence[LayerReport], base: str, base_bytes: int, largest: int
) -> Iterator[LayerBar]:
    if base_bytes:
        yield LayerBar(
            name=f"{base}, the base image" if base else "The base image",
            size_bytes=base_bytes,
            percent=_percent(base_bytes, largest),
            from_base=True,
            wasted_bytes=image.base_wasted_bytes,
            wasted_percent=_percent(image.base_wasted_bytes or 0, largest),
        )
    for layer in own:
        yield LayerBar(
            name=layer.instruction or layer.created_by or "A layer without a name",
            size_bytes=layer.size_bytes,
            percent=_percent(layer.size_bytes, largest),
            line=layer.line,
            only_settings=layer.empty,
            wasted_bytes=layer.wasted_bytes,
            wasted_percent=_percent(layer.wasted_bytes or 0, largest),
            undone_by=layer.undone_by,
        )


def _percent(part: int, largest: int) -> int:
    return max(1, round(_HUNDRED * part / largest)) if part > 0 and largest > 0 else 0
