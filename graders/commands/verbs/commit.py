"""`docker commit`: what a container changed becomes an image."""

import re
from collections.abc import Sequence
from urllib.parse import unquote_plus, urlencode

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.ending import SESSION_LABEL
from graders.commands.image_bounds import ensure_fits, ensure_modest
from graders.commands.image_names import give_name, new_names, problem_of
from graders.commands.model import Command, CommandRefused
from graders.commands.rewriting import OURS
from graders.commands.state import OwnContainer, OwnImage, with_tag
from graders.commands.verbs.targets import own_container
from graders.dockerfile.dialect import Dialect
from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.parser import parse_instructions
from graders.dockerfile.policy import Policy, examine

_BAD_REQUEST = 400
_TAKEN = frozenset(
    {"CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)


@carries("container", "commit")
def commit(doing: Doing, command: Command) -> int:
    """Make the image, print its id, and write it down."""
    name = command.args[1] if len(command.args) > 1 else ""
    if name and (problem := problem_of(name)):
        raise CommandRefused(problem, code="bad-value")
    container = _container(doing, command)
    shown = new_names(doing.state, [name])[0] if name else ""
    changes = command.texts("change")
    for change in changes:
        _ensure_taken(change)
    _ensure_allowed(changes)
    doing.ensure_room("image")
    told = doing.daemon.get(f"/containers/{container.id}/json", aside=True)
    ensure_modest(told["Config"], container.name, expands=any("$" in change for change in changes))
    image_id = _committed(doing, command, container)
    parent = str(told["Image"])
    ensure_fits(doing, image_id, parent=parent)
    doing.state.images.append(OwnImage(id=image_id, made_by="commit", parent=parent, container=container.name))
    if shown:
        give_name(doing, shown, image_id)
    doing.touch("image", shown or image_id, image_id, made=True)
    doing.touch("container", container.name, container.id)
    doing.out(image_id)
    return 0


def _container(doing: Doing, command: Command) -> OwnContainer:
    try:
        return own_container(doing, command.args[0])
    except DaemonRefused as refusal:
        _note(doing, command, status=refusal.status)
        raise


def _committed(doing: Doing, command: Command, container: OwnContainer) -> str:
    labels = {**doing.labels, SESSION_LABEL: doing.state.key}
    ours = [f'LABEL {name}="{value}"' for name, value in labels.items()]  # the last of two of a name counts
    query = {
        "author": command.text("author"),
        "changes": "\n".join([*command.texts("change"), *ours]),
        "comment": command.text("message"),
        "container": container.id,
        **_pause(command),
    }
    reply = doing.daemon.call("POST", "/commit", query=query, aside=True)
    _note(doing, command, status=reply.status)
    return str(reply.json()["Id"])


def _note(doing: Doing, command: Command, *, status: int) -> None:
    name = with_tag(command.args[1]) if len(command.args) > 1 else ":"
    repository, _, tag = name.rpartition(":")
    query = [
        ("author", command.text("author")),
        *(("changes", change) for change in command.texts("change")),
        ("comment", command.text("message")),
        ("container", command.args[0]),
        *_pause(command).items(),
        ("repo", repository),
        ("tag", tag),
    ]
    doing.daemon.note("POST", f"/commit?{unquote_plus(urlencode(query))}", status=status)


def _pause(command: Command) -> dict[str, str]:
    return {"pause": "0"} if command.flag("pause") is False else {}


def _ensure_taken(change: str) -> None:
    """Refuse a change that is not one instruction of those that make sense for an image that is there already."""
    if (
        not change.strip()
        or change.lstrip().startswith("#")
        or "\n" in change
        or "\r" in change
        or change.rstrip().endswith(("\\", "`"))
    ):
        raise CommandRefused("--change takes one instruction on one line: repeat it for each.", code="bad-value")
    try:
        instructions = parse_instructions(change)
    except DockerfileError as wrong:
        raise CommandRefused(f"--change {change[:80]}: {_unnumbered(wrong.message)}", code="bad-value") from wrong
    for instruction in instructions:
        if instruction.keyword == "ONBUILD":
            raise CommandRefused(
                "--change ONBUILD is not available here: what it does would happen in builds of others, unseen. Write"
                " the instruction in the Dockerfile that builds on the image.",
                code="not-available",
            )
        if instruction.keyword not in _TAKEN:
            raise DaemonRefused(_BAD_REQUEST, f"{instruction.keyword.lower()[:60]} is not a valid change command")
        if instruction.keyword == "EXPOSE" and "$" in instruction.arguments:
            raise CommandRefused("--change EXPOSE: write the ports out, without variables.", code="not-available")
        if instruction.keyword == "LABEL" and any(name.startswith(OURS) for name, _ in instruction.pairs):
            raise CommandRefused(
                f"Labels that begin with {OURS} are the console's own. Choose another.", code="not-available"
            )


def _ensure_allowed(changes: Sequence[str]) -> None:
    """Refuse what a Dockerfile of these lines would be refused for."""
    _, refusals = examine("\n".join(["FROM scratch", *changes]), Policy(), Dialect())
    if refusals:
        reasons = "\n".join(_unnumbered(refusal.message) for refusal in refusals)
        raise CommandRefused(f"--change cannot be done here: {reasons}", code="bad-value")


def _unnumbered(message: str) -> str:
    """A sentence about a Dockerfile without the number of the line, which nobody typed here."""
    return re.sub(r"^Line \d+: ", "", message)
