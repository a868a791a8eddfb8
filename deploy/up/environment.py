"""Makes and keeps the virtual environment as the locked requirements say."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from deploy.up.instance import Instance
from deploy.up.progress import Progress
from deploy.up.trouble import Trouble

STAMP = ".drydock-lock"
LOCKED = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[^]]*\])?==", re.MULTILINE)


def is_current(instance: Instance, lock: str) -> bool:
    """Whether the environment holds what the lock file names."""
    stamp = _stamp(instance, lock)
    return instance.python.exists() and stamp.exists() and stamp.read_text() == fingerprint(instance, lock)


def make(instance: Instance, lock: str, progress: Progress) -> None:
    """Bring the environment to what `lock` names, by hash. Raises Trouble with pip's last words."""
    if not instance.python.exists():
        _run([sys.executable, "-m", "venv", str(instance.venv)], "making the virtual environment")
    file = instance.repository / lock
    total = len(LOCKED.findall(file.read_text()))
    pip = [str(instance.python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    _run_pip([*pip, "--require-hashes", "--no-deps", "-r", str(file)], total, progress)
    # --no-deps: requirements.txt is the list. No build isolation: what builds it is locked, too.
    editable = [*pip, "--quiet", "--no-deps", "--no-build-isolation", "-e", str(instance.repository)]
    _run(editable, "installing Drydock itself")
    _stamp(instance, lock).write_text(fingerprint(instance, lock))


def fingerprint(instance: Instance, lock: str) -> str:
    """Changes when the environment must be brought up to date."""
    pieces = [(instance.repository / name).read_bytes() for name in (lock, "pyproject.toml")]
    return hashlib.sha256(b"\0".join([*pieces, sys.version.encode(), str(instance.repository).encode()])).hexdigest()


def _stamp(instance: Instance, lock: str) -> Path:
    return instance.venv / f"{STAMP}-{Path(lock).stem}"


def _run_pip(command: list[str], total: int, progress: Progress) -> None:
    seen = 0
    last: list[str] = []
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            last = [*last[-20:], line.strip()]
            if line.startswith(("Collecting ", "Requirement already satisfied")):
                seen += 1
                progress.tell(f"{seen} of {total} packages fetched")
            elif line.startswith("Installing collected packages"):
                progress.tell(f"unpacking {total} packages")
    if process.returncode != 0:
        _fail("installing the requirements", "\n".join(last))


def _run(command: list[str], doing: str) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        _fail(doing, done.stdout)


def _fail(doing: str, output: str) -> NoReturn:
    said = "\n".join(f"    {line}" for line in output.strip().splitlines()[-12:])
    raise Trouble(f"pip failed while {doing}; put right what it says and run it again:\n{said}")
