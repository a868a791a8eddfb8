"""`docker create`, and what a container may be made of."""

from collections.abc import Iterator

import pytest

from graders.commands.interpreter import Console
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState
from tests.consoles import console

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def empty(engine_url: str) -> Iterator[Console]:
    """A console in which nothing is ever made."""
    with console(engine_url, files={"nameless": "=x\n", "spaced": "a b=x\n"}) as at:
        yield at


def test_a_container_is_written_down_before_it_is_made_and_named_after_the_session(engine_url: str) -> None:
    saved: list[SessionState] = []
    with console(engine_url, save=lambda state: saved.append(state.model_copy(deep=True))) as at:
        came = at.carry_out("docker create --name web busybox:1.35 true")
        web = at.state.containers[0]
        inspected = at.engine.client.inspect_container(web.engine_name)

    assert came.stdout == f"{web.id}\n"
    assert [(one.name, one.id) for one in saved[0].containers] == [("web", "")]
    assert (inspected["Id"], inspected["Config"]["Labels"]) == (web.id, {"drydock.session": at.state.key})
    assert [call.path for call in came.calls][-1] == "/containers/create?name=web"
    assert [(one.name, one.made) for one in came.done[0].touched] == [("web", True)]


def test_a_container_that_the_daemon_does_not_make_leaves_its_name_free(engine_url: str) -> None:
    with console(engine_url) as at:
        refused = at.carry_out("docker create --name web --workdir here busybox:1.35")
        names = [one.name for one in at.state.containers]

    assert (refused.exit_code, names) == (1, [])
    assert refused.stderr == (
        "Error response from daemon: the working directory 'here' is invalid, it needs to be an absolute path\n"
    )


def test_every_container_has_the_bounds_of_the_session_whatever_is_asked_for(engine_url: str) -> None:
    lines = (
        "docker create --name web -m 16m --cpus 0.25 --tmpfs /t:size=1g --mount type=tmpfs,dst=/u,tmpfs-size=1g"
        " --health-cmd true --restart no busybox:1.35"
    )
    with console(engine_url) as at:
        at.carry_out(lines)
        host = at.engine.client.inspect_container(at.state.containers[0].id)["HostConfig"]

    mib = 1024 * 1024
    assert (host["Memory"], host["MemorySwap"], host["CpuQuota"]) == (16 * mib, 16 * mib, 25_000)
    assert (host["CapDrop"], host["SecurityOpt"], host["Privileged"]) == (["ALL"], ["no-new-privileges=true"], False)
    assert (host["NetworkMode"], host["PortBindings"], host["Binds"]) == ("none", None, [])
    assert host["Tmpfs"] == {"/t": f"size={32 * mib}"}
    assert host["Mounts"][0]["TmpfsOptions"] == {"SizeBytes": 32 * mib}
    assert (host["LogConfig"]["Type"], host["LogConfig"]["Config"]["max-file"]) == ("local", "1")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("-v /etc:/x", "-v /etc:/x is not available here"),
        ("-v ./x:/x", "-v ./x:/x is not available here"),
        ("-v ../../etc:/x", "-v ../../etc:/x is not available here"),
        ("--mount type=bind,src=/etc,dst=/x", "--mount type=bind is not available here"),
        ("--mount type=volume,src=vv,dst=/x,volume-opt=type=none", "--mount with volume-opt is not available here"),
        ("-v vv:x", "mount path must be absolute"),
        ("-v vv:/x:shared", "invalid mode: shared"),
        ("-v 'v v:/x'", "includes invalid characters for a local volume name"),
        ("--tmpfs /x:size=1m,mode=1777,bind", "--tmpfs with bind is not available here"),
        ("-v data:/etc/", "no volume can be mounted at /etc here"),
        ("-v data:/x/../etc", "no volume can be mounted at /etc here"),
        ("-v //etc", "no volume can be mounted at /etc here"),
        ("-v /etc/.", "no volume can be mounted at /etc here"),
        ("--mount dst=/etc", "no volume can be mounted at /etc here"),
        ("-m 65m", "a container has 64 MiB"),
        ("--cpus 0.6", "a container has 0.5"),
        ("--label drydock.session=other", "labels that begin with drydock. are the platform's"),
        ("--network host", "--network host is not available here"),
        ("--network container:web", "--network container:web is not available here"),
        ("--network other", "network other not found"),
        ("--network-alias x", "network-scoped aliases are only supported for user-defined networks"),
        ("--health-cmd true --health-interval 10ms", "checks run once in a second at most"),
        ("--no-healthcheck --health-cmd true", "--no-healthcheck conflicts with --health-* options"),
        ("--stop-timeout 500", "a stop is waited for between 0 and 30 seconds"),
        ("--expose 90-80", "--expose: 90-80, error: Invalid range specified for the Port: 90-80."),
        ("--expose " + "9" * 3900, "invalid syntax."),
        ("--expose x", '--expose: x, error: strconv.ParseUint: parsing "x": invalid syntax.'),
        ("--env-file nothing", "docker: open nothing: no such file or directory.\nSee 'docker create --help'."),
        ("--env-file nameless", "docker: poorly formatted environment: no variable name on line '=x'."),
        ("--env-file spaced", "docker: poorly formatted environment: variable 'a b' contains whitespaces."),
    ],
)
def test_what_is_not_to_be_had_is_refused_with_the_reason_and_makes_nothing(
    empty: Console, flags: str, words: str
) -> None:
    refused = empty.carry_out(f"docker create {flags} busybox:1.35 true")

    assert words in refused.stderr
    assert refused.exit_code in {1, 125}
    assert not (empty.state.containers)
    assert not (empty.state.volumes)


def test_more_volumes_at_once_than_there_is_room_for_are_counted_in_the_refusal(empty: Console) -> None:
    refused = empty.carry_out("docker create -v /a -v /b -v /c -v /d -v /e -v /f busybox:1.35")

    assert "room for 5 volumes, and you have 0, and this would make 6 more. Make fewer." in refused.stderr
    assert not empty.state.containers


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("busybox", "; did you mean busybox:1.35?"),
        (
            "nothing:1",
            "nothing:1 cannot be pulled, since there is no registry here. 'docker images' lists what is there",
        ),
        ("Busybox", "invalid reference format: repository name must be lowercase."),
        ("'no image'", "invalid reference format."),
    ],
)
def test_an_image_that_is_not_there_is_said_not_to_be(empty: Console, image: str, words: str) -> None:
    refused = empty.carry_out(f"docker create {image}")

    assert words in refused.stderr
    assert "Unable to find image" in refused.stderr or "invalid reference" in refused.stderr


def test_an_image_can_be_named_by_the_beginning_of_its_id(engine_url: str) -> None:
    with console(engine_url) as at:
        digits = at.state.bases[0].id.removeprefix("sha256:")[:12]
        came = at.carry_out(f"docker create {digits} true")

    assert came.exit_code == 0, came.stderr


def test_volumes_are_made_with_the_container_and_counted_before(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(volumes=2)) as at:
        made = at.carry_out("docker create -v data:/data -v /nameless busybox:1.35 true")
        refused = at.carry_out("docker create -v more:/data busybox:1.35 true")
        again = at.carry_out("docker create -v data:/data:ro busybox:1.35 true")
        volumes = at.state.volumes
        on_engine = at.engine.client.inspect_volume(volumes[0].engine_name)

    assert (made.exit_code, again.exit_code, refused.exit_code) == (0, 0, 1)
    assert [(one.name == "data", one.anonymous) for one in volumes] == [(True, False), (False, True)]
    assert [one.name for one in made.done[0].touched if one.kind == "volume"] == ["data"]
    assert on_engine["Labels"] == {"drydock.session": at.state.key}
    assert refused.stderr.startswith("Error response from daemon: this lab gives you room for 2 volumes")


def test_the_sixth_container_is_refused(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(containers=1)) as at:
        at.carry_out("docker create --name web busybox:1.35")
        created = at.carry_out("docker create busybox:1.35")
        run = at.carry_out("docker run busybox:1.35")

    assert created.stderr == (
        "Error response from daemon: this lab gives you room for 1 container, and you have 1. Remove one that you do"
        " not need any more, then try again.\n"
    )
    assert (run.exit_code, run.stderr.startswith("docker: Error response from daemon: this lab")) == (125, True)


def test_a_health_check_of_an_image_runs_no_more_than_once_in_a_second(engine_url: str) -> None:
    files = {"Dockerfile": "FROM busybox:1.35\nHEALTHCHECK --interval=10ms CMD true\n"}
    with console(engine_url, files=files) as at:
        at.carry_out("docker build -t web .")
        at.carry_out("docker create --name web web")
        check = at.engine.client.inspect_container(at.state.containers[0].id)["Config"]["Healthcheck"]

    assert (check["Test"], check["Interval"]) == (["CMD-SHELL", "true"], 1_000_000_000)


def test_variables_come_from_files_first_and_then_from_flags(engine_url: str) -> None:
    files = {"vars": "# a note\n\nA=file\nB=file\n"}
    with console(engine_url, files=files) as at:
        came = at.carry_out("docker run --rm --env-file vars -e B=flag -e PATH busybox:1.35 /bin/env")

    assert "A=file\n" in came.stdout
    assert "B=flag\n" in came.stdout
    assert "PATH=" not in came.stdout


def test_ports_volumes_and_an_entrypoint_come_from_the_image_and_the_flags(engine_url: str) -> None:
    files = {"Dockerfile": 'FROM busybox:1.35\nVOLUME /data /cache\nEXPOSE 80\nENTRYPOINT ["echo", "image"]\n'}
    with console(engine_url, files=files, rules=ConsoleRules(volumes=2)) as at:
        at.carry_out("docker build -t web .")
        own = at.carry_out("docker run --rm web and words")
        reset = at.carry_out("docker run --rm --entrypoint '' web echo flag")
        at.carry_out("docker create --name web --expose 90-91/udp -v named:/data/ web")
        ports = at.engine.client.inspect_container(at.state.containers[0].id)["Config"]["ExposedPorts"]
        volumes = [one.anonymous for one in at.state.volumes]
        full = at.carry_out("docker create web")

    assert (own.stdout, reset.stdout) == ("image and words\n", "flag\n")
    assert sorted(ports) == ["80/tcp", "90/udp", "91/udp"]
    assert volumes == [False, True]
    assert "room for 2 volumes" in full.stderr


def test_a_session_may_ask_for_more_of_the_processors_than_the_engine_has(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(cpus=2)) as at:
        shown = at.carry_out("docker run busybox:1.35 echo shown")
        at.carry_out("docker run -d busybox:1.35 sleep 1000")
        running = at.engine.client.inspect_container(at.state.containers[1].id)["State"]["Running"]

    assert (shown.stdout, shown.exit_code, running) == ("shown\n", 0, True)
