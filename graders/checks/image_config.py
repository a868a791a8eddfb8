"""The check `image_config`: what the image says of how it is to be run."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.blame import line_in_effect, line_that_sets
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.config_differences import Difference, among, another, named, named_at_all, unwanted
from graders.checks.config_parts import (
    KEYWORDS,
    ExposedPorts,
    FormsWanted,
    HealthcheckWanted,
    Parts,
    as_list,
    declared,
    form_of,
    has_healthcheck,
    plain_path,
    signal_number,
)
from graders.checks.registry import register
from graders.observations import Observations, Wants
from graders.sandbox.base import ImageFacts
from graders.spec import Identifier, ImagePaths, Text, Texts
from graders.visible import listed, quoted


@register("image_config")
class ImageConfig(Check):
    """The image's configuration holds what is given: lists and texts exactly, names, ports and volumes at least.

    What a base declares is inherited, and counts. `absent` asks that a part is not declared at all.
    """

    build: Identifier = DEFAULT
    """Which build's image."""
    entrypoint: tuple[Text, ...] | None = None
    """The exec form's list; `[]` for none."""
    cmd: tuple[Text, ...] | None = None
    """The exec form's list; `[]` for none."""
    form: FormsWanted | None = None
    """How commands are written, as in `{cmd: exec, entrypoint: shell}`; a command that is not there has no form."""
    env: dict[Text, Text] = Field(default_factory=dict)
    """Variables and their values; there may be others."""
    env_absent: Texts = ()
    """Variables that must not be set."""
    env_named: Texts = ()
    """Variables that must be set to something."""
    workdir: Text | None = None
    """The folder it starts in."""
    user: Text | None = None
    """The user, spelled as in USER; a group counts only where one is asked for."""
    exposed_ports: ExposedPorts = ()
    """Such as `8000` or `53/udp`; there may be others."""
    ports_absent: ExposedPorts = ()
    """Ports that must not be declared."""
    volumes: ImagePaths = ()
    """Paths of volumes; there may be others."""
    volumes_absent: ImagePaths = ()
    """Paths that must be no volumes."""
    labels: dict[Text, Text] = Field(default_factory=dict)
    """Labels and their values; there may be others."""
    labels_named: Texts = ()
    """Labels that must have some value."""
    labels_absent: Texts = ()
    """Labels that must not be there."""
    stop_signal: Text | None = None
    """The signal that asks it to stop, by name or number."""
    healthcheck: HealthcheckWanted | None = None
    """`true` for any HEALTHCHECK, or how it must be: `contains`, `form`, `interval_seconds`, `timeout_seconds`,
    `retries`."""
    shell: tuple[Text, ...] | None = None
    """What runs the shell form, as SHELL sets it."""
    absent: Parts = ()
    """Parts that must not be declared: `cmd`, `entrypoint`, `exposed_ports`, `healthcheck`, `labels`, `shell`,
    `stop_signal`, `user`, `volumes`, `workdir`."""

    why: ClassVar[str] = (
        "Engines and people start an image by its configuration: what it does not declare, each of them has to guess."
    )
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (
        ("env", "env_absent"),
        ("env_named", "env_absent"),
        ("labels", "labels_absent"),
        ("labels_named", "labels_absent"),
        ("exposed_ports", "ports_absent"),
        ("volumes", "volumes_absent"),
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
                about="A build argument, drawn at random, arrives.",
                check={"labels": {"version": "{version}"}, "env": {"VERSION": "{version}"}},
                plan={"values": {"version": "word"}, "builds": {"default": {"args": {"VERSION": "{version}"}}}},
                dockerfile="FROM busybox:1.35\nARG VERSION=1\nLABEL version=$VERSION\nENV VERSION=$VERSION\n",
            ),
            Sample(
                about="The last CMD counts.",
                check={"cmd": ["two"]},
                dockerfile='FROM busybox:1.35\nCMD ["one"]\nCMD ["two"]\n',
            ),
            Sample(about="No entrypoint at all.", check={"entrypoint": []}),
            Sample(
                about="Folders in other spellings, and a group that nobody asked for.",
                check={"user": 1000, "workdir": "/app", "volumes": ["/data", "/srv/x"]},
                dockerfile='FROM busybox:1.35\nWORKDIR /app/\nVOLUME ["/data/", "/srv//x"]\nUSER 1000:1000\n',
            ),
            Sample(
                about="Health, shell and forms.",
                check={
                    "form": {"cmd": "shell", "entrypoint": "exec"},
                    "shell": ["/bin/ash", "-ec"],
                    "healthcheck": {
                        "contains": "wget",
                        "form": "shell",
                        "interval_seconds": 2,
                        "timeout_seconds": 30,
                        "retries": 3,
                    },
                    "labels_named": "team",
                    "env_named": "PATH",
                    "labels_absent": "owner",
                    "ports_absent": [80, "53/udp"],
                    "volumes_absent": "/data",
                    "stop_signal": 2,
                },
                dockerfile=(
                    'FROM busybox:1.35\nSHELL ["/bin/ash", "-ec"]\nLABEL team=blue\nEXPOSE 53\nVOLUME /var/data\n'
                    "HEALTHCHECK --interval=2s CMD wget -q -O /dev/null http://127.0.0.1/\nSTOPSIGNAL INT\n"
                    'ENTRYPOINT ["echo"]\nCMD hello\n'
                ),
            ),
            Sample(
                about="Nothing of all that.",
                check={
                    "absent": [
                        "entrypoint",
                        "exposed_ports",
                        "healthcheck",
                        "labels",
                        "shell",
                        "stop_signal",
                        "user",
                        "volumes",
                        "workdir",
                    ]
                },
                dockerfile='FROM busybox:1.35\nHEALTHCHECK NONE\nCMD ["true"]\n',
            ),
        ),
        wrong=(
            Sample(about="Another CMD.", check={"cmd": ["false"]}, says='["true"]', line=2),
            Sample(
                about="A build argument is not declared in the stage that should use it.",
                check={"labels": {"version": "{version}"}},
                plan={"values": {"version": "word"}, "builds": {"default": {"args": {"VERSION": "{version}"}}}},
                dockerfile="ARG VERSION\nFROM busybox:1.35\nLABEL version=1$VERSION\n",
                says='The label version is "1"',
                line=3,
            ),
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
                dockerfile="FROM busybox:1.35\nENV KEY=1\nENV OTHER=2\n",
                says="KEY",
                line=2,
            ),
            Sample(about="Nobody in particular.", check={"user": "app"}, says="No user is set"),
            Sample(
                about="No volume, no label, no signal.",
                check={"volumes": "/data", "labels": {"a": "b"}, "stop_signal": "SIGINT"},
                says="/data",
            ),
            Sample(
                about="No command to ask about its health.",
                check={"healthcheck": True},
                dockerfile="FROM busybox:1.35\nHEALTHCHECK NONE\n",
                says="declares no HEALTHCHECK",
                line=2,
            ),
            Sample(
                about="It is asked another way, and too seldom.",
                check={"healthcheck": {"contains": "wget", "form": "exec", "interval_seconds": 5}},
                dockerfile="FROM busybox:1.35\nHEALTHCHECK --interval=1m CMD true\n",
                says="its interval is 60 s, not 5 s",
                line=2,
            ),
            Sample(
                about="The other form.",
                check={"form": {"cmd": "exec"}},
                dockerfile="FROM busybox:1.35\nCMD echo hello\n",
                says="CMD is in the shell form, not in the exec form",
                line=2,
            ),
            Sample(
                about="Declared, though it should not be.",
                check={"absent": ["volumes", "user"], "ports_absent": 22, "labels_absent": "a", "labels_named": "b"},
                dockerfile="FROM busybox:1.35\nVOLUME /data\nEXPOSE 22\nLABEL a=1\n",
                says="VOLUME is /data, though it must not be declared",
                line=4,
            ),
            Sample(
                about="Another shell, another signal.",
                check={"shell": ["/bin/ash", "-c"], "stop_signal": "SIGINT"},
                dockerfile="FROM busybox:1.35\nSTOPSIGNAL SIGTERM\n",
                says="SHELL is none",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="No part of it.", check={"absent": "from"}, says="`absent`"),
            Sample(about="None, in the wrong place.", check={"healthcheck": False}, says="absent: healthcheck"),
            Sample(about="No form.", check={"form": {}}, says="`cmd` or `entrypoint`"),
            Sample(about="Wanted and unwanted.", check={"user": "app", "absent": "user"}, says="both"),
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
        both = sorted(self.said() & set(self.absent))
        if both:
            raise ValueError(f"has {listed(both)} both as it must be and under `absent`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        said = self.said()
        words = list(dict.fromkeys(word for name, word in _HEADINGS.items() if name in said))
        if not words and self.absent:
            return f"The image declares no {listed([KEYWORDS[part] for part in self.absent], word='and no')}"
        return f"The image declares {listed(words)}" if words else "The image's configuration is as asked"

    def wants(self) -> Wants:
        """The image."""
        return Wants(images=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Compare field by field; the first difference leads, the others follow."""
        differences = list(self._differences(seen.images[self.build]))
        if not differences:
            return passed("The image is configured as asked.")
        line = next((found for each in differences if (found := self._line(each, seen))), None)
        return failed(
            " ".join(f"{each.what}." for each in differences),
            expected="\n".join(each.expected for each in differences),
            seen="\n".join(each.seen for each in differences),
            line=line,
            hint=_advice(differences[0], line),
        )

    def _line(self, difference: Difference, seen: Observations) -> int | None:
        dockerfile, target = seen.dockerfile(self.build), seen.target(self.build)
        named_there = line_that_sets(dockerfile, difference.keyword, difference.name, target)
        return named_there or line_in_effect(dockerfile, difference.keyword, target=target)

    def _differences(self, image: ImageFacts) -> Iterator[Difference]:
        yield from self._about_commands(image)
        yield from self._about_texts(image)
        yield from named("ENV", "variable", self.env, image.env)
        yield from named_at_all("ENV", "variable", self.env_named, image.env)
        yield from unwanted("ENV", "variable", self.env_absent, image.env)
        yield from named("LABEL", "label", self.labels, image.labels)
        yield from named_at_all("LABEL", "label", self.labels_named, image.labels)
        yield from unwanted("LABEL", "label", self.labels_absent, image.labels)
        yield from among("EXPOSE", "port", self.exposed_ports, image.exposed_ports)
        yield from unwanted("EXPOSE", "port", self.ports_absent, dict.fromkeys(image.exposed_ports, ""))
        volumes = tuple(map(plain_path, image.volumes))
        yield from among("VOLUME", "volume", self.volumes, volumes)
        yield from unwanted("VOLUME", "volume", self.volumes_absent, dict.fromkeys(volumes, ""))
        if self.healthcheck is not None:
            yield from self._about_health(image)
        for part in self.absent:
            if told := declared(image, part):
                keyword = KEYWORDS[part]
                yield Difference(
                    keyword,
                    f"{keyword} is {told}, though it must not be declared",
                    f"no {keyword}",
                    f"{keyword} {told}",
                )

    def _about_commands(self, image: ImageFacts) -> Iterator[Difference]:
        for keyword, wanted, found in (
            ("ENTRYPOINT", self.entrypoint, image.entrypoint),
            ("CMD", self.cmd, image.cmd),
            ("SHELL", self.shell, image.shell),
        ):
            if wanted is not None and tuple(found or ()) != wanted:
                told = as_list(found) if found else "none"
                expected = as_list(wanted) if wanted else "none"
                yield Difference(keyword, f"{keyword} is {told}, not {expected}", expected, told)
        forms = self.form or FormsWanted.model_construct()
        for keyword, form, found in (
            ("ENTRYPOINT", forms.entrypoint, image.entrypoint),
            ("CMD", forms.cmd, image.cmd),
        ):
            is_form = form_of(found, image.shell) if found else None
            if form is not None and is_form is None:
                yield Difference(keyword, f"There is no {keyword} to be in the {form} form", f"{form} form", "none")
            elif form is not None and is_form != form:
                what = f"{keyword} is in the {is_form} form, not in the {form} form"
                yield Difference(keyword, what, f"{form} form", as_list(found))

    def _about_texts(self, image: ImageFacts) -> Iterator[Difference]:
        for keyword, word, text, is_text in (
            ("WORKDIR", "WORKDIR", self.workdir and plain_path(self.workdir), plain_path(image.workdir or "/")),
            ("USER", "the user", self.user, _user_as_asked(self.user, image.user)),
        ):
            if text is not None and text != is_text:
                yield another(keyword, word, text, is_text)
        wanted = self.stop_signal
        if wanted is not None and signal_number(wanted) != signal_number(image.stop_signal):
            yield another("STOPSIGNAL", "the stop signal", wanted, image.stop_signal)

    def _about_health(self, image: ImageFacts) -> Iterator[Difference]:
        wanted, found = self.healthcheck, image.healthcheck
        if wanted is None or found is None or not has_healthcheck(found):
            yield Difference("HEALTHCHECK", "The image declares no HEALTHCHECK", "a HEALTHCHECK", "none")
            return
        told = as_list(found.test)
        form = "shell" if found.test[:1] == ("CMD-SHELL",) else "exec"
        faults = [f"it is in the {form} form, not in the {wanted.form} form"] if wanted.form not in {None, form} else []
        command = " ".join(found.test[1:])
        faults += [f"its command does not hold {quoted(text)}" for text in wanted.contains if text not in command]
        for what, is_value, value, unit in (
            ("interval is", found.interval_seconds or _INTERVAL, wanted.interval_seconds, " s"),
            ("timeout is", found.timeout_seconds or _TIMEOUT, wanted.timeout_seconds, " s"),
            ("retries are", found.retries or _RETRIES, wanted.retries, ""),
        ):
            if value is not None and value != is_value:
                faults.append(f"its {what} {is_value:g}{unit}, not {value:g}{unit}")
        for fault in faults:
            yield Difference("HEALTHCHECK", f"HEALTHCHECK is {told}, but {fault}", "another HEALTHCHECK", told)


_INTERVAL, _TIMEOUT, _RETRIES = 30.0, 30.0, 3
"""What the engine takes where the image does not say."""


def _user_as_asked(wanted: str | None, user: str) -> str:
    """The image's user; without its group where none is asked for and that is all that differs."""
    return user.partition(":")[0] if wanted == user.partition(":")[0] else user


_HEADINGS = {
    "entrypoint": "its ENTRYPOINT",
    "cmd": "its CMD",
    "form": "its commands in the right form",
    "env": "its variables",
    "env_named": "its variables",
    "env_absent": "no other variables",
    "workdir": "its WORKDIR",
    "user": "its USER",
    "exposed_ports": "its port",
    "volumes": "its volume",
    "labels": "its labels",
    "labels_named": "its labels",
    "stop_signal": "its stop signal",
    "healthcheck": "its HEALTHCHECK",
    "shell": "its SHELL",
}


def _advice(difference: Difference, line: int | None) -> str:
    if difference.seen.startswith('["/bin/sh", "-c"'):
        return 'That is the shell form: a shell runs your words. The exec form is a list, as in ["echo", "hi"].'
    if line is None:
        return f"{difference.keyword} is the instruction for it."
    return ""
