"""A small web API: it greets, keeps notes in memory, and tells its motto. It needs nothing but Python."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "8000"))
GREETING = os.environ.get("GREETING", "Hello")
MOTTO = Path(__file__).with_name("motto.txt")
LONGEST_BODY = 100_000

notes: list[str] = []


class Api(BaseHTTPRequestHandler):
    """Answers one request with JSON."""

    def do_GET(self) -> None:
        match unquote(self.path).strip("/").split("/"):
            case ["health"]:
                self.answer(200, {"status": "ok"})
            case ["greet", name]:
                self.answer(200, {"message": f"{GREETING}, {name}!"})
            case ["motto"]:
                self.tell_motto()
            case ["notes"]:
                self.answer(200, {"notes": [note(number) for number in range(1, len(notes) + 1)]})
            case ["notes", number] if number.isdecimal() and 1 <= int(number) <= len(notes):
                self.answer(200, note(int(number)))
            case _:
                self.answer(404, {"error": "There is nothing here."})

    def do_POST(self) -> None:
        if self.path.strip("/") != "notes":
            self.answer(404, {"error": "There is nothing here."})
            return
        try:
            length = min(int(self.headers.get("Content-Length", "0")), LONGEST_BODY)
            text = json.loads(self.rfile.read(length))["text"]
        except (ValueError, KeyError, TypeError):
            self.answer(400, {"error": 'Send JSON such as {"text": "buy rope"}.'})
            return
        notes.append(str(text))
        self.answer(201, note(len(notes)))

    def tell_motto(self) -> None:
        try:
            self.answer(200, {"motto": MOTTO.read_text(encoding="utf-8").strip()})
        except FileNotFoundError:
            self.answer(500, {"error": f"There is no {MOTTO}."})

    def answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def note(number: int) -> dict[str, object]:
    """A note by its number, as the API shows it."""
    return {"id": number, "text": notes[number - 1]}


if __name__ == "__main__":
    print(f"Listening on {HOST}:{PORT}", flush=True)
    ThreadingHTTPServer((HOST, PORT), Api).serve_forever()
