"""The check `context_clean`: what lies beside the Dockerfile and does not belong into the image has not got there."""

from typing import ClassVar

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.image.contents import Find
from graders.image.seen import SeenLayer, SeenLayers, shown_path
from graders.observations import Observations, Wants
from graders.spec import Identifier

_NAMED = 3


@register("context_clean")
class ContextClean(Check):
    """None of the build's decoys is in any layer of the image, whatever it is called there.

    Decoys are files that the plan puts beside what was handed in, under `decoys` of the build, with drawn values in
    their text; these values are looked for. Learners do not know them before. Both a .dockerignore that names them and
    a COPY of nothing but what is needed pass. Values that were compressed on the way are not found.
    """

    build: Identifier = DEFAULT
    """Which build's image; its `decoys` are looked for."""

    why: ClassVar[str] = (
        "Whatever lies around when an image is built is published with it: notes, keys, the history of the project."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="Only what is needed is copied.",
                plan={
                    "values": {"a": "nonce", "b": "hex"},
                    "builds": {"default": {"decoys": {".env": "KEY={a}\n", ".git/config": "{b}"}}},
                },
                dockerfile="FROM busybox:1.35\nCOPY app.sh /app/\n",
                files={"app.sh": "echo hi\n"},
            ),
            Sample(
                about="A .dockerignore keeps them out.",
                plan={
                    "values": {"a": "nonce", "b": "hex"},
                    "builds": {"default": {"decoys": {".env": "KEY={a}\n", ".git/config": "{b}"}}},
                },
                dockerfile="FROM busybox:1.35\nCOPY . /app/\n",
                files={"app.sh": "echo hi\n", ".dockerignore": ".*\n"},
            ),
            Sample(
                about="What another stage copies does not reach the image.",
                plan={"values": {"a": "nonce"}, "builds": {"default": {"decoys": {"notes.txt": "{a}"}}}},
                dockerfile="FROM busybox:1.35 AS all\nCOPY . /all\nFROM busybox:1.35\nCOPY --from=all /all/x /x\n",
                files={"x": "x"},
            ),
        ),
        wrong=(
            Sample(
                about="Everything is copied.",
                plan={
                    "values": {"a": "nonce", "b": "hex"},
                    "builds": {"default": {"decoys": {".env": "KEY={a}\n", ".git/config": "{b}"}}},
                },
                dockerfile="FROM busybox:1.35\nCOPY . /app/\n",
                files={"app.sh": "echo hi\n", ".dockerignore": ".git\n"},
                says=".env, which lay beside the Dockerfile, is in the image: /app/.env, brought by COPY on line 2",
                line=2,
            ),
            Sample(
                about="Deleted and renamed is not left out.",
                plan={"values": {"a": "nonce"}, "builds": {"default": {"decoys": {"notes.txt": "Buy {a}.\n"}}}},
                dockerfile=(
                    "FROM busybox:1.35\nWORKDIR /app\nCOPY . .\nRUN mv notes.txt other && mv Dockerfile /d && rm -f *\n"
                ),
                says="/app/notes.txt, brought by COPY on line 3 and deleted later",
                line=3,
            ),
        ),
        malformed=(
            Sample(about="There is no decoy.", says="has no decoys to look for"),
            Sample(
                about="One that could not be told from anything else.",
                plan={"builds": {"default": {"decoys": {"notes.txt": "hello"}}}},
                says="needs a drawn value",
            ),
            Sample(
                about="One that has to be in the image.",
                plan={
                    "values": {"a": "nonce"},
                    "builds": {"default": {"decoys": {"notes.txt": "{a}"}, "files": {"x": "{a}"}}},
                },
                says="would be found without the decoy",
            ),
            Sample(
                about="A decoy that rules what is sent.",
                plan={"values": {"a": "nonce"}, "builds": {"default": {"decoys": {".dockerignore": "{a}"}}}},
                says="cannot be a decoy",
            ),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return "Nothing gets into the image that only lay beside the Dockerfile"

    def wants(self) -> Wants:
        """The decoys in the layers."""
        return Wants(layers=frozenset({self.build}), decoys=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Look for each decoy by what was drawn for it."""
        layers = seen.layers[self.build]
        if layers.limit:
            return failed(f"{layers.limit} So nobody knows what got into it.")
        found = [
            (path, layer, find)
            for path, texts in seen.decoys.get(self.build, {}).items()
            for layer, find in _first_find(layers, texts)
        ]
        if not found:
            return passed("Nothing got into the image that only lay beside the Dockerfile.")
        named = [_told(layers, *each) for each in found[:_NAMED]]
        more = f" So are {len(found) - _NAMED} more." if len(found) > _NAMED else ""
        return failed(
            f"{' '.join(named)}{more}",
            seen="\n".join(path for path, _, _ in found[:20]),
            hint="Copy what the image needs and no more, or list in .dockerignore what is not to be sent at all.",
            line=found[0][1].line,
        )


def _first_find(layers: SeenLayers, texts: tuple[str, ...]) -> list[tuple[SeenLayer, Find]]:
    """The first place where one of the texts is, or none."""
    finds = ((layer, find) for layer in layers.own for find in layer.contents.finds if find.text in texts)
    first = next(finds, None)
    return [first] if first is not None else []


def _told(layers: SeenLayers, path: str, layer: SeenLayer, find: Find) -> str:
    gone = " and deleted later" if layers.files.find(find.path) is None else ""
    return (
        f"{shown_path(path)}, which lay beside the Dockerfile, is in the image: "
        f"{shown_path(find.path)}, brought by {layer.name}{gone}."
    )
