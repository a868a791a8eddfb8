"""What one line prints, in order and up to a bound."""

from dataclasses import dataclass, field

from graders.commands.model import Piece, Stream

_NOTE = "\n[console] More was printed than is shown here: the rest is left out. Ask for less, as with `| head`.\n"


@dataclass
class Screen:
    """Pieces of output as they come; the first `most_bytes` of them are kept."""

    most_bytes: int
    pieces: list[Piece] = field(default_factory=list)
    held_bytes: int = 0
    cut: bool = False

    def add(self, stream: Stream, text: str) -> None:
        """Print a piece. NULs are left out, and what is no Unicode is replaced."""
        if self.cut or not text:
            return
        data = text.replace("\0", "").encode(errors="replace")
        room = self.most_bytes - self.held_bytes
        if len(data) > room:
            self.cut = True
            self._keep(stream, data[:room].decode(errors="ignore"))
            self._keep("err", _NOTE)
            return
        self._keep(stream, data.decode())

    def _keep(self, stream: Stream, text: str) -> None:
        if not text:
            return
        self.held_bytes += len(text.encode())
        if self.pieces and self.pieces[-1].stream == stream:
            text = self.pieces.pop().text + text
        self.pieces.append(Piece(stream=stream, text=text))
