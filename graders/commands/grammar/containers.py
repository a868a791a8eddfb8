"""The commands about containers."""

from graders.commands.grammar import making_flags
from graders.commands.grammar.flags import Flag, filters, number, refuse, switch, template, text, texts
from graders.commands.grammar.rules import env_rule
from graders.commands.grammar.shapes import Shape

_MANY = "[OPTIONS] CONTAINER [CONTAINER...]"
_ONE = ("container",)
_FOREGROUND = (
    "What runs in the foreground is shown until it ends, or for some seconds; then the console lets go of it, and it"
    " goes on. Nothing can be typed into it, so there is no terminal: `-t` needs `-d`."
)


def _keys() -> tuple[Flag, ...]:
    return refuse("nothing can be typed into a container in this console. Leave it out.", text("detach-keys", ""))


CONTAINERS: tuple[Shape, ...] = (
    Shape(
        ("container", "create"),
        ("create", "container create"),
        "[OPTIONS] IMAGE [COMMAND] [ARG...]",
        "Create a new container",
        least=1,
        flags=making_flags.OFFERED + making_flags.REFUSED,
        takes=("image", ""),
        stops=True,
    ),
    Shape(
        ("container", "run"),
        ("run", "container run"),
        "[OPTIONS] IMAGE [COMMAND] [ARG...]",
        "Run a command in a new container",
        least=1,
        flags=making_flags.OFFERED + making_flags.RUN_ONLY + making_flags.REFUSED,
        takes=("image", ""),
        stops=True,
        notes=_FOREGROUND,
    ),
    Shape(
        ("container", "start"),
        ("start", "container start"),
        _MANY,
        "Start one or more stopped containers",
        least=1,
        flags=(
            switch("attach", "Attach STDOUT/STDERR and forward signals", short="a"),
            switch("interactive", "Attach container's STDIN", short="i"),
            *_keys(),
            *refuse("checkpoints are not kept here. Leave it out.", text("checkpoint", ""), text("checkpoint-dir", "")),
        ),
        takes=_ONE,
        notes=_FOREGROUND,
    ),
    Shape(
        ("container", "stop"),
        ("stop", "container stop"),
        _MANY,
        "Stop one or more running containers",
        least=1,
        flags=(number("time", "Seconds to wait for stop before killing it (default 10)", short="t", default=10),),
        takes=_ONE,
    ),
    Shape(
        ("container", "restart"),
        ("restart", "container restart"),
        _MANY,
        "Restart one or more containers",
        least=1,
        flags=(
            number("time", "Seconds to wait for stop before killing the container (default 10)", short="t", default=10),
        ),
        takes=_ONE,
    ),
    Shape(
        ("container", "kill"),
        ("kill", "container kill"),
        _MANY,
        "Kill one or more running containers",
        least=1,
        flags=(text("signal", 'Signal to send to the container (default "KILL")', short="s", default="KILL"),),
        takes=_ONE,
    ),
    Shape(
        ("container", "pause"),
        ("pause", "container pause"),
        "CONTAINER [CONTAINER...]",
        "Pause all processes within one or more containers",
        least=1,
        takes=_ONE,
    ),
    Shape(
        ("container", "unpause"),
        ("unpause", "container unpause"),
        "CONTAINER [CONTAINER...]",
        "Unpause all processes within one or more containers",
        least=1,
        takes=_ONE,
    ),
    Shape(
        ("container", "rm"),
        ("rm", "container rm"),
        _MANY,
        "Remove one or more containers",
        least=1,
        flags=(
            switch("force", "Force the removal of a running container (uses SIGKILL)", short="f"),
            switch("volumes", "Remove anonymous volumes associated with the container", short="v"),
            *refuse("containers have no links here. Leave it out.", switch("link", "", short="l")),
        ),
        takes=_ONE,
    ),
    Shape(
        ("container", "ls"),
        ("ps", "container ls", "container ps", "container list"),
        "[OPTIONS]",
        "List containers",
        most=0,
        flags=(
            switch("all", "Show all containers (default shows just running)", short="a"),
            filters("Filter output based on conditions provided"),
            template("Pretty-print containers using a Go template"),
            number(
                "last",
                "Show n last created containers (includes all states) (default -1)",
                short="n",
                default=-1,
            ),
            switch("latest", "Show the latest created container (includes all states)", short="l"),
            switch("no-trunc", "Don't truncate output"),
            switch("quiet", "Only display container IDs", short="q"),
            switch("size", "Display total file sizes", short="s"),
        ),
    ),
    Shape(
        ("container", "logs"),
        ("logs", "container logs"),
        "[OPTIONS] CONTAINER",
        "Fetch the logs of a container",
        least=1,
        most=1,
        flags=(
            switch("details", "Show extra details provided to logs"),
            switch("follow", "Follow log output", short="f"),
            text(
                "since",
                "Show logs since timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)",
            ),
            text(
                "tail",
                'Number of lines to show from the end of the logs (default "all")',
                short="n",
                default="all",
            ),
            switch("timestamps", "Show timestamps", short="t"),
            text(
                "until",
                "Show logs before a timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)",
            ),
        ),
        takes=_ONE,
    ),
    Shape(
        ("container", "inspect"),
        ("container inspect",),
        _MANY,
        "Display detailed information on one or more containers",
        least=1,
        flags=(
            template("Format the output using the given Go template", short="f"),
            switch("size", "Display total file sizes", short="s"),
        ),
        takes=_ONE,
    ),
    Shape(
        ("container", "exec"),
        ("exec", "container exec"),
        "[OPTIONS] CONTAINER COMMAND [ARG...]",
        "Run a command in a running container",
        least=2,
        flags=(
            switch("detach", "Detached mode: run command in the background", short="d"),
            *_keys(),
            texts("env", "Set environment variables", short="e", rule=env_rule),
            texts("env-file", "Read in a file of environment variables", takes="file"),
            switch("interactive", "Keep STDIN open even if not attached", short="i"),
            *refuse(
                "commands in this console run without privileges. Leave it out.",
                switch("privileged", ""),
            ),
            switch("tty", "Allocate a pseudo-TTY", short="t"),
            text("user", "Username or UID (format: <name|uid>[:<group|gid>])", short="u"),
            text("workdir", "Working directory inside the container", short="w"),
        ),
        takes=("container", ""),
        stops=True,
        notes=_FOREGROUND,
    ),
    Shape(
        ("container", "cp"),
        ("cp", "container cp"),
        "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tdocker cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
        "Copy files/folders between a container and the local filesystem",
        more="Copy files/folders between a container and the local filesystem\n\n"
        "Use '-' as the source to read a tar archive from stdin\n"
        "and extract it to a directory destination in a container.\n"
        "Use '-' as the destination to stream a tar archive of a\ncontainer source to stdout.",
        least=2,
        most=2,
        flags=(
            switch("archive", "Archive mode (copy all uid/gid information)", short="a"),
            switch("follow-link", "Always follow symbol link in SRC_PATH", short="L"),
        ),
        takes=("container-path",),
        notes="The local filesystem is the lab's folder.",
    ),
    Shape(
        ("container", "commit"),
        ("commit", "container commit"),
        "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
        "Create a new image from a container's changes",
        least=1,
        most=2,
        flags=(
            text("author", 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")', short="a"),
            texts("change", "Apply Dockerfile instruction to the created image", short="c"),
            text("message", "Commit message", short="m"),
            switch("pause", "Pause container during commit (default true)", short="p", on=True),
        ),
        takes=("container", ""),
        stops=True,
    ),
    Shape(
        ("container", "rename"),
        ("rename", "container rename"),
        "CONTAINER NEW_NAME",
        "Rename a container",
        least=2,
        most=2,
        takes=("container", ""),
    ),
    Shape(
        ("container", "wait"),
        ("wait", "container wait"),
        "CONTAINER [CONTAINER...]",
        "Block until one or more containers stop, then print their exit codes",
        least=1,
        takes=_ONE,
    ),
    Shape(
        ("container", "prune"),
        ("container prune",),
        "[OPTIONS]",
        "Remove all stopped containers",
        most=0,
        flags=(
            filters("Provide filter values (e.g. 'until=<timestamp>')", short=""),
            switch("force", "Do not prompt for confirmation", short="f"),
        ),
    ),
    Shape(
        ("container", "top"),
        ("top", "container top"),
        "CONTAINER [ps OPTIONS]",
        "Display the running processes of a container",
        least=1,
        takes=("container", ""),
        stops=True,
    ),
    Shape(
        ("container", "port"),
        ("port", "container port"),
        "CONTAINER [PRIVATE_PORT[/PROTO]]",
        "List port mappings or a specific mapping for the container",
        least=1,
        most=2,
        takes=("container", ""),
    ),
    Shape(
        ("container", "diff"),
        ("diff", "container diff"),
        "CONTAINER",
        "Inspect changes to files or directories on a container's filesystem",
        least=1,
        most=1,
        takes=_ONE,
    ),
    Shape(
        ("container", "stats"),
        ("stats", "container stats"),
        "[OPTIONS] [CONTAINER...]",
        "Display a live stream of container(s) resource usage statistics",
        flags=(
            switch("all", "Show all containers (default shows just running)", short="a"),
            template("Pretty-print images using a Go template"),
            switch("no-stream", "Disable streaming stats and only pull the first result"),
            switch("no-trunc", "Do not truncate output"),
        ),
        takes=_ONE,
        notes="A display that goes on is not shown here: say `--no-stream`.",
    ),
)
