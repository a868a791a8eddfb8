"""What a worker does with course files: reads them and works the difference out, and applies what was confirmed.

Every row is claimed with a lease and changed only while the claim holds. Applying works the difference out again in the
transaction that makes it: where it is not the one that was confirmed, nothing is changed and the new one is shown.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from authoring.arriving import as_pack, from_zip, pack_files
from authoring.bringing_in import FOLDER, call_on_commit, expire, require_author, require_free_name
from authoring.git_address import repository_at
from authoring.git_fetch import fetch
from authoring.models import CourseImport, ImportState, Source
from authoring.packs import InvalidPack, Pack
from authoring.querysets import CourseImportQuerySet
from authoring.standing import standing_of
from authoring.sync import Change, Sort, preview, sync
from courses.audit import note
from courses.errors import DrydockError
from courses.models import Course, Membership, Role
from graders.archive import TAKEN_BEFORE, Submission, SubmissionRefused
from quizzes import loose_bytes

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)
"""More than reading the largest pack takes; a worker that was lost costs this much time, and nothing else."""
MOST_TRIES = 2
MOST_PROBLEMS = 1000
_MOST_WHY = 500
_TRIED_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A worker's right to go on with an import, for as long as nobody took over."""

    pk: int
    holder: str
    applying: bool

    def held(self) -> CourseImportQuerySet[CourseImport]:
        """The import, as long as this claim holds."""
        state = ImportState.APPLYING if self.applying else ImportState.READING
        return CourseImport.objects.filter(pk=self.pk, holder=self.holder, state=state)


class _Otherwise(Exception):
    """The course is not as it was: rolls back what was applied."""

    def __init__(self, difference: "_Difference") -> None:
        super().__init__()
        self.difference = difference


# ── Claiming ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def work() -> int:
    """Go on with what waits until nothing does; returns how many were taken."""
    taken = 0
    while (claim := claim_next()) is not None:
        taken += 1
        with structlog.contextvars.bound_contextvars(course_import=claim.pk):
            carry_out(claim)
    return taken


def claim_next(now: datetime | None = None) -> Claim | None:
    """Take what has waited longest, what is confirmed first. Safe to call from many workers at once."""
    now = now or timezone.now()
    for pk, state, tries in CourseImport.objects.claimable().values_list("pk", "state", "tries")[:_TRIED_AT_ONCE]:
        claim = Claim(pk=pk, holder=secrets.token_hex(16), applying=state == ImportState.CONFIRMED)
        if CourseImport.objects.filter(pk=pk, state=state, tries=tries).update(
            state=ImportState.APPLYING if claim.applying else ImportState.READING,
            holder=claim.holder,
            tries=tries + 1,
            lease_expires_at=now + LEASE,
        ):
            return claim
    return None


def sweep(now: datetime | None = None) -> int:
    """Return what lost workers had, end what nobody confirmed in time, and call workers; returns how many."""
    now = now or timezone.now()
    put_right = expire(now)
    for one in CourseImport.objects.held_longer_than(now):
        claim = Claim(pk=one.pk, holder=one.holder, applying=one.state == ImportState.APPLYING)
        put_right += _lose(claim, one.tries)
    if CourseImport.objects.claimable().exists():
        with transaction.atomic():
            call_on_commit()
    return put_right


def _lose(claim: Claim, tries: int) -> bool:
    """Let it wait again; after too many tries it failed."""
    if tries < MOST_TRIES:
        state = ImportState.CONFIRMED if claim.applying else ImportState.WAITING
        return bool(claim.held().update(state=state, holder="", lease_expires_at=None))
    return _end(claim, ImportState.FAILED, why="It took too long, or its worker failed. Nothing was changed.")


@transaction.atomic
def _end(claim: Claim, state: ImportState, *, why: str = "", **fields: Any) -> bool:
    """End it, and let its files go; False where somebody took over."""
    stored = claim.held().select_for_update().values_list("stored", flat=True).first()
    if stored is None:
        return False
    over = {"holder": "", "lease_expires_at": None, "stored": "", "ended_at": timezone.now()}
    claim.held().update(state=state, why=why[:_MOST_WHY], **over, **fields)
    if stored:
        loose_bytes.let_go(stored)
    return True


# ── Reading, and applying ────────────────────────────────────────────────────────────────────────────────────────────


def carry_out(claim: Claim) -> None:
    """Read the files and show the difference, or apply what was confirmed. Never raises for what is in them."""
    row = claim.held().select_related("course", "by").first()
    if row is None:
        return
    do: Callable[[Claim, CourseImport], None] = _apply if claim.applying else _read
    try:
        do(claim, row)
    except InvalidPack as error:
        problems = [asdict(problem) for problem in error.problems[:MOST_PROBLEMS]]
        _end(claim, ImportState.REFUSED, problems=problems, why=_counted(len(error.problems)))
    except DrydockError as error:
        _end(claim, ImportState.REFUSED, why=error.message)
    except Exception:  # whatever it was, the files must not stay with this worker
        log.exception("course_files_failed")
        _end(
            claim, ImportState.FAILED, why="The trouble is on our side; the log says what it was. Nothing was changed."
        )


def _counted(problems: int) -> str:
    return f"{problems} problem{'s' if problems != 1 else ''} in the files."


def _read(claim: Claim, row: CourseImport) -> None:
    require_author(row.by, row.course)
    files, commit = _arrived(row)
    with as_pack(files) as pack:
        slug = row.course.slug if row.course else row.slug or pack.course.slug
        if row.course is None:
            require_free_name(slug)
        difference = _difference(
            files.digest,
            pack,
            standing=standing_of(row.course),
            changes=preview(pack=pack, slug=slug, publish_new=row.publish_new),
        )
        known: dict[str, Any] = {"slug": slug, "pack_slug": pack.course.slug, "commit": commit}
    known["file_count"] = len(files.files)
    if not difference.changes:
        _end(claim, ImportState.SAME, digest=files.digest, **known, **difference.fields)
        return
    with loose_bytes.put(FOLDER, ContentFile(files.tar())) as path, transaction.atomic():
        loose_bytes.claim(path)
        if claim.held().update(digest=files.digest, **known):
            _show(claim, difference, stored=path)
            if row.stored:
                loose_bytes.let_go(row.stored)
        else:
            loose_bytes.let_go(path)


def _arrived(row: CourseImport) -> tuple[Submission, str]:
    """The pack's files, and the commit that they are of."""
    if row.source == Source.GIT:
        fetched = fetch(repository_at(row.name), ref=row.ref, folder=row.folder)
        return pack_files(fetched.files, "", inside=row.folder), fetched.commit
    return pack_files(from_zip(_stored(row)), row.folder), ""


def _stored(row: CourseImport) -> bytes:
    with default_storage.open(row.stored) as file:
        return bytes(file.read())


def _apply(claim: Claim, row: CourseImport) -> None:
    try:
        files = Submission.from_tar(_stored(row), caps=TAKEN_BEFORE)
    except SubmissionRefused as error:
        raise DrydockError("files_damaged", "The files that were kept are damaged. Bring them in again.") from error
    if files.digest != row.digest:
        raise DrydockError("files_damaged", "The files that were kept are not the ones that were seen.")
    with as_pack(files) as pack:
        try:
            _make_it_so(claim, row, pack)
        except _Otherwise as otherwise:
            with transaction.atomic():
                _show(claim, otherwise.difference, changed_meanwhile=True)


@transaction.atomic
def _make_it_so(claim: Claim, row: CourseImport, pack: Pack) -> None:
    """Bring the course in line, if that is what was confirmed. Raises _Otherwise, having changed nothing."""
    if claim.held().select_for_update().first() is None:
        return
    course = Course.objects.select_for_update().get(pk=row.course_id) if row.course_id else None
    require_author(row.by, course)
    if course is None:
        require_free_name(row.slug)
    standing = standing_of(course)
    slug = course.slug if course is not None else row.slug  # a course may have another name by now
    changes = sync(pack=pack, slug=slug, publish_new=row.publish_new)
    difference = _difference(row.digest, pack, standing=standing, changes=changes)
    if difference.seen != row.seen:
        raise _Otherwise(difference)
    made = Course.objects.get(slug=slug)
    if course is None:
        Membership.objects.create(course=made, user=row.by, role=Role.INSTRUCTOR)
    _note(row, made, changes)
    _end(claim, ImportState.APPLIED, course=made, changed_meanwhile=False)


def _note(row: CourseImport, course: Course, changes: list[Change]) -> None:
    where = (
        f"{row.name}{f' at {row.commit[:12]}' if row.commit else ''}{f', folder {row.folder}' if row.folder else ''}"
    )
    count = f"{len(changes)} change{'s' if len(changes) != 1 else ''}"
    note(
        by=row.by,
        course=course,
        action="course_files_applied",
        summary=f"Course files from {where}: {count}. Files {row.digest[:12]}.",
        detail={
            "import": row.pk,
            "digest": row.digest,
            "commit": row.commit,
            "changes": [str(change) for change in changes],
        },
    )


# ── The difference ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class _Difference:
    """What these files change in this course as it stands; `seen` names exactly that."""

    changes: list[dict[str, Any]]
    unchanged: dict[str, int]
    seen: str

    @property
    def fields(self) -> dict[str, Any]:
        """As it is kept."""
        return {"changes": self.changes, "unchanged": self.unchanged, "seen": self.seen}


def _difference(digest: str, pack: Pack, *, standing: str, changes: list[Change]) -> _Difference:
    told = [
        {"what": change.what, "how": change.how, "sort": change.sort.value, "names": list(change.names)}
        for change in changes
    ]
    seen = hashlib.sha256(json.dumps([digest, standing, told]).encode()).hexdigest()
    return _Difference(changes=told, unchanged=_unchanged(pack, changes), seen=seen)


def _unchanged(pack: Pack, changes: list[Change]) -> dict[str, int]:
    here = [change for change in changes if change.sort != Sort.GONE]
    asked = {name for change in here if change.what[0].isdigit() for name in change.names}
    named = {change.what for change in here}
    return {
        "questions": sum(question.id not in asked for question in pack.questions),
        "quizzes": sum(f"quiz {name}" not in named for name in pack.quizzes),
        "labs": sum(f"lab {name}" not in named for name in pack.labs),
    }


def _show(claim: Claim, difference: _Difference, **fields: Any) -> None:
    claim.held().update(
        state=ImportState.SEEN, holder="", lease_expires_at=None, tries=0, **difference.fields, **fields
    )
