"""`docker images`: the session's images and the lab's bases, filtered and printed as docker prints them."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import re2  # type: ignore[import-untyped]  # ships no types

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.filtering import BAD_REQUEST, Filters, ensure_known, filters_of, has_labels, query_of, switch_of
from graders.commands.image_names import unknown
from graders.commands.image_rows import DIGESTS_TABLE, IMAGES, ListedImage, listed_images
from graders.commands.model import Command

_KNOWN = frozenset(("before", "dangling", "label", "reference", "since"))
_NOT_FOUND = 404
_LONGEST_PATTERN = 500

Fits = Callable[[str], Any]
"""Whether a pattern fits a whole text."""


@carries("image", "ls")
def list_images(doing: Doing, command: Command) -> int:
    """Print them."""
    format_ = command.text("format")
    if command.is_on("digests") and format_ in {"", "table"} and not command.is_on("quiet"):
        format_ = DIGESTS_TABLE
    layout = IMAGES.layout(format_=format_, quiet=command.is_on("quiet"))
    filters = dict(filters_of(command))
    if command.args and command.args[0]:
        filters["reference"] = [*filters.get("reference", ()), command.args[0]]
    query = {**({"all": "1"} if command.is_on("all") else {}), **query_of(filters)}
    try:
        rows = list(_kept(doing, command, filters))
    except DaemonRefused as refusal:
        doing.daemon.note("GET", "/images/json", query=query, status=refusal.status)
        raise
    doing.daemon.note("GET", "/images/json", query=query)
    whole = command.is_on("no-trunc")
    doing.out(layout.printed(image.row(name, whole=whole) for image, name in rows), end="")
    return 0


def _kept(doing: Doing, command: Command, filters: Filters) -> Iterator[tuple[ListedImage, str]]:
    """The images that the filters keep, each with every name that they keep. Raises DaemonRefused for wrong filters."""
    ensure_known(filters, _KNOWN)
    values = " ".join(filters.get("dangling", ()))
    dangling = switch_of(filters, "dangling", f"Invalid filter 'dangling=[{values}]'")
    among = {name: [_id_of(doing, word) for word in filters[name]] for name in ("before", "since") if name in filters}
    patterns = [_pattern(text) for text in filters.get("reference", ())] if "reference" in filters else None
    for image in listed_images(doing.daemon, doing.state, everything=command.is_on("all"), among=among):
        if not has_labels(filters, image.labels):
            continue
        if not image.references and patterns is None and dangling is not False:
            yield image, ""
        elif dangling is not True:
            yield from ((image, name) for name in image.references if patterns is None or _fits(patterns, name))


def _id_of(doing: Doing, word: str) -> str:
    found = doing.state.image(word)
    if found is None:
        raise DaemonRefused(_NOT_FOUND, unknown(word))
    return found.id


def _fits(patterns: Sequence[Fits], name: str) -> bool:
    repository = name.rpartition(":")[0]
    return any(fits(name) or fits(repository) for fits in patterns)


def _pattern(text: str) -> Fits:
    """A pattern as Go's path.Match has it: `*` and `?` stop at a slash. Raises DaemonRefused for one that is none."""
    if len(text) > _LONGEST_PATTERN:
        raise DaemonRefused(BAD_REQUEST, "syntax error in pattern")
    regex = ""
    at = 0
    while at < len(text):
        char, at = text[at], at + 1
        if char == "*":
            regex += "[^/]*"
        elif char == "?":
            regex += "[^/]"
        elif char == "[":
            end = text.find("]", at + 1)
            inside = text[at:end].removeprefix("^")
            if end < 0 or not re.fullmatch(r"[\w./-]+", inside, re.ASCII) or inside.startswith("-"):
                raise DaemonRefused(BAD_REQUEST, "syntax error in pattern")
            regex += f"[{'^' if text[at] == '^' else ''}{inside}]"
            at = end + 1
        elif char == "\\" and at < len(text):
            regex += re.escape(text[at])
            at += 1
        else:
            regex += re.escape(char)
    options = re2.Options()
    options.log_errors = False
    try:
        fits: Fits = re2.compile(regex, options).fullmatch
    except re2.error as wrong:
        raise DaemonRefused(BAD_REQUEST, "syntax error in pattern") from wrong
    return fits
