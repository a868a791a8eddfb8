"""Carries out `docker stats --no-stream`: what containers use of processor, memory and disk at one moment."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from graders.commands.amounts import memory_size, short_id, size
from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.model import Command, CommandRefused
from graders.commands.state import OwnContainer
from graders.commands.tables import Listing
from graders.commands.templates import Row, Value
from graders.commands.verbs.listing import listed
from graders.commands.verbs.targets import ask, own_container

STATS = Listing(
    type_name="*container.statsContext",
    headings={
        "Container": "CONTAINER",
        "ID": "CONTAINER ID",
        "Name": "NAME",
        "CPUPerc": "CPU %",
        "MemUsage": "MEM USAGE / LIMIT",
        "MemPerc": "MEM %",
        "NetIO": "NET I/O",
        "BlockIO": "BLOCK I/O",
        "PIDs": "PIDS",
    },
    table="{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}",
    quiet="{{.ID}}",
)
_MOST_WORDS = 20


@carries("container", "stats")
def stats(doing: Doing, command: Command) -> int:
    """Print what containers use, once."""
    if not command.is_on("no-stream"):
        raise CommandRefused(
            "docker stats goes on until it is interrupted, which this console has no key for. Say `docker stats"
            " --no-stream` for how things stand now.",
            code="not-available",
        )
    layout = STATS.layout(format_=command.text("format"))
    doing.daemon.note("GET", "/version")
    words = list(dict.fromkeys(command.args))
    if len(words) > _MOST_WORDS:
        raise CommandRefused(f"[console] Name up to {_MOST_WORDS} containers at once.", code="too-much")
    if not words:
        found = [one.own for one in listed(doing) if command.is_on("all") or one.is_up]
        query = {**({"all": "1"} if command.is_on("all") else {}), "limit": "0"}
        doing.daemon.note("GET", "/events", query={"filters": '{"type":{"container":true}}'})
        doing.daemon.note("GET", "/containers/json", query=query)
        words = [short_id(own.id) for own in found]
    whole = command.is_on("no-trunc")
    rows, errors = _used(doing, words, whole=whole)
    if errors:
        doing.err("\n".join(f"Error response from daemon: {error}" for error in errors))
        return 1
    doing.out(layout.printed(rows), end="")
    return 0


def _used(doing: Doing, words: Sequence[str], *, whole: bool) -> tuple[list[Row], list[str]]:
    """A row for each container, which are asked for at the same time, since each takes the daemon a second or two."""
    errors: list[str] = []
    owns: list[tuple[str, OwnContainer]] = []
    for word in words:
        try:
            owns.append((word, own_container(doing, word)))
        except DaemonRefused as refusal:
            doing.daemon.note("GET", f"/containers/{word}/stats", query={"stream": "0"}, status=refusal.status)
            errors.append(refusal.message)
    if errors or not owns:
        return [], errors

    def ask_one(named: tuple[str, OwnContainer]) -> Row | str:
        word, own = named
        try:
            told = ask(doing, "GET", word, "/stats", query={"stream": "0"}).json()
        except DaemonRefused as refusal:
            return refusal.message
        return _row(word, own, told, whole=whole)

    with ThreadPoolExecutor(max_workers=min(len(owns), doing.rules.containers)) as pool:
        answers = list(pool.map(ask_one, owns))
    for _, own in owns:
        doing.touch("container", own.name, own.id)
    return [one for one in answers if isinstance(one, Row)], [one for one in answers if isinstance(one, str)]


def _row(word: str, own: OwnContainer, told: Mapping[str, Any], *, whole: bool) -> Row:
    memory = told.get("memory_stats") or {}
    used, limit = _memory(memory), int(memory.get("limit") or 0)
    received, sent = _network(told)
    read, written = _block(told)
    columns: dict[str, Callable[[], Value]] = {
        "Container": lambda: word,
        "ID": lambda: own.id if whole else short_id(own.id),
        "Name": lambda: own.name,
        "CPUPerc": lambda: f"{_processor(told):.2f}%",
        "MemUsage": lambda: f"{memory_size(used)} / {memory_size(limit)}",
        "MemPerc": lambda: f"{used / limit * 100 if limit else 0.0:.2f}%",
        "NetIO": lambda: f"{size(received, digits=3)} / {size(sent, digits=3)}",
        "BlockIO": lambda: f"{size(read, digits=3)} / {size(written, digits=3)}",
        "PIDs": lambda: str((told.get("pids_stats") or {}).get("current") or 0),
    }
    return STATS.row(columns)


def _memory(memory: Mapping[str, Any]) -> int:
    """What is used without what the kernel would give back, as docker counts it of either kind of control groups."""
    usage, details = int(memory.get("usage") or 0), memory.get("stats") or {}
    inactive = int(details.get("total_inactive_file", details.get("inactive_file", 0)) or 0)
    return usage - inactive if inactive < usage else usage


def _processor(told: Mapping[str, Any]) -> float:
    """Percent of one processor."""
    now, before = told.get("cpu_stats") or {}, told.get("precpu_stats") or {}
    used = _total(now) - _total(before)
    passed = int(now.get("system_cpu_usage") or 0) - int(before.get("system_cpu_usage") or 0)
    processors = int(now.get("online_cpus") or 0) or len((now.get("cpu_usage") or {}).get("percpu_usage") or ())
    return used / passed * processors * 100.0 if used > 0 and passed > 0 else 0.0


def _total(stats_: Mapping[str, Any]) -> int:
    return int((stats_.get("cpu_usage") or {}).get("total_usage") or 0)


def _network(told: Mapping[str, Any]) -> tuple[int, int]:
    networks = (told.get("networks") or {}).values()
    received, sent = (sum(int(one.get(key) or 0) for one in networks) for key in ("rx_bytes", "tx_bytes"))
    return received, sent


def _block(told: Mapping[str, Any]) -> tuple[int, int]:
    entries = (told.get("blkio_stats") or {}).get("io_service_bytes_recursive") or ()
    read, written = (
        sum(int(one.get("value") or 0) for one in entries if str(one.get("op")).lower().startswith(letter))
        for letter in ("r", "w")
    )
    return read, written
