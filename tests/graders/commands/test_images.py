"""Images in a console, on a real engine: listed, named, committed, removed, as docker does and says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from consoles import console

from graders.commands.folder import kept
from graders.commands.interpreter import Console
from graders.commands.model import Carried
from graders.commands.rules import ConsoleRules

pytestmark = pytest.mark.engine

FILES = {"Dockerfile": "FROM busybox:1.35\nLABEL mine=1\nRUN echo made > /made\n"}


@pytest.fixture
def at_work(engine_url: str) -> Iterator[Console]:
    with console(engine_url, files=FILES, rules=ConsoleRules(images=10)) as made:
        yield made


def ran(at_work: Console, line: str) -> str:
    """What a line that succeeds prints."""
    carried = at_work.carry_out(line)
    assert carried.exit_code == 0, carried.stderr
    return carried.stdout


def refused(at_work: Console, line: str) -> str:
    """What a line that fails says."""
    carried = at_work.carry_out(line)
    assert carried.exit_code != 0
    assert carried.stdout == ""
    return carried.stderr


def rows(at_work: Console, line: str = "docker images") -> list[tuple[str, ...]]:
    """Repository and tag of what a listing shows."""
    first, *lines = ran(at_work, line).splitlines()
    assert first.split()[:2] == ["REPOSITORY", "TAG"]
    return [tuple(text.split()[:2]) for text in lines]


def config(at_work: Console, word: str) -> dict[str, Any]:
    """The config of an own image, from the engine."""
    found = at_work.state.image(word)
    assert found is not None
    told: dict[str, Any] = at_work.engine.client.inspect_image(found.id)  # type: ignore[no-untyped-call]
    return dict(told["Config"])


def calls(carried: Carried) -> list[tuple[str, str]]:
    """What went to the daemon, without the ping."""
    return [(call.method, call.path) for call in carried.calls if call.path != "/_ping"]


def test_images_are_listed_newest_first_under_the_students_names(at_work: Console) -> None:
    ran(at_work, "docker build -q -t web .")
    ran(at_work, "docker build -q -t web .")
    ran(at_work, "docker tag web other:2")

    assert rows(at_work) == [("other", "2"), ("web", "latest"), ("<none>", "<none>"), ("busybox", "1.35")]
    assert rows(at_work, "docker images --digests")[0] == ("other", "2")
    assert rows(at_work, "docker images web") == [("web", "latest")]
    assert rows(at_work, "docker images 'bus*'") == [("busybox", "1.35")]
    assert rows(at_work, "docker images 'o[a-z]her:?'") == [("other", "2")]
    assert rows(at_work, "docker images -f dangling=true") == [("<none>", "<none>")]
    assert ("<none>", "<none>") not in rows(at_work, "docker images -f dangling=false")
    assert rows(at_work, "docker images -f before=web") == [("<none>", "<none>"), ("busybox", "1.35")]
    assert rows(at_work, "docker images -f since=busybox:1.35 -f reference=web") == [("web", "latest")]
    assert ("busybox", "1.35") not in rows(at_work, "docker images -f label=mine=1")
    assert rows(at_work, "docker images -f label=drydock.session") == []
    ids = ran(at_work, "docker images -q --no-trunc").split()
    assert ids == [at_work.state.images[1].id] * 2 + [at_work.state.images[0].id, at_work.state.bases[0].id]
    told = json.loads(ran(at_work, "docker images --format '{{json .}}' web"))
    assert (told["Repository"], told["Tag"], told["ID"]) == ("web", "latest", ids[0][7:19])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("docker images -f nonsense=1", "Error response from daemon: Invalid filter 'nonsense'"),
        ("docker images -f dangling=maybe", "Error response from daemon: Invalid filter 'dangling=[maybe]'"),
        ("docker images -f before=nope", "Error response from daemon: No such image: nope:latest"),
        ("docker images 'a['", "Error response from daemon: syntax error in pattern"),
        ("docker images --format '{{.Nope}}'", "can't evaluate field Nope in type *formatter.imageContext"),
        ("docker history nope", "Error response from daemon: No such image: nope:latest"),
        ("docker tag nope x", "Error response from daemon: No such image: nope:latest"),
        (
            "docker tag busybox:1.35 BAD",
            'Error parsing reference: "BAD" is not a valid repository/tag: invalid reference format: repository name',
        ),
        (
            "docker tag busybox:1.35 x:y:z",
            'Error parsing reference: "x:y:z" is not a valid repository/tag: invalid reference format',
        ),
        (f"docker tag busybox:1.35 {'a' * 64}", "cannot specify 64-byte hexadecimal strings"),
        (f"docker tag busybox:1.35 {'x' * 300}", "repository name must not be more than 255 characters"),
        (f"docker tag busybox:1.35 x@sha256:{'a' * 64}", "refusing to create a tag with a digest reference"),
        ("docker tag busybox:1.35 busybox:1.35", "is a base image of this lab"),
        ("docker rmi nope", "Error: No such image: nope"),
        ("docker rmi busybox:1.35", "Error response from daemon: busybox:1.35 is a base image of this lab"),
        ("docker rmi -f busybox:1.35", "is a base image of this lab"),
        ("docker rmi BAD", "Error response from daemon: invalid reference format: repository name must be lowercase"),
        ("docker commit nope", "Error response from daemon: No such container: nope"),
        ("docker image prune -f --filter nonsense=1", "Error response from daemon: Invalid filter 'nonsense'"),
        ("docker image prune -f --filter until=soon", 'failed to parse value as time or duration: "soon"'),
    ],
)
def test_what_is_wrong_is_said_in_dockers_words(at_work: Console, line: str, words: str) -> None:
    assert words in refused(at_work, line)


def test_history_tells_what_made_each_layer(at_work: Console) -> None:
    ran(at_work, "docker build -q -t web .")
    heading, top, *_, base = ran(at_work, "docker history web").splitlines()

    assert heading.split() == ["IMAGE", "CREATED", "CREATED", "BY", "SIZE", "COMMENT"]
    assert top.startswith(at_work.state.images[0].id[7:19])
    assert "RUN /bin/sh -c echo made > /made" in top
    assert base.startswith("<missing>")
    assert "CMD" not in base
    assert ran(at_work, "docker history -q web").splitlines()[1:] == ["<missing>"] * 2
    assert "T" in ran(at_work, "docker history -H=false --format '{{.CreatedSince}}' web").splitlines()[0]


def test_a_name_is_taken_away_first_and_the_image_with_its_last(at_work: Console) -> None:
    ran(at_work, "docker build -q -t web .")
    ran(at_work, "docker tag web other:2")
    ran(at_work, "docker tag busybox:1.35 mine")
    id_ = at_work.state.images[0].id

    assert "(must be forced) - image is referenced in multiple repositories" in refused(
        at_work, f"docker rmi {id_[7:19]}"
    )
    carried = at_work.carry_out("docker rmi web")
    assert carried.stdout == "Untagged: web:latest\n"
    assert calls(carried) == [("DELETE", "/images/web")]
    assert ran(at_work, f"docker rmi {id_[7:15]}").startswith(f"Untagged: other:2\nDeleted: {id_}\nDeleted: sha256:")
    assert ran(at_work, "docker rmi mine") == "Untagged: mine:latest\n"
    assert (at_work.state.images, at_work.state.references) == ([], {})
    assert rows(at_work) == [("busybox", "1.35")]


def test_removing_several_goes_on_after_one_that_is_refused(at_work: Console) -> None:
    ran(at_work, "docker build -q -t web .")

    carried = at_work.carry_out("docker rmi nope busybox:1.35 web")

    assert carried.exit_code == 1
    assert carried.stdout.startswith("Untagged: web:latest\n")
    assert carried.stderr.startswith("Error: No such image: nope\nError response from daemon: busybox:1.35 is a base")
    assert at_work.carry_out("docker rmi -f nope").exit_code == 0


def test_an_image_that_a_container_is_made_from_stays_until_it_is_forced(at_work: Console) -> None:
    ran(at_work, "docker build -q -t web .")
    container = ran(at_work, "docker create --name app web true").strip()
    id_ = at_work.state.images[0].id

    assert refused(at_work, "docker rmi web") == (
        'Error response from daemon: conflict: unable to remove repository reference "web" (must force) - container'
        f" {container[:12]} is using its referenced image {id_[7:19]}\n"
    )
    assert ran(at_work, "docker image prune -a -f") == "Total reclaimed space: 0B\n"
    assert ran(at_work, "docker rmi -f web").startswith("Untagged: web:latest\n")


def test_prune_removes_what_has_no_name_or_with_all_what_no_container_needs(at_work: Console) -> None:
    for _ in range(2):
        ran(at_work, "docker build -q -t web .")
    ran(at_work, "docker tag busybox:1.35 mine")
    first, second = (image.id for image in at_work.state.images)

    asked = at_work.carry_out("docker image prune")
    assert asked.stdout.endswith("Are you sure you want to continue? [y/N] Total reclaimed space: 0B\n")
    assert "docker image prune -f does not ask" in asked.stderr
    assert ran(at_work, "docker image prune -f --filter label=other") == "Total reclaimed space: 0B\n"
    pruned = at_work.carry_out("docker image prune -f")
    assert pruned.stdout.startswith(f"Deleted Images:\ndeleted: {first}\n")
    assert pruned.stdout.endswith("\n\nTotal reclaimed space: 5B\n")
    assert calls(pruned) == [("POST", '/images/prune?filters={"dangling":{"true":true}}')]
    assert [image.id for image in at_work.state.images] == [second]
    assert ran(at_work, "docker image prune -a -f").startswith(
        f"Deleted Images:\nuntagged: web:latest\ndeleted: {second}"
    )
    assert rows(at_work) == [("busybox", "1.35"), ("mine", "latest")]


def test_a_commit_keeps_what_a_container_changed_and_what_it_is_told_to_change(at_work: Console) -> None:
    ran(at_work, "docker build -q -t web .")
    container = ran(at_work, "docker create --name app web sleep 5").strip()

    line = "docker commit -a me -m 'because so' -c 'ENV A=1' -c 'CMD [\"true\"]' -c 'EXPOSE 80' -p=false app kept:1"
    carried = at_work.carry_out(line)

    assert carried.exit_code == 0, carried.stderr
    image = at_work.state.images[1]
    assert carried.stdout == f"{image.id}\n"
    assert (image.made_by, image.container, image.parent) == ("commit", "app", at_work.state.images[0].id)
    changes = 'changes=ENV A=1&changes=CMD ["true"]&changes=EXPOSE 80'
    told = f"author=me&{changes}&comment=because so&container=app&pause=0&repo=kept&tag=1"
    assert calls(carried) == [("POST", f"/commit?{told}")]
    made = config(at_work, "kept:1")
    assert "A=1" in made["Env"]
    assert made["Cmd"] == ["true"]
    assert made["Labels"] == {"mine": "1", "drydock.session": at_work.state.key}
    assert [(one.kind, one.name) for one in carried.done[0].touched] == [("image", "kept:1"), ("container", "app")]
    assert container
    top = ran(at_work, "docker history kept:1").splitlines()[1]
    assert top.startswith(image.id[7:19])
    assert top.endswith("because so")
    assert "dd-" not in top


def test_a_commit_without_a_name_has_none(at_work: Console) -> None:
    ran(at_work, "docker create --name app busybox:1.35 true")
    ran(at_work, "docker commit app")

    assert rows(at_work)[0] == ("<none>", "<none>")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("RUN true", "Error response from daemon: run is not a valid change command"),
        ("ONBUILD RUN true", "ONBUILD is not available here"),
        ("LABEL drydock.session=other", "the console's own"),
        ("ENV A=1 \\\\", "one instruction on one line"),
        ("", "one instruction on one line"),
        ("# escape=`", "one instruction on one line"),
        ("ENV", "--change ENV: ENV needs a name and a value"),
        ("EXPOSE $A", "write the ports out"),
        ("EXPOSE 1-65535", "more than 1,000 ports"),
        ("VOLUME " + " ".join(f"/v{number}" for number in range(60)), "more than 50 volumes"),
    ],
)
def test_a_change_that_no_image_should_have_is_refused(at_work: Console, change: str, words: str) -> None:
    ran(at_work, "docker create --name app busybox:1.35 true")

    assert words in refused(at_work, f"docker commit -c '{change}' app")
    assert at_work.state.images == []


def test_variables_cannot_grow_from_image_to_image(at_work: Console) -> None:
    ran(at_work, "docker create --name app busybox:1.35 true")
    ran(at_work, f"docker commit -c 'ENV A={'x' * 300}' app long")
    ran(at_work, "docker create --name grown long true")

    assert "300 characters" in refused(at_work, "docker commit -c 'ENV A=$A$A' grown")
    at_work.state.files |= kept({"Dockerfile": b"FROM long\nENV A=$A$A\n"})
    assert "300 characters" in refused(at_work, "docker build .")


def test_ports_cannot_come_out_of_an_own_images_variables(at_work: Console) -> None:
    ran(at_work, "docker create --name app busybox:1.35 true")
    ran(at_work, "docker commit -c 'ENV P=1-65535' -c 'ENV Q=80' app ports")
    dockerfile = b"FROM ports\nEXPOSE $Q\nEXPOSE $P\n"
    at_work.state.files |= kept({"Dockerfile": dockerfile})
    assert "Line 3: EXPOSE $P is not for certain one port" in refused(at_work, "docker build .")


def test_commits_beyond_the_quota_are_refused(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(images=1)) as at_work:
        ran(at_work, "docker create --name app busybox:1.35 true")
        ran(at_work, "docker commit app")

        assert "room for 1 image" in refused(at_work, "docker commit app")


def test_names_beyond_their_number_are_refused(at_work: Console) -> None:
    for number in range(50):
        ran(at_work, f"docker tag busybox:1.35 n{number}")

    assert "docker rmi NAME" in refused(at_work, "docker tag busybox:1.35 more")
    ran(at_work, "docker tag busybox:1.35 n1")
