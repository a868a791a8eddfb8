"""The few Linux calls that Python 3.11 has no name for: unshare, mount, prctl, and bringing loopback up."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x2, 0x4, 0x8
MS_BIND = 0x1000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
MNT_DETACH = 2

PR_SET_PDEATHSIG = 1
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags`. With CLONE_NEWPID, the next child is the new one's init."""
    _checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: Path, kind: str, *, flags: int = 0, options: str = "") -> None:
    """mount(2). Raises OSError."""
    _checked(
        _libc.mount(source.encode(), os.fsencode(target), kind.encode(), flags, options.encode()),
        f"mount {target}",
    )


def detach(target: Path) -> None:
    """Unmount `target` now, even where something still uses it."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def make_mounts_private() -> None:
    """From here on no mount made in this namespace shows outside, nor the other way round."""
    mount("none", Path("/"), "none", flags=MS_REC | MS_PRIVATE)


def die_with_parent(signal_number: int) -> None:
    """Ask the kernel to send `signal_number` when the parent ends, however it ends."""
    _checked(_libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")


def bring_loopback_up() -> None:
    """`ip link set lo up`, in this network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP))
