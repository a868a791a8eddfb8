"""Row 12 of docs/security.md: what an archive brings is refused by name, or is in the context and nowhere else."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.archive import Submission, SubmissionRefused
from graders.report import Report
from tests.security.attempts import word_plan

Graded = Callable[..., Report]


def a_tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for entry, content in members:
            entry.size = len(content) if entry.isreg() else 0
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    return entry


def a_zip(names: list[str], content: bytes = b"x") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return packed.getvalue()


DOCKERFILE = (member("Dockerfile"), b"FROM busybox:1.35\n")
HOSTILE_TARS = {
    "up and out": a_tar(DOCKERFILE, (member("../../tmp/drydock-slipped"), b"x")),
    "absolute": a_tar(DOCKERFILE, (member("/tmp/drydock-slipped"), b"x")),
    "link out": a_tar(DOCKERFILE, (member("out", tarfile.SYMTYPE, "/etc"), b""), (member("out/drydock-slipped"), b"x")),
    "hard link": a_tar(DOCKERFILE, (member("hard", tarfile.LNKTYPE, "/etc/passwd"), b"")),
    "device": a_tar(DOCKERFILE, (member("sda", tarfile.BLKTYPE), b"")),
    "character device": a_tar(DOCKERFILE, (member("mem", tarfile.CHRTYPE), b"")),
    "pipe": a_tar(DOCKERFILE, (member("pipe", tarfile.FIFOTYPE), b"")),
    "control characters": a_tar(DOCKERFILE, (member("a\x1b[2J\nb"), b"x")),
    "bomb": gzip.compress(a_tar(DOCKERFILE, (member("zeros"), bytes(60_000_000)))),
}
HOSTILE_ZIPS = {
    "up and out": a_zip(["Dockerfile", "../../tmp/drydock-slipped"]),
    "backslashes": a_zip(["Dockerfile", "..\\..\\tmp\\drydock-slipped"]),
    "drive": a_zip(["Dockerfile", "C:\\drydock-slipped"]),
    "many files": a_zip([f"f{number}" for number in range(100_000)], b""),
    "bomb": a_zip(["Dockerfile", "zeros"], bytes(60_000_000)),
}


@pytest.mark.parametrize("name", HOSTILE_TARS)
def test_a_hostile_tar_is_refused_and_writes_nothing(name: str) -> None:
    with pytest.raises(SubmissionRefused) as refused:
        Submission.from_tar(HOSTILE_TARS[name])
    assert len(str(refused.value)) > 20
    assert not list(Path("/tmp").glob("drydock-slipped*"))


@pytest.mark.parametrize("name", HOSTILE_ZIPS)
def test_a_hostile_zip_is_refused_and_writes_nothing(name: str) -> None:
    with pytest.raises(SubmissionRefused) as refused:
        Submission.from_zip(HOSTILE_ZIPS[name])
    assert len(str(refused.value)) > 20
    assert not list(Path("/tmp").glob("drydock-slipped*"))


ODD_NAMES = ("-rf", "a b", "$(touch x)", "`id`", "...", "..a", "*", "ä", "'\"", "#", "%2e%2e", "=1+1")


@pytest.mark.engine
def test_odd_names_are_files_of_the_context_and_nothing_more(graded: Graded) -> None:
    text = (
        'FROM busybox:1.35\nCOPY . /in/\nRUN cd /in && for f in * .[!.]* ..?*; do test -e "./$f" && echo "<$f>"; done\n'
    )
    packed = a_zip([*ODD_NAMES, ".dockerignore"], b"")
    submission = Submission.from_zip(packed).with_files({"Dockerfile": text.encode()})
    report = graded(word_plan(), submission)
    assert report.builds[0].ok, report.builds
    found = {line.strip("<>") for line in report.builds[0].steps[-1].log.splitlines() if line.startswith("<")}
    assert found == {*ODD_NAMES, "Dockerfile", ".dockerignore", "word.txt"}
