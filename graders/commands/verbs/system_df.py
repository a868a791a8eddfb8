"""Carries out `docker system df`: what the session's own objects take on the disk, and the lab's base images."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from graders.commands.amounts import ago, moment, short_id, size
from graders.commands.container_rows import CONTAINERS, Listed
from graders.commands.doing import Doing, carries
from graders.commands.model import Command, CommandRefused
from graders.commands.rewriting import names_of_image
from graders.commands.tables import Listing
from graders.commands.templates import FailedTemplate, Row, Struct, Value
from graders.commands.verbs.disk_usage import counted_by_daemon, volume_sizes
from graders.commands.verbs.listing import listed

TOTALS = Listing(
    type_name="*formatter.diskUsageImagesContext",
    headings={
        "Type": "TYPE", "TotalCount": "TOTAL", "Active": "ACTIVE", "Size": "SIZE", "Reclaimable": "RECLAIMABLE",
    },
    table="{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
    quiet="",
    raw="type: {{.Type}}\ntotal: {{.TotalCount}}\nactive: {{.Active}}\nsize: {{.Size}}\n"
    "reclaimable: {{.Reclaimable}}\n",
)  # fmt: skip
IMAGES = Listing(
    type_name="*formatter.imageContext",
    headings={
        "Repository": "REPOSITORY", "Tag": "TAG", "ID": "IMAGE ID", "CreatedAt": "CREATED AT",
        "CreatedSince": "CREATED", "Size": "SIZE", "VirtualSize": "SIZE", "SharedSize": "SHARED SIZE",
        "UniqueSize": "UNIQUE SIZE", "Containers": "CONTAINERS", "Digest": "DIGEST",
    },
    table="{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.VirtualSize}}\t{{.SharedSize}}\t{{.UniqueSize}}"
    "\t{{.Containers}}",
    quiet="{{.ID}}",
)  # fmt: skip
_VOLUMES = Listing(
    type_name="*formatter.volumeContext",
    headings={"Name": "VOLUME NAME", "Links": "LINKS", "Size": "SIZE"},
    table="{{.Name}}\t{{.Links}}\t{{.Size}}",
    quiet="{{.Name}}",
)
_CACHE = "CACHE ID   CACHE TYPE   SIZE      CREATED   LAST USED   USAGE     SHARED\n"
_CONTAINERS = (
    "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}"
)


@dataclass(frozen=True)
class _Image:
    id: str
    created: float
    size: int
    layers: tuple[tuple[str, int], ...]
    """What identifies each layer together with those below it, and its size."""
    containers: int


@carries("system", "df")
def tell_disk_usage(doing: Doing, command: Command) -> int:
    """Print what images, containers and volumes take."""
    layout = TOTALS.layout(format_="" if command.is_on("verbose") else command.text("format"))
    containers = listed(doing, sized=True)
    images = list(_images(doing, containers))
    told = counted_by_daemon(doing)
    doing.daemon.note("GET", "/system/df")
    volumes = [(own.name, links, bytes_) for own, links, bytes_ in volume_sizes(doing, told)]
    if command.is_on("verbose"):
        return _verbose(doing, command, images=images, containers=containers, volumes=volumes)
    rows = [
        _images_total(images),
        _containers_total(containers),
        _volumes_total(volumes),
        _total("Build Cache", 0, 0, 0, 0),
    ]
    doing.out(layout.printed(rows), end="")
    return 0


def _images(doing: Doing, containers: Sequence[Listed]) -> Iterator[_Image]:
    ids = dict.fromkeys([*(one.id for one in doing.state.images), *(base.id for base in doing.state.bases if base.id)])
    for id_ in ids:
        history = doing.daemon.get(f"/images/{id_}/history", aside=True)
        layers, below = [], ""
        for row in reversed(history):
            below = f"{below}\n{row.get('Created')} {row.get('CreatedBy')} {row.get('Size')}"
            layers.append((below, int(row.get("Size") or 0)))
        yield _Image(
            id=id_,
            created=float(history[0].get("Created") or 0) if history else 0.0,
            size=sum(bytes_ for _, bytes_ in layers),
            layers=tuple(layers),
            containers=sum(one.told.get("ImageID") == id_ for one in containers),
        )


def _shared(image: _Image, images: Sequence[_Image]) -> int:
    others = {layer for one in images if one.id != image.id for layer, _ in one.layers}
    return sum(bytes_ for layer, bytes_ in image.layers if layer in others)


def _images_total(images: Sequence[_Image]) -> Row:
    total = sum(dict(pair for one in images for pair in one.layers).values())
    used = sum(one.size - _shared(one, images) for one in images if one.containers)
    return _total("Images", len(images), sum(one.containers > 0 for one in images), total, total - used)


def _containers_total(containers: Sequence[Listed]) -> Row:
    sizes = [(one.is_up, int(one.told.get("SizeRw") or 0)) for one in containers]
    total, idle = sum(bytes_ for _, bytes_ in sizes), sum(bytes_ for is_up, bytes_ in sizes if not is_up)
    return _total("Containers", len(sizes), sum(is_up for is_up, _ in sizes), total, idle)


def _volumes_total(volumes: Sequence[tuple[str, int, int]]) -> Row:
    total = sum(max(bytes_, 0) for _, _, bytes_ in volumes)
    idle = sum(max(bytes_, 0) for _, links, bytes_ in volumes if not links)
    return _total("Local Volumes", len(volumes), sum(links > 0 for _, links, _ in volumes), total, idle)


def _total(kind: str, count: int, active: int, bytes_: int, reclaimable: int) -> Row:
    percent = f" ({reclaimable * 100 // bytes_}%)" if bytes_ > 0 else ""
    return TOTALS.row(
        {
            "Type": lambda: kind,
            "TotalCount": lambda: str(count),
            "Active": lambda: str(active),
            "Size": lambda: size(bytes_),
            "Reclaimable": lambda: f"{size(reclaimable)}{percent}",
        }
    )


def _verbose(
    doing: Doing,
    command: Command,
    *,
    images: Sequence[_Image],
    containers: Sequence[Listed],
    volumes: Sequence[tuple[str, int, int]],
) -> int:
    now = time.time()
    image_rows = [row for one in images for row in _image_rows(doing, one, _shared(one, images), now)]
    container_rows = [one.row(counted=True) for one in containers]
    volume_rows = [_volume_row(*one) for one in volumes]
    if command.text("format"):
        told = Struct(
            {
                "Images": [row.as_json() for row in image_rows],
                "Containers": [row.as_json() for row in container_rows],
                "Volumes": [row.as_json() for row in volume_rows],
                "BuildCache": [],
            },
            type_name="formatter.DiskUsageContext",
        )
        try:
            doing.out(TOTALS.layout(format_=command.text("format")).template.on(told))
        except FailedTemplate as failed:
            raise CommandRefused(f"template parsing error: {failed}", code="bad-value") from None
        return 0
    doing.out("Images space usage:\n\n" + IMAGES.layout().printed(image_rows))
    doing.out("Containers space usage:\n\n" + CONTAINERS.layout(format_=_CONTAINERS).printed(container_rows))
    doing.out("Local Volumes space usage:\n\n" + _VOLUMES.layout().printed(volume_rows))
    doing.out("Build cache usage: 0B\n\n" + _CACHE, end="")
    return 0


def _image_rows(doing: Doing, image: _Image, shared: int, now: float) -> Iterator[Row]:
    for name in names_of_image(doing.state, image.id) or ["<none>:<none>"]:
        repository, _, tag = name.rpartition(":")
        columns: Mapping[str, Callable[[], Value]] = {
            "Repository": partial(str, repository),
            "Tag": partial(str, tag),
            "ID": lambda: short_id(image.id),
            "Digest": lambda: "<none>",
            "CreatedAt": lambda: moment(image.created),
            "CreatedSince": lambda: ago(image.created, now=now),
            "Size": lambda: size(image.size),
            "VirtualSize": lambda: size(image.size),
            "SharedSize": lambda: size(shared),
            "UniqueSize": lambda: size(image.size - shared),
            "Containers": lambda: str(image.containers),
        }
        yield IMAGES.row(columns)


def _volume_row(name: str, links: int, bytes_: int) -> Row:
    return _VOLUMES.row(
        {"Name": lambda: name, "Links": lambda: str(links), "Size": lambda: size(bytes_) if bytes_ >= 0 else "N/A"}
    )
