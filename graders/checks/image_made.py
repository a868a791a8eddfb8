"""The check `image_made`: an image that the session made, how it came to be, and what is in it."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from graders.checks.base import Sample, Samples, Verdict, failed
from graders.checks.config_parts import as_list, plain_path
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
from graders.commands.end_state import EndImage, EndState, EndWants
from graders.commands.state import with_tag
from graders.sandbox.base import FileKind
from graders.spec import ImagePath, Text, Texts, VariableName
from graders.visible import listed, quoted

_DOCKERFILE = "FROM busybox:1.35\nCOPY page.html /www/page.html\nENV LEVEL=3\nEXPOSE 8080\n"
_FILES = {"Dockerfile": _DOCKERFILE, "page.html": "hello\n"}
_EDITABLE = {"submission": {"editable": ["Dockerfile", "page.html"]}}


@register("image_made")
class ImageMade(ConsoleCheck):
    """An image of this `reference` is there at the end (or is not), made in the way and with the contents asked for.

    Who made it is what the session noted while it was made; a tag put on another image changes nothing about it.
    """

    reference: Text
    """Its name, with a tag or `latest`."""
    exists: bool = True
    """Whether it is there at all."""
    made_by: Literal["build", "commit"] | None = None
    """The command that made it."""
    made_from: Text | None = None
    """An image that it stands on: a base of the lab or one of the session's own."""
    from_container: Text | None = None
    """The container that was committed."""
    same_as: Text | None = None
    """Another name of the very same image, not of one that was made anew in the same way."""
    cmd: tuple[Text, ...] | None = None
    """Its CMD, as a list."""
    entrypoint: tuple[Text, ...] | None = None
    """Its ENTRYPOINT, as a list."""
    env: dict[VariableName, Text] = Field(default_factory=dict)
    """Variables that it sets."""
    labels: dict[Text, Text] = Field(default_factory=dict)
    """Labels that it bears."""
    workdir: Text | None = None
    """The folder that its containers start in."""
    user: Text | None = None
    """Whom its containers run as."""
    exposed: Texts = ()
    """Ports that it declares, such as 8080 or 53/udp."""
    files: dict[ImagePath, Texts] = Field(default_factory=dict)
    """Path to texts that the file there holds; none where being there is enough."""
    files_absent: tuple[ImagePath, ...] = ()
    """Paths that must not be there."""

    why: ClassVar[str] = (
        "An image is what others get to run: how it was made decides whether anybody can read, repeat and change it."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="It was built from the lab's folder, with what the Dockerfile says.",
                check={
                    "reference": "site:1",
                    "made_by": "build",
                    "made_from": "busybox:1.35",
                    "env": {"LEVEL": "3"},
                    "exposed": 8080,
                    "files": {"/www/page.html": "hello"},
                },
                plan=_EDITABLE,
                files=_FILES,
                commands=("docker build -t site:1 .",),
            ),
            Sample(
                about="It was committed from a container, with a changed command.",
                check={
                    "reference": "snap",
                    "made_by": "commit",
                    "made_from": "busybox:1.35",
                    "from_container": "box",
                    "cmd": ["cat", "/note"],
                    "files": {"/note": "{note}"},
                    "files_absent": ["/none"],
                },
                plan={"values": {"note": "nonce"}},
                commands=(
                    "docker run --name box busybox:1.35 sh -c 'echo {note} > /note'",
                    'docker commit -c \'CMD ["cat", "/note"]\' box snap',
                ),
            ),
            Sample(
                about="It has two names.",
                check={"reference": "site:stable", "same_as": "site:1", "made_by": "build"},
                plan=_EDITABLE,
                files=_FILES,
                commands=("docker build -t site:1 .", "docker tag site:1 site:stable"),
            ),
            Sample(
                about="It was removed.",
                check={"reference": "snap", "exists": False},
                commands=("docker create --name box busybox:1.35", "docker commit box snap", "docker rmi snap"),
            ),
        ),
        wrong=(
            Sample(
                about="It was committed, where it should have been built.",
                check={"reference": "site:1", "made_by": "build"},
                commands=("docker create --name box busybox:1.35", "docker commit box site:1"),
                says="was made by docker commit, not by docker build",
                line=2,
            ),
            Sample(
                about="It was committed before the file was written.",
                check={"reference": "snap", "files": {"/note": "{note}"}},
                plan={"values": {"note": "nonce"}},
                commands=(
                    "docker run -d --name box busybox:1.35 sleep 300",
                    "docker commit box snap",
                    "docker exec box sh -c 'echo {note} > /note'",
                ),
                says="holds no /note",
                line=2,
            ),
            Sample(
                about="A base was given another name.",
                check={"reference": "mine:1", "made_by": "build"},
                commands=("docker tag busybox:1.35 mine:1",),
                says="is a base image of the lab",
            ),
            Sample(
                about="The tag is missing.",
                check={"reference": "site:1"},
                plan=_EDITABLE,
                files=_FILES,
                commands=("docker build -t site .",),
                says="There is: site:latest",
            ),
            Sample(
                about="It was built twice instead of being given a second name.",
                check={"reference": "site:stable", "same_as": "site:1"},
                plan=_EDITABLE,
                files=_FILES,
                commands=("docker build -t site:1 .", "docker build -t site:stable ."),
                says="is another image than site:1",
                line=2,
            ),
            Sample(
                about="The other name is nobody's.",
                check={"reference": "snap", "same_as": "snap:1"},
                commands=("docker create --name box busybox:1.35", "docker commit box snap"),
                says="cannot be the same as snap:1, which is not there",
            ),
            Sample(
                about="It was removed together with another.",
                check={"reference": "snap"},
                commands=(
                    "docker create --name box busybox:1.35",
                    "docker commit box snap && docker commit box other",
                    "docker rmi snap other",
                ),
                says="There is no image snap: line 3 removed it.",
                line=3,
            ),
            Sample(
                about="Another command, and a label that claims to be built.",
                check={"reference": "snap", "cmd": ["true"], "made_by": "build"},
                commands=(
                    "docker create --name box -l made_by=build busybox:1.35",
                    "docker commit box snap",
                ),
                says='CMD ["sh"], not ["true"]',
            ),
            Sample(
                about="It is still there.",
                check={"reference": "snap", "exists": False},
                commands=("docker create --name box busybox:1.35", "docker commit box snap"),
                says="is still there",
            ),
        ),
        malformed=(
            Sample(about="No reference.", check={"made_by": "build"}, says="`reference` is missing"),
            Sample(
                about="The command of what is not there.",
                check={"reference": "a", "exists": False, "cmd": ["a"]},
                says="`exists: false`",
            ),
            Sample(about="An unknown way.", check={"reference": "a", "made_by": "import"}, says="`made_by`"),
            Sample(
                about="A container of an image that is built.",
                check={"reference": "a", "made_by": "build", "from_container": "box"},
                says="`from_container`",
            ),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "ImageMade":
        asked = self.said() - {"kind", "id", "title", "points", "hint", "hidden", "needs", "topics", "blame"}
        if not self.exists and asked - {"reference", "exists"}:
            raise ValueError("says `exists: false`, so nothing else can be asked of it")
        if self.made_by == "build" and self.from_container is not None:
            raise ValueError("takes `from_container` for an image made by commit only")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        if not self.exists:
            return f"{named('image', self.reference)} is gone"
        if self.made_by is not None:
            return f"{named('image', self.reference)} was made by docker {self.made_by}"
        return f"{named('image', self.reference)} is as it should be"

    def looks_at(self) -> EndWants:
        """Its files."""
        paths = (*self.files, *self.files_absent)
        return EndWants(image_files=frozenset((self.reference, path) for path in paths))

    def judge_end(self, end: EndState) -> Verdict:
        """Look for the image, and at how it came to be."""
        found = end.image(self.reference)
        if found is None:
            if not self.exists:
                return verdict_of("", (), right=f"There is no image {self.reference}.")
            names = (reference for one in end.images if not one.base for reference in one.references)
            return not_there(end, "image", self.reference, names, what="image of yours with a name")
        line = last_line_about(end, "image", self.reference, found.id)
        if not self.exists:
            return failed(
                f"The image {self.reference} is still there.",
                expected=f"no image {self.reference}",
                seen=self.reference,
                line=line,
            )
        return verdict_of(
            f"The image {self.reference}",
            self._objections(end, found),
            right="The image is as it should be.",
            line=line,
        )

    def _objections(self, end: EndState, found: EndImage) -> Iterator[Objection]:
        yield from self._about_making(end, found)
        yield from self._about_config(found)
        yield from self._about_files(found)

    def _about_making(self, end: EndState, found: EndImage) -> Iterator[Objection]:
        if self.made_by is not None and found.made_by != self.made_by:
            if found.base:
                yield Objection(f"is a base image of the lab; docker {self.made_by} made none of this name")
            else:
                yield Objection(
                    f"was made by docker {found.made_by}, not by docker {self.made_by}",
                    f"docker {self.made_by}",
                    f"docker {found.made_by}",
                )
        if self.from_container is not None and found.from_container != self.from_container:
            told = f"the container {found.from_container}" if found.from_container else "no container"
            yield Objection(
                f"was made from {told}, not from {self.from_container}",
                f"container {self.from_container}",
                told,
            )
        yield from self._about_sameness(end, found)
        if self.made_from is not None and not _stands_on(end, found, self.made_from):
            below = _what_it_stands_on(end, found)
            yield Objection(
                f"does not stand on {self.made_from}; it stands on {below}", f"from {self.made_from}", f"from {below}"
            )

    def _about_sameness(self, end: EndState, found: EndImage) -> Iterator[Objection]:
        if self.same_as is None:
            return
        other = end.image(self.same_as)
        if other is None:
            yield Objection(
                f"cannot be the same as {self.same_as}, which is not there", f"an image {self.same_as}", "none"
            )
        elif other.id != found.id:
            told = listed([one for one in found.references if with_tag(one) != with_tag(self.reference)])
            yield Objection(
                f"is another image than {self.same_as}",
                f"{self.reference} and {self.same_as}: one image",
                f"{self.reference} is also called: {told}" if told else f"{self.reference} has no other name",
                hint="Two names of one image have the same IMAGE ID in `docker images`.",
            )

    def _about_config(self, found: EndImage) -> Iterator[Objection]:
        for keyword, wanted, words in (
            ("CMD", self.cmd, found.cmd),
            ("ENTRYPOINT", self.entrypoint, found.entrypoint),
        ):
            if wanted is not None and (words or ()) != wanted:
                told, asked = as_list(words) if words else "none", as_list(wanted) if wanted else "none"
                yield Objection(f"has the {keyword} {told}, not {asked}", f"{keyword} {asked}", f"{keyword} {told}")
        yield from differences("variable", self.env, found.env)
        yield from differences("label", self.labels, found.labels)
        for what, text, value in (
            ("WORKDIR", self.workdir and plain_path(self.workdir), plain_path(found.workdir or "/")),
            ("USER", self.user, found.user),
        ):
            if text is not None and text != value:
                yield Objection(f"has the {what} {value or 'of root'}, not {text}", f"{what} {text}", f"{what} {value}")
        missing = [port for port in self.exposed if _port(port) not in found.exposed_ports]
        if missing:
            told = " ".join(found.exposed_ports) or "no port"
            yield Objection(f"declares {told}, not {listed(missing)}", f"EXPOSE {' '.join(missing)}", told)

    def _about_files(self, found: EndImage) -> Iterator[Objection]:
        for path, texts in self.files.items():
            file = found.files.get(path)
            if file is None:
                yield Objection(f"holds no {path}", path, f"no {path}")
            elif texts and file.kind is not FileKind.FILE:
                yield Objection(f"has at {path} a {file.kind.value}, not a file", path, file.kind.value)
            elif missing := [text for text in texts if text not in file.text]:
                yield Objection(
                    f"holds in {path} {quoted(file.text)}, without {listed([quoted(text) for text in missing])}",
                    "\n".join(missing),
                    file.text[:2000],
                )
        there = [path for path in self.files_absent if found.files.get(path) is not None]
        if there:
            yield Objection(f"holds {listed(there)}, which should not be in it", "", listed(there))


def _port(text: str) -> str:
    return text if "/" in text else f"{text}/tcp"


def _stands_on(end: EndState, found: EndImage, reference: str) -> bool:
    """Whether an image was made from another, directly or not, by what the session noted or by its layers."""
    wanted = end.image(reference)
    if wanted is None or wanted.id == found.id:
        return False
    if any(one.id == wanted.id for one in _ancestors(end, found)):
        return True
    begins = found.layers[: len(wanted.layers)] == wanted.layers
    return begins and (wanted.base or len(found.layers) > len(wanted.layers) or not found.parent)


def _ancestors(end: EndState, found: EndImage) -> Iterator[EndImage]:
    by_id = {one.id: one for one in end.images}
    seen = {found.id}
    while (parent := by_id.get(found.parent)) is not None and parent.id not in seen:
        seen.add(parent.id)
        yield parent
        found = parent


def _what_it_stands_on(end: EndState, found: EndImage) -> str:
    parents = [reference for one in _ancestors(end, found) for reference in one.references]
    below = [
        reference
        for one in end.images
        if one.base and one.id != found.id and found.layers[: len(one.layers)] == one.layers
        for reference in one.references
    ]
    return listed(list(dict.fromkeys([*parents, *below]))) or "nothing that is there still"
