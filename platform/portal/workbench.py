"""The files of a lab as the editor shows them, and what comes back from it as something to hand in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from accounts.errors import DrydockError
from labs.intake import HandedIn
from labs.models import LabVersion

if TYPE_CHECKING:
    Upload = UploadedFile[bytes]
else:
    # Generic in the stubs only.
    Upload = UploadedFile
FIELD_PREFIX = "file:"
_WILD = set("*?[")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class WorkFile:
    """One tab. `starter` is None for a file that the lab does not start with."""

    path: str
    text: str
    starter: str | None
    own: bool
    required: bool

    @property
    def field(self) -> str:
        """The name of its form field."""
        return f"{FIELD_PREFIX}{self.path}"

    @property
    def language(self) -> str:
        """What the editor colours it as."""
        name = self.path.rsplit("/", 1)[-1].lower()
        if name.startswith("dockerfile") or name.endswith(".dockerfile"):
            return "dockerfile"
        return "python" if name.endswith(".py") else "text"


def open_files(version: LabVersion, texts: Mapping[str, str]) -> list[WorkFile]:
    """The tabs: the learner's own files first, those that must be there on top, then the lab's own to look at.

    `texts` holds what the learner has written so far, by path; what is missing there is as the lab starts.
    """
    rules = version.lab_plan.submission
    plain = [pattern for pattern in rules.editable if not _WILD & set(pattern)]
    own = dict.fromkeys(
        [
            *rules.required,
            *(path for path in version.starter if rules.is_editable(path)),
            *(path for path in texts if rules.is_editable(path)),
            *plain,
        ]
    )
    mine = [
        WorkFile(
            path=path,
            text=texts.get(path, version.starter.get(path, "")),
            starter=version.starter.get(path),
            own=True,
            required=path in rules.required,
        )
        for path in own
        if rules.is_editable(path)
    ]
    given = [
        WorkFile(path=path, text=text, starter=text, own=False, required=False)
        for path, text in sorted(version.starter.items())
        if not rules.is_editable(path)
    ]
    return [*mine, *given]


def texts_of(files: Mapping[str, bytes], version: LabVersion) -> dict[str, str]:
    """The learner's own files that are text, by path; others cannot be edited in a page."""
    found = {}
    rules = version.lab_plan.submission
    for path, content in files.items():
        if rules.is_editable(path) and b"\0" not in content:
            try:
                found[path] = content.decode()
            except UnicodeDecodeError:
                continue
    return found


def posted_texts(post: QueryDict) -> dict[str, str]:
    """What the editor's fields held, by path, with the line ends that files have."""
    return {
        name.removeprefix(FIELD_PREFIX): str(post[name]).replace("\r\n", "\n")
        for name in post
        if name.startswith(FIELD_PREFIX)
    }


def read_hand_in(post: QueryDict, files: "MultiValueDict[str, Upload]", version: LabVersion) -> HandedIn:
    """What was handed in: the bytes of one archive, or the editor's files with uploaded ones laid over them.

    Raises DrydockError for uploads that cannot be taken.
    """
    uploads = files.getlist("upload")
    _require_size(uploads, version)
    archives = [upload for upload in uploads if _is_archive(upload)]
    if archives and len(uploads) > 1:
        message = "Choose one zip or tar with everything in it, or single files, not both."
        raise DrydockError("archive_and_files", message, fields={"files": message})
    if archives:
        return bytes(archives[0].read())
    plan = version.lab_plan
    written = {
        path: text.encode()
        for path, text in posted_texts(post).items()
        # An empty tab that nothing asks for is a file that is not there.
        if text or path in plan.submission.required or version.starter.get(path)
    }
    return {**written, **{_place(upload, version): upload.read() for upload in uploads}}


def _require_size(uploads: Sequence[Upload], version: LabVersion) -> None:
    limit = version.lab_plan.submission.max_mib
    size = sum(upload.size or 0 for upload in uploads)
    if size > limit * _MIB:
        message = f"The files are {size / _MIB:.1f} MiB; this lab takes up to {limit:g} MiB."
        raise DrydockError("files_too_large", message, fields={"files": message})


def _is_archive(upload: Upload) -> bool:
    return (upload.name or "").lower().endswith(_ARCHIVES)


def _place(upload: Upload, version: LabVersion) -> str:
    """Where an uploaded file goes: where the lab has the one file of that name, else in the top folder."""
    name = upload.name or "file"
    known = {*version.starter, *version.lab_plan.submission.required}
    places = [path for path in known if path.rsplit("/", 1)[-1] == name]
    return places[0] if len(places) == 1 else name
