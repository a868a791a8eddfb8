"""A small client of Drydock's REST API, as anybody could write it with the standard library alone."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

FOLLOW_SECONDS = 300


class Refused(Exception):
    """The API said no; `problem` is its problem+json."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{problem.get('detail') or problem.get('title') or 'refused'} ({status})")
        self.status = status
        self.problem = problem


class Unreachable(Exception):
    """Nobody answers at the address."""


class Client:
    """Signed in as the person whose token it has."""

    def __init__(self, url: str, *, token: str = "") -> None:
        self.url = url.rstrip("/")
        self._token = token

    @classmethod
    def sign_in(cls, url: str, *, email: str, password: str) -> Client:
        """Get a token for the calls that follow."""
        return cls(url, token=cls(url).post("tokens/", {"email": email, "password": password})["token"])

    def get(self, path: str, **query: object) -> Any:
        """GET a path below /api/v1/."""
        return self._call("GET", path + (f"?{urlencode(query)}" if query else ""), None)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """POST JSON to a path below /api/v1/."""
        return self._call("POST", path, body or {})

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """PUT JSON to a path below /api/v1/."""
        return self._call("PUT", path, body)

    def all(self, path: str, **query: object) -> Iterator[Any]:
        """Every row of a list, page by page."""
        page = self.get(path, **query)
        while True:
            yield from page["results"]
            if not page["next"]:
                return
            page = self._call("GET", page["next"].partition("/api/v1/")[2], None)

    def follow(self, submission: int) -> Iterator[Mapping[str, Any]]:
        """The events of a submission as they happen, until it is finished. Raises TimeoutError after five minutes."""
        deadline = time.monotonic() + FOLLOW_SECONDS
        after = 0
        while time.monotonic() < deadline:
            page = self.get(f"submissions/{submission}/events/", after=after)
            yield from page["events"]
            after = page["next_after"]
            if page["finished"]:
                return
            time.sleep(page["poll_after_ms"] / 1000)
        raise TimeoutError(f"Submission {submission} was not graded within {FOLLOW_SECONDS} seconds.")

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Token {self._token}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as error:
            raise Refused(error.code, _problem(error.read())) from None
        except (urllib.error.URLError, ConnectionError) as error:
            raise Unreachable(f"Nobody answers at {self.url} ({error}). Start Drydock with `make up`.") from None


def _problem(body: bytes) -> Mapping[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
