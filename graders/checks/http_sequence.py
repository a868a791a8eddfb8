"""The check `http_sequence`: requests that follow from each other are answered, restarts in between included."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from graders.actions import DEFAULT
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
from graders.checks.patterns import read_pattern
from graders.checks.registry import register
from graders.exchanges import Exchange, SeenExchange, Step
from graders.observations import Observations, SeenRun, Wants
from graders.replies import expected, shown
from graders.report import CheckOutcome
from graders.spec import Identifier, errors_at
from graders.values import Values, fill
from graders.visible import visible

_ITEMS = r"""#!/bin/sh
answer() { printf 'Status: %s\r\nContent-Type: application/json\r\n%b\r\n%s\n' "$1" "$3" "$2"; }
case $REQUEST_METHOD$PATH_INFO in
POST*) id=$(( $(ls /data | wc -l) + 41 )); cat > "/data/$id"
  answer '201 Created' "{\"item\": {\"id\": $id}}" "Location: http://$HTTP_HOST/cgi-bin/items/$id\r\n" ;;
GET/*) [ -f "/data$PATH_INFO" ] || { answer '404 Not Found' '{"error": "no such item"}'; exit; }
  answer '200 OK' "{\"id\": ${PATH_INFO#/}, \"text\": \"$(cat "/data$PATH_INFO")\"}" ;;
esac
"""
_SERVER = (
    "FROM busybox:1.35\nRUN mkdir /data\nCOPY --chmod=0755 items /www/cgi-bin/items\n"
    'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]\n'
)
_PLAN = {"values": {"word": "word"}, "runs": {"web": {"serve": {"port": 8080}}}}
_ADD = {
    "method": "POST",
    "path": "/cgi-bin/items",
    "send": {"body": "{word}"},
    "status": 201,
    "keep": {"id": "item.id"},
}
_READ = {"path": "/cgi-bin/items/{id}", "json": {"id": "{id}", "text": "{word}"}}

_ASKS_STORE = r"""#!/bin/sh
found=$(printf 'GET /word HTTP/1.0\r\n\r\n' | nc -w 2 store 9000 | tail -n 1)
[ -n "$found" ] && printf 'Status: 200 OK\r\n\r\n%s\n' "$found" || printf 'Status: 503 Gone\r\n\r\nno store\n'
"""
_ASKS_STORE_ONCE = _ASKS_STORE.replace(
    "found=", "[ -e /tmp/asked ] && nc() { false; }\n[ -e /tmp/asked ] || touch /tmp/asked\nfound="
)
_APP = 'FROM busybox:1.35\nCOPY --chmod=0755 ask /www/cgi-bin/ask\nCMD ["httpd", "-f", "-p", "8080", "-h", "/www"]\n'
_APP_AND_STORE = {
    "values": {"word": "word"},
    "runs": {
        "store": {
            "base": "busybox",
            "args": ["sh", "-c", 'mkdir -p /s; echo "$WORD" >> /s/word; exec httpd -f -p 9000 -h /s'],
            "env": {"WORD": "{word}"},
            "network": "inner",
            "serve": {"port": 9000},
        },
        "app": {"network": "inner", "beside": ["store"], "serve": {"port": 8080}, "seconds": 30},
    },
}
_ASK = {"path": "/cgi-bin/ask", "contains": "{word}"}


@register("http_sequence")
class HttpSequence(Check):
    """The steps of a serving run are as they should be, one after the other.

    A step is a request and what its reply should be, written as in `http`, or `restart`, `stop` or `start` with the
    name of the run or of one that is `beside` it. What a reply holds can be kept under a name and written as `{name}`
    in later steps: `keep: {id: item.id, session: {header: Set-Cookie, matches: "^([^;]+)"}}`. With `within_seconds` a
    request is repeated until its reply is as it should be. Steps come after the requests of other checks, in the order
    of the checks; the first step that fails ends the sequence.
    """

    run: Identifier = DEFAULT
    steps: tuple[Step, ...] = Field(min_length=1, max_length=40)
    """What is done, in this order."""
    local_only: bool = False
    """Whether a server that listens on 127.0.0.1 alone will do."""

    why: ClassVar[str] = (
        "Clients work in several steps and servers come and go: what was written must be there to be read, after a "
        "restart as before."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="What was added is there, under the number that it was given.",
                check={"run": "web", "steps": [_ADD, _READ]},
                dockerfile=_SERVER,
                files={"items": _ITEMS},
                plan=_PLAN,
            ),
            Sample(
                about="It is found where Location says, after a restart too.",
                check={
                    "run": "web",
                    "steps": [
                        {**_ADD, "keep": {"where": {"header": "Location"}}},
                        {"restart": "web"},
                        {"path": "{where}", "contains": ["{word}"]},
                    ],
                },
                dockerfile=_SERVER,
                files={"items": _ITEMS},
                plan=_PLAN,
            ),
            Sample(
                about="It finds its store by name, and again once that is back.",
                check={
                    "run": "app",
                    "steps": [
                        _ASK,
                        {"stop": "store"},
                        {"path": "/cgi-bin/ask", "status": 503, "timeout_seconds": 15},
                        {"start": "store"},
                        {**_ASK, "within_seconds": 15},
                        {"restart": "store"},
                        {**_ASK, "within_seconds": 15},
                    ],
                },
                dockerfile=_APP,
                files={"ask": _ASKS_STORE},
                plan=_APP_AND_STORE,
            ),
        ),
        wrong=(
            Sample(
                about="It forgets.",
                check={"run": "web", "steps": [_ADD, _READ]},
                dockerfile=_SERVER,
                files={"items": _ITEMS.replace('cat > "/data/$id"', "cat > /dev/null")},
                plan=_PLAN,
                says="Step 2 of 2: GET /cgi-bin/items/41 is answered with 404, not 200",
            ),
            Sample(
                about="It keeps what it was told in memory only.",
                check={"run": "web", "steps": [_ADD, {"restart": "web"}, _READ]},
                dockerfile=_SERVER.replace('["httpd", "-f"', '["sh", "-c", "rm -f /data/*; exec httpd -f').replace(
                    ', "-p", "8080", "-h", "/www"]', ' -p 8080 -h /www"]'
                ),
                files={"items": _ITEMS},
                plan=_PLAN,
                says="Step 3 of 3",
            ),
            Sample(
                about="Nothing to keep.",
                check={"run": "web", "steps": [{**_ADD, "keep": {"id": "item.number"}}, _READ]},
                dockerfile=_SERVER,
                files={"items": _ITEMS},
                plan=_PLAN,
                says='without a value at "item.number" of its JSON',
            ),
            Sample(
                about="It asks its store once and never again.",
                check={
                    "run": "app",
                    "steps": [
                        _ASK,
                        {"stop": "store"},
                        {"path": "/cgi-bin/ask", "status": 503, "timeout_seconds": 15},
                        {"start": "store"},
                        {**_ASK, "within_seconds": 1, "title": "it finds its store again"},
                    ],
                },
                dockerfile=_APP,
                files={"ask": _ASKS_STORE_ONCE},
                plan=_APP_AND_STORE,
                says="Step 5 of 5 (it finds its store again): GET /cgi-bin/ask is answered with 503, not 200",
            ),
            Sample(
                about="A store of the learner's own that serves elsewhere.",
                check={"run": "app", "steps": [_ASK]},
                dockerfile=(
                    'FROM busybox:1.35 AS store\nCMD ["httpd", "-f", "-p", "9001"]\n'
                    'FROM busybox:1.35\nCMD ["httpd", "-f", "-p", "8080"]\n'
                ),
                plan={
                    "values": {"word": "word"},
                    "builds": {"default": {}, "store": {"target": "store"}},
                    "runs": {
                        "store": {"build": "store", "network": "inner", "serve": {"port": 9000, "wait_seconds": 1}},
                        "app": {"network": "inner", "beside": ["store"], "serve": {"port": 8080}},
                    },
                },
                says="Nothing of `store` listens on port 9000 after 1 s. It listens on 9001 instead.",
                line=2,
            ),
            Sample(
                about="It does not start a second time.",
                check={"run": "web", "steps": [{"restart": "web"}, {"path": "/"}]},
                dockerfile='FROM busybox:1.35\nCMD ["sh", "-c", "mkdir /lock && exec httpd -f -p 8080"]\n',
                plan=_PLAN,
                says="the restart of `web` did not bring it up again",
                line=2,
            ),
            Sample(
                about="A port where nobody listens.",
                check={"run": "web", "steps": [{"path": "/", "port": 8081}]},
                dockerfile=_SERVER,
                files={"items": _ITEMS},
                plan=_PLAN,
                says="got no answer",
                line=4,
            ),
        ),
        malformed=(
            Sample(about="No steps.", check={"run": "web"}, plan=_PLAN, says="`steps` is missing"),
            Sample(
                about="A value is used before it is kept.",
                check={"run": "web", "steps": [_READ, _ADD]},
                plan=_PLAN,
                says="`{id}` is used before",
            ),
            Sample(
                about="A value that nobody knows.",
                check={"run": "web", "steps": [{"path": "/{nobody}"}]},
                plan=_PLAN,
                says="`{nobody}`",
            ),
            Sample(
                about="A kept value has the name of a drawn one.",
                check={"run": "web", "steps": [{"path": "/", "keep": {"word": "id"}}]},
                plan=_PLAN,
                says="`word` is drawn",
            ),
            Sample(
                about="A pattern that is none.",
                check={"run": "web", "steps": [{**_ADD, "keep": {"id": {"matches": "("}}}]},
                plan=_PLAN,
                says="regular expression",
            ),
            Sample(
                about="Two things in one step.",
                check={"run": "web", "steps": [{"path": "/", "restart": "web"}]},
                plan=_PLAN,
                says="does one thing",
            ),
            Sample(
                about="A run that is not beside it.",
                check={"run": "web", "steps": [{"restart": "store"}]},
                plan=_PLAN,
                says="`store` is not up then",
            ),
            Sample(
                about="What is stopped stays stopped.",
                check={"run": "web", "steps": [{"stop": "web"}]},
                plan=_PLAN,
                says="not started again",
            ),
            Sample(about="The run ends by itself.", check={"steps": [{"path": "/"}]}, says="ends by itself"),
        ),
    )

    @model_validator(mode="after")
    def _names_are_kept_first(self) -> Self:
        early = [
            (("steps", position), f"`{{{name}}}` is used before a step has kept it.")
            for position, name in self._exchange().too_early()
        ]
        if early:
            raise errors_at(early)
        for step in self.steps:
            for place in step.keep.values():
                read_pattern(place.matches)
        return self

    def heading(self) -> str:
        """Say what is expected."""
        asked = sum(1 for step in self.steps if step.path)
        restarts = "" if asked == len(self.steps) else ", restarts included"
        return f"It answers {asked} requests that follow from each other{restarts}"

    def wants(self) -> Wants:
        """How the steps went."""
        return Wants(exchanges={self._key(): self._exchange()})

    def own_values(self) -> frozenset[str]:
        """What its steps keep."""
        return frozenset(self._exchange().kept())

    def filled(self, values: Values) -> Self:
        """The same check with the drawn values put in; what is kept later stays open."""
        raw = {name: fill(value, values) for name, value in self.model_dump(by_alias=True, exclude={"steps"}).items()}
        return type(self).model_validate({**raw, "steps": self._exchange().filled(values).steps})

    def judge(self, seen: Observations) -> Verdict:
        """Judge the step that failed, where one did."""
        run = seen.runs[self.run]
        trouble = not_ready(seen, run)
        if trouble is not None:
            return trouble
        if run.ended_early:
            return ended_instead(seen, run, "serving on")
        if not self.local_only and run.port is not None and (trouble := loopback_only(seen, run, run.port)) is not None:
            return trouble
        played = run.exchanges[self._key()]
        if played.not_ours:
            message = f"Not judged: {played.not_ours}, and it is not your fault. Please tell your instructor."
            return Verdict(outcome=CheckOutcome.SKIPPED, message=message)
        if played.failed is not None:
            return self._verdict(seen, run, played)
        return passed(f"All {len(self.steps)} steps went as they should.")

    def _verdict(self, seen: Observations, run: SeenRun, played: SeenExchange) -> Verdict:
        number, step = len(played.steps), played.steps[-1]
        planned = self.steps[number - 1]
        which = f"Step {number} of {len(self.steps)}{f' ({planned.title})' if planned.title else ''}"
        answered = step.reply is not None and step.reply.status is not None
        told = "" if answered or planned.disturbed else complaint_of(run)
        return failed(
            f"{which}: {step.what} {step.objection.rstrip('.')}.{told}{ended_beside(run)}",
            expected=expected(step.asked or planned) if planned.path else "",
            seen="\n\n".join(
                filter(None, [visible(step.sent), shown(step.reply) if answered and step.reply else output_of(run)])
            ),
            line=None if answered else run_line(seen, run),
        )

    def _key(self) -> str:
        return f"check/{self.id}"

    def _exchange(self) -> Exchange:
        return Exchange(run=self.run, steps=self.steps)
