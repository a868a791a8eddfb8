"""The check `secret_absent`: a random secret that the build was given is nowhere in the image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from pydantic import model_validator

from graders.actions import DEFAULT
from graders.blame import line_in_effect, lines_of_history
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.image.contents import Find, FindPlace
from graders.image.needles import SHORTEST
from graders.image.seen import SeenLayer, SeenLayers, shown_path
from graders.observations import Observations, Wants
from graders.spec import TEMPLATE, Identifier, Text, Texts

_NAMED = 4
_ADVICE = (
    "Deleting it in a later step is too late: each step's layer stays. Build arguments stand in the history of every "
    "RUN that comes after them. A step that needs a secret can have it mounted: RUN --mount=type=secret."
)
_WORDS = {
    "Env": ("ENV", "an environment variable"),
    "Labels": ("LABEL", "a label"),
    "Cmd": ("CMD", "its CMD"),
    "Entrypoint": ("ENTRYPOINT", "its ENTRYPOINT"),
    "Healthcheck": ("HEALTHCHECK", "its HEALTHCHECK"),
    "WorkingDir": ("WORKDIR", "its WORKDIR"),
    "User": ("USER", "its USER"),
    "Volumes": ("VOLUME", "a volume's path"),
    "OnBuild": ("ONBUILD", "an ONBUILD instruction"),
    "Shell": ("SHELL", "its SHELL"),
    "StopSignal": ("STOPSIGNAL", "its stop signal"),
    "author": ("MAINTAINER", "its author"),
}
_PARTS = {
    FindPlace.CONTENT: "",
    FindPlace.NAME: "a file's name, ",
    FindPlace.LINK: "what a link leads to, ",
    FindPlace.ATTRIBUTE: "an attribute of a file, ",
}


@dataclass(frozen=True)
class _Place:
    line: int | None
    words: str


@register("secret_absent")
class SecretAbsent(Check):
    """A drawn value is in no layer, not in the history, the configuration, the environment or the labels of the image.

    Give it to the build as a file, as a build argument or as a secret, and name it here: `value: "{token}"`. It is
    found as it is, in base64, in hexadecimal, percent-encoded and in UTF-16, in contents, names and links, of deleted
    files too; not in what was compressed, encrypted, spaced out or cut in pieces. The verdict tells where it was
    found, not what it is.
    """

    value: Text
    """The secret: a drawn value such as `{token}`, or a text of at least six characters."""
    but_in: Texts = ()
    """Paths where it may be, such as `/run/config.json` when the secret is meant for the running program."""
    build: Identifier = DEFAULT
    """Which build's image."""

    why: ClassVar[str] = (
        "Whoever can pull an image can read all of its layers and its history, so a secret in it is known to everybody."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="Only another stage saw it.",
                check={"value": "{token}"},
                plan={
                    "values": {"token": "nonce"},
                    "builds": {"default": {"files": {"token.txt": "{token}\n"}}},
                },
                dockerfile=(
                    "FROM busybox:1.35 AS maker\nCOPY token.txt /\nRUN wc -c /token.txt > /size\n"
                    "FROM busybox:1.35\nCOPY --from=maker /size /size\n"
                ),
            ),
            Sample(
                about="A secret that was mounted.",
                check={"value": "{token}"},
                plan={
                    "values": {"token": "nonce"},
                    "allow": {"mounts": ["secret"]},
                    "builds": {"default": {"secrets": {"token": "{token}"}}},
                },
                dockerfile=("FROM busybox:1.35\nRUN --mount=type=secret,id=token wc -c < /run/secrets/token > /size\n"),
            ),
            Sample(
                about="Where it may be.",
                check={"value": "{token}", "but_in": "/etc/app.conf"},
                plan={"values": {"token": "nonce"}, "builds": {"default": {"files": {"app.conf": "{token}"}}}},
                dockerfile="FROM busybox:1.35\nCOPY app.conf /etc/app.conf\n",
            ),
        ),
        wrong=(
            Sample(
                about="Deleted in a later layer.",
                check={"value": "{token}"},
                plan={
                    "values": {"token": "nonce"},
                    "builds": {"default": {"files": {"token.txt": "{token}\n"}}},
                },
                dockerfile="FROM busybox:1.35\nCOPY token.txt /\nRUN wc -c /token.txt > /size && rm /token.txt\n",
                says="/token.txt in the layer of COPY on line 2, though it is deleted later",
                line=2,
            ),
            Sample(
                about="A build argument.",
                check={"value": "{token}"},
                plan={"values": {"token": "nonce"}, "builds": {"default": {"args": {"TOKEN": "{token}"}}}},
                dockerfile='FROM busybox:1.35\nARG TOKEN\nRUN test -n "$TOKEN"\n',
                says="the history, with RUN on line 3",
                line=3,
            ),
            Sample(
                about="In the environment and in a label.",
                check={"value": "{token}"},
                plan={"values": {"token": "nonce"}, "builds": {"default": {"args": {"TOKEN": "{token}"}}}},
                dockerfile="FROM busybox:1.35\nARG TOKEN\nENV KEY=$TOKEN\nLABEL key=$TOKEN\n",
                says="an environment variable",
                line=3,
            ),
            Sample(
                about="Encoded, and in a name.",
                check={"value": "{token}"},
                plan={"values": {"token": "nonce"}, "builds": {"default": {"files": {"t": "user:{token}\n"}}}},
                dockerfile=(
                    "FROM busybox:1.35 AS a\nCOPY t /t\nRUN base64 /t > /b && touch /$(cut -d: -f2 /t) && rm /t\n"
                    "FROM scratch\nCOPY --from=a / /\n"
                ),
                says="/b in the layer of COPY on line 5 (as base64)",
                line=5,
            ),
        ),
        malformed=(
            Sample(about="No value.", says="`value` is missing"),
            Sample(about="One that is anywhere.", check={"value": "abc"}, says="at least 6 characters"),
            Sample(
                about="One that is drawn from few.",
                check={"value": "{n}"},
                plan={"values": {"n": {"kind": "number", "at_least": 1, "at_most": 9}}},
                says="at least 6 characters",
            ),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not TEMPLATE.search(self.value) and len(self.value) < SHORTEST:
            raise ValueError(
                f"needs a `value` of at least {SHORTEST} characters, such as a drawn `nonce`: others turn up by chance"
            )
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return "The image does not hold the secret"

    def wants(self) -> Wants:
        """The layers, and the secret in them."""
        return Wants(layers=frozenset({self.build}), texts=frozenset({(self.build, self.value)}))

    def judge(self, seen: Observations) -> Verdict:
        """Tell every place where it was found."""
        layers = seen.layers[self.build]
        if layers.limit:
            return failed(f"{layers.limit} So nobody knows whether the secret is in it.")
        places = list(dict.fromkeys([*self._in_layers(layers), *self._in_config(seen, layers)]))
        if not places:
            return passed("The secret is in no layer, and not in what the image says of itself.")
        named = [place.words for place in places[:_NAMED]]
        more = f"; and in {len(places) - _NAMED} more places" if len(places) > _NAMED else ""
        return failed(
            f"The secret is in the image: in {'; in '.join(named)}{more}.",
            expected="the secret nowhere",
            seen="\n".join(place.words for place in places[:20]),
            hint=_ADVICE,
            line=next((place.line for place in places if place.line is not None), None),
        )

    def _in_layers(self, layers: SeenLayers) -> Iterator[_Place]:
        for layer in layers.own:
            for find in layer.contents.finds:
                if find.text == self.value and find.path not in self.but_in:
                    yield _Place(layer.line, self._told(layers, layer, find))

    def _told(self, layers: SeenLayers, layer: SeenLayer, find: Find) -> str:
        path = _without(shown_path(find.path), self.value)
        node = layers.files.find(find.path)
        since = ""
        if node is None:
            since = ", though it is deleted later"
        elif node.layer != layer.index:
            since = ", though a later one replaces it"
        encoding = f" (as {find.encoding})" if find.encoding != "plain" else ""
        return f"{_PARTS[find.place]}{path} in the layer of {layer.name}{encoding}{since}"

    def _in_config(self, seen: Observations, layers: SeenLayers) -> Iterator[_Place]:
        dockerfile, target = seen.dockerfile(self.build), seen.target(self.build)
        lines = lines_of_history(dockerfile, seen.images[self.build].history, target)
        rows = []
        for find in layers.config_finds:
            if find.text != self.value:
                continue
            if find.row is not None:
                rows.append(lines[find.row] if find.row < len(lines) else None)
                continue
            keyword, words = _WORDS.get(find.field, ("", f"its {find.field}"))
            line = line_in_effect(dockerfile, keyword, target=target) if keyword else None
            yield _Place(line, f"{words}{f' (line {line})' if line else ''}")
        keywords = {each.line: each.keyword for each in dockerfile.instructions}
        for line in rows:
            name = f"{keywords[line]} on line {line}" if line in keywords else "a step"
            yield _Place(line, f"the history, with {name}")


def _without(path: str, secret: str) -> str:
    return path.replace(secret, "…") if secret else path
