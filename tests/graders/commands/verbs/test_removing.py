"""`docker rm` and `docker container prune`."""

import pytest

from tests.consoles import console

pytestmark = pytest.mark.engine


def test_what_runs_is_removed_only_by_force(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker run -d --name web busybox:1.35 sleep 1000")
        web = at.state.containers[0]
        running = at.carry_out("docker rm web")
        at.carry_out("docker pause web")
        paused = at.carry_out("docker rm web")
        forced = at.carry_out("docker rm -f web none")
        left = at.state.containers

    assert running.stderr == (
        f"Error response from daemon: You cannot remove a running container {web.id}. Stop the container before"
        " attempting removal or force remove\n"
    )
    assert paused.stderr == (
        f"Error response from daemon: You cannot remove a paused container {web.id}. Unpause and then stop the"
        " container before attempting removal or force remove\n"
    )
    assert (running.exit_code, paused.exit_code) == (1, 1)
    assert (forced.stdout, forced.stderr, forced.exit_code) == ("web\n", "Error: No such container: none\n", 0)
    assert (forced.done[0].touched[0].removed, left) == (True, [])


def test_volumes_without_a_name_go_only_when_asked_for(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker create --name web -v /nameless -v data:/data busybox:1.35")
        at.carry_out("docker create --name db -v /nameless busybox:1.35")
        at.carry_out("docker rm web")
        kept = [one.anonymous for one in at.state.volumes]
        at.carry_out("docker rm -v db")
        after = [one.anonymous for one in at.state.volumes]

    assert kept in ([False, True, True], [True, False, True])
    assert sorted(after) == [False, True]


def test_the_beginning_of_an_id_is_enough_where_it_means_one(engine_url: str) -> None:
    with console(engine_url) as at:
        at.carry_out("docker create busybox:1.35")
        web = at.state.containers[0]
        copy = web.model_copy(update={"name": "other", "id": web.id[:6] + "f" * 58})
        at.state.containers.append(copy)
        several = at.carry_out(f"docker rm {web.id[:6]}")
        at.state.containers.remove(copy)
        removed = at.carry_out(f"docker rm {web.id[:6]}")

    assert several.stderr.endswith(f"Multiple IDs found with provided prefix: {web.id[:6]}\n")
    assert removed.stdout == f"{web.id[:6]}\n"


def test_prune_asks_and_removes_nothing_until_somebody_says_yes(engine_url: str) -> None:
    with console(engine_url, files={"yes": "y\n"}) as at:
        at.carry_out("docker create --name web busybox:1.35")
        asked = at.carry_out("docker container prune")
        there = len(at.state.containers)
        piped = at.carry_out("cat yes | docker container prune")
        left = len(at.state.containers)

    assert asked.stdout == (
        "WARNING! This will remove all stopped containers.\n"
        "Are you sure you want to continue? [y/N] Total reclaimed space: 0B\n"
    )
    assert asked.stderr.startswith("[console] Nothing was removed")
    assert (asked.exit_code, there, piped.exit_code, left) == (0, 1, 0, 0)


def test_prune_removes_what_does_not_run_newest_first_and_nobody_elses(engine_url: str) -> None:
    with console(engine_url) as other, console(engine_url) as at:
        other.carry_out("docker create --name theirs busybox:1.35")
        at.carry_out("docker create --name old busybox:1.35; docker run -d --name web busybox:1.35 sleep 1000")
        at.carry_out("docker create --name labelled -l keep=yes busybox:1.35")
        at.carry_out("docker run --name new busybox:1.35 sh -c 'echo 12345 > /file'")
        ids = {one.name: one.id for one in at.state.containers}
        came = at.carry_out("docker container prune -f --filter label!=keep")
        left = [one.name for one in at.state.containers]
        for kind in ("container", "image"):
            when = at.carry_out(f"docker {kind} prune -f --filter until=later")
            assert when.stderr == ('Error response from daemon: failed to parse value as time or duration: "later"\n')
        wrong = at.carry_out("docker container prune -f --filter name=web")
        theirs = other.carry_out("docker rm theirs")

    assert came.stdout == f"Deleted Containers:\n{ids['new']}\n{ids['old']}\n\nTotal reclaimed space: 6B\n"
    assert left == ["web", "labelled"]
    assert wrong.stderr == "Error response from daemon: Invalid filter 'name'\n"
    assert theirs.exit_code == 0
