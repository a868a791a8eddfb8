"""`make lock`: pins every requirement by version and hash, and names no address."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from deploy.up.instance import Instance
from deploy.up.trouble import Trouble

SOURCES = ("requirements.in", "requirements-dev.in")
NO_ADDRESSES = ("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host", "--no-header")
ADDRESS = re.compile(r"https?://|^\s*(--(extra-)?index-url|--find-links|--trusted-host|-i |-f )|\bgit\+", re.MULTILINE)
NODE_LOCK = "platform/portal/frontend/package-lock.json"


def lock(instance: Instance) -> None:
    """Compile both lists anew. Raises Trouble with pip-compile's last words."""
    compiler = instance.venv / "bin/pip-compile"
    if not compiler.exists():
        raise Trouble("pip-compile is not installed yet: run `make test` once, or `make check`.")
    for source in SOURCES:
        print(f"Locking {source} …", flush=True)
        command = [
            str(compiler),
            "--quiet",
            "--generate-hashes",
            "--allow-unsafe",
            "--strip-extras",
            *NO_ADDRESSES,
            source,
        ]
        done = subprocess.run(command, cwd=instance.repository, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Trouble(f"pip-compile {source} failed: {' '.join(done.stderr.strip().splitlines()[-3:])}")
    for problem in problems(instance.repository):
        print(problem)


def problems(repository: Path) -> list[str]:
    """Where a lock names an address, which only the machine's own configuration may do."""
    found = []
    for name in (*SOURCES, *(source.replace(".in", ".txt") for source in SOURCES), NODE_LOCK):
        text = (repository / name).read_text()
        lines = [number for number, line in enumerate(text.splitlines(), 1) if ADDRESS.search(line)]
        if name == NODE_LOCK:  # packages name their makers' sites under "funding"
            lines = [number for number, line in enumerate(text.splitlines(), 1) if '"resolved": "http' in line]
        found += [f"{name}, line {number}: a lock names no address; run `make lock`." for number in lines]
    return found
