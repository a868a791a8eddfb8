"""A sidecar beside a student's container: looks at its network from inside, with tools the student cannot touch.

It shares the container's network namespace and nothing else, and is made from an image of its own that holds one static
busybox. It stays up and takes orders on its input, one line each, since starting a program in a container costs the
engine some 0.1 s and a line costs none of that. Every answer ends with a nonce drawn for that order, so that what a
student's server sends cannot be taken for the end of it.
"""

import base64
import hashlib
import io
import logging
import secrets
import shutil
import tarfile
import time
from pathlib import Path

import docker
from docker.errors import APIError, ImageNotFound, NotFound

from graders.sandbox.base import (
    HttpReply,
    HttpRequest,
    Listener,
    RunLimits,
    SandboxUnavailable,
)
from graders.sandbox.connection import Address, RawStream, engine_call, request_path
from graders.sandbox.hardening import hardened_host_config, start_hardened
from graders.sandbox.http_exchange import (
    MOST_BODY_BYTES,
    MOST_HEAD_BYTES,
    MOST_REQUEST_BYTES,
    failed_reply,
    is_complete,
    read_reply,
    request_bytes,
)
from graders.sandbox.listening import parse_sockets

IMAGE = "drydock-probe"
_APPLETS = ("base64", "cat", "dd", "head", "killall", "nc", "sh", "timeout")
_LIMITS = RunLimits(memory_mib=32, pids=24, cpus=1.0, writable_mib=4)
_NOBODY = "65534:65534"
_ANSWER_SECONDS = 5.0
"""How much longer than asked an answer may take before the engine counts as broken."""

_log = logging.getLogger(__name__)

# `nc -e` gives the connection to a program and does not close its sending half, which some servers take for a hang-up.
# In the program, 0 and 1 are the connection; 3 is the sidecar's own output. `dd` reads and writes piece by piece, where
# `cat` splices, after which a container's output was seen to rest in its pipe until more came.
_AGENT = """
exec 3>&1
echo 'cat /tmp/request; exec dd bs=65536 >&3 2> /dev/null' > /tmp/talk
while read -r order nonce port seconds request; do
  case $order in
  http)
    echo "$request" | base64 -d > /tmp/request
    { timeout -s KILL "$seconds" nc 127.0.0.1 "$port" -e sh /tmp/talk 2> /tmp/trouble
       echo; echo "$nonce"; head -c 200 /tmp/trouble; echo; echo "$nonce."; } &
    ;;
  enough) killall -q -9 dd ;;
  sockets)
    cat /proc/net/tcp /proc/net/tcp6 2> /dev/null
    echo; echo "$nonce"; echo "$nonce." ;;
  esac
done
"""


class Sidecar:
    """A running sidecar. Orders are given one at a time."""

    def __init__(self, address: Address, client: docker.APIClient, name: str) -> None:
        self._address = address
        self._client = client
        self.name = name
        self._stream: RawStream | None = None

    def start(self, *, image: str, beside: str) -> bool:
        """Start beside a container; False when that one does not run any more."""
        with engine_call("starting a probe"):
            made = self._client.create_container(
                image,
                command=["sh", "-c", _AGENT],
                name=self.name,
                user=_NOBODY,
                stdin_open=True,
                healthcheck={"test": ["NONE"]},
                host_config=hardened_host_config(
                    self._client,
                    limits=_LIMITS,
                    network=f"container:{beside}",
                    read_only=True,
                    tmpfs={"/tmp": "rw,noexec,nosuid,nodev,size=4m,mode=1777"},  # noqa: S108  the sidecar's own
                ),
            )
            try:
                start_hardened(self._client, made["Id"], attach=lambda: self._attach(made["Id"]))
            except APIError as refusal:
                self.close()
                if self._runs(beside):
                    raise
                _log.debug("no probe beside a container that has ended: %s", refusal)
                return False
        return True

    def http(self, request: HttpRequest) -> HttpReply:
        """Send a request to 127.0.0.1 and read the reply, whatever it is."""
        sent = request_bytes(request)
        if len(sent) > MOST_REQUEST_BYTES:
            return failed_reply("The request is larger than a probe sends.", seconds=0.0)
        whole_seconds = max(1, round(request.timeout_seconds + 0.5))
        started = time.monotonic()
        answer = _Answer()
        order = f"http {answer.nonce} {request.port} {whole_seconds} {base64.b64encode(sent).decode()}\n"
        timed_out = self._order(order, answer, method=request.method, seconds=request.timeout_seconds)
        seconds = time.monotonic() - started
        if timed_out and not is_complete(bytes(answer.output), method=request.method):
            return failed_reply(f"It did not answer within {request.timeout_seconds:g} seconds.", seconds=seconds)
        if answer.trouble:
            return failed_reply(f"Nothing answers on port {request.port}: {answer.trouble}.", seconds=seconds)
        cut = answer.is_long()
        return read_reply(bytes(answer.output), method=request.method, seconds=seconds, cut=cut)

    def listeners(self) -> tuple[Listener, ...]:
        """Listening TCP sockets of the shared network namespace."""
        answer = _Answer()
        if self._order(f"sockets {answer.nonce}\n", answer, method="", seconds=_ANSWER_SECONDS):
            raise SandboxUnavailable("A probe did not answer.")
        return parse_sockets(answer.output.decode(errors="replace"))

    def sees_it_run(self) -> bool:
        """Whether it is known that the container runs: never from here, the engine is to be asked."""
        return False

    def close(self) -> None:
        """Hang up; the container itself goes with the job."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _attach(self, container_id: str) -> None:
        self.close()
        path = request_path(self._client, f"/containers/{container_id}/attach", stream="1", stdin="1", stdout="1")
        self._stream = RawStream(self._address, path)

    def _order(self, line: str, answer: "_Answer", *, method: str, seconds: float) -> bool:
        """Give an order and collect its answer; True when it took longer than `seconds`."""
        if self._stream is None:
            raise SandboxUnavailable("A probe is gone.")
        deadline = time.monotonic() + seconds
        told_enough = timed_out = False
        with engine_call("asking a probe"):
            self._stream.set_timeout(_ANSWER_SECONDS)
            self._stream.send(line.encode())
            while not answer.ended():
                now = time.monotonic()
                if now > deadline + _ANSWER_SECONDS:
                    raise SandboxUnavailable("A probe did not come to an end.")
                late = now >= deadline
                timed_out = timed_out or (late and not told_enough)
                enough = answer.is_long() or (method and is_complete(bytes(answer.output), method=method))
                if not told_enough and (late or enough):
                    told_enough = True
                    self._stream.send(b"enough\n")
                self._stream.set_timeout(max(deadline - now, 0.01) if not told_enough else _ANSWER_SECONDS)
                try:
                    _, data = self._stream.read()
                except TimeoutError:
                    continue
                if not data:
                    raise SandboxUnavailable("A probe ended.")
                answer.take(data)
        return timed_out

    def _runs(self, container_id: str) -> bool:
        try:
            return bool(self._client.inspect_container(container_id)["State"]["Running"])
        except NotFound:
            return False


class _Answer:
    """The answer to one order: output, then the nonce, then what went wrong, then the nonce again."""

    def __init__(self) -> None:
        self.nonce = secrets.token_hex(16)
        self.output = bytearray()
        self.trouble = ""
        self._tail: bytearray | None = None
        self._middle = f"\n{self.nonce}\n".encode()
        self._end = f"{self.nonce}.\n".encode()

    def take(self, data: bytes) -> None:
        if self._tail is None:
            searched = max(0, len(self.output) - len(self._middle))
            self.output += data
            found = self.output.find(self._middle, searched)
            if found < 0:
                return
            self._tail = self.output[found + len(self._middle) :]
            del self.output[found:]
        else:
            self._tail += data
        if self.ended() and not self.output:
            words = self._tail.removesuffix(self._end).decode(errors="replace")
            self.trouble = words.strip().rpartition(": ")[2].lower()

    def ended(self) -> bool:
        return self._tail is not None and self._tail.endswith(self._end)

    def is_long(self) -> bool:
        return len(self.output) >= MOST_BODY_BYTES + MOST_HEAD_BYTES


def ensure_image(client: docker.APIClient) -> str:
    """Make the sidecar's image on the engine unless it is there, and return its reference."""
    root = _root(_static_busybox())
    reference = f"{IMAGE}:{hashlib.sha256(root).hexdigest()[:12]}"
    with engine_call("making the probe image"):
        try:
            client.inspect_image(reference)  # type: ignore[no-untyped-call]  # the SDK's stubs leave it open
        except ImageNotFound:
            repository, _, tag = reference.partition(":")
            client.import_image_from_data(root, repository=repository, tag=tag, changes=["ENV PATH=/bin"])
    return reference


def _static_busybox() -> bytes:
    found = shutil.which("busybox", path="/bin:/usr/bin:/usr/local/bin")
    data = Path(found).read_bytes() if found else b""
    if not data.startswith(b"\x7fELF") or b"/ld-linux" in data or b"/ld-musl" in data:
        raise SandboxUnavailable("Probes are made from a static busybox: install the package busybox-static.")
    return data


def _root(busybox: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for folder in ("bin", "tmp", "proc"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            archive.addfile(entry)
        entry = tarfile.TarInfo("bin/busybox")
        entry.size, entry.mode = len(busybox), 0o755
        archive.addfile(entry, io.BytesIO(busybox))
        for applet in _APPLETS:
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(entry)
    return packed.getvalue()
