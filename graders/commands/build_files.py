"""What a build takes from the lab's folder: the files of its context, and the Dockerfile among them."""

from collections.abc import Mapping
from dataclasses import dataclass

from graders.actions import Build
from graders.archive import Caps, Submission, SubmissionRefused
from graders.commands.build_output import Sent
from graders.commands.folder import TOP, Folder
from graders.commands.model import CommandRefused
from graders.context import IGNORE_FILE, BadPattern, Context, context_of, is_ignored, patterns_for
from graders.dockerfile.model import Dockerfile

_DOCKERFILE = "Dockerfile"
_CAPS = Caps(files=100_000, junk=True)
"""What is in the folder has passed the folder's own caps."""


@dataclass(frozen=True, kw_only=True)
class BuildFiles:
    """The files of a context."""

    files: Submission
    dockerfile: str
    """Its path in the context."""

    @property
    def name(self) -> str:
        """The Dockerfile's name in what is printed."""
        return self.dockerfile.rpartition("/")[2]

    @property
    def text(self) -> bytes:
        """The Dockerfile's content."""
        return self.files.files[self.dockerfile]

    def context(self, text: str) -> Context:
        """What is sent to the builder, with this text for the Dockerfile. Raises CommandRefused for .dockerignore."""
        files = self.files
        if text.encode() != self.text:
            files = files.with_files({self.dockerfile: text.encode()}, caps=_CAPS)
        try:
            return context_of(files, Build(dockerfile=self.dockerfile))
        except BadPattern as wrong:
            raise CommandRefused(
                f"error reading the ignore file of the context, line {wrong.line}: {wrong.why}: {wrong.text[:80]!r}",
                code="bad-value",
            ) from wrong

    def sent(self, dockerfile: Dockerfile) -> Sent:
        """What docker's CLI would say that it sends."""
        files = self.files.files
        copies = any(step.keyword in {"ADD", "COPY"} and not step.flag("from") for step in dockerfile.instructions)
        patterns = patterns_for(self.files, self.dockerfile)
        kept = [len(content) for path, content in files.items() if not is_ignored(path, patterns)]
        return Sent(
            dockerfile=self.name,
            dockerfile_bytes=len(self.text),
            ignore_bytes=len(files.get(f"{self.dockerfile}{IGNORE_FILE}", files.get(IGNORE_FILE, b""))),
            context_bytes=sum(kept) if copies else None,
        )


def build_files(folder: Folder, path: str, typed: str) -> BuildFiles:
    """The files below a path, with the Dockerfile that `-f` names, counted from the lab's folder as docker counts it.

    Raises CommandRefused for what is not there or not inside.
    """
    place = folder.place(path)
    if folder.is_file(path):
        raise CommandRefused(
            f"unable to prepare context: context must be a directory: {path}. To build from another Dockerfile, name"
            f" it with -f: docker build -f {path} .",
            code="not-a-folder",
        )
    if place != TOP and not folder.is_folder(path):
        raise CommandRefused(f'unable to prepare context: path "{path}" not found', code="no-such-file")
    dockerfile = _inside(folder.place(typed), place, typed) if typed else _DOCKERFILE
    files = folder.below(path) if place != TOP else folder.files()
    if dockerfile not in files:
        raise CommandRefused(_missing(files, dockerfile, typed or dockerfile), code="no-such-file")
    return BuildFiles(files=Submission.from_files(files, caps=_CAPS), dockerfile=dockerfile)


def _inside(dockerfile: str, place: str, typed: str) -> str:
    if place == TOP:
        return dockerfile
    if not dockerfile.startswith(f"{place}/"):
        raise CommandRefused(
            f"unable to prepare context: the Dockerfile ({typed}) must be within the build context. -f is counted from"
            f" the lab's folder: name a file in {place}, or build the whole folder: docker build -f {typed} .",
            code="bad-path",
        )
    return dockerfile.removeprefix(f"{place}/")


def _missing(files: Mapping[str, bytes], dockerfile: str, typed: str) -> str:
    words = (
        f"#1 [internal] load build definition from {dockerfile.rpartition('/')[2]}\n"
        "#1 transferring dockerfile: 2B done\n#1 DONE 0.0s\n"
        f"failed to solve with frontend dockerfile.v0: failed to read dockerfile: open {typed}: no such file or"
        " directory"
    )
    try:
        Submission.from_files(files, caps=_CAPS).require(dockerfile)
    except SubmissionRefused as refusal:
        return f"{words}\n{refusal.message}" if refusal.code != "empty" else words
    return words
