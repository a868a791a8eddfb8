"""Puts into a running Drydock what it needs: images, tables, static files, the course, the demo people."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploy.up.instance import Instance
from deploy.up.programs import site_environment, ways_to_packages
from deploy.up.progress import Progress
from deploy.up.trouble import Trouble

PACK = Path("packs/containerization-review")
DEMO_PEOPLE = (
    ("student", "student1@demo.drydock.test", "demo-student"),
    ("instructor", "instructor@demo.drydock.test", "demo-instructor"),
    ("administrator", "admin@demo.drydock.test", "demo-admin"),
)


def prepare_images(instance: Instance, progress: Progress) -> None:
    """Have the course's base images in every engine."""
    script = str(instance.repository / "deploy/sandbox/images.py")
    for number, engine in enumerate(instance.all_engines, start=1):
        command = [str(instance.python), script, "prepare"]
        command += ["--course", str(instance.repository / PACK / "course.yaml"), "--engine", engine]
        place = f"engine {number} of {len(instance.all_engines)}: "
        _follow(command, ways_to_packages(instance) | os.environ, progress, place)


def manage(instance: Instance, port: int, progress: Progress, *arguments: str) -> None:
    """Run a `manage.py` command as the site would. Raises Trouble with its last words."""
    environment = {**os.environ, **site_environment(instance, port)}
    command = [str(instance.python), str(instance.repository / "manage.py"), *arguments]
    _follow(command, environment, progress, "")


def _follow(command: list[str], environment: dict[str, str], progress: Progress, before: str) -> None:
    last: list[str] = []
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            if text := line.strip():
                last = [*last[-11:], text]
                progress.tell(before + text)
    if process.returncode != 0:
        what = " ".join(Path(word).name for word in command[1:4])
        said = "\n".join(f"    {line}" for line in last)
        raise Trouble(f"`{what}` failed; put right what it says and run it again:\n{said}")
