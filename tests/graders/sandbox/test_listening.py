"""Listening sockets, out of the kernel's tables."""

import errno
import socket
import struct

import pytest

from graders.sandbox.base import Listener
from graders.sandbox.listening import NETLINK_SOCK_DIAG, ask_kernel, parse_sockets

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def row(address: str, *, state: str = "0A") -> str:
    return f"   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 1 1\n"


def test_a_socket_on_every_address_is_open_and_one_on_loopback_is_not() -> None:
    table = HEAD + row("00000000:1F40") + row("0100007F:1F41")
    assert parse_sockets(table) == (
        Listener(port=8000, loopback_only=False),
        Listener(port=8001, loopback_only=True),
    )


def test_ipv6_is_read_too_its_loopback_and_the_mapped_one_included() -> None:
    any6, own6, mapped = "0" * 32, "0" * 24 + "01000000", "0000000000000000FFFF00000100007F"
    table = HEAD + row(f"{any6}:0050") + row(f"{own6}:0051") + row(f"{mapped}:0052")
    assert [(found.port, found.loopback_only) for found in parse_sockets(table)] == [
        (80, False),
        (81, True),
        (82, True),
    ]


def test_a_port_open_on_any_address_is_open() -> None:
    table = row("0100007F:0050") + HEAD + row("0" * 32 + ":0050")
    assert parse_sockets(table) == (Listener(port=80, loopback_only=False),)


def test_connections_and_the_engines_name_server_do_not_count() -> None:
    assert parse_sockets(HEAD + row("00000000:0050", state="01") + row("0B00007F:D431")) == ()


def test_the_kernel_names_who_listens_and_where() -> None:
    everywhere, inside = socket.create_server(("", 0)), socket.create_server(("127.0.0.1", 0))
    inside6 = socket.create_server(("::1", 0), family=socket.AF_INET6)
    both = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    ours = [everywhere, inside, inside6, both]
    connected = socket.create_connection(inside.getsockname())
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG)
    try:
        found = {listener.port: listener.loopback_only for listener in ask_kernel(kernel)}
        again = {listener.port: listener.loopback_only for listener in ask_kernel(kernel)}
        ports = [each.getsockname()[1] for each in ours]
        assert [found[port] for port in ports] == [again[port] for port in ports] == [False, True, True, False]
        assert connected.getsockname()[1] not in found
    finally:
        for each in [*ours, connected, kernel]:
            each.close()


def test_a_kernel_that_refuses_is_heard() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        theirs.send(struct.pack("=IHHIIi", 20, 2, 0, 0, 0, -errno.ENOENT))
        with pytest.raises(FileNotFoundError):
            ask_kernel(ours)
