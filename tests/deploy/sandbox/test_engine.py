"""The engine starts, survives what befalls it, leaves nothing behind, and says what is missing in a sentence."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_life import SMALL, assert_nothing_left, groups_of, lock_holder, processes_of, until
from engines import ENGINE, ROOT, engine, own_slot, started_engine

from deploy.sandbox import cgroups, disk, needs
from deploy.sandbox.api import EngineApi, EngineRefused
from deploy.sandbox.instance import EngineTrouble, Instance
from deploy.sandbox.recipes import Packages
from deploy.sandbox.rootfs import make


@pytest.fixture
def name() -> Iterator[str]:
    with own_slot("life") as slot:
        engine("clean", slot)
        yield slot
        engine("clean", slot)


def load_hello(url: str) -> EngineApi:
    """An engine's API, with busybox loaded as `hello:1`."""
    api = EngineApi(url)
    tar = ROOT / "busybox.tar"
    make(Packages(kind="busybox"), "1.35", tar)
    with tar.open("rb") as body:
        list(api.events("POST", "/images/create", query={"fromSrc": "-", "repo": "hello", "tag": "1"}, body=body))
    return api


@pytest.mark.engine
def test_it_starts_tells_its_state_and_stops_without_a_trace(name: str) -> None:
    assert engine("status", name).returncode == 3
    with started_engine(name, *SMALL) as url:
        assert EngineApi(url).ping()
        told = engine("status", name)
        assert told.returncode == 0
        assert f"runs Docker {EngineApi(url).call('GET', '/version')['Version']} at {url}" in told.stdout
        again = engine("start", name, *SMALL)
        assert again.returncode == 0
        assert f"runs already at {url}" in again.stdout
        in_foreground = engine("run", name, *SMALL)
        assert in_foreground.returncode == 1
        assert "runs already" in in_foreground.stderr
        assert groups_of(name)
    assert engine("status", name).returncode == 3
    assert_nothing_left(name)
    assert groups_of(name) == []
    assert engine("stop", name).returncode == 0
    engine("clean", name)
    assert not (ROOT / name).exists()
    assert not Path(f"/run/drydock/{name}").exists()


@pytest.mark.engine
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_in_the_foreground_it_ends_well_when_told_to(name: str, number: signal.Signals) -> None:
    command = [sys.executable, ENGINE, "run", "--name", name, "--root", ROOT / name, *SMALL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout
        until(lambda: "is ready at" in (running.stdout.readline() if running.stdout else ""), "it is ready")
        running.send_signal(number)
        assert running.wait(60) == 0
    assert_nothing_left(name)
    assert not Path(f"/run/drydock/{name}/docker.sock").exists()


@pytest.mark.engine
def test_it_ends_with_an_error_when_dockerd_dies_so_that_a_supervisor_starts_it_again(name: str) -> None:
    command = [sys.executable, ENGINE, "run", "--name", name, "--root", ROOT / name, *SMALL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout
        until(lambda: "is ready at" in (running.stdout.readline() if running.stdout else ""), "it is ready")
        dockerd = [pid for pid in processes_of(name) if b"dockerd" in Path(f"/proc/{pid}/cmdline").read_bytes()[:8]]
        os.kill(dockerd[0], signal.SIGKILL)
        assert running.wait(60) == 1
    assert_nothing_left(name)


@pytest.mark.engine
def test_killed_at_once_it_takes_everything_with_it_and_starts_again_without_its_containers(name: str) -> None:
    with started_engine(name, *SMALL) as url:
        api = load_hello(url)
        made = api.call(
            "POST", "/containers/create", body={"Image": "hello:1", "Cmd": ["sleep", "600"], "Volumes": {"/data": {}}}
        )
        api.call("POST", f"/containers/{made['Id']}/start")
        api.call("POST", "/networks/create", body={"Name": "left", "Internal": True})
        (pid,) = [row[1] for row in api.call("GET", f"/containers/{made['Id']}/top")["Processes"]]
        assert pid
        os.kill(lock_holder(name), signal.SIGKILL)
        assert_nothing_left(name)
        assert engine("status", name).returncode == 3

        started = engine("start", name, *SMALL)
        assert started.returncode == 0, started.stderr
        assert api.call("GET", "/containers/json", query={"all": "true"}) == []
        assert not api.call("GET", "/volumes")["Volumes"]
        assert {network["Name"] for network in api.call("GET", "/networks")} == {"bridge", "host", "none"}
        assert [image["RepoTags"] for image in api.call("GET", "/images/json")] == [["hello:1"]]


@pytest.mark.engine
def test_what_is_to_be_kept_is_there_again_after_a_kill_stopped_and_able_to_go_on(name: str) -> None:
    with started_engine(name, *SMALL, "--keep") as url:
        api = load_hello(url)
        api.call("POST", "/networks/create", body={"Name": "ours", "Internal": True})
        api.call("POST", "/volumes/create", body={"Name": "notes"})
        spec = {
            "Image": "hello:1",
            "Cmd": ["sleep", "600"],
            "HostConfig": {"NetworkMode": "ours", "Binds": ["notes:/notes"]},
        }
        made = api.call("POST", "/containers/create", body=spec)
        api.call("POST", f"/containers/{made['Id']}/start")
        os.kill(lock_holder(name), signal.SIGKILL)
        assert_nothing_left(name)

        started = engine("start", name, *SMALL, "--keep")
        assert started.returncode == 0, started.stderr
        assert api.call("GET", f"/containers/{made['Id']}/json")["State"]["Status"] == "exited"
        assert [volume["Name"] for volume in api.call("GET", "/volumes")["Volumes"]] == ["notes"]
        api.call("POST", f"/containers/{made['Id']}/start")
        assert api.call("GET", f"/containers/{made['Id']}/json")["State"]["Status"] == "running"

        engine("stop", name)
        started = engine("start", name, *SMALL)
        assert started.returncode == 0, started.stderr
        assert api.call("GET", "/containers/json", query={"all": "true"}) == []


@pytest.mark.engine
def test_there_is_room_for_the_networks_of_a_class(name: str) -> None:
    with started_engine(name, *SMALL) as url:
        api = EngineApi(url)
        for number in range(100):
            api.call("POST", "/networks/create", body={"Name": f"net-{number}", "Internal": True})


@pytest.mark.engine
def test_it_starts_again_however_often_it_is_killed(name: str) -> None:
    """Process ids begin anew in each life: what an earlier one wrote down must not be taken for a living process."""
    for _ in range(6):
        with started_engine(name, *SMALL) as url:
            assert EngineApi(url).ping()
            os.kill(lock_holder(name), signal.SIGKILL)


@pytest.mark.engine
def test_two_engines_side_by_side_share_nothing(name: str) -> None:
    with own_slot("life") as other, started_engine(name, *SMALL) as url, started_engine(other, *SMALL) as other_url:
        load_hello(url)
        assert EngineApi(other_url).call("GET", "/images/json") == []
        assert groups_of(name)
        assert groups_of(other)
        engine("stop", other)
        assert not groups_of(other)
        assert EngineApi(url).ping()
        engine("clean", other)


@pytest.mark.engine
def test_leftovers_of_another_life_do_not_stop_it(name: str) -> None:
    """A stale lock and pid files, a socket nobody listens on, a mounted disk, a group with a process in it."""
    run_dir = Path(f"/run/drydock/{name}")
    run_dir.mkdir(parents=True)
    (run_dir / "lock").write_text("999999")
    (run_dir / "dockerd.pid").write_text(str(os.getpid()))
    (run_dir / "docker.sock").touch()
    (run_dir / "boot.sock").touch()
    with started_engine(name, *SMALL):
        pass
    subprocess.run(["mount", "-o", "loop", ROOT / name / "disk.img", run_dir / "data"], check=True)
    group = next(path for path in cgroups._hierarchies() if (path / "pids.max").exists() or path.name == "pids")
    stale = group / f"drydock-{name}/old"
    stale.mkdir(parents=True)
    with subprocess.Popen(["sleep", "600"]) as sleeper:
        (stale / "cgroup.procs").write_text(str(sleeper.pid))
        try:
            with started_engine(name, *SMALL) as url:
                assert EngineApi(url).ping()
                assert sleeper.wait(30) == -signal.SIGKILL
                assert not stale.exists()
        finally:
            subprocess.run(["umount", run_dir / "data"], check=True)
    assert_nothing_left(name)


@pytest.mark.engine
def test_a_damaged_disk_is_mended_or_made_anew(name: str) -> None:
    with started_engine(name, *SMALL) as url:
        load_hello(url)
    with (ROOT / name / "disk.img").open("r+b") as image:
        image.write(os.urandom(4 * 1024 * 1024))
    with started_engine(name, *SMALL) as url:
        assert EngineApi(url).ping()
    (ROOT / name / "disk.img").write_bytes(b"")
    with started_engine(name, *SMALL) as url:
        assert EngineApi(url).ping()


@pytest.mark.engine
def test_a_supervisors_strict_mask_locks_no_container_out(name: str) -> None:
    flags = ["--name", name, "--root", ROOT / name, *SMALL]
    command = ["sh", "-c", 'umask 077; exec "$@"', "sh", sys.executable, ENGINE, "run", *map(str, flags)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout
        until(lambda: "is ready at" in (running.stdout.readline() if running.stdout else ""), "it is ready")
        api = load_hello(f"unix:///run/drydock/{name}/docker.sock")
        made = api.call("POST", "/containers/create", body={"Image": "hello:1", "Cmd": ["ls", "/sys/fs/cgroup"]})
        api.call("POST", f"/containers/{made['Id']}/start")
        assert api.call("POST", f"/containers/{made['Id']}/wait")["StatusCode"] == 0
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0


@pytest.mark.engine
def test_it_runs_from_a_folder_that_is_closed_to_everybody_else(name: str, tmp_path: Path) -> None:
    """As a clone in /root is."""
    tmp_path.chmod(0o700)
    places = ["--name", name, "--root", tmp_path / "engine"]
    started = subprocess.run([sys.executable, ENGINE, "start", *places, *SMALL], text=True, stderr=-1, check=False)
    try:
        assert started.returncode == 0, started.stderr
    finally:
        subprocess.run([sys.executable, ENGINE, "clean", *places], check=True)


@pytest.mark.engine
def test_a_disk_of_another_size_is_made_anew(name: str) -> None:
    with started_engine(name, *SMALL):
        pass
    with started_engine(name, *SMALL[:-1], "200"):
        assert (ROOT / name / "disk.img").stat().st_size == 200 * 1024 * 1024


@pytest.mark.engine
def test_nobody_gets_in_before_leftovers_are_swept(name: str) -> None:
    """The socket's name appears when the engine is ready, and not when dockerd begins to listen."""
    with started_engine(name, *SMALL) as url:
        api = load_hello(url)
        for _ in range(3):
            api.call("POST", "/containers/create", body={"Image": "hello:1", "Cmd": ["true"]})
    command = [sys.executable, ENGINE, "run", "--name", name, "--root", ROOT / name, *SMALL]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        until(lambda: Path(f"/run/drydock/{name}/docker.sock").exists(), "the socket appears")
        assert api.call("GET", "/containers/json", query={"all": "true"}) == []
        running.terminate()


@pytest.mark.engine
def test_containers_live_in_the_engines_own_group_with_its_limits(name: str) -> None:
    with started_engine(name, *SMALL) as url:
        api = load_hello(url)
        made = api.call("POST", "/containers/create", body={"Image": "hello:1", "Cmd": ["sleep", "600"]})
        api.call("POST", f"/containers/{made['Id']}/start")
        procs = [path for group in groups_of(name) for path in group.rglob("cgroup.procs") if path.read_text().strip()]
        assert procs
        assert all(made["Id"] in str(path) for path in procs)
        limits = [
            (group / file).read_text().strip()
            for group in groups_of(name)
            for file in ("memory.limit_in_bytes", "memory.max", "pids.max")
            if (group / file).exists()
        ]
        assert str(64 * 1024 * 1024) in limits
        assert "40" in limits


@pytest.mark.engine
def test_builds_get_no_more_than_their_part_of_an_engine(name: str) -> None:
    with started_engine(name, *SMALL, "--build-memory-mib", "48", "--build-pids", "20"):
        limits = {
            (file, (group / "buildkit" / file).read_text().strip())
            for group in groups_of(name)
            for file in ("memory.limit_in_bytes", "memory.max", "pids.max")
            if (group / "buildkit" / file).exists()
        }
        assert ("pids.max", "20") in limits
        assert str(48 * 1024 * 1024) in {value for _, value in limits}
    assert_nothing_left(name)
    assert groups_of(name) == []


@pytest.mark.engine
def test_whoever_may_use_its_socket_and_nobody_else_may_ask_for_a_kill_or_a_new_start(name: str) -> None:
    with started_engine(name, *SMALL):
        folder = Path(f"/run/drydock/{name}")
        group = (folder / "docker.sock").stat().st_gid
        for file in (folder / "kill", folder / "restart"):
            assert (file.stat().st_gid, oct(file.stat().st_mode & 0o777)) == (group, "0o660")


@pytest.mark.engine
def test_its_log_does_not_grow_with_every_container(name: str) -> None:
    with started_engine(name, *SMALL) as url:
        api = load_hello(url)
        before = (ROOT / name / "engine.log").stat().st_size
        for _ in range(3):
            made = api.call("POST", "/containers/create", body={"Image": "hello:1", "Cmd": ["true"]})
            api.call("POST", f"/containers/{made['Id']}/start")
            api.call("POST", f"/containers/{made['Id']}/wait")
            api.call("DELETE", f"/containers/{made['Id']}")
        assert (ROOT / name / "engine.log").stat().st_size == before


@pytest.mark.engine
def test_when_dockerd_cannot_start_its_last_words_are_passed_on(name: str) -> None:
    with started_engine(name, *SMALL):
        pass
    # A file where dockerd wants a folder: a damage that no file system check mends.
    folder = ROOT / f"{name}-inside"
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", ROOT / name / "disk.img", folder], check=True)
    try:
        (data,) = [path for path in folder.iterdir() if path.name.endswith(f".{path.name.partition('.')[0]}")]
        shutil.rmtree(data / "containers")
        (data / "containers").write_text("in the way")
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()
    tried = engine("start", name, *SMALL)
    assert tried.returncode == 1
    assert tried.stderr.startswith("dockerd ended while it started; these were its last words: ")
    assert f"/run/drydock/{name}/data/" in tried.stderr


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--memory-mib", "1"), "--memory-mib 1 is too little"),
        (("--cpus", "0"), "--cpus 0.0 is too little"),
        (("--disk-mib", "5"), "--disk-mib 5 is too little"),
        (("--build-pids", "9"), "--build-pids 9 is no part of the engine's own"),
        (("--build-memory-mib", "9000"), "--build-memory-mib 9000 is no part of the engine's own"),
        (("--without", "everything"), "--without knows network, userns"),
    ],
)
def test_values_that_make_no_sense_are_refused_before_anything_starts(flags: tuple[str, ...], sentence: str) -> None:
    tried = engine("start", "never-started", *flags)
    assert tried.returncode == 1
    assert sentence in tried.stderr
    assert not (ROOT / "never-started").exists()


def test_a_name_that_cannot_be_a_folder_is_refused() -> None:
    assert "cannot name an engine" in engine("start", "../escape").stderr


def test_a_disk_larger_than_the_room_there_is_says_so(name: str) -> None:
    tried = engine("start", name, "--disk-mib", str(10**9))
    assert tried.returncode == 1
    assert "MiB free and the engine's disk may grow by" in tried.stderr
    assert "--disk-mib" in tried.stderr


def test_without_root_it_says_so(tmp_path: Path) -> None:
    script = (
        f"import os, sys; sys.path.insert(0, {str(ENGINE.parents[2])!r}); "
        "from deploy.sandbox import engine; os.setuid(65534); "
        f"raise SystemExit(engine.main(['start', '--name', 'rootless', '--root', {str(tmp_path / 'r')!r}]))"
    )
    tried = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (tried.returncode, tried.stderr) == (
        1,
        "The sandbox engine needs root: run this as root, or with sudo.\n",
    )


@pytest.mark.parametrize("missing", sorted(needs.PROGRAMS))
def test_a_missing_program_is_named_with_the_package_that_brings_it(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    which = shutil.which
    monkeypatch.setattr(needs.shutil, "which", lambda name, path=None: None if name == missing else which("true"))
    monkeypatch.setattr(needs.os, "geteuid", lambda: 0)
    with pytest.raises(EngineTrouble) as trouble:
        needs.check(Instance(name="x", root=tmp_path))
    assert str(trouble.value) == f"{missing} is not installed: run `apt-get install {needs.PROGRAMS[missing]}`."


def test_missing_user_namespaces_and_loop_devices_each_have_their_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs.shutil, "which", lambda name, path=None: f"/bin/{name}")
    monkeypatch.setattr(needs.os, "geteuid", lambda: 0)
    monkeypatch.setattr(needs, "_has_user_namespaces", lambda: False)
    with pytest.raises(EngineTrouble, match=r"sysctl user\.max_user_namespaces"):
        needs.check(Instance(name="x", root=tmp_path))
    needs.check(Instance(name="x", root=tmp_path, without=frozenset({"userns", "disk"})))
    monkeypatch.setattr(needs, "_has_user_namespaces", lambda: True)
    monkeypatch.setattr(needs, "LOOP_CONTROL", tmp_path / "loop-control")
    with pytest.raises(EngineTrouble, match="modprobe loop"):
        needs.check(Instance(name="x", root=tmp_path))


def test_subordinate_ids_are_given_once_and_never_overlap(tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    file.write_text("someone:100000:65536\nother:300000:65536\n")
    needs._ensure_range(file)
    needs._ensure_range(file)
    assert file.read_text().splitlines()[2:] == ["drydock:365536:65536"]


def test_version_2_groups_get_the_same_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unified hierarchy, as files: this machine may have either version."""
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (tmp_path / "cgroup.procs").write_text("")
    group = tmp_path / "drydock-x"
    instance = Instance(name="x", root=tmp_path, memory_mib=64, pids=40, cpus=0.5)
    cgroups.prepare(instance)
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    assert (group / "memory.max").read_text() == str(64 * 1024 * 1024)
    assert (group / "pids.max").read_text() == "40"
    assert (group / "cpu.max").read_text() == "50000 100000"
    assert not (group / "buildkit").exists()


def test_version_2_groups_of_builds_get_their_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    cgroups.prepare(Instance(name="x", root=tmp_path, build_memory_mib=64, build_pids=40))
    group = tmp_path / "drydock-x"
    assert (group / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    assert (group / "buildkit/memory.max").read_text() == str(64 * 1024 * 1024)
    assert (group / "buildkit/pids.max").read_text() == "40"


@pytest.mark.engine
def test_a_version_2_group_with_processes_hands_its_controllers_down_once_they_have_moved(
    name: str, tmp_path: Path
) -> None:
    """As in a container: the topmost group is no root. Tried with whatever the unified hierarchy offers here."""
    root = tmp_path / "unified"
    root.mkdir()
    subprocess.run(["mount", "-t", "cgroup2", "none", root], check=True)
    controller = (root / "cgroup.controllers").read_text().split()[-1]
    had = controller in (root / "cgroup.subtree_control").read_text().split()
    (root / "cgroup.subtree_control").write_text(f"+{controller}")
    group = root / f"drydock-{name}"
    group.mkdir()
    try:
        with subprocess.Popen(["sleep", "600"]) as sleeper:
            (group / "cgroup.procs").write_text(str(sleeper.pid))
            cgroups._hand_down(group, [controller])
            assert (group / "cgroup.subtree_control").read_text().split() == [controller]
            assert (group / "init/cgroup.procs").read_text().split() == [str(sleeper.pid)]
            sleeper.kill()
    finally:
        cgroups._remove_tree(group)
        if not had:
            (root / "cgroup.subtree_control").write_text(f"-{controller}")
        left = group.exists()
        subprocess.run(["umount", root], check=True)
    assert not left


def test_a_full_machine_is_told_from_a_full_engine(tmp_path: Path) -> None:
    with pytest.raises(EngineTrouble, match="free some space, or give it less with --disk-mib"):
        disk._check_room(Instance(name="x", root=tmp_path, disk_mib=10**9))


def test_an_engine_that_refuses_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(EngineRefused, match="is no engine address"):
        EngineApi("http://somewhere").call("GET", "/version")
