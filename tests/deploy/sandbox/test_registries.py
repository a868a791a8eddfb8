"""Where packages come from is what this machine's own tools say, unless the operator says otherwise."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.sandbox import registries, rootfs
from deploy.sandbox.registries import Place, RegistryTrouble, places

HELP = """Usage: pip install
  -i, --index-url <url>  Base URL of the Python Package Index (default {index}). This should point to a repository.
"""
APT = """'http://deb.example/debian/dists/stable/InRelease' deb.example_debian_dists_stable_InRelease 0
'http://deb.example/debian/dists/stable/main/binary-amd64/Packages.xz' deb.example_debian 0
'http://other.example/tools/dists/stable/InRelease' other.example_tools_dists_stable_InRelease 0
'http://deb.example/debian/dists/stable-updates/InRelease' deb.example_debian_dists_stable-updates_InRelease 0
'https://sec.example:8443/debian-security/dists/stable-security/InRelease' sec.example 0
"""


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of tools that is all there is, and no wish of the operator's."""
    for kind in registries.KINDS:
        monkeypatch.delenv(registries.variable(kind), raising=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(registries, "VENV_PIP", tmp_path / "no-such-pip")
    return tmp_path


def a_tool(folder: Path, name: str, **answers: str) -> None:
    """A program that answers by its first argument."""
    cases = "".join(
        f"{first.replace('_', '-')}) /bin/cat <<'END'\n{said}\nEND\n;;\n" for first, said in answers.items()
    )
    (folder / name).write_text(f'#!/bin/sh\ncase "$1" in\n{cases}*) exit 9;;\nesac\n')
    (folder / name).chmod(0o755)


@contextmanager
def served(pages: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """A server of these pages on loopback, and who asked with which password."""
    asked: list[str] = []

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization", ""))
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def test_pip_uses_its_own_index_when_it_was_told_none_and_the_server_of_the_files_too(own_settings: Path) -> None:
    page = '<a href="https://files.example/pip-1.whl#sha256=0">pip</a> <a href="../other">other</a>'
    with served({"/simple/pip/": page}) as (address, _):
        a_tool(own_settings, "pip", config="", install=HELP.format(index=f"http://{address}/simple"))
        found = places("pip")

    port = int(address.rpartition(":")[2])
    assert found == (Place("http", "127.0.0.1", port), Place("https", "files.example", 443))


def test_pip_uses_the_index_that_it_was_told_and_its_password_goes_no_further(own_settings: Path) -> None:
    with served({"/simple/pip/": "<html></html>"}) as (address, asked):
        told = f"http://reader:s3cret@{address}/simple"
        a_tool(own_settings, "pip", config=f"global.index-url='http://unused.example/'\n:env:.index-url='{told}'")
        found = places("pip")
        settings = rootfs.tool_settings("python")

    assert found == (Place("http", "127.0.0.1", int(address.rpartition(":")[2])),)
    assert asked == ["Basic cmVhZGVyOnMzY3JldA=="]
    assert settings == {
        "etc/pip.conf": f"[global]\nindex-url = http://{address}/simple\ntrusted-host = 127.0.0.1\n",
    }


def test_a_python_base_says_nothing_of_an_index_where_pip_uses_its_own(own_settings: Path) -> None:
    a_tool(own_settings, "pip", config="global.extra-index-url='file:///srv/simple'")

    assert rootfs.tool_settings("python") == {}


def test_folders_of_this_machine_are_no_servers(own_settings: Path) -> None:
    a_tool(
        own_settings, "pip", config="global.index-url='file:///srv/simple'\nglobal.find-links='/srv/wheels'\nodd=line"
    )

    with pytest.raises(RegistryTrouble, match=r"pip fetches from no server .*: set DRYDOCK_PACKAGES_PIP"):
        places("pip")


def test_an_index_that_cannot_be_reached_is_trouble_without_its_password(own_settings: Path) -> None:
    a_tool(own_settings, "pip", config="global.index-url='http://reader:s3cret@127.0.0.1:1/simple'")

    with pytest.raises(RegistryTrouble, match=r"The package registry 127\.0\.0\.1 cannot be reached") as trouble:
        places("pip")
    assert "s3cret" not in str(trouble.value)


def test_npm_says_its_registry_and_the_registry_where_files_lie(own_settings: Path) -> None:
    described = '{"dist": {"tarball": "https://files.example/npm-1.tgz"}}'
    with served({"/npm/latest": described}) as (address, _):
        a_tool(own_settings, "npm", config=f"http://{address}/")
        found = places("npm")
        settings = rootfs.tool_settings("node")["etc/npmrc"]

    assert found == (Place("http", "127.0.0.1", int(address.rpartition(":")[2])), Place("https", "files.example", 443))
    assert f"registry=http://{address}/\n" in settings
    assert "audit=false\n" in settings


def test_apt_says_its_archives_before_its_first_update_too(own_settings: Path) -> None:
    a_tool(own_settings, "apt-get", update=APT)

    assert places("apt") == (
        Place("http", "deb.example", 80),
        Place("http", "other.example", 80),
        Place("https", "sec.example", 8443),
    )


def test_a_base_gets_its_suite_from_where_the_machine_does_and_nothing_of_other_archives(own_settings: Path) -> None:
    a_tool(own_settings, "apt-get", update=APT)

    assert registries.apt_sources("stable") == [
        "deb http://deb.example/debian stable main",
        "deb http://deb.example/debian stable-updates main",
        "deb https://sec.example:8443/debian-security stable-security main",
    ]
    assert registries.apt_sources("oldstable") == []


def test_the_operators_addresses_stand_instead_of_the_tools(
    own_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRYDOCK_PACKAGES_NPM", "https://me:pw@packages.example/npm/, http://Files.example:8080/x")

    assert places("npm") == (Place("http", "files.example", 8080), Place("https", "packages.example", 443))
    assert "registry=https://packages.example/npm/\n" in rootfs.tool_settings("node")["etc/npmrc"]


def test_a_kind_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRYDOCK_PACKAGES_PIP", "off")

    with pytest.raises(RegistryTrouble, match="DRYDOCK_PACKAGES_PIP is `off`"):
        places("pip")
    assert registries.pip_index() == ""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("packages.example", "begin it with https://"),
        ("https://[::1]/simple", "plain host name"),
        ("https://a b/", "plain host name"),
        ("https://.*/", "plain host name"),
        ("https://x:99999/", "no address"),
    ],
)
def test_what_is_no_address_is_said_so(given: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRYDOCK_PACKAGES_PIP", given)

    with pytest.raises(RegistryTrouble, match=says):
        places("pip")


def test_a_tool_that_is_missing_or_fails_is_said_so(own_settings: Path) -> None:
    with pytest.raises(RegistryTrouble, match=r"npm cannot be asked .*: install it, or set DRYDOCK_PACKAGES_NPM"):
        places("npm")
    a_tool(own_settings, "npm")
    with pytest.raises(RegistryTrouble, match=r"npm does not say .*: set DRYDOCK_PACKAGES_NPM"):
        places("npm")
    a_tool(own_settings, "pip", config="", install="no such line")
    with pytest.raises(RegistryTrouble, match="pip does not say which index it uses"):
        places("pip")


@pytest.mark.parametrize(
    ("place", "pattern"),
    [
        (Place("https", "a.example", 443), r"^a\.example:443$"),
        (Place("http", "a.example", 80), r"^http://a\.example(:80)?/"),
        (Place("http", "a.example", 8080), r"^http://a\.example:8080/"),
    ],
)
def test_a_place_is_matched_whole(place: Place, pattern: str) -> None:
    assert place.pattern == pattern
