"""Every line that is compared with the real CLI."""

from tests.graders.commands.compared.containers import CONTAINERS
from tests.graders.commands.compared.images import IMAGES
from tests.graders.commands.compared.lines import Scenario
from tests.graders.commands.compared.others import OTHERS

SCENARIOS: tuple[Scenario, ...] = (*CONTAINERS, *IMAGES, *OTHERS)
