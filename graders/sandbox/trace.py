"""Decodes BuildKit's progress messages: protobuf bytes in, vertexes and their log chunks out.

The engine sends `moby.buildkit.v1.StatusResponse` messages (BuildKit's api/services/control/control.proto). Three
message kinds with eleven fields are needed, so the wire format is read by hand
(https://protobuf.dev/programming-guides/encoding/) instead of bringing generated code and its run time along.
Unknown fields are skipped, as protobuf asks of readers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10
_FIELD_SHIFT, _WIRE_MASK = 3, 7

Value = int | bytes


class UnreadableTrace(ValueError):
    """The bytes are not a StatusResponse."""


@dataclass(frozen=True, kw_only=True)
class Vertex:
    """One node of the build, such as a Dockerfile instruction; sent anew whenever something about it changes."""

    digest: str
    inputs: tuple[str, ...] = ()
    name: str = ""
    cached: bool = False
    started: float | None = None
    """Seconds since the epoch by the engine's clock."""
    completed: float | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class LogChunk:
    """Output of a vertex; chunks end anywhere, inside a line or a character too."""

    vertex: str
    stream: int
    """1 for stdout, 2 for stderr."""
    data: bytes
    at: float | None = None
    """Seconds since the epoch by the engine's clock."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """One message."""

    vertexes: tuple[Vertex, ...]
    logs: tuple[LogChunk, ...]


def decode_status(data: bytes) -> Status:
    """Decode one StatusResponse. Raises UnreadableTrace."""
    vertexes, logs = [], []
    for number, value in _fields(data):
        if number == 1:
            vertexes.append(_vertex(_bytes(value)))
        elif number == 3:  # noqa: PLR2004  field numbers are those of control.proto
            logs.append(_log(_bytes(value)))
    return Status(vertexes=tuple(vertexes), logs=tuple(logs))


def _vertex(data: bytes) -> Vertex:
    digest = name = error = ""
    inputs: list[str] = []
    cached = False
    started = completed = None
    for number, value in _fields(data):
        match number:
            case 1:
                digest = _text(value)
            case 2:
                inputs.append(_text(value))
            case 3:
                name = _text(value)
            case 4:
                cached = bool(value)
            case 5:
                started = _timestamp(_bytes(value))
            case 6:
                completed = _timestamp(_bytes(value))
            case 7:
                error = _text(value)
            case _:
                pass
    return Vertex(
        digest=digest,
        inputs=tuple(inputs),
        name=name,
        cached=cached,
        started=started,
        completed=completed,
        error=error,
    )


def _log(data: bytes) -> LogChunk:
    vertex, stream, message = "", 1, b""
    at = None
    for number, value in _fields(data):
        match number:
            case 1:
                vertex = _text(value)
            case 2:
                at = _timestamp(_bytes(value))
            case 3:
                stream = _number(value)
            case 4:
                message = _bytes(value)
            case _:
                pass
    return LogChunk(vertex=vertex, stream=stream, data=message, at=at)


def _timestamp(data: bytes) -> float:
    seconds = nanoseconds = 0
    for number, value in _fields(data):
        if number == 1:
            seconds = _number(value)
        elif number == 2:  # noqa: PLR2004
            nanoseconds = _number(value)
    return seconds + nanoseconds / 1e9


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Yield (field number, value) of one message: numbers for varints, bytes for everything else."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        wire, value = key & _WIRE_MASK, None
        if wire == _VARINT:
            value, position = _varint(data, position)
            yield key >> _FIELD_SHIFT, value
            continue
        if wire == _BYTES:
            length, position = _varint(data, position)
        elif wire == _FIXED64:
            length = 8
        elif wire == _FIXED32:
            length = 4
        else:
            raise UnreadableTrace(f"wire type {wire} is unknown")
        if position + length > len(data):
            raise UnreadableTrace("the message ends inside a field")
        yield key >> _FIELD_SHIFT, data[position : position + length]
        position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for offset in range(_LONGEST_VARINT):
        if position + offset >= len(data):
            raise UnreadableTrace("the message ends inside a number")
        byte = data[position + offset]
        value |= (byte & 0x7F) << (7 * offset)
        if byte < 0x80:  # noqa: PLR2004  the top bit says that more follows
            return value, position + offset + 1
    raise UnreadableTrace("a number is longer than ten bytes")


def _bytes(value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    raise UnreadableTrace("a number stands where bytes belong")


def _text(value: Value) -> str:
    return _bytes(value).decode(errors="replace")


def _number(value: Value) -> int:
    if isinstance(value, int):
        return value
    raise UnreadableTrace("bytes stand where a number belongs")
