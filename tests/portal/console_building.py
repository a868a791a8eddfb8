"""Consoles as their tables hold them, for tests of pages that need no engine: rows written by plain functions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from builders import a_lab, a_member
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from courses.models import Course
from graders.plan import LabPlan
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_states import ConsoleState, EntryKind, EntryState
from labs.consoles import seed_of
from labs.models import Lab

README = """\
# Two containers

Make a container called `{name}` and leave it **paused**. A template such as {{.Names}} stays.
"""
PICTURE: dict[str, Any] = {
    "images": [{"id": "sha256:" + "a1" * 32, "references": ["busybox:1.35"], "base": True, "size": 1_960_000}],
    "containers": [
        {
            "id": "9c81d03be74f" * 5,
            "name": "web",
            "image": "busybox:1.35",
            "state": "exited",
            "status": "Exited (3) 2 seconds ago",
            "exit_code": 3,
            "command": "sh -c 'exit 3'",
            "mounts": [{"path": "/data", "kind": "volume", "name": "ledger", "read_only": False}],
            "networks": ["backend"],
        }
    ],
    "volumes": [{"name": "ledger", "anonymous": False, "used_by": ["web"]}],
    "networks": [{"name": "backend", "containers": ["web"]}],
}


def a_console_plan(**fields: Any) -> LabPlan:
    """A plan with a console, two of whose checks learners see."""
    return LabPlan.model_validate(
        {
            "title": "Two containers",
            "summary": "Pause one, end the other.",
            "points": 10,
            "topics": ["docker.pause"],
            "bases": [{"name": "busybox", "image": "busybox:1.35"}],
            "values": {"name": "word"},
            "console": {"rules": {"containers": 4}},
            "checks": [
                {
                    "id": "paused",
                    "kind": "container",
                    "name": "{name}",
                    "state": "paused",
                    "points": 6,
                    "title": "Your container is paused",
                    "hint": "Which command makes a container stand still, and lets it go on later?",
                },
                {"id": "tidy", "kind": "leftovers", "keep": "{name}", "points": 3, "title": "Nothing else is left"},
                {"id": "secretly", "kind": "container", "name": "{name}", "points": 1, "hidden": True},
            ],
            **fields,
        }
    )


def a_console_lab(course: Course | None = None, *, readme: str = README, **fields: Any) -> Lab:
    """A published lab with a console."""
    plan = fields.pop("plan", None) or a_console_plan()
    lab = a_lab(course, plan=plan, starter=fields.pop("starter", None) or {"notes.txt": "given\n"}, **fields)
    version = lab.current_version
    assert version is not None
    version.readme = readme
    version.save(update_fields=["readme"])
    return lab


def a_session(lab: Lab, author: User | None = None, **fields: Any) -> ConsoleSession:
    """An open session with something in it."""
    now = timezone.now()
    author = author or a_member(lab.activity.course)
    fields.setdefault("state", ConsoleState.OPEN)
    if fields["state"] != ConsoleState.OPENING:
        fields.setdefault("opened_at", now)
        fields.setdefault("engine", "test")
        fields.setdefault("picture", PICTURE)
    return ConsoleSession.objects.create(
        lab=lab,
        version=lab.current_version,
        course=lab.activity.course,
        author=author,
        seed=seed_of(lab, author),
        expires_at=now + timedelta(minutes=settings.CONSOLE_HARD_MINUTES),
        **fields,
    )


def an_entry(session: ConsoleSession, text: str = "", **fields: Any) -> ConsoleEntry:
    """The next entry: a line that is done, unless told otherwise."""
    now = timezone.now()
    fields.setdefault("kind", EntryKind.LINE)
    fields.setdefault("state", EntryState.DONE)
    if fields["state"] == EntryState.RUNNING:
        fields |= {"lease_expires_at": now + timedelta(minutes=1), "worker": "test", "started_at": now}
    if fields["state"] == EntryState.DONE:
        fields.setdefault("exit_code", 0)
        fields.setdefault("finished_at", now)
    session.entry_count += 1
    if fields["kind"] == EntryKind.LINE:
        session.line_count += 1
        fields["line"] = session.line_count
    session.revision += 1
    session.save()
    return ConsoleEntry.objects.create(session=session, number=session.entry_count, text=text, **fields)


def printed(text: str, *, stream: str = "out") -> list[dict[str, str]]:
    """What an entry printed, as it is stored."""
    return [{"stream": stream, "text": text}]


def calls(*told: Sequence[Any]) -> list[dict[str, Any]]:
    """What went to the daemon, as it is stored."""
    return [{"method": method, "path": path, "status": status} for method, path, status in told]
