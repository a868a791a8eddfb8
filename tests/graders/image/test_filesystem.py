"""Layers on top of each other: what is there in the end, and which bytes were stored for nothing."""

from graders.image.contents import EntryKind, LayerContents, LayerEntry
from graders.image.filesystem import FileSystem


def file(path: str, size: int = 10) -> LayerEntry:
    return entry(path, EntryKind.FILE, size=size)


def folder(path: str) -> LayerEntry:
    return entry(path, EntryKind.FOLDER)


def entry(path: str, kind: EntryKind, *, size: int = 0, target: str = "") -> LayerEntry:
    return LayerEntry(path=path, kind=kind, size_bytes=size, mode=0o644, uid=0, gid=0, link_target=target)


def layer(*entries: LayerEntry, removed: tuple[str, ...] = (), emptied: tuple[str, ...] = ()) -> LayerContents:
    return LayerContents(entries=entries, removed=removed, emptied=emptied)


def stacked(*layers: LayerContents) -> FileSystem:
    made = FileSystem()
    for index, one in enumerate(layers):
        made.apply(index, one)
    return made


def paths(made: FileSystem) -> set[str]:
    return {path for path, _ in made.walk()}


def waste(made: FileSystem) -> list[tuple[str, int, int, int, bool]]:
    return [(each.path, each.size_bytes, each.made_in, each.undone_in, each.deleted) for each in made.waste]


def test_a_removed_file_is_gone_and_its_bytes_are_wasted() -> None:
    made = stacked(layer(file("/a"), file("/b")), layer(removed=("/a",)))
    assert paths(made) == {"/b"}
    assert waste(made) == [("/a", 10, 0, 1, True)]


def test_a_replaced_file_is_wasted_in_the_layer_below() -> None:
    made = stacked(layer(file("/a", 7)), layer(file("/a", 8)), layer(file("/a", 9)))
    assert waste(made) == [("/a", 7, 0, 1, False), ("/a", 8, 1, 2, False)]
    node = made.find("/a")
    assert node is not None
    assert (node.size_bytes, node.layer, node.since) == (9, 2, 0)


def test_removing_a_folder_wastes_all_that_lay_in_it() -> None:
    made = stacked(layer(folder("/d"), file("/d/x"), folder("/d/e"), file("/d/e/y", 5)), layer(removed=("/d",)))
    assert paths(made) == set()
    assert sorted(waste(made)) == [("/d/e/y", 5, 0, 1, True), ("/d/x", 10, 0, 1, True)]


def test_an_emptied_folder_shows_only_what_its_own_layer_puts_there_in_any_order() -> None:
    made = stacked(layer(folder("/d"), file("/d/x")), layer(file("/d/new"), folder("/d"), emptied=("/d",)))
    assert paths(made) == {"/d", "/d/new"}
    assert waste(made) == [("/d/x", 10, 0, 1, True)]


def test_emptying_the_root_leaves_nothing_and_breaks_nothing() -> None:
    made = stacked(layer(file("/a")), layer(file("/b"), emptied=("/",), removed=("/", "/a/b", "/none/at/all")))
    assert paths(made) == {"/b"}


def test_a_hard_link_keeps_its_bytes_and_they_count_once() -> None:
    both = layer(file("/a"), entry("/b", EntryKind.HARD_LINK, target="/a"))
    half = stacked(both, layer(removed=("/a",)))
    assert waste(half) == []
    node = half.find("/b")
    assert node is not None
    assert (node.kind, node.size_bytes) == (EntryKind.FILE, 10)
    assert waste(stacked(both, layer(removed=("/a",)), layer(removed=("/b",)))) == [("/b", 10, 0, 2, True)]


def test_a_hard_link_to_a_file_of_a_layer_below_shares_its_bytes() -> None:
    made = stacked(layer(file("/a")), layer(entry("/b", EntryKind.HARD_LINK, target="/a")), layer(removed=("/a",)))
    assert waste(made) == []
    lost = stacked(layer(entry("/b", EntryKind.HARD_LINK, target="/nowhere")))
    assert paths(lost) == {"/b"}


def test_a_folder_that_is_told_again_keeps_what_is_in_it() -> None:
    made = stacked(layer(folder("/d"), file("/d/x")), layer(folder("/d")))
    assert paths(made) == {"/d", "/d/x"}
    assert waste(made) == []


def test_a_file_in_the_place_of_a_folder_wastes_it_and_the_other_way_round() -> None:
    assert waste(stacked(layer(folder("/d"), file("/d/x")), layer(file("/d")))) == [("/d/x", 10, 0, 1, False)]
    turned = stacked(layer(file("/d")), layer(file("/d/x")))
    assert paths(turned) == {"/d", "/d/x"}
    assert waste(turned) == [("/d", 10, 0, 1, False)]


def test_what_one_layer_says_twice_is_no_waste() -> None:
    assert waste(stacked(layer(file("/a", 5), file("/a", 6)))) == []


def test_folders_that_are_only_implied_are_there() -> None:
    made = stacked(layer(file("/a/b/c")))
    node = made.find("/a/b")
    assert node is not None
    assert node.kind is EntryKind.FOLDER


def test_links_are_followed_on_the_way_and_not_at_the_end() -> None:
    made = stacked(
        layer(
            file("/srv/app/x"),
            entry("/app", EntryKind.SYMLINK, target="srv/app"),
            entry("/up", EntryKind.SYMLINK, target="/srv/../srv/app"),
            entry("/loop", EntryKind.SYMLINK, target="/loop/loop"),
        )
    )
    for path in ("/app/x", "/up/x", "/app/../app/x", "/srv/app/x"):
        node = made.find(path)
        assert node is not None, path
        assert node.kind is EntryKind.FILE
    link = made.find("/app")
    assert link is not None
    assert link.kind is EntryKind.SYMLINK
    assert made.find("/loop/x") is None
    assert made.find("/srv/app/x/y") is None
    assert made.find("/../..") is made.find("/")


def test_a_very_deep_path_is_put_and_removed() -> None:
    deep = "/d" * 3000
    made = stacked(layer(file(deep)), layer(removed=("/d",)))
    assert waste(made) == [(deep, 10, 0, 1, True)]
