"""The check `image_config`: what the image says of how it is to be run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from graders.actions import DEFAULT
from graders.blame import line_in_effect
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.observations import Observations, Wants
from graders.sandbox.base import ImageFacts
from graders.spec import Identifier, ImagePaths, Text, Texts, one_or_many
from graders.visible import listed, quoted, visible


def _exposed(value: str) -> str:
    if "{" in value:
        return value
    if not re.fullmatch(r"[0-9]{1,5}(/(tcp|udp|sctp))?", value):
        raise ValueError("must be ports, such as 8000 or 53/udp")
    return value if "/" in value else f"{value}/tcp"


ExposedPorts = Annotated[
    tuple[Annotated[Text, AfterValidator(_exposed)], ...],
    BeforeValidator(one_or_many, json_schema_input_type=str | int | list[str | int]),
]


@dataclass(frozen=True)
class _Difference:
    keyword: str
    what: str
    expected: str
    seen: str


@register("image_config")
class ImageConfig(Check):
    """The image's configuration holds what is given: lists and texts exactly, names, ports and volumes at least."""

    build: Identifier = DEFAULT
    entrypoint: tuple[Text, ...] | None = None
    """The exec form's list; `[]` for none."""
    cmd: tuple[Text, ...] | None = None
    """The exec form's list; `[]` for none."""
    env: dict[Text, Text] = Field(default_factory=dict)
    """Variables and their values; there may be others."""
    env_absent: Texts = ()
    """Variables that must not be set."""
    workdir: Text | None = None
    """The folder it starts in."""
    user: Text | None = None
    """The user, spelled as in USER."""
    exposed_ports: ExposedPorts = ()
    """Such as `8000` or `53/udp`; there may be others."""
    volumes: ImagePaths = ()
    """Paths of volumes; there may be others."""
    labels: dict[Text, Text] = Field(default_factory=dict)
    """Labels and their values; there may be others."""
    stop_signal: Text | None = None
    """The signal that asks it to stop."""

    why: ClassVar[str] = (
        "Engines and people start an image by its configuration: what it does not declare, each of them has to guess."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="Everything at once.",
                check={
                    "entrypoint": ["/bin/echo"],
                    "cmd": ["a", "b"],
                    "env": {"MODE": "fast"},
                    "env_absent": "SECRET",
                    "workdir": "/srv",
                    "user": "1000",
                    "exposed_ports": [8080, "53/udp"],
                    "volumes": "/data",
                    "labels": {"team": "blue"},
                    "stop_signal": "SIGINT",
                },
                dockerfile=(
                    "FROM busybox:1.35\nENV MODE=fast\nWORKDIR /srv\nUSER 1000\nEXPOSE 8080 53/udp\nVOLUME /data\n"
                    'LABEL team="blue"\nSTOPSIGNAL SIGINT\nENTRYPOINT ["/bin/echo"]\nCMD ["a", "b"]\n'
                ),
            ),
            Sample(
                about="The last CMD counts.",
                check={"cmd": ["two"]},
                dockerfile='FROM busybox:1.35\nCMD ["one"]\nCMD ["two"]\n',
            ),
            Sample(about="No entrypoint at all.", check={"entrypoint": []}),
        ),
        wrong=(
            Sample(about="Another CMD.", check={"cmd": ["false"]}, says='["true"]', line=2),
            Sample(
                about="The shell form is another command.",
                check={"cmd": ["echo", "hello"]},
                dockerfile="FROM busybox:1.35\nCMD echo hello\n",
                says='["/bin/sh", "-c", "echo hello"]',
                line=2,
            ),
            Sample(about="The port is not declared.", check={"exposed_ports": 8080}, says="8080/tcp"),
            Sample(
                about="Another port.",
                check={"exposed_ports": 8080},
                dockerfile="FROM busybox:1.35\nEXPOSE 80\n",
                says="80/tcp",
                line=2,
            ),
            Sample(
                about="Another folder.",
                check={"workdir": "/app"},
                dockerfile="FROM busybox:1.35\nWORKDIR /srv\n",
                says='"/srv"',
                line=2,
            ),
            Sample(about="The variable is missing.", check={"env": {"MODE": "fast"}}, says="MODE"),
            Sample(
                about="The variable has another value.",
                check={"env": {"MODE": "fast"}},
                dockerfile="FROM busybox:1.35\nENV MODE=slow\n",
                says='"slow"',
                line=2,
            ),
            Sample(
                about="The variable must not be there.",
                check={"env_absent": "KEY"},
                dockerfile="FROM busybox:1.35\nENV KEY=1\n",
                says="KEY",
                line=2,
            ),
            Sample(about="Nobody in particular.", check={"user": "app"}, says="No user is set"),
            Sample(
                about="No volume, no label, no signal.",
                check={"volumes": "/data", "labels": {"a": "b"}, "stop_signal": "SIGINT"},
                says="/data",
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", says="asks for nothing"),
            Sample(about="No port.", check={"exposed_ports": "http"}, says="must be ports"),
            Sample(about="CMD is a list.", check={"cmd": "echo"}, says="`cmd`"),
        ),
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "ImageConfig":
        own = type(self).model_fields.keys() - Check.model_fields.keys() - {"build"}
        if not self.said() & own:
            raise ValueError(f"asks for nothing; give it one of {listed(sorted(own), word='or')}")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        said = self.said()
        named = [word for name, word in _HEADINGS.items() if name in said]
        return f"The image declares {listed(named)}" if named else "The image's configuration is as asked"

    def wants(self) -> Wants:
        """The image."""
        return Wants(images=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Compare field by field; the first difference leads, the others follow."""
        differences = list(self._differences(seen.images[self.build]))
        if not differences:
            return passed("The image is configured as asked.")
        line = next(
            (
                found
                for each in differences
                if (found := line_in_effect(seen.dockerfile(self.build), each.keyword, target=seen.target(self.build)))
            ),
            None,
        )
        return failed(
            " ".join(f"{each.what}." for each in differences),
            expected="\n".join(each.expected for each in differences),
            seen="\n".join(each.seen for each in differences),
            line=line,
            hint=_advice(differences[0], line),
        )

    def _differences(self, image: ImageFacts) -> Iterator[_Difference]:
        for keyword, wanted, found in (("ENTRYPOINT", self.entrypoint, image.entrypoint), ("CMD", self.cmd, image.cmd)):
            if wanted is not None and tuple(found or ()) != wanted:
                told = _list(found) if found else "none"
                yield _Difference(
                    keyword, f"{keyword} is {told}, not {_list(wanted) if wanted else 'none'}", _list(wanted), told
                )
        for keyword, word, text, is_text in (
            ("WORKDIR", "WORKDIR", self.workdir, image.workdir or "/"),
            ("USER", "the user", self.user, image.user),
            ("STOPSIGNAL", "the stop signal", self.stop_signal, image.stop_signal),
        ):
            if text is not None and text != is_text:
                told = f"{word} is {quoted(is_text)}" if is_text else f"no {word.removeprefix('the ')} is set"
                yield _Difference(
                    keyword, f"{told[0].upper()}{told[1:]}; expected was {quoted(text)}", text, visible(is_text)
                )
        yield from self._named("ENV", "variable", self.env, image.env)
        for name in self.env_absent:
            if name in image.env:
                yield _Difference(
                    "ENV", f"The variable {name} is set, though it must not be", f"no {name}", f"{name}=…"
                )
        yield from self._named("LABEL", "label", self.labels, image.labels)
        for keyword, word, wanted, found in (
            ("EXPOSE", "port", self.exposed_ports, image.exposed_ports),
            ("VOLUME", "volume", self.volumes, image.volumes),
        ):
            missing = [one for one in wanted if one not in found]
            if missing:
                told = f"it declares {listed([visible(one) for one in found])}" if found else f"it declares no {word}"
                what = f"The image does not declare the {word} {listed(missing)}; {told}"
                yield _Difference(
                    keyword, what, f"{keyword} {' '.join(wanted)}", f"{keyword} {' '.join(found)}".strip()
                )

    def _named(self, keyword: str, word: str, wanted: Any, found: Any) -> Iterator[_Difference]:
        for name, value in wanted.items():
            if name not in found:
                yield _Difference(
                    keyword, f"The {word} {name} is not set; expected was {quoted(value)}", f"{name}={value}", ""
                )
            elif found[name] != value:
                what = f"The {word} {name} is {quoted(found[name])}; expected was {quoted(value)}"
                yield _Difference(keyword, what, f"{name}={value}", f"{name}={visible(found[name])}")


_HEADINGS = {
    "entrypoint": "its ENTRYPOINT",
    "cmd": "its CMD",
    "env": "its variables",
    "env_absent": "no other variables",
    "workdir": "its WORKDIR",
    "user": "its USER",
    "exposed_ports": "its port",
    "volumes": "its volume",
    "labels": "its labels",
    "stop_signal": "its stop signal",
}


def _list(words: Any) -> str:
    return "[" + ", ".join(f'"{visible(word)}"' for word in words) + "]"


def _advice(difference: _Difference, line: int | None) -> str:
    if difference.seen.startswith('["/bin/sh", "-c"'):
        return 'That is the shell form: a shell runs your words. The exec form is a list, as in ["echo", "hi"].'
    if line is None:
        return f"{difference.keyword} is the instruction for it."
    return ""
