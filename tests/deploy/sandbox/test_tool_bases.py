"""Bases for labs that allow packages: they know where packages come from, and are remade when that changes."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from deploy.sandbox import images, registries, rootfs
from deploy.sandbox.recipes import Base, InvalidBases, Packages, Recipe, load_bases
from deploy.sandbox.rootfs import CannotMake

SOURCES = ["deb http://deb.example/debian stable main"]
NODE = Base(image="node:18-slim", recipe=Recipe(packages=Packages(kind="node", suite="stable")))


def made_of(monkeypatch: pytest.MonkeyPatch, status: str) -> list[list[str]]:
    """Let mmdebstrap give a root with this list of packages; the commands it was called with."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        into = next(word for word in command if word.endswith(".tar"))
        with tarfile.open(into, "w") as tar:
            member = tarfile.TarInfo("./var/lib/dpkg/status")
            member.size = len(status)
            tar.addfile(member, io.BytesIO(status.encode()))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr("deploy.sandbox.rootfs.subprocess.run", run)
    monkeypatch.setattr("deploy.sandbox.rootfs.shutil.which", lambda name, path=None: f"/bin/{name}")
    monkeypatch.setattr(registries, "apt_sources", lambda suite: SOURCES)
    monkeypatch.setattr(registries, "npm_registry", lambda: "https://packages.example/npm")
    return commands


def test_a_node_base_has_npm_that_asks_for_no_audit_and_comes_from_the_machines_archives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = made_of(
        monkeypatch, "Package: adduser\nVersion: 3\n\nPackage: nodejs\nArch: x\nVersion: 18.19.0+dfsg-6\n"
    )
    assert NODE.recipe.packages
    rootfs.make(NODE.recipe.packages, "18-slim", tmp_path / "node.tar")

    (command,) = commands
    assert command[-2:] == [str(tmp_path / "node.tar"), *SOURCES]
    (settings,) = [word for word in command if "npmrc" in word]
    assert "audit=false\nfund=false\nupdate-notifier=false\nregistry=https://packages.example/npm\n" in settings
    assert "nodejs,npm" in next(word for word in command if word.startswith("--include="))


def test_a_node_base_whose_tag_is_not_true_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_of(monkeypatch, "Package: nodejs\nVersion: 18.19.0+dfsg-6\n\nPackage: npm\nVersion: 20.1\n")
    assert NODE.recipe.packages
    with pytest.raises(CannotMake, match=r"20-slim would not be true: the suite stable has Node 18\.19\.0"):
        rootfs.make(NODE.recipe.packages, "20-slim", tmp_path / "node.tar")


def test_settings_with_odd_characters_reach_the_file_as_they_are(tmp_path: Path) -> None:
    """Hooks are shell: what an operator's address holds must not be read as more."""
    (tmp_path / "etc").mkdir()
    text = "registry=https://packages.example/it's$(touch x)`y`\\n\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rootfs, "tool_settings", lambda kind: {"etc/npmrc": text})
        (hook,) = rootfs._settings_hooks("node")
    subprocess.run(["sh", "-c", hook, "sh", str(tmp_path)], check=True, cwd=tmp_path)

    assert (tmp_path / "etc/npmrc").read_text() == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["etc"]


def test_an_image_is_another_when_the_machines_sources_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "npm_registry", lambda: "")
    monkeypatch.setattr(registries, "apt_sources", lambda suite: SOURCES)
    before = NODE.digest(*images._machine_ingredients(NODE))
    assert NODE.digest(*images._machine_ingredients(NODE)) == before
    monkeypatch.setattr(registries, "npm_registry", lambda: "https://packages.example/npm")
    told = NODE.digest(*images._machine_ingredients(NODE))
    monkeypatch.setattr(registries, "apt_sources", lambda suite: [])

    assert len({before, told, NODE.digest(*images._machine_ingredients(NODE))}) == 3


def test_a_node_base_needs_its_suite(tmp_path: Path) -> None:
    file = tmp_path / "course.yaml"
    file.write_text("bases: {node: {image: 'node:18', recipe: {packages: {kind: node}}}}\n")
    with pytest.raises(InvalidBases, match="kind node needs a suite"):
        load_bases(file)
