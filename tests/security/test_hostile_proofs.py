"""Row 29 of docs/security.md: a proof is data; what it may not do is refused, what it may is bounded and removed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from graders.proofs.carrying import carry_out
from graders.proofs.plan import ProofPlan
from graders.proofs.seen import MOST_IN_ALL, Seen
from graders.sandbox.docker import DockerSandbox
from tests.security.engine_state import objects
from tests.security.looking_around import GET_MORE, LOOK_AROUND

BASE = "FROM busybox:1.35\n"
QUICK = {"build_seconds": 10, "run_seconds": 2, "seconds": 20}
Carried = Callable[..., Seen]


@pytest.fixture
def carried(warm_engine: str) -> Iterator[Carried]:
    """Carry a proof out; when the test is over, nothing is on the engine that was not there before."""
    before = objects(warm_engine)

    def carried(**fields: Any) -> Seen:
        plan = ProofPlan.model_validate({"limits": QUICK, **fields})
        return carry_out(plan, DockerSandbox(warm_engine), bases=["busybox:1.35"], job_id="hostile-proof")

    yield carried
    assert objects(warm_engine) == before


@pytest.mark.parametrize(
    "line",
    [
        "docker run --privileged busybox:1.35",
        "docker run --userns=host busybox:1.35",
        "docker run --pid=host busybox:1.35",
        "docker run --ipc=host busybox:1.35",
        "docker run --cap-add=ALL busybox:1.35",
        "docker run --device=/dev/sda busybox:1.35",
        "docker run --security-opt seccomp=unconfined busybox:1.35",
        "docker create --cgroup-parent=/ busybox:1.35",
        "docker -H tcp://127.0.0.1 ps",
        "docker run busybox:1.35 id > /tmp/out-of-the-proof",
        "docker login",
        "docker push busybox:1.35",
    ],
)
def test_what_no_command_may_ask_for_makes_no_plan(line: str) -> None:
    with pytest.raises(ValidationError, match="cannot be carried out"):
        ProofPlan.model_validate({"commands": [line]})


@pytest.mark.parametrize(
    "fields",
    [
        {"run": {"volumes": {"/h": "/"}}},
        {"run": {"volumes": {"/h": "../../etc"}}},
        {"run": {"network": "host"}},
        {"run": {"privileged": True}},
        {"run": {"base": "busybox"}},
        {"run": {"cap_add": ["ALL"]}},
        {"files": {"../../etc/cron.d/x": "x"}},
        {"files": {"/etc/passwd": "x"}},
        {"limits": {"seconds": 1e9}},
        {"limits": {"memory_mib": 1_000_000}},
        {"limits": {"pids": 100_000}},
        {"commands": ["docker ps"] * 10_000},
        {"builds": {f"b{number}": {} for number in range(100)}},
        {"runs": {f"r{number}": {} for number in range(100)}},
    ],
)
def test_what_no_proof_may_ask_for_makes_no_plan(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ProofPlan.model_validate(fields)


@pytest.mark.engine
@pytest.mark.parametrize(
    "line",
    [
        "docker run $(echo --privileged) busybox:1.35 true",
        "docker run $(echo -v) $(echo /:/h) busybox:1.35 ls /h",
        "docker run -v /:/h busybox:1.35",
        "docker run --mount type=bind,source=/,target=/h busybox:1.35",
        "docker run --network host busybox:1.35",
        "cat /etc/passwd",
        "sh -c id",
        "docker run busybox:1.35 true; touch /tmp/out-of-the-proof",
        "docker run debian:12-slim true",
        "docker inspect nobody-elses",
    ],
)
def test_what_only_shows_when_it_is_typed_is_refused_then(line: str, carried: Carried) -> None:
    seen = carried(commands=[line])
    assert seen.trouble.startswith("Command 1")
    assert "root:" not in "".join(piece.text for piece in seen.terminal)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("dockerfile", "says"),
    [
        ("# syntax=evil/frontend\n" + BASE, "line 1"),
        ("FROM evil\n", "does not allow the image"),
        (BASE + "RUN --network=host true\n", "network"),
        (BASE + "RUN --security=insecure true\n", "security"),
        (BASE + "ADD http://192.0.2.1/x /\n", "ADD"),
        (BASE + "COPY --from=debian:12-slim / /\n", "debian"),
        (BASE + "RUN --mount=type=bind,source=/,target=/h true\n", "mount"),
        (BASE + "ONBUILD RUN true\n", "ONBUILD"),
        ("", "no Dockerfile"),
    ],
)
def test_the_policy_holds_for_proofs_as_for_students(dockerfile: str, says: str, carried: Carried) -> None:
    seen = carried(dockerfile=dockerfile, run={})
    assert says.casefold() in seen.trouble.casefold()
    assert seen.facts == {}


@pytest.mark.engine
def test_a_run_of_a_proof_gets_no_rights_and_no_way_out(carried: Carried) -> None:
    script = f"{GET_MORE}; {LOOK_AROUND.format(host='127.0.0.1', ports='2375')}; grep CapEff /proc/self/status"
    seen = carried(
        dockerfile=BASE,
        run={"args": ["sh", "-c", script], "user": "0", "seconds": 30},
        limits={"run_seconds": 30, "seconds": 60},
    )
    printed = str(seen.facts["the stdout of the run default"])
    assert "GOT-" not in printed
    assert "CapEff:\t0000000000000000" in printed


@pytest.mark.engine
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"dockerfile": BASE + 'CMD ["sleep", "1000"]\n', "run": {}}, "time limit"),
        ({"dockerfile": BASE + "RUN sleep 1000\n", "run": {}, "limits": {**QUICK, "build_seconds": 2}}, "time limit"),
        ({"dockerfile": BASE + 'CMD ["yes"]\n', "run": {}}, "limit"),
        (
            {"dockerfile": BASE + 'CMD ["sh", "-c", "head -c 300000 /dev/zero | tr \\\\0 x"]\n', "run": {}},
            "limit",
        ),
        ({"commands": ["docker run busybox:1.35 yes"]}, ""),
        ({"commands": ["docker run -d --name one busybox:1.35 sleep 1000", "docker wait one"]}, ""),
        (
            {
                "dockerfile": BASE + 'CMD ["sh", "-c", "x() { x | x & }; x; sleep 1000"]\n',
                "run": {},
                "limits": {**QUICK, "pids": 8},
            },
            "limit",
        ),
        (
            {
                "dockerfile": BASE + 'CMD ["sh", "-c", "tail -c 300000000 /dev/zero | wc -c"]\n',
                "run": {},
                "shows": "exit_code",
            },
            "",
        ),
    ],
)
def test_what_would_go_on_for_ever_or_fill_everything_is_ended(
    fields: dict[str, Any], says: str, carried: Carried
) -> None:
    seen = carried(**fields)
    assert says in seen.trouble
    assert sum(len(piece.text) for piece in seen.terminal) <= MOST_IN_ALL + 200


@pytest.mark.engine
def test_what_a_proof_prints_is_kept_inert(carried: Carried) -> None:
    seen = carried(dockerfile=BASE, run={"args": ["printf", "\\033[2J\\342\\200\\256<b>\\000"]})
    (stdout,) = seen.facts.values()
    assert "\x1b" not in str(stdout)
    assert "\u202e" not in str(stdout)
    assert "\x00" not in seen.model_dump_json()
