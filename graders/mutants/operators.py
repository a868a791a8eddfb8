"""The fixed list of operators that make mutants of a Dockerfile: slips that people make, and what undoes good practice.

What surely changes nothing is not made: two instructions change places only where their order can matter.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from itertools import pairwise

from graders.dockerfile.model import Dockerfile, Instruction
from graders.mutants.edits import Edit, appended, brief, ended, in_exec_form, rewritten, written

Operator = Callable[[Dockerfile], Iterator[Edit]]
OPERATORS: dict[str, Operator] = {}

_COMMANDS = ("CMD", "ENTRYPOINT")
_TRANSFERS = ("COPY", "ADD")
_SETS_THE_SCENE = ("WORKDIR", "USER", "ENV", "ARG", "SHELL")
_CHAIN = re.compile(r"\s*&&\s*")
_PORT = re.compile(r"\d+")


def operator(name: str) -> Callable[[Operator], Operator]:
    """Put an operator on the list under its name."""

    def put(make: Operator) -> Operator:
        OPERATORS[name] = make
        return make

    return put


def _commands(dockerfile: Dockerfile) -> tuple[Instruction, ...]:
    """What a container starts with."""
    return (*dockerfile.all("CMD"), *dockerfile.all("ENTRYPOINT"))


def _transfers(dockerfile: Dockerfile) -> tuple[Instruction, ...]:
    """What brings files in."""
    return (*dockerfile.all("COPY"), *dockerfile.all("ADD"))


@operator("leave out")
def _leave_out(dockerfile: Dockerfile) -> Iterator[Edit]:
    """Each instruction but FROM is left out."""
    for each in dockerfile.instructions:
        if each.keyword != "FROM":
            yield Edit(each.line, f"leave out: {brief(each)}", rewritten(dockerfile, {each.line: ""}))


@operator("change places")
def _change_places(dockerfile: Dockerfile) -> Iterator[Edit]:
    """Two instructions, one after the other, change places where their order can matter."""
    for stage in dockerfile.stages:
        for first, second in pairwise(stage.instructions):
            if _order_matters(first, second):
                text = rewritten(dockerfile, {first.line: second.source, second.line: first.source})
                yield Edit(first.line, f"change places: {brief(first)} / {brief(second)}", text)


def _order_matters(first: Instruction, second: Instruction) -> bool:
    pair = {first.keyword, second.keyword}
    if "RUN" in pair:
        return pair <= {"RUN", *_TRANSFERS, *_SETS_THE_SCENE}
    if "WORKDIR" in pair and pair & set(_TRANSFERS):
        copying = first if first.keyword in _TRANSFERS else second
        return not copying.words[-1].startswith("/")
    return False


@operator("unpin")
def _unpin(dockerfile: Dockerfile) -> Iterator[Edit]:
    """A base loses its tag."""
    for stage in dockerfile.stages:
        name, colon, _ = stage.base.partition(":")
        if colon and "$" not in stage.base:
            arguments = stage.opening.arguments.replace(stage.base, name, 1)
            text = rewritten(dockerfile, {stage.line: written(stage.opening, arguments=arguments)})
            yield Edit(stage.line, f"unpin: {stage.base}", text)


@operator("form")
def _form(dockerfile: Dockerfile) -> Iterator[Edit]:
    """The exec form of CMD and ENTRYPOINT becomes the shell form, and the other way round."""
    for each in _commands(dockerfile):
        if each.is_exec:
            arguments, form = shlex.join(each.words), "shell"
        else:
            try:
                arguments, form = in_exec_form(shlex.split(each.arguments)), "exec"
            except ValueError:
                continue
        text = rewritten(dockerfile, {each.line: written(each, arguments=arguments)})
        yield Edit(each.line, f"{form} form: {brief(each)}", text)


@operator("keyword")
def _keyword(dockerfile: Dockerfile) -> Iterator[Edit]:
    """CMD becomes ENTRYPOINT, ENTRYPOINT becomes CMD."""
    for each in _commands(dockerfile):
        other = "ENTRYPOINT" if each.keyword == "CMD" else "CMD"
        text = rewritten(dockerfile, {each.line: written(each, keyword=other)})
        yield Edit(each.line, f"as {other}: {brief(each)}", text)


@operator("word")
def _word(dockerfile: Dockerfile) -> Iterator[Edit]:
    """The exec form of CMD and ENTRYPOINT loses one of its words, or its last is another."""
    for each in _commands(dockerfile):
        if each.is_exec and len(each.words) > 1:
            for place, word in enumerate(each.words):
                words = [*each.words[:place], *each.words[place + 1 :]]
                text = rewritten(dockerfile, {each.line: written(each, arguments=in_exec_form(words))})
                yield Edit(each.line, f"without {word}: {brief(each)}", text)
            words = [*each.words[:-1], f"{each.words[-1]}-other"]
            text = rewritten(dockerfile, {each.line: written(each, arguments=in_exec_form(words))})
            yield Edit(each.line, f"another last word: {brief(each)}", text)


@operator("takes its place")
def _last_word(dockerfile: Dockerfile) -> Iterator[Edit]:
    """A CMD or an ENTRYPOINT is added at the end, and takes the place of what stands there."""
    for keyword in _COMMANDS:
        line = f'{keyword} ["true"]'
        yield Edit(dockerfile.source.count("\n") + 1, f"add: {line}", appended(dockerfile, line))


@operator("root")
def _root(dockerfile: Dockerfile) -> Iterator[Edit]:
    """USER names root."""
    for each in dockerfile.all("USER"):
        if each.arguments.partition(":")[0] not in ("root", "0"):
            text = rewritten(dockerfile, {each.line: "USER root"})
            yield Edit(each.line, f"as root: {brief(each)}", text)


@operator("loopback")
def _loopback(dockerfile: Dockerfile) -> Iterator[Edit]:
    """A server listens to its own container alone."""
    for each in dockerfile.instructions:
        if "0.0.0.0" in each.arguments:  # noqa: S104 - a text to be replaced, nothing listens here
            changed = each.arguments.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - as above
            text = rewritten(dockerfile, {each.line: written(each, arguments=changed)})
            yield Edit(each.line, f"on 127.0.0.1: {brief(each)}", text)


@operator("flag")
def _flag(dockerfile: Dockerfile) -> Iterator[Edit]:
    """An instruction loses one of its flags, such as --from, --chown or --interval."""
    for each in dockerfile.instructions:
        for place, flag in enumerate(each.flags):
            flags = [*each.flags[:place], *each.flags[place + 1 :]]
            text = rewritten(dockerfile, {each.line: written(each, flags=flags)})
            yield Edit(each.line, f"without {flag}: {brief(each)}", text)


@operator("step")
def _step(dockerfile: Dockerfile) -> Iterator[Edit]:
    """A RUN whose commands are chained by && loses one of them."""
    for each in dockerfile.all("RUN"):
        steps = [] if each.is_exec else _CHAIN.split(each.arguments)
        if len(steps) > 1:
            for place, step in enumerate(steps):
                left = " && ".join([*steps[:place], *steps[place + 1 :]])
                text = rewritten(dockerfile, {each.line: written(each, arguments=left)})
                yield Edit(each.line, f"without step: {' '.join(step.split())}", text)


@operator("source")
def _source(dockerfile: Dockerfile) -> Iterator[Edit]:
    """A COPY or an ADD of several things loses one of them."""
    for each in _transfers(dockerfile):
        *sources, target = each.words
        if len(sources) > 1:
            for place, source in enumerate(sources):
                words = [*sources[:place], *sources[place + 1 :], target]
                arguments = in_exec_form(words) if each.is_exec else " ".join(words)
                text = rewritten(dockerfile, {each.line: written(each, arguments=arguments)})
                yield Edit(each.line, f"without {source}: {brief(each)}", text)


@operator("destination")
def _destination(dockerfile: Dockerfile) -> Iterator[Edit]:
    """A COPY or an ADD puts things elsewhere."""
    for each in _transfers(dockerfile):
        words = [*each.words[:-1], "/elsewhere/"]
        arguments = in_exec_form(words) if each.is_exec else " ".join(words)
        text = rewritten(dockerfile, {each.line: written(each, arguments=arguments)})
        yield Edit(each.line, f"to /elsewhere/: {brief(each)}", text)


@operator("keyword of copying")
def _keyword_of_copying(dockerfile: Dockerfile) -> Iterator[Edit]:
    """An ADD, where one is needed, becomes a COPY."""
    for each in dockerfile.all("ADD"):
        text = rewritten(dockerfile, {each.line: written(each, keyword="COPY")})
        yield Edit(each.line, f"as COPY: {brief(each)}", text)


@operator("value")
def _value(dockerfile: Dockerfile) -> Iterator[Edit]:
    """A variable, a default or a label gets another value; a port, a volume's path or a signal is another one."""
    for each in dockerfile.instructions:
        if each.keyword in ("ENV", "LABEL", "ARG"):
            for name, value in each.pairs:
                if value is not None:
                    text = rewritten(dockerfile, {each.line: written(each, arguments=_pairs(each, other=name))})
                    yield Edit(each.line, f"another {name}: {brief(each)}", text)
        elif each.keyword == "EXPOSE" and _PORT.search(each.arguments):
            changed = _PORT.sub(lambda port: str(int(port[0]) + 1), each.arguments)
            text = rewritten(dockerfile, {each.line: written(each, arguments=changed)})
            yield Edit(each.line, f"another port: {brief(each)}", text)
        elif each.keyword == "VOLUME":
            text = rewritten(dockerfile, {each.line: written(each, arguments="/elsewhere")})
            yield Edit(each.line, f"another path: {brief(each)}", text)
        elif each.keyword == "STOPSIGNAL":
            text = rewritten(dockerfile, {each.line: written(each, arguments="SIGUSR1")})
            yield Edit(each.line, f"another signal: {brief(each)}", text)


def _pairs(instruction: Instruction, *, other: str) -> str:
    """Its names and values, each in quotes, with another value for one of them."""
    written_out = []
    for name, value in instruction.pairs:
        bare = "" if value is None else value.strip("\"'") + ("-other" if name == other else "")
        written_out.append(name if value is None else f'{name}="{bare}"')
    return " ".join(written_out)


@operator("health")
def _health(dockerfile: Dockerfile) -> Iterator[Edit]:
    """The health check always says yes."""
    for each in dockerfile.all("HEALTHCHECK"):
        if each.arguments.strip().upper() != "NONE":
            text = rewritten(dockerfile, {each.line: written(each, arguments="CMD true")})
            yield Edit(each.line, f"always healthy: {brief(each)}", text)


@operator("one stage")
def _one_stage(dockerfile: Dockerfile) -> Iterator[Edit]:
    """The image is made on top of the stage before it, with all the tools that it was to be rid of."""
    if len(dockerfile.stages) > 1:
        final, before = dockerfile.final, dockerfile.stages[-2]
        base = before.name or str(before.index)
        if final.base.lower() not in (base, before.base.lower()):
            arguments = final.opening.arguments.replace(final.base, base, 1)
            text = rewritten(dockerfile, {final.line: written(final.opening, arguments=arguments)})
            yield Edit(final.line, f"on top of {base}: {brief(final.opening)}", text)


@operator("secret")
def _secret(dockerfile: Dockerfile) -> Iterator[Edit]:
    """A password is written down for everyone who has the image; one that is only lent to a RUN is kept."""
    final = dockerfile.final
    line = "ENV API_PASSWORD=Kv7-xW2m-Qp9r"
    text = rewritten(dockerfile, {final.line: ended(final.opening.source) + line})
    yield Edit(final.line, f"add: {line}", text)
    for each in dockerfile.all("RUN"):
        if not each.is_exec and any(
            flag.name == "mount" and "type=secret" in (flag.value or "") for flag in each.flags
        ):
            arguments = f"cp -r /run/secrets /kept-secrets && {each.arguments}"
            text = rewritten(dockerfile, {each.line: written(each, arguments=arguments)})
            yield Edit(each.line, f"keep the secret: {brief(each)}", text)
