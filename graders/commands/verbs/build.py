"""`docker build`: the lab's folder, or a folder in it, becomes an image, within the policy that labs have.

Every build runs from its beginning and without network. It is BuildKit that builds, which docker's own CLI of this
version takes only where DOCKER_BUILDKIT=1 is set; what is printed is what it prints then.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from urllib.parse import unquote_plus, urlencode

from graders.actions import Build
from graders.archive import Caps, Submission, SubmissionRefused
from graders.commands.build_output import BuildOutput, Sent
from graders.commands.builder import Builder, build_one, builder, prepared
from graders.commands.doing import Doing, carries
from graders.commands.ending import SESSION_LABEL
from graders.commands.folder import TOP, Folder
from graders.commands.image_bounds import ensure_modest
from graders.commands.image_names import engine_name, full_name, named, new_name, problem_of
from graders.commands.model import Command, CommandRefused
from graders.commands.own_bases import ensure_plain_ports, own_bases, parent_of, with_engine_names
from graders.commands.state import OwnImage
from graders.context import IGNORE_FILE, BadPattern, Context, context_of, is_ignored, patterns_for
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.policy import Policy, examine
from graders.sandbox.base import BuildLimits
from graders.sandbox.buildkit import BuildOrder

_DOCKERFILE = "Dockerfile"
_CAPS = Caps(files=100_000, junk=True)
"""What is in the folder has passed the folder's own caps."""
_ELSEWHERE = re.compile(r"^(?:https?://|git://|ssh://|git@|github\.com/)|\.git(?:[#:].*)?$", re.IGNORECASE)
_HIDDEN_LABELS = "drydock."
_UNREADABLE = "failed to solve with frontend dockerfile.v0: failed to read dockerfile: "


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """What the command asks for, as far as it can be told without the folder."""

    path: str
    names: tuple[str, ...]
    """As typed."""
    arguments: Mapping[str, str]
    labels: Mapping[str, str]
    target: str


@dataclass(frozen=True, kw_only=True)
class _Material:
    """What is in the folder for it."""

    files: Submission
    dockerfile: str
    """Its path in the context."""
    shown: str
    """Its name in what is printed."""


@carries("image", "build")
def build(doing: Doing, command: Command) -> int:
    """Build, print how it went, and write the image down."""
    wish = _wish(command)
    shown = [new_name(doing.state, name) for name in wish.names]
    material = _material(doing, command, wish)
    _ensure_room(doing)
    with builder(doing.daemon.engine, wait_seconds=doing.rules.build_seconds) as known:
        dockerfile = _examined(doing, wish, material, known)
        context = _context(doing, wish, material, dockerfile)
        names = {each: engine_name(doing.state, each) for each in shown}
        doing.save()
        output = BuildOutput(max_bytes=2 * doing.rules.output_bytes)
        order = _order(doing, wish, context, tag=next(iter(names.values()), ""), builder=known)
        result = build_one(doing.daemon.engine, doing.state, order, output.follow)
        _note(doing, command, wish)
        if result.ok:
            _keep(doing, result.image_id, names, parent_of(dockerfile, doing.state, wish.arguments, wish.target))
    if command.is_on("quiet") and result.ok:
        doing.out(result.image_id)
        return 0
    text = output.text(_sent(material, dockerfile), result, names=[full_name(name) for name in wish.names])
    doing.err(doing.state.shown_text(text).rstrip("\n"))
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
    for name in command.texts("tag"):
        if problem := problem_of(name):
            raise CommandRefused(
                f'invalid argument "{name}" for "-t, --tag" flag: {problem}\nSee \'{command.called} --help\'.',
                code="bad-value",
                exit_code=125,
            )
    return _Wish(
        path=path,
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
        if name.startswith(_HIDDEN_LABELS):
            raise CommandRefused(
                f"--label {name[:60]}: labels that begin with {_HIDDEN_LABELS} are the console's own. Choose another.",
                code="not-available",
            )
    return labels


def _material(doing: Doing, command: Command, wish: _Wish) -> _Material:
    folder = Folder(doing.state, doing.rules)
    place = folder.place(wish.path)
    if folder.is_file(wish.path):
        raise CommandRefused(
            f"unable to prepare context: context must be a directory: {wish.path}. To build from another Dockerfile,"
            f" name it with -f: docker build -f {wish.path} .",
            code="not-a-folder",
        )
    if not folder.is_folder(wish.path):
        raise CommandRefused(f'unable to prepare context: path "{wish.path}" not found', code="no-such-file")
    typed = command.text("file")
    if typed == "-":
        raise CommandRefused(
            "-f - reads the Dockerfile from what is piped in, which is not available here. Save it in the lab's folder"
            " and name it: docker build -f FILE .",
            code="not-available",
        )
    dockerfile = _inside(folder.place(typed), place, typed) if typed else _DOCKERFILE
    files = folder.below(wish.path) if place != TOP else folder.files()
    if dockerfile not in files:
        raise CommandRefused(_missing(files, dockerfile, typed or dockerfile), code="no-such-file")
    submission = Submission.from_files(files, caps=_CAPS)
    return _Material(files=submission, dockerfile=dockerfile, shown=dockerfile.rpartition("/")[2])


def _inside(dockerfile: str, place: str, typed: str) -> str:
    if place == TOP:
        return dockerfile
    if not dockerfile.startswith(f"{place}/"):
        raise CommandRefused(
            f"unable to prepare context: the Dockerfile ({typed}) must be within the build context. -f is counted from"
            f" the lab's folder: name a file in {place}, or build the whole folder: docker build -f {typed} .",
            code="bad-path",
        )
    return dockerfile.removeprefix(f"{place}/")


def _missing(files: Mapping[str, bytes], dockerfile: str, typed: str) -> str:
    words = f"{_UNREADABLE}open {typed}: no such file or directory"
    try:
        Submission.from_files(files, caps=_CAPS).require(dockerfile)
    except SubmissionRefused as refusal:
        return f"{words}\n{refusal.message}" if refusal.code != "empty" else words
    return words


def _ensure_room(doing: Doing) -> None:
    try:
        doing.ensure_room("image")
    except CommandRefused as refusal:
        if all(doing.state.references_of(image.id) for image in doing.state.images):
            raise
        hint = " Images that lost their name go with `docker image prune -f`."
        raise CommandRefused(refusal.message + hint, code=refusal.code, exit_code=refusal.exit_code) from refusal


def _examined(doing: Doing, wish: _Wish, material: _Material, known: Builder) -> Dockerfile:
    policy = Policy(allowed_bases=frozenset({*doing.allowed_bases, *doing.state.references}))
    text = material.files.files[material.dockerfile]
    dockerfile, refusals = examine(text, policy, known.dialect, build_arguments=wish.arguments)
    if dockerfile is None or refusals:
        reasons = "\n".join(refusal.message for refusal in refusals)
        raise CommandRefused(f"{material.shown} cannot be built here:\n{reasons}", code="dockerfile-refused")
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


def _context(doing: Doing, wish: _Wish, material: _Material, dockerfile: Dockerfile) -> Context:
    text = with_engine_names(dockerfile, doing.state, wish.arguments)
    files = material.files
    if text != dockerfile.source:
        files = files.with_files({material.dockerfile: text.encode()}, caps=_CAPS)
    try:
        return context_of(files, Build(dockerfile=material.dockerfile))
    except BadPattern as wrong:
        raise CommandRefused(
            f"error reading the ignore file of the context, line {wrong.line}: {wrong.why}: {wrong.text[:80]!r}",
            code="bad-value",
        ) from wrong


def _order(doing: Doing, wish: _Wish, context: Context, *, tag: str, builder: Builder) -> BuildOrder:
    return BuildOrder(
        context=prepared(context.tar, builder),
        build_id=f"dd-{doing.state.key}-{token_hex(8)}",
        tag=tag,
        labels={**wish.labels, **doing.labels, SESSION_LABEL: doing.state.key},
        dockerfile=context.dockerfile,
        target=wish.target,
        build_args=wish.arguments,
        limits=BuildLimits(seconds=doing.rules.build_seconds),
    )


def _keep(doing: Doing, image_id: str, names: Mapping[str, str], parent: str) -> None:
    """Write the image down under its names; the builder has given it the first of them."""
    state = doing.state
    if all(image.id != image_id for image in state.images):
        state.images.append(OwnImage(id=image_id, made_by="build", parent=parent))
    for number, (shown, engine) in enumerate(names.items()):
        if number:
            repository, _, tag = engine.partition(":")
            query = {"repo": repository, "tag": tag}
            doing.daemon.call("POST", f"/images/{image_id}/tag", query=query, aside=True)
        named(state, shown, engine, image_id)
        doing.touch("image", shown, image_id, made=True)
    if not names:
        doing.touch("image", image_id, image_id, made=True)


def _note(doing: Doing, command: Command, wish: _Wish) -> None:
    """Write down what the CLI sends for it, without what it sends unchanged every time."""
    query = [("version", "2"), *(("t", name) for name in wish.names)]
    if typed := command.text("file"):
        query.append(("dockerfile", typed))
    if wish.target:
        query.append(("target", wish.target))
    if command.is_on("no-cache"):
        query.append(("nocache", "1"))
    if wish.arguments:
        query.append(("buildargs", json.dumps(dict(wish.arguments))))
    if wish.labels:
        query.append(("labels", json.dumps(dict(wish.labels))))
    doing.daemon.note("POST", f"/build?{unquote_plus(urlencode(query))}")


def _sent(material: _Material, dockerfile: Dockerfile) -> Sent:
    files = material.files.files
    own_ignore = f"{material.dockerfile}{IGNORE_FILE}"
    copies = any(step.keyword in {"ADD", "COPY"} and not step.flag("from") for step in dockerfile.instructions)
    patterns = patterns_for(material.files, material.dockerfile)
    kept = [len(content) for path, content in files.items() if not is_ignored(path, patterns)]
    return Sent(
        dockerfile=material.shown,
        dockerfile_bytes=len(files[material.dockerfile]),
        ignore_bytes=len(files.get(own_ignore, files.get(IGNORE_FILE, b""))),
        context_bytes=sum(kept) if copies else None,
    )
