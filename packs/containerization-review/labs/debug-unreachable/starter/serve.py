"""Serves the notice board, the folder /notices, until it is stopped.

PORT      the port to listen on
ADDRESS   the address to listen on; where none is said, 127.0.0.1
"""

import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


def main() -> None:
    """Serve."""
    address, port = os.environ.get("ADDRESS", "127.0.0.1"), int(os.environ["PORT"])
    server = ThreadingHTTPServer((address, port), partial(SimpleHTTPRequestHandler, directory="/notices"))
    print(f"The notice board is at http://{address}:{port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
