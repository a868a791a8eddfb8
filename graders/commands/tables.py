"""Docker's listings: rows by a template, or as a table whose columns are as wide as what is in them.

Docker's client aligns tables with Go's text/tabwriter; here it is said again what that does for the client's settings:
a column is at least 10 wide, has 3 spaces after it, and is a block of lines that have such a cell; the last cell of a
line stands in no column.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from graders.commands.model import CommandRefused
from graders.commands.templates import FailedTemplate, Row, Template, UnreadableTemplate, Value

_LEAST_WIDTH, _PADDING = 10, 3
_TABLE = "table"


@dataclass(frozen=True)
class Listing:
    """A kind of listing."""

    type_name: str
    """As messages name a row's type: `*formatter.ContainerContext`."""
    headings: Mapping[str, str]
    """Column by its name in templates -> its heading."""
    table: str
    """The template of its table, without the word `table`."""
    quiet: str
    """The template of what `--quiet` prints."""
    raw: str = ""
    """The template of `--format raw`, where there is one."""
    raw_quiet: str = ""

    def row(
        self, columns: Mapping[str, Callable[[], Value]], lookups: Mapping[str, Callable[[str], Value]] | None = None
    ) -> Row:
        """A row of it."""
        return Row(self.type_name, columns, lookups or {})

    def layout(self, *, format_: str = "", quiet: bool = False, unreadable: str = "template parsing error") -> "Layout":
        """How it is to be printed. Raises CommandRefused, told as `unreadable`, when the format is no template."""
        try:
            return self._layout(format_, quiet=quiet)
        except UnreadableTemplate as wrong:
            raise CommandRefused(f"{unreadable}: {wrong}", code="bad-value") from None

    def _layout(self, format_: str, *, quiet: bool) -> "Layout":
        if format_ in {"", _TABLE}:
            return Layout(self, self.quiet, as_table=False) if quiet else Layout(self, self.table, as_table=True)
        if format_ == "raw" and self.raw:
            return Layout(self, self.raw_quiet if quiet else self.raw, as_table=False)
        if format_.startswith(_TABLE):
            return Layout(self, format_.removeprefix(_TABLE), as_table=True)
        return Layout(self, format_, as_table=False)


@dataclass
class Layout:
    """How a listing is to be printed."""

    listing: Listing
    text: str
    as_table: bool
    template: Template = field(init=False)

    def __post_init__(self) -> None:
        self.template = Template(self.text.strip(" ").replace("\\t", "\t").replace("\\n", "\n"))

    def asks_for(self, *columns: str) -> bool:
        """Whether it prints one of these columns. Raises CommandRefused for one that the listing does not have."""
        asked: set[str] = set()

        def asking(name: str) -> Callable[[], str]:
            def ask() -> str:
                asked.add(name)
                return ""

            return ask

        row = self.listing.row({name: asking(name) for name in self.listing.headings}, {"Label": lambda _: ""})
        try:
            Template(f"{_TABLE}{self.text}" if self.as_table else self.text).on(row)
        except FailedTemplate as failed:
            raise CommandRefused(f"failed to execute template: {failed}", code="bad-value") from None
        return any(column in asked for column in columns)

    def printed(self, rows: Iterable[Row]) -> str:
        """The whole listing, with its last line ended. Raises CommandRefused for what the template asks wrongly."""
        try:
            lines = "".join(f"{self.template.on(row)}\n" for row in rows)
            if not self.as_table:
                return lines
            return aligned(f"{self.template.heading(dict(self.listing.headings))}\n{lines}")
        except FailedTemplate as failed:
            raise CommandRefused(f"template parsing error: {failed}", code="bad-value") from None


def aligned(text: str, *, least: int = _LEAST_WIDTH) -> str:
    """Lines whose cells are ended by tabs, set in columns that are at least so wide."""
    lines = [line.split("\t") for line in text.split("\n")]
    return "\n".join(_Columns(lines, least).printed())


class _Columns:
    def __init__(self, lines: list[list[str]], least: int) -> None:
        self._lines = lines
        self._least = least
        self._widths: dict[tuple[int, int], int] = {}
        for column in range(max(len(line) for line in lines) - 1):
            self._measure(column)

    def _measure(self, column: int) -> None:
        """Give every block of lines that have such a cell the width of its widest."""
        block: list[int] = []
        for number in range(len(self._lines) + 1):
            if number < len(self._lines) and column < len(self._lines[number]) - 1:
                block.append(number)
                continue
            width = max([self._least, *(len(self._lines[each][column]) + _PADDING for each in block)])
            self._widths.update(dict.fromkeys(((each, column) for each in block), width))
            block = []

    def printed(self) -> list[str]:
        return [
            "".join(
                cell.ljust(self._widths[number, column]) if column < len(line) - 1 else cell
                for column, cell in enumerate(line)
            )
            for number, line in enumerate(self._lines)
        ]
