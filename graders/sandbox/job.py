"""One job on a real engine: everything done for one submission, and its removal."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from secrets import token_hex
from typing import Any

from docker.errors import APIError, ImageNotFound, NotFound

from graders.commands.ending import end
from graders.commands.opening import begin
from graders.commands.replays import Replay, replay_key
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState
from graders.image.contents import ImageLayers, Search
from graders.sandbox.base import (
    DEFAULT_BUILD_LIMITS,
    BuildEvent,
    BuildLimits,
    BuildResult,
    ContainerSpec,
    FileFacts,
    HealthPace,
    ImageFacts,
    Job,
    Limit,
    PackageKind,
    RunResult,
    SandboxUnavailable,
)
from graders.sandbox.buildkit import BuildOrder, build
from graders.sandbox.connection import Engine, engine_call, engine_words
from graders.sandbox.container import DockerContainer
from graders.sandbox.facts import JOB_LABEL, image_facts
from graders.sandbox.files import read_path
from graders.sandbox.freezing import freeze
from graders.sandbox.hardening import hardened_host_config
from graders.sandbox.layers import image_layers
from graders.sandbox.ledger import FOLDER, NETWORK, VOLUME, Ledger, empty_build_cache, reap, remove_given
from graders.sandbox.limits import is_disk_full
from graders.sandbox.mounts import fill, mounts_of, tmpfs_of
from graders.sandbox.owners import owned_by
from graders.sandbox.packages import way_to_packages
from graders.sandbox.probe import Sidecar
from graders.sandbox.stuck import anew_when_stuck, holds_a_build, start_anew
from graders.sandbox.user_files import unread, user_file_fault
from graders.sandbox.visit import Visit, visit

_NEVER_RUN = ["/never-run"]


class DockerJob(Job):
    """A job that holds its engine's turn. Calls come from one thread; events are sent from that thread too."""

    def __init__(
        self,
        engine: Engine,
        job_id: str,
        *,
        probe_image: Callable[[], str],
        context_owner: Callable[[Ledger], int],
    ) -> None:
        self.id = job_id
        self._engine = engine
        self._probe_image = probe_image
        self._context_owner = context_owner
        self._ledger = Ledger(job_id)
        self._containers: list[DockerContainer] = []
        self._volumes: dict[str, str] = {}
        self._networks: dict[str, str] = {}
        self._faults: dict[str, str] = {}
        self._overran = False
        self._session: SessionState | None = None

    def build(
        self,
        context: bytes,
        *,
        dockerfile: str = "Dockerfile",
        target: str = "",
        build_args: Mapping[str, str] | None = None,
        secrets: Mapping[str, bytes] | None = None,
        packages: Sequence[PackageKind] = (),
        use_cache: bool = False,
        limits: BuildLimits = DEFAULT_BUILD_LIMITS,
        on_event: Callable[[BuildEvent], None] | None = None,
    ) -> BuildResult:
        """Build an image from a canonical context tar. A failing build is a result, never an exception.

        Without `use_cache` nothing is reused. With it, only what this job built before can be: the build cache is empty
        when a job opens and nobody else builds until it closes.

        Raises SandboxUnavailable when packages are to be fetched and the engine has no way to them.
        """
        owner = self._context_owner(self._ledger)
        with way_to_packages(self._engine.address, packages) as way:
            order = BuildOrder(
                context=owned_by(context, owner) if owner else context,
                build_id=f"{self._ledger.key}-{token_hex(8)}",
                tag=self._ledger.image(),
                labels=self._labels(),
                dockerfile=dockerfile,
                target=target,
                build_args={**(build_args or {}), **way.build_args},
                secrets=secrets,
                use_cache=use_cache,
                network=way.network,
                limits=limits,
            )
            overran, self._overran = self._overran, True  # until it is known that it has ended by itself
            built = build(self._engine.address, self._engine.client, order, on_event=on_event)
            self._overran = overran or built.limit in {Limit.WALL, Limit.OUTPUT}
            if not built.ok:
                way.ensure_it_worked()
        return replace(built, packages=tuple(packages))

    def image(self, image_id: str) -> ImageFacts:
        """The image's config, history and size. Raises SandboxUnavailable when the engine does not have it."""
        client = self._engine.client
        with engine_call("inspecting an image"):
            try:
                inspected = client.inspect_image(image_id)  # type: ignore[no-untyped-call]  # missing in the stubs
                history = client.history(image_id)  # type: ignore[no-untyped-call]
                return image_facts(inspected, history)
            except ImageNotFound as missing:
                raise _missing(image_id) from missing

    def image_files(
        self, image_id: str, paths: Iterable[str], *, max_bytes: int = 64 * 1024
    ) -> Mapping[str, FileFacts | None]:
        """Look up paths in the image's final file system without starting it; symlinks are not followed."""
        spec = ContainerSpec(image=image_id, entrypoint=tuple(_NEVER_RUN))
        with engine_call("opening an image"):
            container_id = self._create_in_room(spec, "look")
        if self._user_file_fault(spec, container_id):
            return {path: unread(path) for path in paths}
        engine = self._engine
        return {
            path: read_path(
                engine.address,
                engine.client,
                container_id,
                path,
                max_bytes=max_bytes,
                id_offset=engine.id_offset,
            )
            for path in paths
        }

    def layers(self, image_id: str, *, search: Search) -> ImageLayers:
        """Read every layer of an image, streamed and bounded, and look for texts in what a learner's layers hold."""
        engine = self._engine
        size = self.image(image_id).size_bytes
        return image_layers(
            engine.address, engine.client, image_id, size_bytes=size, search=replace(search, id_offset=engine.id_offset)
        )

    def start(self, spec: ContainerSpec) -> DockerContainer:
        """Create and start a container. One that cannot start is a Container whose `wait()` tells why."""
        with engine_call("creating a container"):
            try:
                container_id, refusal = self._create_in_room(spec, "run"), None
            except APIError as trouble:
                container_id, refusal = "", trouble
        container = DockerContainer(
            self._engine, container_id, limits=spec.limits, probe=self._probe, freeze=self._freeze
        )
        self._containers.append(container)
        if refusal is not None:
            container.fail(engine_words(refusal), refusal)
        elif fault := self._user_file_fault(spec, container_id):
            container.hold_back(fault)
        else:
            container.start(spec.stdin)
        return container

    def run(self, spec: ContainerSpec) -> RunResult:
        """Start and wait."""
        return self.start(spec).wait()

    def create_volume(self, name: str) -> None:
        """Make a volume; `name` is the job's own and need not be unique on the engine."""
        full = self._ledger.name(VOLUME)
        with engine_call("making a volume"):
            self._engine.client.create_volume(full, driver="local", labels=self._labels())
        self._volumes[name] = full

    def create_network(self, name: str) -> None:
        """Make an internal network; `name` is the job's own."""
        full = self._ledger.name(NETWORK)
        with engine_call("making a network"):
            self._engine.client.create_network(
                full, driver="bridge", internal=True, check_duplicate=True, labels=self._labels()
            )
        self._networks[name] = full

    def commands(self, *, bases: Sequence[str], files: Mapping[str, bytes], rules: ConsoleRules) -> Replay:
        """Begin a session of docker commands, once a job. Raises SandboxUnavailable."""
        self._session = SessionState(key=replay_key(self._ledger.key))
        return Replay(
            begin(
                self._engine,
                state=self._session,
                bases=bases,
                files=files,
                rules=rules,
                save=lambda _: None,  # its names follow from the job's id
                labels=self._labels(),
            )
        )

    def close(self) -> bool:
        """Remove everything the job made; whether it is certain that nothing is left.

        What one removal cannot do is logged, and goes with the next sweep.

        Raises SandboxUnavailable when the engine does not answer any more: what it said last is not to be relied on.
        """
        for container in self._containers:
            container.close()
        if self._session is not None:
            end(self._engine, self._session)
        # Neither needs the other, and a learner waits for both.
        with anew_when_stuck(self._engine.address), ThreadPoolExecutor(max_workers=1) as pool:
            emptied = pool.submit(empty_build_cache, self._engine.client)
            reaped = remove_given(self._engine.client, self._ledger)
            emptied.result()
        if self._overran:
            if holds_a_build(self._engine.client):
                start_anew(self._engine.address)
            reap(self._engine.client, only=self._ledger.key)  # an image that was being written, and has no name yet
        return reaped.all_gone and not self._overran

    def _create_in_room(self, spec: ContainerSpec, what: str) -> str:
        """Create a container; where the disk is full, first remove those that are over, whose files may fill it."""
        try:
            return self._create(spec, what)
        except APIError as refusal:
            over = [container for container in self._containers if container.id and container.is_over()]
            if not (over and is_disk_full(engine_words(refusal))):
                raise
            for container in over:
                with suppress(NotFound):
                    self._engine.client.remove_container(container.id, v=True, force=True)
            return self._create(spec, what)

    def _create(self, spec: ContainerSpec, what: str) -> str:
        client = self._engine.client
        network = self._networks[spec.network] if spec.network is not None else "none"
        options: dict[str, Any] = {}
        if spec.network is not None:
            endpoint = client.create_endpoint_config(aliases=list(spec.aliases))
            options["networking_config"] = client.create_networking_config(
                {network: endpoint}  # type: ignore[arg-type]  # the stubs mistake the map for one of its values
            )
        options["healthcheck"] = _pace(spec.health_pace) if spec.healthcheck else {"test": ["NONE"]}
        if spec.hostname is not None:
            options["hostname"] = spec.hostname
        try:
            made = client.create_container(
                spec.image,
                command=list(spec.args) if spec.args is not None else None,
                entrypoint=list(spec.entrypoint) if spec.entrypoint is not None else None,
                environment=dict(spec.env),
                user=spec.user,
                stdin_open=bool(spec.stdin),
                name=self._ledger.name(what),
                labels=self._labels(),
                use_config_proxy=False,  # a proxy's address, and the password in it, are the operator's
                host_config=hardened_host_config(
                    client,
                    limits=spec.limits,
                    network=network,
                    read_only=spec.read_only,
                    volumes={path: self._volumes[name] for path, name in spec.volumes.items()},
                    mounts=mounts_of(spec, self._filled(spec)),
                    tmpfs=tmpfs_of(spec),
                ),
                **options,
            )
        except ImageNotFound as missing:
            raise _missing(spec.image) from missing
        return str(made["Id"])

    def _filled(self, spec: ContainerSpec) -> dict[str, str]:
        """A new volume for each folder of a container, with its files in it."""
        made: dict[str, str] = {}
        for path, files in spec.folders.items():
            made[path] = self._ledger.name(FOLDER)
            self._engine.client.create_volume(made[path], driver="local", labels=self._labels())
            fill(
                self._engine.client,
                image=self._probe_image(),
                name=self._ledger.name("fill"),
                labels=self._labels(),
                volume=made[path],
                files=files,
            )
        return made

    def _user_file_fault(self, spec: ContainerSpec, container_id: str) -> str:
        """Why such a container may not be started. Asked once for each image, and always where volumes have a say."""
        if spec.volumes:
            return user_file_fault(self._engine, container_id)
        if spec.image not in self._faults:
            self._faults[spec.image] = user_file_fault(self._engine, container_id)
        return self._faults[spec.image]

    def _probe(self, container_id: str) -> Visit | Sidecar | None:
        if visitor := visit(container_id):
            return visitor
        sidecar = Sidecar(self._engine.address, self._engine.client, self._ledger.name("probe"))
        return sidecar if sidecar.start(image=self._probe_image(), beside=container_id) else None

    def _freeze(self, container_id: str) -> bool:
        engine, image = self._engine, self._probe_image()
        return freeze(
            engine.address, engine.client, container_id, image=image, names=lambda: self._ledger.name("freeze")
        )

    def _labels(self) -> dict[str, str]:
        return {JOB_LABEL: self._ledger.key}


def _pace(pace: HealthPace) -> dict[str, int]:
    """A health check without a test of its own keeps the image's (moby, daemon/commit.go, `merge`); in nanoseconds."""
    return {
        "interval": round(pace.interval_seconds * 1e9),
        "timeout": round(pace.timeout_seconds * 1e9),
        "start_period": round(pace.start_seconds * 1e9),
        "retries": pace.retries,
    }


def _missing(image: str) -> SandboxUnavailable:
    return SandboxUnavailable(f"The image {image} is not on this engine. Prepare the course's base images there.")
