"""Fetches an image of a registry for engines that cannot reach one.

A sandbox engine has no way out, so a short-lived engine in the machine's own network pulls the image, hands it
over as a tar and is gone again. Nothing is ever built or run on it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.sandbox.api import EngineApi, EngineRefused, image_path
from deploy.sandbox.recipes import Pull
from deploy.sandbox.rootfs import CannotMake

ENGINE = Path(__file__).with_name("engine.py")
PULL_SECONDS = 900


def fetch(recipe: Pull, into: Path) -> None:
    """Write the image, as `docker save` does, to the tar `into`. Raises CannotMake."""
    name = recipe.reference.partition("@")[0]
    repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    by_digest = f"{repository}@{recipe.digest}"
    with _engine_with_network() as engine:
        try:
            for _ in engine.events("POST", "/images/create", query={"fromImage": by_digest}):
                pass
            facts = engine.call("GET", image_path(by_digest) + "/json")
            with into.open("wb") as file:
                engine.download(f"{image_path(facts['Id'])}/get", file)
        except EngineRefused as refused:
            raise CannotMake(
                f"{by_digest} could not be pulled: check the name, the digest and this machine's network. "
                f"The registry's answer: {refused}"
            ) from refused


@contextmanager
def _engine_with_network() -> Iterator[EngineApi]:
    name = f"pull-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="drydock-pull-") as folder:
        places = ["--name", name, "--root", f"{folder}/engine"]
        started = _engine("start", *places, "--without", "network", "--without", "disk")
        try:
            if started.returncode != 0:
                raise CannotMake(f"No engine could be started to pull with. {started.stderr.strip()}")
            yield EngineApi(f"unix:///run/drydock/{name}/docker.sock", timeout_seconds=PULL_SECONDS)
        finally:
            _engine("clean", *places)


def _engine(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, ENGINE, *arguments], capture_output=True, text=True, check=False)
