"""Turning what somebody hands in into the files that are graded: theirs, beside the lab's own."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from graders.archive import Caps, SubmissionRefused
from graders.archive import Submission as Files
from graders.plan import LabPlan
from labs.errors import DrydockError
from labs.models import LabVersion

# What a caller may hand in: files read already, path to content from an editor, or the bytes of a zip or tar.
HandedIn: TypeAlias = Files | Mapping[str, bytes] | bytes

_LISTED_AT_MOST = 5


def read(handed_in: HandedIn, *, version: LabVersion) -> Files:
    """The files to grade. Raises DrydockError with a stable code, and the field to blame, for what cannot be taken.

    Of the starter files, those that the learner may edit are a beginning only: they are not filled in here.
    """
    plan = version.lab_plan
    caps = Caps.up_to(plan.submission.max_mib)
    given = _taken(lambda: _unpack(handed_in, caps))
    starter = {path: text.encode() for path, text in version.starter.items()}
    own = {path: content for path, content in starter.items() if not plan.submission.is_editable(path)}
    _refuse_foreign(given, plan, own)
    return _taken(lambda: _with_required(given.with_files(own, caps=caps), plan))


def _unpack(handed_in: HandedIn, caps: Caps) -> Files:
    if isinstance(handed_in, Files):
        return handed_in
    if isinstance(handed_in, Mapping):
        return Files.from_files(handed_in, caps=caps)
    return (Files.from_zip if handed_in.startswith(b"PK") else Files.from_tar)(handed_in, caps=caps)


def _with_required(files: Files, plan: LabPlan) -> Files:
    for path in plan.submission.required:
        files.require(path)
    return files


def _taken(read: Callable[[], Files]) -> Files:
    try:
        return read()
    except SubmissionRefused as refused:
        raise DrydockError(
            refused.code.replace("-", "_"), refused.message, fields={"files": refused.message}
        ) from refused


def _refuse_foreign(given: Files, plan: LabPlan, own: Mapping[str, bytes]) -> None:
    """The lab's own files may be sent along, unchanged; others than the learner's may not."""
    others = [path for path in given.files if not plan.submission.is_editable(path)]
    changed = [path for path in others if path in own and given.files[path] != own[path]]
    foreign = [path for path in others if path not in own]
    patterns = ", ".join(plan.submission.editable)
    if changed:
        message = f"{_listed(changed)}: the lab's own files must stay as they are. Yours to write: {patterns}."
        raise DrydockError("file_not_editable", message, fields={"files": message})
    if foreign:
        message = f"{_listed(foreign)}: this lab takes no such file. Yours to write: {patterns}."
        raise DrydockError("file_not_expected", message, fields={"files": message})


def _listed(paths: list[str]) -> str:
    shown = ", ".join(path[:100] for path in paths[:_LISTED_AT_MOST])
    return shown if len(paths) <= _LISTED_AT_MOST else f"{shown} and {len(paths) - _LISTED_AT_MOST} more"
