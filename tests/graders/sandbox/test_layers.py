"""A real engine's images, layer by layer: what each holds, what is found in it, and hostile ones."""

import pytest
from sandboxes import BUSYBOX, context

from graders.image.contents import EntryKind, ImageLayers, Search, WalkLimits
from graders.image.filesystem import FileSystem
from graders.sandbox.base import ImageFacts, SandboxUnavailable
from graders.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.engine

TOKEN = "aB3kQ9zL0pX7vT5mW1cR8yHd"


def read(
    engine_url: str, dockerfile: str, *, limits: WalkLimits | None = None, **files: bytes
) -> tuple[ImageFacts, ImageLayers, FileSystem]:
    with DockerSandbox(engine_url).job("layers") as job:
        built = job.build(context(f"FROM {BUSYBOX}\n{dockerfile}", files), build_args={"TOKEN": TOKEN})
        assert built.ok, (built.error, built.log)
        facts = job.image(built.image_id)
        search = Search(
            texts=frozenset({TOKEN}),
            names=frozenset({"note"}),
            base_layer_ids=frozenset(facts.layer_ids[:1]),
            limits=limits or WalkLimits(),
        )
        found = job.layers(built.image_id, search=search)
    files_in = FileSystem()
    for index, layer in enumerate(found.layers):
        files_in.apply(index, layer)
    return facts, found, files_in


def test_each_layer_tells_what_it_adds_takes_away_and_hides(engine_url: str) -> None:
    facts, found, files = read(
        engine_url,
        """ARG TOKEN
RUN mkdir -p /d/e && echo one > /d/e/x && echo hello > /d/note && chown 1000:50 /d/note && ln /d/note /d/other
RUN rm -rf /d/e && mkdir /d/e && echo two > /d/e/y && ln -s /d/note /link && chmod 6711 /d/note
RUN touch /.wh.link /d/.wh..wh..opq && echo $TOKEN > /.wh.hidden
COPY secret /
RUN base64 /secret > /wrapped && rm /secret
WORKDIR /w
WORKDIR /w
ENV MODE=1
""",
        secret=b"x" * 90 + TOKEN.encode() + b"y" * 90,
    )
    assert found.limit == ""
    assert found.rows is not None
    assert len(found.rows) == len(found.layers) == len(facts.layer_ids) == 8
    assert [facts.history[row].created_by.split()[0] for row in found.rows[1:]] == ["RUN"] * 3 + ["COPY", "RUN"] + [
        "WORKDIR"
    ] * 2
    note = next(entry for entry in found.layers[2].entries if entry.path == "/d/note")
    assert (note.kind, note.mode, note.uid, note.gid, note.content) == (EntryKind.FILE, 0o6711, 1000, 50, b"hello\n")
    assert found.layers[2].emptied == ("/d/e",)
    assert found.layers[5].removed == ("/secret",)
    assert found.layers[3].removed == found.layers[3].emptied == ()
    assert {entry.uid for entry in found.layers[3].entries} == {0}
    paths = {path for path, _ in files.walk()}
    assert paths >= {"/link", "/.wh.link", "/d/.wh..wh..opq", "/d/e/y", "/bin/sh", "/w"}
    assert not paths & {"/secret", "/d/e/x"}
    assert [(find.path, find.encoding) for layer in found.layers for find in layer.finds] == [
        ("/.wh.hidden", "plain"), ("/secret", "plain"), ("/wrapped", "base64")
    ]  # fmt: skip
    assert {(find.field, facts.history[find.row or 0].created_by[:10]) for find in found.config_finds} == {
        ("history", "RUN |1 TOK")
    }


HOSTILE = r"""RUN i=0; mkdir /many && while [ $i -lt 5000 ]; do : > /many/$i; i=$((i+1)); done
RUN n=$(printf '%0250d' 0); d=/long; for i in 0 1 2 3 4 5 6 7 8 9 a b c d e; do d=$d/$n; done; mkdir -p $d; : > $d/x
RUN printf 'a\nb\033[31m' | xargs -0 touch; touch "$(printf '/\377\376odd')" "$(printf '/\342\200\256evil')"
RUN dd if=/dev/zero of=/sparse bs=1 count=1 seek=20971519 2>/dev/null; head -c 104857600 /dev/zero > /zeros
RUN ln /bin/sh /hard; chmod 7777 /hard; mknod /pipe p; chmod 0 /pipe; ln -s /loop /loop; ln -s ../../../../etc /up
RUN rm -rf /many /long /zeros /etc /home; : > /.wh..wh..opq; : > /.wh.bin
"""


def test_a_hostile_image_is_read_in_bounded_time_and_breaks_nothing(engine_url: str) -> None:
    _, found, files = read(engine_url, HOSTILE)
    assert found.limit == ""
    paths = {path for path, _ in files.walk()}
    assert paths >= {"/\udcff\udcfeodd", "/\u202eevil", "/a\nb\x1b[31m", "/sparse", "/hard", "/pipe", "/loop", "/up"}
    assert paths >= {"/bin/sh", "/.wh.bin"}
    assert not {path for path in paths if path.startswith(("/many", "/long", "/zeros"))}
    assert sum(waste.size_bytes for waste in files.waste if waste.made_in) == 104857600
    node = files.find("/hard")
    assert node is not None
    assert node.entry is not None
    assert node.entry.mode == 0o7777
    assert files.find("/loop/x") is None


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (WalkLimits(entries=200), "more than 200 files"),
        (WalkLimits(image_bytes=2_000_000), "1 MiB"),
        (WalkLimits(seconds=0.0001), "within 0.0001 seconds"),
    ],
)
def test_a_bound_that_is_reached_is_told(engine_url: str, limits: WalkLimits, says: str) -> None:
    _, found, _ = read(engine_url, "RUN true\n", limits=limits)
    assert says in found.limit
    assert found.layers == ()


def test_an_image_that_the_engine_lacks_is_the_engines_trouble(engine_url: str) -> None:
    with DockerSandbox(engine_url).job("layers") as job, pytest.raises(SandboxUnavailable, match="not on this engine"):
        job.layers("sha256:" + "0" * 64, search=Search())
