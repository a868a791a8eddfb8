"""File upload: one or several files that a person looks at and marks by a rubric."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints

from quizzes.types.base import MalformedAnswer, PublicFiles, Sample, Value, between
from quizzes.types.base import problem as author_problem
from quizzes.types.file_names import MAX_NAME, ending_of, harmless
from quizzes.types.marked import MarkedQuestion

MOST_FILES = 20
MOST_MIB = 20

_DIGEST = re.compile(r"[0-9a-f]{64}")


def _known_once(endings: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(endings)) < len(endings):
        raise author_problem("an ending is given twice")
    return endings


Ending = Annotated[str, StringConstraints(pattern=r"^\.[a-z0-9]{1,12}$")]


class FileUpload(MarkedQuestion):
    """Upload files. Somebody marks them by the `rubric`, or as a whole; until then they earn nothing.

    `endings` are those that names may have, such as `.yaml`; any where it is left out. `at_most` files of `mib_each`
    MiB. An answer is stored as file names and the SHA-256 of what they hold; quizzes.files keeps the files themselves.
    """

    kind: Literal["file_upload"]
    endings: Annotated[tuple[Ending, ...], between(0, 20), AfterValidator(_known_once)] = ()
    at_most: Annotated[int, Field(ge=1, le=MOST_FILES, strict=True)] = 1
    mib_each: Annotated[int, Field(ge=1, le=MOST_MIB, strict=True)] = 2

    instruction: ClassVar[str] = "Upload your answer."
    takes_parts: ClassVar[bool] = True

    def read(self, raw: object) -> Value | None:
        """Read names with digests; whether such files were uploaded is asked where answers are saved."""
        if not isinstance(raw, Mapping):
            raise MalformedAnswer("answer_type", "An answer here is a mapping of file names to SHA-256 digests.")
        if len(raw) > self.at_most:
            raise MalformedAnswer("too_many_files", self.too_many)
        for name, digest in raw.items():
            if not isinstance(name, str) or not isinstance(digest, str) or _DIGEST.fullmatch(digest) is None:
                raise MalformedAnswer("answer_type", "An answer here is a mapping of file names to SHA-256 digests.")
            self.require_name(name)
            if name != harmless(name):
                raise MalformedAnswer("file_name", "A file is named as the reply to its upload named it.")
        return {name: raw[name] for name in sorted(raw)}

    def require_name(self, name: str) -> None:
        """Refuse a file whose ending is not asked for."""
        if self.endings and ending_of(name) not in self.endings:
            endings = ", ".join(self.endings)
            raise MalformedAnswer("file_ending", f"A file here ends in {endings}. Rename it, or choose another one.")

    @property
    def too_many(self) -> str:
        """What to say to one file more than are taken."""
        files = "one file" if self.at_most == 1 else f"{self.at_most} files"
        return f"This question takes {files} at most. Remove one first."

    def public_extras(self) -> dict[str, Any]:
        """Say what may be uploaded."""
        return super().public_extras() | {
            "files": PublicFiles(endings=self.endings, at_most=self.at_most, mib_each=self.mib_each),
        }

    def show_value(self, value: Value | None) -> str:
        """Name the files."""
        return ", ".join(value) if isinstance(value, dict) else ""

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples; none earns anything before it is marked."""
        spec: dict[str, Any] = {
            "id": "compose-file",
            "kind": "file_upload",
            "topics": ["docker.cli"],
            "text": "Upload a compose file with two services.",
            "endings": [".yaml", ".yml"],
            "at_most": 2,
            "mib_each": 1,
            "shown": "Two services, `web` and `db`.",
            "rubric": [{"id": "services", "title": "Two services", "points": 3, "description": "However named."}],
        }
        bare = {name: held for name, held in spec.items() if name not in {"rubric", "shown", "endings", "at_most"}}
        digest, other = "0" * 64, "a1" * 32
        return [
            Sample(name="one file", spec=spec, raw={"compose.yaml": digest}, fraction=Fraction(0)),
            Sample(
                name="two files, criteria shown",
                spec=spec | {"show_rubric": True},
                raw={"b.yml": digest, "a (1).YAML": other},
                fraction=Fraction(0),
            ),
            Sample(name="any file", spec=bare, raw={"größe": digest}, fraction=Fraction(0)),
            Sample(
                name="too many files",
                spec=spec,
                raw=dict.fromkeys(["a.yml", "b.yml", "c.yml"], digest),
                refused="too_many_files",
            ),
            Sample(name="another ending", spec=spec, raw={"compose.json": digest}, refused="file_ending"),
            Sample(name="a path", spec=bare, raw={"../../etc/passwd": digest}, refused="file_name"),
            Sample(name="markup", spec=bare, raw={"<b>": digest}, refused="file_name"),
            Sample(name="turned around", spec=bare, raw={"gpj.\u202eexe": digest}, refused="file_name"),
            Sample(name="a long name", spec=bare, raw={"a" * (MAX_NAME + 1): digest}, refused="file_name"),
            Sample(name="no digest", spec=spec, raw={"compose.yaml": "services:"}, refused="answer_type"),
            Sample(name="a text", spec=spec, raw="services:", refused="answer_type"),
        ]
