"""Builds the portal's styles and scripts with npm, when their sources changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.up.instance import Instance
from deploy.up.progress import Progress
from deploy.up.trouble import Trouble

FOLDER = Path("platform/portal/frontend")
BUILT = Path("platform/portal/static/portal/build")
STAMP = ".drydock-sources"


def is_current(instance: Instance) -> bool:
    """Whether what is built was built from the sources as they are."""
    stamp = instance.repository / BUILT / STAMP
    return stamp.exists() and stamp.read_text() == fingerprint(instance)


def build(instance: Instance, progress: Progress) -> None:
    """Fetch what the lock file names, and build. Raises Trouble with npm's last words."""
    lock = hashlib.sha256((instance.repository / FOLDER / "package-lock.json").read_bytes()).hexdigest()
    fetched = instance.repository / FOLDER / "node_modules" / ".drydock-lock"
    if not fetched.exists() or fetched.read_text() != lock:
        progress.tell("fetching packages")
        _npm(instance, "ci", "--no-audit", "--no-fund")
        fetched.write_text(lock)
    progress.tell("building")
    _npm(instance, "run", "build")
    built = instance.repository / BUILT
    if not built.is_dir():
        raise Trouble(f"npm run build made nothing in {BUILT}: look at {FOLDER}/package.json.")
    (built / STAMP).write_text(fingerprint(instance))


def fingerprint(instance: Instance) -> str:
    """Changes with any source of the front end."""
    digest = hashlib.sha256()
    for file in _sources(instance.repository / FOLDER):
        digest.update(str(file.relative_to(instance.repository)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ("node_modules", ".git"))
        yield from (Path(root) / name for name in sorted(files))


def _npm(instance: Instance, *arguments: str) -> None:
    done = subprocess.run(
        ["npm", *arguments],
        cwd=instance.repository / FOLDER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines()
        told = [line.strip() for line in lines if "ERR" in line.upper()] or lines  # a stack trace says less
        raise Trouble(f"npm {arguments[0]} failed: {' '.join(told[:4])} Put that right and run it again.")
