"""What docker's own CLI asks of the values of some flags before it sends anything: its complaint, or None."""

import ipaddress
import re

_STREAMS = {"stdin", "stdout", "stderr"}


def env_rule(value: str) -> str | None:
    """`NAME=value`, or `NAME`."""
    return f"invalid environment variable: {value}" if not value.split("=", 1)[0] else None


def label_rule(value: str) -> str | None:
    """`name=value`, or `name`."""
    return f"invalid label '{value}': empty name" if not value.partition("=")[0] else None


def filter_rule(value: str) -> str | None:
    """`name=value`."""
    return "bad format of filter (expected name=value)" if value and "=" not in value else None


def attach_rule(value: str) -> str | None:
    """The name of a stream."""
    return None if value.lower() in _STREAMS else "valid streams are STDIN, STDOUT and STDERR"


def address_rule(value: str) -> str | None:
    """An IP address."""
    try:
        ipaddress.ip_address(value.strip())
    except ValueError:
        return f"{value} is not an ip address"
    return None


def host_rule(value: str) -> str | None:
    """`host:ip`."""
    name, colon, address = value.partition(":")
    if not colon or not name:
        return f'bad format for add-host: "{value}"'
    return f'invalid IP address in add-host: "{address}"' if not re.fullmatch(r"[0-9A-Fa-f.:]+", address) else None
