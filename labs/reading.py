"""What people may read of a submission: its files, report, log and events, each as its reader may see it."""

from accounts.models import User
from courses.access import may_assist
from graders.archive import TAKEN_BEFORE
from graders.archive import Submission as Files
from graders.report import Report
from labs import storage
from labs.models import Submission, SubmissionEvent


def report_for(*, submission: Submission, viewer: User) -> Report | None:
    """The report, whole for course staff, and for its author without what hidden checks give away; None before.

    The caller has found the submission by `visible_to(viewer)`.
    """
    if not submission.report_name:
        return None
    report = storage.read_report(submission.report_name)
    return report if may_assist(viewer, submission.course) else report.for_learner()


def log_of(submission: Submission) -> str:
    """The full log of the builds; empty before the end."""
    return storage.read_log(submission.log_name) if submission.log_name else ""


def files_of(submission: Submission) -> Files:
    """The files that were graded: the author's, over the lab's own."""
    return Files.from_tar(storage.read(submission.files_name), caps=TAKEN_BEFORE)


def events_after(*, submission: Submission, sequence: int, at_most: int = 500) -> list[SubmissionEvent]:
    """What happened after event `sequence`, oldest first; for author and staff alike, since it hides hidden checks."""
    return list(SubmissionEvent.objects.filter(submission=submission).after(sequence)[:at_most])
