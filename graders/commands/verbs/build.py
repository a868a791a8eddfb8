"""`docker build`: the lab's folder, or a folder in it, becomes an image, within the policy that labs have.

Every build runs from its beginning and without network. It is BuildKit that builds, which docker's own CLI of this
version takes only where DOCKER_BUILDKIT=1 is set; what is printed is what it prints then.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from urllib.parse import unquote_plus, urlencode

from graders.commands.build_files import BuildFiles, build_files
from graders.commands.build_output import BuildOutput
from graders.commands.builder import build_one, builder, dialect_of, prepared
from graders.commands.doing import Doing, carries
from graders.commands.ending import SESSION_LABEL
from graders.commands.folder import Folder
from graders.commands.image_bounds import ensure_fits, ensure_modest
from graders.commands.image_names import full_name, give_name, new_names, problem_of
from graders.commands.model import Command, CommandRefused
from graders.commands.own_bases import ensure_plain_ports, own_bases, parent_of, with_engine_names
from graders.commands.rewriting import OURS
from graders.commands.state import OwnImage
from graders.commands.verbs.refusing import remark
from graders.context import Context
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.policy import Policy, examine
from graders.sandbox.base import BuildLimits, Limit
from graders.sandbox.buildkit import BuildOrder

_ELSEWHERE = re.compile(r"^(?:https?://|git://|ssh://|git@|github\.com/)|\.git(?:[#:].*)?$", re.IGNORECASE)
_LIMITS: Mapping[Limit | None, str] = {
    Limit.MEMORY: "A step took more memory than a build has here.",
    Limit.PIDS: "A step started more processes than a build may have here.",
    Limit.DISK: "A step wrote more than there is room for here.",
    Limit.OUTPUT: "A step printed more than a build may here.",
}
"""What the builder does not say of itself."""


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """What the command asks for, as far as it can be told without the folder."""

    path: str
    file: str
    """Where the Dockerfile lies, empty for its usual place."""
    names: tuple[str, ...]
    """As typed."""
    arguments: Mapping[str, str]
    labels: Mapping[str, str]
    target: str


@carries("image", "build")
def build(doing: Doing, command: Command) -> int:
    """Build, print how it went, and write the image down."""
    wish = _wish(command)
    shown = new_names(doing.state, wish.names)
    files = build_files(Folder(doing.state, doing.rules), wish.path, wish.file)
    _ensure_room(doing)
    dockerfile = _examined(doing, wish, files)
    with builder(doing.daemon.engine, wait_seconds=doing.rules.build_seconds) as owner:
        context = files.context(with_engine_names(dockerfile, doing.state, wish.arguments))
        output = BuildOutput(max_bytes=2 * doing.rules.output_bytes)
        order = _order(doing, wish, context, owner=owner)
        result = build_one(doing.daemon.engine, doing.state, order, output.follow)
        _note(doing, command, wish)
        if result.ok:
            parent = parent_of(dockerfile, doing.state, wish.arguments, wish.target)
            ensure_fits(doing, result.image_id, parent=parent)
            _keep(doing, result.image_id, shown, parent)
    if command.is_on("quiet") and result.ok:
        doing.out(result.image_id)
        return 0
    text = output.text(files.sent(dockerfile), result, names=[full_name(name) for name in wish.names])
    doing.err(doing.daemon.shown_message(text).rstrip("\n"))
    if result.limit in _LIMITS:
        remark(doing, _LIMITS[result.limit])
    return 0 if result.ok else 1


def _wish(command: Command) -> _Wish:
    path = command.args[0]
    if path == "-":
        raise CommandRefused(
            "docker build - reads from what is piped in, which is not available here. Save the Dockerfile in the lab's"
            " folder and build that: docker build .",
            code="not-available",
        )
    if _ELSEWHERE.search(path):
        raise CommandRefused(
            f"unable to prepare context: {path[:200]!r} cannot be fetched, since nothing here reaches a network. Build"
            " the lab's folder: docker build .",
            code="not-available",
        )
    if command.text("file") == "-":
        raise CommandRefused(
            "-f - reads the Dockerfile from what is piped in, which is not available here. Save it in the lab's folder"
            " and name it: docker build -f FILE .",
            code="not-available",
        )
    for name in command.texts("tag"):
        if problem := problem_of(name):
            raise CommandRefused(
                f'invalid argument "{name}" for "-t, --tag" flag: {problem}\nSee \'{command.called} --help\'.',
                code="bad-value",
                exit_code=125,
            )
    return _Wish(
        path=path,
        file=command.text("file"),
        names=tuple(dict.fromkeys(command.texts("tag"))),
        arguments=_arguments(command.texts("build-arg")),
        labels=_labels(command.texts("label")),
        target=command.text("target"),
    )


def _arguments(texts: tuple[str, ...]) -> dict[str, str]:
    """Those without a value would take it from the environment, where nothing is set here."""
    arguments = {name: value for name, equals, value in (text.partition("=") for text in texts) if equals}
    for name in arguments:
        if name.upper().startswith("BUILDKIT_"):
            raise CommandRefused(
                f"--build-arg {name[:60]} is a switch of the builder itself, and not available here. Leave it out.",
                code="not-available",
            )
    return arguments


def _labels(texts: tuple[str, ...]) -> dict[str, str]:
    labels = {name: value for name, _, value in (text.partition("=") for text in texts)}
    for name in labels:
        if name.startswith(OURS):
            raise CommandRefused(
                f"--label {name[:60]}: labels that begin with {OURS} are the console's own. Choose another.",
                code="not-available",
            )
    return labels


def _ensure_room(doing: Doing) -> None:
    try:
        doing.ensure_room("image")
    except CommandRefused as refusal:
        if all(doing.state.references_of(image.id) for image in doing.state.images):
            raise
        hint = " Images that lost their name go with `docker image prune -f`."
        raise CommandRefused(refusal.message + hint, code=refusal.code, exit_code=refusal.exit_code) from refusal


def _examined(doing: Doing, wish: _Wish, files: BuildFiles) -> Dockerfile:
    policy = Policy(allowed_bases=frozenset({*doing.allowed_bases, *doing.state.references}))
    dockerfile, refusals = examine(files.text, policy, dialect_of(doing.daemon.engine), build_arguments=wish.arguments)
    if dockerfile is None or refusals:
        reasons = "\n".join(refusal.message for refusal in refusals)
        raise CommandRefused(f"{files.name} cannot be built here:\n{reasons}", code="dockerfile-refused")
    _ensure_bounded(doing, wish, dockerfile)
    return dockerfile


def _ensure_bounded(doing: Doing, wish: _Wish, dockerfile: Dockerfile) -> None:
    """Refuse own images that what is built upon them could make too large: the policy knows nothing of those."""
    environments: dict[str, dict[str, str]] = {}
    for word, image in own_bases(dockerfile, doing.state, wish.arguments).items():
        config = doing.daemon.get(f"/images/{image.id}/json", aside=True)["Config"]
        ensure_modest(config, word)
        pairs = (str(text).partition("=") for text in config.get("Env") or ())
        environments[word] = {name: value for name, _, value in pairs}
    if environments:
        ensure_plain_ports(dockerfile, wish.arguments, environments)


def _order(doing: Doing, wish: _Wish, context: Context, *, owner: int) -> BuildOrder:
    return BuildOrder(
        context=prepared(context.tar, owner),
        build_id=f"dd-{doing.state.key}-{token_hex(8)}",
        tag="",
        labels={**wish.labels, **doing.labels, SESSION_LABEL: doing.state.key},
        dockerfile=context.dockerfile,
        target=wish.target,
        build_args=wish.arguments,
        limits=BuildLimits(seconds=doing.rules.build_seconds),
    )


def _keep(doing: Doing, image_id: str, names: Sequence[str], parent: str) -> None:
    """Write the image down, and give it its names."""
    state = doing.state
    if all(image.id != image_id for image in state.images):
        state.images.append(OwnImage(id=image_id, made_by="build", parent=parent))
    for shown in names:
        give_name(doing, shown, image_id)
    for shown in names or [image_id]:
        doing.touch("image", shown, image_id, made=True)


def _note(doing: Doing, command: Command, wish: _Wish) -> None:
    """Write down what the CLI sends for it, without what it sends unchanged every time."""
    query = [("version", "2"), *(("t", name) for name in wish.names)]
    if wish.file:
        query.append(("dockerfile", wish.file))
    if wish.target:
        query.append(("target", wish.target))
    if command.is_on("no-cache"):
        query.append(("nocache", "1"))
    if wish.arguments:
        query.append(("buildargs", json.dumps(dict(wish.arguments))))
    if wish.labels:
        query.append(("labels", json.dumps(dict(wish.labels))))
    doing.daemon.note("POST", f"/build?{unquote_plus(urlencode(query))}")
