"""The check `leftovers`: nothing is left over at the end but what may stay."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field

from graders.checks.base import Sample, Samples, Verdict, failed, passed
from graders.checks.console_check import ConsoleCheck, last_line_about
from graders.checks.registry import register
from graders.commands.end_state import EndState
from graders.commands.state import with_tag
from graders.spec import Texts
from graders.visible import listed

What = Literal["containers", "volumes", "networks", "images", "dangling"]
_ALL: tuple[What, ...] = ("containers", "volumes", "networks", "images")
_HINTS: dict[What, str] = {
    "containers": "`docker ps -a` also shows containers that have ended; they stay until they are removed.",
    "volumes": "`docker volume ls` shows all volumes. Those without a name were made by `-v /path` or VOLUME.",
    "networks": "`docker network ls` shows the networks that are there.",
    "images": "`docker images` shows the images that are there.",
    "dangling": "An image that lost its name to a newer one stays, as `<none>` in `docker images`.",
}
_SHOWN = 8


@dataclass(frozen=True)
class Left:
    """Something that is left over: its sort, words for it, and the last line about it."""

    what: What
    words: str
    line: int | None


@register("leftovers")
class Leftovers(ConsoleCheck):
    """Nothing of these sorts is left over at the end, but for what may be kept.

    Bases of the lab are nobody's to remove and do not count. `dangling` are images without a name, and are part of
    `images`.
    """

    of: tuple[What, ...] = Field(default=_ALL, min_length=1)
    """What is looked for."""
    keep: Texts = ()
    """Names and references of what may be there."""

    why: ClassVar[str] = (
        "Containers, volumes and images stay until somebody removes them: what is left over fills the disk, and names."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="All is gone but the volume that was to be kept.",
                check={"keep": "{vol}"},
                plan={"values": {"vol": "word"}},
                commands=(
                    "docker run --name ada -v {vol}:/data busybox:1.35 true",
                    "docker rm ada",
                ),
            ),
            Sample(
                about="A container that cleans up after itself, and takes its nameless volume along.",
                check={},
                commands=("docker run --rm -v /data busybox:1.35 true",),
            ),
            Sample(
                about="Only volumes are looked for.",
                check={"of": ["volumes"]},
                commands=("docker create --name ada busybox:1.35",),
            ),
        ),
        wrong=(
            Sample(
                about="A container that has ended is still there.",
                check={"of": ["containers"]},
                commands=("docker run --name ada busybox:1.35 true",),
                says="Left over: the container ada",
                line=1,
            ),
            Sample(
                about="A volume without a name outlived its container.",
                check={"of": ["containers", "volumes"]},
                commands=("docker create --name ada -v /data busybox:1.35", "docker rm ada"),
                says="a volume without a name",
            ),
            Sample(
                about="A network and an image.",
                check={"keep": "ada"},
                commands=(
                    "docker network create shop",
                    "docker create --name ada busybox:1.35",
                    "docker commit ada snap",
                ),
                says="the network shop and the image snap:latest",
            ),
            Sample(
                about="An image lost its name to a newer one.",
                check={"of": ["dangling"]},
                commands=("docker create --name ada busybox:1.35", "docker commit ada snap", "docker commit ada snap"),
                says="an image without a name",
            ),
        ),
        malformed=(
            Sample(about="An unknown sort.", check={"of": ["pods"]}, says="`of`"),
            Sample(about="Nothing to look for.", check={"of": []}, says="`of`"),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return f"No {listed(list(self.of), word='or')} {'is' if self.of == ('dangling',) else 'are'} left over"

    def judge_end(self, end: EndState) -> Verdict:
        """Look for what should be gone."""
        found = list(self._found(end))
        if not found:
            return passed("Nothing is left over.")
        told = [left.words for left in found]
        more = [f"{len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
        return failed(
            f"Left over: {listed([*told[:_SHOWN], *more])}.",
            expected=f"nothing but {listed(list(self.keep))}" if self.keep else "nothing",
            seen="\n".join(told),
            hint=_HINTS[found[0].what],
            line=found[0].line,
        )

    def _found(self, end: EndState) -> Iterator[Left]:
        yield from self._containers(end)
        yield from self._volumes(end)
        if "networks" in self.of:
            for network in end.networks:
                if not self._may_stay(network.name):
                    line = last_line_about(end, "network", network.name)
                    yield Left("networks", f"the network {network.name}", line)
        yield from self._images(end)

    def _containers(self, end: EndState) -> Iterator[Left]:
        for container in end.containers if "containers" in self.of else ():
            if not self._may_stay(container.name):
                line = last_line_about(end, "container", container.name, container.id)
                yield Left("containers", f"the container {container.name}", line)

    def _volumes(self, end: EndState) -> Iterator[Left]:
        for volume in end.volumes if "volumes" in self.of else ():
            if not self._may_stay(volume.name):
                words = "a volume without a name" if volume.anonymous else f"the volume {volume.name}"
                yield Left("volumes", words, last_line_about(end, "volume", volume.name))

    def _images(self, end: EndState) -> Iterator[Left]:
        for image in end.images:
            if image.base:
                continue
            if not image.references and {"images", "dangling"} & set(self.of):
                yield Left("dangling", "an image without a name", last_line_about(end, "image", image.id))
            for reference in image.references if "images" in self.of else ():
                if not self._may_stay(with_tag(reference)):
                    line = last_line_about(end, "image", reference, image.id)
                    yield Left("images", f"the image {reference}", line)

    def _may_stay(self, name: str) -> bool:
        return name in self.keep or name in map(with_tag, self.keep)
