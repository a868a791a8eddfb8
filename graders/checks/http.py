"""The check `http`: a serving container answers a request as it should."""

import json
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from graders.actions import Asking, Request
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import complaint_of, did_not_start, limit_words, output_of, run_line
from graders.checks.registry import register
from graders.observations import Observations, SeenRun, Wants
from graders.sandbox.base import HttpReply
from graders.spec import Identifier, Text, Texts, one_or_many
from graders.values import Quoting
from graders.visible import last_lines, listed, quoted, visible

Status = Annotated[int, Field(ge=100, le=599)]
Statuses = Annotated[tuple[Status, ...], BeforeValidator(one_or_many, json_schema_input_type=Status | list[Status])]

_WEB = {"runs": {"web": {"serve": {"port": 8080}}}}
_SERVER = 'FROM busybox:1.35\nCOPY index.html /www/\nEXPOSE 8080\nCMD ["httpd", "-f", "-p", "8080", "-h", "/www"]\n'
_PAGE = {"index.html": "<h1>hello</h1>\n"}
_JSON = {"index.html": '{"name": "kettle", "sizes": [1, 2.5], "open": true}\n'}


@register("http")
class Http(Check, Asking):
    """The run answers: `run`, `port`, `method`, `path` and `send` make a request, or `request` names the plan's."""

    request: Identifier | None = None
    """A request of the plan, whose reply several checks share."""
    status: Statuses = (200,)
    """The status it answers with, one or several."""
    headers: dict[Text, Text] = Field(default_factory=dict)
    """Texts that the reply's headers hold."""
    contains: Texts = ()
    """Texts in the body."""
    equals: Text | None = None
    """The body, spaces around it aside."""
    json_values: dict[Text, JsonValue] = Field(default_factory=dict, alias="json")
    """Path into the body's JSON, such as `items.0.name` (empty for all of it) -> what stands there."""
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
        trouble = did_not_start(seen, run) or self._not_listening(seen, run, port)
        if trouble is not None:
            return trouble
        reply = run.replies[self._key()]
        asked = f"{request.method} {visible(request.path)}"
        if reply.status is None:
            return failed(
                f"{asked} on port {port} got no answer: {visible(reply.error)}{complaint_of(run)}",
                seen=output_of(run),
                line=run_line(seen, run),
            )
        objection = self._objection(reply)
        if objection:
            return failed(f"{asked} {objection}.", expected=self._expected(), seen=_shown(reply))
        return passed(f"{asked} is answered with {reply.status}, as it should be.")

    def _key(self) -> str:
        return self.request if self.request is not None else f"check/{self.id}"

    def _not_listening(self, seen: Observations, run: SeenRun, port: int) -> Verdict | None:
        line = run_line(seen, run)
        listening = [listener for listener in run.listeners if listener.port == port]
        if run.ended_early and not (run.ready and run.replies.get(self._key(), _NO_REPLY).status):
            why = f" at its {limit_words(run.result.limit)[0]}" if run.result.limit else f" with {run.result.exit_code}"
            return failed(
                f"The container ended{why}, instead of serving on port {port}.{complaint_of(run)}",
                seen=output_of(run),
                hint="A container lives as long as its main process: start the server in the foreground.",
                line=line,
            )
        if not run.ready and not listening:
            others = sorted({str(listener.port) for listener in run.listeners})
            told = f" It listens on {listed(others)} instead." if others else ""
            return failed(
                f"Nothing listens on port {port} after {run.wait_seconds:g} s.{told}{complaint_of(run)}",
                expected=f"port {port}",
                seen=f"port {listed(others)}" if others else output_of(run),
                hint="EXPOSE only documents a port: the server itself must listen on it.",
                line=line,
            )
        if listening and all(listener.loopback_only for listener in listening) and not self.local_only:
            return failed(
                f"The server listens on 127.0.0.1 only, so nobody outside of the container can reach port {port}.",
                hint="Each container has a loopback address of its own. Make the server listen on 0.0.0.0.",
                line=line,
            )
        return None

    def _objection(self, reply: HttpReply) -> str:
        body = visible(reply.body)
        if reply.status not in self.status:
            expected = listed([str(status) for status in self.status], word="or")
            return f"is answered with {reply.status}, not {expected}: {quoted(body)}"
        for name, text in self.headers.items():
            found = reply.headers.get(name.lower())
            if found is None:
                return f"is answered without the header {name}"
            if text.lower() not in found.lower():
                return f"is answered with the header {name}: {quoted(found)}, without {quoted(text)}"
        if self.equals is not None and body.strip() != self.equals.strip():
            return f"is answered with {quoted(body)}, not {quoted(self.equals)}"
        missing = [text for text in self.contains if text not in body]
        if missing:
            return f"is answered with {quoted(body)}, without {listed([quoted(text) for text in missing])}"
        return self._json_objection(reply.body) if self.json_values else ""

    def _json_objection(self, body: bytes) -> str:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return f"is answered with {quoted(body)}, which is no JSON"
        for path, expected in self.json_values.items():
            try:
                found = _at(document, path)
            except LookupError:
                return f"is answered with JSON that has nothing at {quoted(path)}: {quoted(body)}"
            if not _same(expected, found):
                at = f" at {quoted(path)}" if path else ""
                return f"is answered with JSON that has {_json(found)}{at}, not {_json(expected)}"
        return ""

    def _expected(self) -> str:
        lines = [f"status {listed([str(status) for status in self.status], word='or')}"]
        lines += [f"{name}: …{text}…" for name, text in self.headers.items()]
        lines += [self.equals] if self.equals is not None else list(self.contains)
        lines += [
            f"{path or 'body'} = {json.dumps(value, ensure_ascii=False)}" for path, value in self.json_values.items()
        ]
        return "\n".join(lines)


_NO_REPLY = HttpReply(status=None, headers={}, body=b"", seconds=0)


def _at(document: Any, path: str) -> Any:
    """What stands at the path. Raises LookupError."""
    for part in path.split(".") if path else []:
        if isinstance(document, list) and part.isascii() and part.isdigit():
            document = document[int(part)]
        elif isinstance(document, dict):
            document = document[part]
        else:
            raise LookupError(part)
    return document


def _same(expected: Any, found: Any) -> bool:
    """Equal, where true is not 1; a number also equals its text, since drawn values are texts."""
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, str) and isinstance(found, int | float):
        return expected == json.dumps(found)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(_same, expected, found))
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(_same(value, found[name]) for name, value in expected.items())
    return bool(expected == found)


def _json(value: Any) -> str:
    return quoted(json.dumps(value, ensure_ascii=False))


def _shown(reply: HttpReply) -> str:
    return f"status {reply.status}\n{last_lines(visible(reply.body))[:2000]}"
