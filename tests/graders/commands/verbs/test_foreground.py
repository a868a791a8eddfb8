"""What is shown of a program while the console waits for it, without an engine."""

import time
from collections.abc import Iterable, Iterator

from graders.commands.daemon import Daemon
from graders.commands.doing import Doing
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState
from graders.commands.verbs.foreground import Patience, Shown, most_bytes, show
from graders.sandbox.connection import Address, Engine

STDOUT, STDERR = 1, 2


class _Played:
    """Output that comes as it is told to; a number is a silence of so many seconds."""

    def __init__(self, pieces: Iterable[tuple[int, bytes] | float]) -> None:
        self._pieces: Iterator[tuple[int, bytes] | float] = iter(pieces)
        self._timeout = 0.0

    def set_timeout(self, seconds: float | None) -> None:
        self._timeout = seconds or 0.0

    def read(self) -> tuple[int, bytes]:
        piece = next(self._pieces, (STDOUT, b""))
        if isinstance(piece, float):
            time.sleep(min(piece, self._timeout))
            raise TimeoutError
        return piece


def _doing(**rules: float) -> Doing:
    state = SessionState()
    engine = Engine(address=Address("tcp://127.0.0.1:1"), client=None, id_offset=0)  # type: ignore[arg-type]  # nobody asks it
    return Doing(state=state, daemon=Daemon(engine, state), rules=ConsoleRules.model_validate(rules), save=lambda: None)


def _printed(doing: Doing) -> list[tuple[str, str]]:
    return [(piece.stream, piece.text) for piece in doing.pieces]


def test_streams_stay_in_order_and_neighbours_become_one_piece() -> None:
    doing = _doing()
    played = _Played([(STDOUT, b"a"), (STDOUT, b"b\n"), (STDERR, b"c\n"), (STDOUT, b"d\n")])

    assert show(doing, played, Patience(doing)) is Shown.ENDED
    assert _printed(doing) == [("out", "ab\n"), ("err", "c\n"), ("out", "d\n")]


def test_a_letter_that_comes_in_two_pieces_is_one_letter() -> None:
    doing = _doing()
    show(doing, _Played([(STDOUT, b"caf\xc3"), (STDERR, b"!"), (STDOUT, b"\xa9\xff")]), Patience(doing))

    assert _printed(doing) == [("out", "caf"), ("err", "!"), ("out", "é\N{REPLACEMENT CHARACTER}")]


def test_a_silence_that_is_too_long_ends_the_show_and_loses_nothing() -> None:
    doing = _doing(foreground_seconds=0.1)

    assert show(doing, _Played([(STDOUT, b"first\n"), 60.0]), Patience(doing)) is Shown.LATE
    assert _printed(doing) == [("out", "first\n")]


def test_a_program_that_never_falls_silent_is_shown_no_longer_than_another() -> None:
    doing = _doing(foreground_seconds=0.1, output_bytes=1024 * 1024)

    def drops() -> Iterator[tuple[int, bytes]]:
        while True:
            time.sleep(0.001)
            yield STDOUT, b"x"

    assert show(doing, _Played(drops()), Patience(doing)) is Shown.LATE


def test_no_more_is_shown_than_a_line_may_print() -> None:
    doing = _doing(output_bytes=1024)

    assert show(doing, _Played([(STDOUT, b"x" * 400), (STDERR, b"y" * 4000)]), Patience(doing)) is Shown.FULL
    assert sum(len(text) for _, text in _printed(doing)) == most_bytes(doing) == 512


def test_names_of_the_engine_are_put_back_in_what_a_program_prints() -> None:
    doing = _doing()
    name = doing.state.engine_name("c", "web")
    show(doing, _Played([(STDOUT, f"{name} answers\n".encode())]), Patience(doing))

    assert _printed(doing) == [("out", "web answers\n")]
