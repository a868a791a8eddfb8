"""What is read of a commands.txt, and what is turned away."""

import pytest

from graders.commands_file import Typed, read_commands
from graders.console_plan import MOST_LINES


def read(content: bytes | str) -> list[tuple[int, str]]:
    found = read_commands(content if isinstance(content, bytes) else content.encode(), line_bytes=400)
    assert not found.refusals, found.refusals
    return [(line.number, line.text) for line in found.lines]


def refusal(content: bytes) -> tuple[str, int | None, str]:
    found = read_commands(content, line_bytes=400)
    assert not found.lines
    (refused,) = found.refusals
    return refused.rule, refused.line, refused.message


def test_a_line_is_a_command_and_keeps_its_number() -> None:
    assert read("docker ps\ndocker ps -a\n") == [(1, "docker ps"), (2, "docker ps -a")]


def test_blank_lines_and_comments_are_skipped_and_still_counted() -> None:
    assert read("# first\n\n  # second\ndocker ps\n \t\ndocker rm a") == [(4, "docker ps"), (6, "docker rm a")]


def test_a_number_sign_within_a_line_is_not_the_files_to_judge() -> None:
    assert read("docker run a echo '#1'\n") == [(1, "docker run a echo '#1'")]


def test_a_backslash_at_the_end_goes_on_with_the_next_line() -> None:
    assert read("docker run \\\n  -d\ndocker ps\n") == [(1, "docker run \\\n  -d"), (3, "docker ps")]


def test_a_comment_does_not_go_on_and_a_number_sign_goes_on_with_a_command() -> None:
    assert read("# no \\\ndocker ps\n") == [(2, "docker ps")]
    assert read("docker ps \\\n#x\n") == [(1, "docker ps \\\n#x")]


def test_two_backslashes_at_the_end_are_one_and_no_continuation() -> None:
    assert read("echo a\\\\\ndocker ps\n") == [(1, "echo a\\\\"), (2, "docker ps")]


def test_a_file_that_ends_in_a_backslash_leaves_it_to_the_console_to_say_so() -> None:
    assert read("docker ps \\") == [(1, "docker ps \\")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_one(end: str) -> None:
    assert read(f"docker ps{end}docker images{end}") == [(1, "docker ps"), (2, "docker images")]


def test_a_byte_order_mark_is_no_part_of_the_first_command() -> None:
    assert read(b"\xef\xbb\xbfdocker ps\n") == [(1, "docker ps")]


def test_what_docker_would_not_understand_is_no_reason_to_turn_a_file_away() -> None:
    assert read("rm -rf /\n'open\n") == [(1, "rm -rf /"), (2, "'open")]


def test_a_file_without_a_command_is_turned_away() -> None:
    assert refusal(b"# nothing\n\n")[2] == "commands.txt holds no command. Write one a line, such as: docker ps"


def test_a_file_that_is_no_text_is_turned_away_with_its_line() -> None:
    rule, line, message = refusal(b"docker ps\ndocker \xff\n")
    assert (rule, line) == ("commands", 2)
    assert "no UTF-8" in message


def test_a_file_with_a_nul_is_turned_away_with_its_line() -> None:
    assert refusal(b"docker ps\ndocker \0\n")[1] == 2


def test_more_lines_than_are_carried_out_are_turned_away() -> None:
    _, line, message = refusal(b"docker ps\n" * (MOST_LINES + 1))
    assert line == MOST_LINES + 1
    assert f"up to {MOST_LINES}" in message
    assert len(read("docker ps\n" * MOST_LINES)) == MOST_LINES


def test_a_line_that_is_too_long_is_turned_away_in_bytes_not_characters() -> None:
    assert refusal(b"docker run " + "é".encode() * 200)[1] == 1
    assert read_commands(("a" * 400).encode(), line_bytes=400).lines == (Typed(1, "a" * 400),)


def test_a_file_that_is_no_list_of_commands_is_turned_away() -> None:
    assert "256 KiB" in refusal(b"x" * (300 * 1024))[2]
