"""The check `container`: a container of the session, its state, what it was made from and with."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from graders.checks.base import Sample, Samples, Verdict, failed
from graders.checks.console_check import (
    ConsoleCheck,
    Objection,
    differences,
    last_line_about,
    named,
    not_there,
    verdict_of,
)
from graders.checks.registry import register
from graders.commands.end_state import EndContainer, EndState
from graders.commands.state import with_tag
from graders.sandbox.base import MountKind
from graders.spec import ImagePath, Text, Texts, VariableName, one_or_many
from graders.visible import listed, quoted

State = Literal["created", "running", "paused", "exited"]
States = Annotated[tuple[State, ...], BeforeValidator(one_or_many, json_schema_input_type=State | list[State])]

_KILLED, _ENDED = 137, 143
"""128 and the number of the signal: SIGKILL, SIGTERM."""


@register("container")
class Container(ConsoleCheck):
    """The container of this `name` is there at the end (or is not), in the state and with the settings asked for.

    With `count` in the place of a name: so many containers are as asked. What is asked is what the engine says and what
    the session noted while it was made, never what the container prints or is labelled with.
    """

    name: Text = ""
    """Its name."""
    exists: bool = True
    """Whether it is there at all."""
    count: int | None = Field(default=None, ge=0, le=20)
    """How many containers, whatever their names, are as the other fields ask."""
    state: States = ()
    """Its state, or the states it may be in."""
    started: bool | None = None
    """Whether it has ever run."""
    made_by: Literal["create", "run"] | None = None
    """The command that made it."""
    image: Text | None = None
    """The image it was made from."""
    exit_code: int | None = None
    """What it ended with."""
    command: Texts = ()
    """Texts in what it runs, as one line: entrypoint, program and arguments."""
    env: dict[VariableName, Text] = Field(default_factory=dict)
    """Variables that it was given."""
    labels: dict[Text, Text] = Field(default_factory=dict)
    """Labels that it bears."""
    user: Text | None = None
    """Whom it runs as; empty for the image's own."""
    workdir: Text | None = None
    """The folder it runs in."""
    hostname: Text | None = None
    """Its own name in its network."""
    mounts: dict[ImagePath, Text] = Field(default_factory=dict)
    """Path in it to the name of the volume that is mounted there."""
    networks: Texts = ()
    """Networks that it is on."""

    why: ClassVar[str] = (
        "Commands are judged by what they leave: which containers are there, in which state, and how they are set up."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="It was created under the name that was drawn, and never started.",
                check={"name": "{box}", "state": "created", "started": False, "made_by": "create"},
                plan={"values": {"box": "word"}},
                commands=("docker create --name {box} busybox:1.35 sleep 60",),
            ),
            Sample(
                about="It runs with all the settings that were asked for.",
                check={
                    "name": "web",
                    "state": "running",
                    "made_by": "run",
                    "image": "busybox:1.35",
                    "command": "sleep 300",
                    "env": {"LEVEL": "3"},
                    "labels": {"tier": "front"},
                    "workdir": "/var",
                    "user": "1000",
                    "hostname": "webbox",
                    "mounts": {"/data": "store"},
                    "networks": "shop",
                },
                commands=(
                    "docker network create shop",
                    (
                        "docker run -d --name web -e LEVEL=3 -l tier=front -w /var -u 1000 -h webbox -v store:/data "
                        "--network shop busybox:1.35 sleep 300"
                    ),
                ),
            ),
            Sample(
                about="It was killed.",
                check={"name": "web", "state": "exited", "exit_code": 137, "started": True},
                commands=("docker run -d --name web busybox:1.35 sleep 300", "docker kill web"),
            ),
            Sample(
                about="It is gone.",
                check={"name": "web", "exists": False},
                commands=("docker create --name web busybox:1.35", "docker rm web"),
            ),
            Sample(
                about="Two of them hold still.",
                check={"count": 2, "state": "paused"},
                commands=(
                    "docker run -d --name ada busybox:1.35 sleep 300",
                    "docker run -d --name ben busybox:1.35 sleep 300",
                    "docker run -d --name cem busybox:1.35 sleep 300",
                    "docker pause ada ben",
                ),
            ),
        ),
        wrong=(
            Sample(
                about="It runs, where it should only have been created.",
                check={"name": "web", "state": "created", "made_by": "create"},
                commands=("docker ps -a", "docker run -d --name web busybox:1.35 sleep 300"),
                says="is running, not created",
                line=2,
            ),
            Sample(
                about="Another name.",
                check={"name": "web"},
                commands=("docker create --name wed busybox:1.35",),
                says="There is: wed",
            ),
            Sample(
                about="It was stopped, where it should have been killed.",
                check={"name": "web", "state": "exited", "exit_code": 137},
                commands=(
                    (
                        "docker run -d --name web busybox:1.35 "
                        "sh -c 'trap \"exit 0\" TERM; touch /up; while :; do sleep 0.1; done'"
                    ),
                    "docker exec web sh -c 'until [ -e /up ]; do sleep 0.1; done'",
                    "docker stop web",
                ),
                says="ended with exit code 0, not 137",
                line=3,
            ),
            Sample(
                about="The volume is mounted elsewhere, and the variable is missing.",
                check={"name": "web", "mounts": {"/data": "store"}, "env": {"LEVEL": "3"}},
                commands=("docker create --name web -v store:/date busybox:1.35",),
                says="has no variable LEVEL",
            ),
            Sample(
                about="It was swept away with everything else that had ended.",
                check={"name": "web", "state": "exited"},
                commands=(
                    "docker run --name web busybox:1.35 true",
                    "docker create --name ben busybox:1.35",
                    "docker container prune -f",
                ),
                says="There is no container web: line 3 removed it.",
                line=3,
            ),
            Sample(
                about="It cleaned up after itself.",
                check={"name": "web", "state": "exited"},
                commands=("docker run --rm --name web busybox:1.35 true",),
                says="line 1 made it with --rm, so it was gone once it had ended",
                line=1,
            ),
            Sample(
                about="A volume without a name is not the one asked for.",
                check={"name": "web", "mounts": {"/data": "store"}},
                commands=("docker create --name web -v /data busybox:1.35",),
                says="at /data a volume without a name",
            ),
            Sample(
                about="It is still there.",
                check={"name": "web", "exists": False},
                commands=("docker create --name web busybox:1.35",),
                says="is still there",
                line=1,
            ),
            Sample(
                about="A label and an output that claim the state change nothing.",
                check={"name": "web", "state": "paused"},
                commands=("docker run --name web -l state=paused busybox:1.35 echo paused",),
                says="is exited, not paused",
                line=1,
            ),
            Sample(
                about="One too few.",
                check={"count": 2, "state": "running"},
                commands=("docker run -d --name ada busybox:1.35 sleep 300", "docker create --name ben busybox:1.35"),
                says="1 container is running, not 2",
            ),
        ),
        malformed=(
            Sample(about="Neither a name nor a count.", check={"state": "running"}, says="`name` or a `count`"),
            Sample(about="A name and a count.", check={"name": "a", "count": 1}, says="`name` or a `count`"),
            Sample(
                about="The state of what is not there.",
                check={"name": "a", "exists": False, "state": "exited"},
                says="`exists: false`",
            ),
            Sample(about="An unknown state.", check={"name": "a", "state": "frozen"}, says="`state`"),
            Sample(about="A value that is not declared.", check={"name": "{box}"}, says="not declared"),
        ),
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "Container":
        if bool(self.name) == (self.count is not None):
            raise ValueError("needs a `name` or a `count`, and not both")
        asked = self.said() - {"kind", "id", "title", "points", "hint", "hidden", "needs", "topics", "blame"}
        if not self.exists and asked - {"name", "exists"}:
            raise ValueError("says `exists: false`, so nothing else can be asked of it")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        if self.count is not None:
            return "As many containers as should be are as they should be"
        if not self.exists:
            return f"{named('container', self.name)} is gone"
        if self.state:
            return f"{named('container', self.name)} is {listed(list(self.state), word='or')}"
        return f"{named('container', self.name)} is as it should be"

    def judge_end(self, end: EndState) -> Verdict:
        """Compare the container, or count those that are as asked."""
        if self.count is not None:
            return self._counted(end, self.count)
        found = end.container(self.name)
        if found is None:
            if not self.exists:
                return verdict_of("", (), right=f"There is no container {self.name}.")
            return not_there(
                end,
                "container",
                self.name,
                (one.name for one in end.containers),
                hint="`--name` says what a container is called; `docker ps -a` shows all there are.",
            )
        line = last_line_about(end, "container", found.name, found.id)
        if not self.exists:
            return failed(
                f"The container {self.name} is still there; it is {found.state}.",
                expected=f"no container {self.name}",
                seen=f"{self.name}: {found.state}",
                line=line,
            )
        return verdict_of(
            f"The container {self.name}",
            self._objections(end, found),
            right="The container is as it should be.",
            line=line,
        )

    def _counted(self, end: EndState, wanted: int) -> Verdict:
        fitting = [one.name for one in end.containers if not any(self._objections(end, one))]
        words = f" {listed(list(self.state), word='or')}" if self.state else " as asked"
        if len(fitting) == wanted:
            return verdict_of("", (), right=f"There are as many containers{words} as there should be.")
        are = "container is" if len(fitting) == 1 else "containers are"
        return failed(
            f"{len(fitting)} {are}{words}, not {wanted}.",
            expected=f"{wanted}",
            seen="\n".join(f"{one.name}: {one.state}" for one in end.containers) or "no container",
        )

    def _objections(self, end: EndState, found: EndContainer) -> Iterator[Objection]:
        yield from self._about_state(found)
        yield from self._about_image(end, found)
        yield from self._about_settings(found)
        yield from self._about_mounts(found)
        missing = [network for network in self.networks if network not in found.networks]
        if missing:
            on = listed(list(found.networks)) or "no network of its own"
            yield Objection(f"is not on the network {listed(missing)}", f"network {listed(missing)}", f"network: {on}")

    def _about_state(self, found: EndContainer) -> Iterator[Objection]:
        if self.state and found.state not in self.state:
            wanted = listed(list(self.state), word="or")
            ended = found.state == "exited" and "running" in self.state
            yield Objection(
                f"is {found.state}, not {wanted}",
                wanted,
                f"exited, with exit code {found.exit_code}" if ended else found.state,
                hint=_said_why(found) if ended else "",
            )
        if self.exit_code is not None and found.exit_code != self.exit_code:
            if found.exit_code is None:
                if not self.state or found.state in self.state:
                    yield Objection("has not ended", f"exit code {self.exit_code}", found.state)
            else:
                yield Objection(
                    f"ended with exit code {found.exit_code}, not {self.exit_code}",
                    f"exit code {self.exit_code}",
                    f"exit code {found.exit_code}",
                    hint=_SIGNALS.get(found.exit_code, "") or _said_why(found),
                )
        if self.started is not None and found.started != self.started:
            yield Objection("was never started" if self.started else "was started, though it should not have been")
        if self.made_by is not None and found.made_by != self.made_by:
            yield Objection(
                f"was made by docker {found.made_by}, not by docker {self.made_by}",
                f"docker {self.made_by}",
                f"docker {found.made_by}",
            )

    def _about_image(self, end: EndState, found: EndContainer) -> Iterator[Objection]:
        if self.image is None:
            return
        wanted = end.image(self.image)
        typed = with_tag(found.image) == with_tag(self.image)
        if found.image_id == wanted.id if wanted is not None else typed:
            return
        if typed:
            yield Objection(f"was made from an earlier image of the name {self.image}, not from the one of now")
        else:
            yield Objection(
                f"was made from {found.image}, not from {self.image}", f"image {self.image}", f"image {found.image}"
            )

    def _about_settings(self, found: EndContainer) -> Iterator[Objection]:
        runs = " ".join((*found.entrypoint, *found.command))
        missing = [text for text in self.command if text not in runs]
        if missing:
            yield Objection(
                f"runs {quoted(runs)}, without {listed([quoted(text) for text in missing])}",
                "\n".join(missing),
                runs,
            )
        yield from differences("variable", self.env, found.env)
        yield from differences("label", self.labels, found.labels)
        for what, wanted, text in (
            ("user", self.user, found.user),
            ("working folder", self.workdir, found.workdir),
            ("host name", self.hostname, found.hostname),
        ):
            if wanted is not None and wanted != text:
                shown = text or "the image's own"
                yield Objection(f"has the {what} {shown}, not {wanted}", f"{what} {wanted}", f"{what} {shown}")

    def _about_mounts(self, found: EndContainer) -> Iterator[Objection]:
        at = {mount.path: mount for mount in found.mounts}
        for path, volume in self.mounts.items():
            mount = at.get(path)
            if mount is not None and mount.kind is MountKind.VOLUME and mount.name == volume:
                continue
            if mount is None:
                others = [f"{one.name or one.kind.value} at {one.path}" for one in found.mounts]
                seen = f"only {listed(others)}" if others else "nothing at all"
                yield Objection(f"has no volume at {path}; mounted is {seen}", f"{volume} at {path}", seen)
            else:
                what = _MOUNTS.get(mount.kind, f"the volume {mount.name}")
                yield Objection(
                    f"has at {path} {what}, not the volume {volume}", f"{volume} at {path}", f"{what} at {path}"
                )


def _said_why(found: EndContainer) -> str:
    return f"`docker logs {found.name}` shows what it said before it ended."


_SIGNALS = {
    _KILLED: "137 is 128 + 9: SIGKILL ended it, at once and with no word to it before.",
    _ENDED: "143 is 128 + 15: SIGTERM ended it, which `docker stop` sends first.",
    0: "0 is what a program ends with by itself when all went well.",
}
_MOUNTS = {MountKind.ANONYMOUS: "a volume without a name", MountKind.TMPFS: "a folder in memory"}
