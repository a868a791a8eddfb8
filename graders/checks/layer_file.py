"""The check `layer_file`: what lies in any layer of the image, gone since or not."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from pydantic import model_validator

from graders.actions import DEFAULT
from graders.checks.accounts import PASSWD, is_owned_by, name_of, number_of, users_of
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.image_file import Mode
from graders.checks.registry import register
from graders.image.contents import EntryKind, LayerEntry
from graders.image.patterns import Paths, Patterns
from graders.image.seen import SeenLayer, SeenLayers, ever_at, shown_path
from graders.observations import Observations, Wants
from graders.spec import Identifier, ImagePath, ImagePaths, Text, Texts
from graders.visible import listed, quoted, visible

_NAMED = 3


@register("layer_file")
class LayerFile(Check):
    """Paths are in some layer beyond the base's (`present`), or in none of them (`absent`), gone since or not.

    `image_file` looks at what is there in the end; a file that a later layer deletes is not there, and can be read from
    its layer all the same. Symbolic links on the way to a path are followed as they were in that layer.
    """

    present: ImagePaths = ()
    """Paths that some layer must bring."""
    absent: Texts = ()
    """Patterns of what no layer may bring: `/app/notes.txt` from the root, `notes.txt`, `*.key` or `.git/` anywhere."""
    path: ImagePath | None = None
    """One path, of which some layer's version must be as the following fields say."""
    mode: Mode | None = None
    """Its mode in octal digits, such as `"0755"`."""
    owner: Text | None = None
    """A user's name or number."""
    contains: Texts = ()
    """Texts that its first 64 KiB must hold."""
    build: Identifier = DEFAULT
    """Which build's image."""

    why: ClassVar[str] = "Whoever has an image can read every layer of it, and finds there what later layers deleted."
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("present", "absent"), ("path", "absent"))
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="In a layer, and deleted since.",
                check={"present": "/srv/note", "absent": ["other", "/note", "*.key", ".git/"]},
                dockerfile="FROM busybox:1.35\nWORKDIR /srv\nRUN echo hello > note\nRUN rm note\n",
            ),
            Sample(
                about="One layer's version is as asked.",
                check={"path": "/note", "mode": "0600", "owner": "root", "contains": "first"},
                dockerfile=("FROM busybox:1.35\nRUN echo first > /note && chmod 600 /note\nRUN echo second > /note\n"),
            ),
            Sample(
                about="Links on the way are followed as they were.",
                check={"path": "/app/note", "contains": "hello"},
                dockerfile=(
                    "FROM busybox:1.35\nRUN mkdir /srv && ln -s /srv /app && echo hello > /app/note\nRUN rm /app\n"
                ),
            ),
            Sample(about="What the base brought does not count.", check={"absent": ["/bin", "sh"]}),
        ),
        wrong=(
            Sample(
                about="Deleted later, and still there.",
                check={"absent": "diary.txt"},
                dockerfile="FROM busybox:1.35\nCOPY . /app\nRUN rm /app/diary.txt\n",
                files={"diary.txt": "Dear diary\n"},
                says="/app/diary.txt (COPY on line 2, gone in the end)",
                line=2,
            ),
            Sample(
                about="A whole folder.",
                check={"absent": ".git/"},
                dockerfile="FROM busybox:1.35\nRUN mkdir -p /a/.git/x && echo > /a/.git/x/y\n",
                says="/a/.git ",
                line=2,
            ),
            Sample(about="In none of them.", check={"present": ["/bin/sh", "/x"]}, says="No layer brings /bin/sh, /x"),
            Sample(
                about="Never with this content.",
                check={"path": "/note", "contains": ["hello", "you"]},
                dockerfile="FROM busybox:1.35\nRUN echo hello > /note\nRUN echo bye > /note\n",
                says='RUN on line 3 has "bye"',
                line=3,
            ),
            Sample(
                about="Neither the mode nor the owner.",
                check={"path": "/note", "mode": "0600", "owner": 1000},
                dockerfile="FROM busybox:1.35\nRUN echo hello > /note && chmod 644 /note\n",
                says="has the mode 0644",
                line=2,
            ),
            Sample(
                about="Another name of root.",
                check={"path": "/note", "owner": "app"},
                dockerfile="FROM busybox:1.35\nRUN echo app:x:0:0::/: >> /etc/passwd && echo > /note\n",
                says="belongs to root (0), not to app",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", says="`present`, `absent` or `path`"),
            Sample(about="Details without a path.", check={"absent": "a", "mode": "0644"}, says="`path`"),
            Sample(about="No pattern.", check={"absent": "**"}, says="must hold patterns"),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not self.present and not self.absent and self.path is None:
            raise ValueError("needs one of `present`, `absent` or `path`")
        if self.path is None and (self.mode is not None or self.owner is not None or self.contains):
            raise ValueError("says how a file must be, but not at which `path`")
        Patterns(self.absent)
        return self

    def heading(self) -> str:
        """Say what is expected."""
        paths = [*self.present, *([self.path] if self.path else [])]
        if paths:
            return f"A layer brings {listed(paths)}"
        return f"No layer brings {listed(list(self.absent), word='or')}"

    def wants(self) -> Wants:
        """The layers, the path's content in them, and who is who when an owner is asked for."""
        return Wants(
            layers=frozenset({self.build}),
            contents=frozenset({(self.build, self.path)} if self.path and self.contains else ()),
            paths=frozenset({(self.build, PASSWD)} if self.owner else ()),
        )

    def judge(self, seen: Observations) -> Verdict:
        """Look at every layer; the first objection decides."""
        layers = seen.layers[self.build]
        if layers.limit:
            return failed(f"{layers.limit} So nobody knows what its layers hold.")
        return next(self._objections(seen, layers), None) or passed("The layers hold what they should.")

    def _objections(self, seen: Observations, layers: SeenLayers) -> Iterator[Verdict]:
        there = ever_at(layers, [*self.present, *([self.path] if self.path else [])])
        missing = [path for path, versions in there.items() if not versions]
        if missing:
            yield failed(
                f"No layer brings {', '.join(missing)}.",
                hint="COPY puts files where its last argument says; a relative one counts from WORKDIR.",
            )
        brought = _brought(layers, self.absent) if self.absent else []
        if brought:
            named = [f"{shown_path(path)} ({layer.name}{_gone(layers, path)})" for layer, path in brought[:_NAMED]]
            more = f" and {len(brought) - _NAMED} more" if len(brought) > _NAMED else ""
            yield failed(
                f"Layers bring what no layer may: {listed(named) if not more else ', '.join(named)}{more}.",
                seen="\n".join(shown_path(path) for _, path in brought[:10]),
                hint="Deleting in a later step is too late. Copy less, or name it in .dockerignore.",
                line=brought[0][0].line,
            )
        if self.path and there[self.path]:
            faults = [(layer, self._fault(seen, entry)) for layer, entry in there[self.path]]
            if all(fault for _, fault in faults):
                layer, fault = faults[-1]
                yield failed(
                    f"{self.path} is in no layer as it should be. That of {layer.name} {fault}.", line=layer.line
                )

    def _fault(self, seen: Observations, entry: LayerEntry) -> str:
        mode = f"{entry.mode:04o}"
        if self.mode is not None and mode != self.mode:
            return f"has the mode {mode}, not {self.mode}"
        if self.owner is not None:
            users = users_of(seen, self.build)
            owner = number_of(self.owner, users)
            if owner is None:
                return f"belongs to {name_of(entry.uid, users)}, and the image has no user {quoted(self.owner)}"
            if not is_owned_by(self.owner, entry.uid, users):
                return f"belongs to {name_of(entry.uid, users)}, not to {self.owner}"
        if self.contains and entry.kind is not EntryKind.FILE:
            return f"is a {entry.kind.value}"
        text = visible(entry.content or b"")
        missing = [quoted(part) for part in self.contains if part not in text]
        return f"has {quoted(text)}, without {listed(missing)}" if missing else ""


def _brought(layers: SeenLayers, absent: Sequence[str]) -> list[tuple[SeenLayer, str]]:
    """Each layer and path that fits, a folder in the place of what lies in it."""
    found: dict[tuple[int, str], SeenLayer] = {}
    literal = [each for each in absent if each.startswith("/") and not set("*?[") & set(each)]
    for versions in ever_at(layers, literal).values():
        found |= {
            (layer.index, entry.path): layer for layer, entry in versions if not _is_told_again(layers, layer, entry)
        }
    paths = Paths(Patterns(absent))
    for layer in layers.own:
        for entry in layer.contents.entries:
            top = paths.first_fit(entry.path, is_folder=entry.kind is EntryKind.FOLDER)
            if top and not _is_told_again(layers, layer, entry):
                found[layer.index, top] = layer
    return [(layer, path) for (_, path), layer in sorted(found.items(), key=lambda each: each[0])]


def _is_told_again(layers: SeenLayers, layer: SeenLayer, entry: LayerEntry) -> bool:
    """Whether it is a folder that was there before, and is only told because something in it has changed."""
    if entry.kind is not EntryKind.FOLDER:
        return False
    node = layers.files.find(entry.path)
    return node is not None and node.since < layer.index


def _gone(layers: SeenLayers, path: str) -> str:
    return "" if layers.files.find(path) is not None else ", gone in the end"
