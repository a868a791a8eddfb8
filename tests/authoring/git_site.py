"""A real git server on loopback, by https with a certificate of its own, and repositories for it to serve."""

import os
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from small_pack import FILES

HOST = "git.example.test"
"""A name that no look-up knows: who reaches the server by it went where it was told to."""
_QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_WHO = {
    "GIT_AUTHOR_NAME": "x",
    "GIT_AUTHOR_EMAIL": "x@example.test",
    "GIT_COMMITTER_NAME": "x",
    "GIT_COMMITTER_EMAIL": "x@example.test",
}


def git(folder: Path, *arguments: str, told: str | None = None) -> str:
    """Run git there, as somebody without any configuration."""
    environment = {**os.environ, **_QUIET, **_WHO}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, input=told, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def a_repository(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    """A repository with one commit on `main`: the small pack, unless files are given."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, FILES if files is None else files)
    return folder


def commit(folder: Path, files: Mapping[str, str]) -> str:
    """Add these files in one more commit; returns it."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Files")
    return git(folder, "rev-parse", "HEAD")


@dataclass
class GitSite:
    """The server: where it is, what it answers instead of git, and what it was asked for."""

    root: Path
    certificate: Path
    port: int = 0
    redirects: dict[str, str] = field(default_factory=dict)
    """Path to where it is sent on."""
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """As the operator writes it."""
        return f"{HOST}:{self.port}"

    def url(self, name: str) -> str:
        """The address of a repository below `root`."""
        return f"https://{self.host}/{name}"


@contextmanager
def git_site(folder: Path) -> Iterator[GitSite]:
    """Serve the repositories in `folder`/repositories."""
    (folder / "repositories").mkdir()
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
         "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    site = GitSite(root=folder / "repositories", certificate=certificate)

    class Handler(_GitHandler):
        served = site

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _GitHandler(BaseHTTPRequestHandler):
    served: GitSite

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, body: bytes) -> None:
        site, (path, _, query) = self.served, self.path.partition("?")
        site.asked.append(path)
        for begins, to in site.redirects.items():
            if path.startswith(begins):
                return self._plain(302, {"Location": to + path.removeprefix(begins) + f"?{query}"})
        for begins, status in site.statuses.items():
            if path.startswith(begins):
                return self._plain(status, {"WWW-Authenticate": 'Basic realm="x"'} if status == 401 else {})
        environment = {
            **os.environ,
            **_QUIET,
            "GIT_PROJECT_ROOT": str(site.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        status = int(headers.pop("Status", "200").split()[0])
        self._plain(status, headers, content)
        return None

    def _plain(self, status: int, headers: Mapping[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
