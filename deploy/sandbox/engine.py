#!/usr/bin/env python3
"""Starts, stops and looks after a sandbox engine: a dockerd of its own in which submissions are built and run.

    engine.py run    --name NAME --root DIR    in the foreground, for a supervisor
    engine.py start  --name NAME --root DIR    in the background, back when it is ready
    engine.py stop | status | clean  --name NAME --root DIR

Needs root, Python 3.11 and Debian's docker.io; nothing from a virtual environment.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[0] = str(REPOSITORY)

from deploy.sandbox import cgroups, daemon, disk, gate, namespaces, needs  # noqa: E402 - after the path is set
from deploy.sandbox.api import EngineApi  # noqa: E402
from deploy.sandbox.instance import PROTECTIONS, EngineTrouble, Instance  # noqa: E402

NOT_RUNNING = 3
START_ANEW = 75  # what sysexits.h calls a temporary failure
KEEP_RUNNING = ("sh", "-c", f'while :; do "$@"; code=$?; [ $code = {START_ANEW} ] || exit $code; done', "engine")
STOP_SECONDS = daemon.SHUTDOWN_SECONDS + 7


def run(instance: Instance) -> int:
    """Be the engine until it is told to stop (0), dockerd ends by itself (1), or must be started anew (75)."""
    needs.check(instance)
    # Images and control groups are read by remapped users: a supervisor's stricter mask would lock them out.
    os.umask(0o022)
    instance.root.mkdir(parents=True, exist_ok=True)
    with _held_lock(instance):
        stopping: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: stopping.append(number))
        namespaces.unshare(namespaces.CLONE_NEWNS)
        namespaces.make_mounts_private()
        needs.ensure_remap_user()
        disk.mount(instance)
        cgroups.prepare(instance)
        init_pid = daemon.spawn(instance)
        try:
            gate_alive = None if "network" in instance.without else gate.spawn(instance, init_pid)
            daemon.open_when_ready(instance, init_pid)
            _take_wishes(instance)
            print(f"The sandbox engine '{instance.name}' is ready at {instance.url}", flush=True)
            return _watch(instance, init_pid, gate_alive, stopping)
        finally:
            cgroups.empty(instance)  # containers are ephemeral: dockerd need not wait for them to listen
            _end(init_pid)
            instance.socket.unlink(missing_ok=True)
            instance.restart_file.unlink(missing_ok=True)
            instance.kill_file.unlink(missing_ok=True)
            gate.clear(instance)
            cgroups.remove(instance)


def start(instance: Instance) -> int:
    """Start in the background, anew whenever that is asked for, and return when it is ready."""
    if _is_running(instance) and _answers(instance):
        print(f"The sandbox engine '{instance.name}' runs already at {instance.url}")
        return 0
    needs.check(instance)
    instance.root.mkdir(parents=True, exist_ok=True)
    with instance.log_file.open("wb") as log:
        process = subprocess.Popen(
            [*KEEP_RUNNING, sys.executable, str(Path(__file__).resolve()), "run", *_as_arguments(instance)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
        )
    while not _answers(instance):
        if process.poll() is not None:
            raise EngineTrouble(_last_words(instance, process.returncode))
        time.sleep(0.05)
    print(f"The sandbox engine '{instance.name}' is ready at {instance.url}")
    return 0


def stop(instance: Instance) -> int:
    """Stop it, by force when it does not listen. Stopping what does not run is fine."""
    if not _is_running(instance):
        print(f"The sandbox engine '{instance.name}' is not running.")
        return 0
    pid = _pid(instance)
    _signal(pid, signal.SIGTERM)
    if not _wait_until_stopped(instance, STOP_SECONDS):
        _signal(pid, signal.SIGKILL)
        if not _wait_until_stopped(instance, STOP_SECONDS):
            raise EngineTrouble(f"Process {pid} does not end: look at it with `ps`, then try again.")
    print(f"The sandbox engine '{instance.name}' has stopped.")
    return 0


def status(instance: Instance) -> int:
    """Say whether it runs; 0 when it answers, 3 when it does not."""
    if not _is_running(instance):
        print(f"The sandbox engine '{instance.name}' is not running.")
        return NOT_RUNNING
    if not _answers(instance):
        print(f"The sandbox engine '{instance.name}' is starting or stuck (process {_pid(instance)}).")
        return NOT_RUNNING
    version = EngineApi(instance.url).call("GET", "/version")["Version"]
    print(f"The sandbox engine '{instance.name}' runs Docker {version} at {instance.url} (process {_pid(instance)}).")
    return 0


def clean(instance: Instance) -> int:
    """Stop it and remove all that it has: images, disk, sockets, control group."""
    if os.geteuid() != 0:
        raise EngineTrouble("Cleaning needs root: run this as root, or with sudo.")
    stop(instance)
    cgroups.remove(instance)
    for path in (instance.disk_file, instance.disk_file.with_suffix(".new"), instance.config_file, instance.log_file):
        path.unlink(missing_ok=True)
    shutil.rmtree(instance.loose_data_dir, ignore_errors=True)
    shutil.rmtree(instance.run_dir, ignore_errors=True)
    with contextlib.suppress(OSError):
        instance.root.rmdir()
    print(f"Nothing is left of the sandbox engine '{instance.name}'.")
    return 0


def _take_wishes(instance: Instance) -> None:
    """Make the files that ask for a new start or a kill, for whoever may use the engine's socket, and nobody else."""
    for file in (instance.restart_file, instance.kill_file):
        file.write_text("")
        os.chown(file, -1, instance.socket.stat().st_gid)
        file.chmod(0o660)


@contextlib.contextmanager
def _held_lock(instance: Instance) -> Iterator[None]:
    """Own the instance. The lock is the kernel's, so a killed engine leaves none behind."""
    for folder in (instance.run_dir.parent, instance.run_dir):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    with instance.lock_file.open("a+") as lock:
        deadline = time.monotonic() + 5  # a killed engine's last processes may need a moment to go
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline or _alive(_pid(instance)):
                    raise EngineTrouble(
                        f"The sandbox engine '{instance.name}' runs already (process {_pid(instance)}): "
                        "stop it first, or choose another --name."
                    ) from None
                time.sleep(0.05)
        instance.socket.unlink(missing_ok=True)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _is_running(instance: Instance) -> bool:
    if not instance.lock_file.exists():
        return False
    with instance.lock_file.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _answers(instance: Instance) -> bool:
    return instance.socket.exists() and EngineApi(instance.url, timeout_seconds=10).ping()


def _last_words(instance: Instance, exit_code: int) -> str:
    said = instance.log_file.read_text(errors="replace").strip().splitlines()
    if said and said[-1] == daemon.DIED:
        return " ".join(reversed(said[-2:]))
    return said[-1] if said else f"The engine ended at once with {exit_code}."


def _pid(instance: Instance) -> int:
    text = instance.lock_file.read_text().strip()
    return int(text) if text.isdigit() else 0


def _alive(pid: int) -> bool:
    return pid > 0 and Path(f"/proc/{pid}").exists()


def _signal(pid: int, number: signal.Signals) -> None:
    if pid > 0:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait_until_stopped(instance: Instance, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _is_running(instance):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _watch(instance: Instance, init_pid: int, gate_alive: int | None, stopping: list[int]) -> int:
    """Wait for the engine's end; whatever is not 0 is for a supervisor to start it again."""
    while not stopping:
        if _wants_restart(instance):
            why = instance.restart_file.read_text(errors="replace").strip()
            print(f"A new start was asked for. {why}", file=sys.stderr, flush=True)
            return START_ANEW
        _kill_what_is_stuck(instance)
        ended, _ = os.waitpid(init_pid, os.WNOHANG)
        if ended:
            print("dockerd ended by itself.", file=sys.stderr, flush=True)
            return 1
        if gate_alive is not None and gate.has_ended(gate_alive):
            print("The package gate ended by itself.", file=sys.stderr, flush=True)
            return 1
        time.sleep(0.2)
    return 0


def _kill_what_is_stuck(instance: Instance) -> None:
    """Kill the processes of containers that dockerd itself cannot end any more, because it waits for one of them."""
    try:
        if not instance.kill_file.stat().st_size:
            return
        ids = instance.kill_file.read_text(errors="replace").split()
        instance.kill_file.write_text("")
    except FileNotFoundError:
        return
    for container_id in ids:
        if cgroups.kill_container(instance, container_id):
            print(f"The container {container_id} was stuck, and was killed.", file=sys.stderr, flush=True)


def _wants_restart(instance: Instance) -> bool:
    try:
        return instance.restart_file.stat().st_size > 0
    except FileNotFoundError:
        return False


def _end(init_pid: int) -> None:
    """Ask the engine to end, and after a while end it."""
    deadline = time.monotonic() + daemon.SHUTDOWN_SECONDS
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(init_pid, signal.SIGTERM)
        while os.waitpid(init_pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(init_pid, signal.SIGKILL)
                os.waitpid(init_pid, 0)
                return
            time.sleep(0.05)


def _as_arguments(instance: Instance) -> list[str]:
    arguments = ["--name", instance.name, "--root", str(instance.root)]
    for name in ("memory_mib", "pids", "cpus", "disk_mib", "build_memory_mib", "build_pids"):
        arguments += [f"--{name.replace('_', '-')}", str(getattr(instance, name))]
    if instance.keep:
        arguments.append("--keep")
    for protection in sorted(instance.without):
        arguments += ["--without", protection]
    return arguments


COMMANDS = {"run": run, "start": start, "stop": stop, "status": status, "clean": clean}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in COMMANDS.items():
        command = commands.add_parser(name, help=(function.__doc__ or "").split("\n", 1)[0])
        command.add_argument("--name", required=True, help="keeps this engine apart from others on the machine")
        command.add_argument("--root", required=True, type=Path, help="folder for its disk and configuration")
        command.add_argument("--memory-mib", type=int, default=Instance.memory_mib)
        command.add_argument("--pids", type=int, default=Instance.pids, help="processes and threads at once")
        command.add_argument("--cpus", type=float, default=Instance.cpus)
        command.add_argument("--disk-mib", type=int, default=Instance.disk_mib)
        command.add_argument(
            "--build-memory-mib", type=int, default=0, help="of the memory, what builds may have; 0: all"
        )
        command.add_argument("--build-pids", type=int, default=0, help="of the processes, what builds may have; 0: all")
        command.add_argument("--keep", action="store_true", help="keep containers, volumes and networks over a restart")
        command.add_argument(
            "--without",
            action="append",
            default=[],
            metavar="PROTECTION",
            help=f"for testing only: switch off one of {', '.join(PROTECTIONS)}",
        )
    return parser


def main(arguments: list[str]) -> int:
    """Carry out one command; trouble is one sentence and exit code 1."""
    given = vars(_parser().parse_args(arguments))
    command = COMMANDS[given.pop("command")]
    try:
        instance = Instance(
            **(given | {"root": given["root"].resolve(), "without": frozenset(given["without"])}),
        )
        return command(instance)
    except EngineTrouble as trouble:
        print(trouble, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
