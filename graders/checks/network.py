"""The check `network`: a network of the session, and who is on it."""

from typing import ClassVar

from pydantic import model_validator

from graders.checks.base import Sample, Samples, Verdict, failed
from graders.checks.console_check import ConsoleCheck, Objection, last_line_about, named, not_there, verdict_of
from graders.checks.registry import register
from graders.commands.end_state import EndState
from graders.spec import Text, Texts
from graders.visible import listed


@register("network")
class Network(ConsoleCheck):
    """The network of this `name` is there at the end (or is not), with the containers asked for on it."""

    name: Text
    """Its name."""
    exists: bool = True
    """Whether it is there at all."""
    connects: Texts = ()
    """Containers that are on it."""
    without: Texts = ()
    """Containers that must not be on it."""

    why: ClassVar[str] = "Containers find each other by name on a network that both are on, and nowhere else."
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("connects", "without"),)
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="Two containers are on it, one is not.",
                check={"name": "{net}", "connects": ["ada", "ben"], "without": "cem"},
                plan={"values": {"net": "word"}},
                commands=(
                    "docker network create {net}",
                    "docker create --name ada --network {net} busybox:1.35",
                    "docker run -d --name ben --network {net} busybox:1.35 sleep 300",
                    "docker create --name cem busybox:1.35",
                ),
            ),
            Sample(
                about="It is gone.",
                check={"name": "shop", "exists": False},
                plan={"console": {"prepare": ["docker network create shop"]}},
                commands=("docker network rm shop",),
            ),
        ),
        wrong=(
            Sample(
                about="One of them is not on it.",
                check={"name": "shop", "connects": ["ada", "ben"]},
                commands=(
                    "docker network create shop",
                    "docker create --name ada --network shop busybox:1.35",
                    "docker create --name ben busybox:1.35",
                ),
                says="does not connect ben",
                line=3,
            ),
            Sample(about="There is none.", check={"name": "shop"}, commands=("docker network ls",), says="no network"),
            Sample(
                about="It is still there.",
                check={"name": "shop", "exists": False},
                plan={"console": {"prepare": ["docker network create shop"]}},
                commands=("docker network ls",),
                says="is still there",
            ),
            Sample(
                about="One is on it that should not be.",
                check={"name": "shop", "without": "ada"},
                commands=("docker network create shop", "docker create --name ada --network shop busybox:1.35"),
                says="connects ada, though it should not",
            ),
        ),
        malformed=(
            Sample(about="No name.", check={"connects": "a"}, says="`name` is missing"),
            Sample(
                about="Containers on what is not there.",
                check={"name": "a", "exists": False, "connects": "b"},
                says="`exists: false`",
            ),
            Sample(about="Both.", check={"name": "a", "connects": "b", "without": "b"}, says="both ways"),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "Network":
        if not self.exists and (self.connects or self.without):
            raise ValueError("says `exists: false`, so no container can be on it")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return f"{named('network', self.name)} is {'there' if self.exists else 'gone'}"

    def judge_end(self, end: EndState) -> Verdict:
        """Look for the network, and at who is on it."""
        found = end.network(self.name)
        if found is None:
            if not self.exists:
                return verdict_of("", (), right=f"There is no network {self.name}.")
            names = (one.name for one in end.networks)
            return not_there(end, "network", self.name, names, what="network of yours")
        line = last_line_about(end, "network", found.name) or last_line_about(end, "container", *found.containers)
        on = listed(list(found.containers)) or "no container"
        if not self.exists:
            return failed(f"The network {self.name} is still there.", expected="no such network", seen=on, line=line)
        missing = [name for name in self.connects if name not in found.containers]
        unwanted = [name for name in self.without if name in found.containers]
        objections = []
        if missing:
            objections.append(
                Objection(f"does not connect {listed(missing, word='or')}", listed(list(self.connects)), on)
            )
        if unwanted:
            objections.append(Objection(f"connects {listed(unwanted)}, though it should not", "", on))
        blamed = last_line_about(end, "container", *missing, *unwanted) or line
        return verdict_of(f"The network {self.name}", objections, right="The network is as it should be.", line=blamed)
