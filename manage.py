#!/usr/bin/env python3
"""Django's command line for Drydock."""

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent
# Sources live in two roots; an installed Drydock has both on the path already.
for root in (REPOSITORY, REPOSITORY / "platform"):
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
