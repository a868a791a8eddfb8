"""A visit: asks a student's server from this very process, where the engine runs on this machine and we are root on it.

A sidecar costs the engine as much as the student's own container does. It is not needed where the kernel lets us in: a
socket belongs for good to the network namespace that it was made in. So a thread enters the container's namespace,
makes a socket and ends; no other thread is ever there, no program runs there, and nothing of the container's file
system, user or processes is touched. The socket is connected to the container's 127.0.0.1 and to nothing else.

The namespace is that of the container's first process, which is held by a handle: a number that is given to another
process later leads nowhere.
"""

import ctypes
import errno
import os
import select
import socket
import threading
import time
from contextlib import suppress

from graders.sandbox.base import HttpReply, HttpRequest, Listener
from graders.sandbox.connection import engine_call
from graders.sandbox.http_exchange import (
    MOST_BODY_BYTES,
    MOST_HEAD_BYTES,
    MOST_REQUEST_BYTES,
    failed_reply,
    is_complete,
    read_reply,
    request_bytes,
)
from graders.sandbox.listening import NETLINK_SOCK_DIAG, ask_kernel
from graders.sandbox.members import is_member, members_of

_CLONE_NEWNET = 0x40000000  # sched.h
_PIECE = 64 * 1024
_MOST_BYTES = 1024 * 1024
"""More than the status of a process can have, which lists each of up to 65,536 groups."""
_KERNEL_SECONDS = 5.0
_ENDED = frozenset({"Z", "X"})


class Visit:
    """A way into a running container's network. Close it when the container has ended."""

    def __init__(self, process: int, namespace: int, kernel: socket.socket) -> None:
        self._process = process
        self._namespace = namespace
        self._kernel = kernel

    def http(self, request: HttpRequest) -> HttpReply:
        """Send a request to 127.0.0.1 and read the reply, whatever it is."""
        sent = request_bytes(request)
        if len(sent) > MOST_REQUEST_BYTES:
            return failed_reply("The request is larger than a probe sends.", seconds=0.0)
        started = time.monotonic()
        deadline = started + request.timeout_seconds
        with self._connection() as connection:
            connection.settimeout(request.timeout_seconds)
            try:
                connection.connect(("127.0.0.1", request.port))
            except OSError as trouble:
                late = isinstance(trouble, TimeoutError)
                error = _silence(request) if late else f"Nothing answers on port {request.port}: {_words(trouble)}."
                return failed_reply(error, seconds=time.monotonic() - started)
            answer, timed_out = _talk(connection, sent, method=request.method, deadline=deadline)
        seconds = time.monotonic() - started
        if timed_out and not is_complete(answer, method=request.method):
            return failed_reply(_silence(request), seconds=seconds)
        return read_reply(answer, method=request.method, seconds=seconds, cut=_is_long(answer))

    def _connection(self) -> socket.socket:
        with engine_call("making a socket"):
            return _socket_in(self._namespace, socket.AF_INET, socket.SOCK_STREAM)

    def listeners(self) -> tuple[Listener, ...]:
        """Listening TCP sockets of the container's network namespace; none once it has ended."""
        with engine_call("asking the kernel who listens"):
            return ask_kernel(self._kernel) if self.sees_it_run() else ()

    def sees_it_run(self) -> bool:
        """Whether the container's first process is alive. Where it is not, the engine knows more."""
        try:
            return _status(self._process)["State"][:1] not in _ENDED
        except OSError:
            return False

    def close(self) -> None:
        """Let go of the process and the namespace."""
        self._kernel.close()
        os.close(self._process)
        os.close(self._namespace)


def visit(container_id: str) -> Visit | None:
    """A way into a container's network; None where there is none: it has ended, runs elsewhere, or we are not root."""
    process = _first_process(container_id)
    if process is None:
        return None
    try:
        namespace = os.open("ns/net", os.O_RDONLY | os.O_CLOEXEC, dir_fd=process)
    except OSError:
        os.close(process)
        return None
    try:
        if not os.path.samestat(os.fstat(namespace), os.stat("/proc/self/ns/net")):  # noqa: PTH116  a namespace, no file
            kernel = _socket_in(namespace, socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG)
            kernel.settimeout(_KERNEL_SECONDS)
            try:
                ask_kernel(kernel)
            except OSError:
                kernel.close()
                raise
            return Visit(process, namespace, kernel)
    except OSError:
        pass  # without the right to enter, or on a kernel that cannot be asked
    os.close(process)
    os.close(namespace)
    return None


def _socket_in(namespace: int, *kind: int) -> socket.socket:
    """Make a socket in another network namespace. Raises OSError, EPERM where that takes more rights than ours."""
    made: list[socket.socket | OSError] = []

    def enter() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(namespace, _CLONE_NEWNET):
            made.append(OSError(code := ctypes.get_errno(), os.strerror(code)))
            return
        try:
            made.append(socket.socket(*kind))
        except OSError as trouble:
            made.append(trouble)

    thread = threading.Thread(target=enter, name="visit")
    thread.start()
    thread.join()
    result = made[0]
    if isinstance(result, OSError):
        raise result
    return result


def _talk(connection: socket.socket, sent: bytes, *, method: str, deadline: float) -> tuple[bytes, bool]:
    """What came back, and whether the time ran out. A server may answer before it has read all, and hang up then."""
    received, unsent = bytearray(), memoryview(sent)
    connection.settimeout(0)
    ready = select.poll()
    while not (is_complete(bytes(received), method=method) or _is_long(received)):
        left = deadline - time.monotonic()
        if left <= 0:
            return bytes(received), True
        ready.register(connection, select.POLLIN | (select.POLLOUT if unsent else 0))
        ready.poll(left * 1000)
        try:
            if unsent:
                unsent = unsent[_send(connection, unsent[:_PIECE]) :]
            piece = connection.recv(_PIECE)
        except BlockingIOError:
            continue
        except OSError:
            break  # it hung up in the middle
        if not piece:
            break
        received += piece
    return bytes(received), False


def _send(connection: socket.socket, piece: memoryview) -> int:
    """How many bytes are dealt with: all of them once the other side takes no more, since it may have answered."""
    try:
        return connection.send(piece)
    except BlockingIOError:
        return 0
    except OSError:
        return len(piece)


def _is_long(answer: bytes | bytearray) -> bool:
    return len(answer) >= MOST_BODY_BYTES + MOST_HEAD_BYTES


def _silence(request: HttpRequest) -> str:
    return f"It did not answer within {request.timeout_seconds:g} seconds."


def _words(trouble: OSError) -> str:
    return os.strerror(trouble.errno or errno.EIO).lower()


def _first_process(container_id: str) -> int | None:
    """A handle on the process that is number 1 inside."""
    for number in members_of(container_id):
        with suppress(OSError):
            process = os.open(f"/proc/{number}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if _is_first(process, container_id):
                return process
            os.close(process)
    return None


def _is_first(process: int, container_id: str) -> bool:
    """Asked by the handle, since the number may be another process's by now."""
    try:
        status = _status(process)
        parent = status["PPid"]
        return (
            container_id in _read(process, "cgroup")
            and status["NSpid"].split()[-1] == "1"
            and not is_member(int(parent), container_id)
        )
    except (OSError, LookupError):  # a status without what it should have is no ground to enter
        return False


def _status(process: int) -> dict[str, str]:
    lines = (line.partition(":") for line in _read(process, "status").splitlines())
    return {name: value.strip() for name, _, value in lines}


def _read(process: int, name: str) -> str:
    with open(os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=process), "rb") as file:  # noqa: PTH123  by its handle
        return file.read(_MOST_BYTES).decode(errors="replace")
