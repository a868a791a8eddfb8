"""Carries out `docker inspect` and its kin: what the daemon tells of an object, as the session may see it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graders.commands.client_types import as_client_reads
from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.model import Command, CommandRefused
from graders.commands.rewriting import Json, container_shown, image_shown, network_shown, volume_shown
from graders.commands.templates import FailedTemplate, Template, UnreadableTemplate
from graders.commands.templating.printing import as_json
from graders.commands.verbs.bounding import Bounds
from graders.commands.verbs.gone import forget_gone
from graders.commands.verbs.own_networks import seen_network
from graders.commands.verbs.targets import own_container

_NOT_FOUND = 404
_UNREADABLE = 64
"""What the CLI exits with for a template that cannot be read."""


@dataclass(frozen=True)
class _Found:
    kind: str
    told: Json


_Finder = Callable[[Doing, str, Command], Json | None]
"""Looks an object up by a word; None where the session has none. What docker sends is written down."""


@carries("inspect")
def inspect_any(doing: Doing, command: Command) -> int:
    """Print what is known of objects of any kind, or of the kind that `--type` names."""
    kind = command.text("type")
    return _inspect(doing, command, (kind,) if kind else ("container", "image", "network", "volume"))


@carries("container", "inspect")
def inspect_containers(doing: Doing, command: Command) -> int:
    """Print what is known of containers."""
    return _inspect(doing, command, ("container",))


@carries("image", "inspect")
def inspect_images(doing: Doing, command: Command) -> int:
    """Print what is known of images."""
    return _inspect(doing, command, ("image",))


@carries("volume", "inspect")
def inspect_volumes(doing: Doing, command: Command) -> int:
    """Print what is known of volumes."""
    return _inspect(doing, command, ("volume",))


@carries("network", "inspect")
def inspect_networks(doing: Doing, command: Command) -> int:
    """Print what is known of networks."""
    return _inspect(doing, command, ("network",))


def _inspect(doing: Doing, command: Command, kinds: Sequence[str]) -> int:
    template = _template(command.text("format"))
    forget_gone(doing)
    told: list[Json] = []
    lines: list[str] = []
    errors: list[str] = []
    bounds = Bounds(doing)
    for word in command.args:
        bounds.ensure_time()
        found = _found(doing, command, kinds, word)
        if found is None:
            errors.append(f"Error: No such {kinds[0] if len(kinds) == 1 else 'object'}: {word}")
        elif template is None:
            bounds.ensure_room(as_json(found.told, indent=4))
            told.append(found.told)
        else:
            try:
                lines.append(formatted(template, found.kind, found.told))
                bounds.ensure_room(lines[-1])
            except FailedTemplate as failed:
                errors.append(f"template parsing error: {failed}")
    doing.out(as_json(told, indent=4) if template is None else "\n".join(lines))
    if errors:
        doing.err("\n".join(errors))
    return 1 if errors else 0


def formatted(template: Template, kind: str, told: Json) -> str:
    """What a template prints of an object: first as docker's client reads it, else of the plain JSON.

    Raises FailedTemplate.
    """
    try:
        return template.on(as_client_reads(kind, told))
    except FailedTemplate:
        return template.on_raw(told)


def _template(text: str) -> Template | None:
    if not text:
        return None
    try:
        return Template(text)
    except UnreadableTemplate as wrong:
        raise CommandRefused(f"template parsing error: {wrong}", code="bad-value", exit_code=_UNREADABLE) from None


def _found(doing: Doing, command: Command, kinds: Sequence[str], word: str) -> _Found | None:
    for kind in kinds:
        told = _FINDERS[kind](doing, word, command)
        if told is not None:
            return _Found(kind, told)
    if len(kinds) > 1:  # the CLI goes on to look among plugins
        doing.daemon.note("GET", "/info")
        _note(doing, word, f"/plugins/{word}/json", status=_NOT_FOUND)
    return None


def _container(doing: Doing, word: str, command: Command) -> Json | None:
    query = {"size": "1"} if command.is_on("size") else {}
    try:
        own = own_container(doing, word)
        told = doing.daemon.get(f"/containers/{own.id or own.engine_name}/json", query=query, aside=True)
    except DaemonRefused as refusal:
        _note(doing, word, f"/containers/{word}/json", query=query, status=refusal.status)
        if refusal.status == _NOT_FOUND:
            return None
        raise
    doing.daemon.note("GET", f"/containers/{word}/json", query=query)
    doing.touch("container", own.name, own.id)
    if error := (told.get("State") or {}).get("Error"):
        told["State"]["Error"] = doing.daemon.shown_message(error)
    return container_shown(doing.state, told)


def _image(doing: Doing, word: str, _: Command) -> Json | None:
    found = doing.state.image(word)
    told = _told(doing, word, f"/images/{found.id}/json" if found and found.id else "", f"/images/{word}/json")
    if found is None or told is None:
        return None
    doing.touch("image", found.reference or word, found.id)
    return image_shown(doing.state, told)


def _volume(doing: Doing, word: str, _: Command) -> Json | None:
    own = doing.state.volume(word)
    told = _told(doing, word, f"/volumes/{own.engine_name}" if own else "", f"/volumes/{word}")
    if own is None or told is None:
        return None
    doing.touch("volume", own.name, own.name)
    return volume_shown(doing.state, told)


def _network(doing: Doing, word: str, command: Command) -> Json | None:
    seen = seen_network(doing, word)
    query = "?verbose=true" if command.is_on("verbose") else ""
    told = _told(doing, word, f"/networks/{seen.id}" if seen else "", f"/networks/{word}{query}")
    if seen is None or told is None:
        return None
    doing.touch("network", seen.name, seen.id)
    return network_shown(doing.state, told)


def _told(doing: Doing, word: str, path: str, as_typed: str) -> Json | None:
    """What the daemon tells at a path, noted as the CLI would have asked; None where there is no path or nothing."""
    status = _NOT_FOUND
    told: Json | None = None
    if path:
        try:
            told = doing.daemon.get(path, aside=True)
            status = 200
        except DaemonRefused as refusal:
            if refusal.status != _NOT_FOUND:
                raise
    _note(doing, word, as_typed, status=status)
    return told


def _note(doing: Doing, word: str, path: str, *, query: dict[str, str] | None = None, status: int) -> None:
    """Note a request, unless there is no word to ask about: then the CLI asks nothing."""
    if word:
        doing.daemon.note("GET", path, query=query, status=status)


_FINDERS: dict[str, _Finder] = {"container": _container, "image": _image, "network": _network, "volume": _volume}
