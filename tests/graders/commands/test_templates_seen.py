"""Templates that docker's own client was given, and what it said: the same is said here, word for word.

Seen with the client 20.10.24 on a running container; the printed text, or the fault and nothing printed.
"""

import json
from pathlib import Path

import pytest

from graders.commands.templates import Template, TemplateFault
from graders.commands.verbs.inspecting import formatted

SEEN = json.loads(Path(__file__).with_name("templates_seen.json").read_text())


@pytest.mark.parametrize(("text", "printed", "fault"), SEEN["lines"])
def test_a_template_prints_or_fails_as_with_docker(text: str, printed: str | None, fault: str | None) -> None:
    if fault is None:
        assert formatted(Template(text), "container", SEEN["container"]) == printed
        return
    with pytest.raises(TemplateFault) as told:
        formatted(Template(text), "container", SEEN["container"])
    assert str(told.value) == fault
