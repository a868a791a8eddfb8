"""The daemon's JSON as a session may see it."""

from typing import Any

from graders.commands.rewriting import container_shown, image_shown, names_of_image, network_shown, volume_shown
from graders.commands.state import Base, OwnContainer, OwnVolume, SessionState

ID, OTHER = "a" * 64, "b" * 64
IMAGE = "sha256:" + "c" * 64


def a_session() -> SessionState:
    state = SessionState(key="0123456789ab", bases=[Base(reference="busybox:1.35", id=IMAGE)])
    state.containers.append(
        OwnContainer(name="web", engine_name=state.engine_name("c", "web"), id=ID, image="busybox:1.35")
    )
    state.volumes.append(OwnVolume(name="data", engine_name=state.engine_name("v", "data")))
    return state


def a_container(**changes: Any) -> dict[str, Any]:
    return {
        "Id": ID,
        "Name": "/dd-0123456789ab-c1",
        "ResolvConfPath": f"/srv/engine/data/containers/{ID}/resolv.conf",
        "LogPath": f"/srv/engine/data/containers/{ID}/{ID}-json.log",
        "HostConfig": {"Binds": ["dd-0123456789ab-v2:/data"], "CgroupParent": "/drydock/x", "Init": False},
        "GraphDriver": {"Data": {"LowerDir": "/srv/a/overlay2/1/diff:/srv/a/overlay2/2/diff"}, "Name": "overlay2"},
        "Mounts": [
            {"Type": "volume", "Name": "dd-0123456789ab-v2", "Source": "/srv/engine/data/volumes/x/_data"},
            {"Type": "tmpfs", "Source": "", "Destination": "/tmp"},
        ],
        "Config": {"Image": "dd-0123456789ab:i9", "Labels": {"a": "b", "drydock.job": "x"}},
        "NetworkSettings": {"SandboxKey": "/srv/engine/exec/netns/abc", "Networks": {"none": {}}},
    } | changes


def test_a_container_is_shown_under_its_name_with_no_path_of_the_host() -> None:
    shown = container_shown(a_session(), a_container())
    assert shown["Name"] == "/web"
    assert shown["ResolvConfPath"] == f"/var/lib/docker/containers/{ID}/resolv.conf"
    assert shown["LogPath"] == f"/var/lib/docker/containers/{ID}/{ID}-json.log"
    assert shown["HostConfig"] == {"Binds": ["data:/data"], "CgroupParent": "", "Ulimits": None}
    assert shown["GraphDriver"]["Data"]["LowerDir"] == "/var/lib/docker/overlay2/1/diff:/var/lib/docker/overlay2/2/diff"
    assert shown["Mounts"][0]["Name"] == "data"
    assert shown["Mounts"][0]["Source"] == "/var/lib/docker/volumes/data/_data"
    assert shown["Config"] == {"Image": "busybox:1.35", "Labels": {"a": "b"}}
    assert shown["NetworkSettings"]["SandboxKey"] == "/var/run/docker/netns/abc"
    assert "/srv" not in str(shown)


def test_what_is_shown_keeps_the_daemons_order() -> None:
    told = a_container()
    assert list(container_shown(a_session(), told)) == list(told)


def test_a_path_of_a_kind_that_is_not_known_is_not_shown_either() -> None:
    shown = container_shown(a_session(), a_container(GraphDriver={"Data": {"Dir": "/srv/secret/place"}}))
    assert shown["GraphDriver"]["Data"]["Dir"] == "/var/lib/docker"


def test_an_image_has_the_names_of_the_session_alone() -> None:
    state = a_session()
    state.references["mine:latest"] = state.engine_reference("mine:latest")
    state.reference_ids["mine:latest"] = IMAGE
    told = {
        "Id": IMAGE,
        "RepoTags": ["busybox:1.35", "dd-0123456789ab:i3", "dd-ffffffffffff:i1", "secret:1"],
        "RepoDigests": ["busybox@sha256:1", "dd-ffffffffffff@sha256:1"],
        "Config": {"Labels": {"drydock.session": "0123456789ab"}},
        "ContainerConfig": {"Labels": {"drydock.session": "0123456789ab"}},
        "Metadata": {"LastTagTime": "2026-11-25T01:20:00Z"},
    }
    shown = image_shown(state, told)
    assert shown["RepoTags"] == ["busybox:1.35", "mine:latest"] == names_of_image(state, IMAGE)
    assert shown["RepoDigests"] == ["busybox@sha256:1"]
    assert shown["Config"]["Labels"] == {}
    assert shown["ContainerConfig"]["Labels"] is None
    assert shown["Metadata"]["LastTagTime"].startswith("0001-")


def test_a_volume_that_run_made_has_no_labels_at_all() -> None:
    told = {"Name": "dd-0123456789ab-v2", "Mountpoint": "/srv/x", "Labels": {"drydock.session": "x"}, "Options": None}
    shown = volume_shown(a_session(), told)
    assert shown == {
        "Name": "data",
        "Mountpoint": "/var/lib/docker/volumes/data/_data",
        "Labels": None,
        "Options": None,
    }
    assert volume_shown(a_session(), {**told, "Options": {}})["Labels"] == {}


def test_a_network_shows_the_containers_of_the_session_alone() -> None:
    told = {
        "Name": "none",
        "Containers": {ID: {"Name": "dd-0123456789ab-c1"}, OTHER: {"Name": "dd-ffffffffffff-c1"}},
        "Labels": {"drydock.job": "x"},
    }
    assert network_shown(a_session(), told) == {"Name": "none", "Containers": {ID: {"Name": "web"}}, "Labels": {}}
