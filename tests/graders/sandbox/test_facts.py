"""Facts of an image out of the engine's replies."""

from typing import Any

from graders.sandbox.base import Healthcheck
from graders.sandbox.facts import JOB_LABEL, image_facts


def inspected(*, layers: int = 1, **config: Any) -> dict[str, Any]:
    return {
        "Id": "sha256:abc",
        "Size": 5,
        "Config": config,
        "RootFS": {"Layers": [f"sha256:{number}" for number in range(layers)]},
    }


def row(created_by: str, size: int = 0) -> dict[str, Any]:
    return {"CreatedBy": created_by, "Size": size}


def test_an_image_without_config_has_plain_facts() -> None:
    facts = image_facts(inspected(), [row("", 5)])
    assert (facts.entrypoint, facts.cmd, facts.shell, facts.healthcheck) == (None, None, None, None)
    assert (facts.user, facts.workdir, facts.stop_signal) == ("", "", "")
    assert (facts.env, facts.labels, facts.exposed_ports, facts.volumes) == ({}, {}, (), ())


def test_the_config_is_read() -> None:
    facts = image_facts(
        inspected(
            Cmd=["a", "b"],
            Entrypoint=[],
            Env=["A=1=2", "B="],
            ExposedPorts={"10000/tcp": {}, "80/udp": {}, "80/tcp": {}},
            Labels={"x": "y", JOB_LABEL: "ours"},
            Volumes={"/b": {}, "/a": {}},
            Healthcheck={"Test": ["CMD", "true"], "Interval": 5_000_000_000},
            Shell=["/bin/bash", "-c"],
        ),
        [],
    )
    assert facts.cmd == ("a", "b")
    assert facts.entrypoint == ()
    assert facts.env == {"A": "1=2", "B": ""}
    assert facts.exposed_ports == ("80/tcp", "80/udp", "10000/tcp")
    assert facts.labels == {"x": "y"}
    assert facts.volumes == ("/a", "/b")
    assert facts.healthcheck == Healthcheck(test=("CMD", "true"), interval_seconds=5.0)
    assert facts.shell == ("/bin/bash", "-c")


def test_history_is_oldest_first_and_rows_that_only_change_the_config_have_no_layer() -> None:
    rows = [row('CMD ["x"]'), row("RUN /bin/sh -c true # buildkit"), row("ENV A=1"), row("", 5)]
    facts = image_facts(inspected(layers=2), rows)
    assert [(entry.created_by, entry.empty_layer) for entry in facts.history] == [
        ("", False),
        ("ENV A=1", True),
        ("RUN /bin/sh -c true # buildkit", False),
        ('CMD ["x"]', True),
    ]


def test_the_classic_builders_rows_are_understood() -> None:
    rows = [row('/bin/sh -c #(nop)  CMD ["sh"]'), row("/bin/sh -c #(nop) ADD file:1 in / ", 5)]
    facts = image_facts(inspected(), rows)
    assert [entry.empty_layer for entry in facts.history] == [False, True]


def test_a_workdir_that_made_nothing_gives_way_when_there_are_fewer_layers_than_rows() -> None:
    rows = [row("RUN x", 3), row("WORKDIR /app"), row("", 5)]
    assert [entry.empty_layer for entry in image_facts(inspected(layers=2), rows).history] == [False, True, False]
    assert [entry.empty_layer for entry in image_facts(inspected(layers=3), rows).history] == [False, False, False]
