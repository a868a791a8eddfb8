"""How much a submission may hold, and how one that may not be taken is turned away."""

from dataclasses import dataclass
from typing import Self

from graders.refusal import Refusal

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Bounds of a submission. Sizes are what the files hold once unpacked, except `packed_bytes`, the upload itself."""

    files: int = 500
    total_bytes: int = 10 * MIB
    file_bytes: int = 10 * MIB
    packed_bytes: int = 14 * MIB
    path_bytes: int = 240
    depth: int = 16
    ratio: int = 100
    """Times that something may grow when unpacked, past the first MiB: more is a bomb."""
    junk: bool = False
    """Whether to keep what systems leave behind, such as .git and .DS_Store: a lab's own files may be called so."""

    @classmethod
    def up_to(cls, mib: float) -> Self:
        """The caps of a lab that takes files of `mib` MiB together; what they add when packed is allowed on top."""
        size = int(mib * MIB)
        return cls(total_bytes=size, file_bytes=size, packed_bytes=size + 4 * MIB)

    @property
    def entries(self) -> int:
        """Entries that are looked at before giving up: folders and what is left out count here too."""
        return 4 * self.files


TAKEN_BEFORE = Caps(files=100_000, total_bytes=1024 * MIB, file_bytes=1024 * MIB, packed_bytes=2048 * MIB)
"""For reading back what `Submission.tar` made of files that a lab's own caps let in."""


class SubmissionRefused(Exception):
    """These files cannot be taken; `code` is stable, the message is for whoever handed them in."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def as_refusal(self) -> Refusal:
        """The same reason in the shape that reports carry."""
        return Refusal(rule=self.code, line=None, message=self.message)


def in_words(size: int) -> str:
    """A size as people write it: 312 bytes, 4.5 KiB, 12 MiB."""
    for unit, name in ((MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"


def check_upload(data: bytes, caps: Caps) -> None:
    """Refuse an archive that is too big before anything in it is read, and one that is not there."""
    if not data:
        raise SubmissionRefused("empty", "The upload is empty: nothing arrived. Choose the file again.")
    if len(data) > caps.packed_bytes:
        raise SubmissionRefused(
            "too-large",
            f"The upload has {in_words(len(data))}; at most {in_words(caps.packed_bytes)} can be taken. "
            "Leave out what the image does not need.",
        )
