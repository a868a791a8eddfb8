"""Which repositories may be fetched: by https alone, from hosts that the operator allows, and never from inside.

A name is resolved once, and fetched from are the addresses that were looked at, whatever the name says later.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import TypeAlias

from django.conf import settings

from courses.errors import DrydockError

HTTPS = 443
MOST_ADDRESSES = 8
_MOST = 300
_HOST = r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
_ADDRESS = re.compile(rf"https://{_HOST}(?::(?P<port>[0-9]{{1,5}}))?(?P<path>/[A-Za-z0-9._~%+@/-]+)")
_REF = re.compile(r"(?!.*(?:\.\.|//|\.lock(?:/|$)))[A-Za-z0-9][A-Za-z0-9._/+@-]*(?<![./])")
# Addresses that stand for IPv4 ones in other networks' ways: whoever translates them may be inside.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48")
_IP: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, kw_only=True)
class Repository:
    """Where a repository is, in a spelling that leaves nothing open."""

    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://{self.host}{'' if self.port == HTTPS else f':{self.port}'}{self.path}"

    @property
    def names(self) -> set[str]:
        """How the operator may write it: with its port, and without where that is the usual one."""
        return {f"{self.host}:{self.port}", *([self.host] if self.port == HTTPS else [])}

    @property
    def may_be_inside(self) -> bool:
        """Whether the operator allows this host at whatever address."""
        return bool(self.names & set(settings.COURSE_GIT_PRIVATE_HOSTS))


def _refused(code: str, message: str, field: str = "url") -> DrydockError:
    return DrydockError(code, message, status=422, fields={field: message})


def repository_at(url: str) -> Repository:
    """The repository of this address. Raises DrydockError: `git_address`, `git_host`, `git_off`."""
    url = url.strip()
    if not settings.COURSE_GIT_HOSTS and not settings.COURSE_GIT_PRIVATE_HOSTS:
        raise _refused("git_off", "This site fetches from no repository. Upload the pack as a zip file.")
    found = _ADDRESS.fullmatch(url) if len(url) <= _MOST else None
    if found is None:
        raise _refused("git_address", _what_is_wrong(url))
    port = int(found["port"] or HTTPS)
    repository = Repository(host=found["host"].lower(), port=port, path=found["path"])
    if repository.may_be_inside or repository.names & set(settings.COURSE_GIT_HOSTS):
        return repository
    if "*" not in settings.COURSE_GIT_HOSTS:
        known = ", ".join(sorted({*settings.COURSE_GIT_HOSTS, *settings.COURSE_GIT_PRIVATE_HOSTS}))
        raise _refused("git_host", f"This site does not fetch from {repository.host}. It fetches from: {known}.")
    if port != HTTPS:
        raise _refused(
            "git_host", "This site fetches by the usual port of https only. Leave the port out, or upload a zip file."
        )
    return repository


def _what_is_wrong(url: str) -> str:
    example = "Write it like https://git.example.org/group/course.git."
    if not url.startswith("https://"):
        return f"Only addresses that begin with https:// are fetched. {example}"
    if "@" in url.removeprefix("https://").partition("/")[0]:
        return f"Leave names, passwords and tokens out of the address: only public repositories are fetched. {example}"
    if "?" in url or "#" in url:
        return f"Give the repository's own address, without ? and #. {example}"
    return f"This is no address of a repository. {example}"


def checked_ref(ref: str) -> str:
    """A branch, tag or whole commit as it was written; empty for the repository's own choice. Raises DrydockError."""
    ref = ref.strip()
    if ref and (len(ref) > 200 or not _REF.fullmatch(ref)):  # noqa: PLR2004 - the length of the field
        message = "This cannot be the name of a branch or tag. Write it as `git branch` shows it, or leave it empty."
        raise _refused("git_ref", message, "ref")
    return ref


def resolved(repository: Repository) -> tuple[str, ...]:
    """The addresses to fetch from. Raises DrydockError: `git_not_found`, and `git_inside` where one is not public."""
    try:
        found = socket.getaddrinfo(repository.host.strip("[]"), repository.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = f"There is no host {repository.host}, or its name cannot be looked up now. Check the address."
        raise _refused("git_not_found", message) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))[:MOST_ADDRESSES]
    if not repository.may_be_inside and not all(is_public(ipaddress.ip_address(each)) for each in addresses):
        raise _refused(
            "git_inside",
            f"{repository.host} is inside a network that this site does not fetch from. Upload the pack as a zip file, "
            "or ask who runs this site to allow the host.",
        )
    return tuple(addresses)


def is_public(address: _IP) -> bool:
    """Whether this is an address of the Internet at large, in itself and in what it stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.is_site_local or any(address in network for network in _TRANSLATED):
            return False
        stands_for = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if stands_for is not None:
            return not address.teredo and is_public(stands_for)
    return address.is_global and not address.is_multicast and not address.is_reserved
