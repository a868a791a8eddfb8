"""Ending sessions on a real engine: everything of theirs goes, and nothing of anybody else's."""

import pytest

from graders.commands.ending import SESSION_LABEL, end, sweep
from graders.commands.state import Base, OwnContainer, OwnImage, OwnNetwork, OwnVolume, SessionState
from graders.sandbox.connection import Address, Engine
from graders.sandbox.reaching import reach

pytestmark = pytest.mark.engine

BASE = "busybox:1.35"


@pytest.fixture
def engine(engine_url: str) -> Engine:
    return reach(Address(engine_url))


def furnished(engine: Engine) -> SessionState:
    """Make a session with one of everything on the engine: a running container with a volume without a name too."""
    client = engine.client
    base_id = client.inspect_image(BASE)["Id"]  # type: ignore[no-untyped-call]
    state = SessionState(bases=[Base(reference=BASE, id=base_id)])
    network = OwnNetwork(name="net", engine_name=state.engine_name("n", "net"))
    network.id = client.create_network(network.engine_name)["Id"]
    volume = OwnVolume(name="data", engine_name=state.engine_name("v", "data"))
    client.create_volume(volume.engine_name)
    container = OwnContainer(name="web", engine_name=state.engine_name("c", "web"), image=BASE)
    config = client.create_host_config(binds=[f"{volume.engine_name}:/data"], network_mode=network.engine_name)
    container.id = client.create_container(
        BASE, ["sleep", "600"], name=container.engine_name, volumes=["/unnamed"], host_config=config
    )["Id"]
    client.start(container.id)
    unnamed = next(
        mount["Name"]
        for mount in client.inspect_container(container.id)["Mounts"]
        if mount["Destination"] == "/unnamed"
    )
    first, second = (state.engine_reference(name) for name in ("first:latest", "second:latest"))
    label = f'LABEL {SESSION_LABEL}="{state.key}"'
    one = client.commit(container.id, *_parts(first), changes=[label])["Id"]
    above = client.create_container(one, ["true"])["Id"]
    two = client.commit(above, *_parts(second), changes=[label, "LABEL more=1"])["Id"]
    client.remove_container(above, v=True)  # the image above the container has its volume, too
    alias = state.engine_reference("alias:latest")
    client.tag(BASE, *_parts(alias))
    state.networks.append(network)
    state.volumes += [volume, OwnVolume(name=unnamed, engine_name=unnamed, anonymous=True)]
    state.containers.append(container)
    state.images += [OwnImage(id=one, made_by="commit"), OwnImage(id=two, made_by="commit", parent=one)]
    state.references = {"first:latest": first, "second:latest": second, "alias:latest": alias}
    state.reference_ids = {"first:latest": one, "second:latest": two, "alias:latest": base_id}
    return state


def _parts(reference: str) -> tuple[str, str]:
    repository, _, tag = reference.partition(":")
    return repository, tag


def present(engine: Engine, state: SessionState) -> list[str]:
    """What of a session is on the engine."""
    client = engine.client
    names = [name for one in client.containers(all=True) for name in one["Names"]]
    names += [one["Name"] for one in client.networks()] + [one["Name"] for one in client.volumes()["Volumes"] or ()]
    names += [name for one in client.images(all=True) for name in [one["Id"], *(one["RepoTags"] or ())]]
    ids = {one.id for one in state.images} | {one.engine_name for one in state.volumes}
    return [name for name in names if f"dd-{state.key}" in name or name in ids]


def test_a_session_that_has_ended_leaves_nothing_and_takes_nothing_of_others(engine: Engine) -> None:
    ended, other = furnished(engine), furnished(engine)
    others = sorted(present(engine, other))
    try:
        assert end(engine, ended) > 0
        assert present(engine, ended) == []
        assert sorted(present(engine, other)) == others
        assert engine.client.inspect_image(BASE)["Id"]  # type: ignore[no-untyped-call]
        assert end(engine, ended) == 0
    finally:
        end(engine, other)


def test_what_a_killed_command_could_not_write_down_goes_too(engine: Engine) -> None:
    state = furnished(engine)
    bare = SessionState(key=state.key, volumes=[one for one in state.volumes if one.anonymous])

    end(engine, bare)

    assert present(engine, state) == []


def test_a_sweep_removes_what_no_kept_session_owns(engine: Engine) -> None:
    lost, kept = furnished(engine), furnished(engine)
    keeps = sorted(present(engine, kept))
    engine.client.remove_container(kept.containers[0].engine_name, force=True)  # its volume without a name stays
    try:
        assert sweep(engine, keep=lambda: [kept]) > 0
        assert present(engine, lost) == []
        assert sorted([*present(engine, kept), f"/{kept.containers[0].engine_name}"]) == keeps
    finally:
        end(engine, kept)
    assert present(engine, kept) == []
