"""A `pull` recipe brings an image from a registry into an engine that cannot reach one."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploy.sandbox import images
from deploy.sandbox.api import EngineApi, image_path
from deploy.sandbox.rootfs import CannotMake

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def one_file_layer() -> bytes:
    text = io.BytesIO()
    with tarfile.open(fileobj=text, mode="w") as tar:
        member = tarfile.TarInfo("hello.txt")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"hello"))
    return text.getvalue()


@pytest.fixture
def registry() -> Iterator[tuple[str, str]]:
    """A registry on loopback with one image; its `host:port/name:tag` and its digest."""
    layer = one_file_layer()
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["/hello"]},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]},
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": len(config),
                "digest": digest_of(config),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.docker.image.rootfs.diff.tar",
                    "size": len(layer),
                    "digest": digest_of(layer),
                }
            ],
        }
    ).encode()
    contents = {
        "/v2/": (b"{}", "application/json"),
        f"/v2/hello/manifests/{digest_of(manifest)}": (manifest, MANIFEST),
        f"/v2/hello/blobs/{digest_of(config)}": (config, "application/octet-stream"),
        f"/v2/hello/blobs/{digest_of(layer)}": (layer, "application/octet-stream"),
    }

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content, kind = contents.get(self.path, (b"", ""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Docker-Content-Digest", digest_of(content))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}/hello:1", digest_of(manifest)
        server.shutdown()


def course(folder: Path, reference: str, digest: str) -> Path:
    file = folder / "course.yaml"
    file.write_text(
        f"bases:\n  hello:\n    image: pulled-hello:1\n"
        f"    recipe: {{pull: {{reference: '{reference}', digest: '{digest}'}}}}\n"
    )
    return file


@pytest.mark.engine
def test_a_pulled_image_is_held_to_its_digest_and_cached(
    engine_url: str, registry: tuple[str, str], tmp_path: Path
) -> None:
    api = EngineApi(engine_url)
    said: list[str] = []
    try:
        for _ in range(2):
            images.prepare(
                course_file=course(tmp_path, *registry), engine_url=engine_url, cache=tmp_path, say=said.append
            )
        facts = api.call("GET", image_path("pulled-hello:1") + "/json")
        assert facts["Config"]["Cmd"] == ["/hello"]
        assert facts["RepoTags"] == ["pulled-hello:1"]
        assert "is there already" in said[-1]
    finally:
        api.call("DELETE", image_path("pulled-hello:1"))
    assert not [folder for folder in Path("/run/drydock").iterdir() if folder.name.startswith("pull-")]


@pytest.mark.engine
def test_another_digest_is_refused_in_a_sentence(engine_url: str, registry: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(CannotMake, match="could not be pulled: check the name, the digest and this machine's network"):
        images.prepare(
            course_file=course(tmp_path, registry[0], "sha256:" + "0" * 64), engine_url=engine_url, cache=tmp_path
        )
    assert not list(tmp_path.glob("*.tar"))
