"""Names of containers."""

import pytest

from graders.commands.daemon import DaemonRefused
from graders.commands.state import OwnContainer, SessionState
from graders.commands.verbs.naming import free_name, given_name


def _with(*names: str) -> SessionState:
    return SessionState(
        containers=[OwnContainer(name=name, engine_name=f"dd-x-{name}", id="ab12", image="i") for name in names]
    )


def test_a_name_that_nobody_has_is_taken_without_its_slash() -> None:
    assert free_name(_with("db"), "/web") == "web"


@pytest.mark.parametrize("name", ["x", "a b", "-x", "a/b", "über", "a" * 200, "web\n"])
def test_what_docker_takes_for_no_name_is_refused_in_its_words(name: str) -> None:
    with pytest.raises(DaemonRefused, match="Invalid container name") as refused:
        free_name(_with(), name)

    assert refused.value.message.endswith("only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")


def test_a_name_that_is_taken_is_refused_with_the_id_of_who_has_it() -> None:
    with pytest.raises(DaemonRefused) as refused:
        free_name(_with("web"), "web")

    assert refused.value.message == (
        'Conflict. The container name "/web" is already in use by container "ab12". You have to remove (or rename) that'
        " container to be able to reuse that name."
    )


def test_a_container_without_a_name_gets_one_that_can_be_typed() -> None:
    made_up = given_name(_with(), "")

    assert free_name(_with(), made_up) == made_up
    assert made_up.count("_") == 1
