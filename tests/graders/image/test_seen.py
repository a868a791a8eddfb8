"""What an image's layers come to: instructions and lines, waste by row, paths that were ever there, what was added."""

from dataclasses import replace

import pytest

from graders.dockerfile.parser import parse
from graders.image.contents import EntryKind, ImageLayers, LayerContents, LayerEntry
from graders.image.leftovers import leftovers
from graders.image.patterns import Patterns
from graders.image.seen import SeenLayers, ever_at, see_layers, shown_path, unmeasured
from graders.image.waste import waste_of_rows, worst_pairs
from graders.sandbox.base import MIB, HistoryEntry, ImageFacts
from graders.sandbox.fake import IMAGE

DOCKERFILE = parse("FROM busybox\nRUN make\nENV A=1\nRUN clean\n")


def row(created_by: str, size: int = 0, *, empty: bool = False) -> HistoryEntry:
    return HistoryEntry(created_by=created_by, size_bytes=size, empty_layer=empty)


BASE = replace(IMAGE, history=(row("base", MIB),), layer_ids=("b",), size_bytes=MIB)
BUILT = replace(
    IMAGE,
    history=(row("base", MIB), row("RUN make", 3 * MIB), row("ENV A=1", empty=True), row("RUN clean", 5)),
    layer_ids=("b", "1", "2"),
    size_bytes=4 * MIB,
)


def file(path: str, size: int = 10) -> LayerEntry:
    return LayerEntry(path=path, kind=EntryKind.FILE, size_bytes=size, mode=0o644, uid=0, gid=0)


def link(path: str, target: str) -> LayerEntry:
    return LayerEntry(path=path, kind=EntryKind.SYMLINK, size_bytes=0, mode=0o777, uid=0, gid=0, link_target=target)


LAYERS = (
    LayerContents(entries=(file("/bin/sh", 100), file("/etc/conf", 7), file("/tests/of-the-base"))),
    LayerContents(entries=(file("/big", 1000), link("/app", "/srv"), file("/srv/note"), file("/tests/new"))),
    LayerContents(entries=(file("/bin/sh", 101), file("/srv/note", 4)), removed=("/big", "/app")),
)


def seen(found: ImageLayers | None = None, image: ImageFacts = BUILT) -> SeenLayers:
    layers = found or ImageLayers(layers=LAYERS, rows=(0, 1, 3))
    return see_layers(layers, image=image, base=BASE, dockerfile=DOCKERFILE)


def test_each_layer_knows_its_instruction_and_line() -> None:
    found = [(layer.row, layer.line, layer.instruction, layer.from_base) for layer in seen().layers]
    assert found == [(0, None, "base", True), (1, 2, "RUN make", False), (3, 4, "RUN clean", False)]
    assert [layer.name for layer in seen().layers] == ["the base image", "RUN on line 2", "RUN on line 4"]


def test_rows_are_the_engines_where_the_image_does_not_tell_them() -> None:
    assert [layer.row for layer in seen(ImageLayers(layers=LAYERS, rows=None)).layers] == [0, 1, 3]
    unclear = seen(ImageLayers(layers=LAYERS, rows=None), replace(BUILT, history=BUILT.history[:2]))
    assert [layer.row for layer in unclear.layers] == [None] * 3
    assert unclear.layers[1].name == "a layer"
    untraced = see_layers(
        ImageLayers(layers=LAYERS), image=BUILT, base=BASE, dockerfile=parse("FROM busybox\nUSER x\n")
    )
    assert untraced.layers[1].name == 'the layer of "RUN make"'
    assert waste_of_rows(unclear, BUILT).note.startswith("Not measured: the engine does not tell")


def test_waste_is_told_by_row_with_the_lines_that_made_it() -> None:
    waste = waste_of_rows(seen(), BUILT)
    assert [waste.bytes_of(row) for row in range(4)] == [100, 1010, 0, 0]
    assert [waste.undone_by(row) for row in range(4)] == [(4,), (4,), (), ()]
    assert (waste.total(range(1)), waste.total(range(1, 4))) == (100, 1010)


def test_waste_that_was_not_measured_is_not_nothing() -> None:
    assert waste_of_rows(None, BUILT).bytes_of(1) is None
    cut = waste_of_rows(seen(ImageLayers(limit="The image is too large.")), BUILT)
    assert (cut.total([1]), cut.note) == (None, "Not measured: the image is too large.")


def test_the_worst_pair_of_layers_leads() -> None:
    first, second = worst_pairs(seen(), seen().waste)
    assert (first.made.line, first.undone.line, first.size_bytes, first.largest.path, first.deleted) == (
        2, 4, 1010, "/big", True
    )  # fmt: skip
    assert (second.made.from_base, second.deleted) == (True, False)


def test_a_path_is_found_in_every_layer_that_had_it_through_links_of_then() -> None:
    found = ever_at(seen(), ["/app/note", "/srv/note", "/big", "/bin/sh", "/etc/conf", "/none"])
    assert {path: [layer.line for layer, _ in versions] for path, versions in found.items()} == {
        "/app/note": [2], "/srv/note": [2, 4], "/big": [2], "/bin/sh": [4], "/etc/conf": [], "/none": []
    }  # fmt: skip


@pytest.mark.parametrize(
    ("of_base", "but", "paths"),
    [
        (False, (), {"/tests/new", "/srv/note"}),
        (True, (), {"/tests", "/srv/note", "/bin/sh"}),
        (False, ("/srv",), {"/tests/new"}),
    ],
)
def test_leftovers_are_what_was_added_to_the_base(of_base: bool, but: tuple[str, ...], paths: set[str]) -> None:
    wanted = Patterns(["tests/", "note", "sh", "big"])
    found = list(leftovers(seen(), wanted=wanted, but=Patterns(but), of_base=of_base))
    assert {each.path for each in found} == paths
    assert {each.layer.line for each in found if each.path == "/srv/note"} <= {2}


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ((MIB // 2, 10), "less than 1 MiB"),
        ((10, 2 * MIB), "before the last layer"),
        ((2 * MIB,), "before the last layer"),
        ((2 * MIB, 10), ""),
        ((600 * MIB, 10), "more than 512 MiB"),
    ],
)
def test_waste_is_measured_where_it_is_worth_it(sizes: tuple[int, ...], says: str) -> None:
    rows = tuple(row("RUN x", size) for size in sizes)
    image = replace(IMAGE, history=(*BASE.history, *rows, row("ENV A=1", empty=True)), size_bytes=sum(sizes))
    told = unmeasured(image, BASE)
    assert says in told
    assert bool(told) == bool(says)


def test_hostile_paths_are_shown_inert() -> None:
    assert shown_path("/a\x1b[31m\n\u202eb\udcff") == "/a␛[31m⏎<U+202E>b\\xff"
    assert len(shown_path("/x" * 3000)) < 200
