"""The lab's folder: what may be in it, and how it is read."""

import pytest

from graders.commands.folder import Folder, kept
from graders.commands.model import CommandRefused
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState

RULES = ConsoleRules(files=4, folder_mib=0.01)


def folder(**files: str) -> Folder:
    """Make a folder with files, `__` in their names standing for a slash."""
    contents = {name.replace("__", "/"): text.encode() for name, text in files.items()}
    return Folder(SessionState(files=kept(contents)), RULES)


def refusal(act: object) -> CommandRefused:
    """What calling it raises."""
    with pytest.raises(CommandRefused) as caught:
        act()  # type: ignore[operator]
    return caught.value


def test_what_is_written_is_read_however_its_path_is_spelled() -> None:
    one = folder()

    one.write("./src//app.py", b"\x00\xff")

    assert one.read("src/../src/app.py") == b"\x00\xff"
    assert one.files() == {"src/app.py": b"\x00\xff"}


def test_folders_are_listed_with_a_slash_and_a_file_by_itself() -> None:
    one = folder(Dockerfile="FROM x", src__app="a", src__deep__b="b")

    assert one.listing() == ["Dockerfile", "src/"]
    assert one.listing("src/") == ["app", "deep/"]
    assert one.listing("src/app") == ["src/app"]
    assert one.below("src") == {"app": b"a", "deep/b": b"b"}


@pytest.mark.parametrize("path", ["/etc/passwd", "~/x", "..", "../x", "a/../../x", "a\\b", "", "a\0b", "x" * 300])
def test_a_path_that_is_none_of_the_folder_is_refused(path: str) -> None:
    one = folder(a="1")

    assert refusal(lambda: one.read(path)).code == "bad-path"
    assert refusal(lambda: one.write(path, b"x")).code == "bad-path"
    assert one.files() == {"a": b"1"}


def test_what_is_missing_and_what_is_a_folder_are_told_apart() -> None:
    one = folder(src__app="a")

    assert refusal(lambda: one.read("nothing")).code == "no-such-file"
    assert refusal(lambda: one.read("src")).code == "is-a-folder"
    assert refusal(lambda: one.write("src", b"x")).code == "is-a-folder"
    assert refusal(lambda: one.write(".", b"x")).code == "is-a-folder"
    assert refusal(lambda: one.below("src/app")).code == "not-a-folder"
    assert refusal(lambda: one.below("nothing")).code == "no-such-file"
    assert refusal(lambda: one.write("src/app/more", b"x")).code == "bad-path"


def test_files_that_have_no_room_are_refused_and_none_of_them_is_written() -> None:
    one = folder(a="1")

    assert refusal(lambda: one.write("b", b"x" * 20_000)).code == "folder-full"
    assert refusal(lambda: one.write_all({f"f{number}": b"" for number in range(4)})).code == "folder-full"
    assert one.files() == {"a": b"1"}


def test_a_file_that_some_machines_take_for_another_is_refused() -> None:
    assert refusal(lambda: folder(Dockerfile="FROM x").write("dockerfile", b"")).code == "bad-path"


def test_a_removed_file_is_gone_and_its_room_is_there_again() -> None:
    one = folder(a="12345")
    before = one.room_bytes

    one.remove("a")

    assert one.files() == {}
    assert one.room_bytes == before + 5
    assert refusal(lambda: one.remove("a")).code == "no-such-file"
