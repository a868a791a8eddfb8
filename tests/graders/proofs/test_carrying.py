"""What proofs see on a real engine, fact by fact, and what they show as a terminal does."""

from typing import Any

import pytest

from graders.proofs.carrying import carry_out
from graders.proofs.plan import ProofPlan
from graders.proofs.seen import Seen, Terminal
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.fake import FakeProgram, FakeSandbox, steps

DOCKERFILE = """FROM busybox:1.35
WORKDIR /srv
ENV MODE=fast
EXPOSE 8000
VOLUME /data
USER 1000
COPY note.txt .
CMD ["cat", "note.txt"]
"""


def seen(url: str, **fields: Any) -> Seen:
    return carry_out(ProofPlan.model_validate(fields), DockerSandbox(url), bases=["busybox:1.35"], job_id="tests-proof")


@pytest.mark.engine
def test_what_an_image_says_of_itself_is_seen(engine_url: str) -> None:
    shows = [
        {"build": "default", fact: "x"}
        for fact in ("works", "workdir", "user", "cmd", "entrypoint", "env", "ports", "volumes", "history", "layers")
    ]
    shows += [{"file": "/srv/note.txt", "content": "x"}, {"file": "/nothing"}, {"added_mb": {"at_most": 1}}]
    found = seen(engine_url, dockerfile=DOCKERFILE, files={"note.txt": "kept\n"}, run={}, shows=[*shows, "stdout"])
    facts = {key.removesuffix(" of the build default"): value for key, value in found.facts.items()}
    assert found.trouble == ""
    assert facts["whether the build default works"] is True
    assert facts["the workdir"] == "/srv"
    assert facts["the user"] == "1000"
    assert facts["the cmd"] == '["cat", "note.txt"]'
    assert facts["the entrypoint"] == "[]"
    assert "MODE=fast" in str(facts["the env"]).splitlines()
    assert (facts["the ports"], facts["the volumes"]) == ("8000/tcp", "/data")
    assert "COPY note.txt" in str(facts["the history"])
    assert facts["the content of /srv/note.txt in the build default"] == "kept\n"
    assert facts["whether there is /nothing in the build default"] is False
    assert facts["the stdout of the run default"] == "kept\n"
    assert [piece.text for piece in found.terminal if piece.kind == "typed"] == [
        "cat Dockerfile",
        "docker build -t image .",
        "docker run --rm image",
    ]
    assert found.engine


@pytest.mark.engine
def test_where_and_why_a_build_fails_is_seen(engine_url: str) -> None:
    found = seen(
        engine_url,
        dockerfile="FROM busybox:1.35\n\nRUN echo first\nRUN echo said && exit 3\n",
        build={},
        shows=[{"works": False}, {"line": "answer"}, {"log": {"contains": "said"}}, {"error": {"contains": "3"}}],
    )
    assert found.facts["the line of the build default"] == 4
    assert found.facts["whether the build default works"] is False
    assert "said" in str(found.facts["the log of the build default"])
    assert found.terminal[-1].kind == "err"


@pytest.mark.engine
def test_what_commands_leave_is_seen(engine_url: str) -> None:
    found = seen(
        engine_url,
        files={"note.txt": "kept\n"},
        dockerfile="FROM busybox:1.35\nCOPY note.txt /\n",
        commands="""
            docker build -t noted .
            docker run --name box -v data:/data noted sh -c "cp /note.txt /data; echo oops >&2; exit 4" || echo failed
            docker network create between
            docker ps -a
        """,
        shows=[
            {"command": 2, "stderr": {"contains": "oops"}},
            {"command": 2, "stdout": "failed"},
            {"command": 4, "lines": 2},
            {"container": "box", "exit_code": 4, "state": "exited"},
            {"container": "gone", "exists": False},
            {"image": "noted", "file": "/note.txt", "content": "kept"},
            {"volume": "data", "file": "/note.txt"},
            {"network": "between", "exists": True},
        ],
    )
    assert found.trouble == ""
    assert found.facts["the exit code of the container box"] == 4
    assert found.facts["the lines of the command 4"] == 2
    assert found.facts["whether the container gone exists"] is False
    assert found.facts["the content of /note.txt in the image noted"] == "kept\n"
    assert found.facts["whether there is /note.txt in the volume data"] is True
    assert found.facts["whether the network between exists"] is True


@pytest.mark.engine
def test_what_a_rebuild_reuses_and_what_an_image_holds_is_seen(engine_url: str) -> None:
    found = seen(
        engine_url,
        files={"a.txt": "one", "b.txt": "two"},
        dockerfile=(
            "FROM busybox:1.35\nCOPY a.txt /\nRUN echo secret-in-a-layer > /x && rm /a.txt\nRUN rm /x\nCOPY b.txt /\n"
        ),
        builds={"default": {}, "again": {"rebuild_of": "default", "change": {"b.txt": "three"}}},
        shows=[
            {"build": "again", "reused": 3},
            {"build": "default", "holds": "secret-in-a-layer"},
            {"build": "default", "holds": "nowhere-in-there"},
        ],
    )
    assert found.facts["the reused of the build again"] == 3
    assert found.facts['whether "secret-in-a-layer" is in the image of the build default'] is True
    assert found.facts['whether "nowhere-in-there" is in the image of the build default'] is False
    assert any(piece.text.startswith("CACHED [2/5]") for piece in found.terminal)


def fake(plan: dict[str, Any], sandbox: FakeSandbox) -> Seen:
    return carry_out(ProofPlan.model_validate(plan), sandbox, bases=["busybox:1.35"], job_id="fake")


def test_an_engine_that_fails_is_no_result() -> None:
    sandbox = FakeSandbox()
    sandbox.break_on("build")
    with pytest.raises(SandboxUnavailable):
        fake({"dockerfile": "FROM busybox:1.35\n", "run": {}}, sandbox)


def test_a_build_that_fails_although_nobody_looks_at_that_proves_nothing() -> None:
    sandbox = FakeSandbox(on_build=lambda _call: steps("[1/1] FROM busybox:1.35", failed=0))
    found = fake({"dockerfile": "FROM busybox:1.35\n", "run": {}}, sandbox)
    assert "nothing in the proof looks at" in found.trouble


def test_a_run_that_cannot_start_proves_nothing() -> None:
    sandbox = FakeSandbox(on_run=lambda _spec: FakeProgram(start_error="no such file", exit_code=127))
    found = fake({"dockerfile": "FROM busybox:1.35\n", "run": {}}, sandbox)
    assert "could not be started" in found.trouble


def test_a_terminal_is_cut_and_says_so() -> None:
    terminal = Terminal()
    for _ in range(20):
        terminal.out("x" * 20_000)
    pieces = terminal.pieces()
    assert sum(len(piece.text) for piece in pieces) < 60_000
    assert pieces[1].kind == "note"
