"""The check `image_file`: what lies at a path of the image."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, model_validator

from graders.actions import DEFAULT
from graders.blame import line_in_effect
from graders.checks.accounts import PASSWD, is_owned_by, name_of, number_of, users_of
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.observations import Observations, Wants
from graders.sandbox.base import FileFacts, FileKind
from graders.spec import Identifier, ImagePath, ImagePaths, InsidePath, Text, Texts
from graders.visible import last_lines, listed, quoted, visible


def _mode(value: Any) -> Any:
    if isinstance(value, str) and value.isdigit() and len(value) in {3, 4} and set(value) <= set("01234567"):
        return value.zfill(4)
    raise ValueError('must be an octal mode in quotes, such as "0755"')


Mode = Annotated[str, BeforeValidator(_mode)]


@register("image_file")
class ImageFile(Check):
    """Paths of the image are there (`present`) or not (`absent`); the file at `path` is as asked.

    Symbolic links are not followed.
    """

    build: Identifier = DEFAULT
    present: ImagePaths = ()
    """Paths that must be there."""
    absent: ImagePaths = ()
    """Paths that must not be there."""
    path: ImagePath | None = None
    """One path, looked at in detail."""
    type: Literal["file", "folder", "symlink"] | None = None
    """What it is."""
    mode: Mode | None = None
    """Its mode in octal digits, such as `"0755"`."""
    executable: bool | None = None
    """Whether it may be executed."""
    owner: Text | None = None
    """A user's name or number."""
    contains: Texts = ()
    """Texts in the file."""
    equals: Text | None = None
    """Its text, outer empty lines aside."""
    same_as: InsidePath | None = None
    """A file that was handed in, byte for byte."""

    why: ClassVar[str] = (
        "A container finds its image's files and no others: what lies elsewhere, or may not be read, is missing."
    )
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("present", "absent"), ("path", "absent"))
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="Files are there, and others are not.",
                check={"present": ["/app/a.txt", "/app"], "absent": "/src"},
                dockerfile="FROM busybox:1.35\nCOPY a.txt /app/\n",
                files={"a.txt": "hello\n"},
            ),
            Sample(
                about="A file in every detail.",
                check={
                    "path": "/app/run",
                    "type": "file",
                    "mode": "0750",
                    "executable": True,
                    "owner": 1000,
                    "same_as": "run",
                    "contains": "echo",
                },
                dockerfile="FROM busybox:1.35\nCOPY --chown=1000:1000 run /app/run\nRUN chmod 750 /app/run\n",
                files={"run": "#!/bin/sh\necho hi\n"},
            ),
            Sample(
                about="What was copied cannot be known beforehand.",
                check={"path": "/message.txt", "equals": "{message}"},
                plan={
                    "values": {"message": "sentence"},
                    "builds": {"default": {"files": {"message.txt": "{message}\n"}}},
                },
                dockerfile="FROM busybox:1.35\nCOPY message.txt /\n",
                files={"message.txt": "as handed in\n"},
            ),
        ),
        wrong=(
            Sample(about="A file is missing.", check={"present": "/app/a.txt"}, says="/app/a.txt"),
            Sample(about="A file should not be there.", check={"absent": ["/bin", "/none"]}, says="/bin"),
            Sample(
                about="It lies elsewhere.",
                check={"path": "/app/a.txt", "contains": "x"},
                dockerfile="FROM busybox:1.35\nCOPY a.txt /a.txt\n",
                files={"a.txt": "x"},
                says="no /app/a.txt",
                line=2,
            ),
            Sample(
                about="It holds something else.",
                check={"path": "/a", "equals": "hello"},
                dockerfile="FROM busybox:1.35\nRUN echo bye > /a\n",
                says='"bye"',
            ),
            Sample(
                about="It is not executable.",
                check={"path": "/a", "executable": True},
                dockerfile="FROM busybox:1.35\nRUN echo bye > /a\n",
                says="not executable",
            ),
            Sample(
                about="Another mode and owner.",
                check={"path": "/a", "mode": "0600", "owner": "1000"},
                dockerfile="FROM busybox:1.35\nRUN echo > /a && chmod 644 /a\n",
                says="0644",
            ),
            Sample(
                about="Another name of root.",
                check={"path": "/a", "owner": "app"},
                dockerfile="FROM busybox:1.35\nRUN echo app:x:0:0::/: >> /etc/passwd && echo > /a\n",
                says="belongs to root (0), not to app",
            ),
            Sample(
                about="A folder where a file is asked for.",
                check={"path": "/app", "type": "file"},
                dockerfile="FROM busybox:1.35\nWORKDIR /app\n",
                says="a folder",
            ),
            Sample(
                about="A link to the file is not the file.",
                check={"path": "/a", "contains": "root"},
                dockerfile="FROM busybox:1.35\nRUN ln -s /etc/passwd /a\n",
                says="symlink",
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", says="`present`, `absent` or `path`"),
            Sample(about="A relative path.", check={"present": "app"}, says="must be an absolute path"),
            Sample(about="A mode that is no mode.", check={"path": "/a", "mode": "rwx"}, says="octal mode"),
            Sample(about="Details without a path.", check={"present": "/a", "owner": "root"}, says="`path`"),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "ImageFile":
        details = [self.type, self.mode, self.executable, self.owner, self.equals, self.same_as]
        has_details = any(detail is not None for detail in details) or bool(self.contains)
        if not self.present and not self.absent and self.path is None:
            raise ValueError("needs one of `present`, `absent` or `path`")
        if has_details and self.path is None:
            raise ValueError("says how a file must be, but not at which `path`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        paths = [*self.present, *([self.path] if self.path else [])]
        if paths:
            return f"The image holds {listed(paths)}"
        return f"The image does not hold {listed(list(self.absent), word='or')}"

    def wants(self) -> Wants:
        """The paths, and who is who when an owner is asked for."""
        paths = {*self.present, *self.absent, *([self.path] if self.path else []), *([PASSWD] if self.owner else [])}
        return Wants(paths=frozenset((self.build, path) for path in paths))

    def judge(self, seen: Observations) -> Verdict:
        """Look at each path; the first objection decides."""
        objection = next(self._objections(seen), None)
        if objection is None:
            return passed("The files are as asked.")
        return objection

    def _objections(self, seen: Observations) -> Iterator[Verdict]:
        files = {path: found for (build, path), found in seen.files.items() if build == self.build}
        missing = [path for path in (*self.present, *([self.path] if self.path else [])) if files[path] is None]
        if missing:
            yield failed(
                f"There is no {listed(missing, word='and no')} in the image.",
                hint="COPY puts files where its last argument says; a relative one counts from WORKDIR.",
                line=self._line(seen),
            )
        there = [path for path in self.absent if files[path] is not None]
        if there:
            yield failed(
                f"The image holds {listed(there)}, which must not be there.",
                hint="Copy less, name it in .dockerignore, or leave it behind in another stage.",
                line=self._line(seen),
            )
        found = files[self.path] if self.path else None
        if found is not None:
            yield from self._about_kind(seen, found)
            yield from self._about_rights(seen, found)
            yield from self._about_content(seen, found)

    def _line(self, seen: Observations) -> int | None:
        return line_in_effect(seen.dockerfile(self.build), "COPY", "ADD", target=seen.target(self.build))

    def _about_kind(self, seen: Observations, found: FileFacts) -> Iterator[Verdict]:
        reads = bool(self.contains) or self.equals is not None or self.same_as is not None
        wanted = self.type or ("file" if reads else None)
        if wanted is not None and found.kind.value != wanted:
            told = f"a {found.kind.value}" if found.kind is not FileKind.OTHER else "a special file"
            link = f" to {quoted(found.link_target)}" if found.kind is FileKind.SYMLINK else ""
            yield failed(
                f"{self.path} is {told}{link}, not a {wanted}.",
                expected=wanted,
                seen=found.kind.value,
                line=self._line(seen),
            )

    def _about_rights(self, seen: Observations, found: FileFacts) -> Iterator[Verdict]:
        mode = f"{found.mode & 0o7777:04o}"
        if self.mode is not None and mode != self.mode:
            yield failed(
                f"{self.path} has the mode {mode}, not {self.mode}.",
                expected=self.mode,
                seen=mode,
                line=self._line(seen),
            )
        if self.executable is not None and bool(found.mode & 0o111) != self.executable:
            state = "not executable" if self.executable else "executable, though it should not be"
            yield failed(
                f"{self.path} is {state} (mode {mode}).", seen=mode, hint="RUN chmod changes it.", line=self._line(seen)
            )
        if self.owner is not None:
            users = users_of(seen, self.build)
            owner = number_of(self.owner, users)
            if owner is None:
                yield failed(f"The image has no user {quoted(self.owner)} who could own {self.path}.")
            elif not is_owned_by(self.owner, found.uid, users):
                yield failed(
                    f"{self.path} belongs to {name_of(found.uid, users)}, not to {self.owner}.",
                    expected=self.owner,
                    seen=name_of(found.uid, users),
                    hint="COPY --chown=user:group sets the owner; without it, files belong to root.",
                    line=self._line(seen),
                )

    def _about_content(self, seen: Observations, found: FileFacts) -> Iterator[Verdict]:
        text = visible(found.content)
        cut = " (only its beginning was read)" if found.content_cut else ""
        if self.equals is not None and text.strip("\n") != self.equals.strip("\n"):
            yield self._differs(
                seen, f"{self.path} holds {quoted(text)}, not {quoted(self.equals)}{cut}.", self.equals, text
            )
        missing = [part for part in self.contains if part not in text]
        if missing:
            told = listed([quoted(part) for part in missing])
            yield self._differs(
                seen, f"{self.path} holds {quoted(text)}, without {told}{cut}.", "\n".join(missing), text
            )
        if self.same_as is not None:
            original = seen.files_in.get(self.same_as)
            if original is None:
                yield failed(f"There is no file {self.same_as} in what was handed in to compare {self.path} with.")
            elif len(original) != found.size_bytes or original[: len(found.content)] != found.content:
                yield self._differs(
                    seen,
                    f"{self.path} is not the same as the {self.same_as} handed in.",
                    visible(original[:2000]),
                    text,
                )

    def _differs(self, seen: Observations, message: str, expected: str, text: str) -> Verdict:
        return failed(message, expected=expected, seen=last_lines(text)[:2000], line=self._line(seen))
