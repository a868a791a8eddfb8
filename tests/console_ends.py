"""Builders of sessions at their end, for tests without an engine."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from graders.commands.end_state import EndContainer, EndImage, EndState, FoundFile, Line
from graders.commands.model import Command, Done, FlagValue, Kind, Touched
from graders.plan import Base, LabPlan, parse_plan
from graders.sandbox.base import FileKind

BASES = {"busybox": Base(name="busybox", image="busybox:1.35")}
BUSYBOX_ID = "sha256:" + "b" * 64


def plan_of(*checks: Mapping[str, Any], **more: Any) -> LabPlan:
    """A console lab with these checks, of one point each unless they say otherwise."""
    listed = [{"id": f"check-{number}", "points": 1, **check} for number, check in enumerate(checks, start=1)]
    lab = {
        "title": "Sample",
        "points": sum(check["points"] for check in listed),
        "bases": ["busybox"],
        "console": {},
        **more,
        "checks": listed,
    }
    plan = parse_plan(yaml.safe_dump(lab, sort_keys=False), file="lab.yaml", bases=BASES)
    return LabPlan.model_validate(plan.model_dump(mode="json"))


def busybox() -> EndImage:
    """The base of the lab."""
    return EndImage(id=BUSYBOX_ID, references=("busybox:1.35",), base=True, cmd=("sh",), layers=("sha256:l1",))


def container(name: str, **more: Any) -> EndContainer:
    """A container of the base that was created."""
    facts: dict[str, Any] = {
        "name": name,
        "id": (name.encode().hex() * 64)[:64],
        "image": "busybox:1.35",
        "image_id": BUSYBOX_ID,
        "state": "created",
    }
    return EndContainer(**{**facts, **more})


def end_of(*containers: EndContainer, **more: Any) -> EndState:
    """A session with these containers and the base."""
    return EndState(**{"containers": containers, "images": (busybox(),), **more})


def file(text: str) -> FoundFile:
    """A regular file."""
    return FoundFile(kind=FileKind.FILE, size_bytes=len(text), mode=0o644, text=text)


def touched(kind: Kind, name: str, id_: str = "", *, made: bool = False, removed: bool = False) -> Touched:
    """What a command was about."""
    return Touched(kind=kind, name=name, id=id_ or (name.encode().hex() * 64)[:64], made=made, removed=removed)


def done(
    *path: str,
    of: Sequence[Touched] = (),
    flags: Mapping[str, FlagValue] | None = None,
    args: Sequence[str] = (),
    exit_code: int = 0,
) -> Done:
    """A command that was carried out."""
    command = Command(path=path, called=f"docker {' '.join(path)}", flags=flags or {}, args=tuple(args))
    return Done(command=command, exit_code=exit_code, touched=tuple(of))


def journal(*lines: Done | Sequence[Done], stderr: Mapping[int, str] | None = None) -> tuple[Line, ...]:
    """Lines of one command, or of several."""
    told = stderr or {}
    found = []
    for number, line in enumerate(lines, start=1):
        parts = (line,) if isinstance(line, Done) else tuple(line)
        text = "; ".join(part.command.called if part.command else "?" for part in parts)
        code = parts[-1].exit_code if parts else 0
        found.append(Line(number=number, text=text, exit_code=code, done=parts, stderr=told.get(number, "")))
    return tuple(found)
