"""The check `source_secrets`: no password, token or key stands in the Dockerfile or is copied into the image by it."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.checks.secret_patterns import assigned_in, gives_away, is_secret_file, is_secret_name, shapes_in
from graders.checks.steps import COPYING
from graders.context import IGNORE_FILE, BadPattern, is_ignored, read_ignore
from graders.dockerfile.errors import ExpansionError
from graders.dockerfile.expansion import Expanded, expand
from graders.dockerfile.model import Dockerfile, Instruction
from graders.observations import Observations, Wants
from graders.spec import Identifier, Texts
from graders.visible import quoted

_ADVICE = (
    "Whatever a Dockerfile holds can be read by everybody who has the file or the image. A program gets its secrets "
    "when it is run, and a build by --mount=type=secret."
)
_ENV_FILE = {".env": "PASSWORD=tide\n", "app.py": "print()\n"}


@dataclass(frozen=True)
class _Found:
    line: int
    what: str


@register("source_secrets")
class SourceSecrets(Check):
    """The Dockerfile holds no secret and copies none: in ENV, ARG, LABEL, RUN, a comment, or a file such as `.env`.

    Variables are judged by name and value together: `ARG TOKEN` alone is fine, and so is a path to where the secret
    will be. Keys of well-known services are known by their look. Whether a secret ended up in the image by another way
    has to be looked for in the image.
    """

    texts: Texts = ()
    """Texts that must not stand in the Dockerfile, such as a password that the lab hands out."""
    allow: Texts = ()
    """Names of variables and files that hold no secret, whatever they are called."""
    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "A secret in a Dockerfile goes wherever the file and its images go, and cannot be taken back from there."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(about="Nothing secret."),
            Sample(
                about="What only looks like it.",
                dockerfile=(
                    "FROM busybox:1.35\nARG TOKEN\nARG API_KEY=\nENV PASSWORD_FILE=/run/secrets/x TOKEN_TTL=3600\n"
                    "ENV ALLOW_EMPTY_PASSWORD=yes\nLABEL keywords=password,token\n"
                    'RUN TOKEN="$(cat /dev/null)" true && echo "password: ask"\nCOPY .env.example /app/\n'
                ),
                files={".env.example": "PASSWORD=\n"},
            ),
            Sample(
                about="The secret's file is kept out by .dockerignore.",
                dockerfile="FROM busybox:1.35\nCOPY . /app\n",
                files={**_ENV_FILE, ".dockerignore": "*.env\n"},
            ),
            Sample(
                about="The lab says that it is no secret.",
                check={"allow": ["PUBLIC_KEY_TOKEN", "server.key"]},
                dockerfile="FROM busybox:1.35\nENV PUBLIC_KEY_TOKEN=b77a5c\nCOPY server.key /\n",
                files={"server.key": "x"},
            ),
        ),
        wrong=(
            Sample(
                about="A password in ENV.",
                dockerfile="FROM busybox:1.35\nENV MODE=fast \\\n    DB_PASSWORD=tide\n",
                says="ENV gives DB_PASSWORD a value on line 2",
                line=2,
            ),
            Sample(
                about="A default for a token.",
                dockerfile="FROM busybox:1.35\nARG apiToken=abc123\n",
                says="ARG gives apiToken a value",
                line=2,
            ),
            Sample(
                about="A build argument that is kept.",
                dockerfile="FROM busybox:1.35\nARG TOKEN\nENV TOKEN=$TOKEN\n",
                says="ENV keeps what the build argument TOKEN holds",
                line=3,
            ),
            Sample(
                about="A password on a command line.",
                dockerfile="FROM busybox:1.35\nRUN echo --password=tide1 && true\n",
                says="RUN gives password a value",
                line=2,
            ),
            Sample(
                about="A key that is known by its look, in a comment.",
                dockerfile="FROM busybox:1.35\n# AKIAIOSFODNN7EXAMPLE\nRUN true\n",
                says="an access key of AWS",
                line=2,
            ),
            Sample(
                about="A password in an address.",
                dockerfile="FROM busybox:1.35\nRUN echo \\\n  https://me:tide@example.test/x\n",
                says="a password in an address",
                line=3,
            ),
            Sample(
                about="A private key is copied.",
                dockerfile="FROM busybox:1.35\nCOPY id_rsa /root/.ssh/\n",
                files={"id_rsa": "x"},
                says='COPY takes "id_rsa"',
                line=2,
            ),
            Sample(
                about="With the whole folder goes .env.",
                dockerfile="FROM busybox:1.35\nCOPY . /app\n",
                files=_ENV_FILE,
                says='COPY takes ".env"',
                line=2,
            ),
            Sample(
                about="The password of the lab.",
                check={"texts": "{secret}"},
                plan={"values": {"secret": {"kind": "choice", "of": ["tide42x"]}}},
                dockerfile="FROM busybox:1.35\nRUN echo ti\\de42x && true\nLABEL a=tide42x\n",
                says="a secret of this lab",
                line=3,
            ),
        ),
        malformed=(Sample(about="An unknown field.", check={"text": "a"}, says="Did you mean `texts`?"),),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return "No secret stands in the Dockerfile"

    def wants(self) -> Wants:
        """The Dockerfile; nothing needs to be built."""
        return Wants(sources=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Look at each line; what is found is named, never shown."""
        dockerfile = seen.dockerfile(self.build)
        found = sorted({*self._in_text(dockerfile), *self._in_instructions(dockerfile, seen)}, key=lambda it: it.line)
        if not found:
            return passed("No secret was found in the Dockerfile.")
        first = found[0]
        lines = sorted({each.line for each in found} - {first.line})
        more = f" More is on line {', '.join(map(str, lines[:10]))}." if lines else ""
        return failed(f"{first.what} on line {first.line}.{more}", hint=_ADVICE, line=first.line)

    def _in_text(self, dockerfile: Dockerfile) -> Iterator[_Found]:
        text = dockerfile.source
        for what, place in shapes_in(text):
            yield _Found(text.count("\n", 0, place) + 1, f"There is {what}")
        for secret in filter(None, self.texts):
            place = text.find(secret)
            if place >= 0:
                yield _Found(text.count("\n", 0, place) + 1, "There is a secret of this lab")
                continue
            for step in dockerfile.instructions:  # where it goes on over the end of a line
                if secret in step.logical:
                    yield _Found(step.line, "There is a secret of this lab")

    def _in_instructions(self, dockerfile: Dockerfile, seen: Observations) -> Iterator[_Found]:
        arguments = {name for step in dockerfile.all("ARG") for name, default in step.pairs if not default}
        for whole in dockerfile.instructions:
            step = whole.nested or whole
            if step.keyword in {"ENV", "ARG", "LABEL"}:
                yield from self._in_pairs(whole.line, step, arguments, dockerfile.escape)
            elif step.keyword in {"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"}:
                text = "\n".join([*step.words, *(heredoc.content for heredoc in step.heredocs)])
                for name in assigned_in(text):
                    if name not in self.allow:
                        yield _Found(whole.line, f"{step.keyword} gives {name} a value")
            elif step.keyword in COPYING:
                for path in _copied(step, seen.files_in):
                    if is_secret_file(path) and posixpath.basename(path) not in self.allow and path not in self.allow:
                        yield _Found(whole.line, f"{step.keyword} takes {quoted(path)} into the image")

    def _in_pairs(self, line: int, step: Instruction, arguments: set[str], escape: str) -> Iterator[_Found]:
        for name, value in step.pairs:
            plain = name.strip("\"'")
            if value is None or plain in self.allow or not is_secret_name(plain):
                continue
            worked_out = _worked_out(value, escape)
            kept = worked_out.unknown & arguments
            if step.keyword == "ENV" and kept:
                yield _Found(line, f"ENV keeps what the build argument {min(kept)} holds")
            elif gives_away(worked_out.text):
                yield _Found(line, f"{step.keyword} gives {plain} a value")


def _worked_out(value: str, escape: str) -> Expanded:
    """The value with the defaults of its variables put in."""
    try:
        return expand(value, {}, escape=escape)
    except ExpansionError:
        return Expanded(value, frozenset())


def _copied(step: Instruction, files_in: Mapping[str, bytes]) -> Iterator[str]:
    """The sources as they are named, and what was handed in below those that are folders."""
    sources = [source.strip("\"'") for source in step.words[:-1]]
    yield from sources
    if step.flag("from") is not None:
        return
    folders = [posixpath.normpath(source.lstrip("/") or ".") for source in sources]
    for path in files_in:
        if any(folder == "." or path.startswith(f"{folder}/") for folder in folders) and not _kept_out(path, files_in):
            yield path


def _kept_out(path: str, files_in: Mapping[str, bytes]) -> bool:
    try:
        return is_ignored(path, read_ignore(files_in.get(IGNORE_FILE, b"").decode("utf-8", errors="replace")))
    except BadPattern:
        return False
