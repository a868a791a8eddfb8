"""The till of a ticket desk: counts what is sold, and writes the books when it is closed by the signal SIGQUIT.

DESK names the desk. The float lies in /desk/float.txt, the books are written to /books/today.txt.
"""

import os
import signal
from pathlib import Path
from threading import Event

FLOAT = Path("/desk/float.txt")
BOOKS = Path("/books/today.txt")


def main() -> None:
    """Sell until the desk is closed."""
    closing = Event()
    signal.signal(signal.SIGQUIT, lambda *_: closing.set())
    desk = os.environ.get("DESK", "1")
    print(f"Desk {desk} is open with a float of {FLOAT.read_text().strip()}.", flush=True)
    sold = 0
    while not closing.wait(0.1):
        sold += 1
    BOOKS.parent.mkdir(exist_ok=True)
    BOOKS.write_text(f"Desk {desk} closed, tickets sold: {sold}\n")
    print(f"Desk {desk} is closed.", flush=True)


if __name__ == "__main__":
    main()
