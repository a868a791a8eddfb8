"""Whatever a session left and whatever was typed, checks give a verdict: none breaks, none gives more than it has."""

from typing import Any

from console_ends import BUSYBOX_ID, plan_of
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.checks.registry import kinds
from graders.commands.end_state import (
    EndContainer,
    EndImage,
    EndMount,
    EndNetwork,
    EndState,
    EndVolume,
    FoundFile,
    Line,
)
from graders.commands.grammar.table import BY_PATH
from graders.commands.model import Command, Done, Touched
from graders.console_grading import judge
from graders.report import CheckOutcome
from graders.sandbox.base import FileKind, MountKind

NAMES = st.sampled_from(["web", "store", "shop", "site", "site:1", "", "\x1b[31m", "<script>", "a" * 64, "/web"])
IDS = st.sampled_from([BUSYBOX_ID, "sha256:1", "sha256:2", "", "c" * 64])
TEXTS = st.text(max_size=12)
PATHS = st.sampled_from(["/note", "/data", "/", ""])

FILES = st.dictionaries(
    PATHS, st.none() | st.builds(FoundFile, kind=st.sampled_from(FileKind), text=TEXTS, cut=st.booleans()), max_size=2
)
MOUNTS = st.builds(EndMount, path=PATHS, kind=st.sampled_from(MountKind), name=NAMES)
CONTAINERS = st.builds(
    EndContainer,
    name=NAMES,
    id=IDS,
    image=NAMES,
    image_id=IDS,
    state=st.sampled_from(["created", "running", "paused", "restarting", "removing", "exited", "dead"]),
    exit_code=st.none() | st.integers(-1, 300),
    command=st.lists(TEXTS, max_size=2).map(tuple),
    env=st.dictionaries(TEXTS, TEXTS, max_size=2),
    mounts=st.lists(MOUNTS, max_size=2).map(tuple),
    networks=st.lists(NAMES, max_size=2).map(tuple),
    files=FILES,
)
IMAGES = st.builds(
    EndImage,
    id=IDS,
    references=st.lists(NAMES, max_size=2).map(tuple),
    base=st.booleans(),
    made_by=st.sampled_from(["build", "commit", ""]),
    parent=IDS,
    layers=st.lists(IDS, max_size=2).map(tuple),
    cmd=st.none() | st.lists(TEXTS, max_size=2).map(tuple),
    files=FILES,
)
FLAGS = st.dictionaries(
    st.sampled_from(["force", "detach", "env", "name", "volumes"]),
    st.booleans() | TEXTS | st.integers() | st.lists(TEXTS, max_size=2).map(tuple),
    max_size=2,
)
COMMANDS = st.builds(
    Command,
    path=st.sampled_from([*BY_PATH, ("help",), ("nothing", "known")]),
    called=TEXTS,
    flags=FLAGS,
    args=st.lists(NAMES, max_size=3).map(tuple),
)
DONES = st.builds(
    Done,
    command=st.none() | COMMANDS,
    exit_code=st.sampled_from([0, 1, 125, 126, 127, 137, 255]),
    touched=st.lists(
        st.builds(Touched, kind=st.sampled_from(["container", "image", "volume", "network"]), name=NAMES, id=IDS),
        max_size=2,
    ).map(tuple),
)
LINES = st.builds(
    Line,
    number=st.integers(1, 9),
    text=TEXTS,
    exit_code=st.integers(0, 255),
    done=st.lists(DONES, max_size=3).map(tuple),
    stderr=TEXTS,
)
ENDS = st.builds(
    EndState,
    containers=st.lists(CONTAINERS, max_size=3).map(tuple),
    images=st.lists(IMAGES, max_size=3).map(tuple),
    volumes=st.lists(st.builds(EndVolume, name=NAMES, anonymous=st.booleans(), files=FILES), max_size=2).map(tuple),
    networks=st.lists(st.builds(EndNetwork, name=NAMES), max_size=2).map(tuple),
    folder=FILES,
    journal=st.lists(LINES, max_size=6).map(tuple),
)
_FILE: dict[str, Any] = {"path": "/note", "contains": "x"}
_FROM = {"reference": "site", "made_from": "busybox:1.35", "cmd": ["x"], "files": {"/note": "x"}}
CHECKS: tuple[dict[str, Any], ...] = (
    {"kind": "container", "name": "web", "state": "running", "image": "site", "mounts": {"/data": "store"}},
    {"kind": "container", "count": 1, "state": "exited", "exit_code": 0},
    {"kind": "container", "name": "web", "exists": False},
    {"kind": "container_file", "container": "web", **_FILE},
    {"kind": "volume_file", "volume": "store", **_FILE},
    {"kind": "folder_file", "path": "note", "contains": "x"},
    {"kind": "image_made", **_FROM},
    {"kind": "volume", "name": "store", "used_by": "web"},
    {"kind": "network", "name": "shop", "connects": "web"},
    {"kind": "leftovers", "keep": "web"},
    {
        "kind": "journal",
        "steps": [
            {"command": "create", "of": "web"},
            {"command": "run", "of": "site", "flags": {"env": "x", "detach": True}},
            {"command": "rm", "of": "web", "without": "force", "ends": "badly"},
        ],
        "never": [{"command": "kill"}],
        "at_most": 3,
    },
)


@settings(max_examples=100, deadline=None)
@given(ENDS)
def test_every_kind_has_a_verdict_on_every_end(end: EndState) -> None:
    report = judge(plan_of(*CHECKS), end, seed=1, digest="")
    for check in report.checks:
        assert check.outcome in {CheckOutcome.PASSED, CheckOutcome.FAILED}, check
        assert 0 <= check.points <= check.max_points
        assert (check.points == check.max_points) == (check.outcome is CheckOutcome.PASSED)
        assert "\x1b" not in f"{check.message}{check.seen}{check.expected}{check.hint}"
    assert EndState.model_validate_json(end.model_dump_json()) == end


def test_every_kind_for_consoles_is_among_those_that_are_tried() -> None:
    assert {check["kind"] for check in CHECKS} == {name for name, kind in kinds().items() if kind.of_console}
