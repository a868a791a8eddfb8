"""Removing images: `docker rmi`, and `docker image prune` for all that nobody needs. The lab's bases stay."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graders.commands.amounts import moment_of, size
from graders.commands.daemon import DaemonRefused, Reply
from graders.commands.doing import Doing, carries
from graders.commands.image_names import problem_of
from graders.commands.model import Command
from graders.commands.state import FoundImage, OwnImage, with_tag
from graders.commands.verbs.moments import prune_moment
from graders.commands.verbs.refusing import remark

_BAD_REQUEST, _NOT_FOUND, _CONFLICT = 400, 404, 409
_SURE = "Are you sure you want to continue? [y/N] "
_DANGLING = "WARNING! This will remove all dangling images.\n"
_ALL = "WARNING! This will remove all images without at least one container associated to them.\n"


@carries("image", "rm")
def remove(doing: Doing, command: Command) -> int:
    """Take names away, and images that have none left; goes on after what is refused, as docker does."""
    refused: list[DaemonRefused] = []
    force = command.is_on("force")
    query = ({"force": "1"} if force else {}) | ({"noprune": "1"} if command.is_on("no-prune") else {})
    for word in command.args:
        try:
            lines = _removed(doing, word, query)
        except DaemonRefused as refusal:
            refused.append(refusal)
            continue
        for line in lines:
            doing.out(line)
    if refused:
        doing.err("\n".join(map(_words, refused)))
    return 1 if any(not (force and refusal.status == _NOT_FOUND) for refusal in refused) else 0


@carries("image", "prune")
def prune(doing: Doing, command: Command) -> int:
    """Remove images without a name, or with `-a` all that no container is made from."""
    wanted = _Wanted.read(command)
    if not command.is_on("force"):
        doing.out((_ALL if wanted.named_too else _DANGLING) + _SURE, end="")
        if doing.stdin.strip().lower() != b"y":
            doing.out(f"Total reclaimed space: {size(0)}")
            remark(doing, f"Nothing was removed, since nobody said yes: {command.called} -f does not ask.")
            return 0
    lines: list[str] = []
    reclaimed = 0
    for image in list(reversed(doing.state.images)):
        if any(image.id == one.id for one in doing.state.images):
            gone, took = _pruned(doing, image, wanted)
            lines += gone
            reclaimed += took
    doing.daemon.note("POST", "/images/prune", query={"filters": wanted.told})
    if lines:
        doing.out("Deleted Images:\n" + "\n".join(lines) + "\n")
    doing.out(f"Total reclaimed space: {size(reclaimed)}")
    return 0


def _removed(doing: Doing, word: str, query: Mapping[str, str]) -> list[str]:
    """Remove what a word names, and return what docker prints of it. Raises DaemonRefused."""
    found = doing.state.image(word)
    refusal = _refusal(found, word)
    reply: Reply | None = None
    if refusal is None and found is not None:
        try:
            reply = doing.daemon.call("DELETE", f"/images/{found.engine}", query=query, aside=True)
        except DaemonRefused as trouble:
            refusal = DaemonRefused(trouble.status, _as_typed(trouble.message, found, word))
            if trouble.status == _NOT_FOUND:
                _forget(doing, found.id if found.own and not found.reference else "", found.reference)
                refusal = DaemonRefused(_NOT_FOUND, f"No such image: {word}")
    doing.daemon.note("DELETE", f"/images/{word}", query=query, status=refusal.status if refusal else 200)
    if refusal is not None or reply is None:
        raise refusal or DaemonRefused(_NOT_FOUND, f"No such image: {word}")
    return _written_off(doing, reply)


def _refusal(found: FoundImage | None, word: str) -> DaemonRefused | None:
    if found is None:
        problem = problem_of(word)
        return DaemonRefused(_BAD_REQUEST, problem) if problem else DaemonRefused(_NOT_FOUND, f"No such image: {word}")
    if not found.own:
        return DaemonRefused(
            _CONFLICT,
            f"{word} is a base image of this lab, and everybody's: it cannot be removed. Images that you build, commit"
            " or tag are yours to remove.",
        )
    return None


def _as_typed(message: str, found: FoundImage, word: str) -> str:
    return message.replace(f'"{found.reference}"', f'"{word}"') if found.reference else message


def _written_off(doing: Doing, reply: Reply) -> list[str]:
    """Take out of the ledger what the daemon says is gone, and return it in the words of the CLI."""
    lines: list[str] = []
    for record in reply.json() or ():
        if untagged := record.get("Untagged"):
            shown = doing.state.names.get(untagged, untagged)
            lines.append(f"Untagged: {shown}")
            _forget(doing, "", shown)
        elif deleted := record.get("Deleted"):
            lines.append(f"Deleted: {deleted}")
            _forget(doing, deleted, "")
    return lines


def _forget(doing: Doing, image_id: str, reference: str) -> None:
    state = doing.state
    if reference in state.references:
        doing.touch("image", reference, state.reference_ids[reference], removed=True)
        del state.references[reference], state.reference_ids[reference]
    if any(image.id == image_id for image in state.images):
        doing.touch("image", image_id, image_id, removed=True)
        state.images = [image for image in state.images if image.id != image_id]


def _words(refusal: DaemonRefused) -> str:
    return ("Error: " if refusal.status == _NOT_FOUND else "Error response from daemon: ") + refusal.message


@dataclass(frozen=True)
class _Wanted:
    """What prune is to remove."""

    named_too: bool
    until: float | None
    labels: tuple[tuple[bool, str, str | None], ...]
    """Whether an image is to have it, its name, and its value where that counts."""
    told: str
    """The filters as they are sent."""

    @classmethod
    def read(cls, command: Command) -> "_Wanted":
        """Read the flags. Raises DaemonRefused."""
        named_too = command.is_on("all")
        until: float | None = None
        labels: list[tuple[bool, str, str | None]] = []
        for text in command.texts("filter"):
            name, _, value = text.partition("=")
            if name == "dangling":
                if value.lower() not in {"1", "true", "0", "false"}:
                    raise DaemonRefused(_BAD_REQUEST, f"Invalid filter 'dangling=[{value}]'")
                named_too = value.lower() in {"0", "false"}
            elif name == "until":
                until = prune_moment(value)
            elif name in {"label", "label!"}:
                label, equals, content = value.partition("=")
                labels.append((name == "label", label, content if equals else None))
            else:
                raise DaemonRefused(_BAD_REQUEST, f"Invalid filter '{name}'")
        told = '{"dangling":{"' + ("false" if named_too else "true") + '":true}}'
        return cls(named_too, until, tuple(labels), told)

    def takes(self, told: Mapping[str, Any]) -> bool:
        """Whether it takes an image of which the daemon tells this."""
        if self.until is not None and moment_of(str(told.get("Created"))) > self.until:
            return False
        has = (told.get("Config") or {}).get("Labels") or {}
        return all(
            (name in has and (value is None or has[name] == value)) is positive for positive, name, value in self.labels
        )


def _pruned(doing: Doing, image: OwnImage, wanted: _Wanted) -> tuple[list[str], int]:
    """Remove an image if it is one of those: what docker prints of it, and the room that it took."""
    names = sorted(doing.state.references_of(image.id))
    if names and not (wanted.named_too and not any(one.image_id == image.id for one in doing.state.containers)):
        return [], 0
    lines: list[str] = []
    try:
        told = doing.daemon.get(f"/images/{image.id}/json", aside=True)
        if not wanted.takes(told):
            return [], 0
        below = doing.daemon.get(f"/images/{image.parent}/json", aside=True) if image.parent else {}
        for word in names or [image.id]:
            lines += _taken_away(doing, word)
    except DaemonRefused as refusal:
        if refusal.status not in {_NOT_FOUND, _CONFLICT}:
            raise
        return lines, 0
    return lines, max(int(told["Size"]) - int(below.get("Size") or 0), 0)


def _taken_away(doing: Doing, word: str) -> Iterator[str]:
    engine = doing.state.references.get(with_tag(word), word)
    for line in _written_off(doing, doing.daemon.call("DELETE", f"/images/{engine}", aside=True)):
        yield line[0].lower() + line[1:]
