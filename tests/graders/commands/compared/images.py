"""Lines on images: built, committed, tagged, listed and removed."""

from tests.graders.commands.compared.lines import Line, scenario, shows_help

_DOCKERFILE = """FROM busybox:1.35
LABEL course=containers
ENV COLOR=blue
COPY word.txt /word.txt
CMD ["cat", "/word.txt"]
"""
_WITH_ARGUMENT = """FROM busybox:1.35
ARG WHO=me
ENV WHO=$WHO
RUN echo hello $WHO > /hello
CMD ["cat", "/hello"]
"""

_SHOWN = "docker's CLI prints a digest for each step, and times of its own; the steps and their output are the same"
_SENT = "docker's CLI sends files through a session beside the build, and settings that are left as they are"


def _build(text: str, *, quiet: bool = False) -> Line:
    if quiet:
        return Line(text, calls_differ=_SENT)
    return Line(text, differs=_SHOWN, still=("exit code", "stdout", "steps"), calls_differ=_SENT)


def _removed(text: str) -> Line:
    why = "layers go with their image, since builds of a console leave no cache that would hold them"
    return Line(text, differs=why, still=("exit code", "stderr"))


IMAGES = (
    scenario(
        "images, tag and rmi",
        "docker images",
        "docker image ls",
        "docker images busybox",
        "docker images busybox:1.35 -q",
        "docker images nosuch",
        "docker images --format '{{.Repository}}:{{.Tag}}'",
        "docker images --format 'table {{.Repository}}\\t{{.Size}}'",
        "docker images --no-trunc",
        "docker tag busybox:1.35 mine",
        "docker tag busybox:1.35 mine:v2",
        "docker images mine",
        "docker images -q mine",
        "docker rmi mine",
        "docker image rm mine:v2",
        "docker images mine",
        "docker rmi mine",
        "docker rmi nothere another:1",
        "docker tag nothere mine",
        "docker tag busybox:1.35 Mine",
        "docker tag busybox:1.35",
        "docker rmi",
        "docker images a b",
        "docker image inspect nothere",
        "docker image inspect -f '{{.RepoTags}} {{.Os}}' busybox:1.35",
        "docker inspect -f '{{.Config.Cmd}}' busybox:1.35",
        "docker history busybox:1.35",
        "docker history nothere",
        shows_help("docker image"),
        shows_help("docker image nosuch"),
    ),
    scenario(
        "commit",
        "docker run --name base busybox:1.35 sh -c 'echo saved > /saved.txt'",
        "docker commit base saved",
        "docker images saved",
        "docker run --rm saved cat /saved.txt",
        "docker commit -m 'a note' -a me base saved:v2",
        "docker image inspect -f '{{.Comment}} {{.Author}}' saved:v2",
        "docker commit -c 'CMD [\"cat\", \"/saved.txt\"]' -c 'ENV COLOR=red' base saved:v3",
        "docker run --rm saved:v3",
        "docker image inspect -f '{{.Config.Cmd}} {{.Config.Env}}' saved:v3",
        "docker history saved:v2",
        "docker history -q saved:v2",
        "docker history --format '{{.CreatedBy}}: {{.Comment}}' saved:v2",
        "docker images --filter 'reference=saved:v*' --format '{{.Tag}} {{.ID}}' | sort",
        "docker commit nothere x",
        "docker commit",
        "docker commit base Saved",
        "docker commit base",
        "docker images -f dangling=true -q",
        "docker run --name user saved true",
        "docker rmi saved",
        "docker rm user base",
        "docker rmi saved",
        "docker rmi saved:v2 saved:v3",
        "docker image prune -f",
    ),
    scenario(
        "build",
        _build("docker build -t web ."),
        "docker images web",
        "docker run --rm web",
        _build("docker build -t web:v2 -t web:v3 -f Dockerfile.two ."),
        "docker images web --format '{{.Tag}}' | sort",
        _build("docker build -q -t quiet -f Dockerfile.three .", quiet=True),
        "docker image inspect -f '{{.Config.Cmd}} {{.Config.Env}} {{.Config.Labels.course}}' web",
        "docker history --no-trunc --format '{{.CreatedBy}}' web",
        _build("docker build -t args -f Dockerfile.args --build-arg WHO=you ."),
        "docker run --rm args",
        _build("docker build -t broken -f Dockerfile.broken ."),
        Line(
            "docker build -f Dockerfile.missing .",
            differs="the console looks into the folder first, and names the file without the engine's own folder",
            still=("exit code", "stdout"),
            calls_differ="nothing is sent for a file that is not there",
        ),
        "docker build",
        "docker build -t Web .",
        "docker build nofolder",
        "docker build -t web . extra",
        _build("docker image build -q -t again -f Dockerfile.args .", quiet=True),
        "docker images again -q | wc -l",
        "docker create --name kept web",
        _removed("docker rmi web web:v2 web:v3 quiet again"),
        "docker rm kept",
        _removed("docker rmi args"),
        files={
            "Dockerfile": _DOCKERFILE,
            "word.txt": "the word\n",
            "Dockerfile.args": _WITH_ARGUMENT,
            "Dockerfile.two": "FROM busybox:1.35\nWORKDIR /two\n",
            "Dockerfile.three": "FROM busybox:1.35\nUSER 1000\n",
            "Dockerfile.broken": "FROM busybox:1.35\nRUN cat /nothere\n",
        },
    ),
)
