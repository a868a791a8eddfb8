"""Rows 3, 6, 7, 15, 18, 19 and 22 of docs/security.md: what a build step or a container finds when it looks around."""

import base64
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from graders.archive import Submission
from graders.events import Event
from graders.plan import parse_plan
from graders.report import Report
from tests.security.attempts import BASES, HONEST, word_plan
from tests.security.looking_around import GET_MORE, LOOK_AROUND

pytestmark = pytest.mark.engine

Graded = Callable[..., Report]
CANARY = "canary-5d0e62"


def hand_in(dockerfile: str, **files: str) -> Submission:
    texts = {"Dockerfile": dockerfile, **{name.replace("_", "."): text for name, text in files.items()}}
    return Submission.from_files({name: text.encode() for name, text in texts.items()})


def printed(report: Report) -> str:
    """All that steps and containers have printed."""
    steps = [step.log for build in report.builds for step in build.steps]
    return "\n".join([*steps, *(container.stdout + container.stderr for container in report.containers)])


@contextmanager
def canaries() -> Iterator[tuple[list[int], list[socket.socket]]]:
    """Servers of this machine, as the site, Redis and the database are; nobody may reach them."""
    with ExitStack() as servers:
        found = [servers.enter_context(socket.create_server((host, 0))) for host in ("127.0.0.1", "0.0.0.0")]
        yield [server.getsockname()[1] for server in found], found


def assert_untouched(servers: list[socket.socket]) -> None:
    for server in servers:
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_add_reaches_nothing_where_a_lab_allows_it(graded: Graded) -> None:
    with canaries() as (ports, servers):
        for address in (f"http://127.0.0.1:{ports[0]}/x", f"http://172.17.0.1:{ports[1]}/x"):
            report = graded(word_plan("{add_url: true}"), hand_in(f"FROM busybox:1.35\nADD {address} /out\n"))
            assert not report.refusals
            assert not report.builds[0].ok
            assert report.score == 0
        assert_untouched(servers)


def test_a_cache_mount_is_empty_for_everybody(graded: Graded) -> None:
    text = (
        "FROM busybox:1.35\nCOPY word.txt /out\n"
        "RUN --mount=type=cache,target=/c,id=all,sharing=shared ls /c; echo poison-$(wc -l < /out) > /c/mine\n"
    )
    reports = [graded(word_plan("{mounts: [cache]}"), hand_in(text), job_id=f"student-{n}") for n in (1, 2)]
    for report in reports:
        assert report.builds[0].ok, report.refusals
        assert "mine" not in printed(report)


def test_no_step_of_one_student_is_reused_for_another(graded: Graded) -> None:
    text = HONEST + "RUN cat /proc/sys/kernel/random/uuid\n"
    drawn = [printed(graded(word_plan(), hand_in(text), job_id=f"student-{n}", seed=7)) for n in (1, 2)]
    uuids = [next(line for line in text.splitlines() if line.count("-") == 4 and len(line) == 36) for text in drawn]
    assert uuids[0] != uuids[1]


HIDING = """
title: x
points: 4
bases: [busybox]
limits: {run_seconds: 6}
values: {code: nonce, door: nonce, word: nonce}
builds: {default: {files: {word.txt: "{word}"}}, hush: {args: {CODE: "{code}"}, files: {word.txt: x}}}
runs: {web: {serve: {port: 8080}}, alone: {args: ["{code}"]}}
requests: {front: {run: web, path: /word.txt}}
checks:
  - {id: builds, kind: builds, points: 1}
  - {id: knocks, title: A hidden one, kind: http, run: web, path: "/{door}", status: 404, points: 1, hidden: true}
  - {id: front, kind: http, request: front, contains: "{word}", points: 1}
  - {id: coded, title: Another, kind: builds, build: hush, points: 0, hidden: true}
  - {id: told, title: One more, kind: stdout, run: alone, contains: "{code}", points: 1, hidden: true}
  - {id: again, kind: http, run: web, path: /no-such-page, points: 0}
"""
GOSSIP = """FROM busybox:1.35
ARG CODE=none
RUN echo the code is $CODE
COPY word.txt /www/word.txt
RUN printf '#!/bin/sh\\necho started with: "$@"\\nexec httpd -f -vv -p 8080 -h /www\\n' > /go && chmod +x /go
ENTRYPOINT ["/go"]
"""


def test_nothing_that_a_learner_is_shown_tells_what_hidden_checks_ask(graded: Graded) -> None:
    plan = parse_plan(HIDING, file="lab.yaml", bases=BASES)
    events: list[Event] = []
    report = graded(plan, hand_in(GOSSIP), on_event=events.append)
    assert {check.id: check.outcome.value for check in report.checks} == {
        "builds": "passed",
        "knocks": "passed",
        "front": "passed",
        "coded": "passed",
        "told": "failed",
        "again": "failed",
    }
    shown = report.for_learner().model_dump_json() + "".join(event.model_dump_json() for event in events)
    assert "/word.txt" in shown, "a server's own log is shown"
    assert "no-such-page" in shown
    for secret in ("code", "door"):
        assert report.values[secret] not in shown
    assert report.values["code"] in report.model_dump_json(), "course staff see it"


def test_neither_a_step_nor_a_container_reaches_anything(graded: Graded) -> None:
    host = socket.gethostbyname(socket.gethostname())
    with canaries() as (ports, servers):
        look = LOOK_AROUND.format(host=host, ports=" ".join(map(str, ports)))
        plan = word_plan()
        slow = plan.limits.model_copy(update={"build_seconds": 120, "run_seconds": 120})
        text = f"FROM busybox:1.35\nCOPY word.txt /out\nRUN {look}\nCMD {look}; echo looked\n"
        report = graded(plan.model_copy(update={"limits": slow}), hand_in(text))
        assert_untouched(servers)
    assert report.builds[0].ok, report.builds
    assert "looked" in report.containers[0].stdout
    assert "GOT-" not in printed(report)


def test_neither_a_step_nor_a_container_gets_more_rights_than_it_has(graded: Graded) -> None:
    text = (
        "FROM busybox:1.35\nCOPY word.txt /out\n"
        f"RUN cp /bin/busybox /bin/suid && chmod 4755 /bin/suid && ({GET_MORE})\n"
        f"CMD {GET_MORE}; grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status; /bin/suid su nobody -c true; echo tried\n"
    )
    report = graded(word_plan(), hand_in(text))
    assert report.builds[0].ok, report.builds
    said = report.containers[0].stdout
    assert "tried" in said
    assert "GOT-" not in printed(report)
    caps = dict(line.split(":\t") for line in said.splitlines() if ":\t" in line)
    assert {caps[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (caps["NoNewPrivs"], caps["Seccomp"]) == ("1", "2")


def test_no_secret_of_the_platform_is_to_be_found(
    graded: Graded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever grades has secrets in its environment, and proxies with passwords in its docker configuration."""
    proxies = {"httpProxy": f"http://user:{CANARY}@proxy.test:3128", "noProxy": CANARY}
    login = base64.b64encode(f"user:{CANARY}".encode()).decode()
    auths = {"registry.test": {"auth": login}}
    (tmp_path / "config.json").write_text(json.dumps({"proxies": {"default": proxies}, "auths": auths}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "HTTP_PROXY", "https_proxy", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, f"http://user:{CANARY}@elsewhere.test:1/{name}")
    pattern = f"{CANARY[:6]}[-]{CANARY[7:]}"  # a search must not find itself
    search = f"env; cat /proc/*/environ; timeout 20 grep -rs {pattern} /etc /run /tmp /var /root /home; true"
    args = "ARG HTTP_PROXY\nARG https_proxy\nARG SECRET_KEY\nARG DATABASE_URL\n"
    text = f"FROM busybox:1.35\nCOPY word.txt /out\n{args}RUN {search}; echo $HTTP_PROXY$https_proxy$SECRET_KEY\n"
    text += f"CMD {search}; echo done\n"
    plan = word_plan()
    slow = plan.limits.model_copy(update={"build_seconds": 60, "run_seconds": 60})
    report = graded(plan.model_copy(update={"limits": slow}), hand_in(text))
    assert report.builds[0].ok, report.builds
    assert "done" in report.containers[0].stdout
    assert "PATH=" in printed(report)
    assert CANARY not in report.model_dump_json()
    assert login not in report.model_dump_json()
