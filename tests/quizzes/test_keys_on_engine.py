"""What a proof cannot be written for, and an engine settles all the same: the rest is in test_pack_proofs.py."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.quizzes.test_review_questions import BY_ID

pytestmark = pytest.mark.engine

BASE = "FROM busybox:1.35\n"


def docker(url: str, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The docker command line on the tests' engine; builds go the classic way, which every docker command can do."""
    environment = {**os.environ, "DOCKER_HOST": url, "DOCKER_BUILDKIT": "0", "DOCKER_CONFIG": str(folder)}
    return subprocess.run(["docker", *words], env=environment, capture_output=True, text=True, check=False, timeout=120)


def key(question: str) -> Any:
    return BY_ID[question].answer  # type: ignore[attr-defined]


def test_a_container_reports_the_hosts_kernel(engine_url: str, tmp_path: Path) -> None:
    ran = docker(engine_url, tmp_path, "run", "--rm", "busybox:1.35", "uname", "-r")
    assert ran.stdout.strip() == os.uname().release, ran.stderr


@pytest.mark.parametrize("first", ["RUN true", "LABEL a=b", "COPY Dockerfile /"])
def test_only_arg_may_stand_before_from(first: str, engine_url: str, tmp_path: Path) -> None:
    """The policy refuses such files before an engine sees them, so that no proof can show it."""
    assert key("before-from") == "`ARG`"
    (tmp_path / "Dockerfile").write_text(f"{first}\n{BASE}")
    assert docker(engine_url, tmp_path, "build", "--no-cache", "--network=none", str(tmp_path)).returncode != 0
