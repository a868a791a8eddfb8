"""Which Drydock this is: a clone's own name, places and choices, so that two clones on one machine never meet."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.up.trouble import Trouble

REPOSITORY = Path(__file__).resolve().parents[2]
ENGINES = Path("/run/drydock")
"""Where engines have their sockets, one folder each."""


def run_root_of(user_id: int, runtime_dir: str | None) -> Path:
    """Where sockets live: a socket's path may have 107 bytes, and a clone may lie deeper."""
    return ENGINES if user_id == 0 else Path(runtime_dir or f"/run/user/{user_id}") / "drydock"


RUN_ROOT = run_root_of(os.geteuid(), os.environ.get("XDG_RUNTIME_DIR"))

NAME_RULE = re.compile(r"[a-z0-9][a-z0-9-]{0,33}")
NOT_IN_PATHS = frozenset("%;#\"'\\\n\t")
"""What supervisord's configuration cannot hold in a path."""
MOST_DEFAULT_SLOTS = 3
SLOT_MIB = 1536
"""Memory of an engine with what it builds and runs, and of its worker."""
CONSOLE_MIB = 1536
"""Memory of the engine that consoles share, and of its worker."""
MOST_SLOTS = 64


@dataclass(frozen=True)
class Instance:
    """One clone's running Drydock. `environment` is what the operator gave: the shell's variables over `.env`."""

    name: str
    repository: Path
    data: Path
    environment: Mapping[str, str]

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.repository / ".venv"

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.venv / "bin" / "python"

    @property
    def run_dir(self) -> Path:
        """Sockets and process numbers; gone after `make down`."""
        return RUN_ROOT / self.name

    @property
    def log_dir(self) -> Path:
        """One file a program."""
        return self.data / "log"

    @property
    def supervisor_socket(self) -> Path:
        """Where supervisord takes orders."""
        return self.run_dir / "supervisor.sock"

    @property
    def supervisor_config(self) -> Path:
        """The generated supervisord.conf; it can hold secrets, so only its owner reads it."""
        return self.data / "supervisord.conf"

    @property
    def redis_socket(self) -> Path:
        """Where our own Redis listens."""
        return self.run_dir / "redis.sock"

    @property
    def bind(self) -> str:
        """The address the site listens on."""
        return self.environment.get("DRYDOCK_BIND", "127.0.0.1")

    @property
    def production(self) -> bool:
        """Whether real people use it: then no demo people are made."""
        return self.environment.get("DRYDOCK_ENV") == "production"

    @property
    def given_database(self) -> str | None:
        """A database of the operator's, used instead of SQLite."""
        return self.environment.get("DATABASE_URL") or None

    @property
    def given_redis(self) -> str | None:
        """A Redis of the operator's, used instead of our own."""
        return self.environment.get("REDIS_URL") or None

    @property
    def given_engines(self) -> list[str]:
        """Sandbox engines of the operator's, used instead of our own."""
        return [url.strip() for url in self.environment.get("SANDBOX_ENGINES", "").split(",") if url.strip()]

    @property
    def engine_names(self) -> list[str]:
        """The names of the engines that we start ourselves: one for each slot."""
        return [] if self.given_engines else [f"{self.name}-{number}" for number in range(self.slots)]

    @property
    def engines(self) -> list[str]:
        """The address of each engine, ours or given."""
        return self.given_engines or [f"unix://{ENGINES / name / 'docker.sock'}" for name in self.engine_names]

    @property
    def console_engine_name(self) -> str | None:
        """The name of the engine that we start for consoles; None where engines are the operator's own."""
        own = not self.given_engines and not self.environment.get("CONSOLE_ENGINE")
        return f"{self.name}-console" if own else None

    @property
    def console_engine(self) -> str | None:
        """The address of the engine that consoles share, ours or given; None where there is none."""
        name = self.console_engine_name
        return f"unix://{ENGINES / name / 'docker.sock'}" if name else self.environment.get("CONSOLE_ENGINE") or None

    @property
    def own_engine_names(self) -> list[str]:
        """Every engine that we start ourselves, by name."""
        return [*self.engine_names, *filter(None, [self.console_engine_name])]

    @property
    def all_engines(self) -> list[str]:
        """The address of every engine, for grading and for consoles."""
        return [*self.engines, *filter(None, [self.console_engine])]

    @property
    def slots(self) -> int:
        """How many submissions are graded at once."""
        text = self.environment.get("SANDBOX_SLOTS") or str(
            default_slots(cpus=os.cpu_count() or 1, memory_mib=_memory_mib() - CONSOLE_MIB)
        )
        if not text.isdigit() or not 1 <= int(text) <= MOST_SLOTS:
            raise Trouble(f"SANDBOX_SLOTS is '{text}': set it to a number from 1 to {MOST_SLOTS}.")
        return int(text)

    def engine_root(self, name: str) -> Path:
        """Where an engine of ours keeps its disk."""
        return self.data / "engines" / name

    def recall(self, key: str) -> Any:
        """What an earlier `make up` chose, or None."""
        try:
            return json.loads(self._memory.read_text()).get(key)
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def remember(self, key: str, value: Any) -> None:
        """Keep a choice for the next time."""
        try:
            memory = json.loads(self._memory.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            memory = {}
        memory[key] = value
        self.data.mkdir(parents=True, exist_ok=True)
        new = self._memory.with_suffix(".new")
        new.write_text(json.dumps(memory, indent=2) + "\n")
        new.replace(self._memory)

    @property
    def _memory(self) -> Path:
        return self.data / "instance.json"


def default_slots(*, cpus: int, memory_mib: int) -> int:
    """One more than there are cores, since a grading waits as well, where the memory allows it."""
    return max(1, min(cpus + 1, memory_mib // SLOT_MIB, MOST_DEFAULT_SLOTS))


def _memory_mib() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def find(repository: Path = REPOSITORY, environment: Mapping[str, str] | None = None) -> Instance:
    """The Drydock of this clone, as the environment and its `.env` describe it. Raises Trouble."""
    given = {**read_env_file(repository / ".env"), **(os.environ if environment is None else environment)}
    name = given.get("DRYDOCK_INSTANCE") or default_name(repository)
    if not NAME_RULE.fullmatch(name):
        raise Trouble(f"DRYDOCK_INSTANCE is '{name}': use up to 34 small letters, digits and dashes.")
    data = Path(given.get("DRYDOCK_DATA") or repository / "var").absolute()
    for place in (repository, data):
        if odd := sorted(set(str(place)) & NOT_IN_PATHS):
            raise Trouble(f"{place} has {' '.join(map(repr, odd))} in its name: move it to a plainer one.")
    return Instance(name=name, repository=repository, data=data, environment=given)


def default_name(repository: Path) -> str:
    """`drydock-` and six digits that stand for where the clone lies."""
    return f"drydock-{hashlib.sha256(str(repository).encode()).hexdigest()[:6]}"


def read_env_file(file: Path) -> dict[str, str]:
    """NAME=value lines; comments and blank lines are passed over. Raises Trouble naming the line."""
    if not file.is_file():
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        text = line.strip().removeprefix("export ")
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip()):
            raise Trouble(f"{file.name}, line {number}: write it as NAME=value.")
        value = value.strip()
        if quoted := re.fullmatch(r"([\"'])(.*)\1", value):
            value = quoted[2]
        found[name.strip()] = value
    return found
