"""Steps and layers of a really built image lead back to the Dockerfile lines that they come from."""

import pytest
from sandboxes import BUSYBOX, context

from graders.blame import line_of_step, lines_of_history
from graders.dockerfile.parser import parse
from graders.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.engine

EVERY_INSTRUCTION = f"""FROM {BUSYBOX} AS a
RUN echo 1
RUN echo 2
FROM a
ARG X=1
RUN echo 3
RUN echo 4
LABEL a=b c=d
ENV A=1 B=2
EXPOSE 80 81
MAINTAINER me
WORKDIR /x
HEALTHCHECK NONE
STOPSIGNAL 9
ONBUILD RUN true
VOLUME /a /b
USER 1
SHELL ["sh", "-c"]
ADD Dockerfile /
ENTRYPOINT x
CMD y
"""
FROM_SCRATCH = f"""FROM {BUSYBOX} AS a
FROM scratch
COPY Dockerfile /
COPY --from=a /bin/busybox /
"""


@pytest.mark.parametrize(
    ("dockerfile", "steps", "rows"),
    [
        (EVERY_INSTRUCTION, {1, 2, 3, 6, 7, 12, 19}, [None, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, *range(16, 22)]),
        (FROM_SCRATCH, {1, 3, 4}, [3, 4]),
        (f"FROM {BUSYBOX}\nCMD x\n", {1}, [None, 2]),
    ],
)
def test_every_step_and_every_row_of_history_finds_its_line(
    engine_url: str, dockerfile: str, steps: set[int], rows: list[int | None]
) -> None:
    with DockerSandbox(engine_url).job("attribution") as job:
        built = job.build(context(dockerfile))
        assert built.ok, built.error
        facts = job.image(built.image_id)
    parsed = parse(dockerfile)
    found = [line_of_step(parsed, step.name) for step in built.steps]
    assert set(found) == steps
    assert len(found) == len(steps)
    assert lines_of_history(parsed, facts.history) == rows
    assert sum(not entry.empty_layer for entry in facts.history) == len(facts.layer_ids)
