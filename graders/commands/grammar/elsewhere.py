"""The commands that docker has and this console has not, each with the reason and what to do instead."""

from graders.commands.grammar.shapes import Group, Shape

_NO_REGISTRY = "this engine reaches no registry. Use the lab's images, which `docker images` lists."
_NO_SWARM = "this engine is no swarm. Work with containers, images, volumes and networks."
_NO_TERMINAL = (
    "nothing can be typed into a container that runs in this console. See what it printed with `docker logs`, and run"
    " a command in it with `docker exec`."
)
_NO_FILES = "images and containers stay in the engine here. Keep a container's state with `docker commit`."


def _not_here(why: str, about: str, arguments: str, *calls: str) -> Shape:
    return Shape(tuple(calls[0].split()), calls, arguments, about, refused=why)


ELSEWHERE: tuple[Shape, ...] = (
    _not_here(
        _NO_TERMINAL,
        "Attach local standard input, output, and error streams to a running container",
        "[OPTIONS] CONTAINER",
        "attach",
        "container attach",
    ),
    _not_here(
        "a container's limits are set by the lab, and stay as they are. Make a new container.",
        "Update configuration of one or more containers",
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "update",
        "container update",
    ),
    _not_here(
        _NO_FILES,
        "Export a container's filesystem as a tar archive",
        "[OPTIONS] CONTAINER",
        "export",
        "container export",
    ),
    _not_here(
        _NO_FILES,
        "Import the contents from a tarball to create a filesystem image",
        "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
        "import",
        "image import",
    ),
    _not_here(_NO_FILES, "Load an image from a tar archive or STDIN", "[OPTIONS]", "load", "image load"),
    _not_here(
        _NO_FILES,
        "Save one or more images to a tar archive (streamed to STDOUT by default)",
        "[OPTIONS] IMAGE [IMAGE...]",
        "save",
        "image save",
    ),
    _not_here(
        _NO_REGISTRY,
        "Pull an image or a repository from a registry",
        "[OPTIONS] NAME[:TAG|@DIGEST]",
        "pull",
        "image pull",
    ),
    _not_here(
        "this engine reaches no registry. Your images stay in the lab: name them with `docker tag`.",
        "Push an image or a repository to a registry",
        "[OPTIONS] NAME[:TAG]",
        "push",
        "image push",
    ),
    _not_here(_NO_REGISTRY, "Log in to a Docker registry", "[OPTIONS] [SERVER]", "login"),
    _not_here(_NO_REGISTRY, "Log out from a Docker registry", "[SERVER]", "logout"),
    _not_here(_NO_REGISTRY, "Search the Docker Hub for images", "[OPTIONS] TERM", "search"),
    _not_here(
        "the engine is shared, and its events are not yours alone. The picture beside the console shows what changes.",
        "Get real time events from the server",
        "[OPTIONS]",
        "events",
        "system events",
    ),
    _not_here(
        "remove what is yours kind by kind: `docker container prune`, `docker image prune`, `docker volume prune`,"
        " `docker network prune`.",
        "Remove unused data",
        "[OPTIONS]",
        "system prune",
    ),
    _not_here(
        "no layer is taken from a cache here, so there is none to remove. Use `docker image prune`.",
        "Remove build cache",
        "",
        "builder prune",
    ),
    _not_here(
        "the page completes what you type by itself. Press Tab.",
        "Generate the autocompletion script for the specified shell",
        "",
        "completion",
    ),
)

GROUPS: tuple[Group, ...] = (
    Group("builder", "Manage builds"),
    Group("config", "Manage Docker configs", _NO_SWARM),
    Group("container", "Manage containers"),
    Group("context", "Manage contexts", "there is one engine here, and you are connected to it."),
    Group("image", "Manage images"),
    Group("manifest", "Manage Docker image manifests and manifest lists", _NO_REGISTRY),
    Group("network", "Manage networks"),
    Group("node", "Manage Swarm nodes", _NO_SWARM),
    Group("plugin", "Manage plugins", "the engine is shared, and takes no plugins."),
    Group("secret", "Manage Docker secrets", _NO_SWARM),
    Group("service", "Manage services", _NO_SWARM),
    Group("stack", "Manage Docker stacks", _NO_SWARM),
    Group("swarm", "Manage Swarm", _NO_SWARM),
    Group("system", "Manage Docker"),
    Group("trust", "Manage trust on Docker images", _NO_REGISTRY),
    Group("volume", "Manage volumes"),
)
"""Management commands. One that is refused is so as a whole, whatever follows it."""

NO_COMMANDS: dict[str, str] = {
    "compose": "one container is made at a time here: use `docker run` and `docker network create`.",
    "buildx": "use `docker build`.",
    "scout": _NO_REGISTRY,
    "init": "write the Dockerfile yourself.",
    "desktop": "there is no desktop here.",
    "checkpoint": "checkpoints are not kept here.",
}
"""Words that are commands of docker's plugins, which the CLI of this engine's version has not: what to do instead."""
