"""Names of images as students write them: when one is no name, and what docker says then."""

import re
from collections.abc import Sequence

from graders.commands.doing import Doing
from graders.commands.model import CommandRefused
from graders.commands.state import FoundImage, SessionState, with_tag
from graders.dockerfile.references import Reference

MOST_NAMES = 50
"""Of one session's images."""
_MOST_CHARACTERS = 255
_DOMAIN = "docker.io/"
_LIBRARY = "docker.io/library/"


def problem_of(name: str) -> str:
    """Why a text is no name of an image, in docker's words (distribution/reference); empty where it is one."""
    repository = name.partition("@")[0]
    if re.fullmatch(r"[0-9a-f]{64}", repository):
        return f"invalid repository name ({repository}), cannot specify 64-byte hexadecimal strings"
    if Reference.parse(name) is not None:
        if len(full_name(name).partition("@")[0]) > _MOST_CHARACTERS:
            return f"repository name must not be more than {_MOST_CHARACTERS} characters"
        return ""
    if Reference.parse(name.lower()) is not None:
        return "invalid reference format: repository name must be lowercase"
    return "invalid reference format"


def full_name(name: str) -> str:
    """The name with the registry that docker writes before it: `docker.io/library/web` of `web`."""
    first, slash, _ = name.partition("/")
    if not slash:
        return _LIBRARY + name
    return name if "." in first or ":" in first or first == "localhost" else _DOMAIN + name


def new_name(state: SessionState, name: str) -> str:
    """The name as the ledger keeps it, for an image that is to get it.

    `problem_of` has found nothing about it. Raises CommandRefused for a digest, which nobody can choose, and for the
    name of one of the lab's base images.
    """
    reference = Reference.parse(name)
    if reference is None or reference.digest is not None:
        raise CommandRefused("refusing to create a tag with a digest reference", code="bad-value")
    shown = with_tag(str(reference))
    if any(with_tag(base.reference) == shown for base in state.bases):
        raise CommandRefused(
            f"Error response from daemon: {shown} is a base image of this lab, and everybody's: it stays what it is."
            " Choose another name or tag.",
            code="not-available",
        )
    return shown


def new_names(state: SessionState, names: Sequence[str]) -> list[str]:
    """The same for several. Raises CommandRefused as well where a session would have more names than there is room."""
    shown = list(dict.fromkeys(new_name(state, name) for name in names))
    if len({*state.references, *shown}) > MOST_NAMES:
        raise CommandRefused(
            f"There is room for {MOST_NAMES} names of images, and you would have more. Take one away with"
            " `docker rmi NAME`, then try again.",
            code="quota",
        )
    return shown


def _engine_name(state: SessionState, shown: str) -> str:
    """The engine's name for an image: the one that it goes by already, since a name that moves is moved there too."""
    return state.references.get(shown) or state.engine_reference(shown)


def give_name(doing: Doing, shown: str, image_id: str) -> int:
    """Give an image a name, which goes over to it from the image that had it; returns the daemon's status.

    The ledger is kept before the engine has it.
    """
    state = doing.state
    engine = _engine_name(state, shown)
    doing.save()
    repository, _, tag = engine.partition(":")
    reply = doing.daemon.call("POST", f"/images/{image_id}/tag", query={"repo": repository, "tag": tag}, aside=True)
    state.references[shown] = engine
    state.reference_ids[shown] = image_id
    return reply.status


def found_image(state: SessionState, word: str) -> FoundImage:
    """The image that a word stands for. Raises CommandRefused, in the daemon's words, where there is none."""
    found = state.image(word)
    if found is None:
        raise CommandRefused(f"Error response from daemon: {unknown(word)}", code="no-such-image")
    return found


def unknown(word: str) -> str:
    """What the daemon says of a word that stands for no image."""
    return problem_of(word) or f"No such image: {with_tag(word)}"
