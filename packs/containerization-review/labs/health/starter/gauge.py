"""A tide gauge: measures the level of the water, and tells it on the port that PORT names.

GET /          the last level that was measured, even if that was a while ago
GET /health    200 while the sensor measures, 503 when it does not
POST /unplug   takes the sensor off, to see what happens then; it stays off until the program is started again
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Gauge(BaseHTTPRequestHandler):
    """Answers what the gauge is asked."""

    measures = True

    def do_GET(self) -> None:
        if self.path == "/health":
            if Gauge.measures:
                self.reply(200, "The sensor measures.")
            else:
                self.reply(503, "The sensor does not measure.")
        elif self.path == "/":
            self.reply(200, f"The water is at {os.environ.get('LEVEL', '142')} cm.")
        else:
            self.reply(404, "There is nothing here.")

    def do_POST(self) -> None:
        if self.path == "/unplug":
            Gauge.measures = False
            self.reply(200, "The sensor is off.")
        else:
            self.reply(404, "There is nothing here.")

    def reply(self, status: int, text: str) -> None:
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


def main() -> None:
    """Serve until the container ends."""
    if not os.environ.get("PORT"):
        sys.exit("PORT is not set.")
    port = int(os.environ["PORT"])
    print(f"The gauge answers on port {port}.", flush=True)
    ThreadingHTTPServer(("", port), Gauge).serve_forever()


if __name__ == "__main__":
    main()
