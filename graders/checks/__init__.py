"""The kinds of check that come with Drydock, one family a file; importing this package registers them."""

from graders.checks import (  # each registers its kind
    builds,
    exit_code,
    http,
    image_config,
    image_file,
    image_size,
    instruction,
    lint,
    order,
    pinned_base,
    prefers_copy,
    runs_as,
    source_secrets,
    stages,
    stdout,
)

__all__ = [
    "builds",
    "exit_code",
    "http",
    "image_config",
    "image_file",
    "image_size",
    "instruction",
    "lint",
    "order",
    "pinned_base",
    "prefers_copy",
    "runs_as",
    "source_secrets",
    "stages",
    "stdout",
]
