"""Saved images, as engines of both kinds write them: their order, links, removals, and what must not break reading."""

import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.image.budget import Budget
from graders.image.contents import ConfigFind, EntryKind, Find, FindPlace, ImageLayers, Search, WalkLimits
from graders.image.saved import UnreadableImage, read_saved

TOKEN = "aB3kQ9zL0pX7vT5mW1cR8yHd"
LIMITS = WalkLimits()


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: Any) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    made.mode = 0o100644 if kind == tarfile.REGTYPE else 0o40755
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def tar(*members: tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]) -> bytes:
    """As Docker packs it: modes keep the bits that tell the type, which Python's tarfile would leave out."""
    packed = bytearray()
    for each in members:
        head, data = each if isinstance(each, tuple) else (each, b"")
        head.size = len(data) or head.size
        block = bytearray(head.tobuf(tarfile.PAX_FORMAT))
        block[-412:-404] = b"%07o\0" % head.mode
        block[-364:-356] = b" " * 8
        block[-364:-356] = b"%06o\0 " % sum(block[-512:])
        packed += block + data + bytes(-len(data) % 512)
    return bytes(packed + bytes(1024))


def config_of(count: int, **config: Any) -> bytes:
    rows = [{"created_by": f"RUN {number}"} for number in range(count)]
    rows.insert(1, {"created_by": "ENV A=1", "empty_layer": True})
    return json.dumps({"history": rows, "config": config, "rootfs": {}}).encode()


def old_style(*layers: bytes, config: bytes | None = None, links: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """As Docker 20.10 saves it: a folder for each layer, in an order of its own, and the manifest at the end."""
    names = [f"{9 - number}abc" for number in range(len(layers))]
    files: list[tuple[tarfile.TarInfo, bytes]] = []
    for number, (name, data) in sorted(enumerate(zip(names, layers, strict=True)), key=lambda each: each[1][0]):
        about: dict[str, str] = {"id": name, "parent": names[number - 1]} if number else {"id": name}
        files.append((member(f"{name}/json"), json.dumps(about).encode()))
        if name in links:
            files.append((member(f"{name}/layer.tar", tarfile.SYMTYPE, linkname=links[name]), b""))
        else:
            files.append((member(f"{name}/layer.tar"), data))
    manifest = [{"Config": "conf.json", "Layers": [f"{name}/layer.tar" for name in names]}]
    files.append((member("conf.json"), config or config_of(len(layers))))
    files.append((member("manifest.json"), json.dumps(manifest).encode()))
    return tar(*files)


def new_style(*layers: bytes) -> bytes:
    """As Docker 25 and later save it."""
    blobs = [f"blobs/sha256/{number}{'0' * 63}" for number in range(len(layers))]
    manifest = [{"Config": "blobs/sha256/c0nf", "Layers": blobs}]
    return tar(
        member("blobs", tarfile.DIRTYPE),
        *((member(name), data) for name, data in reversed(list(zip(blobs, layers, strict=True)))),
        (member("blobs/sha256/c0nf"), config_of(len(layers))),
        (member("index.json"), b'{"schemaVersion": 2}'),
        (member("manifest.json"), json.dumps(manifest).encode()),
        (member("oci-layout"), b"{}"),
    )


def read(saved: bytes, *, limits: WalkLimits = LIMITS, **search: Any) -> ImageLayers:
    return read_saved(io.BytesIO(saved), search=Search(limits=limits, **search), budget=Budget(limits))


def paths(found: ImageLayers) -> list[list[str]]:
    return [[entry.path for entry in layer.entries] for layer in found.layers]


FIRST = tar(member("./a", tarfile.DIRTYPE), (member("./a/one"), b"1"), member("b", tarfile.LNKTYPE, linkname="./a/one"))
WITH_TOKEN = tar((member("t"), TOKEN.encode()))
SECOND = tar((member("two"), b"22"), member("s", tarfile.SYMTYPE, linkname="../x"), member("p", tarfile.FIFOTYPE))


@pytest.mark.parametrize(
    "saved", [old_style(FIRST, SECOND), new_style(FIRST, SECOND), new_style(gzip.compress(FIRST), SECOND)]
)
def test_layers_come_in_their_order_with_what_they_hold(saved: bytes) -> None:
    found = read(saved)
    assert paths(found) == [["/a", "/a/one", "/b"], ["/two", "/s", "/p"]]
    assert found.rows == (0, 2)
    kinds = [entry.kind for layer in found.layers for entry in layer.entries]
    assert kinds == [
        EntryKind.FOLDER, EntryKind.FILE, EntryKind.HARD_LINK, EntryKind.FILE, EntryKind.SYMLINK, EntryKind.OTHER
    ]  # fmt: skip
    assert [entry.link_target for entry in found.layers[0].entries] == ["", "", "/a/one"]
    assert found.layers[1].entries[1].link_target == "../x"
    assert found.layers[0].entries[1].mode == 0o644


def test_a_layer_that_is_there_twice_is_read_where_it_is_linked_to() -> None:
    found = read(old_style(FIRST, SECOND, SECOND, links={"8abc": "../7abc/layer.tar"}))
    assert paths(found)[1] == paths(found)[2] == ["/two", "/s", "/p"]


def test_links_in_a_circle_are_the_engines_trouble() -> None:
    saved = old_style(FIRST, SECOND, links={"9abc": "../8abc/layer.tar", "8abc": "../9abc/layer.tar"})
    with pytest.raises(UnreadableImage, match="link"):
        read(saved)


def test_removals_are_told_from_files_that_learners_gave_such_names() -> None:
    removals: list[Any] = [member(name, mode=0o600) for name in ("d/.wh.gone", "d/.wh..wh..opq", "d/.wh..wh.plnk")]
    own: list[Any] = [
        member("e/.wh.kept"),
        member("e/.wh..wh..opq"),
        (member("e/.wh.full", mode=0o600), TOKEN.encode()),
    ]
    found = read(old_style(FIRST, tar(*removals, *own)), texts=frozenset({TOKEN}), base_layer_ids=frozenset({"x"}))
    layer = found.layers[1]
    assert layer.removed == ("/d/gone",)
    assert layer.emptied == ("/d",)
    assert [entry.path for entry in layer.entries] == ["/e/.wh.kept", "/e/.wh..wh..opq", "/e/.wh.full"]
    assert [find.path for find in layer.finds] == ["/e/.wh.full"]


def test_texts_are_found_in_names_links_attributes_and_contents_and_in_what_the_image_says() -> None:
    attributed = member("attributed")
    attributed.pax_headers = {"SCHILY.xattr.user.note": TOKEN}
    layer = tar(
        (member("content"), b"x" * 300_000 + TOKEN.encode()),
        member(f"name-{TOKEN}"),
        member("link", tarfile.SYMTYPE, linkname=f"/{TOKEN}"),
        attributed,
    )
    config = json.dumps(
        {
            "history": [{"created_by": "FROM"}, {"created_by": f"RUN |1 T={TOKEN} true"}, {"author": TOKEN}],
            "config": {"Env": [f"T={TOKEN}"], "Labels": {TOKEN: "x"}, "Cmd": ["sh"], "User": None},
            "container_config": {"Env": [TOKEN]},
            "author": f"{TOKEN}",
        }
    ).encode()
    found = read(old_style(layer, config=config), texts=frozenset({TOKEN, "not there"}))
    assert {(find.place, find.path) for find in found.layers[0].finds} == {
        (FindPlace.CONTENT, "/content"),
        (FindPlace.NAME, f"/name-{TOKEN}"),
        (FindPlace.LINK, "/link"),
        (FindPlace.ATTRIBUTE, "/attributed"),
    }
    assert set(found.config_finds) == {
        ConfigFind(text=TOKEN, field="history", row=1),
        ConfigFind(text=TOKEN, field="history", row=2),
        ConfigFind(text=TOKEN, field="Env"),
        ConfigFind(text=TOKEN, field="Labels"),
        ConfigFind(text=TOKEN, field="author"),
    }
    assert found.rows is None


@pytest.mark.parametrize("saved", [old_style(WITH_TOKEN, WITH_TOKEN), new_style(WITH_TOKEN, WITH_TOKEN)])
def test_what_the_base_brought_is_not_searched(saved: bytes) -> None:
    found = read(saved, texts=frozenset({TOKEN}), base_layer_ids=frozenset({"sha256:0" + "0" * 63}))
    assert [len(layer.finds) for layer in found.layers] == [0, 1]
    assert found.layers[1].finds == (Find(text=TOKEN, place=FindPlace.CONTENT, path="/t", encoding="plain"),)


def test_contents_are_kept_by_name_up_to_a_bound() -> None:
    layer = tar((member("x/note"), b"n" * 100), (member("y/note"), b"m" * 100), (member("other"), b"o"))
    found = read(old_style(layer), names=frozenset({"note"}), max_bytes=80, limits=WalkLimits(content_bytes=100))
    assert [entry.content for entry in found.layers[0].entries] == [b"n" * 80, b"m" * 20, None]


def test_owners_of_a_user_namespace_are_mapped_back() -> None:
    layer = tar(member("a", uid=101000, gid=100000), member("b", uid=5, gid=6))
    assert [(entry.uid, entry.gid) for entry in read(old_style(layer), id_offset=100000).layers[0].entries] == [
        (1000, 0), (5, 6)
    ]  # fmt: skip


def test_a_layer_without_any_file_is_one() -> None:
    assert paths(read(old_style(FIRST, b"\0" * 1024, b""))) == [["/a", "/a/one", "/b"], [], []]


def test_names_of_any_bytes_and_any_shape_are_read() -> None:
    odd = ["../../etc/passwd", "/abs//x/./y", "a\nb", "\x1b[31m", "bad\udcff", "ü" * 120, "d/" * 800 + "deep"]
    (layer,) = read(old_style(tar(*(member(name) for name in odd)))).layers
    assert [entry.path for entry in layer.entries] == [
        "/../../etc/passwd", "/abs/x/y", "/a\nb", "/\x1b[31m", "/bad\udcff", f"/{'ü' * 120}", "/" + "d/" * 800 + "deep"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (WalkLimits(entries=3), "more than 3 files"),
        (WalkLimits(image_bytes=4000), "too much to read"),
        (WalkLimits(seconds=-1), "within"),
        (WalkLimits(name_bytes=2), "longer than 2"),
    ],
)
def test_a_bound_that_is_reached_is_told(limits: WalkLimits, says: str) -> None:
    found = read(old_style(FIRST, SECOND), limits=limits)
    assert says in found.limit
    assert found.layers == ()


def test_where_links_lead_counts_as_much_as_what_they_are_called() -> None:
    links = [member(f"link{number}", tarfile.SYMTYPE, linkname="x" * 4000) for number in range(20)]
    assert len(read(old_style(tar(*links))).layers[0].entries) == 20
    assert (
        "The paths of the image have more than"
        in read(old_style(tar(*links)), limits=WalkLimits(names_bytes=60_000)).limit
    )


def test_finds_are_bounded() -> None:
    layer = tar(*(member(f"{number}{TOKEN}") for number in range(50)))
    assert len(read(old_style(layer), texts=frozenset({TOKEN}), limits=WalkLimits(finds=7)).layers[0].finds) == 7


def test_an_image_that_says_too_much_of_itself_is_given_up() -> None:
    assert "says of itself" in read(old_style(FIRST, config=b" " * 17_000_000)).limit


@pytest.mark.parametrize(
    "saved",
    [
        b"",
        b"no tar at all" * 100,
        old_style(FIRST)[:3000],
        tar((member("manifest.json"), b"{")),
        tar((member("manifest.json"), b"[]")),
        tar((member("manifest.json"), b"[7]")),
        tar((member("other"), b"x")),
        old_style(b"not a layer" * 100),
        old_style(FIRST, config=b"[]"),
        new_style(b"\x28\xb5\x2f\xfd" + b"\0" * 600),
        new_style(gzip.compress(FIRST)[:60]),
    ],
)
def test_what_is_no_saved_image_is_the_engines_trouble(saved: bytes) -> None:
    with pytest.raises(UnreadableImage):
        read(saved)


def test_trouble_with_the_connection_stays_what_it_is() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError(104, "gone")

    with pytest.raises(ConnectionResetError):
        read_saved(Broken(), search=Search(), budget=Budget(WalkLimits()))


WHOLE = [
    old_style(FIRST, SECOND, links={"8abc": "../9abc/layer.tar"}),
    new_style(gzip.compress(FIRST, mtime=0), SECOND),
]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8),
    st.integers(0, 10**6),
)
def test_a_saved_image_with_any_damage_is_read_or_refused(
    saved: bytes, damage: list[tuple[int, int]], cut: int
) -> None:
    broken = bytearray(saved)
    for place, byte in damage:
        broken[place % len(broken)] = byte
    if damage and damage[0][1] % 4 == 0:
        del broken[cut % len(broken) :]
    try:
        found = read(bytes(broken), texts=frozenset({TOKEN}), names=frozenset({"one"}))
    except UnreadableImage:
        return
    assert found.layers or found.limit or b"Layers" not in broken
