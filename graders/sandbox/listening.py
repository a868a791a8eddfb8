"""Reads the kernel's tables of TCP sockets: who listens on which port, and whether on loopback only."""

from graders.sandbox.base import Listener


def parse_sockets(table: str) -> tuple[Listener, ...]:
    """Read the listening sockets out of /proc/net/tcp and tcp6 (proc(5)), sorted by port.

    127.0.0.11 is the engine's own name server inside a job's network, no work of the student's.
    """
    loopback_only: dict[int, bool] = {}
    for line in table.splitlines():
        words = line.split()
        if len(words) < 4 or words[3] != "0A" or ":" not in words[1]:  # noqa: PLR2004  0A is LISTEN
            continue
        address, _, port = words[1].partition(":")
        octets = _octets(address)
        if octets == bytes([127, 0, 0, 11]):
            continue
        inside = octets[0] == 127 if len(octets) == 4 else _is_loopback6(octets)  # noqa: PLR2004
        number = int(port, 16)
        loopback_only[number] = loopback_only.get(number, True) and inside
    return tuple(Listener(port=port, loopback_only=inside) for port, inside in sorted(loopback_only.items()))


def _octets(address: str) -> bytes:
    """The kernel prints 32-bit words in its own byte order, which is little-endian where this runs."""
    raw = bytes.fromhex(address)
    return b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))


def _is_loopback6(octets: bytes) -> bool:
    mapped = b"\0" * 10 + b"\xff\xff"
    return octets == b"\0" * 15 + b"\1" or (octets.startswith(mapped) and octets[12] == 127)  # noqa: PLR2004
