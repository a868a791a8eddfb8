"""Entering a try into the queue: who may hand in, when, how often, and the row that grading goes by.

Used by `labs.services.submit`, and by the worker of a console that hands in what is on its engine.
"""

from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from courses.access import may_assist, may_take
from courses.deadlines import Window, WindowState, window_for
from graders.archive import Submission as Files
from labs import events, queue, storage
from labs.errors import Conflict, NotAllowed, TooMany
from labs.models import Lab, LabVersion, Submission, Via, new_seed
from labs.tries import tries_of

WAITING_PER_LAB = 2
WAITING_PER_PERSON = 20
PER_MINUTE = 30


def enter(
    *,
    author: User,
    lab: Lab,
    version: LabVersion,
    files: Files,
    via: Via,
    key: str,
    seed: int | None = None,
    observed: bytes | None = None,
    handed_in_at: datetime | None = None,
) -> Submission:
    """Enter a try, or return the same one that waits already, `already_waiting` set; call inside a transaction.

    `observed` is what was there when a console was handed in, as JSON: grading judges that, and touches no engine.
    What is stored lies under `key`: the caller removes it when the transaction fails (`forget`).
    Raises DrydockError: `not_yet_open`, `closed`, `tries_used_up`, `too_many_waiting_in_lab`, `too_many_waiting`,
    `too_fast`.
    """
    # One hand-in at a time for each person, so that limits hold however fast they come.
    queue.one_at_a_time(author.pk)
    now = timezone.now()
    at = handed_in_at or now
    course = lab.activity.course
    tryout = may_assist(author, course)
    window = window_for(activity=lab.activity, user=author)
    waiting = Submission.objects.waiting().filter(author=author, generation=0)
    if observed is None:
        same = waiting.filter(lab=lab, digest=files.digest, version=version, observed_name="").first()
        if same is not None:
            same.already_waiting = True
            return same
    if not tryout:
        require_open(window, at)
        require_try_left(author, lab, window)
    refuse_flood(author, now)
    if waiting.filter(lab=lab).count() >= WAITING_PER_LAB:
        raise TooMany(
            "too_many_waiting_in_lab",
            f"You have {WAITING_PER_LAB} tries at this lab waiting already. Wait for a result, or cancel one.",
        )
    if waiting.count() >= WAITING_PER_PERSON:
        raise TooMany("too_many_waiting", f"You have {WAITING_PER_PERSON} tries waiting. Wait for results first.")
    latest = Submission.objects.filter(lab=lab, author=author).aggregate(latest=Max("number"))["latest"] or 0
    turn = queue.next_turn(course=course, author=author)
    content = files.tar()
    submission = Submission.objects.create(
        lab=lab,
        version=version,
        course=course,
        author=author,
        number=latest + 1,
        via=via,
        tryout=tryout,
        key=key,
        files_name=storage.save(storage.files_name(key), content),
        observed_name="" if observed is None else storage.save(storage.observed_name(key), observed),
        digest=files.digest,
        size_bytes=len(content),
        seed=new_seed() if seed is None else seed,
        handed_in_at=at,
        queued_at=now,
        available_at=now,
        late_factor=1 if tryout else window.late_factor(at),
        turn=turn,
        event_count=1,
    )
    events.write(
        submission_id=submission.pk,
        attempt=submission.attempt,
        count_before=submission.event_count - 1,
        events=[events.NewEvent(kind=events.QUEUED)],
    )
    return submission


def forget(key: str) -> None:
    """Remove what `enter` stored before its transaction failed."""
    storage.delete(storage.files_name(key))
    storage.delete(storage.observed_name(key))


def require_taker(author: User, lab: Lab) -> LabVersion:
    """The version that somebody who may take the lab begins with. Raises `not_published` and `lab_empty`."""
    if not may_take(author, lab.activity):
        raise NotAllowed("not_published", "This lab is not open to you. Ask your instructor.")
    if lab.current_version is None:
        raise Conflict("lab_empty", "This lab has no content yet. Ask your instructor.")
    return lab.current_version


def require_open(window: Window, at: datetime) -> None:
    """Raise `not_yet_open` or `closed` outside the window."""
    state = window.state(at)
    if state is WindowState.NOT_YET:
        raise Conflict("not_yet_open", "This lab is not open yet: see its opening time.")
    if state is WindowState.CLOSED:
        raise Conflict("closed", "This lab is closed: nothing can be handed in any more. Ask for an extension.")


def require_try_left(author: User, lab: Lab, window: Window) -> None:
    """Raise `tries_used_up` when no try is left."""
    tries = tries_of(user=author, lab=lab, window=window)
    if tries.left == 0:
        raise Conflict("tries_used_up", f"You have used all {tries.allowed} tries at this lab.")


def refuse_flood(author: User, now: datetime) -> None:
    """Raise `too_fast` when somebody has handed in very often within a minute."""
    minute = timedelta(minutes=1)
    latest = Submission.objects.filter(author=author, generation=0, handed_in_at__gt=now - minute).order_by(
        "-handed_in_at"
    )
    times = list(latest.values_list("handed_in_at", flat=True)[:PER_MINUTE])
    if len(times) == PER_MINUTE:
        seconds = max(1, int((times[-1] + minute - now).total_seconds()) + 1)
        raise TooMany(
            "too_fast",
            f"That is {PER_MINUTE} tries within a minute. Wait {seconds} seconds, then hand in again.",
            retry_after_seconds=seconds,
        )
