"""The console says and sends what the real docker CLI does, on the same engine, or it is said why not."""

import pytest

from tests.graders.commands.compared.both import compare
from tests.graders.commands.compared.document import read_record
from tests.graders.commands.compared.lines import Scenario
from tests.graders.commands.compared.table import SCENARIOS

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.name) for one in SCENARIOS])
def test_every_line_is_as_docker_has_it_or_differs_for_its_reason(scenario: Scenario, engine_url: str) -> None:
    compared = compare(scenario, engine_url)
    wrong = [each.explained() for each in compared if each.problems]
    assert not wrong, "\n" + "\n".join(wrong)
    sent = read_record()["sent"]
    assert isinstance(sent, dict)
    assert [list(each.console_calls) for each in compared] == sent[scenario.name], "the page shows other requests"
