"""The states that pages show, each with its word, icon and tone: colour never speaks alone."""

from dataclasses import dataclass

from django import template

register = template.Library()


@dataclass(frozen=True, kw_only=True)
class Status:
    """How a state looks. `tone` is one of good, bad, warn, note, calm; `icon` names a symbol of portal/sprite.html."""

    word: str
    icon: str
    tone: str


STATUSES = {
    # Checks and build steps
    "passed": Status(word="Passed", icon="check", tone="good"),
    "failed": Status(word="Failed", icon="cross", tone="bad"),
    "skipped": Status(word="Skipped", icon="minus", tone="calm"),
    "done": Status(word="Done", icon="check", tone="good"),
    "cached": Status(word="Reused", icon="layers", tone="good"),
    "not reached": Status(word="Not reached", icon="minus", tone="calm"),
    # Submissions
    "queued": Status(word="Queued", icon="clock", tone="note"),
    "running": Status(word="Grading", icon="turn", tone="note"),
    "graded": Status(word="Graded", icon="check", tone="good"),
    "refused": Status(word="Turned away", icon="shield", tone="bad"),
    "dead": Status(word="Could not be graded", icon="alert", tone="bad"),
    "cancelled": Status(word="Cancelled", icon="minus", tone="calm"),
    # Activities
    "not_started": Status(word="Not started", icon="circle", tone="calm"),
    "started": Status(word="In progress", icon="half", tone="note"),
    "partly": Status(word="Partly there", icon="half", tone="warn"),
    "complete": Status(word="Complete", icon="check", tone="good"),
    "upcoming": Status(word="Not open yet", icon="calendar", tone="calm"),
    "can be done": Status(word="Open", icon="play", tone="good"),
    "past due": Status(word="Past due", icon="alert", tone="warn"),
    "late": Status(word="Late", icon="alert", tone="warn"),
    "missed": Status(word="Missed", icon="cross", tone="bad"),
    "closed": Status(word="Closed", icon="lock", tone="calm"),
    "unpublished": Status(word="Not published", icon="lock", tone="warn"),
    # Quiz attempts and answers
    "open": Status(word="In progress", icon="half", tone="note"),
    "finished": Status(word="Finished", icon="check", tone="good"),
    "answered": Status(word="Answered", icon="check", tone="good"),
    "unanswered": Status(word="Not answered", icon="circle", tone="calm"),
    "saved": Status(word="Saved", icon="cloud-check", tone="good"),
    "saving": Status(word="Saving…", icon="turn", tone="note"),
    "unsaved": Status(word="Not saved: will retry", icon="cloud-off", tone="warn"),
    "conflict": Status(word="Changed in another tab", icon="tabs", tone="warn"),
    "ready": Status(word="Saves as you answer", icon="cloud", tone="calm"),
    "lost": Status(word="Not saved", icon="alert", tone="bad"),
    "kept": Status(word="Kept until the quiz goes on", icon="pause", tone="warn"),
    "awaits marks": Status(word="Waiting to be marked", icon="clock", tone="note"),
    "verdict right": Status(word="Correct", icon="check", tone="good"),
    "verdict partly": Status(word="Partly correct", icon="half", tone="warn"),
    "verdict wrong": Status(word="Not correct", icon="cross", tone="bad"),
    "regrade draft": Status(word="Draft: nothing changed yet", icon="edit", tone="note"),
    "regrade applied": Status(word="Applied", icon="check", tone="good"),
    "regrade undone": Status(word="Undone", icon="reset", tone="calm"),
    "verdict dropped": Status(word="Dropped: does not count", icon="minus", tone="calm"),
    "verdict given": Status(word="Full marks for all", icon="check", tone="good"),
    "verdict waiting": Status(word="To be marked", icon="clock", tone="note"),
    "verdict unanswered": Status(word="Not answered", icon="minus", tone="bad"),
    "hidden": Status(word="Shown later", icon="lock", tone="calm"),
    # How far one is with a topic
    "mastery none": Status(word="Not tried", icon="circle", tone="calm"),
    "mastery started": Status(word="Started", icon="play", tone="warn"),
    "mastery getting_there": Status(word="Getting there", icon="half", tone="note"),
    "mastery secure": Status(word="Secure", icon="check", tone="good"),
    # Proofs of keys
    "proof waiting": Status(word="Waiting for an engine", icon="clock", tone="note"),
    "proof running": Status(word="Being carried out", icon="turn", tone="note"),
    "proof proven": Status(word="Proven", icon="check", tone="good"),
    "proof contradicted": Status(word="Contradicted", icon="cross", tone="bad"),
    "proof not_run": Status(word="Not run", icon="alert", tone="warn"),
    "proof none": Status(word="No proof", icon="minus", tone="calm"),
    # Course files
    "import waiting": Status(word="Waiting to be read", icon="clock", tone="note"),
    "import reading": Status(word="Being read", icon="turn", tone="note"),
    "import seen": Status(word="To be confirmed", icon="edit", tone="warn"),
    "import confirmed": Status(word="Waiting to be applied", icon="clock", tone="note"),
    "import applying": Status(word="Being applied", icon="turn", tone="note"),
    "import applied": Status(word="Applied", icon="check", tone="good"),
    "import same": Status(word="Nothing to change", icon="check", tone="calm"),
    "import refused": Status(word="Has errors", icon="cross", tone="bad"),
    "import dropped": Status(word="Thrown away", icon="minus", tone="calm"),
    "import expired": Status(word="Expired", icon="clock", tone="calm"),
    "import failed": Status(word="Failed on our side", icon="alert", tone="bad"),
    # Consoles, and the containers in them
    "console opening": Status(word="Getting ready", icon="turn", tone="note"),
    "console open": Status(word="Ready", icon="play", tone="good"),
    "console busy": Status(word="At work", icon="turn", tone="note"),
    "console ending": Status(word="Ending", icon="turn", tone="note"),
    "console ended": Status(word="Ended", icon="lock", tone="calm"),
    "console lost": Status(word="Lost on our side", icon="alert", tone="bad"),
    "container created": Status(word="Created", icon="circle", tone="calm"),
    "container running": Status(word="Running", icon="play", tone="good"),
    "container paused": Status(word="Paused", icon="pause", tone="warn"),
    "container restarting": Status(word="Restarting", icon="reset", tone="note"),
    "container removing": Status(word="Being removed", icon="minus", tone="calm"),
    "container exited": Status(word="Exited", icon="stop", tone="calm"),
    "container failed": Status(word="Exited", icon="cross", tone="bad"),
    "container dead": Status(word="Dead", icon="alert", tone="bad"),
    "container unknown": Status(word="Not known", icon="info", tone="calm"),
}

MESSAGE_LOOKS = {
    "debug": Status(word="Note", icon="info", tone="calm"),
    "info": Status(word="Note", icon="info", tone="note"),
    "success": Status(word="Done", icon="check", tone="good"),
    "warning": Status(word="Take care", icon="alert", tone="warn"),
    "error": Status(word="Something went wrong", icon="alert", tone="bad"),
}


@register.simple_tag
def status(name: object) -> Status:
    """Look up a state. Raises KeyError naming the known ones."""
    try:
        return STATUSES[str(name)]
    except KeyError:
        raise KeyError(f"{name!r} is no known status: {', '.join(STATUSES)}") from None


@register.filter
def message_look(level_tag: str) -> Status:
    """How a message of this level looks."""
    return MESSAGE_LOOKS.get(level_tag, MESSAGE_LOOKS["info"])
