"""The SDK's way to a unix socket, mended: a connection that fails is closed, and connections are used again.

docker 7.2 leaves a socket that could not connect to the garbage collector, and keeps a pool of connections for every
URL it ever asked for.
"""

import socket

from docker.transport import UnixHTTPAdapter
from docker.transport.unixconn import UnixHTTPConnection, UnixHTTPConnectionPool

_MOST_CONNECTIONS = 16
"""Kept open for the next call; several threads may share a client."""


class _Connection(UnixHTTPConnection):
    def connect(self) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.timeout)
            connection.connect(self.unix_socket)
        except BaseException:
            connection.close()
            raise
        self.sock = connection


class _Pool(UnixHTTPConnectionPool):
    def __init__(self, socket_path: str, seconds: int) -> None:
        super().__init__("engine", socket_path, seconds, maxsize=_MOST_CONNECTIONS)
        self._seconds = seconds

    def _new_conn(self) -> _Connection:  # type: ignore[override]  # the stubs tell two connection classes apart
        return _Connection(self.base_url, self.socket_path, self._seconds)


class SocketAdapter(UnixHTTPAdapter):
    """Mount it on an SDK client in place of the SDK's own."""

    def __init__(self, url: str, *, seconds: int) -> None:
        super().__init__(url, timeout=seconds)
        self._pool = _Pool(self.socket_path, seconds)

    def get_connection(self, url: bytes | str, proxies: object = None) -> _Pool:
        """The pool, whatever the URL: there is one engine behind it."""
        del url, proxies
        return self._pool

    def close(self) -> None:
        """Hang up."""
        self._pool.close()
        super().close()
