"""Carries out `docker version` and `docker info`: what is true of the session and its engine, nothing of the host."""

from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from graders.commands.amounts import memory_size
from graders.commands.doing import Doing, carries
from graders.commands.model import Command, CommandRefused
from graders.commands.templates import FailedTemplate, Struct, Template, UnreadableTemplate
from graders.commands.verbs.listing import listed

_UNREADABLE = 64
_CLIENT = "Drydock console"
_KEPT = (
    "Driver", "DriverStatus", "MemoryLimit", "SwapLimit", "CpuCfsPeriod", "CpuCfsQuota", "CPUShares", "CPUSet",
    "PidsLimit", "OomKillDisable", "LoggingDriver", "CgroupDriver", "CgroupVersion", "KernelVersion", "OperatingSystem",
    "OSType", "Architecture", "NCPU", "MemTotal", "ServerVersion", "DefaultRuntime", "SecurityOptions",
)  # fmt: skip
"""What is told of the engine, in the daemon's own words: nothing that names its host, its folders or its neighbours."""


_CALLED = {"ApiVersion": "APIVersion"}


@carries("version")
def tell_version(doing: Doing, command: Command) -> int:
    """Print the versions of this console, which is the client here, and of the daemon."""
    template = _template(command, "version")
    server: dict[str, Any] = doing.daemon.get("/version")
    for component in server.get("Components") or ():
        details = component.get("Details") or {}
        if details.get("BuildTime"):
            details["BuildTime"] = _as_client_writes(str(details["BuildTime"]))
    client = {
        "Platform": {"Name": _CLIENT},
        "Version": _own_version(),
        "ApiVersion": doing.daemon.engine.client.api_version,
        "DefaultAPIVersion": doing.daemon.engine.client.api_version,
        "Os": server.get("Os", ""),
        "Arch": server.get("Arch", ""),
        "Context": "default",
        "Experimental": False,
    }
    if template is not None:
        sides = {"Client": client, "Server": server}
        told = Struct(
            {name: Struct(each, type_name="types.Version", called=_CALLED) for name, each in sides.items()},
            type_name="system.versionInfo",
        )
        return _print(doing, template, told, "version")
    doing.out("\n".join((*_client_lines(client), "", *_server_lines(server))))
    return 0


def _client_lines(client: Mapping[str, Any]) -> list[str]:
    return [
        f"Client: {_CLIENT}",
        f" Version:           {client['Version']}",
        f" API version:       {client['ApiVersion']}",
        f" OS/Arch:           {client['Os']}/{client['Arch']}",
        f" Context:           {client['Context']}",
        f" Experimental:      {str(client['Experimental']).lower()}",
    ]


def _server_lines(server: Mapping[str, Any]) -> list[str]:
    lines = ["Server:"]
    for component in server.get("Components") or ():
        details = component.get("Details") or {}
        lines += [f" {component.get('Name')}:", f"  Version:          {component.get('Version')}"]
        if component.get("Name") == "Engine":
            lines += [
                f"  API version:      {details.get('ApiVersion')} (minimum version {details.get('MinAPIVersion')})",
                f"  Go version:       {details.get('GoVersion')}",
                f"  Git commit:       {details.get('GitCommit')}",
                f"  Built:            {details.get('BuildTime')}",
                f"  OS/Arch:          {details.get('Os')}/{details.get('Arch')}",
                f"  Experimental:     {details.get('Experimental')}",
            ]
        else:
            lines += [f"  {name}:        {value}" for name, value in details.items()]
    return lines


@carries("info")
def tell_info(doing: Doing, command: Command) -> int:
    """Print how the session stands, and what its engine is."""
    engine: dict[str, Any] = doing.daemon.get("/info")
    template = _template(command, "")
    states = [str(one.told.get("State")) for one in listed(doing)]
    told: dict[str, Any] = {
        "Containers": len(states),
        "ContainersRunning": states.count("running") + states.count("restarting"),
        "ContainersPaused": states.count("paused"),
        "ContainersStopped": sum(state not in {"running", "restarting", "paused"} for state in states),
        "Images": len({*(one.id for one in doing.state.images), *(base.id for base in doing.state.bases)}),
        **{key: engine[key] for key in _KEPT if key in engine},
        "DockerRootDir": "/var/lib/docker",
        "Name": "console",
        "ClientInfo": {"Debug": False, "Context": "default", "Plugins": [], "Warnings": None},
    }
    if template is not None:
        return _print(doing, template, Struct(told, type_name="system.info"), "")
    doing.out("\n".join(_info_lines(told)))
    return 0


def _info_lines(told: Mapping[str, Any]) -> list[str]:
    lines = ["Client:", " Context:    default", " Debug Mode: false", "", "Server:"]
    lines += [f" Containers: {told['Containers']}"]
    lines += [f"  {state}: {told[f'Containers{state}']}" for state in ("Running", "Paused", "Stopped")]
    lines += [f" Images: {told['Images']}", f" Server Version: {told.get('ServerVersion')}"]
    lines += [f" Storage Driver: {told.get('Driver')}"]
    lines += [f"  {name}: {value}" for name, value in told.get("DriverStatus") or ()]
    lines += [
        f" Logging Driver: {told.get('LoggingDriver')}",
        f" Cgroup Driver: {told.get('CgroupDriver')}",
        f" Cgroup Version: {told.get('CgroupVersion')}",
        f" Default Runtime: {told.get('DefaultRuntime')}",
        " Security Options:",
    ]
    for option in told.get("SecurityOptions") or ():
        pairs = [pair.partition("=") for pair in str(option).split(",")]
        lines += [f"  {value}" if name == "name" else f"   {name.capitalize()}: {value}" for name, _, value in pairs]
    return [
        *lines,
        f" Kernel Version: {told.get('KernelVersion')}",
        f" Operating System: {told.get('OperatingSystem')}",
        f" OSType: {told.get('OSType')}",
        f" Architecture: {told.get('Architecture')}",
        f" CPUs: {told.get('NCPU')}",
        f" Total Memory: {memory_size(float(told.get('MemTotal') or 0))}",
        f" Name: {told['Name']}",
        f" Docker Root Dir: {told['DockerRootDir']}",
        "",
    ]


def _as_client_writes(built: str) -> str:
    """The time of a build as docker's client prints it: `Thu May  7 21:09:36 2026`."""
    try:
        read = datetime.fromisoformat(f"{built[:19]}+00:00")
    except ValueError:
        return built
    return f"{read:%a %b} {read.day:2} {read:%H:%M:%S %Y}"


def _own_version() -> str:
    try:
        return version("drydock")
    except PackageNotFoundError:
        return "1"


def _named(message: str, name: str) -> str:
    """The message with the name that docker gives the template of this command."""
    return message.replace("template: :", f"template: {name}:", 1).replace('executing ""', f'executing "{name}"', 1)


def _template(command: Command, name: str) -> Template | None:
    text = command.text("format")
    if not text:
        return None
    try:
        return Template(text)
    except UnreadableTemplate as wrong:
        raise CommandRefused(
            f"template parsing error: {_named(str(wrong), name)}", code="bad-value", exit_code=_UNREADABLE
        ) from None


def _print(doing: Doing, template: Template, told: Struct, name: str) -> int:
    try:
        doing.out(template.on(told))
    except FailedTemplate as failed:
        doing.out("")
        doing.err(_named(str(failed), name))
        return 1
    return 0
