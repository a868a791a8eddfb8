"""The kinds of check that come with Drydock, one family a file; importing this package registers them."""

from graders.checks import builds, exit_code  # each registers its kind

__all__ = ["builds", "exit_code"]
