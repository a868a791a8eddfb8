"""Entity tags: a short name for what a reply says, so that asking again for the same costs little."""

import hashlib


def etag_of(*parts: object) -> str:
    """A strong tag over these parts."""
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()
    return f'"{digest[:32]}"'


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether an If-None-Match header names the tag (RFC 9110, section 13.1.2: weakly compared)."""
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in known or etag in known
