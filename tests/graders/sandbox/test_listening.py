"""Listening sockets, out of the kernel's tables."""

from graders.sandbox.base import Listener
from graders.sandbox.listening import parse_sockets

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def socket(address: str, *, state: str = "0A") -> str:
    return f"   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 1 1\n"


def test_a_socket_on_every_address_is_open_and_one_on_loopback_is_not() -> None:
    table = HEAD + socket("00000000:1F40") + socket("0100007F:1F41")
    assert parse_sockets(table) == (
        Listener(port=8000, loopback_only=False),
        Listener(port=8001, loopback_only=True),
    )


def test_ipv6_is_read_too_its_loopback_and_the_mapped_one_included() -> None:
    any6, own6, mapped = "0" * 32, "0" * 24 + "01000000", "0000000000000000FFFF00000100007F"
    table = HEAD + socket(f"{any6}:0050") + socket(f"{own6}:0051") + socket(f"{mapped}:0052")
    assert [(found.port, found.loopback_only) for found in parse_sockets(table)] == [
        (80, False),
        (81, True),
        (82, True),
    ]


def test_a_port_open_on_any_address_is_open() -> None:
    table = socket("0100007F:0050") + HEAD + socket("0" * 32 + ":0050")
    assert parse_sockets(table) == (Listener(port=80, loopback_only=False),)


def test_connections_and_the_engines_name_server_do_not_count() -> None:
    assert parse_sockets(HEAD + socket("00000000:0050", state="01") + socket("0B00007F:D431")) == ()
