"""The parts of an image's configuration: how authors write what is expected of each, and how it is told apart."""

import posixpath
import re
import signal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from graders.sandbox.base import Healthcheck, ImageFacts
from graders.spec import MAX_PORT, Spec, Text, Texts, one_or_many
from graders.visible import visible

Form = Literal["exec", "shell"]
Part = Literal[
    "cmd", "entrypoint", "exposed_ports", "healthcheck", "labels", "shell", "stop_signal", "user", "volumes", "workdir"
]
KEYWORDS: dict[Part, str] = {
    "cmd": "CMD",
    "entrypoint": "ENTRYPOINT",
    "exposed_ports": "EXPOSE",
    "healthcheck": "HEALTHCHECK",
    "labels": "LABEL",
    "shell": "SHELL",
    "stop_signal": "STOPSIGNAL",
    "user": "USER",
    "volumes": "VOLUME",
    "workdir": "WORKDIR",
}
_DEFAULT_SHELL = ("/bin/sh", "-c")


def _exposed(value: str) -> str:
    if "{" in value:
        return value
    if not re.fullmatch(r"[0-9]{1,5}(/(tcp|udp|sctp))?", value):
        raise ValueError("must be ports, such as 8000 or 53/udp")
    if not 1 <= int(value.partition("/")[0]) <= MAX_PORT:
        raise ValueError("must be ports from 1 to 65535")
    return value if "/" in value else f"{value}/tcp"


ExposedPorts = Annotated[
    tuple[Annotated[Text, AfterValidator(_exposed)], ...],
    BeforeValidator(one_or_many, json_schema_input_type=str | int | list[str | int]),
]
Parts = Annotated[tuple[Part, ...], BeforeValidator(one_or_many, json_schema_input_type=str | list[str])]


class ExpectedHealthcheck(Spec):
    """How HEALTHCHECK must be; `true` in its place asks for any."""

    contains: Texts = ()
    """Texts that its command must hold."""
    form: Form | None = None
    """Whether its command is a list (`exec`) or a line for a shell (`shell`)."""
    interval_seconds: float | None = Field(default=None, gt=0)
    """Exactly so long between two tries; 30 where the image does not say."""
    timeout_seconds: float | None = Field(default=None, gt=0)
    """Exactly so long for a try; 30 where the image does not say."""
    retries: int | None = Field(default=None, ge=1)
    """Exactly so many failures in a row; 3 where the image does not say."""


def _any_healthcheck(value: Any) -> Any:
    if value is True:
        return {}
    if value is False:
        raise ValueError("must be `true`, or say how it must be; for none, write `absent: healthcheck`")
    return value


HealthcheckWanted = Annotated[
    ExpectedHealthcheck, BeforeValidator(_any_healthcheck, json_schema_input_type=Literal[True] | ExpectedHealthcheck)
]


class FormsWanted(Spec):
    """In which form commands must be, as the configuration shows it."""

    cmd: Form | None = None
    entrypoint: Form | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> "FormsWanted":
        if self.cmd is None and self.entrypoint is None:
            raise ValueError("needs `cmd` or `entrypoint`, each exec or shell")
        return self


def form_of(words: tuple[str, ...], shell: tuple[str, ...] | None) -> Form:
    """The form that a command was written in; a list that calls the shell itself looks like the shell form."""
    front = shell or _DEFAULT_SHELL
    return "shell" if words[: len(front)] == front and len(words) == len(front) + 1 else "exec"


def has_healthcheck(check: Healthcheck | None) -> bool:
    """Whether there is one: HEALTHCHECK NONE is none."""
    return check is not None and check.test[:1] != ("NONE",)


def declared(image: ImageFacts, part: Part) -> str:
    """What the image declares of a part, in words for a sentence; empty when it declares nothing."""
    match part:
        case "cmd" | "entrypoint" | "shell":
            words = {"cmd": image.cmd, "entrypoint": image.entrypoint, "shell": image.shell}[part]
            return as_list(words) if words else ""
        case "exposed_ports":
            return visible(" ".join(image.exposed_ports))
        case "volumes":
            return visible(" ".join(image.volumes))
        case "labels":
            return visible(" ".join(image.labels))
        case "healthcheck":
            found = image.healthcheck
            return as_list(found.test) if found is not None and has_healthcheck(found) else ""
        case "stop_signal":
            return visible(image.stop_signal)
        case "user":
            return visible(image.user)
        case "workdir":
            return visible("" if image.workdir == "/" else image.workdir)


def as_list(words: Any) -> str:
    """A command as the exec form writes it."""
    return "[" + ", ".join(f'"{visible(word)}"' for word in words) + "]"


def plain_path(path: str) -> str:
    """A folder's path as it is meant: the engine keeps `/app/` and `/srv//app` as they are written."""
    return posixpath.normpath(path) if path.startswith("/") else path


def signal_number(name: str) -> int | str:
    """The number of a signal, as STOPSIGNAL may name it (`SIGINT`, `INT`, `2`); the text itself when it names none."""
    text = name.strip().upper()
    if text.isascii() and text.isdigit():
        return int(text)
    named = text if text.startswith("SIG") else f"SIG{text}"
    return next((int(each) for each in signal.Signals if each.name == named), name)
