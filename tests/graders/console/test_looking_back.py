"""What is seen of a session at its end, and the picture of it meanwhile, on a real engine."""

from dataclasses import replace

import pytest
from consoles import console
from engine_life import until

from graders.commands import end_files, holding
from graders.commands.end_state import EndState, EndWants, Line
from graders.commands.interpreter import Console
from graders.commands.looking_back import look
from graders.commands.picture import picture
from graders.commands.state import SessionState
from graders.sandbox.base import FileKind, MountKind

pytestmark = pytest.mark.engine


def type_all(session: Console, *lines: str) -> None:
    for line in lines:
        carried = session.carry_out(line)
        assert carried.exit_code == 0, (line, carried.stderr)


def ids_on(session: Console) -> set[str]:
    return {one["Id"] for one in session.engine.client.containers(all=True)}


def test_everything_that_a_session_has_is_seen_under_its_own_names(engine_url: str) -> None:
    with console(engine_url, files={"Dockerfile": "FROM busybox:1.35\nENV A=1\nEXPOSE 80\n"}) as session:
        type_all(
            session,
            "docker network create shop",
            "docker build -q -t site:1 .",
            "docker run -d --name web --network shop -v store:/data -v /cache -e B=2 -l tier=front site:1 sleep 300",
            "docker run --name job busybox:1.35 sh -c 'exit 0'",
            "docker commit job snap",
            "docker pause web",
        )
        journal = [Line.of(1, "docker ps", session.carry_out("docker ps"))]
        end = look(session, EndWants(), journal=journal)
        assert EndState.model_validate_json(end.model_dump_json()) == end
        shown = end.model_dump_json()
        assert f"dd-{session.state.key}" not in shown
        assert "drydock." not in shown.replace('"schema":"drydock.console/1"', "")
    web, job = end.container("web"), end.container("job")
    assert web is not None
    assert job is not None
    assert (web.state, web.made_by, web.started, web.exit_code) == ("paused", "run", True, None)
    assert (web.env["B"], web.labels, web.networks) == ("2", {"tier": "front"}, ("shop",))
    assert [(mount.path, mount.kind) for mount in web.mounts] == [
        ("/cache", MountKind.ANONYMOUS),
        ("/data", MountKind.VOLUME),
    ]
    assert (job.state, job.exit_code) == ("exited", 0)
    site, snap = end.image("site:1"), end.image("snap")
    assert site is not None
    assert snap is not None
    assert (site.made_by, site.exposed_ports, site.env["A"]) == ("build", ("80/tcp",), "1")
    assert (snap.made_by, snap.from_container) == ("commit", "job")
    assert [(one.name, one.used_by) for one in end.volumes if not one.anonymous] == [("store", ("web",))]
    assert [one.containers for one in end.networks] == [("web",)]
    assert end.images[0].base
    assert [done.command.path for done in end.journal[0].done if done.command] == [("container", "ls")]


def test_files_are_read_wherever_they_lie_and_nothing_is_left_of_the_looking(engine_url: str) -> None:
    with console(engine_url, files={"here.txt": "here"}) as session:
        type_all(
            session,
            "docker run -d --name web -v store:/data busybox:1.35 sleep 300",
            "docker exec web sh -c 'echo one > /one; echo two > /data/two'",
            "docker create --name made busybox:1.35",
            "docker exec web sh -c 'ln -s /one /link; printf \"\\000\\377\" > /odd; mkdir /folder'",
            "docker commit web snap",
        )
        before = ids_on(session)
        end = look(
            session,
            EndWants(
                container_files=frozenset(
                    {("web", path) for path in ("/one", "/data/two", "/link", "/odd", "/folder", "/none")}
                    | {("made", "/etc/passwd"), ("nobody", "/one")}
                ),
                image_files=frozenset({("snap", "/one"), ("busybox:1.35", "/one"), ("none", "/one")}),
                volume_files=frozenset({("store", "/two"), ("store", "/one"), ("none", "/two")}),
                folder_files=frozenset({"here.txt", "none.txt"}),
            ),
        )
        assert ids_on(session) == before
        again = session.carry_out("docker ps --format '{{.Status}}'").stdout
    web = end.container("web")
    assert web is not None
    found = {path: file and (file.kind, file.text) for path, file in web.files.items()}
    assert found == {
        "/one": (FileKind.FILE, "one\n"),
        "/data/two": (FileKind.FILE, "two\n"),
        "/link": (FileKind.SYMLINK, ""),
        "/odd": (FileKind.FILE, "\\x00\\xff"),
        "/folder": (FileKind.FOLDER, ""),
        "/none": None,
    }
    assert "Paused" not in again, "it goes on when it has been looked at"
    images = {one.references[0]: one.files for one in end.images}
    assert [file and file.text for file in images["snap:latest"].values()] == ["one\n"]
    assert list(images["busybox:1.35"].values()) == [None]
    (store,) = end.volumes
    assert {path: file and file.text for path, file in store.files.items()} == {"/two": "two\n", "/one": None}
    assert {path: file and file.text for path, file in end.folder.items()} == {"here.txt": "here", "none.txt": None}


def test_a_pipe_in_the_place_of_a_user_file_is_not_read_through(engine_url: str) -> None:
    with console(engine_url) as session:
        type_all(
            session,
            "docker run -d --name trap busybox:1.35 sleep 300",
            "docker exec trap sh -c 'echo note > /note; rm /etc/passwd; mkfifo /etc/passwd'",
            "docker create --name fine busybox:1.35",
        )
        end = look(session, EndWants(container_files=frozenset({("trap", "/note"), ("fine", "/etc/passwd")})))
        assert session.engine.client.ping()
    trap, fine = end.container("trap"), end.container("fine")
    assert trap is not None
    assert fine is not None
    note, users = trap.files["/note"], fine.files["/etc/passwd"]
    assert note is not None
    assert users is not None
    assert (note.kind, note.text) == (FileKind.OTHER, "")
    assert users.text.startswith("root:")


def test_a_large_file_is_read_to_a_bound(engine_url: str) -> None:
    with console(engine_url) as session:
        type_all(
            session, "docker run --name big busybox:1.35 sh -c 'yes | head -c 20000000 > /big; truncate -s 20M /sparse'"
        )
        end = look(session, EndWants(container_files=frozenset({("big", "/big"), ("big", "/sparse")})))
    big = end.container("big")
    assert big is not None
    for file in big.files.values():
        assert file is not None
        assert file.cut
        assert file.size_bytes >= 20_000_000
        assert len(file.text) < 100_000


def test_what_takes_itself_away_is_not_there_any_more(engine_url: str) -> None:
    with console(engine_url) as session:
        type_all(session, "docker run --rm --name gone -v /cache busybox:1.35 true")
        end = look(session, EndWants(container_files=frozenset({("gone", "/a")})))
        assert (end.containers, end.volumes, picture(session).containers) == ((), (), ())


def test_the_picture_shows_what_is_there_now(engine_url: str) -> None:
    with console(engine_url) as session, console(engine_url) as other:
        type_all(other, "docker create --name theirs busybox:1.35", "docker volume create theirs")
        assert picture(session).model_dump(exclude={"images"}) == {"containers": (), "volumes": (), "networks": ()}
        type_all(
            session,
            "docker network create shop",
            "docker run -d --name web --network shop -v store:/data busybox:1.35 sleep 300",
            "docker create --name made busybox:1.35",
            "docker run -d --name bad busybox:1.35 sh -c 'exit 7'",
            "docker wait bad",
            "docker commit made snap",
        )
        seen = picture(session)
        type_all(session, "docker pause web")
        paused = picture(session)
        assert f"dd-{session.state.key}" not in paused.model_dump_json()
    states = {one.name: (one.state, one.exit_code) for one in seen.containers}
    assert states == {"web": ("running", None), "made": ("created", None), "bad": ("exited", 7)}
    assert [one.name for one in seen.containers] == ["web", "made", "bad"]
    assert (seen.containers[0].networks, seen.containers[0].mounts[0].name) == (("shop",), "store")
    assert [(one.references, one.base, one.made_by) for one in seen.images] == [
        (("busybox:1.35",), True, ""),
        (("snap:latest",), False, "commit"),
    ]
    assert all(one.size > 100_000 for one in seen.images)
    assert [(one.name, one.used_by) for one in seen.volumes] == [("store", ("web",))]
    assert [(one.name, one.containers) for one in seen.networks] == [("shop", ("web",))]
    assert paused.containers[0].state == "paused"


class Killed(BaseException):
    """The process is gone: nothing more of it is carried out."""


@pytest.mark.parametrize("next_one", ["a line", "a look"])
def test_what_a_killed_process_held_still_is_let_go_by_whoever_comes_next(
    engine_url: str, next_one: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    with console(engine_url, save=lambda state: kept.append(state.model_dump_json())) as session:
        type_all(session, "docker run -d --name web busybox:1.35 sleep 300")
        wants = EndWants(container_files=frozenset({("web", "/note")}))
        with monkeypatch.context() as killed:
            killed.setattr(holding, "let_go", lambda *_: None)
            killed.setattr(end_files, "_read", _die)
            with pytest.raises(Killed):
                look(session, wants)
        state = SessionState.model_validate_json(kept[-1])
        assert state.held == state.containers[0].id
        after = replace(session, state=state)
        assert session.engine.client.inspect_container(state.held)["State"]["Paused"]
        if next_one == "a line":
            # The engine hears of its own pause by an event, which may come after it was told to go on.
            until(lambda: "Paused" not in after.carry_out("docker ps").stdout, "the container is not let go")
        end = look(after, wants)
        web = end.container("web")
        assert web is not None
        assert (web.state, state.held) == ("running", "")


def _die(*_: object) -> None:
    raise Killed
