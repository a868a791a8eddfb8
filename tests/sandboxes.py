"""Builders for tests of the sandbox: build contexts, and what a real engine said while building."""

import base64
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

BUSYBOX = "busybox:1.35"
TRACES = Path(__file__).parent / "graders/sandbox/traces"


def context(dockerfile: str, files: Mapping[str, bytes] | None = None) -> bytes:
    """A build context as the sandbox gets it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in {"Dockerfile": dockerfile.encode(), **(files or {})}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def traced(name: str) -> list[bytes]:
    """The progress messages of a build that was recorded, Docker 20.10."""
    lines = (json.loads(line) for line in (TRACES / f"{name}.jsonl").read_text().splitlines())
    return [base64.b64decode(line["aux"]) for line in lines if line.get("id") == "moby.buildkit.trace"]
