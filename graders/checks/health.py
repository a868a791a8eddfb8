"""The check `health`: the HEALTHCHECK tells a program that works from one that does not, tried by the engine itself."""

from typing import ClassVar

from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import ended_instead, keyword_line, not_ready
from graders.checks.registry import register
from graders.health import HealthTrial, SeenHealth
from graders.observations import Observations, SeenRun, Wants
from graders.sandbox.base import HealthProbe
from graders.serving import told_try
from graders.visible import last_lines, visible

_WEB = {"runs": {"web": {"serve": {"port": 8080}}}}
_PAGE = {"index.html": "hello\n"}
_ASKS = "wget -q -O /dev/null http://127.0.0.1:8080/ || exit 1"


def _image(healthcheck: str, server: str = 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]') -> str:
    return f"FROM busybox:1.35\nCOPY index.html /www/\nHEALTHCHECK {healthcheck}\n{server}\n"


@register("health")
class Health(Check, HealthTrial):
    """The run becomes healthy, and unhealthy once its program is broken on purpose, as its own HEALTHCHECK says.

    The engine tries the image's HEALTHCHECK, every half second and without retries whatever its own times are, each
    try for at most four seconds. The program is broken by `breaks`: `freeze` (default) holds its processes from
    outside as if it hung; `{request: {method: POST, path: /break}}` asks it to break itself; `{stop: RUN}` stops a run
    beside it; null breaks nothing. It is the last thing done with that container, so one check can break each run. When
    it is broken is drawn by chance, yet a HEALTHCHECK that turns by itself after so many tries can fall on it: where
    that matters, let an `instruction` check ask what it runs.
    """

    why: ClassVar[str] = (
        "Whoever runs a container restarts or bypasses it when its HEALTHCHECK fails: one that never fails hides every "
        "fault, and none at all looks the same."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="It asks the server; its own interval is an hour.",
                check={"run": "web"},
                dockerfile=_image(f"--interval=1h --timeout=2s --retries=9 CMD {_ASKS}"),
                files=_PAGE,
                plan=_WEB,
            ),
            Sample(
                about="A server in shell form, run as a user, on a drawn port.",
                check={"run": "web"},
                dockerfile=_image(
                    "CMD wget -q -O /dev/null http://127.0.0.1:$PORT/",
                    "USER 1000\nCMD httpd -f -p $PORT -h /www & wait; echo ended",
                ),
                files=_PAGE,
                plan={
                    "values": {"port": "port"},
                    "runs": {"web": {"env": {"PORT": "{port}"}, "serve": {"port": "{port}"}}},
                },
            ),
            Sample(
                about="It breaks when it is asked to.",
                check={"run": "web", "breaks": {"request": {"path": "/cgi-bin/break"}}},
                dockerfile=(
                    "FROM busybox:1.35\nCOPY --chmod=0755 break /www/cgi-bin/break\n"
                    "HEALTHCHECK CMD test ! -e /tmp/broken\n"
                    'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]\n'
                ),
                files={"break": "#!/bin/sh\ntouch /tmp/broken\nprintf 'Status: 200 OK\\r\\n\\r\\nbroken\\n'\n"},
                plan=_WEB,
            ),
            Sample(
                about="A worker that is waited for by its HEALTHCHECK, and cannot do without its store.",
                check={"run": "worker", "breaks": {"stop": "store"}},
                dockerfile=(
                    "FROM busybox:1.35\nHEALTHCHECK --interval=1h CMD nc -w 1 store 9000 < /dev/null\n"
                    'CMD ["sleep", "600"]\n'
                ),
                plan={
                    "runs": {
                        "store": {
                            "base": "busybox",
                            "args": ["httpd", "-f", "-p", "9000"],
                            "network": "inner",
                            "serve": {"port": 9000},
                        },
                        "worker": {"network": "inner", "beside": ["store"], "serve": {"ready": "health"}},
                    }
                },
            ),
            Sample(
                about="Only health is asked for.",
                check={"run": "web", "breaks": None},
                dockerfile=_image("CMD true"),
                files=_PAGE,
                plan=_WEB,
            ),
        ),
        wrong=(
            Sample(
                about="It always succeeds.",
                check={"run": "web", "unhealthy_within": 3},
                dockerfile=_image("CMD exit 0"),
                files=_PAGE,
                plan=_WEB,
                says="still says healthy 3 s after its program was frozen",
                line=3,
            ),
            Sample(
                about="It looks for the process, which a program that hangs still is.",
                check={"run": "web", "unhealthy_within": 3},
                dockerfile=_image("CMD pidof httpd"),
                files=_PAGE,
                plan=_WEB,
                says="still says healthy",
                line=3,
            ),
            Sample(
                about="It asks on the wrong port.",
                check={"run": "web", "healthy_within": 2},
                dockerfile=_image(f"CMD {_ASKS.replace('8080', '80')}"),
                files=_PAGE,
                plan=_WEB,
                says="was not healthy within 2 s",
                line=3,
            ),
            Sample(
                about="It hangs.",
                check={"run": "web", "healthy_within": 5},
                dockerfile=_image("--timeout=1s CMD sleep 1000"),
                files=_PAGE,
                plan=_WEB,
                says="timeout",
                line=3,
            ),
            Sample(
                about="There is none.",
                check={"run": "web"},
                dockerfile=_image("NONE"),
                files=_PAGE,
                plan=_WEB,
                says="no HEALTHCHECK",
            ),
            Sample(
                about="It is not there to be broken.",
                check={"run": "web", "breaks": {"request": {"path": "/", "port": 8081}}},
                dockerfile=_image("CMD true"),
                files=_PAGE,
                plan=_WEB,
                says="got no answer",
            ),
        ),
        malformed=(
            Sample(about="The run ends by itself.", says="ends by itself"),
            Sample(about="No such way to break.", check={"run": "web", "breaks": "hit"}, plan=_WEB, says="`breaks`"),
            Sample(
                about="Two ways at once.",
                check={"run": "web", "breaks": {"freeze": True, "stop": "store"}},
                plan=_WEB,
                says="breaks in one way",
            ),
            Sample(
                about="Nobody beside it to stop.",
                check={"run": "web", "breaks": {"stop": "store"}},
                plan=_WEB,
                says="`store` is not beside",
            ),
            Sample(
                about="The same container is to end well.",
                check={"run": "web"},
                plan={"runs": {"web": {"serve": {"port": 8080}, "stop": {}}}},
                says="use two runs",
            ),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return "Its HEALTHCHECK tells health" + (" from trouble" if self.breaks is not None else "")

    def wants(self) -> Wants:
        """What its HEALTHCHECK said before and after."""
        return Wants(
            health={self._key(): HealthTrial(**{name: getattr(self, name) for name in HealthTrial.model_fields})}
        )

    def judge(self, seen: Observations) -> Verdict:
        """Judge what the HEALTHCHECK said."""
        run = seen.runs[self.run]
        declared = seen.images[run.build].healthcheck
        if declared is None or declared.test[:1] in {(), ("NONE",)}:
            return failed(
                "The image declares no HEALTHCHECK, so nobody is told when it does not work any more.",
                line=keyword_line(seen, run, "HEALTHCHECK"),
            )
        trouble = not_ready(seen, run)
        if trouble is not None:
            return trouble
        if run.ended_early:
            return ended_instead(seen, run, "running on")
        return self._verdict(seen, run, run.health_trials[self._key()])

    def _verdict(self, seen: Observations, run: SeenRun, trial: SeenHealth) -> Verdict:
        line = keyword_line(seen, run, "HEALTHCHECK")
        if trial.was != "healthy":
            what = "was healthy at times only" if trial.was == "unsteady" else "was not healthy"
            return failed(
                f"It {what} within {self.healthy_within:g} s. {_last(trial.before)}",
                expected="healthy",
                seen=_tries(trial.before),
                line=line,
            )
        if trial.not_broken:
            return failed(trial.not_broken, line=line)
        if self.breaks is None:
            return passed("It becomes healthy.")
        broken = "was frozen" if self.breaks.freeze else "was broken" if self.breaks.request else "lost what it needs"
        if not trial.running:
            return failed(f"The container ended when its program {broken}, and its HEALTHCHECK had nothing to tell.")
        if trial.turned != "unhealthy":
            return failed(
                f"Its HEALTHCHECK still says {trial.turned} {self.unhealthy_within:g} s after its program {broken}. "
                f"{_last(trial.after)}",
                expected="unhealthy",
                seen=_tries(trial.after),
                hint="Let it ask the program to do a piece of its work, and fail where that takes too long.",
                line=line,
            )
        return passed(f"It becomes healthy, and unhealthy once its program {broken}.")

    def _key(self) -> str:
        return f"check/{self.id}"


def _last(tries: tuple[HealthProbe, ...]) -> str:
    return told_try(tries[-1]) if tries else "It was not tried once."


def _tries(tries: tuple[HealthProbe, ...]) -> str:
    return "\n".join(
        f"exit code {each.exit_code}: {last_lines(visible(each.output), 2)}".rstrip(": ") for each in tries
    )
