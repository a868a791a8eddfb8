"""Packs from repositories: fetched by https from where the operator allows, and nothing in them or behind them acts."""

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import a_course, an_instructor_of
from small_pack import FILES

from accounts.errors import DrydockError
from authoring import calling, git_fetch, import_work
from authoring.bringing_in import bring_git, confirm
from authoring.git_address import checked_ref, is_public, repository_at, resolved
from authoring.git_fetch import fetch
from authoring.models import ImportState
from courses.models import Activity
from tests.authoring.git_site import HOST, GitSite, a_repository, commit, git, git_site


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitSite]:
    with git_site(tmp_path_factory.mktemp("git")) as site:
        a_repository(site.root / "pack")
        a_repository(
            site.root / "many", {f"packs/small/{path}": text for path, text in FILES.items()} | {"README.md": "x"}
        )
        yield site


@pytest.fixture
def site(server: GitSite, settings: Any, monkeypatch: pytest.MonkeyPatch) -> GitSite:
    """The server, allowed by the operator; its name leads to loopback for us, and nowhere for anybody else."""
    settings.COURSE_GIT_PRIVATE_HOSTS = [server.host]
    settings.COURSE_GIT_CA_FILE = str(server.certificate)
    lead(monkeypatch, "127.0.0.1")
    server.redirects.clear()
    server.statuses.clear()
    server.asked.clear()
    return server


def lead(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name lead to these addresses."""

    def found(_host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def refused(call: Any) -> str:
    with pytest.raises(DrydockError) as caught:
        call()
    return caught.value.code


def fetched(site: GitSite, name: str = "pack", **options: str) -> git_fetch.Fetched:
    return fetch(repository_at(site.url(name)), **options)


def test_a_pack_is_fetched_by_the_addresses_that_were_looked_at(site: GitSite) -> None:
    """The name is known to nobody: git went where it was told to, and asked for no name again."""
    got = fetched(site)
    assert {path: content.decode() for path, content in got.files.files.items()} == FILES
    assert got.commit == git(site.root / "pack", "rev-parse", "HEAD")


def test_a_branch_a_tag_a_commit_and_a_folder_are_found(site: GitSite) -> None:
    many = site.root / "many"
    first = git(many, "rev-parse", "HEAD")
    git(many, "tag", "--force", "--annotate", "--message=x", "v1")
    git(many, "config", "uploadpack.allowAnySHA1InWant", "true")
    newest = commit(many, {"packs/small/labs/hello/README.md": f"Newer than {first}\n"})
    assert fetched(site, "many", ref="main", folder="packs/small").commit == newest
    assert fetched(site, "many", ref="v1", folder="packs/small").commit == first
    assert fetched(site, "many", ref=first, folder="packs/small").commit == first
    assert set(fetched(site, "many", folder="packs/small").files.files) == set(FILES)
    assert refused(lambda: fetched(site, "many", ref="no-such-branch")) == "git_no_ref"
    assert refused(lambda: fetched(site, "many", folder="packs/other")) == "git_no_folder"
    assert refused(lambda: fetched(site, "many", folder="README.md")) == "git_no_folder"


def test_a_redirect_is_not_followed(site: GitSite) -> None:
    site.redirects["/moved"] = site.url("pack")
    assert refused(lambda: fetched(site, "moved")) == "git_redirect"
    assert all(path.startswith("/moved") for path in site.asked)


def test_nobody_is_asked_for_a_password(site: GitSite) -> None:
    site.statuses["/private"] = 401
    assert refused(lambda: fetched(site, "private")) == "git_not_public"
    assert refused(lambda: fetched(site, "nothing-here")) == "git_not_found"


def test_a_certificate_that_nobody_vouches_for_ends_it(site: GitSite, settings: Any) -> None:
    settings.COURSE_GIT_CA_FILE = ""
    assert refused(lambda: fetched(site)) == "git_certificate"
    assert site.asked == []


def test_a_repository_that_is_too_large_is_not_fetched_whole(site: GitSite, settings: Any) -> None:
    a_repository(site.root / "large", {"noise": os.urandom(400_000).hex()})
    settings.COURSE_IMPORT_MIB = 0.1
    assert refused(lambda: fetched(site, "large")) == "git_too_large"


def test_what_unpacks_to_more_than_is_taken_is_not_read(site: GitSite, settings: Any) -> None:
    a_repository(site.root / "bomb", {"zeros": "0" * 3_000_000})
    settings.COURSE_IMPORT_MIB = 1
    assert refused(lambda: fetched(site, "bomb")) == "too_large"
    settings.COURSE_IMPORT_FILES = 3
    assert refused(lambda: fetched(site)) == "too_many_files"


def test_a_repository_that_does_not_arrive_in_time_is_given_up(site: GitSite, settings: Any) -> None:
    settings.COURSE_GIT_SECONDS = 0.0
    assert refused(lambda: fetched(site)) in {"git_slow", "git_failed"}


def test_links_submodules_and_large_file_pointers_are_refused_by_name(site: GitSite) -> None:
    linked = a_repository(site.root / "linked")
    (linked / "banks/link.yaml").symlink_to("/etc/passwd")
    commit(linked, {})
    assert refused(lambda: fetched(site, "linked")) == "symlink"
    module = a_repository(site.root / "module")
    git(module, "update-index", "--add", "--cacheinfo", f"160000,{git(module, 'rev-parse', 'HEAD')},labs/other")
    git(module, "commit", "--quiet", "--message=Module")
    assert refused(lambda: fetched(site, "module")) == "submodule"
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    a_repository(site.root / "lfs", FILES | {"labs/hello/starter/big": pointer})
    assert refused(lambda: fetched(site, "lfs")) == "git_lfs"


def test_attributes_filters_and_hooks_of_a_repository_do_nothing(site: GitSite, tmp_path: Path) -> None:
    attributes = "* filter=evil export-subst text eol=crlf\nlabs export-ignore\n"
    evil = a_repository(site.root / "evil", FILES | {"labs/hello/starter/note": "$Format:%H$\n"})
    (evil / ".gitattributes").write_text(attributes)
    git(evil, "add", ".gitattributes")
    git(evil, "commit", "--quiet", "--message=Attributes")
    files = fetched(site, "evil").files.files
    assert files["labs/hello/starter/note"] == b"$Format:%H$\n"
    assert set(files) == {*FILES, "labs/hello/starter/note", ".gitattributes"}


def test_the_servers_own_settings_and_environment_are_not_git_s(
    site: GitSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text('[url "https://127.0.0.1:1/"]\n\tinsteadOf = https://\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    assert fetched(site).files.files.keys() == FILES.keys()


def test_without_git_it_is_said_plainly(site: GitSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert refused(lambda: fetched(site)) == "git_missing"


INSIDE = [
    *("127.0.0.1", "10.0.0.5", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
    *("2001:0:0:0:0:0:80ff:fffe", "255.255.255.255", "198.18.0.1", "64:ff9b:1::1", "ff02::1", "fec0::1"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_not_fetched_from(
    address: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.COURSE_GIT_PRIVATE_HOSTS = []
    assert not is_public(ipaddress.ip_address(address))
    lead(monkeypatch, "93.184.215.14", address)
    assert refused(lambda: resolved(repository_at("https://git.example.test/x"))) == "git_inside"


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1"])
def test_public_addresses_are_fetched_from(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lead(monkeypatch, address)
    assert resolved(repository_at("https://git.example.test/x")) == (address,)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x", "https://[::1]/x", "https://2130706433/x", "https://0x7f.1/x", "https://localhost/x"]
)
def test_loopback_in_any_spelling_is_not_fetched_from(url: str) -> None:
    assert refused(lambda: fetch(repository_at(url))) == "git_inside"


@pytest.mark.parametrize(
    "url",
    [
        *("http://a.example/x", "ssh://a.example/x", "git@a.example:x", "file:///etc", "ext::sh -c id", "/etc", ""),
        *("https://me@a.example/x", "https://me:pw@a.example/x", "https://a.example@b.example/x", "https://a.example"),
        *("https://a.example/x?y", "https://a.example/x#y", "https://a.example\\@b/x", "https://a.example/x y"),
        *("https://-u.example/x", "https://a.example:port/x", "https://a.exämple/x", "https://localhost./x"),
        *("https://a.example/x\n", "https://" + "a" * 300, "--upload-pack=touch /tmp/x", "https:///x"),
    ],
)
def test_other_addresses_are_refused_before_anything_is_looked_up(url: str) -> None:
    refused_as = refused(lambda: repository_at(url if not url.endswith("\n") else url + "x"))
    assert refused_as == "git_address"


def test_the_operator_says_which_hosts(settings: Any) -> None:
    settings.COURSE_GIT_HOSTS = ["git.example.org"]
    assert repository_at("https://GIT.example.org/a/b.git").url == "https://git.example.org/a/b.git"
    assert refused(lambda: repository_at("https://other.example.org/x")) == "git_host"
    assert refused(lambda: repository_at("https://git.example.org:8443/x")) == "git_host"
    settings.COURSE_GIT_HOSTS = []
    assert refused(lambda: repository_at("https://git.example.org/x")) == "git_off"


@pytest.mark.parametrize(
    "ref", ["-x", "--upload-pack=x", "a..b", "a b", "a:b", "+a", "a//b", "a.lock", "x" * 201, "^a", "a~1"]
)
def test_what_is_no_branch_is_refused(ref: str) -> None:
    assert refused(lambda: checked_ref(ref)) == "git_ref"


@pytest.mark.parametrize("ref", ["", "main", "feature/x-1", "v1.2.3", "a" * 40])
def test_branches_tags_and_commits_are_taken(ref: str) -> None:
    assert checked_ref(f" {ref} ") == ref


@pytest.mark.django_db(transaction=True)
def test_the_way_from_the_repository_to_the_course(site: GitSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "call_readers", lambda: None)
    course = a_course()
    teacher = an_instructor_of(course)
    made = bring_git(by=teacher, course=course, url=site.url("many"), ref="main", folder="packs/small")
    import_work.work()
    made.refresh_from_db()
    assert made.state == ImportState.SEEN, made.why
    assert made.commit == git(site.root / "many", "rev-parse", "HEAD")
    commit(site.root / "many", {"packs/small/labs/hello/README.md": "Pushed after it was seen.\n"})
    asked = len(site.asked)
    confirm(by=teacher, course_import=made, seen=made.seen)
    import_work.work()
    made.refresh_from_db()
    assert made.state == ImportState.APPLIED
    assert len(site.asked) == asked, "what was seen is applied, not what is there by now"
    version = Activity.objects.get(slug="hello").lab.current_version
    assert version is not None
    assert "Pushed after" not in version.readme


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_fetched_is_told_on_the_import(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "call_readers", lambda: None)
    lead(monkeypatch, "10.0.0.1")
    course = a_course()
    made = bring_git(by=an_instructor_of(course), course=course, url=f"https://{HOST}/x")
    import_work.work()
    made.refresh_from_db()
    assert made.state == ImportState.REFUSED
    assert made.why.startswith("git.example.test is inside a network that this site does not fetch from.")
