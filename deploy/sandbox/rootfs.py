"""Makes the root filesystems of `packages` recipes as tars, and refuses a name that is not true of what came out."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from deploy.sandbox import registries
from deploy.sandbox.recipes import Packages

AUTHORITIES = Path("/usr/local/share/ca-certificates")
"""Where an administrator puts certificate authorities that the machine trusts besides the usual ones."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NO_DOCUMENTATION = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/groff/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/linda/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/man/*",
)
MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr"
"""Starts from a merged /usr, so that apt need not bring the program that merges it, and all of perl with that."""

TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
DPKG_STATUS = "var/lib/dpkg/status"

DEFAULT_CMD = {"busybox": ("sh",), "debian": ("bash",), "python": ("python3",), "node": ("node",)}
DEFAULT_ENV = {
    "busybox": {"PATH": PATH},
    "debian": {"PATH": PATH},
    "python": {"PATH": PATH, "LANG": "C.UTF-8"},
    "node": {"PATH": PATH},
}


class CannotMake(Exception):
    """A base image cannot be made; the text says what to do."""


def make(packages: Packages, tag: str, into: Path) -> None:
    """Write the root filesystem to the tar `into`. Raises CannotMake, also where `tag` does not fit."""
    MAKERS[packages.kind](packages, tag, into)


def authorities() -> list[Path]:
    """The machine's extra certificate authorities, in a fixed order."""
    return sorted(AUTHORITIES.glob("**/*.crt")) if AUTHORITIES.is_dir() else []


def busybox_version() -> str:
    """The version of the busybox that a busybox image would hold. Raises CannotMake."""
    text = _output(_busybox(), "--help")
    found = re.match(r"BusyBox v([0-9.]+)", text)
    if found is None:
        raise CannotMake("The installed busybox does not say its version: run `apt-get install busybox-static`.")
    return found[1]


def _make_busybox(_packages: Packages, tag: str, into: Path) -> None:
    version = busybox_version()
    if not _fits(tag, version):
        raise CannotMake(f"The tag {tag} would not be true: the installed busybox is {version}. Name it {version}.")
    busybox = _busybox()
    with tempfile.TemporaryDirectory(prefix="drydock-busybox-") as name:
        root = Path(name)
        root.chmod(0o755)
        for folder in ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr/bin", "usr/sbin", "var"):
            (root / folder).mkdir(parents=True)
        (root / "tmp").chmod(0o1777)
        (root / "root").chmod(0o700)
        shutil.copyfile(busybox, root / "bin/busybox")
        (root / "bin/busybox").chmod(0o755)
        for applet in _output(busybox, "--list").split():
            if applet != "busybox":
                (root / "bin" / applet).hardlink_to(root / "bin/busybox")
        (root / "etc/passwd").write_text(
            "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
            "www-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n"
        )
        (root / "etc/group").write_text(
            "root:x:0:\ndaemon:x:1:\ntty:x:5:\nstaff:x:50:\nwww-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n"
        )
        (root / "etc/shadow").write_text("root:*:::::::\ndaemon:*:::::::\nwww-data:*:::::::\nnobody:*:::::::\n")
        (root / "etc/shadow").chmod(0o600)
        with tarfile.open(into, "w") as tar:
            tar.add(root, arcname=".", filter=_owned_by_root)


def _make_debian(packages: Packages, tag: str, into: Path) -> None:
    _debootstrap(packages, into, include=packages.include, hooks=_authority_hooks())
    version = _read_from(into, "etc/debian_version").strip()
    if not _fits(tag.removesuffix("-slim"), version):
        raise CannotMake(f"The tag {tag} would not be true: the suite {packages.suite} is Debian {version}.")


def _make_python(packages: Packages, tag: str, into: Path) -> None:
    """As the official image has it: a `python` command, and pip free to install system-wide."""
    hooks = [
        *_authority_hooks(),
        'chroot "$1" update-ca-certificates',
        'rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED',
        'ln -s python3 "$1/usr/bin/python"',
        *_settings_hooks("python"),
    ]
    include = ("python3", "python3-pip", "python3-venv", "ca-certificates", *packages.include)
    _debootstrap(packages, into, include=include, hooks=hooks)
    with tarfile.open(into) as tar:
        target = tar.getmember("./usr/bin/python3").linkname
    if not _fits(tag.removesuffix("-slim"), target.removeprefix("python")):
        raise CannotMake(f"The tag {tag} would not be true: the suite {packages.suite} has {target}.")


def _make_node(packages: Packages, tag: str, into: Path) -> None:
    """Node with npm, which asks nobody whether what it installs is safe: that would send out what a lab installs."""
    hooks = [*_authority_hooks(), 'chroot "$1" update-ca-certificates', *_settings_hooks("node")]
    include = ("nodejs", "npm", "ca-certificates", *packages.include)
    _debootstrap(packages, into, include=include, hooks=hooks)
    installed = _read_from(into, DPKG_STATUS)
    version = re.search(r"^Package: nodejs$.*?^Version: ([0-9.]+)", installed, re.MULTILINE | re.DOTALL)
    if version is None or not _fits(tag.removesuffix("-slim"), version[1]):
        found = version[1] if version else "of no known version"
        raise CannotMake(f"The tag {tag} would not be true: the suite {packages.suite} has Node {found}.")


def _debootstrap(packages: Packages, into: Path, *, include: tuple[str, ...], hooks: list[str]) -> None:
    """mmdebstrap, from where this machine's apt has the suite; apt's lists and cache are not kept."""
    if shutil.which("mmdebstrap") is None:
        raise CannotMake("mmdebstrap is not installed: run `apt-get install mmdebstrap`.")
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar", f"--hook-dir={MERGED_USR}"]
    command += [f"--dpkgopt={option}" for option in NO_DOCUMENTATION]
    command += [f"--include={','.join(('usr-is-merged', *include))}"]
    command += [f"--customize-hook={hook}" for hook in hooks]
    command += [packages.suite, str(into), *registries.apt_sources(packages.suite)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith(("E:", "Err:", "W:"))]
        raise CannotMake(
            f"Debian packages for {packages.suite} could not be fetched or installed: check this machine's network and "
            f"that the suite exists, then run this again. mmdebstrap said: {' '.join(said[:4]) or done.stderr[-400:]}"
        )


def tool_settings(kind: str) -> dict[str, str]:
    """Files that tell a base's tools where packages come from, by path; none where they know by themselves."""
    if kind == "python" and (index := registries.pip_index()):
        host = urlsplit(index).hostname
        trusted = f"trusted-host = {host}\n" if index.startswith("http://") else ""
        return {"etc/pip.conf": f"[global]\nindex-url = {index}\n{trusted}"}
    if kind == "node":
        registry = registries.npm_registry()
        lines = ["audit=false", "fund=false", "update-notifier=false"]
        lines += [f"registry={registry}"] if registry else []
        lines += [f"cafile={TRUSTED}"] if authorities() else []  # Node has a list of authorities of its own
        return {"etc/npmrc": "".join(f"{line}\n" for line in lines)}
    return {}


def _settings_hooks(kind: str) -> list[str]:
    return [
        f'printf %s {shlex.quote(text)} >"$1/{path}" && chmod 644 "$1/{path}"'
        for path, text in tool_settings(kind).items()
    ]


def _authority_hooks() -> list[str]:
    return ['mkdir -p "$1/usr/local/share/ca-certificates"'] * bool(authorities()) + [
        f'install -m 644 "{path}" "$1/usr/local/share/ca-certificates/{path.name}"' for path in authorities()
    ]


def _busybox() -> Path:
    found = shutil.which("busybox", path=PATH)
    if found is None:
        raise CannotMake("busybox is not installed: run `apt-get install busybox-static`.")
    return Path(found)


def _output(program: Path, *arguments: str) -> str:
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


def _fits(tag: str, version: str) -> bool:
    """Whether `1.35` may name 1.35.0: every part of the tag is the version's."""
    wanted = tag.split(".")
    return version.split(".")[: len(wanted)] == wanted


def _read_from(tar_file: Path, name: str) -> str:
    with tarfile.open(tar_file) as tar:
        member = tar.extractfile(f"./{name}")
        return member.read().decode() if member else ""


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mtime = 0
    return member


MAKERS: dict[str, Callable[[Packages, str, Path], None]] = {
    "busybox": _make_busybox,
    "debian": _make_debian,
    "python": _make_python,
    "node": _make_node,
}
