"""Authors' regular expressions, run by RE2: its time grows with the text alone, so no pattern can hang the scoring."""

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # ships no types

from quizzes.types.base import refuse_at

MAX_PATTERN_BYTES = 1 << 20


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """Compile a pattern, to be matched whatever the case of letters. Raises re2.error."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = MAX_PATTERN_BYTES
    return re2.compile(pattern, options)


def require_pattern(pattern: str, place: tuple[str | int, ...]) -> None:
    """Refuse a pattern that RE2 cannot read, to the author."""
    try:
        compiled(pattern)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        refuse_at(
            place, f"RE2 cannot read this pattern: {reason} (it has no look-around and no back-references)", pattern
        )
