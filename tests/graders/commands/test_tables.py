"""Docker's tables: columns as wide as what is in them, rows by a template."""

import pytest

from graders.commands.model import CommandRefused
from graders.commands.tables import Listing, aligned
from graders.commands.templates import Row

VOLUMES = Listing(
    type_name="*formatter.volumeContext",
    headings={"Name": "VOLUME NAME", "Driver": "DRIVER"},
    table="{{.Driver}}\t{{.Name}}",
    quiet="{{.Name}}",
    raw="name: {{.Name}}\ndriver: {{.Driver}}\n",
    raw_quiet="name: {{.Name}}",
)


def row(name: str) -> Row:
    return VOLUMES.row({"Name": lambda: name, "Driver": lambda: "local"}, {"Label": lambda label: f"<{label}>"})


@pytest.mark.parametrize(
    ("options", "printed"),
    [
        ({}, "DRIVER    VOLUME NAME\nlocal     v1\nlocal     v2\n"),
        ({"format_": "table"}, "DRIVER    VOLUME NAME\nlocal     v1\nlocal     v2\n"),
        ({"quiet": True}, "v1\nv2\n"),
        ({"format_": "{{.Name}}\\t{{.Driver}}", "quiet": True}, "v1\tlocal\nv2\tlocal\n"),
        ({"format_": "raw"}, "name: v1\ndriver: local\n\nname: v2\ndriver: local\n\n"),
        ({"format_": "raw", "quiet": True}, "name: v1\nname: v2\n"),
        ({"format_": "table {{upper .Name}} {{json .Driver}}"}, 'VOLUME NAME DRIVER\nV1 "local"\nV2 "local"\n'),
        ({"format_": 'table {{.Name}}\\t{{.Label "a"}}'}, "VOLUME NAME   a\nv1            <a>\nv2            <a>\n"),
        ({"format_": "{{json .}}"}, '{"Driver":"local","Name":"v1"}\n{"Driver":"local","Name":"v2"}\n'),
    ],
)
def test_a_listing_is_printed_as_docker_prints_it(options: dict[str, object], printed: str) -> None:
    assert VOLUMES.layout(**options).printed([row("v1"), row("v2")]) == printed  # type: ignore[arg-type]


def test_a_table_of_nothing_is_its_heading() -> None:
    assert VOLUMES.layout().printed([]) == "DRIVER    VOLUME NAME\n"
    assert VOLUMES.layout(quiet=True).printed([]) == ""


def test_a_column_is_a_block_of_lines_that_have_such_a_cell() -> None:
    assert aligned("a long first cell\tb\n\nx\ty\n") == "a long first cell   b\n\nx         y\n"


def test_wrong_formats_are_told_in_dockers_words() -> None:
    with pytest.raises(CommandRefused) as refused:
        VOLUMES.layout(format_="{{.ID")
    assert refused.value.message == "template parsing error: template: :1: unclosed action"
    with pytest.raises(CommandRefused) as refused:
        VOLUMES.layout(format_="{{.Nope}}").printed([row("v1")])
    assert refused.value.message == (
        'template parsing error: template: :1:2: executing "" at <.Nope>:'
        " can't evaluate field Nope in type *formatter.volumeContext"
    )


def test_a_layout_knows_which_columns_it_prints() -> None:
    assert VOLUMES.layout(format_="{{if false}}{{.Name}}{{end}}{{.Driver}}").asks_for("Driver")
    assert not VOLUMES.layout(format_="{{.Driver}}").asks_for("Name")
    assert VOLUMES.layout(format_="{{json .}}").asks_for("Name")
