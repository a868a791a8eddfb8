"""The check `listens`: a server listens on the port it should, where others can reach it."""

from typing import ClassVar

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import ended_instead, loopback_only, not_listening, not_ready, run_line
from graders.checks.registry import register
from graders.observations import Observations, Wants
from graders.spec import Identifier, Port
from graders.visible import listed

_WEB = {"runs": {"web": {"serve": {"port": 8080, "wait_seconds": 2}}}}


def _server(*ports: str) -> str:
    servers = " & ".join(f"httpd -f -p {port}" for port in ports)
    return f"FROM busybox:1.35\nEXPOSE 8080\nCMD {servers}\n"


@register("listens")
class Listens(Check):
    """A serving run listens on a port, and not on 127.0.0.1 alone, where no other container reaches it."""

    run: Identifier = DEFAULT
    port: Port | None = None
    """Where it differs from the run's own."""
    local_only: bool = False
    """Whether listening on 127.0.0.1 alone will do."""
    nothing_else: bool = False
    """Whether it may listen on no other port that others can reach."""

    why: ClassVar[str] = (
        "Ports are published to where a server listens: on another port, or on 127.0.0.1 inside of the container, "
        "nobody reaches it."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(about="It listens there.", check={"run": "web"}, dockerfile=_server("8080"), plan=_WEB),
            Sample(
                about="A port drawn at random, and one for itself.",
                check={"run": "web", "nothing_else": True},
                dockerfile="FROM busybox:1.35\nCMD httpd -f -p 127.0.0.1:9 & exec httpd -f -p $PORT\n",
                plan={
                    "values": {"port": "port"},
                    "runs": {"web": {"env": {"PORT": "{port}"}, "serve": {"port": "{port}"}}},
                },
            ),
            Sample(
                about="A second port, of a run that is ready otherwise.",
                check={"run": "web", "port": 8081},
                dockerfile="FROM busybox:1.35\nCMD echo up; sleep 0.5; httpd -f -p 8081\n",
                plan={"runs": {"web": {"serve": {"ready": {"log": "up"}}}}},
            ),
            Sample(
                about="For itself alone, as it may be here.",
                check={"run": "web", "local_only": True},
                dockerfile=_server("127.0.0.1:8080"),
                plan=_WEB,
            ),
        ),
        wrong=(
            Sample(
                about="Another port.",
                check={"run": "web"},
                dockerfile=_server("8000", "127.0.0.1:8001"),
                plan=_WEB,
                says="It listens on 8000 and 8001 (on 127.0.0.1 only) instead.",
                line=3,
            ),
            Sample(
                about="127.0.0.1 only.",
                check={"run": "web"},
                dockerfile=_server("127.0.0.1:8080"),
                plan=_WEB,
                says="127.0.0.1 only",
                line=3,
            ),
            Sample(
                about="It has no second port.",
                check={"run": "web", "port": 8081},
                dockerfile=_server("8080"),
                plan=_WEB,
                says="Nothing listens on port 8081",
                line=3,
            ),
            Sample(
                about="A port too many.",
                check={"run": "web", "nothing_else": True},
                dockerfile=_server("8080", "8081"),
                plan=_WEB,
                says="also listens on 8081",
                line=3,
            ),
            Sample(
                about="It ends.",
                check={"run": "web"},
                dockerfile='FROM busybox:1.35\nCMD ["ls", "/none"]\n',
                plan=_WEB,
                says='ended with 1, instead of serving on port 8080. Its error output ends with "ls: /none',
                line=2,
            ),
        ),
        malformed=(
            Sample(about="The run ends by itself.", says="ends by itself"),
            Sample(
                about="No port at all.",
                check={"run": "web"},
                plan={"runs": {"web": {"serve": {"ready": "started"}}}},
                says="`port`",
            ),
            Sample(about="No port.", check={"run": "web", "port": 0}, plan=_WEB, says="`port` must be a port"),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        where = "on its port" if self.port is None else f"on port {self.port}"
        return f"It listens {where}" + ("" if self.local_only else ", where others can reach it")

    def wants(self) -> Wants:
        """Where it listens."""
        return Wants(listens=frozenset({(self.run, self.port)}))

    def judge(self, seen: Observations) -> Verdict:
        """Judge where it listens."""
        run = seen.runs[self.run]
        trouble = not_ready(seen, run)
        if trouble is not None:
            return trouble
        port = int(self.port or run.port or 0)
        if run.ended_early:
            return ended_instead(seen, run, f"serving on port {port}")
        if not any(listener.port == port for listener in run.listeners):
            return not_listening(seen, run, port)
        if not self.local_only and (trouble := loopback_only(seen, run, port)) is not None:
            return trouble
        others = [
            str(listener.port) for listener in run.listeners if listener.port != port and not listener.loopback_only
        ]
        if self.nothing_else and others:
            return failed(
                f"It listens on port {port}, but it also listens on {listed(others)}, where others can reach it.",
                expected=f"port {port} only",
                seen=f"ports {listed([str(port), *others])}",
                line=run_line(seen, run),
            )
        return passed(f"It listens on port {port}.")
