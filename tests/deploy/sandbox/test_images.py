"""Base images are what their names say, and preparing them twice changes nothing."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from engines import COURSE

from deploy.sandbox import images
from deploy.sandbox.api import EngineApi, image_path
from deploy.sandbox.recipes import InvalidBases, load_bases
from deploy.sandbox.rootfs import AUTHORITIES, CannotMake, authorities

BUSYBOX = "  a: {image: 'x:1', recipe: {packages: {kind: busybox}}}\n"


def output_of(engine_url: str, image: str, *command: str) -> str:
    api = EngineApi(engine_url)
    made = api.call("POST", "/containers/create", body={"Image": image, "Cmd": list(command), "Tty": True})
    try:
        api.call("POST", f"/containers/{made['Id']}/start")
        api.call("POST", f"/containers/{made['Id']}/wait")
        text = io.BytesIO()
        api.download(f"/containers/{made['Id']}/logs?stdout=1&stderr=1", text)
        return text.getvalue().decode()
    finally:
        api.call("DELETE", f"/containers/{made['Id']}", query={"force": "true"})


def course(folder: Path, bases: str) -> Path:
    file = folder / "course.yaml"
    file.write_text(f"bases:\n{bases}")
    return file


@pytest.mark.engine
def test_the_busybox_image_holds_the_version_of_its_tag_and_its_applets(engine_url: str) -> None:
    assert "BusyBox v1.35." in output_of(engine_url, "busybox:1.35", "busybox")
    assert output_of(engine_url, "busybox:1.35", "echo", "hello").strip() == "hello"
    config = EngineApi(engine_url).call("GET", image_path("busybox:1.35") + "/json")["Config"]
    assert config["Cmd"] == ["sh"]
    assert any(entry.startswith("PATH=") for entry in config["Env"])


@pytest.mark.engine
def test_the_debian_image_is_the_release_of_its_tag_without_documentation(engine_url: str) -> None:
    assert 'VERSION_ID="12"' in output_of(engine_url, "debian:12-slim", "cat", "/etc/os-release")
    assert output_of(engine_url, "debian:12-slim", "sh", "-c", "ls /usr/share/man /var/lib/apt/lists").count("\n") < 8
    size_mb = EngineApi(engine_url).call("GET", image_path("debian:12-slim") + "/json")["Size"] / 1e6
    assert size_mb < 90


@pytest.mark.engine
def test_the_python_image_has_python_of_its_tag_and_a_pip_that_installs(engine_url: str) -> None:
    assert output_of(engine_url, "python:3.11-slim", "python", "--version").startswith("Python 3.11")
    assert "python 3.11" in output_of(engine_url, "python:3.11-slim", "pip", "--version")
    tried = output_of(engine_url, "python:3.11-slim", "pip", "install", "--no-index", "surely-not-here")
    assert "externally-managed" not in tried
    assert EngineApi(engine_url).call("GET", image_path("python:3.11-slim") + "/json")["Config"]["Cmd"] == ["python3"]


@pytest.mark.engine
def test_the_python_image_trusts_what_the_machine_trusts(engine_url: str) -> None:
    bundle = output_of(engine_url, "python:3.11-slim", "cat", "/etc/ssl/certs/ca-certificates.crt").replace("\r", "")
    assert "BEGIN CERTIFICATE" in bundle
    for authority in authorities():
        assert authority.read_text().strip() in bundle, authority
        beside = output_of(engine_url, "debian:12-slim", "cat", f"{AUTHORITIES}/{authority.name}")
        assert beside.replace("\r", "") == authority.read_text()


@pytest.mark.engine
def test_packages_that_cannot_be_had_are_told_plainly(engine_url: str, tmp_path: Path) -> None:
    bases = "  none:\n    image: none:1\n    recipe: {packages: {kind: debian, suite: no-such-suite}}\n"
    with pytest.raises(CannotMake, match="Debian packages for no-such-suite could not be fetched or installed: check"):
        images.prepare(course_file=course(tmp_path, bases), engine_url=engine_url, cache=tmp_path)
    assert not list(tmp_path.glob("*.tar"))


@pytest.mark.engine
def test_a_second_run_finds_every_image_in_place(engine_url: str) -> None:
    api = EngineApi(engine_url)
    before = {image["Id"] for image in api.call("GET", "/images/json", query={"all": "true"})}
    said: list[str] = []
    names = images.prepare(course_file=COURSE, engine_url=engine_url, say=said.append)
    assert {image["Id"] for image in api.call("GET", "/images/json", query={"all": "true"})} == before
    assert len(said) == len(names) == len(load_bases(COURSE))
    assert all("is there already" in line for line in said)
    assert said[0].startswith(f"[1/{len(names)}] ")


@pytest.mark.engine
def test_a_changed_recipe_replaces_the_image_and_leaves_no_nameless_one(engine_url: str, tmp_path: Path) -> None:
    api = EngineApi(engine_url)
    recipe = "  tiny:\n    image: tiny-busybox:1.35\n    recipe: {packages: {kind: busybox}, cmd: [%s]}\n"

    def nameless() -> set[str]:
        return {row["Id"] for row in api.call("GET", "/images/json", query={"filters": '{"dangling": ["true"]}'})}

    before = nameless()  # the engine is shared: what a killed test left is not this test's affair
    try:
        for word in ("one", "two"):
            images.prepare(course_file=course(tmp_path, recipe % word), engine_url=engine_url, cache=tmp_path)
            assert api.call("GET", image_path("tiny-busybox:1.35") + "/json")["Config"]["Cmd"] == [word]
        assert nameless() <= before
    finally:
        api.call("DELETE", image_path("tiny-busybox:1.35"))


@pytest.mark.engine
def test_a_tar_recipe_takes_a_root_filesystem_and_a_saved_image_alike(engine_url: str, tmp_path: Path) -> None:
    api = EngineApi(engine_url)
    rootfs = tmp_path / "rootfs.tar"
    with tarfile.open(rootfs, "w") as tar:
        member = tarfile.TarInfo("hello.txt")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"hello"))
    saved = tmp_path / "saved.tar"
    with saved.open("wb") as file:
        api.download(image_path("busybox:1.35") + "/get", file)
    bases = "".join(
        f"  {tar.stem}:\n    image: from-{tar.stem}:1\n"
        f"    recipe: {{tar: {{path: {tar.name}, sha256: {hashlib.sha256(tar.read_bytes()).hexdigest()}}}}}\n"
        for tar in (rootfs, saved)
    )
    said: list[str] = []
    try:
        for _ in range(2):
            images.prepare(
                course_file=course(tmp_path, bases), engine_url=engine_url, cache=tmp_path / "cache", say=said.append
            )
        busybox, loaded = (api.call("GET", image_path(name) + "/json") for name in ("busybox:1.35", "from-saved:1"))
        assert loaded["Id"] == busybox["Id"]
        assert [line for line in said[-2:] if "is there already" in line] == said[-2:]
    finally:
        for name in ("from-rootfs:1", "from-saved:1"):
            api.call("DELETE", image_path(name))


@pytest.mark.engine
def test_a_tar_that_is_not_the_one_named_is_refused(engine_url: str, tmp_path: Path) -> None:
    (tmp_path / "some.tar").write_bytes(b"something else")
    bases = f"  some:\n    image: some:1\n    recipe: {{tar: {{path: some.tar, sha256: '{'0' * 64}'}}}}\n"
    with pytest.raises(CannotMake, match="is not the tar that the course names"):
        images.prepare(course_file=course(tmp_path, bases), engine_url=engine_url, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.tar"))


@pytest.mark.engine
def test_a_tag_that_is_not_true_is_refused(engine_url: str, tmp_path: Path) -> None:
    bases = "  old:\n    image: busybox:1.34\n    recipe: {packages: {kind: busybox}}\n"
    with pytest.raises(CannotMake, match=r"The tag 1\.34 would not be true: the installed busybox is 1\.35"):
        images.prepare(course_file=course(tmp_path, bases), engine_url=engine_url, cache=tmp_path)


@pytest.mark.parametrize(
    ("bases", "sentence"),
    [
        ("  a: {image: 'x:1', recipe: {}}\n", "exactly one of pull, tar and packages"),
        ("  a: {image: 'x', recipe: {packages: {kind: busybox}}}\n", "bases.a.image"),
        ("  a: {image: 'x:1', recipe: {packages: {kind: debian}}}\n", "needs a suite"),
        ("  a: {image: 'x:1', recipe: {packages: {kind: windows}}}\n", "bases.a.recipe.packages.kind"),
        ("  a: {image: 'x:1', recipe: {tar: {path: t, sha256: short}}}\n", "bases.a.recipe.tar.sha256"),
        (BUSYBOX + BUSYBOX.replace("a:", "b:", 1), "x:1 is declared twice"),
        ("  a: [\n", "is not YAML"),
    ],
)
def test_bases_that_cannot_be_used_say_where_and_why(tmp_path: Path, bases: str, sentence: str) -> None:
    with pytest.raises(InvalidBases) as refused:
        load_bases(course(tmp_path, bases))
    assert sentence in str(refused.value)


def test_the_command_says_in_a_sentence_that_no_engine_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert images.main(["prepare", "--course", str(COURSE), "--engine", f"unix://{tmp_path}/none.sock"]) == 1
    assert f"No engine answers at unix://{tmp_path}/none.sock" in capsys.readouterr().err


def test_a_recipes_digest_changes_with_what_goes_into_the_image() -> None:
    base = load_bases(COURSE)["busybox"]
    assert base.digest("1.35.0") == base.digest("1.35.0")
    assert base.digest("1.35.0") != base.digest("1.36.1")
    assert json.loads(base.model_dump_json())["image"] == "busybox:1.35"
