"""The check `volume`: a volume of the session, and who uses it."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import model_validator

from graders.checks.base import Sample, Samples, Verdict, failed
from graders.checks.console_check import ConsoleCheck, Objection, last_line_about, named, not_there, verdict_of
from graders.checks.registry import register
from graders.commands.end_state import EndState, EndVolume
from graders.spec import Text, Texts
from graders.visible import listed


@register("volume")
class Volume(ConsoleCheck):
    """The volume of this `name` is there at the end (or is not), mounted by the containers asked for or by none."""

    name: Text
    """Its name."""
    exists: bool = True
    """Whether it is there at all."""
    used_by: Texts = ()
    """Containers that mount it, running or not."""
    unused: bool = False
    """Whether no container mounts it."""

    why: ClassVar[str] = (
        "A volume outlives its containers: it stays until somebody removes it, and cannot go while one still mounts it."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="It is there, and two containers mount it.",
                check={"name": "{vol}", "used_by": ["ada", "ben"]},
                plan={"values": {"vol": "word"}},
                commands=(
                    "docker volume create {vol}",
                    "docker create --name ada -v {vol}:/data busybox:1.35",
                    "docker create --name ben -v {vol}:/other:ro busybox:1.35",
                ),
            ),
            Sample(
                about="It outlived its container.",
                check={"name": "store", "unused": True},
                commands=("docker run --rm -v store:/data busybox:1.35 true",),
            ),
            Sample(
                about="It is gone.",
                check={"name": "store", "exists": False},
                plan={"console": {"prepare": ["docker volume create store"]}},
                commands=("docker volume rm store",),
            ),
        ),
        wrong=(
            Sample(
                about="It could not be removed, since a container mounts it.",
                check={"name": "store", "exists": False},
                plan={"console": {"prepare": ["docker create --name ada -v store:/data busybox:1.35"]}},
                commands=("docker volume rm store",),
                says="is still there, and mounted by ada",
            ),
            Sample(
                about="Another name.",
                check={"name": "store"},
                commands=("docker volume create stor",),
                says="There is: stor",
            ),
            Sample(
                about="It was swept away, since no container had it.",
                check={"name": "store"},
                commands=("docker volume create store", "docker volume prune -f"),
                says="There is no volume store: line 2 removed it.",
                line=2,
            ),
            Sample(
                about="One container mounts another volume.",
                check={"name": "store", "used_by": ["ada", "ben"]},
                commands=(
                    "docker create --name ada -v store:/data busybox:1.35",
                    "docker create --name ben -v stor:/data busybox:1.35",
                ),
                says="is not mounted by ben",
            ),
            Sample(
                about="A container still mounts it.",
                check={"name": "store", "unused": True},
                commands=("docker create --name ada -v store:/data busybox:1.35",),
                says="is mounted by ada",
                line=1,
            ),
        ),
        malformed=(
            Sample(about="No name.", check={"exists": False}, says="`name` is missing"),
            Sample(
                about="Users of what is not there.",
                check={"name": "a", "exists": False, "used_by": "b"},
                says="`exists: false`",
            ),
            Sample(
                about="Used and not.", check={"name": "a", "used_by": "b", "unused": True}, says="`used_by` or `unused`"
            ),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "Volume":
        if not self.exists and (self.used_by or self.unused):
            raise ValueError("says `exists: false`, so nobody can use it, and nothing else can be asked of it")
        if self.used_by and self.unused:
            raise ValueError("says `used_by` or `unused`, not both")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return f"{named('volume', self.name)} is {'there' if self.exists else 'gone'}"

    def judge_end(self, end: EndState) -> Verdict:
        """Look for the volume, and at who uses it."""
        found = end.volume(self.name)
        if found is None:
            if not self.exists:
                return verdict_of("", (), right=f"There is no volume {self.name}.")
            names = (one.name for one in end.volumes if not one.anonymous)
            return not_there(end, "volume", self.name, names, what="volume with a name")
        used = f", and mounted by {listed(list(found.used_by))}" if found.used_by else ""
        line = last_line_about(end, "volume", found.name) or last_line_about(end, "container", *found.used_by)
        if not self.exists:
            return failed(
                f"The volume {self.name} is still there{used}.",
                expected=f"no volume {self.name}",
                seen=f"{self.name}{used}",
                hint="A volume cannot go while a container mounts it, not even one that has ended." if used else "",
                line=line,
            )
        return verdict_of(
            f"The volume {self.name}", self._objections(found), right="The volume is as it should be.", line=line
        )

    def _objections(self, found: EndVolume) -> Iterator[Objection]:
        missing = [name for name in self.used_by if name not in found.used_by]
        used = listed(list(found.used_by)) or "no container"
        if missing:
            yield Objection(f"is not mounted by {listed(missing, word='or')}", listed(list(self.used_by)), used)
        if self.unused and found.used_by:
            yield Objection(f"is mounted by {used}, though no container should", "no container", used)
