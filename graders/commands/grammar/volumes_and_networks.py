"""The commands about volumes and networks."""

from graders.commands.grammar.flags import Flag, Holds, filters, only, refuse, switch, template, text, texts
from graders.commands.grammar.rules import label_rule
from graders.commands.grammar.shapes import Shape

_VOLUME = ("volume",)
_NETWORK = ("network",)
_ADDRESSES = "addresses are the engine's to give here. Leave it out: containers find each other by name."

VOLUMES: tuple[Shape, ...] = (
    Shape(
        ("volume", "create"),
        ("volume create",),
        "[OPTIONS] [VOLUME]",
        "Create a volume",
        most=1,
        flags=(
            only(
                text("driver", 'Specify volume driver name (default "local")', short="d", default="local"),
                "local",
                why="volumes are kept by the driver `local` here. Leave it out.",
            ),
            texts("label", "Set metadata for a volume", rule=label_rule),
            text("name", "Specify volume name"),
            *refuse(
                "a volume is an ordinary folder of the engine here. Leave it out.",
                Flag("opt", Holds.TEXTS, short="o", metavar="map"),
            ),
        ),
    ),
    Shape(
        ("volume", "inspect"),
        ("volume inspect",),
        "[OPTIONS] VOLUME [VOLUME...]",
        "Display detailed information on one or more volumes",
        least=1,
        flags=(template("Format the output using the given Go template", short="f"),),
        takes=_VOLUME,
    ),
    Shape(
        ("volume", "ls"),
        ("volume ls", "volume list"),
        "[OPTIONS]",
        "List volumes",
        most=0,
        flags=(
            filters("Provide filter values (e.g. 'dangling=true')"),
            template("Pretty-print volumes using a Go template"),
            switch("quiet", "Only display volume names", short="q"),
        ),
    ),
    Shape(
        ("volume", "prune"),
        ("volume prune",),
        "[OPTIONS]",
        "Remove all unused local volumes",
        most=0,
        flags=(
            filters("Provide filter values (e.g. 'label=<label>')", short=""),
            switch("force", "Do not prompt for confirmation", short="f"),
        ),
    ),
    Shape(
        ("volume", "rm"),
        ("volume rm", "volume remove"),
        "[OPTIONS] VOLUME [VOLUME...]",
        "Remove one or more volumes",
        more="Remove one or more volumes. You cannot remove a volume that is in use by a container.",
        least=1,
        flags=(switch("force", "Force the removal of one or more volumes", short="f"),),
        takes=_VOLUME,
    ),
)

NETWORKS: tuple[Shape, ...] = (
    Shape(
        ("network", "connect"),
        ("network connect",),
        "[OPTIONS] NETWORK CONTAINER",
        "Connect a container to a network",
        least=2,
        most=2,
        flags=(
            Flag("alias", Holds.STRINGS, "Add network-scoped alias for the container"),
            *refuse(
                _ADDRESSES,
                Flag("driver-opt", Holds.STRINGS),
                text("ip", ""),
                text("ip6", ""),
                texts("link", ""),
                Flag("link-local-ip", Holds.STRINGS),
            ),
        ),
        takes=("network", "container"),
    ),
    Shape(
        ("network", "create"),
        ("network create",),
        "[OPTIONS] NETWORK",
        "Create a network",
        least=1,
        most=1,
        flags=(
            only(
                text("driver", 'Driver to manage the Network (default "bridge")', short="d", default="bridge"),
                "bridge",
                why="networks are made by the driver `bridge` here. Leave it out.",
            ),
            switch("internal", "Restrict external access to the network"),
            texts("label", "Set metadata on a network", rule=label_rule),
            *refuse(
                _ADDRESSES,
                Flag("aux-address", Holds.TEXTS, metavar="map"),
                Flag("gateway", Holds.STRINGS),
                Flag("ip-range", Holds.STRINGS),
                text("ipam-driver", "", default="default"),
                Flag("ipam-opt", Holds.TEXTS, metavar="map"),
                switch("ipv6", ""),
                Flag("opt", Holds.TEXTS, short="o", metavar="map"),
                Flag("subnet", Holds.STRINGS),
            ),
            *refuse(
                "this engine is no swarm. Leave it out.",
                switch("attachable", ""),
                text("config-from", ""),
                switch("config-only", ""),
                switch("ingress", ""),
                text("scope", ""),
            ),
        ),
        notes="Every network of this console is internal: its containers reach each other, and nothing else.",
    ),
    Shape(
        ("network", "disconnect"),
        ("network disconnect",),
        "[OPTIONS] NETWORK CONTAINER",
        "Disconnect a container from a network",
        least=2,
        most=2,
        flags=(switch("force", "Force the container to disconnect from a network", short="f"),),
        takes=("network", "container"),
    ),
    Shape(
        ("network", "inspect"),
        ("network inspect",),
        "[OPTIONS] NETWORK [NETWORK...]",
        "Display detailed information on one or more networks",
        least=1,
        flags=(
            template("Format the output using the given Go template", short="f"),
            switch("verbose", "Verbose output for diagnostics", short="v"),
        ),
        takes=_NETWORK,
    ),
    Shape(
        ("network", "ls"),
        ("network ls", "network list"),
        "[OPTIONS]",
        "List networks",
        most=0,
        flags=(
            filters("Provide filter values (e.g. 'driver=bridge')"),
            template("Pretty-print networks using a Go template"),
            switch("no-trunc", "Do not truncate the output"),
            switch("quiet", "Only display network IDs", short="q"),
        ),
    ),
    Shape(
        ("network", "prune"),
        ("network prune",),
        "[OPTIONS]",
        "Remove all unused networks",
        most=0,
        flags=(
            filters("Provide filter values (e.g. 'until=<timestamp>')", short=""),
            switch("force", "Do not prompt for confirmation", short="f"),
        ),
    ),
    Shape(
        ("network", "rm"),
        ("network rm", "network remove"),
        "NETWORK [NETWORK...]",
        "Remove one or more networks",
        least=1,
        takes=_NETWORK,
    ),
)
