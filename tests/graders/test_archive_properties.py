"""Whatever bytes arrive, a submission comes out that is safe, or one SubmissionRefused."""

import io
import tarfile
import unicodedata
import zipfile

from hypothesis import given, settings
from hypothesis import strategies as st

from graders.archive import Caps, Submission, SubmissionRefused

CAPS = Caps(files=20, total_bytes=20_000, file_bytes=10_000, packed_bytes=60_000)
names = st.text(
    alphabet=st.sampled_from("aAbé./\\.. \x00\n\u202eC:_-~$猫DockerfileX__MACOSX"), min_size=0, max_size=30
) | st.sampled_from(
    ["Dockerfile", "app/x.py", "../x", "/x", "a/../b", "lab/Dockerfile", "__MACOSX/x", ".git/x", "a", "a/b"]
)
contents = st.binary(max_size=300) | st.just(bytes(5_000))
file_sets = st.dictionaries(names, contents, max_size=6)
mutations = st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), max_size=6)
cuts = st.tuples(st.integers(0, 2**16), st.integers(0, 2**16))


def assert_safe(submission: Submission) -> None:
    assert 1 <= len(submission.files) <= CAPS.files
    assert submission.total_bytes <= CAPS.total_bytes
    places = set()
    for path, content in submission.files.items():
        assert len(content) <= CAPS.file_bytes
        assert path == unicodedata.normalize("NFC", path)
        assert not path.startswith("/")
        assert not {"", ".", ".."} & set(path.split("/"))
        assert "\\" not in path
        assert path.isprintable()
        places.add(path.casefold())
    assert len(places) == len(submission.files)
    with tarfile.open(fileobj=io.BytesIO(submission.tar())) as archive:
        members = archive.getmembers()
    assert all(member.isreg() or member.isdir() for member in members)
    again = Submission.from_tar(submission.tar(), caps=CAPS)
    assert again == submission
    assert again.tar() == submission.tar()
    assert Submission.from_files(submission.files, executable=submission.executable, caps=CAPS) == submission


def check_zip(data: bytes) -> None:
    try:
        submission = Submission.from_zip(data, caps=CAPS)
    except SubmissionRefused as refused:
        told(refused)
        return
    assert_safe(submission)


def check_tar(data: bytes) -> None:
    try:
        submission = Submission.from_tar(data, caps=CAPS)
    except SubmissionRefused as refused:
        told(refused)
        return
    assert_safe(submission)


def told(refused: SubmissionRefused) -> None:
    assert refused.code
    assert refused.message.isprintable()


def mutated(data: bytes, changes: list[tuple[int, int]], cut: tuple[int, int]) -> bytes:
    changed = bytearray(data)
    for place, value in changes:
        if changed:
            changed[place % len(changed)] = value
    start, length = cut
    if length % 4 == 0 and changed:  # now and then, lose a piece
        del changed[start % len(changed) : start % len(changed) + length % 700]
    return bytes(changed)


def zipped(files: dict[str, bytes], method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.compress_type = method
            archive.writestr(info, content)
    return out.getvalue()


def tarred(files: dict[str, bytes], form: int, kind: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for number, (name, content) in enumerate(files.items()):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if number == 2:
                info.type = kind
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


@settings(max_examples=300, deadline=None)
@given(file_sets)
def test_any_files_are_taken_safely_or_refused(files: dict[str, bytes]) -> None:
    try:
        submission = Submission.from_files(files, caps=CAPS)
    except SubmissionRefused as refused:
        told(refused)
        return
    assert_safe(submission)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_are_refused_or_safe(data: bytes) -> None:
    check_zip(data)
    check_zip(b"PK\x03\x04" + data)
    check_tar(data)
    check_tar(b"\x1f\x8b\x08\x00" + data)


@settings(max_examples=800, deadline=None)
@given(file_sets, mutations, cuts, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_a_mutated_zip_is_refused_or_safe(
    files: dict[str, bytes], changes: list[tuple[int, int]], cut: tuple[int, int], method: int
) -> None:
    check_zip(mutated(zipped(files, method), changes, cut))


@settings(max_examples=800, deadline=None)
@given(
    file_sets,
    mutations,
    cuts,
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    st.sampled_from([b"0", b"1", b"2", b"5", b"S", b"x", b"g", b"L", b"K"]),
)
def test_a_mutated_tar_is_refused_or_safe(
    files: dict[str, bytes], changes: list[tuple[int, int]], cut: tuple[int, int], form: int, kind: bytes
) -> None:
    check_tar(mutated(tarred(files, form, kind), changes, cut))
