"""dockerd itself: its generated configuration, the namespaces it lives in, and the sweep before it is opened.

    run ──┬── own mount namespace: the disk, and hierarchies of control groups that the machine lacks
          └── init of a new PID namespace, in a new network namespace with loopback only
                └── dockerd ── containerd ── shims ── containers

The kernel ends a PID namespace with its init, and the init with `run`: however an engine dies, nothing of it is
left, neither process nor mount nor loop device.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any, NoReturn

from deploy.sandbox import namespaces, package_path
from deploy.sandbox.api import EngineApi, EngineRefused
from deploy.sandbox.instance import GATEWAY, NETWORKS, EngineTrouble, Instance
from deploy.sandbox.needs import REMAP_USER, SYSTEM_PATH

DIED = "dockerd ended while it started; these were its last words:"
SHUTDOWN_SECONDS = 8
READY_SECONDS = 60
OF_EVERY_CONTAINER = (
    b"level=info",
    b"cleaning up after shim disconnected",
    b"cleanup warnings",
    b"loading cgroup for",
)
NO_NAME_SERVER = "192.0.2.1"
"""An address that RFC 5737 keeps for documentation. Not loopback: BuildKit would put a public server in its place."""
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def configuration(instance: Instance) -> dict[str, Any]:
    """The engine's daemon.json."""
    settings: dict[str, Any] = {
        "data-root": str(instance.data_dir),
        "exec-root": str(instance.run_dir / "exec"),
        "pidfile": str(instance.run_dir / "dockerd.pid"),
        "hosts": [f"unix://{instance.boot_socket}"],
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        "cgroup-parent": instance.cgroup,
        "storage-driver": "overlay2",
        "userns-remap": REMAP_USER,
        "icc": False,
        "no-new-privileges": "no-new-privileges" not in instance.without,
        "userland-proxy": False,
        # The PID namespace ends containers with the engine, so there is nothing to restore.
        "live-restore": False,
        "shutdown-timeout": SHUTDOWN_SECONDS // 2,
        # Otherwise every container's /etc/resolv.conf would tell the machine's own name servers and domains.
        "dns": [NO_NAME_SERVER],
        "dns-search": ["."],
        "default-shm-size": "16M",
        "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 1024}},
        "log-driver": "local",
        "log-opts": {"max-size": "1m", "max-file": "2"},
        "log-level": "warn",
        "features": {"buildkit": True},
        "builder": {"gc": {"enabled": True, "defaultKeepStorage": f"{instance.disk_mib // 4}MB"}},
    }
    if "network" not in instance.without:
        settings["bip"] = f"{GATEWAY}/16"
        # The default has room for some thirty networks; sessions of commands make three each.
        settings["default-address-pools"] = [{"base": NETWORKS, "size": 27}]
    if "userns" in instance.without:
        del settings["userns-remap"]
    if "logs" in instance.without:
        settings |= {"log-driver": "json-file", "log-opts": {}}
    if "network" in instance.without:
        # In the machine's own network: no bridge and no iptables rule, so that the machine is left as it was.
        settings |= {"bridge": "none", "iptables": False, "ip-forward": False, "icc": True}
    return settings


def spawn(instance: Instance) -> int:
    """Start dockerd in its namespaces; the process id of its init. What is forked after is of that namespace, too."""
    instance.config_file.write_text(json.dumps(configuration(instance), indent=2) + "\n")
    _forget_earlier_life(instance)
    alive, _keep = os.pipe()  # the write end stays open in this process only, and says that it lives
    namespaces.unshare(namespaces.CLONE_NEWPID)
    pid = os.fork()
    if pid:
        os.close(alive)
        return pid
    os.close(_keep)
    try:
        _init(instance, alive)
    except BaseException as error:  # noqa: BLE001 - a forked child must never return into its parent's code
        print(f"The engine's first process failed: {error}", file=sys.stderr, flush=True)
        os._exit(1)


def open_when_ready(instance: Instance, init_pid: int) -> None:
    """Wait until dockerd answers, sweep what an earlier life left, unless it is to be kept, and let clients in."""
    api = EngineApi(instance.boot_url)
    deadline = time.monotonic() + READY_SECONDS
    while not api.ping():
        ended, _ = os.waitpid(init_pid, os.WNOHANG)
        if ended:
            raise EngineTrouble(DIED)
        if time.monotonic() > deadline:
            raise EngineTrouble(f"dockerd did not answer within {READY_SECONDS} s; its own lines may say why.")
        time.sleep(0.05)
    if not instance.keep:
        sweep(api)
    instance.boot_socket.rename(instance.socket)


def sweep(api: EngineApi) -> None:
    """Remove every container, volume and network: at this moment nobody can own one."""
    for container in api.call("GET", "/containers/json", query={"all": "true"}):
        with contextlib.suppress(EngineRefused):
            api.call("DELETE", f"/containers/{container['Id']}", query={"force": "true", "v": "true"})
    for volume in api.call("GET", "/volumes").get("Volumes") or []:
        with contextlib.suppress(EngineRefused):
            api.call("DELETE", f"/volumes/{volume['Name']}")
    for network in api.call("GET", "/networks"):
        if network["Name"] not in ("bridge", "host", "none"):
            with contextlib.suppress(EngineRefused):
                api.call("DELETE", f"/networks/{network['Id']}")


def _forget_earlier_life(instance: Instance) -> None:
    """Remove pid files and sockets of a killed engine.

    A trap otherwise: process ids begin at 1 again in each life, so that a stale one soon names a living process,
    and dockerd would wait for a containerd that is none.
    """
    (instance.run_dir / "dockerd.pid").unlink(missing_ok=True)
    instance.boot_socket.unlink(missing_ok=True)
    for folder in instance.run_dir.glob("exec*"):
        shutil.rmtree(folder, ignore_errors=True)


def _init(instance: Instance, alive: int) -> NoReturn:
    """The first process of the PID namespace: starts dockerd, passes signals on, buries orphans."""
    namespaces.die_with_parent(signal.SIGKILL)
    if select.select([alive], [], [], 0)[0]:  # readable means closed: the parent died before the line above
        os._exit(1)
    flags = namespaces.CLONE_NEWNS | namespaces.CLONE_NEWIPC
    if "network" not in instance.without:
        flags |= namespaces.CLONE_NEWNET
    namespaces.unshare(flags)
    namespaces.make_mounts_private()
    hidden = namespaces.MS_NOSUID | namespaces.MS_NODEV | namespaces.MS_NOEXEC
    namespaces.mount("proc", Path("/proc"), "proc", flags=hidden)
    shims = Path("/run/containerd")  # where shims put their sockets, whatever engine they belong to
    shims.mkdir(exist_ok=True)
    namespaces.mount("tmpfs", shims, "tmpfs", flags=hidden, options="mode=711,size=4m")
    if "network" not in instance.without:
        namespaces.bring_loopback_up()
        _close_doors()
        _hide_name_servers(instance)
    environment = {"PATH": SYSTEM_PATH, "HOME": "/root"}
    if "network" in instance.without:
        environment |= {name: value for name, value in os.environ.items() if name.upper() in PROXY_VARIABLES}
    dockerd = subprocess.Popen(
        ["dockerd", "--config-file", str(instance.config_file)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    speaker = threading.Thread(target=_pass_on, args=(dockerd.stdout,), daemon=True)
    speaker.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: dockerd.send_signal(signal.SIGTERM))
    while True:
        pid, status = os.wait()
        if pid == dockerd.pid:
            speaker.join(timeout=1)  # its last words; a child of it may hold the pipe open
            os._exit(abs(os.waitstatus_to_exitcode(status)))


def _hide_name_servers(instance: Instance) -> None:
    """Give the daemon a resolv.conf that names nobody: where it looks a name up, its error says whom it asked."""
    names = Path("/etc/resolv.conf")
    if names.exists():
        ours = instance.run_dir / "resolv.conf"
        ours.write_text(f"nameserver {NO_NAME_SERVER}\noptions attempts:1 timeout:1\n")
        namespaces.mount(str(ours), names, "none", flags=namespaces.MS_BIND)


def _close_doors() -> None:
    """Let containers reach nothing of the engine's own addresses, but for builds the port of an open package path."""
    path = ("--in-interface", "docker0", "--protocol", "tcp", "--dport", str(package_path.PORT))
    for rule in (
        ("--policy", "INPUT", "DROP"),
        ("--append", "INPUT", "--in-interface", "lo", "--jump", "ACCEPT"),
        ("--append", "INPUT", *path, "--jump", "ACCEPT"),
    ):
        done = subprocess.run(
            ["iptables", "--wait", *rule], env={"PATH": SYSTEM_PATH}, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise EngineTrouble(f"iptables {' '.join(rule)} failed: {done.stderr.strip()}")
    # Say at once that an address is unreachable, each time: otherwise a build waits for what it cannot have.
    Path("/proc/sys/net/ipv4/icmp_ratelimit").write_text("0")


def _pass_on(lines: IO[bytes]) -> None:
    """Pass on what dockerd says, but for what its parts say of every single container: that would fill the log."""
    for line in lines:
        if not any(words in line for words in OF_EVERY_CONTAINER):
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
