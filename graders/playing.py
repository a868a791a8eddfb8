"""Takes the steps of an exchange, one after the other: asks, compares, keeps values, restarts what it is told to."""

import time
from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from graders.checks.patterns import SlowPattern, first_match
from graders.companions import Part
from graders.exchanges import Exchange, Keep, SeenExchange, SeenStep, Step, filled_step
from graders.replies import as_json, at, json_of, objection
from graders.sandbox.base import HttpReply, HttpRequest
from graders.sandbox.http_exchange import UnsendableRequest
from graders.serving import message_of
from graders.visible import last_lines, quoted, visible

_PAUSE_SECONDS = 0.2
_MOST_KEPT = 2000
_MOST_SENT = 2000


def play(exchange: Exchange, *, parts: Mapping[str, Part], ends_at: float) -> SeenExchange:
    """Take the steps until one is not as it should be. Afterwards every part is up again that can be.

    Args:
        exchange: with drawn values put in.
        parts: the run that is asked and those beside it, by name.
        ends_at: when (of the monotonic clock) the time of the run is over.
    """
    return _Player(exchange, parts, ends_at).play()


class _Player:
    def __init__(self, exchange: Exchange, parts: Mapping[str, Part], ends_at: float) -> None:
        self._exchange = exchange
        self._parts = parts
        self._asked = parts[exchange.run]
        self._ends_at = ends_at
        self._kept: dict[str, str] = {}
        self._stopped: list[Part] = []
        self._not_ours = ""

    def play(self) -> SeenExchange:
        taken: list[SeenStep] = []
        for step in self._exchange.steps:
            taken.append(self._take(step))
            if taken[-1].objection or self._not_ours:
                break
        for part in reversed(self._stopped):
            part.start_again()
        return SeenExchange(steps=tuple(taken), not_ours=self._not_ours)

    def _take(self, step: Step) -> SeenStep:
        if step.disturbed:
            return self._disturb(step)
        try:
            step = filled_step(step, self._kept)
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            return SeenStep(
                what=_name(step), objection=f"cannot be sent with what was kept before it, {wrong['input']!r:.80}"
            )
        return replace(self._ask_until(step), asked=step)

    def _ask_until(self, step: Step) -> SeenStep:
        """Ask, and ask again while there is time for it, until the reply is as it should be."""
        request = message_of(step, default_port=self._asked.serve.port, left=step.timeout_seconds)
        seen, until = SeenStep(what=_name(step)), time.monotonic() + step.within_seconds
        while True:
            left = self._ends_at - time.monotonic()
            if left <= 0:
                told = seen.objection or "was not sent"
                return SeenStep(
                    what=seen.what, sent=seen.sent, reply=seen.reply, objection=f"{told}, and the run's time is over"
                )
            seen = self._ask(step, request, left)
            if not seen.objection or time.monotonic() >= until:
                return seen
            time.sleep(_PAUSE_SECONDS)

    def _ask(self, step: Step, request: HttpRequest, left: float) -> SeenStep:
        bounded = HttpRequest(**{**vars(request), "timeout_seconds": min(request.timeout_seconds, left)})
        what, sent = _name(step), _written(bounded)
        try:
            reply = self._asked.container.http(bounded)
        except UnsendableRequest as unsendable:
            return SeenStep(
                what=what, sent=sent, objection=f"cannot be sent with what was kept before it: {unsendable}"
            )
        if reply.status is None:
            return SeenStep(what=what, sent=sent, reply=reply, objection=f"got no answer: {visible(reply.error)}")
        wrong = objection(step, reply) or self._keep(step, reply)
        return SeenStep(what=what, sent=sent, reply=reply, objection=wrong)

    def _keep(self, step: Step, reply: HttpReply) -> str:
        """Keep what is to be kept. Returns what is missing, to follow the request in a sentence."""
        for name, place in step.keep.items():
            try:
                self._kept[name] = _value_at(place, reply)[:_MOST_KEPT]
            except LookupError as missing:
                return f"is answered without {missing.args[0]}, which later steps need: {quoted(reply.body)}"
        return ""

    def _disturb(self, step: Step) -> SeenStep:
        part = self._parts[step.disturbed]
        what = _name(step)
        if time.monotonic() >= self._ends_at:
            return SeenStep(what=what, objection="was not done, since the run's time is over")
        if step.start is None:
            part.stop()
            if step.stop is not None:
                self._stopped.append(part)
                return SeenStep(what=what)
        elif part in self._stopped:
            self._stopped.remove(part)
        readiness = part.start_again()
        if readiness.ready:
            return SeenStep(what=what)
        if part.ours:
            self._not_ours = f"`{part.name}`, which the lab brings, could not be started again"
            return SeenStep(what=what)
        told = f" {readiness.instead}" if readiness.instead else _complaint(part)
        return SeenStep(
            what=what, objection=f"did not bring it up again within {part.serve.wait_seconds:g} s.{told}".rstrip(".")
        )


def _name(step: Step) -> str:
    for verb, run in (("restart", step.restart), ("stop", step.stop), ("start", step.start)):
        if run is not None:
            return f"the {verb} of `{run}`"
    return f"{step.method} {visible(step.path)}"


def _written(request: HttpRequest) -> str:
    lines = [f"{request.method} {request.path}", *(f"{name}: {value}" for name, value in request.headers.items())]
    return visible("\n".join(lines) + ("\n\n" + request.body.decode() if request.body else ""))[:_MOST_SENT]


def _complaint(part: Part) -> str:
    lines = visible(part.container.logs()[1]).strip().splitlines()
    return f" Its error output ends with {quoted(last_lines(lines[-1]))}." if lines else ""


def _value_at(place: Keep, reply: HttpReply) -> str:
    """The value that stands there. Raises LookupError with what is missing."""
    if place.json_path is not None:
        return _json_value(place.json_path, reply)
    text = visible(reply.body)
    if place.header is not None:
        found = reply.headers.get(place.header.lower())
        if found is None:
            raise LookupError(f"the header {place.header}")
        text = found
    if not place.matches:
        return text
    try:
        match = first_match(place.matches, text)
    except SlowPattern:
        match = None
    if match is None:
        raise LookupError("a value in the place where one is to stand")
    return match


def _json_value(path: str, reply: HttpReply) -> str:
    try:
        found = at(json_of(reply.body), path)
    except ValueError:
        raise LookupError("JSON") from None
    except LookupError:
        raise LookupError(f"a value at {quoted(path)} of its JSON") from None
    if found is None:
        raise LookupError(f"a value at {quoted(path)} of its JSON, but null")
    return found if isinstance(found, str) else as_json(found)
