"""The grammar and what carries it out belong together: nothing is offered that nothing does."""

from pathlib import Path

import graders.commands
from graders.commands.every_verb import VERBS
from graders.commands.grammar.table import BY_PATH, OFFERED

SOURCES = Path(graders.commands.__file__).parent

WITHOUT_EFFECT = {
    ("container", "run"): {"sig-proxy": "the console sends no signals, and says so where it is turned off"},
    ("image", "build"): {
        "force-rm": "BuildKit makes no intermediate containers",
        "progress": "only what is printed anyway can be asked for",
    },
    ("network", "create"): {"internal": "every network here is internal"},
}


def test_every_command_that_is_offered_is_carried_out_and_no_other() -> None:
    assert set(VERBS) == {shape.path for shape in OFFERED}


def test_every_flag_that_is_offered_is_read_where_its_command_is_carried_out() -> None:
    read = "\n".join(path.read_text() for path in SOURCES.rglob("*.py") if path.parent.name != "grammar")
    unread = {
        shape.path: {flag.name for flag in shape.flags if flag.offered and f'"{flag.name}"' not in read}
        for shape in OFFERED
    }

    assert {path: names for path, names in unread.items() if names} == {
        path: set(reasons) for path, reasons in WITHOUT_EFFECT.items()
    }


def test_a_command_that_is_not_offered_has_no_flags_to_read() -> None:
    assert not [shape.path for shape in BY_PATH.values() if shape.refused and shape.flags]
