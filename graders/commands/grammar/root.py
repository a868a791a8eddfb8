"""The flags of `docker` itself, which stand before a command, and `--help`, which every command has."""

from graders.commands.grammar.flags import Flag, refuse, switch, text, texts

HELP: Flag = switch("help", "Print usage")

GLOBAL_FLAGS: tuple[Flag, ...] = (
    *refuse(
        "there is one engine here, and you are connected to it. Leave it out.",
        text("config", "Location of client config files"),
        text("context", "Name of the context to use to connect to the daemon", short="c"),
        texts("host", "Daemon socket(s) to connect to", short="H"),
        switch("tls", "Use TLS; implied by --tlsverify"),
        text("tlscacert", "Trust certs signed only by this CA"),
        text("tlscert", "Path to TLS certificate file"),
        text("tlskey", "Path to TLS key file"),
        switch("tlsverify", "Use TLS and verify the remote"),
    ),
    *refuse(
        "the page shows what is sent to the daemon for each command. Leave it out.",
        switch("debug", "Enable debug mode", short="D"),
        text("log-level", "Set the logging level", short="l", default="info"),
    ),
    switch("version", "Print version information and quit", short="v"),
)
