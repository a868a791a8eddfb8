"""Becomes a supervised program: takes its command and environment from a file, so that no value needs quoting."""

import json
import os
import sys
from pathlib import Path


def main(file: Path) -> None:
    """Replace this process by the program; the marker of who supervises it stays."""
    program = json.loads(file.read_text())
    environment = {name: os.environ[name] for name in ("DRYDOCK_SUPERVISED_BY", "LANG") if name in os.environ}
    environment = {"PATH": os.defpath} | environment | program["environment"]
    os.execvpe(program["command"][0], program["command"], environment)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
