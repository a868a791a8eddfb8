"""The daemon's config of a new container: what the command says, within the bounds of the session."""

from collections.abc import Mapping
from typing import Any

from graders.commands.doing import Doing
from graders.commands.ending import SESSION_LABEL
from graders.commands.host_config import console_host_config
from graders.commands.model import Command, CommandRefused
from graders.commands.rewriting import OURS
from graders.commands.verbs.joining import Joining
from graders.commands.verbs.mounting import Mounting
from graders.commands.verbs.refusing import not_here, wrong_options, wrong_value
from graders.commands.verbs.variables import environment

_MIB = 1024 * 1024
_SECOND = 1_000_000_000
_MOST_STOP_SECONDS = 30
_HEALTH = ("health-cmd", "health-interval", "health-retries", "health-timeout", "health-start-period")
_LAST_PORT, _PORT_DIGITS, _MOST_PORTS = 65535, 5, 100


def container_config(
    doing: Doing,
    command: Command,
    *,
    name: str,
    image: str,
    image_config: Mapping[str, Any],
    joining: Joining,
    mounting: Mounting,
    volumes: Mapping[str, str],
    attached: bool,
) -> dict[str, Any]:
    """Make the body of POST /containers/create. Raises CommandRefused.

    Args:
        doing: whose container it is.
        command: `docker create` or `docker run`, as read.
        name: what the student calls it.
        image: what the engine is asked for.
        image_config: the image's own config, which the command adds to.
        joining: its network.
        mounting: what is mounted.
        volumes: the named volumes in it, by name -> name on the engine.
        attached: whether somebody listens to it from its start.
    """
    interactive = command.is_on("interactive")
    body: dict[str, Any] = {
        "Hostname": command.text("hostname"),
        "User": command.text("user"),
        "AttachStdin": attached and interactive,
        "AttachStdout": attached,
        "AttachStderr": attached,
        "Tty": command.is_on("tty"),
        "OpenStdin": interactive,
        "StdinOnce": attached and interactive,
        "ExposedPorts": _exposed(command),
        "Env": _environment(doing, command),
        "Cmd": list(command.args[1:]) or None,
        "Image": image,
        "Volumes": {path: {} for path in mounting.unnamed},
        "WorkingDir": command.text("workdir"),
        "Entrypoint": [command.text("entrypoint")] if command.flag("entrypoint") is not None else None,
        "Labels": _labels(doing, command),
        "HostConfig": _host_config(doing, command, joining=joining, mounting=mounting, volumes=volumes),
        "NetworkingConfig": joining.config(name),
    }
    if health := _health(command, image_config):
        body["Healthcheck"] = health
    if signal := command.text("stop-signal"):
        body["StopSignal"] = signal
    if (seconds := command.flag("stop-timeout")) is not None:
        body["StopTimeout"] = _stop_seconds(command, int(str(seconds)))
    return body


def _host_config(
    doing: Doing, command: Command, *, joining: Joining, mounting: Mounting, volumes: Mapping[str, str]
) -> dict[str, Any]:
    config = console_host_config(
        doing.daemon.engine,
        doing.rules,
        network=joining.network,
        read_only=command.is_on("read-only"),
        tmpfs=mounting.tmpfs,
    )
    config["Binds"] = [f"{volumes[name]}:{path}{mode}" for name, path, mode in mounting.binds]
    config["Mounts"] = [
        {**mount, "Source": volumes[mount["Source"]]} if mount["Source"] else mount for mount in mounting.mounts
    ]
    config["AutoRemove"] = command.is_on("rm")
    if command.is_on("init"):
        config["Init"] = True
    _lower(doing, command, config)
    return config


def _lower(doing: Doing, command: Command, config: dict[str, Any]) -> None:
    """Take what the command says of memory and CPU, which is never more than the session's rules."""
    rules = doing.rules
    if memory := _number(command, "memory"):
        if memory > rules.memory_mib * _MIB:
            raise not_here(
                command, "more memory", f"a container has {rules.memory_mib} MiB. Ask for less, or leave --memory out."
            )
        config["Memory"] = config["MemorySwap"] = int(memory)
    if cpus := _number(command, "cpus"):
        if not 0 < cpus <= rules.cpus:
            raise not_here(
                command, "more of the processors", f"a container has {rules.cpus:g}. Ask for less, or leave --cpus out."
            )
        config["CpuQuota"] = max(int(cpus * config["CpuPeriod"]), 1000)


def _environment(doing: Doing, command: Command) -> list[str]:
    try:
        return environment(doing, command)
    except CommandRefused as refusal:
        raise wrong_options(command, refusal.message) from refusal


def _exposed(command: Command) -> dict[str, dict[str, str]]:
    ports: dict[str, dict[str, str]] = {}
    for text in command.texts("expose"):
        span, _, protocol = text.partition("/")
        first, _, last = span.partition("-")
        for end in (first, last or first):
            if not end.isascii() or not end.isdecimal() or len(end) > _PORT_DIGITS or not 0 < int(end) <= _LAST_PORT:
                raise _bad_ports(command, text, f'strconv.ParseUint: parsing "{end}": invalid syntax')
        if not 0 <= int(last or first) - int(first) <= _MOST_PORTS:
            raise _bad_ports(command, text, f"Invalid range specified for the Port: {span}")
        for port in range(int(first), int(last or first) + 1):
            ports[f"{port}/{protocol or 'tcp'}"] = {}
    return ports


def _bad_ports(command: Command, text: str, words: str) -> CommandRefused:
    return wrong_options(command, f"invalid range format for --expose: {text}, error: {words}")


def _labels(doing: Doing, command: Command) -> dict[str, str]:
    labels: dict[str, str] = {}
    for text in command.texts("label"):
        name, _, value = text.partition("=")
        if name.startswith(OURS):
            raise not_here(
                command,
                f"--label {text}",
                f"labels that begin with {OURS} are the platform's. Name yours another way.",
            )
        labels[name] = value
    return {**labels, **doing.labels, SESSION_LABEL: doing.state.key}


def _health(command: Command, image_config: Mapping[str, Any]) -> dict[str, Any]:
    """The health check that the command asks for, or bounds; empty where the image's own stands as it is."""
    given = [flag for flag in _HEALTH if command.flag(flag) is not None]
    if command.is_on("no-healthcheck"):
        if given:
            raise wrong_options(command, "--no-healthcheck conflicts with --health-* options")
        return {"Test": ["NONE"]}
    if int(_number(command, "health-retries")) < 0:
        raise wrong_options(command, "--health-retries cannot be negative")
    interval = int(_number(command, "health-interval"))
    if 0 < interval < _SECOND:
        raise wrong_value(
            command, "health-interval", f"{interval / 1e6:g}ms", "checks run once in a second at most here"
        )
    checks = {
        "Test": ["CMD-SHELL", command.text("health-cmd")] if command.text("health-cmd") else None,
        "Interval": interval,
        "Timeout": int(_number(command, "health-timeout")),
        "StartPeriod": int(_number(command, "health-start-period")),
        "Retries": int(_number(command, "health-retries")),
    }
    of_image = int((image_config.get("Healthcheck") or {}).get("Interval") or 0)
    if not interval and 0 < of_image < _SECOND:
        checks["Interval"] = _SECOND
    return {key: value for key, value in checks.items() if value}


def _stop_seconds(command: Command, seconds: int) -> int:
    if not 0 <= seconds <= _MOST_STOP_SECONDS:
        raise wrong_value(
            command,
            "stop-timeout",
            str(seconds),
            f"a stop is waited for between 0 and {_MOST_STOP_SECONDS} seconds here",
        )
    return seconds


def _number(command: Command, flag: str) -> float:
    value = command.flag(flag)
    return value if isinstance(value, int | float) else 0
