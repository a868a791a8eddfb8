"""The check `http`: a serving container answers a request as it should."""

from typing import ClassVar
from urllib.parse import quote

from pydantic import model_validator

from graders.actions import Asking, Request
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import (
    complaint_of,
    ended_beside,
    ended_instead,
    loopback_only,
    not_ready,
    output_of,
    run_line,
)
from graders.checks.registry import register
from graders.observations import Observations, SeenRun, Wants
from graders.replies import Expecting, expected, objection, shown
from graders.sandbox.base import HttpReply
from graders.spec import Identifier
from graders.values import Quoting
from graders.visible import listed, visible

_WEB = {"runs": {"web": {"serve": {"port": 8080}}}}
_SERVER = 'FROM busybox:1.35\nCOPY index.html /www/\nEXPOSE 8080\nCMD ["httpd", "-f", "-p", "8080", "-h", "/www"]\n'
_PAGE = {"index.html": "<h1>hello</h1>\n"}
_JSON = {"index.html": '{"name": "kettle", "sizes": [1, 2.5], "open": true}\n'}


@register("http")
class Http(Check, Expecting, Asking):
    """The run answers: `run`, `port`, `method`, `path` and `send` make a request, or `request` names the plan's."""

    request: Identifier | None = None
    """A request of the plan, whose reply several checks share."""
    local_only: bool = False
    """Whether a server that listens on 127.0.0.1 alone will do."""

    why: ClassVar[str] = (
        "A service is worth what its clients get: one that does not answer as agreed is down, however healthy it looks."
    )
    quoting: ClassVar[Quoting] = {"path": quote}
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="The page is served.",
                check={"run": "web", "contains": "hello", "headers": {"Content-Type": "text/html"}},
                dockerfile=_SERVER,
                files=_PAGE,
                plan=_WEB,
            ),
            Sample(
                about="Another status is expected.",
                check={"run": "web", "path": "/none", "status": [404, 410]},
                dockerfile=_SERVER,
                files=_PAGE,
                plan=_WEB,
            ),
            Sample(
                about="Values inside JSON.",
                check={"run": "web", "json": {"name": "kettle", "sizes.1": 2.5, "open": True}},
                dockerfile=_SERVER,
                files=_JSON,
                plan=_WEB,
            ),
            Sample(
                about="A file no one knew beforehand, on a port drawn at random.",
                check={"request": "page", "equals": "{nonce}"},
                plan={
                    "values": {"nonce": "nonce", "port": "port"},
                    "builds": {"default": {"files": {"index.html": "{nonce}"}}},
                    "runs": {"web": {"env": {"PORT": "{port}"}, "serve": {"port": "{port}"}}},
                    "requests": {"page": {"run": "web", "path": "/index.html"}},
                },
                dockerfile="FROM busybox:1.35\nCOPY index.html /www/\nCMD exec httpd -f -p $PORT -h /www\n",
                files=_PAGE,
            ),
        ),
        wrong=(
            Sample(
                about="Nobody listens.",
                check={"run": "web"},
                dockerfile='FROM busybox:1.35\nCMD ["sleep", "60"]\n',
                plan={"runs": {"web": {"serve": {"port": 8080, "wait_seconds": 1}}}},
                says="Nothing listens on port 8080",
                line=2,
            ),
            Sample(
                about="The container ends at once.",
                check={"run": "web"},
                dockerfile='FROM busybox:1.35\nCMD ["ls", "/none"]\n',
                plan=_WEB,
                says="ended",
                line=2,
            ),
            Sample(
                about="It listens on another port.",
                check={"run": "web"},
                dockerfile='FROM busybox:1.35\nCMD ["httpd", "-f", "-p", "8000"]\n',
                plan={"runs": {"web": {"serve": {"port": 8080, "wait_seconds": 1}}}},
                says="8000",
                line=2,
            ),
            Sample(
                about="It listens on the loopback address only.",
                check={"run": "web"},
                dockerfile=_SERVER.replace('"8080"', '"127.0.0.1:8080"'),
                files=_PAGE,
                plan=_WEB,
                says="127.0.0.1",
                line=4,
            ),
            Sample(
                about="The page is not there.",
                check={"run": "web", "path": "/none"},
                dockerfile=_SERVER,
                files=_PAGE,
                plan=_WEB,
                says="404",
            ),
            Sample(
                about="Another text.",
                check={"run": "web", "contains": "bye"},
                dockerfile=_SERVER,
                files=_PAGE,
                plan=_WEB,
                says='"bye"',
            ),
            Sample(
                about="No JSON at all.",
                check={"run": "web", "json": {"name": "kettle"}},
                dockerfile=_SERVER,
                files=_PAGE,
                plan=_WEB,
                says="no JSON",
            ),
            Sample(
                about="Other values.",
                check={"run": "web", "json": {"name": "pot", "sizes.5": 1}},
                dockerfile=_SERVER,
                files=_JSON,
                plan=_WEB,
                says="name",
            ),
            Sample(
                about="A header is missing.",
                check={"run": "web", "headers": {"X-Name": "a"}},
                dockerfile=_SERVER,
                files=_PAGE,
                plan=_WEB,
                says="X-Name",
            ),
        ),
        malformed=(
            Sample(about="The run ends by itself.", says="ends by itself"),
            Sample(about="No such run.", check={"run": "wed"}, plan=_WEB, says="Did you mean `web`?"),
            Sample(about="No such request.", check={"request": "page"}, plan=_WEB, says="no request `page`"),
            Sample(
                about="A request of its own and a named one.",
                check={"request": "page", "path": "/a"},
                plan={**_WEB, "requests": {"page": {"run": "web"}}},
                says="either",
            ),
            Sample(about="No status.", check={"run": "web", "status": 99}, plan=_WEB, says="`status`"),
            Sample(about="No path.", check={"run": "web", "path": "index.html"}, plan=_WEB, says="`path`"),
        ),
    )

    @model_validator(mode="after")
    def _one_request(self) -> "Http":
        own = self.said() & set(Asking.model_fields)
        if self.request is not None and own:
            raise ValueError(f"takes either `request` or {listed([f'`{name}`' for name in sorted(own)])}, not both")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return f"It answers the request {self.request}" if self.request else f"It answers {self.method} {self.path}"

    def wants(self) -> Wants:
        """The reply."""
        if self.request is not None:
            return Wants(named_requests=(self.request,))
        return Wants(requests={self._key(): Request.of(self)})

    def judge(self, seen: Observations) -> Verdict:
        """Judge whether it listens, whether others could reach it, and what it answered."""
        request = seen.requests[self.request] if self.request is not None else Request.of(self)
        run = seen.runs[request.run]
        port = int(request.port or run.port or 0)
        trouble = not_ready(seen, run) or self._unreachable(seen, run, port)
        if trouble is not None:
            return trouble
        reply = run.replies[self._key()]
        asked = f"{request.method} {visible(request.path)}"
        if reply.status is None:
            return failed(
                f"{asked} on port {port} got no answer: {visible(reply.error)}{complaint_of(run)}{ended_beside(run)}",
                seen=output_of(run),
                line=run_line(seen, run),
            )
        wrong = objection(self, reply)
        if wrong:
            return failed(f"{asked} {wrong}.{ended_beside(run)}", expected=expected(self), seen=shown(reply))
        return passed(f"{asked} is answered with {reply.status}, as it should be.")

    def _key(self) -> str:
        return self.request if self.request is not None else f"check/{self.id}"

    def _unreachable(self, seen: Observations, run: SeenRun, port: int) -> Verdict | None:
        if run.ended_early and not run.replies.get(self._key(), _NO_REPLY).status:
            return ended_instead(seen, run, f"serving on port {port}")
        return loopback_only(seen, run, port) if not self.local_only else None


_NO_REPLY = HttpReply(status=None, headers={}, body=b"", seconds=0)
