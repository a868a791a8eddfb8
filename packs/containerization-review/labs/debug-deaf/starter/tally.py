"""Counts who passes a gate: python tally.py --gate NAME

Without --gate the variable GATE names it. The count is written to /tally/count.txt every hour, and when the program is
asked to end by the signal SIGTERM.
"""

import argparse
import os
import signal
from pathlib import Path
from threading import Event

COUNT = Path("/tally/count.txt")
HOUR = 36_000


def write_down(gate: str, passed: int) -> None:
    """Put the count into the file."""
    COUNT.parent.mkdir(exist_ok=True)
    COUNT.write_text(f"Gate {gate}: {passed}\n")


def main() -> None:
    """Count until somebody asks for an end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gate", default=os.environ.get("GATE"))
    gate = parser.parse_args().gate
    if not gate:
        parser.error("which gate?")
    ending = Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    print(f"Gate {gate} is open.", flush=True)
    passed = 0
    while not ending.wait(0.1):
        passed += 1
        if passed % HOUR == 0:
            write_down(gate, passed)
    write_down(gate, passed)
    print(f"Gate {gate} is closed, and the count is written down.", flush=True)


if __name__ == "__main__":
    main()
