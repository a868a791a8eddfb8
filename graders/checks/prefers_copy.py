"""The check `prefers_copy`: files are copied by COPY, and ADD is kept for what only ADD can do."""

import posixpath
import re
from typing import ClassVar

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.checks.steps import shown
from graders.dockerfile.errors import ExpansionError
from graders.dockerfile.expansion import expand
from graders.dockerfile.model import Instruction
from graders.observations import Observations, Wants
from graders.spec import Identifier
from graders.visible import quoted

_ARCHIVE_NAME = re.compile(r"\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz|tbz2?|txz)$", re.IGNORECASE)
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257


@register("prefers_copy")
class PrefersCopy(Check):
    """Files and folders are copied by COPY; ADD is used to unpack an archive or to fetch a URL, and for nothing else.

    What is no archive is none by its name either: where the file was handed in, its content decides.
    """

    archives: bool = True
    """Whether ADD may unpack an archive (tar, also packed by gzip, bzip2 or xz)."""
    urls: bool = True
    """Whether ADD may fetch a URL, in labs that allow it at all (`allow: {add_url: true}`)."""
    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "ADD also unpacks and downloads: a reader of COPY knows what happens, a reader of ADD has to know the file."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(about="COPY it is.", dockerfile="FROM busybox:1.35\nCOPY a.txt /app/\n", files={"a.txt": "a"}),
            Sample(
                about="An archive that is not beside the Dockerfile yet is one by its name.",
                plan={"builds": {"default": {"files": {"data.tar": "none\n"}}}},
                dockerfile="FROM busybox:1.35\nADD data.tar /data/\n",
            ),
        ),
        wrong=(
            Sample(
                about="ADD copies a file.",
                dockerfile="FROM busybox:1.35\nCOPY a.txt /app/\nADD a.txt /app/b.txt\n",
                files={"a.txt": "a"},
                says='ADD copies "a.txt" on line 3',
                line=3,
            ),
            Sample(
                about="ADD copies the folder.",
                dockerfile="FROM busybox:1.35\nADD . /app\n",
                says='ADD copies "."',
                line=2,
            ),
            Sample(
                about="The name alone makes no archive.",
                dockerfile="FROM busybox:1.35\nADD a.tar /app/\n",
                files={"a.tar": "just text"},
                says="is no archive",
                line=2,
            ),
            Sample(
                about="The lab wants no archives unpacked.",
                check={"archives": False},
                plan={"builds": {"default": {"files": {"data.tgz": "none\n"}}}},
                dockerfile="FROM busybox:1.35\nADD data.tgz /data/\n",
                says='ADD copies "data.tgz"',
                line=2,
            ),
            Sample(about="Nothing is copied at all.", says="copies nothing"),
        ),
        malformed=(Sample(about="An unknown field.", check={"url": True}, says="Did you mean `urls`?"),),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return "Files are copied by COPY"

    def wants(self) -> Wants:
        """The Dockerfile; nothing needs to be built."""
        return Wants(sources=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Look at what each ADD brings."""
        dockerfile = seen.dockerfile(self.build)
        adds, copies = dockerfile.all("ADD"), dockerfile.all("COPY")
        for add in adds:
            for source in add.words[:-1]:
                objection = self._objection(_plain(source, dockerfile.escape), add, seen)
                if objection:
                    return failed(objection, seen=shown(add), line=add.line)
        if not adds and not copies:
            return failed("The Dockerfile copies nothing into the image.")
        return passed("ADD does what only ADD can do." if adds else "COPY copies all files.")

    def _objection(self, source: str, add: Instruction, seen: Observations) -> str:
        if "://" in source or source.startswith("git@"):
            return (
                "" if self.urls else f"ADD fetches {quoted(source)} on line {add.line}, which this lab does not want."
            )
        told = f"ADD copies {quoted(source)} on line {add.line}"
        if not self.archives or not _ARCHIVE_NAME.search(source):
            return f"{told}; COPY is made for that."
        name = posixpath.normpath(source.lstrip("/"))
        if any(path.startswith(f"{name}/") for path in seen.files_in):
            return f"{told}, which is a folder; COPY is made for that."
        content = seen.files_in.get(name)
        if content is None or name in seen.build_specs[self.build].files or _is_archive(content):
            return ""
        return f"{told}, which is no archive in spite of its name; COPY is made for that."


def _plain(source: str, escape: str) -> str:
    try:
        return expand(source, {}, escape=escape).text or source
    except ExpansionError:
        return source


def _is_archive(content: bytes) -> bool:
    """Whether the engine unpacks it: a tar file, as it is or packed."""
    return content.startswith(_PACKED) or content[_TAR_MAGIC_AT : _TAR_MAGIC_AT + len(_TAR_MAGIC)] == _TAR_MAGIC
