"""Image references: when two spellings mean the same image."""

import re
from dataclasses import dataclass
from typing import Self

_DEFAULT_DOMAINS = frozenset({"docker.io", "index.docker.io"})
_PATH = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PATH}(?:/{_PATH})*")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}")
_IMAGE_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Reference:
    """An image by name, with the tag or digest that the engine would look for."""

    name: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The reference in its short form (`docker.io/library/busybox` is `busybox:latest`), None when it is none."""
        rest, at, digest = text.partition("@")
        if at and not _DIGEST.fullmatch(digest):
            return None
        head, slash, last = rest.rpartition("/")
        last, colon, tag = last.partition(":")
        if colon and not _TAG.fullmatch(tag):
            return None
        domain, path = _split_domain(head + slash + last)
        if not _REPOSITORY.fullmatch(path) or (domain is not None and not _DOMAIN.fullmatch(domain)):
            return None
        if domain is None and _IMAGE_ID.fullmatch(path):
            return None  # an image id is no name
        name = path.removeprefix("library/") if domain is None else f"{domain}/{path}"
        return cls(name, tag if colon else (None if at else "latest"), digest if at else None)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return self.name + tag + digest


def _split_domain(name: str) -> tuple[str | None, str]:
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost" or first.lower() != first):
        return None, name
    return (None, rest) if first in _DEFAULT_DOMAINS else (first, rest)
