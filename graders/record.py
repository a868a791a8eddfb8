"""What was seen of one submission as JSON, for a lab's own checker. Documented in docs/custom-checks.md."""

import base64
import json
from collections.abc import Iterable
from typing import Any

from graders.blame import line_of_step
from graders.observations import Observations, SeenRun
from graders.sandbox.base import FileFacts, HttpReply, ImageFacts

SCHEMA = "drydock.record/1"


def record_of(
    seen: Observations, *, builds: Iterable[str], runs: Iterable[str], files: Iterable[tuple[str, str]]
) -> bytes:
    """The record of these builds and runs, with the files that were looked at (run and path), as JSON in UTF-8."""
    looked_at = sorted(files)
    record = {
        "schema": SCHEMA,
        "values": dict(seen.values),
        "submission": {path: _bytes(content) for path, content in seen.files_in.items()},
        "builds": {name: _build(name, seen) for name in builds},
        "runs": {
            name: {
                **_run(seen.runs[name]),
                "files": {path: _file(seen.run_files.get((name, path))) for run, path in looked_at if run == name},
            }
            for name in runs
        },
    }
    return json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8", errors="replace")


def _bytes(content: bytes) -> dict[str, str]:
    """Bytes as text, for those who read, and exactly."""
    return {"text": content.decode("utf-8", errors="replace"), "base64": base64.b64encode(content).decode()}


def _build(name: str, seen: Observations) -> dict[str, Any]:
    result = seen.builds[name]
    image = seen.images.get(name)
    return {
        "ok": result.ok,
        "error": result.error,
        "limit": result.limit.value if result.limit else None,
        "exit_code": result.exit_code,
        "steps": [
            {
                "name": step.name,
                "line": line_of_step(seen.dockerfile(name), step.name),
                "state": step.state.value,
                "log": step.log,
            }
            for step in result.steps
        ],
        "image": _image(image) if image is not None else None,
    }


def _image(image: ImageFacts) -> dict[str, Any]:
    return {
        "size_bytes": image.size_bytes,
        "entrypoint": image.entrypoint,
        "cmd": image.cmd,
        "env": dict(image.env),
        "workdir": image.workdir,
        "user": image.user,
        "exposed_ports": image.exposed_ports,
        "volumes": image.volumes,
        "labels": dict(image.labels),
        "stop_signal": image.stop_signal,
        "history": [{"created_by": row.created_by, "size_bytes": row.size_bytes} for row in image.history],
    }


def _run(run: SeenRun) -> dict[str, Any]:
    result = run.result
    return {
        "build": run.build,
        "exit_code": result.exit_code,
        "limit": result.limit.value if result.limit else None,
        "start_error": result.start_error,
        "seconds": result.seconds,
        "stdout": _bytes(result.stdout),
        "stderr": _bytes(result.stderr),
        "replies": {key: _reply(reply) for key, reply in run.replies.items()},
    }


def _file(found: FileFacts | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "kind": found.kind.value,
        "size_bytes": found.size_bytes,
        "mode": f"{found.mode & 0o7777:04o}",
        "uid": found.uid,
        "gid": found.gid,
        "link_target": found.link_target,
        "content": _bytes(found.content),
        "cut": found.content_cut,
    }


def _reply(reply: HttpReply) -> dict[str, Any]:
    return {
        "status": reply.status,
        "headers": dict(reply.headers),
        "body": _bytes(reply.body),
        "error": reply.error,
        "seconds": reply.seconds,
    }
