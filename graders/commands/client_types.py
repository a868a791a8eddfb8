"""The daemon's JSON as docker's client reads it: which objects have fixed fields, and what those left out hold.

Templates are carried out on these first, as the client does: `{{.State.Health}}` of a container without a health check
prints `<nil>`, though the daemon sends no such key.
"""

from collections.abc import Mapping
from typing import Any

from graders.commands.templating.values import NIL, NO_LIST, NO_MAP, Struct, Value, untyped

_MAPS = frozenset(
    (
        "Annotations", "Containers", "Data", "DriverOpts", "ExposedPorts", "Labels", "Networks", "Options", "Plugins",
        "PortBindings", "Ports", "Runtimes", "StorageOpt", "Sysctls", "Tmpfs", "Volumes", "Details",
    )
)  # fmt: skip
"""Keys of objects that may have any keys."""
_POINTERS = frozenset(
    ("EndpointID", "Health", "IPAMConfig", "Init", "OomKillDisable", "PidsLimit", "MemorySwappiness", "StopTimeout")
)

_SHAPES: Mapping[str, tuple[str, Mapping[str, Value]]] = {
    "State": (
        "types.ContainerState",
        {
            "Status": "", "Running": False, "Paused": False, "Restarting": False, "OOMKilled": False, "Dead": False,
            "Pid": 0, "ExitCode": 0, "Error": "", "StartedAt": "", "FinishedAt": "", "Health": NIL,
        },
    ),
    "Config": (
        "container.Config",
        {
            "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False,
            "AttachStderr": False, "ExposedPorts": NO_MAP, "Tty": False, "OpenStdin": False, "StdinOnce": False,
            "Env": NO_LIST, "Cmd": NO_LIST, "Healthcheck": NIL, "ArgsEscaped": False, "Image": "", "Volumes": NO_MAP,
            "WorkingDir": "", "Entrypoint": NO_LIST, "NetworkDisabled": False, "MacAddress": "", "OnBuild": NO_LIST,
            "Labels": NO_MAP, "StopSignal": "", "StopTimeout": NIL, "Shell": NO_LIST,
        },
    ),
    "RootFS": ("types.RootFS", {"Type": "", "Layers": NO_LIST, "BaseLayer": ""}),
    "Mounts": (
        "types.MountPoint",
        {
            "Type": "", "Name": "", "Source": "", "Destination": "", "Driver": "", "Mode": "", "RW": False,
            "Propagation": "",
        },
    ),
}  # fmt: skip


_TOP: Mapping[str, Mapping[str, Value]] = {"container": {"SizeRw": NIL, "SizeRootFs": NIL}}
"""What the daemon leaves out of an object as a whole where nobody asked for it."""


def as_client_reads(kind: str, told: Mapping[str, Any]) -> Struct:
    """What was told of an object of this kind."""
    fields = {key: _read(key, value, within=kind) for key, value in told.items()}
    return Struct(fields, type_name=f"types.{kind.title()}", shape=_TOP.get(kind), called={"Id": "ID"})


def _read(key: str, value: Any, *, within: str) -> Value:
    if value is None:
        return NIL if key in _POINTERS else NO_MAP if key in _MAPS else NO_LIST
    if isinstance(value, list):
        return [_read(key, each, within=within) if each is not None else None for each in value]
    if not isinstance(value, dict):
        return value
    if key == "Ports":
        return untyped(value)  # its keys have a type of their own, by which no text finds them
    if key in _MAPS or (key, within) == ("Config", "LogConfig"):
        return {name: _read("", each, within=key) for name, each in value.items()}
    fields = {name: _read(name, each, within=key) for name, each in value.items()}
    if key == "HostConfig":
        return Struct(fields, type_name="container.HostConfig", shape={"Init": NIL})
    type_name, shape = _SHAPES.get(key, ("struct", {}))
    return Struct(fields, type_name=type_name, shape=shape if set(fields) <= set(shape) else {})
