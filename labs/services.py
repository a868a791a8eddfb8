"""What can be done with labs and submissions: handing in, cancelling, regrading, trying again. One transaction each."""

import structlog
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from courses.access import require_staff
from courses.deadlines import windows_by_user
from labs import events, heartbeats, intake, queue, tasks
from labs.console_story import can_be_judged_by, is_console, seed_of
from labs.errors import Conflict
from labs.handing_in import enter, forget, refuse_flood, require_taker
from labs.intake import HandedIn
from labs.models import Lab, Priority, Submission, Via, new_key
from labs.states import State
from labs.versions import sync_lab

__all__ = ["cancel", "give_back_try", "regrade", "regrade_lab", "retry_dead", "submit", "sweep", "sync_lab"]

log = structlog.get_logger(__name__)

WAKE_AT_MOST = 100


def submit(*, author: User, lab: Lab, files: HandedIn, via: Via = Via.PORTAL) -> Submission:
    """Hand in a try; grading starts once the row is committed.

    Handing in what is waiting already hands in nothing new: the waiting one is returned, `already_waiting` set.
    Raises DrydockError for files that cannot be taken (`fields` says which), `not_published`, `not_yet_open`,
    `closed`, `tries_used_up`, `too_many_waiting_in_lab`, `too_many_waiting`, `too_fast`.
    """
    version = require_taker(author, lab)
    refuse_flood(author, timezone.now())
    submitted = intake.read(files, version=version)
    key = new_key()
    seed = seed_of(lab, author) if is_console(version) else None
    try:
        with transaction.atomic():
            submission = enter(author=author, lab=lab, version=version, files=submitted, via=via, key=key, seed=seed)
            if not submission.already_waiting:
                _wake_on_commit()
    except BaseException:
        forget(key)
        raise
    log.info("handed_in", submission_id=submission.pk, lab_id=lab.pk, via=str(via), again=submission.already_waiting)
    return submission


@transaction.atomic
def cancel(*, by: User, submission: Submission) -> Submission:
    """Take back a try that nobody has begun to grade; it costs nothing. For its author and course staff."""
    if by.pk != submission.author_id:
        require_staff(by, submission.course)
    current = Submission.objects.select_for_update().get(pk=submission.pk)
    ended = queue.end(current, State.CANCELLED, event={"state": State.CANCELLED}, now=timezone.now())
    if not ended:
        raise Conflict(
            "not_waiting",
            f"This try is {current.get_state_display()}: only one that is waiting can be cancelled.",
        )
    return current


@transaction.atomic
def regrade(*, by: User, submission: Submission, to_current_version: bool = False) -> Submission:
    """Grade a try again, with the same random values; its result stands until the new one is there.

    By default with the version that it was handed in for; with `to_current_version`, by the lab as it is now, unless
    that looks at what was not kept of a console.
    An extension granted since counts. Returns the regrade, or the one that waits already.
    """
    require_staff(by, submission.course)
    original = submission.regrade_of or submission
    tries = Submission.objects.filter(lab_id=original.lab_id, author_id=original.author_id, number=original.number)
    waiting = tries.waiting().filter(generation__gt=0).first()
    if waiting is not None:
        return waiting
    if not tries.filter(state__in=(State.GRADED, State.REFUSED)).exists():
        raise Conflict(
            "not_graded",
            f"This try is {original.get_state_display()}: only one that has a result can be graded again.",
        )
    _regrade_rows(by=by, originals=[original], to_current_version=to_current_version)
    return tries.waiting().get(generation__gt=0)


@transaction.atomic
def regrade_lab(*, by: User, lab: Lab, to_current_version: bool = False) -> int:
    """Grade every graded try of a lab again, as `regrade` does; returns how many. They wait behind students' tries."""
    require_staff(by, lab.activity.course)
    busy = Submission.objects.waiting().filter(lab=lab, regrade_of__isnull=False).values("regrade_of")
    originals = Submission.objects.filter(lab=lab, generation=0, state__in=(State.GRADED, State.REFUSED))
    rows = list(originals.exclude(pk__in=busy).select_related("author").prefetch_related("version").order_by("pk"))
    _regrade_rows(by=by, originals=rows, to_current_version=to_current_version)
    return len(rows)


def _regrade_rows(*, by: User, originals: list[Submission], to_current_version: bool) -> None:
    if not originals:
        return
    now = timezone.now()
    lab = Lab.objects.select_related("activity__course", "current_version").get(pk=originals[0].lab_id)
    current = lab.current_version if to_current_version else None
    queue.open_lane(lab.activity.course)
    windows = windows_by_user(activity=lab.activity, user_ids={one.author_id for one in originals})
    latest = Submission.objects.filter(regrade_of=OuterRef("pk")).order_by("-generation").values("generation")[:1]
    generations = dict(
        Submission.objects.filter(pk__in=[one.pk for one in originals])
        .annotate(latest=Coalesce(Subquery(latest), 0))
        .values_list("pk", "latest")
    )
    made = Submission.objects.bulk_create(
        [
            Submission(
                lab=lab,
                version_id=current.pk if current and can_be_judged_by(current, one) else one.version_id,
                course_id=one.course_id,
                author_id=one.author_id,
                number=one.number,
                via=Via.REGRADE,
                tryout=one.tryout,
                counts_as_try=one.counts_as_try,
                regrade_of=one,
                generation=generations[one.pk] + 1,
                is_current=False,
                requested_by=by,
                files_name=one.files_name,
                observed_name=one.observed_name,
                digest=one.digest,
                size_bytes=one.size_bytes,
                seed=one.seed,
                handed_in_at=one.handed_in_at,
                late_factor=1 if one.tryout else windows[one.author_id].late_factor(one.handed_in_at),
                priority=Priority.REGRADE,
                queued_at=now,
                available_at=now,
                event_count=1,
            )
            for one in originals
        ]
    )
    events.write_first(events.QUEUED, [submission.pk for submission in made])
    _wake_on_commit()


@transaction.atomic
def retry_dead(*, by: User, submission: Submission) -> Submission:
    """Queue again what could not be graded, with three new chances. For course staff."""
    require_staff(by, submission.course)
    if submission.regrade_of_id and Submission.objects.waiting().filter(regrade_of=submission.regrade_of_id).exists():
        raise Conflict("regrade_waiting", "A newer regrade of this try is waiting already.")
    is_try = submission.priority == Priority.TRY
    turn = queue.next_turn(course=submission.course, author=submission.author) if is_try else 0
    current = Submission.objects.select_for_update().get(pk=submission.pk)
    if current.state != State.DEAD or not queue.requeue(current, now=timezone.now(), turn=turn):
        raise Conflict("not_dead", f"This try is {current.get_state_display()}: there is nothing to try again.")
    _wake_on_commit()
    return current


@transaction.atomic
def give_back_try(*, by: User, submission: Submission) -> Submission:
    """Let a try not count against the allowance; its result stands. For course staff."""
    require_staff(by, submission.course)
    Submission.objects.filter(
        lab_id=submission.lab_id, author_id=submission.author_id, number=submission.number
    ).update(counts_as_try=False)
    submission.refresh_from_db(fields=["counts_as_try"])
    return submission


def sweep() -> int:
    """Return submissions whose workers were lost, and wake workers while anything waits; returns how many returned."""
    returned = queue.return_expired()
    heartbeats.forget_lost()
    waiting = Submission.objects.claimable(timezone.now())[:WAKE_AT_MOST].count()
    if waiting:
        try:
            tasks.call_workers(min(waiting, max(1, heartbeats.health().workers)))
        except OperationalError as error:
            log.warning("workers_not_called", waiting=waiting, error=str(error))
    return returned


def _wake_on_commit() -> None:
    """Wake a worker once it can see the row. A broker that is away costs time only: the sweeper calls again."""
    transaction.on_commit(tasks.call_workers, robust=True)
