"""The flags of `docker create` and `docker run`: those that are offered, and for all others why not."""

from graders.commands.grammar.flags import (
    Flag,
    Holds,
    also,
    duration,
    number,
    only,
    refuse,
    size,
    switch,
    text,
    texts,
)
from graders.commands.grammar.rules import address_rule, attach_rule, env_rule, host_rule, label_rule

_ENDS = " (ms|s|m|h) (default 0s)"

OFFERED: tuple[Flag, ...] = (
    Flag("cpus", Holds.DECIMAL, "Number of CPUs"),
    text("entrypoint", "Overwrite the default ENTRYPOINT of the image"),
    texts("env", "Set environment variables", short="e", rule=env_rule),
    texts("env-file", "Read in a file of environment variables", takes="file"),
    texts("expose", "Expose a port or a range of ports"),
    text("health-cmd", "Command to run to check health"),
    duration("health-interval", f"Time between running the check{_ENDS}"),
    number("health-retries", "Consecutive failures needed to report unhealthy", default=0),
    duration(
        "health-start-period",
        f"Start period for the container to initialize before starting health-retries countdown{_ENDS}",
    ),
    duration("health-timeout", f"Maximum time to allow one check to run{_ENDS}"),
    text("hostname", "Container host name", short="h"),
    switch("init", "Run an init inside the container that forwards signals and reaps processes"),
    switch("interactive", "Keep STDIN open even if not attached", short="i"),
    texts("label", "Set meta data on a container", short="l", rule=label_rule),
    size("memory", "Memory limit", short="m"),
    texts("mount", "Attach a filesystem mount to the container", metavar="mount"),
    text("name", "Assign a name to the container"),
    also(text("network", "Connect a container to a network", metavar="network", takes="network"), "net"),
    also(texts("network-alias", "Add network-scoped alias for the container"), "net-alias"),
    switch("no-healthcheck", "Disable any container-specified HEALTHCHECK"),
    only(
        text(
            "pull",
            'Pull image before running ("always"|"missing"|"never") (default "missing")',
            default="missing",
        ),
        "missing",
        "never",
        why="this engine reaches no registry. Use the lab's images, which `docker images` lists.",
    ),
    switch("read-only", "Mount the container's root filesystem as read only"),
    only(
        text("restart", 'Restart policy to apply when a container exits (default "no")', default="no"),
        "no",
        why="containers of this console are not restarted by the engine. Start it again with `docker start`.",
    ),
    switch("rm", "Automatically remove the container when it exits"),
    text("stop-signal", 'Signal to stop a container (default "SIGTERM")'),
    number("stop-timeout", "Timeout (in seconds) to stop a container"),
    texts("tmpfs", "Mount a tmpfs directory"),
    switch("tty", "Allocate a pseudo-TTY", short="t"),
    text("user", "Username or UID (format: <name|uid>[:<group|gid>])", short="u"),
    texts("volume", "Bind mount a volume", short="v", takes="volume"),
    text("workdir", "Working directory inside the container", short="w"),
)
"""Of both."""

RUN_ONLY: tuple[Flag, ...] = (
    switch("detach", "Run container in background and print container ID", short="d"),
    *refuse(
        "nothing can be typed into a container that runs in this console. Leave it out.",
        text("detach-keys", "Override the key sequence for detaching a container"),
    ),
    only(
        switch("sig-proxy", "Proxy received signals to the process (default true)", on=True),
        "true",
        why="the console sends a container no signals by itself. Leave it out, and use `docker kill`.",
    ),
)

REFUSED: tuple[Flag, ...] = (
    *refuse(
        "containers in this console run without privileges, so that nobody reaches the machine below. Leave it out;"
        " no task here needs it.",
        switch("privileged", ""),
        texts("cap-add", ""),
        texts("security-opt", ""),
        text("userns", ""),
        text("runtime", ""),
        text("isolation", ""),
        text("cgroup-parent", ""),
        text("cgroupns", ""),
        switch("oom-kill-disable", ""),
        number("oom-score-adj", ""),
        Flag("sysctl", Holds.TEXTS),
    ),
    *refuse("every capability is dropped here already. Leave it out.", texts("cap-drop", "")),
    *refuse(
        "containers in this console share nothing with the machine or with each other. Leave it out.",
        text("pid", ""),
        text("ipc", ""),
        text("uts", ""),
    ),
    *refuse(
        "containers in this console get no devices of the machine. Leave it out.",
        texts("device", ""),
        texts("device-cgroup-rule", ""),
        texts("device-read-bps", ""),
        texts("device-read-iops", ""),
        texts("device-write-bps", ""),
        texts("device-write-iops", ""),
        texts("blkio-weight-device", ""),
        Flag("blkio-weight", Holds.UNSIGNED),
        Flag("gpus", Holds.TEXTS, metavar="gpu-request"),
    ),
    *refuse(
        "this console has no way in from your machine. Reach the container from inside, as in"
        " `docker exec NAME wget -qO- localhost:8000`, or say `--expose`.",
        texts("publish", "", short="p"),
        switch("publish-all", "", short="P"),
    ),
    *refuse(
        "addresses and names in a network are the engine's to give. Use `--network` with a network of your own, and"
        " `--network-alias` for a further name.",
        texts("add-host", "", rule=host_rule),
        texts("dns", "", rule=address_rule),
        also(texts("dns-option", ""), "dns-opt"),
        texts("dns-search", ""),
        text("domainname", ""),
        text("ip", ""),
        text("ip6", ""),
        texts("link", ""),
        texts("link-local-ip", ""),
        text("mac-address", ""),
    ),
    *refuse(
        "each container's share of memory and processors is set by the lab. Only `--memory` and `--cpus` can be given,"
        " to make it smaller.",
        number("cpu-period", ""),
        number("cpu-quota", ""),
        number("cpu-rt-period", ""),
        number("cpu-rt-runtime", ""),
        number("cpu-shares", "", short="c"),
        number("cpu-count", ""),
        number("cpu-percent", ""),
        text("cpuset-cpus", ""),
        text("cpuset-mems", ""),
        size("kernel-memory", ""),
        size("memory-reservation", ""),
        Flag("memory-swap", Holds.SIZE),
        number("memory-swappiness", ""),
        number("pids-limit", ""),
        size("shm-size", ""),
        Flag("ulimit", Holds.TEXTS, metavar="ulimit"),
        texts("storage-opt", ""),
        size("io-maxbandwidth", ""),
        number("io-maxiops", ""),
    ),
    *refuse(
        "the console keeps a container's output by itself. Leave it out, and read it with `docker logs`.",
        text("log-driver", ""),
        texts("log-opt", ""),
    ),
    *refuse(
        "name each volume that the container is to have with `-v NAME:/path`.",
        texts("volumes-from", ""),
        text("volume-driver", ""),
    ),
    *refuse("say each one with `--label NAME=value`.", texts("label-file", "")),
    *refuse("the container's id is printed. Use it, or give the container a name.", text("cidfile", "")),
    *refuse("this engine runs images of its own platform only. Leave it out.", text("platform", "")),
    *refuse("a container runs here with its user's own groups. Use `--user`.", texts("group-add", "")),
    *refuse(
        "without `-d` the console shows all that a container prints. Leave it out.",
        texts("attach", "", short="a", rule=attach_rule),
    ),
    *refuse(
        "images are not signed here. Leave it out.",
        switch("disable-content-trust", "", on=True),
    ),
)
