"""docs/console-commands.md lists exactly the lines that are compared, with the verdict that the data give."""

from collections import Counter

from tests.graders.commands.compared.document import HOW, PAGE, page, read_record, verdict
from tests.graders.commands.compared.table import SCENARIOS

LINES = [line for scenario in SCENARIOS for line in scenario.lines]


def test_the_page_is_what_the_lines_say() -> None:
    assert PAGE.read_text() == page(SCENARIOS, read_record()), f"Run `{HOW}`."


def test_the_page_has_a_row_for_every_line_with_its_verdict() -> None:
    rows = [row for row in PAGE.read_text().splitlines() if row.startswith("| `")]
    expected = [f"| `{line.text}` | {verdict(line)} |".replace("\\|", "|") for line in LINES]
    assert len(rows) == len(expected)
    for row, start in zip(rows, expected, strict=True):
        assert row.replace("\\|", "|").startswith(start)


def test_at_least_150_lines_are_compared_and_most_are_equal() -> None:
    assert len(LINES) >= 220
    assert sum(not line.differs for line in LINES) >= 150
    assert sum(not line.calls_differ for line in LINES) >= 150


def test_every_difference_has_a_reason_that_can_be_read() -> None:
    for line in LINES:
        for reason in (line.differs, line.calls_differ):
            assert not reason or (len(reason) > 20 and not reason.endswith(".")), line.text


def test_no_scenario_has_the_name_of_another() -> None:
    assert Counter(scenario.name for scenario in SCENARIOS).most_common(1)[0][1] == 1
