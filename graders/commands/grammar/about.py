"""The commands about the engine itself, and about objects of any kind."""

from graders.commands.grammar.flags import only, refuse, switch, template, text
from graders.commands.grammar.shapes import Shape

ABOUT: tuple[Shape, ...] = (
    Shape(
        ("inspect",),
        ("inspect",),
        "[OPTIONS] NAME|ID [NAME|ID...]",
        "Return low-level information on Docker objects",
        least=1,
        flags=(
            template("Format the output using the given Go template", short="f"),
            switch("size", "Display total file sizes if the type is container", short="s"),
            only(
                text("type", "Return JSON for specified type"),
                "container",
                "image",
                "volume",
                "network",
                why="only containers, images, volumes and networks can be inspected here. Name one of these.",
            ),
        ),
        takes=("any",),
    ),
    Shape(
        ("version",),
        ("version",),
        "[OPTIONS]",
        "Show the Docker version information",
        most=0,
        flags=(
            template("Format the output using the given Go template", short="f"),
            *refuse("this engine stands alone. Leave it out.", text("kubeconfig", "")),
        ),
    ),
    Shape(
        ("info",),
        ("info", "system info"),
        "[OPTIONS]",
        "Display system-wide information",
        most=0,
        flags=(template("Format the output using the given Go template", short="f"),),
    ),
    Shape(
        ("system", "df"),
        ("system df",),
        "[OPTIONS]",
        "Show docker disk usage",
        most=0,
        flags=(
            template("Pretty-print images using a Go template"),
            switch("verbose", "Show detailed information on space usage", short="v"),
        ),
    ),
)
