"""Baseline: the engine calls of the measures' lab, one after the other with the Docker SDK. Imports nothing of ours.

What the lab does: build the image; run it with a greeting and ask it five times; run it again on another port with a
read-only root and ask once; look at who it runs as and at the image's size; remove everything.
"""

import io
import json
import tarfile
import time
import uuid
from pathlib import Path
from typing import Any

import docker

PROBE = "busybox:1.35"
HARDENED: dict[str, Any] = {
    "network_mode": "none",
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "mem_limit": "128m",
    "memswap_limit": "128m",
    "pids_limit": 32,
    "nano_cpus": 1_000_000_000,
}


def run(engine: str, lab: Path) -> float:
    """Do the lab's work once; returns the seconds it took."""
    client = docker.DockerClient(base_url=engine)
    context = _context(lab)
    started = time.monotonic()
    image = _build(client, context)
    try:
        _serve(
            client, image, {"GREETING": "Ahoy"}, 8000, ["/health", "/greet/Ada", "/motto", "POST /notes", "/notes/1"]
        )
        _serve(client, image, {"PORT": "9321"}, 9321, ["/health"], read_only=True)
        client.images.get(image).history()
    finally:
        client.api.remove_image(image, force=True)
    seconds = time.monotonic() - started
    client.close()
    return seconds


def _context(lab: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.add(lab / "solutions" / "reference" / "Dockerfile", "Dockerfile")
        tar.add(lab / "starter" / "app", "app")
    return buffer.getvalue()


def _build(client: docker.DockerClient, context: bytes) -> str:
    """Build with BuildKit over the plain API, as ENGINE's own CLI would ask for it; returns the image's name."""
    name = f"bench-{uuid.uuid4().hex[:12]}"
    query = {"version": "2", "nocache": "1", "networkmode": "none", "t": name, "buildid": name}
    url = f"{client.api.base_url}/v{client.api.api_version}/build"
    with client.api.post(
        url, params=query, data=context, headers={"Content-Type": "application/x-tar"}, stream=True
    ) as r:
        r.raise_for_status()
        for line in r.iter_lines():
            if b'"error"' in line and "error" in json.loads(line):
                raise RuntimeError(json.loads(line)["error"])
    return name


def _serve(
    client: docker.DockerClient, image: str, env: dict[str, str], port: int, asks: list[str], *, read_only: bool = False
) -> None:
    server = client.containers.run(image, detach=True, environment=env, read_only=read_only, **HARDENED)
    try:
        beside = {**HARDENED, "network_mode": f"container:{server.id}"}
        probe = client.containers.run(PROBE, ["sleep", "60"], detach=True, read_only=True, **beside)
        try:
            for ask in asks:
                _ask(probe, ask, port)
            server.top()
        finally:
            probe.remove(force=True, v=True)
    finally:
        server.remove(force=True, v=True)


def _ask(probe: Any, ask: str, port: int) -> None:
    method, _, path = ask.rpartition(" ")
    post = ["--post-data", '{"text": "buy rope"}'] if method == "POST" else []
    for _ in range(200):
        code, _output = probe.exec_run(["wget", "-q", "-O", "-", *post, f"http://127.0.0.1:{port}{path}"])
        if code == 0:
            return
        time.sleep(0.02)
    raise RuntimeError(f"{path} was never answered on port {port}")
