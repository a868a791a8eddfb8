"""A console as its page shows it: the lines that were typed with what came of them, and how the session stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, takewhile
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.utils import timezone

from graders.visible import visible

MOST_LINES = 200
"""Lines of the journal that a page shows; those before come when asked for."""
MOST_CHARACTERS = 400_000
"""What these lines may have printed together; it outweighs their number."""
# A longer line of output is wrapped: shorter ones keep their columns, and are scrolled to.
_WIDEST = 240
_MOST_CALLS = 60


class Entry(Protocol):
    """What a line's row tells (labs.models.ConsoleEntry); its JSON fields as they were stored."""

    number: int
    kind: str
    text: str
    state: str
    pieces: Sequence[Mapping[str, Any]]
    exit_code: int | None
    calls: Sequence[Mapping[str, Any]]
    cut: bool
    clears: bool
    error_message: str
    queued_at: datetime
    started_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Output:
    """What came out by one stream in one go."""

    is_error: bool
    text: str
    wraps: bool


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request that went to the daemon."""

    method: str
    path: str
    status: int

    @property
    def went_wrong(self) -> bool:
        """Whether the daemon said no."""
        return self.status >= 400  # noqa: PLR2004  # HTTP's client and server errors


@dataclass(frozen=True, kw_only=True)
class ShownLine:
    """One line of the journal. `state` is waiting, running, done or lost; `kind` is line, hand_in or notice."""

    number: int
    kind: str
    state: str
    text: str
    outputs: Sequence[Output]
    exit_code: int | None
    requests: Sequence[Request]
    more_requests: int
    cut: bool
    clears: bool
    trouble: str
    """Why what was asked for was not done, in a sentence."""
    since: datetime
    submission: Any = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing about it will change any more."""
        return self.state in {"done", "lost"}

    @property
    def failed(self) -> bool:
        """Whether it ended with an exit code that says so."""
        return self.exit_code not in {None, 0}

    @property
    def seconds(self) -> int:
        """How long it has been at work, or waiting."""
        return max(0, int((timezone.now() - self.since).total_seconds()))


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The lines that the page shows, oldest first."""

    lines: Sequence[ShownLine]
    settled: int = 0
    """The number up to which nothing will change: what comes later is asked for again."""
    earlier: int = 0
    """How many there are before them."""
    cleared: bool = False
    """Whether some were put out of sight by `clear`."""

    @property
    def first(self) -> int:
        """The number of the first line shown; 0 where there is none."""
        return self.lines[0].number if self.lines else 0

    @property
    def busy(self) -> bool:
        """Whether something is at work or waits."""
        return any(not line.is_settled for line in self.lines)

    @property
    def last_done(self) -> ShownLine | None:
        """The last line that was carried out."""
        return next((line for line in reversed(self.lines) if line.state == "done" and line.kind == "line"), None)

    def with_earlier(self, count: int) -> "Journal":
        """The same, with how many lines there are before."""
        return replace(self, earlier=count)


@dataclass(frozen=True, kw_only=True)
class SessionState:
    """How the session is: a name of portal.templatetags.statuses, and until when it is kept, as a clock in `zone`."""

    status: str
    until: datetime | None = None
    zone: str = "UTC"
    words: str = ""

    @property
    def until_clock(self) -> str:
        """The time of day, without the date: a session lasts a few hours at most."""
        return f"{self.until.astimezone(ZoneInfo(self.zone)):%H:%M}" if self.until else ""

    @property
    def opening(self) -> bool:
        """Whether its engine is not ready yet."""
        return self.status == "console opening"


def shown_line(entry: Entry, submission: Any = None) -> ShownLine:
    """One row as the page shows it: text of unknown origin made visible, streams told apart."""
    return ShownLine(
        number=entry.number,
        kind=str(entry.kind).lower(),
        state=str(entry.state).lower(),
        text=visible(entry.text),
        outputs=list(_outputs(entry.pieces or ())),
        exit_code=entry.exit_code,
        requests=[
            Request(method=visible(call["method"]), path=visible(call["path"]), status=int(call["status"]))
            for call in (entry.calls or ())[:_MOST_CALLS]
        ],
        more_requests=max(0, len(entry.calls or ()) - _MOST_CALLS),
        cut=bool(entry.cut),
        clears=bool(entry.clears),
        trouble=visible(entry.error_message or ""),
        since=entry.started_at or entry.queued_at,
        submission=submission,
    )


def _outputs(pieces: Sequence[Mapping[str, Any]]) -> Iterable[Output]:
    for stream, group in groupby(pieces, key=lambda piece: piece["stream"]):
        text = visible("".join(str(piece["text"]) for piece in group)).removesuffix("\n")
        if text:
            wraps = any(len(row) > _WIDEST for row in text.split("\n"))
            yield Output(is_error=stream == "err", text=text, wraps=wraps)


def journal(lines: Sequence[ShownLine], *, after: int = 0, keep_cleared: bool = False) -> Journal:
    """Of these lines those that fit a page: after the last `clear`, at most MOST_LINES, not too long altogether.

    Everything up to `after` is known to be settled.
    """
    start = 0
    if not keep_cleared:
        start = max((position + 1 for position, line in enumerate(lines) if line.clears), default=0)
    shown = list(lines[start:])[-MOST_LINES:]
    room = MOST_CHARACTERS
    for position in range(len(shown) - 1, -1, -1):
        room -= sum(len(output.text) for output in shown[position].outputs)
        if room < 0 and position < len(shown) - 1:
            shown = shown[position + 1 :]
            break
    settled = [line.number for line in takewhile(lambda line: line.is_settled, lines)]
    return Journal(lines=shown, settled=settled[-1] if settled else after, cleared=start > 0)


def as_text(lines: Iterable[ShownLine]) -> str:
    """The journal as plain text, to keep or to send to somebody."""
    parts = []
    for line in lines:
        if line.kind != "line":
            continue
        parts.append(f"$ {line.text}")
        parts += [output.text for output in line.outputs]
        if line.failed:
            parts.append(f"[exit code {line.exit_code}]")
    return "\n".join(parts) + ("\n" if parts else "")
