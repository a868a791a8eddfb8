"""Which places pip, apt and npm fetch from on this machine: asked of the tools themselves, or given by the operator.

    DRYDOCK_PACKAGES_PIP, DRYDOCK_PACKAGES_APT, DRYDOCK_PACKAGES_NPM    addresses, by commas; `off` for none

Names and passwords in an address are for fetching on this machine and go no further.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import html.parser
import http.client
import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

KINDS = ("pip", "apt", "npm")
OFF = "off"
PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
VENV_PIP = Path(__file__).resolve().parents[2] / ".venv/bin/pip"
TOOL_SECONDS = 60
FETCH_SECONDS = 20
MOST_BYTES = 8 * 1024 * 1024


class RegistryTrouble(Exception):
    """It is not known where a tool fetches from; the text says what to do."""


@dataclass(frozen=True, order=True)
class Place:
    """A server that packages come from."""

    scheme: str
    host: str
    port: int

    @property
    def pattern(self) -> str:
        """What a request for it looks like to a proxy, as an extended regular expression."""
        host = self.host.replace(".", r"\.")
        if self.scheme == "https":
            return f"^{host}:{self.port}$"
        port = f"(:{self.port})?" if self.port == PORTS["http"] else f":{self.port}"
        return f"^http://{host}{port}/"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


def variable(kind: str) -> str:
    """The variable that names a kind's places in the tool's stead."""
    return f"DRYDOCK_PACKAGES_{kind.upper()}"


def places(kind: str) -> tuple[Place, ...]:
    """Every server that the tool fetches from. Raises RegistryTrouble, also where the operator wants none."""
    given = _given(kind)
    if given.lower() == OFF:
        raise RegistryTrouble(f"This machine offers builds no packages of {kind}: {variable(kind)} is `{OFF}`.")
    urls = [url.strip() for url in given.split(",") if url.strip()] or ASKED[kind]()
    found = {place for url in urls if (place := _place(url)) is not None}
    if not found:
        raise RegistryTrouble(
            f"{kind} fetches from no server on this machine: set {variable(kind)} to the address that it should use."
        )
    return tuple(sorted(found))


def pip_index() -> str:
    """The index that pip was told to use instead of its own, without name and password; empty for its own."""
    return _told("pip", lambda: _pip_settings().get("index-url", ""))


def npm_registry() -> str:
    """The registry that npm uses, without name and password; empty where that is not known."""
    return _told("npm", _npm_registry)


def _given(kind: str) -> str:
    wishes = {
        "pip": os.environ.get("DRYDOCK_PACKAGES_PIP", ""),
        "apt": os.environ.get("DRYDOCK_PACKAGES_APT", ""),
        "npm": os.environ.get("DRYDOCK_PACKAGES_NPM", ""),
    }
    return wishes[kind].strip()


def _told(kind: str, ask: Callable[[], str]) -> str:
    given = _given(kind).split(",")[0].strip()
    if given.lower() == OFF:
        return ""
    try:
        url = given or ask()
    except RegistryTrouble:
        return ""
    return _without_password(url) if url.startswith(("http://", "https://")) else ""


def apt_sources(suite: str) -> list[str]:
    """The lines that name a Debian suite, its updates and its security archive as this machine's apt has them.

    None unless it has all three, without a password: mmdebstrap then uses its own. The suite's archive is the one that
    has the updates too, which tells it from other people's archives for the same suite.
    """
    try:
        known = _archives()
    except RegistryTrouble:
        return []
    main = next((place for place, name in known if name == f"{suite}-updates" and (place, suite) in known), "")
    security = next((place for place, name in known if name == f"{suite}-security"), "")
    wanted = [(main, suite), (main, f"{suite}-updates"), (security, f"{suite}-security")]
    whole = main and security and "@" not in main + security
    return [f"deb {place} {name} main" for place, name in wanted] if whole else []


def _archives() -> list[tuple[str, str]]:
    """Every archive and suite that apt would fetch. It is asked so that it tells them before its first update, too."""
    said = _asked("apt-get", "update", "--print-uris")
    return re.findall(r"^'(https?://[^']+?)/?/dists/([^']+)/InRelease'", said, re.MULTILINE)


def _pip() -> list[str]:
    settings = _pip_settings()
    index = settings.get("index-url") or _pip_default()
    others = [*settings.get("extra-index-url", "").split(), *settings.get("find-links", "").split()]
    indexes = [url for url in (index, *others) if url.startswith(("http://", "https://"))]
    return [*indexes, *(link for url in indexes for link in _links(f"{url.rstrip('/')}/pip/"))]


def _apt() -> list[str]:
    return [archive for archive, _ in _archives()]


def _npm() -> list[str]:
    registry = _npm_registry()
    described = _fetched(f"{registry.rstrip('/')}/npm/latest", accept="application/json")
    try:
        return [registry, str(json.loads(described)["dist"]["tarball"])]
    except (ValueError, KeyError, TypeError):
        return [registry]


ASKED: dict[str, Callable[[], list[str]]] = {"pip": _pip, "apt": _apt, "npm": _npm}


def _npm_registry() -> str:
    return _asked("npm", "config", "get", "registry").strip()


def _pip_settings() -> dict[str, str]:
    """pip's configuration by option: the environment's first, then its commands' own, then what stands for all."""
    found: dict[str, dict[str, str]] = {}
    for line in _asked(_pip_program(), "config", "list").splitlines():
        name, equals, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if equals:
            with contextlib.suppress(ValueError, SyntaxError):  # a line that is no setting
                found.setdefault(section, {})[option] = str(ast.literal_eval(value)).strip()
    return {**found.get("global", {}), **found.get("install", {}), **found.get(":env:", {})}


def _pip_default() -> str:
    said = _asked(_pip_program(), "install", "--help")
    found = re.search(r"--index-url\s.*?\(default\s+(https?://[^\s)]+)\)", said, re.DOTALL)
    if found is None:
        raise RegistryTrouble(f"pip does not say which index it uses: set {variable('pip')} to its address.")
    return found[1]


def _pip_program() -> str:
    for name in ("pip", "pip3"):
        if shutil.which(name):
            return name
    return str(VENV_PIP)


def _asked(program: str, *arguments: str) -> str:
    kind = next(kind for kind in KINDS if kind in Path(program).name)
    try:
        done = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=TOOL_SECONDS,
            cwd="/",
            env={**os.environ, "COLUMNS": "500", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "LC_ALL": "C.UTF-8"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RegistryTrouble(
            f"{program} cannot be asked where it fetches from ({error}): install it, "
            f"or set {variable(kind)} to the address that it should use."
        ) from error
    if done.returncode != 0:
        raise RegistryTrouble(
            f"{program} does not say where it fetches from ({done.stderr.strip()[-200:]}): "
            f"set {variable(kind)} to the address that it should use."
        )
    return done.stdout


def _links(page: str) -> list[str]:
    """Where the links of an index page lead: files may lie on another server than the index."""
    reader = _LinkReader()
    reader.feed(_fetched(page, accept="text/html").decode(errors="replace"))
    return sorted(reader.found)


class _LinkReader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        """Keep the server of an absolute link."""
        target = urlsplit(dict(attrs).get("href") or "") if tag == "a" else SplitResult("", "", "", "", "")
        if target.scheme in PORTS and target.netloc:
            self.found.add(f"{target.scheme}://{target.netloc}/")


def _fetched(url: str, *, accept: str) -> bytes:
    """What is there; empty where the server has no such page. Raises RegistryTrouble when the server is not there."""
    parts = urlsplit(url)
    request = urllib.request.Request(_without_password(url), headers={"Accept": accept})
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_header("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=FETCH_SECONDS) as answer:
            content: bytes = answer.read(MOST_BYTES)
            return content
    except urllib.error.HTTPError:
        return b""
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise RegistryTrouble(f"The package registry {parts.hostname} cannot be reached: {reason}.") from error


def _place(url: str) -> Place | None:
    """The server of an address; None for folders of this machine. Raises RegistryTrouble for what is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise RegistryTrouble(f"`{_bare(url)}` is no address of a package registry: {error}.") from error
    if parts.scheme not in PORTS:
        if "://" in url or url.startswith(("/", "file:", "cdrom:", "copy:")):
            return None
        raise RegistryTrouble(f"`{_bare(url)}` is no address of a package registry: begin it with https://.")
    host = (parts.hostname or "").lower()
    if not HOST.fullmatch(host):
        raise RegistryTrouble(f"The package registry `{host}` cannot be used: give it a plain host name.")
    return Place(parts.scheme, host, port)


def _bare(url: str) -> str:
    """For a message: an address without what stands before its @."""
    return url.rpartition("@")[2]


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
