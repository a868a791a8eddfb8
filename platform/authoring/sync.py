"""Brings a course in line with its pack. Content gets new versions; what students started keeps its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial

from django.db import transaction
from django.db.models import F

from authoring.export import keep_files
from authoring.packs import Pack
from authoring.specs import ActivityEntry
from courses.errors import Conflict
from courses.models import Activity, ActivityKind, Course
from courses.names import why_reserved
from labs import recounting
from labs.models import Lab, Scoring
from labs.services import sync_lab
from quizzes import standings
from quizzes.models import Quiz, QuizVersion
from quizzes.services import sync_questions, sync_quiz

_COUNT_ANEW = {ActivityKind.LAB: recounting.count_anew, ActivityKind.QUIZ: standings.count_anew}
NAMED = 5
"""How many questions a change names before it counts the rest."""


class Sort(StrEnum):
    """Of which sort a change is, for those who show changes by sort."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that syncing changed, or would change."""

    what: str
    """Such as `lab first-dockerfile`."""
    how: str
    """Such as `new` or `version 3`."""
    sort: Sort
    names: tuple[str, ...] = ()
    """The questions, or the quiz or lab, that it is about: all of them."""

    def __str__(self) -> str:
        return f"{self.what}: {self.how}"


class _OnlyLooking(Exception):
    """Rolls a rehearsal back."""


def preview(*, pack: Pack, slug: str | None = None, publish_new: bool = False) -> list[Change]:
    """What `sync` would change, found by doing it and rolling it back."""
    changes: list[Change] = []
    try:
        with transaction.atomic():
            changes += sync(pack=pack, slug=slug, publish_new=publish_new)
            _roll_back()
    except _OnlyLooking:
        pass
    return changes


def _roll_back() -> None:
    raise _OnlyLooking


@transaction.atomic
def sync(*, pack: Pack, slug: str | None = None, publish_new: bool = False) -> list[Change]:
    """Make the course, by its own name or `slug`, hold what the pack holds, and say what changed.

    Syncing the same pack again changes nothing. Times, publication, members and grades are the course's own and are
    never touched; new activities wait unpublished unless told otherwise. Activities that left the pack stay as they
    are, and are named.
    Raises Conflict `activity_kind_changed` where a name was a quiz and is a lab now, or the other way round, and
    `course_name_reserved` where the course cannot be called so, and `pack_not_kept` (authoring/export.py).
    """
    slug = slug or pack.course.slug
    if why := why_reserved(slug):
        raise Conflict("course_name_reserved", f"The short name of a course {why}.")
    changes = list(_sync(pack, slug, publish_new=publish_new))
    if keep_files(course=Course.objects.get(slug=slug), folder=pack.folder) and not changes:
        changes.append(Change(what="files", how="changed where students see nothing", sort=Sort.CHANGED))
    return changes


def _sync(pack: Pack, slug: str, *, publish_new: bool) -> Iterator[Change]:
    course, made = Course.objects.select_for_update().get_or_create(slug=slug, defaults={"title": pack.course.title})
    wanted = {
        "title": pack.course.title,
        "description": pack.course.description,
        "topics": {name: topic.title for name, topic in pack.course.topics.items()},
        "topic_notes": {name: topic.note for name, topic in pack.course.topics.items() if topic.note},
        "bases": [str(base["image"]) for base in pack.course.bases.values() if "image" in base],
        **({"time_zone": pack.course.time_zone} if made else {}),
    }
    changed = [name for name, value in wanted.items() if getattr(course, name) != value]
    for name in changed:
        setattr(course, name, wanted[name])
    if changed:
        course.save(update_fields=changed)
    if made or changed:
        yield Change(what=f"course {slug}", how="new" if made else f"{', '.join(changed)} changed", sort=_sort(made))
    questions = sync_questions(course=course, questions=pack.questions)
    for how, sort in (("added", Sort.NEW), ("changed", Sort.CHANGED), ("retired", Sort.GONE)):
        if slugs := getattr(questions, how):
            what = f"{len(slugs)} question{'s' if len(slugs) > 1 else ''}"
            yield Change(what=what, how=f"{how}: {_few(slugs)}", sort=sort, names=tuple(slugs))
    part = ""
    for position, entry in enumerate(pack.course.activities, start=1):
        part = entry.part or part
        place = {"position": position, "part": part}
        yield from _sync_activity(pack, course, entry, place=place, publish_new=publish_new)
    names = {entry.name for entry in pack.course.activities}
    for activity in Activity.objects.filter(course=course).exclude(slug__in=names).order_by("position", "pk"):
        yield Change(
            what=f"{activity.kind} {activity.slug}",
            how="not in the pack any more; it stays as it is",
            sort=Sort.GONE,
            names=(activity.slug,),
        )


def _sort(made: bool) -> Sort:  # noqa: FBT001 - what get_or_create says
    return Sort.NEW if made else Sort.CHANGED


def _few(slugs: tuple[str, ...]) -> str:
    more = len(slugs) - NAMED
    return ", ".join(slugs[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _sync_activity(
    pack: Pack, course: Course, entry: ActivityEntry, *, place: Mapping[str, object], publish_new: bool
) -> Iterator[Change]:
    kind = ActivityKind(entry.kind)
    activity, made = Activity.objects.get_or_create(
        course=course, slug=entry.name, defaults={"kind": kind, "title": entry.name, "published": publish_new}
    )
    if activity.kind != kind:
        message = (
            f"“{entry.name}” is a {activity.kind} in the course and a {kind} in the pack. Give the {kind} a new name."
        )
        raise Conflict("activity_kind_changed", message)
    counted_by = _counts_by(activity)
    new_version = (_sync_lab if kind == ActivityKind.LAB else _sync_quiz)(pack, activity, entry)
    described = _describe(pack, activity, entry, place)
    if not made and _counts_by(activity) != counted_by:
        transaction.on_commit(partial(_COUNT_ANEW[kind], activity=activity))
    how = ""
    if made:
        how = "new" if publish_new else "new, not published yet"
    elif new_version or described:
        how = "new version" if new_version else f"{', '.join(described)} changed"
    if how:
        yield Change(what=f"{kind} {entry.name}", how=how, sort=_sort(made), names=(entry.name,))


def _counts_by(activity: Activity) -> list[object]:
    """What decides how tries become points in the gradebook: the rule for several, and what a lab is worth."""
    lab = Lab.objects.filter(activity=activity).values_list("scoring", "activity__max_points")
    versions = QuizVersion.objects.filter(quiz__activity=activity, quiz__current_version=F("pk"))
    return [*lab, *(version.settings.scoring for version in versions)]


def _sync_lab(pack: Pack, activity: Activity, entry: ActivityEntry) -> bool:
    files = pack.labs[entry.name]
    _, new_version = sync_lab(
        activity=activity,
        plan=files.plan,
        readme=files.readme,
        starter=files.starter,
        attempts_allowed=entry.attempts,
        scoring=Scoring(entry.scoring),
    )
    return new_version


def _sync_quiz(pack: Pack, activity: Activity, entry: ActivityEntry) -> bool:
    before = Quiz.objects.filter(activity=activity).values_list("current_version_id", flat=True).first()
    return sync_quiz(activity=activity, spec=pack.quizzes[entry.name]).pk != before


def _describe(pack: Pack, activity: Activity, entry: ActivityEntry, place: Mapping[str, object]) -> list[str]:
    """Bring the activity's own fields in line; returns the names of those that changed."""
    activity.refresh_from_db()  # syncing a quiz or lab may have set some
    wanted = dict(place)
    if entry.lab:
        plan = pack.labs[entry.name].plan
        wanted |= {
            "title": plan.title,
            "summary": plan.summary,
            "max_points": Decimal(plan.max_points),
            "minutes": plan.minutes,
            "topics": list(plan.topics),
        }
    else:
        quiz = pack.quizzes[entry.name]
        wanted |= {"title": quiz.title, "summary": quiz.about[:300], "minutes": quiz.time_limit_minutes or 0}
    changed = [name for name, value in wanted.items() if getattr(activity, name) != value]
    for name in changed:
        setattr(activity, name, wanted[name])
    if changed:
        activity.save(update_fields=changed)
    return changed
