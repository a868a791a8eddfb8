#!/usr/bin/env python3
"""Prepares the base images that a course pack declares: made or fetched once, cached, and loaded into engines.

images.py prepare --course packs/NAME/course.yaml --engine unix:///run/…/docker.sock [--cache DIR]
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import hashlib
import json
import os
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[0] = str(REPOSITORY)

from deploy.sandbox import pull, registries, rootfs  # noqa: E402 - after the path is set
from deploy.sandbox.api import EngineApi, EngineRefused, image_path  # noqa: E402
from deploy.sandbox.recipes import Base, InvalidBases, Tar, load_bases  # noqa: E402
from deploy.sandbox.rootfs import CannotMake  # noqa: E402

DEFAULT_CACHE = Path("/var/cache/drydock")
Say = Callable[[str], None]


def prepare(*, course_file: Path, engine_url: str, cache: Path | None = None, say: Say = print) -> list[str]:
    """Have every base image of the course in the engine; their names. A second run finds all in place.

    Raises InvalidBases for the course file, CannotMake for an image, OSError when no engine answers.
    """
    cache = cache or Path(os.environ.get("DRYDOCK_CACHE") or DEFAULT_CACHE)
    engine = EngineApi(engine_url, timeout_seconds=600)
    engine.call("GET", "/version")
    bases = list(load_bases(course_file).values())
    for number, base in enumerate(bases, start=1):
        tell = partial(_tell, say, f"[{number}/{len(bases)}] {base.image}")
        started = time.monotonic()
        done = _prepare_one(base, course_file.parent, engine, cache, tell)
        tell(f"{done} ({time.monotonic() - started:.1f} s)")
    return [base.image for base in bases]


def _prepare_one(base: Base, folder: Path, engine: EngineApi, cache: Path, tell: Say) -> str:
    digest = base.digest(*_machine_ingredients(base))
    mark = f"drydock recipe {digest}"
    archive = cache / f"{digest}.tar"
    with _locked(cache, digest):
        if not archive.exists():
            tell(_announcement(base))
            unfinished = archive.with_suffix(".part")
            try:
                _obtain(base, folder, unfinished)
                unfinished.rename(archive)
            finally:
                unfinished.unlink(missing_ok=True)
        saved_id = "" if base.recipe.packages else _saved_image_id(archive)
        facts = _inspect(engine, base.image)
        if facts and (facts["Id"] == saved_id or facts["Comment"] == mark):
            return "is there already"
        if saved_id:
            _load(base, archive, saved_id, engine)
        else:
            _import(base, archive, mark, engine)
        if facts:
            _remove_replaced(facts["Id"], engine)
    return f"loaded, {_inspect(engine, base.image)['Size'] / 1e6:.0f} MB"


def _announcement(base: Base) -> str:
    if base.recipe.packages:
        patience = "" if base.recipe.packages.kind == "busybox" else ", which takes about half a minute"
        return f"made from packages{patience} …"
    return f"pulled from {base.recipe.pull.reference} …" if base.recipe.pull else "copied …"


def _machine_ingredients(base: Base) -> list[str]:
    """What of this machine ends up in a packages image: its extra authorities, its sources of packages, its busybox."""
    packages = base.recipe.packages
    if packages is None:
        return []
    if packages.kind == "busybox":
        return [rootfs.busybox_version()]
    authorities = [hashlib.sha256(path.read_bytes()).hexdigest() for path in rootfs.authorities()]
    return [*authorities, *registries.apt_sources(packages.suite), *rootfs.tool_settings(packages.kind).values()]


def _obtain(base: Base, folder: Path, into: Path) -> None:
    tag = base.image.rpartition(":")[2]
    if base.recipe.packages:
        rootfs.make(base.recipe.packages, tag, into)
    elif base.recipe.pull:
        pull.fetch(base.recipe.pull, into)
    elif base.recipe.tar:
        _copy_checked(base.recipe.tar, folder, into)


def _copy_checked(recipe: Tar, folder: Path, into: Path) -> None:
    source = folder / recipe.path
    if not source.is_file():
        raise CannotMake(f"{source} is missing: put the tar there, or correct `path`.")
    digest = hashlib.sha256()
    with source.open("rb") as reading, into.open("wb") as writing:
        while chunk := reading.read(1024 * 1024):
            digest.update(chunk)
            writing.write(chunk)
    if digest.hexdigest() != recipe.sha256:
        raise CannotMake(
            f"{source} is not the tar that the course names: its sha256 is {digest.hexdigest()}, not {recipe.sha256}."
        )


def _import(base: Base, archive: Path, mark: str, engine: EngineApi) -> None:
    """Make an image of a root filesystem. Its comment says what it was made from: a label would be inherited."""
    repository, _, tag = base.image.rpartition(":")
    query = {"fromSrc": "-", "repo": repository, "tag": tag, "message": mark, "changes": _changes(base)}
    with archive.open("rb") as body:
        for _ in engine.events("POST", "/images/create", query=query, body=body):
            pass


def _load(base: Base, archive: Path, image_id: str, engine: EngineApi) -> None:
    """Load what `docker save` wrote, and name it as the course does."""
    with archive.open("rb") as body:
        for _ in engine.events("POST", "/images/load", body=body):
            pass
    repository, _, tag = base.image.rpartition(":")
    engine.call("POST", image_path(image_id) + "/tag", query={"repo": repository, "tag": tag})


def _remove_replaced(image_id: str, engine: EngineApi) -> None:
    """Let go of what had the name before; where something still uses it, it stays."""
    try:
        engine.call("DELETE", image_path(image_id))
    except EngineRefused as refused:
        if refused.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
            raise


def _changes(base: Base) -> list[str]:
    kind = base.recipe.packages.kind if base.recipe.packages else "busybox"
    env = rootfs.DEFAULT_ENV[kind] | base.recipe.env
    cmd = base.recipe.cmd if base.recipe.cmd is not None else rootfs.DEFAULT_CMD[kind]
    quoted = ", ".join(f'"{part}"' for part in cmd)
    return [f'ENV {name}="{value}"' for name, value in env.items()] + [f"CMD [{quoted}]"]


def _inspect(engine: EngineApi, image: str) -> dict[str, Any]:
    """What the engine knows of an image; empty when it has none of that name."""
    try:
        facts: dict[str, Any] = engine.call("GET", image_path(image) + "/json")
    except EngineRefused as refused:
        if refused.status == HTTPStatus.NOT_FOUND:
            return {}
        raise
    return facts


def _saved_image_id(archive: Path) -> str:
    """The id of the image in what `docker save` wrote; empty for a root filesystem."""
    try:
        with tarfile.open(archive) as tar:
            if "manifest.json" not in tar.getnames():
                return ""
            manifest = tar.extractfile("manifest.json")
            images = json.load(manifest) if manifest else []
        (image,) = images
        return "sha256:" + str(image["Config"]).rpartition("/")[2].removesuffix(".json")
    except (tarfile.TarError, ValueError, KeyError, TypeError) as error:
        archive.unlink()
        raise CannotMake(
            "The tar is neither a root filesystem nor one image as `docker save` writes it: make it anew with either."
        ) from error


@contextmanager
def _locked(cache: Path, digest: str) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: list[str]) -> int:
    """Carry out `prepare`; trouble is a sentence and exit code 1."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("prepare", help="have every base image of a course in an engine")
    command.add_argument("--course", required=True, type=Path, help="the pack's course.yaml")
    command.add_argument("--engine", required=True, help="unix:///path/docker.sock or tcp://host:port")
    command.add_argument("--cache", type=Path, help=f"where tars are kept (DRYDOCK_CACHE, else {DEFAULT_CACHE})")
    given = parser.parse_args(arguments)
    try:
        prepare(course_file=given.course, engine_url=given.engine, cache=given.cache, say=_print_now)
    except (InvalidBases, CannotMake, EngineRefused) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except OSError as error:
        print(_plainly(error, given.engine), file=sys.stderr)
        return 1
    return 0


def _plainly(error: OSError, engine_url: str) -> str:
    if error.errno == errno.ENOSPC:
        return "The disk is full: free some space where the images are cached (DRYDOCK_CACHE), then run this again."
    if error.filename:
        return f"{error.filename}: {error.strerror}."
    return (
        f"No engine answers at {engine_url} ({error.strerror or error}): start one with deploy/sandbox/engine.py start."
    )


def _tell(say: Say, place: str, text: str) -> None:
    say(f"{place}: {text}")


def _print_now(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
