"""What a container is to have mounted: volumes by name, volumes without one, and memory; never a folder of the host.

The words of `-v`, `--mount` and `--tmpfs`, as docker reads them. Volumes of the session go to the
engine under their names there; one that is not there yet is made, as docker makes it.
"""

import csv
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing
from graders.commands.ending import SESSION_LABEL
from graders.commands.model import Command
from graders.commands.state import OwnVolume
from graders.commands.verbs.refusing import not_here, wrong_value

_MIB = 1024 * 1024
_BAD_REQUEST = 400
_VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_MODES = frozenset({"ro", "rw", "z", "Z", "nocopy"})
_TMPFS_OPTIONS = frozenset({"ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev"})
_TMPFS_VALUES = re.compile(r"(?:mode|uid|gid)=[0-9]{1,6}")
_SIZE = re.compile(r"([0-9]{1,12})([bkmg]?)", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1024, "m": _MIB, "g": 1024 * _MIB}
_TRUE, _FALSE = (
    frozenset({"1", "true", "True", "TRUE", "t", "T"}),
    frozenset({"0", "false", "False", "FALSE", "f", "F"}),
)
_OF_USERS = "/etc"
_ABSOLUTE = "mount path must be absolute"
_NO_FOLDER = (
    "the engine is shared, and no folder of its host is anybody's. Name a volume, as in -v data:/data, or bring files"
    " in with `docker cp`."
)


@dataclass
class Mounting:
    """What a container's config says of its mounts, volumes under the names that the session knows."""

    binds: list[tuple[str, str, str]] = field(default_factory=list)
    """Volume, path, and the mode behind a colon."""
    unnamed: list[str] = field(default_factory=list)
    mounts: list[dict[str, Any]] = field(default_factory=list)
    """Of `--mount`; `Source` is the volume."""
    tmpfs: dict[str, str] = field(default_factory=dict)

    def volumes(self) -> list[str]:
        """The volumes by name, each once."""
        named = [volume for volume, _, _ in self.binds]
        named += [mount["Source"] for mount in self.mounts if mount["Type"] == "volume" and mount["Source"]]
        return list(dict.fromkeys(named))

    def makes_unnamed(self, image_volumes: Mapping[str, Any]) -> int:
        """How many volumes without a name the engine is going to make."""
        taken = {_clean(path) for _, path, _ in self.binds} | {_clean(path) for path in self.tmpfs}
        taken |= {_clean(mount["Target"]) for mount in self.mounts}
        wanted = {_clean(path) for path in (*self.unnamed, *image_volumes)} - taken
        nameless = [mount for mount in self.mounts if mount["Type"] == "volume" and not mount["Source"]]
        return len(wanted) + len(nameless)


def mounting_of(doing: Doing, command: Command) -> Mounting:
    """Read the command's words for mounts. Raises CommandRefused and DaemonRefused."""
    found = Mounting()
    for text in command.texts("volume"):
        _read_volume(command, text, found)
    for text in command.texts("mount"):
        found.mounts.append(_read_mount(doing, command, text))
    for text in command.texts("tmpfs"):
        path, _, options = text.partition(":")
        _ensure_path(path, f"invalid mount path: '{path}' {_ABSOLUTE}")
        found.tmpfs[path] = _tmpfs_options(doing, command, options)
    return found


def ensure_users_are_its_own(mounting: Mounting, image_volumes: Mapping[str, Any]) -> None:
    """Refuse a volume in place of the lists of users, which another container could swap while the engine reads them.

    Raises DaemonRefused.
    """
    paths = [path for _, path, _ in mounting.binds] + mounting.unnamed + list(image_volumes)
    paths += [mount["Target"] for mount in mounting.mounts if mount["Type"] == "volume"]
    if any(_clean(path) == _OF_USERS for path in paths):
        raise DaemonRefused(
            _BAD_REQUEST,
            f"no volume can be mounted at {_OF_USERS} here, where the engine looks up users. Mount it elsewhere",
        )


def ensure_room_for_volumes(doing: Doing, mounting: Mounting, image_volumes: Mapping[str, Any]) -> None:
    """Refuse, before anything is made, what would exceed the quota. Raises CommandRefused."""
    new = sum(doing.state.volume(name) is None for name in mounting.volumes())
    if wanted := new + mounting.makes_unnamed(image_volumes):
        doing.ensure_room("volume", wanted=wanted)


def make_volumes(doing: Doing, mounting: Mounting) -> dict[str, str]:
    """Make those volumes that are not there yet, as docker does for `-v`; returns name -> name on the engine."""
    made: dict[str, str] = {}
    for name in mounting.volumes():
        volume = doing.state.volume(name)
        if volume is None:
            volume = OwnVolume(name=name, engine_name=doing.state.engine_name("v", name))
            doing.state.volumes.append(volume)
            doing.save()
            labels = {**doing.labels, SESSION_LABEL: doing.state.key}
            try:
                doing.daemon.call(
                    "POST", "/volumes/create", body={"Name": volume.engine_name, "Labels": labels}, aside=True
                )
            except DaemonRefused:
                doing.state.volumes.remove(volume)
                raise
            doing.touch("volume", name, name, made=True)
        made[name] = volume.engine_name
    return made


def _read_volume(command: Command, text: str, found: Mounting) -> None:
    parts = text.split(":")
    if len(parts) == 1:
        _ensure_path(text, _not_absolute(text, text))
        found.unnamed.append(text)
        return
    source, path, mode = parts[0], parts[1], parts[2] if len(parts) > 2 else ""  # noqa: PLR2004  # the mode is there
    if source.startswith(("/", ".", "~")):
        raise not_here(command, f"-v {text}", _NO_FOLDER)
    if len(parts) > 3 or not source:  # noqa: PLR2004  # volume, path, mode
        raise DaemonRefused(_BAD_REQUEST, f"invalid volume specification: '{text}'")
    _ensure_path(path, _not_absolute(text, path))
    _ensure_volume_name(source)
    modes = mode.split(",") if mode else []
    if not set(modes) <= _MODES or {"ro", "rw"} <= set(modes):
        raise DaemonRefused(_BAD_REQUEST, f"invalid mode: {mode}")
    found.binds.append((source, path, f":{mode}" if mode else ""))


def _read_mount(doing: Doing, command: Command, text: str) -> dict[str, Any]:
    mount: dict[str, Any] = {"Type": "volume", "Source": "", "Target": "", "ReadOnly": False}
    size, nocopy = doing.rules.file_mib * _MIB, False
    for part in next(csv.reader([text]), []):
        key, equals, value = part.partition("=")
        key = key.lower()
        if not equals and key not in {"readonly", "ro", "volume-nocopy"}:
            raise wrong_value(command, "mount", text, f"invalid field '{part}' must be a key=value pair")
        if key == "type":
            mount["Type"] = value.lower()
        elif key in {"source", "src"}:
            mount["Source"] = value
        elif key in {"target", "dst", "destination"}:
            mount["Target"] = value
        elif key in {"readonly", "ro"}:
            mount["ReadOnly"] = _switch(command, text, key, value, given=bool(equals))
        elif key == "volume-nocopy":
            nocopy = _switch(command, text, key, value, given=bool(equals))
        elif key == "tmpfs-size":
            size = min(size, _size_of(value) or size)
        elif key in {"volume-driver", "volume-opt", "volume-label", "tmpfs-mode", "bind-propagation", "consistency"}:
            raise not_here(command, f"--mount with {key}", f"a volume is made by its name alone. Leave {key} out.")
        else:
            raise wrong_value(command, "mount", text, f"unexpected key '{key}' in '{part}'")
    return _checked(command, text, mount, size=size, nocopy=nocopy)


def _checked(command: Command, text: str, mount: dict[str, Any], *, size: int, nocopy: bool) -> dict[str, Any]:
    if not mount["Target"]:
        raise wrong_value(command, "mount", text, "target is required")
    kind = mount["Type"]
    if kind in {"bind", "npipe"}:
        raise not_here(command, f"--mount type={kind}", _NO_FOLDER)
    if kind == "tmpfs":
        if mount["Source"]:
            raise DaemonRefused(
                _BAD_REQUEST, 'invalid mount config for type "tmpfs": field Source must not be specified'
            )
        mount["TmpfsOptions"] = {"SizeBytes": size}
    elif kind == "volume":
        if mount["Source"]:
            _ensure_volume_name(mount["Source"])
        mount["VolumeOptions"] = {"NoCopy": nocopy}
    else:
        raise DaemonRefused(_BAD_REQUEST, f'invalid mount config for type "{kind}": mount type unknown')
    target = mount["Target"]
    _ensure_path(target, f"invalid mount config for type \"{kind}\": invalid mount path: '{target}' {_ABSOLUTE}")
    return mount


def _tmpfs_options(doing: Doing, command: Command, options: str) -> str:
    """The options as they were given, with a size in every case: never more than a container may write in one file."""
    kept, size = [], doing.rules.file_mib * _MIB
    for option in filter(None, options.split(",")):
        if option.startswith("size="):
            asked = _size_of(option.removeprefix("size="))
            if asked is None:
                raise DaemonRefused(_BAD_REQUEST, f'invalid tmpfs option ["{option}"]')
            size = min(size, asked)
        elif option in _TMPFS_OPTIONS or _TMPFS_VALUES.fullmatch(option):
            kept.append(option)
        else:
            raise not_here(
                command,
                f"--tmpfs with {option}",
                "size, mode, uid, gid, ro, rw, exec and noexec can be given. Leave it out.",
            )
    return ",".join([*kept, f"size={size}"])


def _switch(command: Command, text: str, key: str, value: str, *, given: bool) -> bool:
    if not given or value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise wrong_value(command, "mount", text, f"invalid value for {key}: {value}")


def _ensure_volume_name(name: str) -> None:
    if not _VOLUME_NAME.fullmatch(name):
        raise DaemonRefused(
            _BAD_REQUEST,
            f'create {name}: "{name}" includes invalid characters for a local volume name, only'
            ' "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
        )


def _ensure_path(path: str, otherwise: str) -> None:
    if not path.startswith("/") or "\0" in path:
        raise DaemonRefused(_BAD_REQUEST, otherwise)


def _not_absolute(text: str, path: str) -> str:
    return (
        f"invalid volume specification: '{text}': invalid mount config for type \"volume\": invalid mount path:"
        f" '{path}' {_ABSOLUTE}"
    )


def _size_of(text: str) -> int | None:
    found = _SIZE.fullmatch(text)
    return int(found[1]) * _UNITS[found[2].lower()] if found else None


def _clean(path: str) -> str:
    """The path as the engine takes it: `/a/../etc/` is `/etc`."""
    return posixpath.normpath(f"/{path.lstrip('/')}")
