"""Whether times laid over each other come in a sensible order, and whom a change of those below would strand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from courses.deadlines import Window, laid_over, own_window
from courses.errors import DrydockError
from courses.models import Activity, Course, Extension, Membership, SectionOverride

_NAMED = 3
"""How many of those concerned a message names."""


@dataclass(frozen=True, kw_only=True)
class _Layer:
    """Somebody's own times, and the window that they are laid over."""

    whose: str
    row: SectionOverride | Extension
    below: Window

    @property
    def window(self) -> Window:
        return laid_over(self.below, opens_at=self.row.opens_at, due_at=self.row.due_at, closes_at=self.row.closes_at)


def require_order(
    below: Window, course: Course, *, opens_at: datetime | None, due_at: datetime | None, closes_at: datetime | None
) -> None:
    """Raise DrydockError (`times_in_disorder`) for times that, laid over those below, come in no sensible order.

    It says which field is to blame.
    """
    wanted = laid_over(below, opens_at=opens_at, due_at=due_at, closes_at=closes_at)
    if closes_at and wanted.due_at and closes_at < wanted.due_at:
        due = "" if due_at else f" ({said(wanted.due_at, course)}). Give an earlier due time, too"
        _refuse("closes_at", f"It cannot close before it is due{due}.")
    for end in (wanted.due_at, wanted.closes_at):
        if wanted.opens_at and end and wanted.opens_at >= end:
            blamed = "opens_at" if opens_at else "due_at" if due_at else "closes_at"
            what = "is due" if end == wanted.due_at else "closes"
            _refuse(
                blamed,
                f"It would open {said(wanted.opens_at, course)}, which is not before it {what}, "
                f"{said(end, course)}. Change one of the two.",
            )


@contextmanager
def others_kept_in_order(activity: Activity) -> Iterator[None]:
    """Do what changes the times of an activity or a section; inside a transaction.

    Raises DrydockError (`others_times_in_disorder`) when the own times of a section or a person, in order until now,
    no longer are. `activity` comes with its course and holds the new times afterwards.
    """
    before = _in_disorder(Activity.objects.select_related("course").get(pk=activity.pk))
    yield
    left = [sentence for row, sentence in _in_disorder(activity).items() if row not in before]
    if left:
        more = f" The same goes for {len(left) - _NAMED} more." if len(left) > _NAMED else ""
        raise DrydockError(
            "others_times_in_disorder",
            f"{' '.join(left[:_NAMED])}{more} Change those times first or take them back, or choose other times here. "
            "Nothing was changed.",
            status=409,
        )


def extensions_outrun(activity: Activity) -> list[Extension]:
    """Extensions that by now end sooner than it would without them. `activity` comes with its course; three queries."""
    return [
        layer.row
        for layer in _layers(activity)
        if isinstance(layer.row, Extension)
        and (
            _is_sooner(layer.window.due_at, layer.below.due_at)
            or _is_sooner(layer.window.closes_at, layer.below.closes_at)
        )
    ]


def said(moment: datetime, course: Course) -> str:
    """A moment in words, in the course's time zone."""
    local = timezone.localtime(moment, course.zone)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def _refuse(field: str, message: str) -> None:
    raise DrydockError("times_in_disorder", message, fields={field: message})


def _layers(activity: Activity) -> list[_Layer]:
    """Every section's and person's own times in an activity; those who left the course have none."""
    own = own_window(activity)
    overrides = {row.section_id: row for row in activity.section_overrides.select_related("section")}
    found = [_Layer(whose=f"section {row.section}", row=row, below=own) for row in overrides.values()]
    extensions = activity.extensions.select_related("user").order_by("user__email")
    in_sections = dict(
        Membership.objects.active()
        .filter(course=activity.course_id, user__extensions__activity=activity)
        .values_list("user_id", "section_id")
    )
    for row in extensions:
        if row.user_id not in in_sections:
            continue
        section = overrides.get(in_sections[row.user_id] or 0)
        below = _Layer(whose="", row=section, below=own).window if section else own
        found.append(_Layer(whose=row.user.display_name, row=row, below=below))
    return found


def _in_disorder(activity: Activity) -> dict[tuple[str, int], str]:
    """What is wrong with whose own times, in a sentence each, by the row that holds them."""
    found = {}
    for layer in _layers(activity):
        sentence = _disorder(layer, activity.course)
        if sentence:
            found[type(layer.row).__name__, layer.row.pk] = sentence
    return found


def _disorder(layer: _Layer, course: Course) -> str:
    window, closes_at = layer.window, layer.row.closes_at
    if closes_at and window.due_at and closes_at < window.due_at:
        due = said(window.due_at, course)
        return f"For {layer.whose} it would close {said(closes_at, course)}, before it is due, {due}."
    for end, what in ((window.due_at, "is due"), (window.closes_at, "closes")):
        if window.opens_at and end and window.opens_at >= end:
            return (
                f"For {layer.whose} it would open {said(window.opens_at, course)}, which is not before it {what}, "
                f"{said(end, course)}."
            )
    return ""


def _is_sooner(own: datetime | None, below: datetime | None) -> bool:
    return own is not None and (below is None or own < below)
