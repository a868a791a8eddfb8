"""A made-up console for the gallery: usual, empty, hostile and ended, so that each can be seen without an engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from graders.commands.rules import ConsoleRules
from portal.console_picture import picture_of
from portal.console_view import Journal, SessionState, journal, shown_line
from portal.gallery.samples import LONG, RTL

_ID = "4f2a9c81d03be7"
_PS = """\
CONTAINER ID   IMAGE          COMMAND                  CREATED          STATUS                     PORTS   NAMES
9c81d03be74f   busybox:1.35   "sh -c 'while true; d…"   12 seconds ago   Up 11 seconds (Paused)             otter12
71b2c6aa0e19   busybox:1.35   "sh -c 'exit 3'"         40 seconds ago   Exited (3) 38 seconds ago          heron77
"""
_HOSTILE = "<script>alert(1)</script> \x1b[31mred\x1b[0m \u202eevil\u202c " + "x" * 3000


@dataclass(kw_only=True)
class SampleEntry:
    """A row of the journal."""

    number: int
    text: str
    kind: str = "line"
    state: str = "done"
    pieces: Sequence[Mapping[str, Any]] = field(default_factory=list)
    exit_code: int | None = 0
    calls: Sequence[Mapping[str, Any]] = field(default_factory=list)
    cut: bool = False
    clears: bool = False
    error_message: str = ""
    queued_at: datetime = field(default_factory=timezone.now)
    started_at: datetime | None = None


def _out(text: str) -> list[dict[str, Any]]:
    return [{"stream": "out", "text": text}]


def _err(text: str) -> list[dict[str, Any]]:
    return [{"stream": "err", "text": text}]


def _call(method: str, path: str, status: int = 200) -> dict[str, Any]:
    return {"method": method, "path": path, "status": status}


_USUAL = [
    SampleEntry(
        number=1,
        text="docker create --name otter12 busybox:1.35 sleep 600",
        pieces=_out(_ID * 4 + "\n"),
        calls=[_call("HEAD", "/_ping"), _call("POST", "/containers/create?name=otter12", 201)],
    ),
    SampleEntry(
        number=2,
        text="docker start otter12",
        pieces=_out("otter12\n"),
        calls=[_call("HEAD", "/_ping"), _call("POST", "/containers/otter12/start", 204)],
    ),
    SampleEntry(
        number=3,
        text="docker rm otter12",
        pieces=_err(
            f"Error response from daemon: You cannot remove a running container {_ID * 4}. "
            "Stop the container before attempting removal or force remove\n"
        ),
        exit_code=1,
        calls=[_call("HEAD", "/_ping"), _call("DELETE", "/containers/otter12", 409)],
    ),
    SampleEntry(number=4, text="docker pause otter12", pieces=_out("otter12\n"), calls=[_call("HEAD", "/_ping")]),
    SampleEntry(
        number=5,
        text="docker ps -a",
        pieces=_out(_PS),
        calls=[_call("HEAD", "/_ping"), _call("GET", "/containers/json?all=1")],
    ),
]


def _image(digit: str, *references: str, size: int, made_by: str = "") -> dict[str, Any]:
    return {
        "id": f"sha256:{digit * 32}",
        "references": list(references),
        "base": not made_by,
        "size": size,
        "made_by": made_by,
    }


def _container(id_: str, name: str, image: str, state: str, status: str, **more: Any) -> dict[str, Any]:
    return {"id": id_ * 5, "name": name, "image": image, "state": state, "status": status, **more}


def _stored() -> dict[str, Any]:
    return {
        "images": [
            _image("a1", "busybox:1.35", size=1_960_000),
            _image("b2", "web:1.0", size=2_140_000, made_by="build"),
            _image("c3", size=2_000_000, made_by="commit"),
        ],
        "containers": [
            _container(
                *("9c81d03be74f", "otter12", "busybox:1.35", "paused", "Up 11 seconds (Paused)"),
                command="sh -c 'while true; do date; sleep 1; done'",
                mounts=[{"path": "/data", "kind": "volume", "name": "ledger", "read_only": True}],
                networks=["backend"],
            ),
            _container(
                *("71b2c6aa0e19", "heron77", "busybox:1.35", "exited", "Exited (3) 38 seconds ago"),
                exit_code=3,
                command="sh -c 'exit 3'",
            ),
            _container("5d5d5d5d5d5d", "web", "web:1.0", "running", "Up 2 minutes", command="httpd -f"),
        ],
        "volumes": [
            {"name": "ledger", "anonymous": False, "used_by": ["otter12"]},
            {"name": "e3" * 32, "anonymous": True, "used_by": []},
        ],
        "networks": [{"name": "backend", "containers": ["otter12"]}],
    }


def _hostile() -> tuple[list[SampleEntry], dict[str, Any]]:
    entries = [
        SampleEntry(number=1, text=f"docker run busybox:1.35 echo '{_HOSTILE[:60]}' {RTL}", pieces=_out(_HOSTILE)),
        SampleEntry(number=2, text="docker logs " + "y" * 900, pieces=_err(_HOSTILE), exit_code=125, cut=True),
        SampleEntry(number=3, text="docker ps", pieces=_out("z" * 64_000)),
        SampleEntry(
            number=4, text="docker logs many", pieces=_out("\n".join(f"line {n} <b>&amp;" for n in range(200)))
        ),
    ]
    stored = _stored()
    for container in stored["containers"]:
        container["name"] = LONG
        container["command"] = _HOSTILE
    stored["volumes"].append({"name": RTL + "\u202e", "anonymous": False, "used_by": [LONG, LONG]})
    return entries, stored


def console_samples(kind: str) -> dict[str, Any]:
    """What portal/console.html's parts show; `kind` is usual, empty, busy or hostile."""
    now = timezone.now()
    entries: list[SampleEntry] = list(_USUAL)
    stored: dict[str, Any] = _stored()
    if kind == "empty":
        base = [one for one in stored["images"] if one["base"]]
        entries, stored = [], {"images": base}
    elif kind == "busy":
        entries += [
            SampleEntry(
                number=6,
                text="docker run busybox:1.35 sleep 60",
                state="running",
                exit_code=None,
                started_at=now - timedelta(seconds=4),
            ),
            SampleEntry(number=7, text="docker ps", state="waiting", exit_code=None),
        ]
    elif kind == "hostile":
        entries, stored = _hostile()
    shown: Journal = journal([shown_line(entry) for entry in entries])
    return {
        "journal": shown,
        "told": shown.last_done,
        "picture": picture_of(stored, ConsoleRules()),
        "rules": ConsoleRules(),
        "state": SessionState(
            status="console busy" if kind == "busy" else "console open", until=now + timedelta(hours=2), zone="UTC"
        ),
    }
