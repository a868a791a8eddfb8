"""The API of the harbour office: it greets, spells words for the radio, and keeps the notes of its board.

It needs Python 3.11, the package `phonetic`, and the file motto.txt beside it.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from phonetic import spell

HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "8000"))
GREETING = os.environ.get("GREETING", "Hello")
DATA = os.environ.get("DATA", "")
MOTTO = Path(__file__).with_name("motto.txt")
LONGEST_BODY = 100_000


class Board:
    """The notes: in memory, and in the file notes.json of the folder DATA where there is one."""

    def __init__(self, folder: str) -> None:
        self.file = Path(folder, "notes.json") if folder else None
        self.is_open = True
        self.notes: list[str] = []
        if self.file is not None and self.file.exists():
            self.notes = json.loads(self.file.read_text(encoding="utf-8"))

    def add(self, text: str) -> int:
        """Pin a note up; returns its number. Raises OSError where it cannot be written down."""
        notes = [*self.notes, text]
        if self.file is not None:
            self.file.write_text(json.dumps(notes), encoding="utf-8")
        self.notes = notes
        return len(notes)


board = Board(DATA)


class Api(BaseHTTPRequestHandler):
    """Answers one request with JSON."""

    def do_GET(self) -> None:
        match unquote(self.path).strip("/").split("/"):
            case ["health"] if board.is_open:
                self.answer(200, {"status": "ok"})
            case ["health"]:
                self.answer(503, {"status": "closed"})
            case ["greet", name]:
                self.answer(200, {"message": f"{GREETING}, {name}!"})
            case ["spell", word]:
                self.answer(200, {"spelled": spell(word)})
            case ["motto"]:
                self.tell_motto()
            case ["notes", number] if number.isdecimal() and 1 <= int(number) <= len(board.notes):
                self.answer(200, {"id": int(number), "text": board.notes[int(number) - 1]})
            case _:
                self.answer(404, {"error": "There is nothing here."})

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or "0"), LONGEST_BODY)
        body = self.rfile.read(length)
        match self.path.strip("/"):
            case "notes":
                self.take_note(body)
            case "close":
                board.is_open = False
                self.answer(200, {"status": "closed"})
            case _:
                self.answer(404, {"error": "There is nothing here."})

    def take_note(self, body: bytes) -> None:
        try:
            text = str(json.loads(body)["text"])
            self.answer(201, {"id": board.add(text), "text": text})
        except (ValueError, KeyError, TypeError):
            self.answer(400, {"error": 'Send JSON such as {"text": "buy rope"}.'})
        except OSError as error:
            self.answer(500, {"error": f"The note cannot be written down: {error}"})

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


if __name__ == "__main__":
    print(f"Listening on {HOST}:{PORT}", flush=True)
    try:
        ThreadingHTTPServer((HOST, PORT), Api).serve_forever()
    except KeyboardInterrupt:
        print("The office closes. Goodbye.", flush=True)
