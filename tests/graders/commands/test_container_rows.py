"""Rows of listings of containers, from what the daemon tells."""

from typing import Any

import pytest

from graders.commands.container_rows import CONTAINERS, Listed, ports_text
from graders.commands.ordering import natural
from graders.commands.state import Base, OwnContainer, OwnImage, SessionState

BASE, OWN = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def listed(image: str = "busybox:1.35", **told: Any) -> Listed:
    state = SessionState(
        bases=[Base(reference="busybox:1.35", id=BASE)], images=[OwnImage(id=OWN, made_by="commit", parent=BASE)]
    )
    own = OwnContainer(name="web", engine_name="dd-x-c1", id="a" * 64, image=image)
    state.containers.append(own)
    return Listed(own, {"ImageID": BASE, "Status": "Created", "State": "created", **told}, state)


def printed(one: Listed, text: str, *, whole: bool = False) -> str:
    return CONTAINERS.layout(format_=text).printed([one.row(whole=whole)]).rstrip("\n")


def test_the_image_is_named_as_it_was_typed_while_the_name_is_its_own() -> None:
    assert printed(listed(), "{{.Image}}") == "busybox:1.35"
    assert printed(listed("1111"), "{{.Image}}") == "1111"
    assert printed(listed(BASE), "{{.Image}}") == "111111111111"
    assert printed(listed(BASE), "{{.Image}}", whole=True) == BASE
    assert printed(listed(ImageID=OWN), "{{.Image}}") == "222222222222"
    assert printed(listed("gone:1"), "{{.Image}}") == "111111111111"


def test_an_image_counts_all_that_it_was_made_from_among_its_ancestors() -> None:
    assert {BASE, OWN} <= set(listed(ImageID=OWN).ancestors)
    assert OWN not in set(listed().ancestors)


@pytest.mark.parametrize(
    ("status", "exit_code", "health"),
    [
        ("Up 3 seconds", None, "none"),
        ("Up 3 seconds (Paused)", None, "none"),
        ("Up 3 seconds (healthy)", None, "healthy"),
        ("Up 3 seconds (health: starting)", None, "starting"),
        ("Up 3 seconds (unhealthy)", None, "unhealthy"),
        ("Exited (137) 2 minutes ago", 137, "none"),
        ("Exited (-1) 2 minutes ago", -1, "none"),
    ],
)
def test_exit_code_and_health_are_read_from_the_status(status: str, exit_code: int | None, health: str) -> None:
    one = listed(Status=status)
    assert (one.exit_code, one.health) == (exit_code, health)


def test_labels_of_ours_and_long_names_of_volumes_are_cut() -> None:
    one = listed(
        Labels={"c": "d", "a": "b", "drydock.session": "x"},
        Mounts=[{"Name": "f" * 64, "Driver": "local"}, {"Source": "/tmp", "Type": "tmpfs"}],
        NetworkSettings={"Networks": {"n2": {"NetworkID": "1"}, "n1": None}},
    )
    assert (
        printed(one, "{{.Labels}} {{.Mounts}} {{.LocalVolumes}} {{.Networks}}") == f"a=b,c=d {'f' * 14}…,/tmp 1 n1,n2"
    )
    assert printed(one, "{{.Mounts}}", whole=True) == f"{'f' * 64},/tmp"


def test_a_command_is_quoted_and_cut() -> None:
    assert printed(listed(Command="sh -c 'echo \"hi\"\n'"), "{{.Command}}") == '"sh -c \'echo \\"hi\\"\\n\'"'


def test_neighbouring_ports_are_drawn_together() -> None:
    ports = [{"PrivatePort": port, "Type": kind} for port, kind in [(81, "tcp"), (80, "tcp"), (53, "udp"), (90, "tcp")]]
    assert ports_text(ports) == "80-81/tcp, 90/tcp, 53/udp"
    assert ports_text([]) == ""


def test_numbers_in_names_are_sorted_as_numbers() -> None:
    assert sorted(["web10", "web2", "a", "web", "10", "9x"], key=natural) == ["9x", "10", "a", "web", "web2", "web10"]
