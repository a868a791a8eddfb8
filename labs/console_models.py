"""A student's console in a lab, and what is typed in it."""

import base64
from collections.abc import Mapping
from secrets import token_hex
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from courses.models import Course
from graders.commands.state import SessionState
from labs.console_querysets import ConsoleEntryQuerySet, ConsoleSessionQuerySet
from labs.console_states import LIVE, OVER, Because, ConsoleState, EntryKind, EntryState


def new_console_key() -> str:
    """Draw what begins every name of a session on its engine."""
    return token_hex(6)


class ConsoleSession(models.Model):
    """One student's console in one lab, with objects of its own on an engine that sessions share.

    `fence` counts how often a worker has taken it, or lost it: whoever writes what came of an entry must name the
    fence that it took. `revision` counts what readers can see: with the same revision there is nothing new.
    """

    lab = models.ForeignKey("labs.Lab", models.CASCADE, related_name="consoles")
    version = models.ForeignKey("labs.LabVersion", models.RESTRICT, related_name="consoles")
    course = models.ForeignKey(Course, models.CASCADE, related_name="consoles")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="consoles")
    tryout = models.BooleanField(default=False, help_text="By course staff: outside windows, limits and gradebook.")
    seed = models.BigIntegerField(help_text="Of the author's random values in this lab.")
    key = models.CharField(max_length=32, unique=True, default=new_console_key, editable=False)
    engine = models.CharField(max_length=100, blank=True, help_text="Name of the engine; empty until it is opened.")
    state = models.CharField(max_length=10, choices=ConsoleState, default=ConsoleState.OPENING)
    ended_because = models.CharField(max_length=20, choices=Because, blank=True)

    ledger = models.JSONField(default=dict, help_text="graders.commands.state.SessionState without its files.")
    files = models.JSONField(default=dict, help_text="The lab's folder: path -> content in base64.")
    picture = models.JSONField(null=True, blank=True, help_text="What was on the engine when it was last looked at.")
    needs_look = models.BooleanField(default=False, help_text="The ledger may say other than what is on the engine.")
    fence = models.PositiveIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0)

    entry_count = models.PositiveIntegerField(default=0)
    line_count = models.PositiveIntegerField(default=0)
    printed_characters = models.PositiveIntegerField(default=0, help_text="By all its lines together.")
    created_at = models.DateTimeField(default=timezone.now)
    opened_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ConsoleSessionQuerySet[Self]] = ConsoleSessionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ConsoleState.values), name="console_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=LIVE, ended_because="") | (~Q(state__in=LIVE) & ~Q(ended_because="")),
                name="console_ends_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OVER, ended_at__isnull=False) | (~Q(state__in=OVER) & Q(ended_at__isnull=True)),
                name="console_ended_at_its_end",
            ),
            models.CheckConstraint(
                condition=~Q(state=ConsoleState.OPEN) | (Q(opened_at__isnull=False) & ~Q(engine="")),
                name="console_open_on_an_engine",
            ),
            models.UniqueConstraint(
                fields=["lab", "author"], condition=Q(state__in=LIVE), name="console_one_for_author_and_lab"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "engine"], name="console_by_engine"),
            models.Index(fields=["author", "created_at"], name="console_of_author"),
        ]

    def __str__(self) -> str:
        return f"{self.lab}, console of {self.author}"

    @property
    def is_live(self) -> bool:
        """Whether something can still be typed in it, now or soon."""
        return self.state in LIVE

    @property
    def why_ended(self) -> str:
        """Why it ended, in a sentence; empty while it has not."""
        return str(self.get_ended_because_display()) if self.ended_because else ""

    @property
    def state_of_session(self) -> SessionState:
        """Its ledger, whole: what carrying a line out begins with."""
        return SessionState.model_validate({"key": self.key, **self.ledger, "files": self.files})

    @property
    def folder(self) -> Mapping[str, bytes]:
        """The lab's folder as it is in this session, by path."""
        return {path: base64.b64decode(content) for path, content in sorted(self.files.items())}

    @property
    def texts(self) -> Mapping[str, str]:
        """The same as texts; files that are no texts are left out."""
        found = {}
        for path, content in self.folder.items():
            try:
                found[path] = content.decode()
            except UnicodeDecodeError:
                continue
        return found


class ConsoleEntry(models.Model):
    """Something that a session's worker does, above all a typed line; the row is also its place in the queue.

    `number` runs over all entries of a session, `line` over what was typed: the line of the journal and of a list of
    commands. `attempt` counts how often a worker has taken it.
    """

    session = models.ForeignKey(ConsoleSession, models.CASCADE, related_name="entries")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=EntryKind)
    line = models.PositiveIntegerField(null=True, blank=True, help_text="Which line of what was typed, from 1.")
    text = models.TextField(blank=True, help_text="As it was typed.")
    via = models.CharField(max_length=8, blank=True, help_text="Door of a hand-in.")
    state = models.CharField(max_length=10, choices=EntryState, default=EntryState.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    pieces = models.JSONField(default=list, help_text="What was printed: stream and text, in order.")
    exit_code = models.PositiveIntegerField(null=True, blank=True)
    calls = models.JSONField(default=list, help_text="What went to the daemon: method, path and status, in order.")
    done = models.JSONField(default=list, help_text="graders.commands.model.Done for each docker command.")
    cut = models.BooleanField(default=False, help_text="More was printed than is kept.")
    clears = models.BooleanField(default=False, help_text="The screen is to be emptied.")
    error_code = models.CharField(max_length=60, blank=True, help_text="Why what was asked for was not done.")
    error_message = models.TextField(blank=True)
    submission = models.ForeignKey(
        "labs.Submission", models.SET_NULL, null=True, blank=True, related_name="console_entries"
    )

    objects: ClassVar[ConsoleEntryQuerySet[Self]] = ConsoleEntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["session", "number"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=EntryState.values), name="console_entry_state_known"),
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="console_entry_kind_known"),
            models.CheckConstraint(
                condition=(Q(state=EntryState.RUNNING) & Q(lease_expires_at__isnull=False) & ~Q(worker=""))
                | (~Q(state=EntryState.RUNNING) & Q(lease_expires_at__isnull=True)),
                name="console_entry_leased_while_running",
            ),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.LINE, line__isnull=False) | (~Q(kind=EntryKind.LINE) & Q(line__isnull=True)),
                name="console_entry_lines_are_numbered",
            ),
            models.UniqueConstraint(fields=["session", "number"], name="console_entry_number_once"),
            models.UniqueConstraint(
                fields=["session"], condition=Q(state=EntryState.RUNNING), name="console_entry_one_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(state=EntryState.WAITING, kind=EntryKind.REFRESH),
                name="console_entry_one_look_is_enough",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "queued_at", "id"], name="console_entry_queue"),
            models.Index(fields=["kind", "finished_at"], name="console_entry_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}/{self.number}: {self.text or self.kind}"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (EntryState.DONE, EntryState.LOST)

    @property
    def printed(self) -> str:
        """Everything it printed, whatever the stream."""
        return "".join(str(piece["text"]) for piece in self.pieces)


def kept(state: SessionState) -> dict[str, Any]:
    """A ledger as it is stored: the folder stands beside it, since people write in it while lines are carried out."""
    return state.model_dump(mode="json", exclude={"files"})
