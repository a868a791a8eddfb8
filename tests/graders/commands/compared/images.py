"""Lines on images: built, committed, tagged, listed and removed."""

from tests.graders.commands.compared.lines import scenario

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
        "docker image",
        "docker image nosuch",
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
        "docker images --filter reference=saved:v*",
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
        "docker build -t web .",
        "docker images web",
        "docker run --rm web",
        "docker build -t web:v2 -t web:v3 .",
        "docker images web --format '{{.Tag}}' | sort",
        "docker build -q -t quiet .",
        "docker image inspect -f '{{.Config.Cmd}} {{.Config.Env}} {{.Config.Labels.course}}' web",
        "docker history --no-trunc --format '{{.CreatedBy}}' web",
        "docker build -t args -f Dockerfile.args --build-arg WHO=you .",
        "docker run --rm args",
        "docker build -t broken -f Dockerfile.broken .",
        "docker build -f Dockerfile.missing .",
        "docker build",
        "docker build -t Web .",
        "docker build nofolder",
        "docker build -t web . extra",
        "docker image build -q -t again .",
        "docker images again -q | wc -l",
        "docker create --name kept web",
        "docker rmi web web:v2 web:v3 quiet again",
        "docker rm kept",
        "docker rmi args",
        files={
            "Dockerfile": _DOCKERFILE,
            "word.txt": "the word\n",
            "Dockerfile.args": _WITH_ARGUMENT,
            "Dockerfile.broken": "FROM busybox:1.35\nRUN cat /nothere\n",
        },
    ),
)
