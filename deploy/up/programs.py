"""Which programs make up a running Drydock, as supervisord's configuration."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.up.instance import Instance

SETTINGS = Path("platform/config/settings.py")
READ_VARIABLE = re.compile(r"""\benv(?:\.\w+)?\(\s*["']([A-Z][A-Z0-9_]*)["']""")
PACKAGE_VARIABLE = re.compile(
    r"DRYDOCK_PACKAGES_\w+|PIP_\w+|NPM_CONFIG_\w+|(HTTP|HTTPS|NO)_PROXY|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS",
    re.IGNORECASE,
)
CODE = {
    "site": ("platform", "labs", "quizzes", "graders", "manage.py", "requirements.txt"),
    "engine": ("deploy/sandbox",),
}
SYSTEM_PYTHON = sys.executable
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SWEEP_SECONDS = 5
TEND_SECONDS = 2
CONSOLE_NAME = "main"
"""What sessions call their engine, which the worker's queue is named after."""
CONSOLE_THREADS = 16
"""Lines that are carried out at once: most of each is waiting for the engine."""
AUTHOR_QUEUE = "authoring"
"""What the worker that reads course files listens to (platform/authoring/calling.py)."""
CONSOLE_ENGINE = (
    *("--keep", "--memory-mib", "1280", "--pids", "2048", "--cpus", "1.5", "--disk-mib", "8000"),
    *("--build-memory-mib", "384", "--build-pids", "256"),
)
"""What the engine that sessions share is started with: sessions outlive it, and there are many of them."""
LOG_BYTES = 5_000_000
OLD_LOGS = 3


@dataclass(frozen=True)
class Program:
    """One supervised program. It is started again when its command, environment or code changes."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: int = 15
    whole_group: bool = True


def all_programs(instance: Instance, port: int) -> list[Program]:
    """Every program of this instance, in the order in which they start."""
    return [*services(instance), *site(instance, port)]


def services(instance: Instance) -> list[Program]:
    """Redis and the sandbox engines, where they are ours."""
    found = []
    if instance.given_redis is None:
        found.append(Program("redis", tuple(redis_command(instance)), {"PATH": SYSTEM_PATH}))
    code = ways_to_packages(instance) | {"DRYDOCK_CODE": code_fingerprint(instance.repository, CODE["engine"])}
    engines: dict[str, tuple[str, tuple[str, ...]]] = {
        f"engine-{number}": (name, ()) for number, name in enumerate(instance.engine_names)
    }
    if name := instance.console_engine_name:
        engines["engine-console"] = (name, CONSOLE_ENGINE)
    for program, (name, choices) in engines.items():
        command = (
            SYSTEM_PYTHON,
            str(instance.repository / "deploy/sandbox/engine.py"),
            "run",
            *("--name", name, "--root", str(instance.engine_root(name))),
            *choices,
        )
        # The engine ends what it started by itself; a signal to the whole group would end dockerd under it.
        found.append(Program(program, command, code, stop_seconds=40, whole_group=False))
    return found


def ways_to_packages(instance: Instance) -> dict[str, str]:
    """What an engine needs to ask pip, apt and npm where they fetch from on this machine."""
    given = {name: value for name, value in instance.environment.items() if PACKAGE_VARIABLE.fullmatch(name)}
    return {**given, "PATH": SYSTEM_PATH, "HOME": os.environ.get("HOME", "/root")}


def site(instance: Instance, port: int) -> list[Program]:
    """Web, a worker for each engine, what consoles need, and the sweeper."""
    shared = site_environment(instance, port) | {
        "DRYDOCK_CODE": code_fingerprint(instance.repository, CODE["site"]),
        "PROMETHEUS_MULTIPROC_DIR": str(instance.run_dir / "metrics"),
    }
    binaries = instance.venv / "bin"
    web = Program(
        "web",
        (str(binaries / "gunicorn"), "--config", "python:config.server", "config.wsgi:application"),
        shared,
        stop_seconds=35,
        whole_group=False,  # gunicorn lets requests finish
    )
    workers = [
        Program(
            f"worker-{number}",
            (
                *(str(binaries / "celery"), "-A", "config", "worker", "--queues", "grading", "--concurrency", "1"),
                *("--hostname", f"worker-{number}@{instance.name}", "--without-mingle", "--without-gossip"),
            ),
            shared | {"SANDBOX_ENGINE": engine, "WORKER_NAME": f"worker-{number}@{instance.name}"},
            stop_seconds=30,  # then the submission's lease runs out and another worker takes it
            whole_group=False,
        )
        for number, engine in enumerate(instance.engines)
    ]
    sweeper = Program(
        "sweeper",
        (str(instance.python), str(instance.repository / "manage.py"), "sweep", "--every", str(SWEEP_SECONDS)),
        shared,
    )
    return [web, *workers, *consoles(instance, shared), author(instance, shared), sweeper]


def author(instance: Instance, shared: Mapping[str, str]) -> Program:
    """The worker that reads course files and brings them in: apart from grading, since it fetches, and takes time."""
    celery = str(instance.venv / "bin/celery")
    return Program(
        "author",
        (
            *(celery, "-A", "config", "worker", "--pool", "threads", "--concurrency", "1", "--queues", AUTHOR_QUEUE),
            *("--hostname", f"author@{instance.name}", "--without-mingle", "--without-gossip"),
        ),
        {**shared, "WORKER_NAME": f"author@{instance.name}"},
        stop_seconds=30,  # then its lease runs out, and nothing of the course was changed
        whole_group=False,
    )


def consoles(instance: Instance, shared: Mapping[str, str]) -> list[Program]:
    """The worker that carries out what is typed in consoles, and what tends their engine; none without one."""
    engine = instance.console_engine
    if engine is None:
        return []
    binaries = instance.venv / "bin"
    environment = {
        **shared,
        "CONSOLE_ENGINE": engine,
        "CONSOLE_NAME": CONSOLE_NAME,
        "WORKER_NAME": f"console@{instance.name}",
    }
    worker = Program(
        "console-worker",
        (
            *(str(binaries / "celery"), "-A", "config", "worker", "--pool", "threads"),
            *("--concurrency", str(CONSOLE_THREADS), "--queues", f"console,console.{CONSOLE_NAME}"),
            *("--hostname", f"console@{instance.name}", "--without-mingle", "--without-gossip"),
        ),
        environment,
        stop_seconds=30,  # then the line that it is at counts as lost
        whole_group=False,
    )
    tender = Program(
        "console-tender",
        (
            *(str(instance.python), str(instance.repository / "manage.py")),
            *("tend_consoles", "--every", str(TEND_SECONDS)),
        ),
        environment,
    )
    return [worker, tender]


def site_environment(instance: Instance, port: int) -> dict[str, str]:
    """What settings.py reads: what the operator gave, and what follows from this instance."""
    known = settings_variables(instance.repository)
    given = {name: value for name, value in instance.environment.items() if name in known}
    host = "127.0.0.1" if instance.bind in ("0.0.0.0", "::") else instance.bind
    return {
        "SITE_URL": f"http://{f'[{host}]' if ':' in host else host}:{port}",
        "REDIS_URL": f"unix://{instance.redis_socket}?db=0",
        **given,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DRYDOCK_INSTANCE": instance.name,
        "DRYDOCK_DATA": str(instance.data),
        "DRYDOCK_BIND": instance.bind,
        "DRYDOCK_PORT": str(port),
        "SANDBOX_ENGINES": ",".join(instance.engines),
        "WORKERS_EXPECTED": str(len(instance.engines)),
        "CONSOLES_EXPECTED": "1" if instance.console_engine else "0",
        "PYTHONUNBUFFERED": "1",
        "HOME": os.environ.get("HOME", "/root"),
        "PATH": f"{instance.venv / 'bin'}:{SYSTEM_PATH}",
    }


def redis_command(instance: Instance) -> list[str]:
    """Redis on a socket of its own, reachable over no network; it keeps nothing that matters."""
    return [
        *("redis-server", "--port", "0", "--unixsocket", str(instance.redis_socket), "--unixsocketperm", "600"),
        *("--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", str(instance.run_dir)),
        *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction"),
        # A title is written over the environment, by which a process is known as ours.
        *("--set-proc-title", "no"),
    ]


def settings_variables(repository: Path) -> set[str]:
    """The names of the variables that settings.py reads, taken from its text."""
    files = [repository / SETTINGS, *(repository / "platform/config").glob("*.py")]
    return {name for file in files for name in READ_VARIABLE.findall(file.read_text())}


def code_fingerprint(repository: Path, paths: Iterable[str]) -> str:
    """Changes with any source that the program runs."""
    digest = hashlib.sha256()
    for path in paths:
        for file in _sources(repository / path):
            digest.update(f"{file.relative_to(repository)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def configuration(instance: Instance, programs: list[Program]) -> str:
    """The text of supervisord.conf."""
    run = instance.run_dir
    lines = [
        "; Written by `make up`; changes here are lost.",
        "[supervisord]",
        f"pidfile={run / 'supervisord.pid'}",
        f"logfile={instance.log_dir}/supervisord.log",
        f"logfile_maxbytes={LOG_BYTES}",
        f"logfile_backups={OLD_LOGS}",
        f"directory={instance.repository}",
        f"childlogdir={instance.log_dir}",
        "umask=077",
        *(["user=root"] if os.geteuid() == 0 else []),
        "",
        "[unix_http_server]",
        f"file={instance.supervisor_socket}",
        "chmod=0600",
        "",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "",
        "[supervisorctl]",
        f"serverurl=unix://{instance.supervisor_socket}",
    ]
    for program in programs:
        lines += ["", *_section(instance, program)]
    return "\n".join(lines) + "\n"


def write_launches(instance: Instance, programs: list[Program]) -> None:
    """Write what launch.py reads: the command and the whole environment of each program."""
    folder = instance.run_dir / "programs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for program in programs:
        file = folder / f"{program.name}.json"
        file.touch(mode=0o600)
        file.write_text(_launch(program))


def _launch(program: Program) -> str:
    return json.dumps({"command": program.command, "environment": dict(program.environment)}, indent=2) + "\n"


def _section(instance: Instance, program: Program) -> list[str]:
    launch = (
        SYSTEM_PYTHON,
        instance.repository / "deploy/up/launch.py",
        instance.run_dir / f"programs/{program.name}.json",
    )
    digest = hashlib.sha256(_launch(program).encode()).hexdigest()[:16]
    return [
        f"[program:{program.name}]",
        f"command={' '.join(shlex.quote(str(word)) for word in launch)}",
        # The digest makes supervisord start a program again when its command, environment or code has changed.
        f'environment=DRYDOCK_SUPERVISED_BY="{instance.name}",DRYDOCK_PROGRAM_DIGEST="{digest}"',
        f"directory={instance.repository}",
        "autostart=false",
        "autorestart=true",
        "startsecs=2",
        "startretries=3",
        f"stopwaitsecs={program.stop_seconds}",
        f"stopasgroup={str(program.whole_group).lower()}",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={instance.log_dir / program.name}.log",
        f"stdout_logfile_maxbytes={LOG_BYTES}",
        f"stdout_logfile_backups={OLD_LOGS}",
    ]


def _sources(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = []
    for root, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in ("node_modules", "__pycache__", "frontend"))
        found += [Path(root) / name for name in sorted(files) if not name.endswith(".pyc")]
    return found
