"""Mutants for fuzzing: good and hostile Dockerfiles and archives, changed a little. The same seed makes the same."""

import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sandboxes import BUSYBOX

GOOD = (
    f'FROM {BUSYBOX}\nWORKDIR /app\nCOPY . .\nENV PORT=8000 MODE="a b"\nEXPOSE $PORT\nCMD ["sh", "-c", "echo hi"]\n',
    f"FROM {BUSYBOX} AS build\nARG V=1\nRUN echo $V > /out\nFROM scratch\nCOPY --from=build --chown=1:1 /out /out\n",
    "# escape=`\nFROM scratch\nLABEL a=b `\n  # why\n\n  c='d e'\nCOPY a `\n  /x/\nHEALTHCHECK --interval=5s CMD x\n",
    'ARG TAG=1.35\nFROM busybox:${TAG}\nUSER 1000\nVOLUME ["/data"]\nSTOPSIGNAL SIGINT\nSHELL ["/bin/sh", "-c"]\n',
    f'\ufeffFROM {BUSYBOX}\r\nADD folder /f/\r\nENTRYPOINT ["cat"]\r\nMAINTAINER me\r\nENV A=${{B:-c}} D=${{A:+e}}\r\n',
)
HOSTILE = (
    f"FROM {BUSYBOX}\nRUN <<EOF cat\nRUN echo\nEOF\nCOPY <<'X' /x\ny\nX\n",
    f"# syntax=evil/frontend\nFROM {BUSYBOX}\nRUN --security=insecure --network=host id\n",
    f"FROM {BUSYBOX}\nRUN --mount=type=bind,from=evil,source=../../etc,target=/e cat /e/x\nADD http://192.0.2.1/x /\n",
    f"FROM {BUSYBOX}\nENV A=$A$A$A$A$A$A$A$A\nENV A=$A$A$A$A$A$A$A$A\nENV A=$A$A$A$A$A$A$A$A\n",
    f"FROM {BUSYBOX} AS a\nFROM a AS b\nFROM ${{C:-b}}\nCOPY --from=0 / /x\nCOPY --from=evil / /y\nONBUILD ONBUILD x\n",
    f'FROM {BUSYBOX}\nRUN echo \'it\\\'s\' "$(id)" `id` \\\\\nCMD [1, {{"a": [[[\nEXPOSE 1-65535\nVOLUME ' + "/v " * 60,
)

_FILES = {"a": b"1\n", "folder/d": b"2\n" * 40}
_LINES = (
    *(
        "# why\n",
        "\n",
        "  # escape=`\n",
        "ENV Z=z $Y\n",
        "ENV Z=z Y=$Z\n",
        "ARG X=${Y:-y}\n",
        "COPY a /b c/\n",
        "WORKDIR x\n",
    ),
    *(
        'LABEL "a b"=c\n',
        "EXPOSE 80/udp 8000-8010\n",
        'CMD ["a"] \n',
        "CMD a \\\\\n",
        "USER x:y\n",
        "FROM scratch\n",
        "copy  a  /é\n",
    ),
    *(
        "HEALTHCHECK NONE\n",
        "ONBUILD RUN x\n",
        "RUN exit 3\n",
        "RUN echo '\x1b[31m' >&2\n",
        "COPY none /\n",
        "STOPSIGNAL 99\n",
    ),
)
_TOKENS = (
    *(
        "FROM scratch\n",
        "FROM ",
        "RUN ",
        "RUN true\n",
        "COPY a /b\n",
        "ONBUILD ",
        "CMD []",
        "ENV A=",
        "ARG X\n",
        "USER \n",
    ),
    *(
        "# escape=`\n",
        "# syntax=x\n",
        "//syntax=x\n",
        '{"syntax":"x"}',
        "<<EOF",
        "<<-'E'\n",
        "EOF\n",
        "\\\n",
        "\\\\\n",
        "`\n",
    ),
    *(
        "$A",
        "${A",
        "${A:-",
        "${A:?}",
        "${A%x}",
        "}",
        "$",
        "'",
        '"',
        "\\",
        "[",
        "]",
        '["a",',
        ",",
        "=",
        "--from=0 ",
        "--x",
        "--",
    ),
    *(
        "\x00",
        "\x1b[31m",
        "\ufeff",
        "\u202e",
        "\u00a0",
        "\x85",
        "\u2028",
        "\xe9",
        "\u732b",
        "\r",
        "\r\n",
        "\n\n",
        "\t",
        "\v",
    ),
    *("http://x ", "git@x:y", "../..", "/", "AS b\n", "0" * 30, "-1", "x" * 70_000, " " * 5_000, "RUN x\n" * 600),
)


@dataclass(frozen=True)
class Mutant:
    """What somebody hands in: a Dockerfile's bytes, or an archive's."""

    number: int
    kind: Literal["dockerfile", "tar", "zip"]
    data: bytes


def mutants(count: int, *, seed: int) -> Iterator[Mutant]:
    """The first `count` mutants of this seed: as many Dockerfiles as archives."""
    for number in range(count):
        source = random.Random(f"{seed}/{number}")
        text = _dockerfile(source)
        if number % 2 == 0:
            yield Mutant(number, "dockerfile", text)
        elif number % 4 == 1:
            yield Mutant(number, "zip", _shaken(source, _zip(source, text), times=source.choice([0, 0, 1, 2, 6])))
        else:
            yield Mutant(number, "tar", _tar(source, text))


def _dockerfile(source: random.Random) -> bytes:
    """Every other one is changed so little that it may still be built."""
    if source.random() < 0.5:
        text = source.choice(GOOD)
        for _ in range(source.choice([1, 1, 2, 3])):
            text = source.choice(_GENTLE)(source, text)
        return text.encode()
    text = source.choice(GOOD + HOSTILE)
    for _ in range(source.choice([1, 1, 2, 3, 8])):
        text = source.choice(_GENTLE + _ROUGH)(source, text)
    return _shaken(source, text.encode(), times=source.choice([0, 0, 0, 1, 3]))


def _insert(source: random.Random, text: str) -> str:
    at = source.randint(0, len(text))
    return text[:at] + source.choice(_TOKENS) + text[at:]


def _cut(source: random.Random, text: str) -> str:
    at = source.randint(0, len(text))
    return text[:at] + text[at + source.randint(1, 30) :]


def _repeat(source: random.Random, text: str) -> str:
    at = source.randint(0, len(text))
    return text[:at] + text[at : at + source.randint(1, 60)] * source.randint(2, 9) + text[at:]


def _shuffle(source: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    source.shuffle(lines)
    return "".join(lines)


def _drop_line(source: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    dropped = source.randrange(len(lines) + 1)
    return "".join(lines[:dropped] + lines[dropped + 1 :])


def _add_line(source: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    lines.insert(source.randrange(len(lines) + 1), source.choice(_LINES))
    return "".join(lines)


def _other_letter(source: random.Random, text: str) -> str:
    at = source.randint(0, len(text))
    return text[:at] + source.choice("aZ0/._- ") + text[at + 1 :]


def _splice(source: random.Random, text: str) -> str:
    other = source.choice(GOOD + HOSTILE)
    return text[: source.randint(0, len(text))] + other[source.randint(0, len(other)) :]


def _join(source: random.Random, text: str) -> str:
    return text.replace("\n", source.choice([" ", "\r\n", "\\\n", "\r", "\n\n", "\n#\n"]), source.randint(1, 4))


def _swap_case(_: random.Random, text: str) -> str:
    return text.swapcase()


Change = Callable[[random.Random, str], str]
_GENTLE: tuple[Change, ...] = (_add_line, _other_letter)
_ROUGH: tuple[Change, ...] = (_insert, _cut, _drop_line, _repeat, _shuffle, _splice, _join, _swap_case)


def _shaken(source: random.Random, data: bytes, *, times: int) -> bytes:
    """Single bytes changed, stretches lost, doubled or filled."""
    changed = bytearray(data)
    for _ in range(times):
        at = source.randrange(len(changed) + 1)
        length = source.choice([1, 1, 4, 60, 512])
        match source.randrange(5):
            case 0 | 1:
                changed[at : at + 1] = source.randbytes(1)
            case 2:
                del changed[at : at + length]
            case 3:
                changed[at:at] = changed[at : at + length]
            case _:
                changed[at : at + length] = source.choice([b"\x00", b"\xff", b"7"]) * length
    return bytes(changed)


def _names(source: random.Random, text: bytes) -> Mapping[str, bytes]:
    odd = (
        "../x",
        "/etc/x",
        "a/../../x",
        "C:\\x",
        "n\x00b",
        "x\u202ey",
        "con",
        ".git/x",
        "A",
        "Dockerfile/x",
        "d/" * 40 + "x",
        "",
    )
    files = {"Dockerfile": text, **_FILES}
    if source.random() < 0.3:
        files[source.choice(odd)] = b"odd"
    if source.random() < 0.2:
        files = {f"lab/{name}": content for name, content in files.items()}
    return files


def _zip(source: random.Random, text: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", source.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        for name, content in _names(source, text).items():
            entry = zipfile.ZipInfo(name)
            odd = source.choice([0o120777, 0o010644, 0o060644, 0o040755])
            entry.external_attr = (odd if source.random() < 0.05 else source.choice([0, 0o100644, 0o100755])) << 16
            archive.writestr(entry, content if source.random() < 0.98 else bytes(2_000_000))
    return packed.getvalue()


def _tar(source: random.Random, text: bytes) -> bytes:
    packed = io.BytesIO()
    form = source.choice([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
    with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
        for name, content in _names(source, text).items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            if source.random() < 0.05:
                entry.type = source.choice(
                    [b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"S", b"L", b"K", b"x", b"g", b"V"]
                )
                entry.linkname = source.choice(["/etc/passwd", "../..", "a", "x" * 120])
            if form == tarfile.PAX_FORMAT and source.random() < 0.05:
                entry.pax_headers = {source.choice(["path", "size", "GNU.sparse.major", "linkpath", "mtime"]): "../1"}
            archive.addfile(entry, io.BytesIO(content))
    data = _shaken(source, packed.getvalue(), times=source.choice([0, 0, 1, 2, 6]))
    if source.random() < 0.5:
        return data
    return _shaken(source, gzip.compress(data, 1, mtime=0), times=source.choice([0, 0, 1, 3]))
