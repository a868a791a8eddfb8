"""What a session owns: the ledger of a student's containers, images, volumes and networks, under their own names.

Ownership is what stands here, never a label or a name on the engine. A name is written down before the object is made,
so that whatever a killed process left behind is found again. The whole is kept as JSON between commands.
"""

import re
from collections.abc import Iterator, Mapping
from secrets import token_hex
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MOST_OLD_NAMES = 500
"""Names on the engine that are remembered although nothing goes by them any more: texts may still tell of them."""


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class OwnContainer(_Kept):
    """A container of the session."""

    name: str
    """As the student knows it, without a slash."""
    engine_name: str
    id: str = ""
    """The engine's, 64 hexadecimal digits; empty between being written down and being made."""
    image: str
    """As it was typed."""
    image_id: str = ""
    made_by: Literal["create", "run"] = "create"
    remove_at_end: bool = False
    """`--rm`: the session removes it when it has ended, as docker does."""


class OwnImage(_Kept):
    """An image that the session made."""

    id: str
    """The engine's, `sha256:…`."""
    made_by: Literal["build", "commit"]
    parent: str = ""
    """Id of the image it was made from, where known."""
    container: str = ""
    """Name of the container that was committed."""


class OwnVolume(_Kept):
    """A volume of the session."""

    name: str
    """As the student knows it; of one without a name, the engine's 64 digits."""
    engine_name: str
    anonymous: bool = False


class OwnNetwork(_Kept):
    """A network of the session."""

    name: str
    engine_name: str
    id: str = ""


class Base(_Kept):
    """A base image of the lab: everybody's, nobody's to remove."""

    reference: str
    """Such as `busybox:1.35`."""
    id: str = ""


class SessionState(_Kept):
    """Everything a session owns and remembers, as JSON."""

    schema_version: Literal[1] = 1
    key: str = Field(default_factory=lambda: token_hex(6))
    """Begins every name of the session on the engine."""
    serial: int = 0
    """How many engine names have been given out."""
    containers: list[OwnContainer] = Field(default_factory=list)
    images: list[OwnImage] = Field(default_factory=list)
    references: dict[str, str] = Field(default_factory=dict)
    """Reference of an own image as the student knows it, with its tag (`web:latest`) -> reference on the engine."""
    reference_ids: dict[str, str] = Field(default_factory=dict)
    """The same reference -> id of the image that it names."""
    volumes: list[OwnVolume] = Field(default_factory=list)
    networks: list[OwnNetwork] = Field(default_factory=list)
    bases: list[Base] = Field(default_factory=list)
    held: str = ""
    """Id of a container that is held still while its files are looked at; see `graders.commands.holding`."""
    files: dict[str, str] = Field(default_factory=dict)
    """The lab's folder: path -> content in base64."""
    history: list[str] = Field(default_factory=list)
    """Lines as typed, for `history`; the last few hundred."""
    names: dict[str, str] = Field(default_factory=dict)
    """Engine names that were given out -> what the student calls it: for putting names back into texts."""

    def engine_name(self, kind: str, shown: str) -> str:
        """Give out a name for the engine, and remember what the student calls it. `kind` is one letter."""
        self.serial += 1
        return self._remembered(f"dd-{self.key}-{kind}{self.serial}", shown)

    def engine_reference(self, shown: str) -> str:
        """Give out a reference for an image on the engine."""
        self.serial += 1
        return self._remembered(f"dd-{self.key}:i{self.serial}", shown)

    def _remembered(self, name: str, shown: str) -> str:
        used = {one for _, one in self.engine_names()}
        old = [one for one in self.names if one not in used]
        for one in old[: len(old) - MOST_OLD_NAMES] if len(old) > MOST_OLD_NAMES else ():
            del self.names[one]
        self.names[name] = shown
        return name

    def container(self, word: str) -> OwnContainer | None:
        """The container with this name, id, or beginning of an id that no other has."""
        word = word.removeprefix("/")
        for one in self.containers:
            if word in {one.name, one.id}:
                return one
        found = [one for one in self.containers if word and one.id.startswith(word)]
        return found[0] if len(found) == 1 else None

    def volume(self, name: str) -> OwnVolume | None:
        """The volume of this name."""
        return next((one for one in self.volumes if one.name == name), None)

    def network(self, word: str) -> OwnNetwork | None:
        """The network with this name, id, or beginning of an id that no other has."""
        for one in self.networks:
            if word in {one.name, one.id}:
                return one
        found = [one for one in self.networks if word and one.id.startswith(word)]
        return found[0] if len(found) == 1 else None

    def image(self, word: str) -> "FoundImage | None":
        """The image with this reference, id, or beginning of an id: the session's own, or a base."""
        reference = with_tag(word)
        if reference in self.references:
            return FoundImage(
                id=self.reference_ids[reference], engine=self.references[reference], reference=reference, own=True
            )
        for base in self.bases:
            if with_tag(base.reference) == reference:
                return FoundImage(id=base.id, engine=base.reference, reference=reference, own=False)
        digits = word.removeprefix("sha256:")
        if re.fullmatch(r"[0-9a-f]{1,64}", digits):
            ids = {one.id: True for one in self.images} | {base.id: False for base in self.bases if base.id}
            found = [(id_, own) for id_, own in ids.items() if id_.removeprefix("sha256:").startswith(digits)]
            if len(found) == 1:
                return FoundImage(id=found[0][0], engine=found[0][0], reference="", own=found[0][1])
        return None

    def references_of(self, image_id: str) -> list[str]:
        """The own references that name an image, in the order in which they were given."""
        return [reference for reference, id_ in self.reference_ids.items() if id_ == image_id]

    def shown_text(self, text: str) -> str:
        """A text of the engine's with every name of this session put back as the student knows it."""
        if f"dd-{self.key}" not in text:
            return text
        return re.sub(rf"dd-{self.key}(?:-[a-z]\d+|:i\d+)", lambda found: self.names.get(found[0], found[0]), text)

    @property
    def looking_name(self) -> str:
        """Name of the container that is made to look into an image or a volume, and is removed at once."""
        return f"dd-{self.key}-look"

    def engine_names(self) -> Iterator[tuple[str, str]]:
        """Everything that was written down, as (kind, name or id on the engine): what ending the session removes."""
        yield "container", self.looking_name  # left by a process that was killed while it looked
        yield from (("container", one.engine_name) for one in self.containers)
        yield from (("image", reference) for reference in self.references.values())
        yield from (("image", one.id) for one in self.images)
        yield from (("volume", one.engine_name) for one in self.volumes)
        yield from (("network", one.engine_name) for one in self.networks)


class FoundImage(BaseModel):
    """What a word for an image led to."""

    model_config = ConfigDict(frozen=True)

    id: str
    engine: str
    """What the engine is to be asked for."""
    reference: str
    """With its tag; empty where it was named by its id."""
    own: bool


def with_tag(reference: str) -> str:
    """The reference with its tag, `latest` where it has none, in the short form that docker shows (`busybox:1.35`)."""
    for prefix in ("docker.io/library/", "index.docker.io/library/", "library/", "docker.io/"):
        if reference.startswith(prefix):
            reference = reference[len(prefix) :]
            break
    if "@" in reference:
        return reference
    return reference if ":" in reference.rsplit("/", 1)[-1] else f"{reference}:latest"


def bases_of(references: Mapping[str, str]) -> list[Base]:
    """The bases of a lab, by reference -> id."""
    return [Base(reference=reference, id=id_) for reference, id_ in references.items()]
