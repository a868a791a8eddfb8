"""Which of a person's tries counts, and what the gradebook is told."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal

from gradebook.services import Earned, TopicEvidence, record
from graders.report import CheckOutcome, Report
from labs.models import Lab, Scoring, Submission
from labs.states import State


def count(submission: Submission, report: Report) -> None:
    """Let a newly graded submission stand for its try, and record what now counts; call inside the grading's commit."""
    if submission.regrade_of_id is not None:
        # A regrade ordered earlier that ends later than a newer one changes nothing any more.
        tries = Submission.objects.filter(lab=submission.lab, author=submission.author, number=submission.number)
        if tries.filter(is_current=True, generation__gt=submission.generation).exists():
            return
        tries.filter(is_current=True).update(is_current=False)
        Submission.objects.filter(pk=submission.pk).update(is_current=True)
        submission.is_current = True
    if submission.tryout:
        return
    best = counting(submission)
    activity = submission.lab.activity
    record(
        activity=activity,
        user=submission.author,
        points=share_of(best) * activity.max_points,
        max_points=activity.max_points,
        late_factor=best.late_factor,
        source_kind="submission",
        source_id=best.pk,
        evidence=_evidence(report),
        evidence_source_id=submission.regrade_of_id or submission.pk,
        evidence_at=submission.handed_in_at,
    )


def counting(submission: Submission) -> Submission:
    """The try of the same person and lab that counts, by the lab's scoring rule. One query."""
    graded = Submission.objects.filter(
        lab=submission.lab, author=submission.author, is_current=True, state=State.GRADED, tryout=False
    ).order_by("number")
    return that_counts(graded, submission.lab)


def that_counts(graded: Iterable[Submission], lab: Lab) -> Submission:
    """The one that counts of a person's graded tries at the lab. Needs at least one."""
    tries = sorted(graded, key=lambda one: one.number)
    if lab.scoring == Scoring.LAST:
        return tries[-1]
    # Of equal ones the earliest: a later try that changes nothing sends no news.
    return max(tries, key=lambda one: (share_of(one) * one.late_factor, -one.number))


def earned_by(lab: Lab, tries: Collection[Submission], *, of: Collection[int]) -> Iterator[Earned]:
    """What counts for those of these people who have something graded."""
    for author in sorted(of):
        graded = [one for one in tries if one.author_id == author and one.is_current and one.state == State.GRADED]
        if not graded:
            continue
        best = that_counts(graded, lab)
        yield Earned(
            user_id=author,
            points=share_of(best) * lab.activity.max_points,
            max_points=lab.activity.max_points,
            late_factor=best.late_factor,
            source_id=best.pk,
        )


def share_of(submission: Submission) -> Decimal:
    """How much of its version's points a graded submission earned, 0 to 1: versions may differ in points."""
    if not submission.max_score or submission.score is None:
        return Decimal(0)
    return submission.score / submission.max_score


def _evidence(report: Report) -> list[TopicEvidence]:
    """Points by topic; a check that was skipped says nothing about its topics."""
    earned: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for check in report.checks:
        if check.outcome is CheckOutcome.SKIPPED:
            continue
        for topic in check.topics:
            earned[topic][0] += Decimal(str(check.points))
            earned[topic][1] += Decimal(str(check.max_points))
    return [TopicEvidence(topic=topic, points=got, max_points=of) for topic, (got, of) in earned.items() if of]
