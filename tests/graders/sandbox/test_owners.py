"""Giving a build context's files to somebody else."""

import io
import tarfile

from sandboxes import context

from graders.sandbox.owners import owned_by


def test_every_file_and_every_folder_on_the_way_gets_the_owner_and_nothing_else_changes() -> None:
    given = context("FROM x\n", {"a/b/run.sh": b"echo\n", "a/c.txt": b"c"})
    with tarfile.open(fileobj=io.BytesIO(owned_by(given, 100_000))) as archive:
        members = {member.name: member for member in archive}
        text = archive.extractfile("a/b/run.sh")
        assert text is not None
        assert text.read() == b"echo\n"
    assert list(members) == ["Dockerfile", "a", "a/b", "a/b/run.sh", "a/c.txt"]
    assert {(member.uid, member.gid) for member in members.values()} == {(100_000, 100_000)}
    assert members["a"].isdir()


def test_a_folder_that_is_named_keeps_its_mode_and_comes_once() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        folder = tarfile.TarInfo("data")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o700
        archive.addfile(folder)
        archive.addfile(tarfile.TarInfo("data/x"))
    with tarfile.open(fileobj=io.BytesIO(owned_by(packed.getvalue(), 7))) as archive:
        assert [(member.name, member.mode) for member in archive] == [("data", 0o700), ("data/x", 0o644)]
