"""Base images as a course pack declares them: a true name, and a recipe for making or fetching what it names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

RECIPE_VERSION = 2
"""Raise it when the same recipe should give a different image: caches are keyed by it."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ImageName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+([._/-][a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")
]


class InvalidBases(Exception):
    """The `bases` of a course file cannot be used; one line a problem, each naming where it is."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pull(_Strict):
    """An image of a registry, held to its digest."""

    reference: str
    digest: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class Tar(_Strict):
    """A tar beside the course file: what `docker save` writes, or a root filesystem."""

    path: str
    sha256: Sha256


class Packages(_Strict):
    """An image made of the operating system's own packages.

    `busybox` holds Debian's static busybox with its applets; `debian` a minimal Debian without documentation;
    `python` that, with python3, pip and venv, and a `python` command; `node` that, with Node and npm.
    """

    kind: Literal["busybox", "debian", "python", "node"]
    suite: str = ""
    include: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+.-]+$")], ...] = ()

    @model_validator(mode="after")
    def _suite_fits(self) -> Packages:
        if self.kind == "busybox" and (self.suite or self.include):
            raise ValueError("kind busybox takes neither suite nor include")
        if self.kind != "busybox" and not self.suite:
            raise ValueError(f"kind {self.kind} needs a suite, such as bookworm")
        return self


class Recipe(_Strict):
    """Exactly one way to get the image, and the config it should have when that way brings none."""

    pull: Pull | None = None
    tar: Tar | None = None
    packages: Packages | None = None
    cmd: tuple[str, ...] | None = None
    env: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _exactly_one(self) -> Recipe:
        if sum(way is not None for way in (self.pull, self.tar, self.packages)) != 1:
            raise ValueError("give exactly one of pull, tar and packages")
        return self


class Base(_Strict):
    """A base image that students may build on."""

    image: ImageName
    recipe: Recipe

    def digest(self, *ingredients: str) -> str:
        """What the image depends on, as hex: same digest, same image. `ingredients` are the machine's part."""
        parts = [RECIPE_VERSION, self.model_dump(mode="json"), *ingredients]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def load_bases(course_file: Path) -> dict[str, Base]:
    """The `bases` of a course.yaml by name. Raises InvalidBases."""
    try:
        content = yaml.safe_load(course_file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidBases(f"{course_file} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidBases(f"{course_file} is not YAML: {error}") from error
    declared = content.get("bases") if isinstance(content, dict) else None
    if not isinstance(declared, dict) or not declared:
        raise InvalidBases(f"{course_file} declares no bases: write at least one under `bases:`.")
    bases: dict[str, Base] = {}
    problems: list[str] = []
    for name, fields in declared.items():
        try:
            bases[str(name)] = Base.model_validate(fields)
        except ValidationError as error:
            problems += [
                f"{course_file}: bases.{name}{_place(problem['loc'])}: {problem['msg']}" for problem in error.errors()
            ]
    images = [base.image for base in bases.values()]
    problems += [
        f"{course_file}: bases: {image} is declared twice" for image in {i for i in images if images.count(i) > 1}
    ]
    if problems:
        raise InvalidBases("\n".join(problems))
    return bases


def _place(location: Sequence[Any]) -> str:
    return "".join(f".{part}" for part in location)
