"""The check `logs`: what a container has to tell goes to its output, not to a file that nobody reads."""

from typing import ClassVar, Literal

from pydantic import model_validator

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import complaint_of, did_not_start, output_of, run_line
from graders.checks.registry import register
from graders.observations import Observations, SeenRun, Wants
from graders.sandbox.base import FileFacts, RunResult
from graders.spec import Identifier, Texts
from graders.visible import last_lines, listed, quoted, visible

_WEB = {
    "values": {"page": "nonce"},
    "runs": {"web": {"serve": {"port": 8080}}},
    "requests": {"visit": {"run": "web", "path": "/{page}"}},
}
_SERVER = 'FROM busybox:1.35\nCMD ["sh", "-c", "exec httpd -f -v -p 8080{redirect}"]\n'


@register("logs")
class Logs(Check):
    """A run tells what happens on its stdout or stderr: the texts in `contains` are there when it was asked `request`.

    Where they are not, the files that it wrote are looked through, and the one that holds them is named.
    """

    run: Identifier = DEFAULT
    request: Identifier | None = None
    """A request of the plan that it logs."""
    contains: Texts = ()
    """Texts that it logs, such as a drawn path that was asked for."""
    stream: Literal["stdout", "stderr", "both"] = "both"
    """Where it should log."""

    why: ClassVar[str] = (
        "Engines collect what a container prints; a log file inside of it fills its layer and is gone with it."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="The request is logged on an output.",
                check={"run": "web", "request": "visit", "contains": "{page}"},
                dockerfile=_SERVER.format(redirect="").replace("-v", "-vv"),
                plan=_WEB,
            ),
            Sample(
                about="A log file that is a link to the output will do.",
                check={"contains": "{word}", "stream": "stdout"},
                dockerfile=(
                    "FROM busybox:1.35\nRUN mkdir -p /var/log && ln -s /dev/stdout /var/log/app.log\n"
                    "CMD echo $WORD > /var/log/app.log\n"
                ),
                plan={"values": {"word": "word"}, "runs": {"default": {"env": {"WORD": "{word}"}}}},
            ),
        ),
        wrong=(
            Sample(
                about="It logs to a file.",
                check={"run": "web", "request": "visit", "contains": "{page}"},
                dockerfile=_SERVER.format(redirect=" 2> /access.log").replace("-v", "-vv"),
                plan=_WEB,
                says="is in the file /access.log",
                line=2,
            ),
            Sample(
                about="It logs nothing.",
                check={"run": "web", "request": "visit", "contains": "{page}"},
                dockerfile=_SERVER.format(redirect="").replace(" -v", ""),
                plan=_WEB,
                says="It logged nothing",
                line=2,
            ),
            Sample(
                about="It logs where it should not.",
                check={"contains": "hello", "stream": "stdout"},
                dockerfile="FROM busybox:1.35\nCMD echo hello >&2\n",
                says="on stderr",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="No texts.", says="needs `contains`"),
            Sample(
                about="A request of another run.",
                check={"request": "visit", "contains": "a"},
                plan=_WEB,
                says="goes to the run `web`",
            ),
            Sample(
                about="No such request.",
                check={"run": "web", "request": "visits", "contains": "a"},
                plan=_WEB,
                says="Did you mean `visit`?",
            ),
        ),
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "Logs":
        if not self.contains:
            raise ValueError("needs `contains`: what is to be logged")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return "It logs to its output" if self.stream == "both" else f"It logs to {self.stream}"

    def wants(self) -> Wants:
        """The run, asked the request, and what it wrote."""
        run = frozenset({self.run})
        return Wants(
            runs=run,
            written=run,
            named_requests=() if self.request is None else (self.request,),
            requests_go_to=self.run if self.request is not None else None,
            awaited=frozenset((self.run, text) for text in self.contains),
        )

    def judge(self, seen: Observations) -> Verdict:
        """Look for the texts on the output, then elsewhere."""
        run = seen.runs[self.run]
        trouble = did_not_start(seen, run)
        if trouble is not None:
            return trouble
        result = run.secret_result or run.result if self.hidden else run.result
        streams = _streams(result)
        missing = [text for text in self.contains if text not in streams[self.stream]]
        if not missing:
            return passed("It logs to its output, as it should.", seen=last_lines(streams[self.stream]))
        told = listed([quoted(text) for text in missing])
        line = run_line(seen, run)
        other = next((name for name in ("stdout", "stderr") if all(text in streams[name] for text in missing)), "")
        if other:
            return failed(
                f"It logged {told} on {other}, not on {self.stream}.", expected=self.stream, seen=other, line=line
            )
        file = _file_with(run, missing)
        if file is not None:
            return failed(
                f"It did not print {told}; that is in the file {visible(file.path)}, in the container's own layer.",
                expected=self.stream if self.stream != "both" else "stdout or stderr",
                seen=visible(file.path),
                hint="Tell the program to log to its output, or let its log file be a link to /dev/stdout.",
                line=line,
            )
        printed = quoted(streams[self.stream]) if streams[self.stream].strip() else "nothing"
        return failed(
            f"It logged {printed}, without {told}.{complaint_of(run) if self.stream == 'stdout' else ''}"
            if printed != "nothing"
            else f"It logged nothing, where {told} was expected.",
            expected="\n".join(missing),
            seen=output_of(run),
            hint="Some programs keep what they print in a buffer, when it does not go to a terminal.",
            line=line,
        )


def _streams(result: RunResult) -> dict[str, str]:
    stdout, stderr = visible(result.stdout), visible(result.stderr)
    return {"stdout": stdout, "stderr": stderr, "both": f"{stdout}\n{stderr}"}


def _file_with(run: SeenRun, texts: list[str]) -> FileFacts | None:
    return next((file for file in run.written if all(text in visible(file.content) for text in texts)), None)
