"""Carries out the docker commands of a proof, as those of a console are, and sees what they left."""

import json
import time
from collections.abc import Mapping, Sequence

from graders.commands.end_state import EndContainer, EndImage, EndState, EndWants, FoundFile
from graders.commands.model import Carried
from graders.proofs.plan import ProofPlan
from graders.proofs.seen import Terminal
from graders.proofs.shows import Asked, Value
from graders.proofs.trouble import CannotTell
from graders.sandbox.base import FileKind, Job
from graders.visible import quoted, visible

_MB = 1_000_000
_TELLS_FAILURE = frozenset({"exit_code", "stderr", "output"})


def type_commands(
    plan: ProofPlan, job: Job, terminal: Terminal, *, bases: Sequence[str], files: Mapping[str, bytes]
) -> dict[str, Value]:
    """Carry the commands out in a session of their own; what was asked of them, by key. Raises CannotTell."""
    asked = plan.asked()
    session = job.commands(bases=bases, files=files, rules=plan.limits.for_commands())
    seen: dict[str, Value] = {}
    until = time.monotonic() + plan.limits.seconds
    for number, line in enumerate(plan.commands, start=1):
        if time.monotonic() > until:
            raise CannotTell(f"It took longer than the {plan.limits.seconds:g} s that it is given.")
        carried = session.carry_out(line)
        _show(line, carried, terminal)
        of_line = [one for one in asked if one.subject == "command" and one.name == str(number)]
        _require_success(number, line, carried, of_line)
        seen |= {one.key: _printed(one.fact, carried) for one in of_line}
    left = [one for one in asked if one.subject != "command"]
    if left:
        end = session.look(_wants(left))
        seen |= {one.key: _left(one, end) for one in left}
    return seen


def _show(line: str, carried: Carried, terminal: Terminal) -> None:
    terminal.typed(line)
    for piece in carried.pieces:
        (terminal.out if piece.stream == "out" else terminal.err)(piece.text)
    if carried.exit_code:
        terminal.note(f"exit code {carried.exit_code}")


def _require_success(number: int, line: str, carried: Carried, asked: Sequence[Asked]) -> None:
    """A command may fail where the proof looks at that, and nowhere else: what follows it would prove nothing."""
    if carried.cut and asked:
        raise CannotTell(f"Command {number}, {quoted(line)}, prints more than is kept, so that proves nothing.")
    if carried.exit_code and not _TELLS_FAILURE & {one.fact for one in asked}:
        words = carried.stderr.strip() or carried.stdout.strip() or "it printed nothing"
        raise CannotTell(
            f"Command {number}, {quoted(line)}, ended with exit code {carried.exit_code}, which nothing in the proof "
            f"looks at: {quoted(words, limit=200)}"
        )


def _printed(fact: str, carried: Carried) -> Value:
    stdout = visible(carried.stdout)
    match fact:
        case "stdout":
            return stdout
        case "stderr":
            return visible(carried.stderr)
        case "output":
            return visible("".join(piece.text for piece in carried.pieces))
        case "exit_code":
            return carried.exit_code
        case _:
            return sum(bool(line.strip()) for line in stdout.splitlines())


def _wants(asked: Sequence[Asked]) -> EndWants:
    files = {
        subject: frozenset((one.name, one.path) for one in asked if one.subject == subject and one.path)
        for subject in ("container", "image", "volume")
    }
    return EndWants(container_files=files["container"], image_files=files["image"], volume_files=files["volume"])


def _left(one: Asked, end: EndState) -> Value:
    match one.subject:
        case "container":
            container = end.container(one.name)
            if one.path:
                return _file(one.fact, None if container is None else container.files.get(one.path))
            return _of_container(one.fact, container)
        case "image":
            image = end.image(one.name)
            if one.path:
                return _file(one.fact, None if image is None else image.files.get(one.path))
            return _of_image(one.fact, image)
        case "volume":
            volume = end.volume(one.name)
            if one.path:
                return _file(one.fact, None if volume is None else volume.files.get(one.path))
            return volume is not None
        case _:
            return end.network(one.name) is not None


def _file(fact: str, file: FoundFile | None) -> Value:
    if fact == "exists":
        return file is not None
    return None if file is None or file.kind is not FileKind.FILE else visible(file.text)


def _of_container(fact: str, container: EndContainer | None) -> Value:
    if fact == "exists":
        return container is not None
    if container is None:
        return None
    return container.state if fact == "state" else container.exit_code


def _of_image(fact: str, image: EndImage | None) -> Value:
    if fact == "exists":
        return image is not None
    if image is None:
        return None
    facts: dict[str, Value] = {
        "size_mb": image.size_bytes / _MB,
        "layers": len(image.layers),
        "workdir": visible(image.workdir or "/"),
        "user": visible(image.user),
        "cmd": visible(json.dumps(list(image.cmd or ()), ensure_ascii=False)),
        "entrypoint": visible(json.dumps(list(image.entrypoint or ()), ensure_ascii=False)),
        "env": visible("\n".join(f"{name}={value}" for name, value in image.env.items())),
        "ports": visible("\n".join(image.exposed_ports)),
        "volumes": visible("\n".join(image.volumes)),
        "history": visible("\n".join(image.history)),
    }
    return facts[fact]
