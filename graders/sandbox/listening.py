"""Who listens on which port, and whether on loopback only: out of the kernel's tables, or by asking it.

A read of /proc/net/tcp walks over every connection that the machine could have, some 4 ms whatever there is. Asking for
listening sockets alone (sock_diag(7)) takes 0.02 ms, and needs a socket in the network namespace that is asked about.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterable, Iterator

from graders.sandbox.base import Listener

NETLINK_SOCK_DIAG = 4  # linux/netlink.h
_SOCK_DIAG_BY_FAMILY = 20  # linux/sock_diag.h
_REQUEST_DUMP = 0x301  # linux/netlink.h: NLM_F_REQUEST | NLM_F_DUMP
_ERROR, _DONE = 2, 3
_LISTEN = 10  # the kernel's TCP_LISTEN
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI48s")  # linux/inet_diag.h: inet_diag_req_v2
_ERROR_CODE = struct.Struct("=i")
_PORT = struct.Struct("!H")
_MOST_BYTES = 64 * 1024
_NAME_SERVER = bytes([127, 0, 0, 11])
"""The engine's own inside a job's network, no work of the student's."""


def ask_kernel(netlink: socket.socket) -> tuple[Listener, ...]:
    """The listening TCP sockets of the network namespace that `netlink` was made in, sorted by port. Raises OSError."""
    return _by_port(found for family in (socket.AF_INET, socket.AF_INET6) for found in _dump(netlink, family))


def parse_sockets(table: str) -> tuple[Listener, ...]:
    """Read the listening sockets out of /proc/net/tcp and tcp6 (proc(5)), sorted by port."""
    return _by_port(_rows(table))


def _by_port(sockets: Iterable[tuple[bytes, int]]) -> tuple[Listener, ...]:
    loopback_only: dict[int, bool] = {}
    for address, port in sockets:
        if address != _NAME_SERVER:
            inside = address[0] == 127 if len(address) == 4 else _is_loopback6(address)  # noqa: PLR2004  bytes of IPv4
            loopback_only[port] = loopback_only.get(port, True) and inside
    return tuple(Listener(port=port, loopback_only=inside) for port, inside in sorted(loopback_only.items()))


def _dump(netlink: socket.socket, family: int) -> Iterator[tuple[bytes, int]]:
    request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 1 << _LISTEN, b"")
    netlink.send(_HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 0, 0) + request)
    length = 4 if family == socket.AF_INET else 16
    while data := netlink.recv(_MOST_BYTES):
        while data:
            size, kind, *_ = _HEADER.unpack_from(data)
            if kind == _DONE:
                return
            if kind == _ERROR or size < _HEADER.size:
                code = -_ERROR_CODE.unpack_from(data, _HEADER.size)[0] if kind == _ERROR else errno.EBADMSG
                raise OSError(code, os.strerror(code))
            found = data[_HEADER.size : size]  # inet_diag_msg: four bytes, two ports, then the addresses
            yield found[8 : 8 + length], _PORT.unpack_from(found, 4)[0]
            data = data[(size + 3) & ~3 :]


def _rows(table: str) -> Iterator[tuple[bytes, int]]:
    for line in table.splitlines():
        words = line.split()
        if len(words) < 4 or words[3] != "0A" or ":" not in words[1]:  # noqa: PLR2004  0A is LISTEN
            continue
        address, _, port = words[1].partition(":")
        yield _octets(address), int(port, 16)


def _octets(address: str) -> bytes:
    """The kernel prints 32-bit words in its own byte order, which is little-endian where this runs."""
    raw = bytes.fromhex(address)
    return b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))


def _is_loopback6(octets: bytes) -> bool:
    mapped = b"\0" * 10 + b"\xff\xff"
    return octets == b"\0" * 15 + b"\1" or (octets.startswith(mapped) and octets[12] == 127)  # noqa: PLR2004
