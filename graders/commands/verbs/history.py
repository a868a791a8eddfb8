"""`docker history`: the layers of an image, and what made each."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from graders.commands.amounts import ago, ellipsis, short_id, size
from graders.commands.doing import Doing, carries
from graders.commands.image_names import found_image
from graders.commands.model import Command, CommandRefused
from graders.commands.tables import Listing
from graders.commands.templates import Row, Value

_CREATED_BY_WIDTH = 45
_MISSING = "<missing>"
HISTORY = Listing(
    type_name="*formatter.historyContext",
    headings={
        "ID": "IMAGE",
        "CreatedSince": "CREATED",
        "CreatedAt": "CREATED AT",
        "CreatedBy": "CREATED BY",
        "Size": "SIZE",
        "Comment": "COMMENT",
    },
    table="{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
    quiet="{{.ID}}",
)
_FOR_MACHINES = "table {{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"


@carries("image", "history")
def history(doing: Doing, command: Command) -> int:
    """Print it, the newest layer first."""
    human = command.flag("human") is not False
    format_ = command.text("format")
    if not human and format_ in {"", "table"} and not command.is_on("quiet"):
        format_ = _FOR_MACHINES
    layout = HISTORY.layout(format_=format_, quiet=command.is_on("quiet"))
    word = command.args[0]
    try:
        found = found_image(doing.state, word)
    except CommandRefused:
        doing.daemon.note("GET", f"/images/{word}/history", status=404)
        raise
    told = doing.daemon.get(f"/images/{found.id}/history", aside=True)
    doing.daemon.note("GET", f"/images/{word}/history")
    whole = command.is_on("no-trunc")
    doing.out(layout.printed(_row(doing, one, whole=whole, human=human) for one in told), end="")
    return 0


def _row(doing: Doing, told: Mapping[str, Any], *, whole: bool, human: bool) -> Row:
    id_ = str(told.get("Id") or _MISSING)
    created = float(told.get("Created") or 0)
    by = doing.state.shown_text(str(told.get("CreatedBy") or "")).replace("\t", " ")
    bytes_ = int(told.get("Size") or 0)
    now = time.time()
    columns: dict[str, Callable[[], Value]] = {
        "ID": lambda: id_ if whole or id_ == _MISSING else short_id(id_),
        "CreatedSince": lambda: ago(created, now=now) if human else _at(created),
        "CreatedAt": lambda: _at(created),
        "CreatedBy": lambda: by if whole else ellipsis(by, _CREATED_BY_WIDTH),
        "Size": lambda: size(bytes_, digits=3) if human else str(bytes_),
        "Comment": lambda: str(told.get("Comment") or ""),
    }
    return HISTORY.row(columns)


def _at(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"
