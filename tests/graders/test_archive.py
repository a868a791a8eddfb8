"""A submission is a safe file set, whatever was handed in: THREATS.md, row 12, with archives really built."""

import bz2
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from graders.archive import TAKEN_BEFORE, Caps, Submission, SubmissionRefused

MIB = 1024 * 1024
PLAIN = {"Dockerfile": b"FROM busybox:1.35\n", "app/main.py": b"print('hi')\n"}


def zipped(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def zipped_member(name: str, content: bytes = b"", *, mode: int = 0o644, system: int = 3, **more: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("Dockerfile", b"FROM scratch\n")
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        info.create_system = system
        info.external_attr = mode << 16
        for key, value in more.items():
            setattr(info, key, value)
        archive.writestr(info, content)
    return out.getvalue()


def tarred(*members: tuple[str, bytes, Mapping[str, object]], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content, attributes in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def tar_of(files: Mapping[str, bytes], *, form: int = tarfile.PAX_FORMAT) -> bytes:
    return tarred(*((name, content, {}) for name, content in files.items()), form=form)


def code_of(make: Callable[[], Submission]) -> str:
    with pytest.raises(SubmissionRefused) as caught:
        make()
    refused = caught.value
    assert refused.message.isprintable()
    assert refused.message.endswith((".", "!"))
    assert refused.as_refusal().rule == refused.code
    return refused.code


def zip_code(data: bytes, caps: Caps | None = None) -> str:
    return code_of(lambda: Submission.from_zip(data, caps=caps or Caps()))


def tar_code(data: bytes, caps: Caps | None = None) -> str:
    return code_of(lambda: Submission.from_tar(data, caps=caps or Caps()))


def folder_with(tmp_path: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


# What is taken, and how


def test_every_way_in_gives_the_same_submission(tmp_path: Path) -> None:
    ways = [
        Submission.from_files(PLAIN),
        Submission.from_zip(zipped(PLAIN)),
        Submission.from_zip(zipped(PLAIN, method=zipfile.ZIP_STORED)),
        Submission.from_tar(tar_of(PLAIN)),
        Submission.from_tar(tar_of(PLAIN, form=tarfile.GNU_FORMAT)),
        Submission.from_tar(tar_of(PLAIN, form=tarfile.USTAR_FORMAT)),
        Submission.from_tar(gzip.compress(tar_of(PLAIN))),
        Submission.from_directory(folder_with(tmp_path, PLAIN)),
    ]
    assert len(set(ways)) == 1
    assert {each.tar() for each in ways} == {ways[0].tar()}
    assert dict(ways[0].files) == PLAIN
    assert ways[0].total_bytes == sum(map(len, PLAIN.values()))


def test_the_digest_tells_content_path_and_executable_bit_apart() -> None:
    digests = {
        Submission.from_files({"a": b"bc"}).digest,
        Submission.from_files({"ab": b"c"}).digest,
        Submission.from_files({"a": b"bd"}).digest,
        Submission.from_files({"a": b"bc"}, executable={"a"}).digest,
        Submission.from_files({"a": b"bc", "b": b""}).digest,
    }
    assert len(digests) == 5


def test_the_order_of_files_does_not_matter() -> None:
    assert Submission.from_files(PLAIN).digest == Submission.from_files(dict(reversed(PLAIN.items()))).digest


def test_files_cannot_be_changed_afterwards() -> None:
    with pytest.raises(TypeError):
        Submission.from_files(PLAIN).files["x"] = b""  # type: ignore[index]


def test_the_tar_holds_folders_and_files_with_plain_owners_dates_and_modes() -> None:
    data = Submission.from_files({**PLAIN, "a/b/run.sh": b"#!/bin/sh\n"}, executable={"a/b/run.sh"}).tar()
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = {each.name: (each.isdir(), each.mode, each.uid, each.gid, each.uname) for each in archive}
        assert {each.mtime for each in archive} == {1_577_836_800}
    assert found == {
        ".": (True, 0o755, 0, 0, ""),
        "a": (True, 0o755, 0, 0, ""),
        "a/b": (True, 0o755, 0, 0, ""),
        "app": (True, 0o755, 0, 0, ""),
        "Dockerfile": (False, 0o644, 0, 0, ""),
        "a/b/run.sh": (False, 0o755, 0, 0, ""),
        "app/main.py": (False, 0o644, 0, 0, ""),
    }


@pytest.mark.parametrize(
    "files",
    [
        PLAIN,
        {"only/here/x": b"1"},
        {"d/Dockerfile": b"FROM scratch\n"},
        {f"{'x' * 100}/{'y' * 100}.txt": b"long", "Dockerfile": b""},
        {"caf\u00e9/\u732b.txt": b"names", "Dockerfile": b""},
        {f"f{number}/g/h": b"" for number in range(250)},
    ],
)
def test_its_own_tar_is_read_back_as_the_same_submission(files: dict[str, bytes]) -> None:
    submission = Submission.from_files(files, executable=list(files)[:1])
    again = Submission.from_tar(submission.tar())
    assert again == submission
    assert again.executable == submission.executable


def test_executable_bits_come_along(tmp_path: Path) -> None:
    assert Submission.from_zip(zipped_member("run.sh", b"x", mode=0o100755)).executable == {"run.sh"}
    assert Submission.from_zip(zipped_member("run.sh", b"x", mode=0o100755, system=0)).executable == frozenset()
    assert Submission.from_tar(tarred(("run.sh", b"x", {"mode": 0o700}))).executable == {"run.sh"}
    folder_with(tmp_path, PLAIN)
    (tmp_path / "app/main.py").chmod(0o755)
    assert Submission.from_directory(tmp_path).executable == {"app/main.py"}


def test_files_can_be_laid_over_and_keep_their_bits() -> None:
    base = Submission.from_files({"run.sh": b"x", "a": b"1"}, executable={"run.sh"})
    over = base.with_files({"a": b"2", "run.sh": b"y", "b": b"3"})
    assert dict(over.files) == {"a": b"2", "b": b"3", "run.sh": b"y"}
    assert over.executable == {"run.sh"}


@pytest.mark.parametrize("prefix", ["lab/", "lab/lab/", "./lab/", "My Lab 1/"])
def test_a_folder_around_everything_is_taken_away(prefix: str) -> None:
    wrapped = {prefix + name: content for name, content in PLAIN.items()}
    assert Submission.from_zip(zipped({"lab/": b"", **wrapped} if prefix == "lab/" else wrapped)).files == PLAIN
    assert Submission.from_tar(tar_of(wrapped)).files == PLAIN


def test_a_folder_that_is_not_around_a_dockerfile_stays() -> None:
    assert set(Submission.from_zip(zipped({"app/main.py": b""})).files) == {"app/main.py"}
    assert set(Submission.from_files({"lab/Dockerfile": b""}).files) == {"lab/Dockerfile"}


def test_what_systems_leave_behind_is_left_out() -> None:
    junk = {
        "__MACOSX/._Dockerfile": b"x",
        ".DS_Store": b"x",
        "app/.DS_Store": b"x",
        "app/._main.py": b"x",
        "Thumbs.db": b"x",
        "desktop.ini": b"x",
        ".git/config": b"x",
        "__MACOSX/lab/x": b"x",
    }
    assert Submission.from_zip(zipped({**PLAIN, **junk})).files == PLAIN
    assert Submission.from_tar(tar_of({**PLAIN, **junk})).files == PLAIN
    assert Submission.from_files({**PLAIN, **junk}).files == PLAIN


def test_junk_beside_a_wrapped_folder_does_not_hide_the_wrapping() -> None:
    wrapped = {f"lab/{name}": content for name, content in PLAIN.items()}
    assert Submission.from_zip(zipped({"__MACOSX/lab/._Dockerfile": b"x", **wrapped})).files == PLAIN


def test_names_are_composed_and_tidied() -> None:
    decomposed = unicodedata.normalize("NFD", "caf\u00e9.txt")
    assert set(Submission.from_files({decomposed: b"", ".//a/./b": b""}).files) == {"caf\u00e9.txt", "a/b"}


def test_a_mac_zip_that_does_not_say_it_is_utf8_is_read_as_utf8() -> None:
    name = "caf\u00e9.txt".encode()
    data = zipped_member("cafXX.txt", b"x").replace(b"cafXX.txt", name)
    assert "caf\u00e9.txt" in Submission.from_zip(data).files
    west = zipped_member("cafX.txt", b"x").replace(b"cafX.txt", b"caf\x82.txt")
    assert "caf\u00e9.txt" in Submission.from_zip(west).files


def test_require_gives_the_file_or_says_what_looks_like_it() -> None:
    assert Submission.from_files(PLAIN).require() == PLAIN["Dockerfile"]
    for near in ("dockerfile", "Dockerfile.txt", "src/Dockerfile"):
        with pytest.raises(SubmissionRefused, match=near) as caught:
            Submission.from_files({near: b""}).require()
        assert caught.value.code == "no-dockerfile"
    assert code_of(lambda: (Submission.from_files(PLAIN).require("app/x.py"), Submission.from_files(PLAIN))[1]) == (
        "missing-file"
    )


# Names


NAMES = [
    ("../evil", "zip-slip"),
    ("a/../../evil", "zip-slip"),
    ("a/..", "zip-slip"),
    ("..\\..\\evil", "zip-slip"),
    ("/../etc/passwd", "zip-slip"),
    ("/etc/passwd", "absolute-path"),
    ("//server/share", "absolute-path"),
    ("\\windows\\x", "absolute-path"),
    ("C:/x", "absolute-path"),
    ("c:x", "absolute-path"),
    ("a\\b", "odd-name"),
    ("a\nb", "odd-name"),
    ("a\x1b[31m", "odd-name"),
    ("a\x7f", "odd-name"),
    ("a\u202etxt.exe", "odd-name"),
    ("a\u2066b", "odd-name"),
    ("a\u200bb", "odd-name"),
    ("\ufeffDockerfile", "odd-name"),
    ("a\u2028b", "odd-name"),
    ("a\u0085b", "odd-name"),
    ("x" * 256, "path-too-long"),
    ("x/" * 16 + "x", "path-too-long"),
    ("\u732b" * 90, "path-too-long"),
]


@pytest.mark.parametrize(("name", "code"), NAMES)
def test_a_name_that_could_do_harm_is_refused_by_every_way_in(name: str, code: str) -> None:
    assert code_of(lambda: Submission.from_files({"Dockerfile": b"", name: b"x"})) == code
    assert zip_code(zipped_member(name, b"x")) == code
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        assert tar_code(tarred((name, b"x", {}), form=form)) == code


def test_a_nul_in_a_zip_name_does_not_hide_its_end() -> None:
    data = zipped_member("DockerfileX../../evil", b"x").replace(b"DockerfileX", b"Dockerfile\0")
    assert zip_code(data) == "zip-slip"
    assert zip_code(zipped_member("innocentX", b"x").replace(b"innocentX", b"innocent\0")) == "odd-name"


def test_a_harmless_central_name_does_not_hide_a_harmful_local_one() -> None:
    data = zipped_member("harmless-name", b"x")
    assert zip_code(data.replace(b"harmless-name", b"../../../evil", 1)) == "not-an-archive"
    # and the other way round
    place = data.rindex(b"harmless-name")
    assert zip_code(data[:place] + b"../../../evil" + data[place + 13 :]) == "zip-slip"


def test_bytes_that_are_no_text_in_a_tar_name_are_odd() -> None:
    info = tarfile.TarInfo("a\udcffb")
    assert tar_code(info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape") + bytes(1024)) == "odd-name"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", "A"),
        ("a/b", "A/B"),
        ("stra\u00dfe", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("a", "a/b"),
        ("a/b/c", "A"),
        ("a", "./a"),
        ("a//b", "a/b"),
    ],
)
def test_two_names_for_one_place_are_refused_in_any_order(one: str, other: str) -> None:
    for first, second in ((one, other), (other, one)):
        assert code_of(lambda first=first, second=second: Submission.from_files({first: b"1", second: b"2"})) == (  # type: ignore[misc]
            "duplicate-path"
        )
        assert tar_code(tarred((first, b"1", {}), (second, b"2", {}))) == "duplicate-path"


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_the_same_name_twice_in_an_archive_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("Dockerfile", b"FROM scratch")
        archive.writestr("Dockerfile", b"FROM evil")
    assert zip_code(out.getvalue()) == "duplicate-path"
    assert tar_code(tarred(("Dockerfile", b"1", {}), ("Dockerfile", b"2", {}))) == "duplicate-path"


# Kinds of files


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (stat.S_IFLNK, "symlink"),
        (stat.S_IFIFO, "special-file"),
        (stat.S_IFCHR, "special-file"),
        (stat.S_IFBLK, "special-file"),
        (stat.S_IFSOCK, "special-file"),
    ],
)
def test_a_zip_member_that_is_no_file_is_refused(kind: int, code: str) -> None:
    assert zip_code(zipped_member("x", b"/etc/passwd", mode=kind | 0o777)) == code


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (tarfile.SYMTYPE, "symlink"),
        (tarfile.LNKTYPE, "hard-link"),
        (tarfile.CHRTYPE, "special-file"),
        (tarfile.BLKTYPE, "special-file"),
        (tarfile.FIFOTYPE, "special-file"),
        (tarfile.GNUTYPE_SPARSE, "sparse-file"),
        (b"D", "special-file"),
        (b"M", "special-file"),
        (b"V", "special-file"),
        (b"X", "special-file"),
    ],
)
def test_a_tar_member_that_is_no_file_is_refused(kind: bytes, code: str) -> None:
    data = tarred(
        ("Dockerfile", b"x", {}), ("x", b"", {"type": kind, "linkname": "/etc/passwd", "devmajor": 1, "devminor": 3})
    )
    assert tar_code(data) == code


def test_a_link_with_a_long_target_is_still_a_link() -> None:
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        assert tar_code(tarred(("x", b"", {"type": tarfile.SYMTYPE, "linkname": "y" * 300}), form=form)) == "symlink"


def test_a_sparse_file_in_a_pax_header_is_refused() -> None:
    headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(5 * 1024 * MIB)}
    assert tar_code(tarred(("x", b"1\n0\n0\n", {"pax_headers": headers}))) == "sparse-file"


def test_folders_in_archives_are_no_files() -> None:
    assert Submission.from_zip(zipped({"empty/": b"", **PLAIN})).files == PLAIN
    assert Submission.from_tar(tarred(("d", b"", {"type": tarfile.DIRTYPE}), ("d/x", b"1", {}))).files == {"d/x": b"1"}


def test_a_folder_on_disk_is_read_without_following_anything(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    ways: list[tuple[Callable[[Path], None], str]] = [
        (lambda place: place.symlink_to(secret), "symlink"),
        (lambda place: place.symlink_to(tmp_path, target_is_directory=True), "symlink"),
        (os.mkfifo, "special-file"),
    ]
    for number, (make, expected) in enumerate(ways):
        folder = folder_with(tmp_path / str(number), PLAIN)
        make(folder / "x")
        assert code_of(lambda folder=folder: Submission.from_directory(folder)) == expected  # type: ignore[misc]


def test_a_folder_that_is_not_there_or_holds_odd_names_is_refused(tmp_path: Path) -> None:
    assert code_of(lambda: Submission.from_directory(tmp_path / "nothing")) == "unreadable"
    assert code_of(lambda: Submission.from_directory(tmp_path)) == "empty"
    with open(os.fsencode(tmp_path) + b"/odd\xff", "w"):  # noqa: PTH123 - a name that is no text
        pass
    assert code_of(lambda: Submission.from_directory(tmp_path)) == "odd-name"


def test_a_sparse_file_on_disk_counts_with_its_whole_size(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(5 * 1024 * MIB)
    assert code_of(lambda: Submission.from_directory(tmp_path)) == "too-large"


# Sizes and counts


def test_a_hundred_thousand_files_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(100_000):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    assert zip_code(out.getvalue()) == "too-many-files"
    one = tarfile.TarInfo("00000000").tobuf()
    assert tar_code(gzip.compress(b"".join(_renamed(one, number) for number in range(20_000)) + bytes(1024), 1)) in (
        "too-many-files",
        "too-large",
    )
    assert code_of(lambda: Submission.from_files({str(number): b"" for number in range(100_000)})) == "too-many-files"


def _renamed(header: bytes, number: int) -> bytes:
    info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
    info.name = f"{number:08}"
    return info.tobuf()


def test_the_last_file_that_is_allowed_is_taken() -> None:
    caps = Caps(files=3)
    files = {str(number): b"" for number in range(3)}
    assert len(Submission.from_zip(zipped(files), caps=caps).files) == 3
    assert zip_code(zipped({**files, "more": b""}), caps) == "too-many-files"


def test_a_hundred_thousand_folders_or_left_out_files_are_refused_too(tmp_path: Path) -> None:
    assert zip_code(zipped({f"{number}/": b"" for number in range(2_100)})) == "too-many-files"
    assert zip_code(zipped({f"__MACOSX/{number}": b"" for number in range(2_100)})) == "too-many-files"
    deep = {f"{number}/a/b/c/d/e/f": b"" for number in range(120)}
    assert code_of(lambda: Submission.from_files(deep)) == "too-many-files"
    for number in range(30):
        (tmp_path / str(number)).mkdir()
    assert code_of(lambda: Submission.from_directory(tmp_path, caps=Caps(files=5))) == "too-many-files"


def test_a_file_or_all_files_that_are_too_large_are_refused() -> None:
    caps = Caps(total_bytes=1000, file_bytes=600)
    ways: list[Callable[[dict[str, bytes]], Submission]] = [
        lambda files: Submission.from_files(files, caps=caps),
        lambda files: Submission.from_zip(zipped(files), caps=caps),
        lambda files: Submission.from_tar(tar_of(files), caps=caps),
    ]
    for make in ways:
        assert len(make({"a": b"x" * 600, "b": b"y" * 400}).files) == 2
        assert code_of(lambda make=make: make({"a": b"x" * 601})) == "too-large"  # type: ignore[misc]
        assert code_of(lambda make=make: make({"a": b"x" * 600, "b": b"y" * 401})) == "too-large"  # type: ignore[misc]


def test_an_upload_of_fifty_megabytes_is_refused_unread() -> None:
    for code in (zip_code, tar_code):
        assert code(b"PK\x03\x04" + bytes(50 * MIB)) == "too-large"


def test_caps_can_follow_a_lab() -> None:
    big = os.urandom(12 * MIB)
    assert zip_code(zipped({"a": big}, method=zipfile.ZIP_STORED)) == "too-large"
    taken = Submission.from_zip(zipped({"a": big}, method=zipfile.ZIP_STORED), caps=Caps.up_to(20))
    assert Submission.from_tar(taken.tar(), caps=Caps.up_to(20)) == taken
    assert Submission.from_tar(taken.tar(), caps=TAKEN_BEFORE) == taken


# Bombs and lies


def test_a_bomb_that_grows_a_thousand_times_is_refused() -> None:
    bomb = zipped({"Dockerfile": b"FROM scratch", "bomb": bytes(9 * MIB)})
    assert len(bomb) < 20_000
    assert zip_code(bomb) == "zip-bomb"
    assert tar_code(gzip.compress(tar_of({"bomb": bytes(9 * MIB)}))) == "zip-bomb"


def test_many_small_files_that_grow_together_are_a_bomb() -> None:
    assert zip_code(zipped({str(number): bytes(100_000) for number in range(90)})) == "zip-bomb"


def test_a_text_that_packs_well_is_no_bomb() -> None:
    text = b"".join(b"line %d of an ordinary log file\n" % number for number in range(60_000))
    assert Submission.from_zip(zipped({"log": text})).files["log"] == text
    assert Submission.from_zip(zipped({"zeros": bytes(MIB)})).total_bytes == MIB


def test_a_gzip_that_grows_past_the_cap_is_stopped() -> None:
    noise = os.urandom(50_000)
    data = tar_of({"a": noise * 300})
    assert tar_code(gzip.compress(data, 9), Caps(ratio=10_000)) == "too-large"


@pytest.mark.parametrize("lie", [0, 1, 5_000, 2**31])
def test_a_zip_that_lies_about_a_size_is_refused(lie: int) -> None:
    content = os.urandom(3_000)
    data = bytearray(zipped({"a": content}))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", lie)
    local_too = bytearray(data)
    local_too[22:26] = struct.pack("<I", lie)
    for lying in (bytes(data), bytes(local_too)):
        assert zip_code(lying) in ("not-an-archive", "too-large", "zip-bomb")


def test_a_zip_whose_packed_size_lies_is_refused() -> None:
    data = bytearray(zipped({"bomb": bytes(9 * MIB)}))
    central = data.index(b"PK\x01\x02")
    data[central + 20 : central + 24] = struct.pack("<I", 9 * MIB)
    assert zip_code(bytes(data)) == "zip-bomb"


def test_zip_members_that_share_their_data_are_refused() -> None:
    data = zipped({"kernel": bytes(MIB)})
    end = data.index(b"PK\x05\x06")
    start = data.index(b"PK\x01\x02")
    entry = data[start:end]
    copies = b"".join(entry.replace(b"kernel", b"%06d" % number) for number in range(50))
    tail = bytearray(data[end:])
    tail[8:12] = struct.pack("<HH", 50, 50)
    tail[12:16] = struct.pack("<I", len(copies))
    assert zip_code(data[:start] + copies + bytes(tail)) == "not-an-archive"


def test_an_encrypted_zip_is_refused() -> None:
    data = bytearray(zipped({"a": b"x"}, method=zipfile.ZIP_STORED))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert zip_code(bytes(data)) == "encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_packed_by_an_uncommon_method_is_refused(method: int) -> None:
    assert zip_code(zipped({"a": bytes(1000)}, method=method)) == "odd-compression"


def test_damage_is_said() -> None:
    good = zipped({"a": os.urandom(2_000)})
    flipped = bytearray(good)
    flipped[200] ^= 0xFF
    assert zip_code(bytes(flipped)) == "not-an-archive"
    assert zip_code(good[:-10]) == "not-an-archive"
    tar = tar_of({"a": os.urandom(2_000)})
    assert tar_code(tar[:1000]) == "not-an-archive"
    assert tar_code(tar[:100]) == "not-an-archive"
    assert tar_code(b"x" + tar[1:]) == "not-an-archive"
    packed = gzip.compress(tar)
    assert tar_code(packed[:-20]) == "not-an-archive"
    assert tar_code(packed[:100]) == "not-an-archive"
    assert tar_code(packed + packed) == "not-an-archive"
    wrong = bytearray(packed)
    wrong[-5] ^= 0xFF
    assert tar_code(bytes(wrong)) == "not-an-archive"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"7z\xbc\xaf\x27\x1c\x00", "7z"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"%PDF-1.4", "PDF"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"FROM x", "else"),
    ],
)
def test_another_format_is_named(data: bytes, word: str) -> None:
    with pytest.raises(SubmissionRefused, match=word) as caught:
        Submission.from_zip(data)
    assert caught.value.code == "not-an-archive"


def test_other_tar_packings_are_named() -> None:
    for data, word in ((bz2.compress(b"x"), "bzip2"), (lzma.compress(b"x"), "xz"), (zipped(PLAIN), "zip")):
        with pytest.raises(SubmissionRefused, match=word):
            Submission.from_tar(data)


def test_nothing_in_it_is_empty() -> None:
    assert zip_code(b"") == tar_code(b"") == "empty"
    assert zip_code(zipped({})) == "empty"
    assert zip_code(zipped({"a/": b"", ".DS_Store": b""})) == "empty"
    assert tar_code(bytes(10_240)) == "empty"
    assert code_of(lambda: Submission.from_files({})) == "empty"
    assert code_of(lambda: Submission.from_files({".": b"", "x/": b""})) == "empty"


def changed(header: bytes, at: int, value: bytes) -> bytes:
    block = bytearray(header)
    block[at : at + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("size", "code"),
    [
        (b"\xff" * 12, "not-an-archive"),
        (b"\x80" + b"\xff" * 11, "too-large"),
        (b"77777777777\0", "too-large"),
        (b"-1\0", "not-an-archive"),
        (b"12345678901\0", "not-an-archive"),
    ],
)
def test_an_impossible_size_in_a_tar_header_is_refused(size: bytes, code: str) -> None:
    header = tarfile.TarInfo("a").tobuf()
    assert tar_code(changed(header, 124, size) + bytes(1024)) == code


@pytest.mark.parametrize(
    "record",
    [
        b"11 size=-1\n",
        b"9999 a=b\n",
        b"x a=b\n",
        b"0 a=b\n",
        b"5 a=b\n",
        b"6 abc\n",
        b"99999999999999999999 a=b\n",
        b"\xff",
        b"17 size=99999999\n",
    ],
)
def test_a_pax_record_that_makes_no_sense_is_refused(record: bytes) -> None:
    extended = changed(changed(tarfile.TarInfo("pax").tobuf(), 156, b"x"), 124, b"%011o\0" % len(record))
    data = extended + record.ljust(512, b"\0") + tarfile.TarInfo("a").tobuf() + bytes(1024)
    assert tar_code(data) in ("not-an-archive", "too-large")


def test_an_endless_tar_name_or_one_for_all_files_is_refused() -> None:
    assert tar_code(tarred(("n" * 70_000, b"", {}), form=tarfile.GNU_FORMAT)) == "odd-name"
    assert tar_code(tarred(("n" * 70_000, b"", {}), form=tarfile.PAX_FORMAT)) == "odd-name"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"path": "../evil"}) as archive:
        archive.addfile(tarfile.TarInfo("a"))
    assert tar_code(out.getvalue()) == "not-an-archive"


def test_a_comment_for_all_files_as_git_archive_writes_it_is_ignored() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "abc"}) as archive:
        archive.addfile(tarfile.TarInfo("a"))
    assert set(Submission.from_tar(out.getvalue()).files) == {"a"}


def test_a_message_shows_a_name_inert_and_short() -> None:
    with pytest.raises(SubmissionRefused) as caught:
        Submission.from_files({"<b>\x1b[2J\u202e" + "x" * 500: b""})
    assert len(caught.value.message) < 250
    assert caught.value.message.isascii()
