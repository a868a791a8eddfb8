"""A real engine agrees with the keys of the review's questions about what Docker does."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.quizzes.test_review_questions import BY_ID

pytestmark = pytest.mark.engine

BASE = "FROM busybox:1.35\n"


class Docker:
    """The docker command line on the tests' engine; what it makes is taken away afterwards.

    Builds go the classic way, which every docker command can do; BuildKit needs a part that is not always installed.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self._folder = folder
        self._environment = {**os.environ, "DOCKER_HOST": url, "DOCKER_BUILDKIT": "0", "DOCKER_CONFIG": str(folder)}
        self._images: list[str] = []
        self.names: list[str] = []

    def tried(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Carry out a command and give back how it ended."""
        return subprocess.run(
            ["docker", *words], env=self._environment, capture_output=True, text=True, check=False, timeout=120
        )

    def __call__(self, *words: str) -> str:
        """Carry out a command that works; what it printed."""
        done = self.tried(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def builds(self, dockerfile: str, *flags: str, **files: str) -> subprocess.CompletedProcess[str]:
        """Build from a Dockerfile and files, named with `_` for `.`, as the image `key-N`."""
        context = self._folder / f"context-{len(self._images)}"
        context.mkdir()
        (context / "Dockerfile").write_text(dockerfile)
        for name, text in files.items():
            path = context / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        self._images.append(f"key-{len(self._images)}")
        return self.tried("build", "--no-cache", "--network=none", "-t", self._images[-1], *flags, str(context))

    def image(self, dockerfile: str, *flags: str, **files: str) -> str:
        """Build what can be built; the image's name."""
        done = self.builds(dockerfile, *flags, **files)
        assert done.returncode == 0, done.stderr
        return self._images[-1]

    def container(self, *words: str) -> str:
        """Run or create a container that is taken away afterwards; its name."""
        name = f"box-{len(self.names)}"
        self.names.append(name)
        verb, *rest = words
        self(verb, "--name", name, *rest)
        return name

    def state(self, name: str) -> str:
        """The state of a container."""
        return self("inspect", "--format", "{{.State.Status}}", name)

    def tidy_up(self) -> None:
        """Remove what was made."""
        if self.names:
            self.tried("rm", "--force", "--volumes", *self.names)
        if self._images:
            self.tried("image", "rm", "--force", *self._images)


@pytest.fixture
def docker(engine_url: str, tmp_path: Path) -> Iterator[Docker]:
    docker = Docker(engine_url, tmp_path)
    yield docker
    docker.tidy_up()


def key(question: str) -> Any:
    return BY_ID[question].answer  # type: ignore[attr-defined]


PRINTS: dict[str, Callable[[Docker], str]] = {
    "workdir-relative": lambda d: d("run", "--rm", d.image(BASE + "WORKDIR /srv\nWORKDIR app\n"), "pwd"),
    "cmd-last-wins": lambda d: d("run", "--rm", d.image(BASE + 'CMD ["echo", "first"]\nCMD ["echo", "second"]\n')),
    "entrypoint-and-cmd": lambda d: d(
        "run", "--rm", d.image(BASE + 'ENTRYPOINT ["echo", "one"]\nCMD ["two"]\n'), "three"
    ),
}


@pytest.mark.parametrize("question", sorted(PRINTS))
def test_the_engine_prints_what_the_key_says(question: str, docker: Docker) -> None:
    assert PRINTS[question](docker) in key(question)


def test_a_container_reports_the_hosts_kernel(docker: Docker) -> None:
    assert docker("run", "--rm", "busybox:1.35", "uname", "-r") == os.uname().release


def test_the_exec_form_fills_in_no_variable(docker: Docker) -> None:
    done = docker.builds(BASE + 'RUN ["echo", "$HOME"]\n')
    assert done.returncode == 0
    assert "$HOME" in done.stdout.splitlines()
    assert key("run-exec-form").startswith("`$HOME`")


def test_a_cd_is_forgotten_when_its_run_ends(docker: Docker) -> None:
    image = docker.image(BASE + "WORKDIR /srv\nRUN cd /tmp\nRUN touch here\n")
    assert docker("run", "--rm", image, "find", "/srv", "/tmp", "-name", "here") == key("run-cd-is-forgotten").strip(
        "`"
    )


def test_a_folders_content_is_copied_without_the_folder(docker: Docker) -> None:
    image = docker.image(BASE + "COPY app /srv/\n", app__main_py="")
    assert docker("run", "--rm", image, "find", "/srv", "-type", "f") == key("copy-folder").strip("`")


@pytest.mark.parametrize(
    ("question", "dockerfile", "works"),
    [
        ("dockerfile-order", "RUN cat /notes.txt\nCOPY notes.txt /\n", False),
        ("copy-from-above", "COPY ../Dockerfile-of-the-tests /srv/\n", False),
        ("workdir-makes", "WORKDIR /srv/app\n", True),
    ],
)
def test_a_build_works_or_fails_as_the_key_says(question: str, dockerfile: str, works: bool, docker: Docker) -> None:
    done = docker.builds(BASE + dockerfile, notes_txt="text")
    assert (done.returncode == 0) is works, done.stderr
    assert question in BY_ID


def test_arg_may_stand_before_from_and_the_other_options_may_not(docker: Docker) -> None:
    assert docker.builds("ARG VERSION=1.35\nFROM busybox:$VERSION\n").returncode == 0
    for other in ("RUN true", "LABEL a=b", "COPY Dockerfile /"):
        assert docker.builds(f"{other}\n{BASE}").returncode != 0
    assert key("before-from") == "`ARG`"


def test_an_argument_replaces_the_command(docker: Docker) -> None:
    image = docker.image(BASE + 'CMD ["echo", "hello"]\n')
    assert docker("run", "--rm", image, "echo", "date") == "date"


def test_expose_publishes_nothing(docker: Docker) -> None:
    image = docker.image(BASE + "EXPOSE 8080\n")
    name = docker.container("run", "--detach", image, "sleep", "60")
    assert docker("port", name) == ""


def test_a_declared_volume_without_flags_is_anonymous(docker: Docker) -> None:
    name = docker.container("create", docker.image(BASE + "VOLUME /data\n"))
    kind, volume = docker("inspect", "--format", "{{range .Mounts}}{{.Type}} {{.Name}}{{end}}", name).split()
    assert (kind, len(volume)) == ("volume", 64)


def test_commit_takes_files_and_leaves_volumes_out(docker: Docker) -> None:
    writes = "echo a > /own; echo b > /data/kept"
    name = docker.container("run", docker.image(BASE + "VOLUME /data\n"), "sh", "-c", writes)
    docker("commit", name, "key-0")
    assert docker("run", "--rm", "key-0", "sh", "-c", "cat /own; ls /data") == "a"
    assert key("commit-and-volumes") is False


def test_states_follow_the_commands(docker: Docker) -> None:
    name = docker.container("create", "busybox:1.35", "sleep", "60")
    assert docker.state(name) == key("create-state")
    docker("start", name)
    docker("container", "pause", name)
    assert docker.state(name) == "paused"
    docker("container", "unpause", name)
    assert docker.tried("container", "rm", name).returncode != 0
    docker("container", "kill", name)
    assert docker("inspect", "--format", "{{.State.ExitCode}}", name) == str(128 + 9)
    listing = {
        "`docker ps -a`": ("ps", "-a"),
        "`docker container ls --all`": ("container", "ls", "--all"),
        "`docker ps`": ("ps",),
        "`docker container ls`": ("container", "ls"),
        "`docker image ls`": ("image", "ls"),
    }
    assert {text for text, words in listing.items() if name in docker(*words)} == set(key("ls-shows"))


def test_a_container_started_again_has_its_files(docker: Docker) -> None:
    name = docker.container("run", "busybox:1.35", "sh", "-c", "ls / | grep -c notes; touch /notes.txt")
    docker("container", "start", "--attach", name)
    assert docker("logs", name).split() == ["0", "1"]


def test_three_runs_make_three_containers(docker: Docker) -> None:
    before = len(docker("ps", "-aq").split())
    first = docker.container("run", "busybox:1.35", "true")
    docker.container("run", "busybox:1.35", "true")
    docker("start", first)
    docker.container("run", "busybox:1.35", "true")
    assert len(docker("ps", "-aq").split()) - before == key("three-runs")


def test_a_volume_of_an_exited_container_is_in_use(docker: Docker) -> None:
    name = docker.container("run", "-v", "key-data:/data", "busybox:1.35", "true")
    assert docker.state(name) == "exited"
    refused = docker.tried("volume", "rm", "key-data")
    assert refused.returncode != 0
    assert "in use" in refused.stderr
    docker("rm", name)
    docker("volume", "rm", "key-data")


def test_stages_give_only_what_is_copied(docker: Docker) -> None:
    first = BASE.replace("\n", " AS build\n") + "RUN mkdir /out && echo hi > /out/app && echo big > /compiler\n"
    image = docker.image(f"{first}{BASE}COPY --from=build /out/app /usr/local/bin/app\n")
    assert docker("run", "--rm", image, "cat", "/usr/local/bin/app") == "hi"
    assert docker.tried("run", "--rm", image, "ls", "/compiler").returncode != 0
    assert docker.builds(f"{first}{BASE}COPY /out/app /usr/local/bin/app\n").returncode != 0


def test_a_deletion_takes_nothing_out_of_the_layer_below(docker: Docker) -> None:
    def size(image: str) -> int:
        return int(docker("image", "inspect", "--format", "{{.Size}}", image))

    big = docker.image(BASE + "RUN dd if=/dev/urandom of=/big bs=1M count=4\n")
    deleted = docker.image(BASE + "RUN dd if=/dev/urandom of=/big bs=1M count=4\nRUN rm /big\n")
    assert size(deleted) >= size(big) > 4_000_000


def test_three_ways_leave_a_password_in_the_image(docker: Docker) -> None:
    environment = docker.image(BASE + "ENV PASSWORD=hunter2\n")
    assert "hunter2" in docker("image", "inspect", environment)
    argument = docker.image(BASE + "ARG PASSWORD\nRUN true\n", "--build-arg", "PASSWORD=hunter2")
    assert "hunter2" in docker("history", "--no-trunc", argument)
    copied = docker.image(BASE + "COPY password.txt .\nRUN rm password.txt\n", password_txt="hunter2")
    archive = subprocess.run(
        ["docker", "save", copied], env=docker._environment, capture_output=True, check=True, timeout=120
    ).stdout
    assert b"hunter2" in archive
