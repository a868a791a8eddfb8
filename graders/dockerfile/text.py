"""From bytes to lines: what text can be a Dockerfile at all, and which characters the engine takes for space."""

from graders.dockerfile.errors import DockerfileError

# What Go's unicode.IsSpace and its regular expressions call space. Python's own idea of it is wider.
ASCII_SPACES = "\t\n\v\f\r "
SPACES = ASCII_SPACES + "\x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"

BOM = "\ufeff"
MAX_BYTES = 1024 * 1024
MAX_LINE_BYTES = 65_535  # the engine's line scanner holds no more


def decode(text: str | bytes) -> str:
    """The text, checked: UTF-8, not too big, no NUL, lines that end in LF or CRLF."""
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise DockerfileError(
            "dockerfile-too-large", None, f"The Dockerfile has {size:,} bytes; at most {MAX_BYTES:,} can be read."
        )
    if isinstance(text, bytes):
        text = _decode_bytes(text)
    else:
        _refuse_surrogates(text)
    if not text.strip(SPACES + BOM):
        raise DockerfileError("empty", None, "The Dockerfile is empty: it needs at least a FROM line.")
    _refuse_characters(text)
    return text


def split_lines(text: str) -> list[str]:
    """The lines with their ends, as the engine counts them: only LF ends a line."""
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def without_end(line: str) -> str:
    """The line without its LF or CRLF."""
    return line.removesuffix("\n").removesuffix("\r")


def _decode_bytes(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DockerfileError(
            "encoding", None, "The Dockerfile is saved as UTF-16; save it as UTF-8 (an editor's plain text)."
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        if b"\x00" in raw:
            raise _nul(raw.count(b"\n", 0, raw.index(b"\x00")) + 1) from None
        message = f"Line {line} holds bytes that are not UTF-8 text; save the Dockerfile as UTF-8."
        raise DockerfileError("encoding", line, message) from None


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        message = f"Line {line} holds half a character, which is not UTF-8 text; save the Dockerfile as UTF-8."
        raise DockerfileError("encoding", line, message) from None


def _refuse_characters(text: str) -> None:
    nul = text.find("\x00")
    if nul >= 0:
        raise _nul(text.count("\n", 0, nul) + 1)
    for number, line in enumerate(split_lines(text), start=1):
        if "\r" in without_end(line) or line.endswith("\r"):
            message = (
                f"Line {number} holds a carriage return that ends no line; "
                "save the Dockerfile with LF (Unix) or CRLF (Windows) line ends."
            )
            raise DockerfileError("carriage-return", number, message)
        if len(line) * 4 > MAX_LINE_BYTES and len(line.removesuffix("\n").encode()) > MAX_LINE_BYTES:
            message = f"Line {number} is longer than the {MAX_LINE_BYTES:,} bytes an engine reads; break it with \\."
            raise DockerfileError("line-too-long", number, message)


def _nul(line: int) -> DockerfileError:
    return DockerfileError(
        "nul", line, f"Line {line} holds a NUL byte: this is a binary file, or text that was not saved as UTF-8."
    )
