"""`make up`: from a bare machine to a running Drydock, step by step, and safe to run again."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from deploy.up import content, environment, frontend, machine, packages, ports, programs
from deploy.up.instance import Instance
from deploy.up.progress import Progress
from deploy.up.supervision import Supervisor
from deploy.up.trouble import Trouble

LOCK = "requirements.txt"
ENGINE_SECONDS = 90
READY_SECONDS = 120


def up(instance: Instance) -> None:
    """Install, build, start and fill what is not there yet, and say where it is. Raises Trouble."""
    wanted = packages.missing(packages.needs_for_up(instance))
    machine.check(instance, wanted)
    with only_one(instance):
        _up(instance, wanted)


def _up(instance: Instance, wanted: list[str]) -> None:
    began = time.monotonic()
    progress = Progress(total=10 - instance.production)
    prepare(instance, wanted, progress)
    if not instance.given_engines:
        machine.check_iptables()

    supervisor = Supervisor(instance)
    with progress.step("Starting Redis and the sandbox engines"):
        port, why = ports.choose(instance)
        if why:
            progress.say(why)
        everything = programs.all_programs(instance, port)
        for name in supervisor.ensure(everything):
            progress.say(f"{name} has changed and is started again")
        supervisor.start((program.name for program in programs.services(instance)), progress.tell)
        wait_for_engines(instance, progress)
    with progress.step("Preparing the base images"):
        content.prepare_images(instance, progress)
    with progress.step("Bringing the database up to date"):
        content.manage(instance, port, progress, "migrate", "--no-input")
    with progress.step("Collecting static files"):
        content.manage(instance, port, progress, "collectstatic", "--no-input")
    with progress.step(f"Loading the course pack {content.PACK.name}"):
        content.manage(instance, port, progress, "course", "sync", str(instance.repository / content.PACK), "--yes")
    if not instance.production:
        with progress.step("Making the demo people"):
            content.manage(instance, port, progress, "seed_demo")
    with progress.step("Starting web, workers and sweeper"):
        supervisor.start((program.name for program in programs.site(instance, port)), progress.tell)
        address = programs.site_environment(instance, port)["SITE_URL"]
        wait_until_ready(instance, port, supervisor, progress)
    _say_where(instance, address, time.monotonic() - began)


def prepare(instance: Instance, wanted: list[str], progress: Progress, lock: str = LOCK) -> None:
    """The first steps, shared with `make test`: packages, virtual environment, front end."""
    with progress.step("Installing what is missing" if wanted else "Looking for what is missing: nothing is"):
        if wanted:
            packages.install(wanted, progress)
    current = environment.is_current(instance, lock)
    with progress.step("The virtual environment is up to date" if current else "Making the virtual environment"):
        if not current:
            environment.make(instance, lock, progress)
    current = frontend.is_current(instance)
    with progress.step("The front end is up to date" if current else "Building the front end"):
        if not current:
            frontend.build(instance, progress)


def wait_for_engines(instance: Instance, progress: Progress) -> None:
    """Return when every engine of ours takes connections. Raises Trouble."""
    deadline = time.monotonic() + ENGINE_SECONDS
    total = len(instance.all_engines)
    while waiting := [url for url in instance.all_engines if not _exists(url)]:
        if time.monotonic() > deadline:
            raise Trouble(
                f"{len(waiting)} of {total} sandbox engines are not ready after {ENGINE_SECONDS} s: "
                f"read engine-*.log in {instance.log_dir}, put right what it says and run `make up` again."
            )
        progress.tell(f"{total - len(waiting)} of {total} engines are ready")
        time.sleep(0.2)


def wait_until_ready(instance: Instance, port: int, supervisor: Supervisor, progress: Progress) -> None:
    """Return when the site says that all its parts are there. Raises Trouble naming what ended or is not there."""
    deadline = time.monotonic() + READY_SECONDS
    began_as = supervisor.pids()
    while True:
        parts = readiness(instance, port)
        if parts and parts["status"] == "ready":
            return
        if ended := [name for name, pid in supervisor.pids().items() if pid != began_as[name]]:
            raise Trouble(supervisor.why_not(ended))
        if time.monotonic() > deadline:
            listed = (parts or {}).get("parts", {})
            lacking = [f"{name} ({part['detail']})" for name, part in listed.items() if not part["ok"]]
            raise Trouble(
                f"The site is not ready after {READY_SECONDS} s: {', '.join(lacking) or 'it does not answer'}. "
                "Read `make logs`, put right what it says and run `make up` again."
            )
        if parts:
            progress.tell(f"the site is {parts['status']}, waiting for all its parts")
        time.sleep(0.3)


def readiness(instance: Instance, port: int) -> dict[str, Any] | None:
    """What /readyz says; None where nothing answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(instance.bind, instance.bind)
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/readyz", timeout=10) as reply:
            return dict(json.load(reply))
    except urllib.error.HTTPError as error:
        with contextlib.suppress(ValueError):
            return dict(json.load(error))
    except (OSError, ValueError):
        pass
    return None


@contextlib.contextmanager
def only_one(instance: Instance) -> Iterator[None]:
    """Let one command at a time change this instance. Raises Trouble."""
    instance.data.mkdir(parents=True, exist_ok=True)
    with (instance.data / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Trouble(
                f"Another command is bringing this Drydock up or down (process {lock.read().strip()}): wait for it."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _exists(url: str) -> bool:
    return not url.startswith("unix://") or os.path.exists(url.removeprefix("unix://"))  # noqa: PTH110 - a plain question


def _say_where(instance: Instance, address: str, seconds: float) -> None:
    print(f"\nDrydock is up at {address}  ({seconds:.0f} s)\n")
    if not instance.production:
        print("Sign in as")
        for role, email, password in content.DEMO_PEOPLE:
            print(f"  {role:<14} {email:<30} {password}")
        print()
    print("`make demo` drives it through its API, `make status` and `make logs` watch it, `make down` stops it.")
