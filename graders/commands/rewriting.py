"""The daemon's JSON as a session may see it: its own names and words, nothing of others, no path of the engine's host.

What is left keeps the order in which the daemon sent it, and every field that docker shows is there.
"""

import re
from collections.abc import Mapping
from typing import Any

from graders.commands.state import SessionState, with_tag

Json = dict[str, Any]

OURS = "drydock."
"""Labels that begin so are put on by us, and never shown."""
DATA_ROOT = "/var/lib/docker"
PREDEFINED = ("bridge", "host", "none")
"""The networks that every engine has."""
_NAMESPACES = "/var/run/docker/netns"
_GRAPH_PATH = re.compile(r"/(?P<driver>overlay2|vfs|fuse-overlayfs|btrfs|aufs|zfs|devicemapper)/(?P<rest>[\w./-]+)\Z")
_EMPTY: Mapping[str, list[Any] | Json] = {
    "PortBindings": {}, "Dns": [], "DnsOptions": [], "DnsSearch": [], "BlkioWeightDevice": [], "Devices": [],
}  # fmt: skip
_NEVER = "0001-01-01T00:00:00Z"


def shown_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    """The labels without ours."""
    return {name: value for name, value in (labels or {}).items() if not name.startswith(OURS)}


def container_shown(state: SessionState, told: Mapping[str, Any]) -> Json:
    """What `GET /containers/{id}/json` told of a container of the session."""
    shown: Json = _named(state, told)
    own = next((one for one in state.containers if one.id and one.id == told.get("Id")), None)
    folder = f"{DATA_ROOT}/containers/{told.get('Id')}"
    for key, file in (("ResolvConfPath", "resolv.conf"), ("HostnamePath", "hostname"), ("HostsPath", "hosts")):
        if shown.get(key):
            shown[key] = f"{folder}/{file}"
    if shown.get("LogPath"):
        shown["LogPath"] = f"{folder}/{str(shown['LogPath']).rpartition('/')[2]}"
    if own is not None:
        shown["Name"] = f"/{own.name}"
        _config(shown)["Image"] = own.image
    if isinstance(shown.get("HostConfig"), dict):
        shown["HostConfig"] = _host_config(shown["HostConfig"])
    if (shown.get("NetworkSettings") or {}).get("SandboxKey"):
        key = str(shown["NetworkSettings"]["SandboxKey"]).rpartition("/")[2]
        shown["NetworkSettings"]["SandboxKey"] = f"{_NAMESPACES}/{key}"
    for mount in shown.get("Mounts") or ():
        if mount.get("Type") == "volume":
            mount["Source"] = f"{DATA_ROOT}/volumes/{mount.get('Name')}/_data"
    _hide_graph(shown)
    _hide_labels(shown, "Config")
    return shown


def _host_config(told: Json) -> Json:
    """Without the engine's control group, and empty in the way in which the docker CLI leaves what nobody asked for."""
    shown = {key: value for key, value in told.items() if key != "Init" or value}
    shown["CgroupParent"] = ""
    shown["Binds"] = told.get("Binds") or None
    for key, nothing in _EMPTY.items():
        if key in shown and shown[key] is None:
            shown[key] = nothing.copy()
    shown["Ulimits"] = sorted(told.get("Ulimits") or (), key=lambda one: str(one.get("Name"))) or None
    return shown


def image_shown(state: SessionState, told: Mapping[str, Any]) -> Json:
    """What `GET /images/{id}/json` told of an image of the session's, or of a base."""
    shown: Json = _named(state, told)
    id_ = str(told.get("Id"))
    shown["RepoTags"] = names_of_image(state, id_)
    shown["RepoDigests"] = [one for one in told.get("RepoDigests") or () if not str(one).startswith("dd-")]
    if any(base.id == id_ for base in state.bases) and shown.get("Metadata"):
        shown["Metadata"]["LastTagTime"] = _NEVER  # others tag it too
    _hide_graph(shown)
    _hide_labels(shown, "Config")
    _hide_labels(shown, "ContainerConfig")
    return shown


def volume_shown(state: SessionState, told: Mapping[str, Any]) -> Json:
    """What `GET /volumes/{name}` told of a volume of the session."""
    shown: Json = _named(state, told)
    if shown.get("Mountpoint"):
        shown["Mountpoint"] = f"{DATA_ROOT}/volumes/{shown.get('Name')}/_data"
    labels = shown_labels(told.get("Labels"))
    if "Labels" in shown:
        shown["Labels"] = labels if labels or told.get("Options") is not None else None
    return shown


def network_shown(state: SessionState, told: Mapping[str, Any]) -> Json:
    """What `GET /networks/{id}` told of a network: of its containers, those of the session alone."""
    ours = {one.id for one in state.containers if one.id}
    told = {**told, "Containers": {id_: one for id_, one in (told.get("Containers") or {}).items() if id_ in ours}}
    shown: Json = _named(state, told)
    if "Labels" in shown:
        shown["Labels"] = shown_labels(told.get("Labels"))
    return shown


def names_of_image(state: SessionState, id_: str) -> list[str]:
    """Every reference of an image that the session may see, in the order in which docker lists them."""
    bases = [with_tag(base.reference) for base in state.bases if base.id == id_]
    return sorted({*bases, *state.references_of(id_)})


def _named(state: SessionState, value: Any) -> Any:
    """The value with every name of the session put back, wherever it stands."""
    if isinstance(value, str):
        return state.shown_text(value)
    if isinstance(value, list):
        return [_named(state, each) for each in value]
    if isinstance(value, Mapping):
        return {state.shown_text(str(name)): _named(state, each) for name, each in value.items()}
    return value


def _config(shown: Json) -> Json:
    return shown["Config"] if isinstance(shown.get("Config"), dict) else {}


def _hide_labels(shown: Json, part: str) -> None:
    holder = shown.get(part)
    if isinstance(holder, dict) and holder.get("Labels"):
        holder["Labels"] = shown_labels(holder["Labels"]) or (None if part == "ContainerConfig" else {})


def _hide_graph(shown: Json) -> None:
    data: Json = (shown.get("GraphDriver") or {}).get("Data") or {}
    for key, paths in data.items():
        if isinstance(paths, str) and paths.startswith("/"):
            data[key] = ":".join(_graph_path(path) for path in paths.split(":"))


def _graph_path(path: str) -> str:
    found = _GRAPH_PATH.search(path)
    return f"{DATA_ROOT}/{found['driver']}/{found['rest']}" if found else DATA_ROOT
