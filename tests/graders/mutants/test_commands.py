"""Mutants of a list of docker commands."""

from graders.mutants.commands import edits_of_commands

TYPED = """\
# The lamp is made ready.
docker create --name {lamp} -e TOKEN={token} busybox:1.35 sh -c 'echo -n x'
docker ps -a
docker start {lamp}
docker run -d busybox:1.35 sleep 1
cat notes.txt
"""


def changes() -> list[str]:
    return [edit.change for edit in edits_of_commands(TYPED)]


def test_what_only_looks_is_left_alone_and_every_other_line_left_out_once() -> None:
    left_out = [change for change in changes() if change.startswith("leave out")]
    assert [change.split()[3] for change in left_out] == ["create", "start", "run"]


def test_lines_about_the_same_thing_change_places() -> None:
    swaps = [edit for edit in edits_of_commands(TYPED) if edit.change.startswith("change places")]
    assert len(swaps) == 1
    lines = swaps[0].text.splitlines()
    assert lines[0] == "docker start {lamp}"
    assert lines[2].startswith("docker create")


def test_flags_go_with_their_values_and_what_the_container_runs_stays() -> None:
    assert [change.partition(": docker")[0] for change in changes() if change.startswith(("without", "another"))] == [
        "without --name {lamp}",
        "another value of --name",
        "without -e TOKEN={token}",
        "another value of -e",
        "without -d",
    ]
    other = next(edit.text for edit in edits_of_commands(TYPED) if edit.change.startswith("another value of -e"))
    assert "-e 'TOKEN={token}x' busybox:1.35 sh -c 'echo -n x'" in other


def test_another_verb_is_typed() -> None:
    assert [change.partition(": docker")[0] for change in changes() if " for " in change] == [
        "run for create",
        "pause for start",
        "create for run",
    ]


def test_a_line_that_is_no_single_docker_command_is_only_left_out() -> None:
    text = "docker rm $(docker ps -aq)\ndocker kill 'x\n"
    assert [edit.change.partition(":")[0] for edit in edits_of_commands(text)] == ["leave out", "leave out"]
