"""Puts together what is graded: the learner's files, and the lab's own beside them, which nobody may change.

And says why the files as such cannot be graded.
"""

from collections.abc import Iterator, Mapping

from graders.archive import Caps, Submission, SubmissionRefused
from graders.plan import LabPlan
from graders.refusal import Refusal
from graders.sandbox.base import MIB
from graders.visible import listed

_NAMED_AT_MOST = 5


def assemble(handed_in: Submission, *, plan: LabPlan, starter: Mapping[str, bytes]) -> Submission:
    """The files to grade: those handed in, and of the starter files those that are not the learner's to write.

    Starter files that the learner may edit are a beginning only, and are not filled in. Raises SubmissionRefused with
    code `file-not-editable` for a file of the lab that was changed, `file-not-expected` for one that it does not take.
    """
    rules = plan.submission
    own = {path: content for path, content in starter.items() if not rules.is_editable(path)}
    others = [path for path in handed_in.files if not rules.is_editable(path)]
    yours = f"Yours to write: {', '.join(rules.editable)}."
    changed = [path for path in others if path in own and handed_in.files[path] != own[path]]
    if changed:
        raise SubmissionRefused(
            "file-not-editable", f"{_named(changed)}: the lab's own files must stay as they are. {yours}"
        )
    foreign = [path for path in others if path not in own]
    if foreign:
        raise SubmissionRefused("file-not-expected", f"{_named(foreign)}: this lab takes no such file. {yours}")
    return handed_in.with_files(own, caps=Caps.up_to(rules.max_mib))


def missing_or_large(plan: LabPlan, submission: Submission) -> Iterator[Refusal]:
    """Why the files as such cannot be graded: one that must be there is missing, or they are too large together."""
    for path in plan.submission.required:
        yield from missing(submission, path)
    size, limit = submission.total_bytes, plan.submission.max_mib
    if size > limit * MIB:
        message = f"The files have {size / MIB:.1f} MiB together; this lab takes up to {limit:g} MiB."
        yield Refusal(rule="too-large", line=None, message=message)


def missing(submission: Submission, path: str) -> Iterator[Refusal]:
    """Why a file that must be there is not."""
    try:
        submission.require(path)
    except SubmissionRefused as refused:
        yield refused.as_refusal()


def _named(paths: list[str]) -> str:
    shown = [path[:100] for path in paths[:_NAMED_AT_MOST]]
    return listed([*shown, *([f"{len(paths) - len(shown)} more"] if len(paths) > len(shown) else [])])
