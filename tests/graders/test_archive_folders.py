"""Folders on disk as submissions: what is left out, and what is refused even where it changes under one's hands."""

import gzip
import io
import os
import random
import tarfile
from pathlib import Path

import pytest

from graders.archive import Submission
from graders.archive.basket import Basket
from graders.archive.folders import _content
from graders.archive.limits import Caps, SubmissionRefused


def test_what_systems_leave_behind_is_left_out_of_a_folder_too(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    (tmp_path / ".DS_Store").write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("x")
    assert set(Submission.from_directory(tmp_path).files) == {"Dockerfile"}


@pytest.mark.timeout(60)
def test_a_pipe_that_took_a_files_place_is_neither_waited_for_nor_taken(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "late")
    with pytest.raises(SubmissionRefused) as caught:
        _content(str(tmp_path / "late"), Basket(Caps()), "late")
    assert caught.value.code == "special-file"


def test_a_link_that_took_a_files_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "late").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        _content(str(tmp_path / "late"), Basket(Caps()), "late")


def test_a_packed_archive_may_not_unpack_to_more_than_all_its_files_may_have() -> None:
    content = random.Random(1).randbytes(200_000)  # nothing packs it: no bomb, only too much
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("a")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    with pytest.raises(SubmissionRefused) as caught:
        Submission.from_tar(gzip.compress(packed.getvalue()), caps=Caps(files=2, total_bytes=1000, file_bytes=1000))
    assert caught.value.code == "too-large"


def test_a_submission_shows_how_much_it_holds_and_nothing_of_it() -> None:
    submission = Submission.from_files({"Dockerfile": b"FROM secret\n"})
    assert repr(submission) == f"Submission(1 files, {submission.digest[:12]})"
