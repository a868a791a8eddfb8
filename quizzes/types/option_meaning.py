"""What the options and arguments of a docker command mean, as data that is equal for two spellings of the same."""

import posixpath
import re
from collections.abc import Mapping, Sequence

from graders.commands.grammar.table import BY_PATH
from graders.commands.model import Command, FlagValue
from graders.dockerfile.references import Reference
from quizzes.types.instruction_meaning import mount_fields, mount_meaning, signal_meaning
from quizzes.types.typed_command import STANDS_FOR_THIS_FOLDER

ALL_ALIKE = frozenset({"kill", "pause", "restart", "rm", "start", "stop", "unpause"})
"""What these do to several containers, images, volumes or networks, they do in any order."""
_BUILD = ("image", "build")
_MAKES = frozenset({("container", "run"), ("container", "create")})
_SIGNALS = frozenset({"signal", "stop-signal"})
_LAST_COUNTS = frozenset({"build-arg", "env", "label"})
"""Of these options' values, the last one of a name counts."""
_NAMES_IMAGES: Mapping[tuple[str, ...], int] = {("image", "tag"): 0, ("container", "commit"): 1}
"""Where arguments begin that name images, though there need not be one yet."""
_VOLUME_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_OF_A_VOLUME = frozenset({"type", "source", "target", "readonly", "volume-nocopy"})
_PARTS_OF_A_VOLUME = 3
# Of commands that the console does not offer: letters with the long names, and which names take a value.
_ELSEWHERE: Mapping[tuple[str, ...], tuple[Mapping[str, str], frozenset[str]]] = {
    ("pull",): ({"a": "all-tags", "q": "quiet"}, frozenset({"platform"})),
    ("push",): ({"a": "all-tags", "q": "quiet"}, frozenset({"platform"})),
    ("save",): ({"o": "output"}, frozenset({"output", "platform"})),
    ("load",): ({"i": "input", "q": "quiet"}, frozenset({"input", "platform"})),
    ("system", "prune"): ({"a": "all", "f": "force"}, frozenset({"filter"})),
}
_WITH_IMAGES = frozenset({("pull",), ("push",), ("save",)})


def options_meaning(command: Command) -> dict[str, FlagValue]:
    """The options, without what is so anyway."""
    flags = dict(command.flags)
    if command.path in _MAKES:
        flags = _with_volumes(flags)
    if command.path == _BUILD and _is_default_file(command):
        flags.pop("file")
    if command.path == ("volume", "create"):
        flags.pop("name", None)
    return {name: _value(command.path, name, value) for name, value in flags.items()}


def arguments_meaning(command: Command) -> tuple[str, ...]:
    """The arguments: images by their whole names, and folders without what makes no difference in them."""
    shape = BY_PATH.get(command.path)
    if shape is None or shape.refused:
        return _words_elsewhere(command)
    if command.path == _BUILD:
        return tuple(map(_context, command.args))
    if command.path == ("volume", "create") and not command.args and "name" in command.flags:
        return (command.text("name"),)
    if command.path == ("container", "cp"):
        return tuple(map(_without_here, command.args))
    images = 1 if shape.stops and command.path not in _NAMES_IMAGES else len(command.args)
    named = _NAMES_IMAGES.get(command.path, len(command.args))
    args = tuple(
        _image(arg) if place < images and (place >= named or _takes(shape.takes, place) == "image") else arg
        for place, arg in enumerate(command.args)
    )
    return tuple(sorted(args)) if command.path[-1] in ALL_ALIKE else args


def _value(path: tuple[str, ...], name: str, value: FlagValue) -> FlagValue:
    if name == "workdir" and isinstance(value, str):
        return posixpath.normpath(value) if value.startswith("/") else value
    if name in _SIGNALS and isinstance(value, str):
        return signal_meaning(value)
    if name == "file" and path == _BUILD and isinstance(value, str):
        return _context(value)
    if not isinstance(value, tuple):
        return value
    if name in _LAST_COUNTS:
        texts = [text if name != "label" or "=" in text else f"{text}=" for text in value]
        return tuple(sorted({text.partition("=")[0]: text for text in texts}.values()))
    if name == "tag" and path == _BUILD:
        return tuple(sorted(set(map(_image, value))))
    if name == "mount":
        return tuple(sorted(mount_meaning(text, unless_said="volume") for text in value))
    if name == "publish":
        return tuple(sorted(map(_port, value)))
    return tuple(sorted(value))


def _port(text: str) -> str:
    ports, slash, protocol = text.partition("/")
    return ports if protocol.lower() == "tcp" else ports + slash + protocol.lower()


def _with_volumes(flags: dict[str, FlagValue]) -> dict[str, FlagValue]:
    """Mounts of volumes as `-v` writes them; other mounts stay, since `-v` makes folders that are not there."""
    mounts, volumes = flags.pop("mount", ()), flags.pop("volume", ())
    kept: list[str] = []
    found = [_volume(text) for text in volumes] if isinstance(volumes, tuple) else []
    for text in mounts if isinstance(mounts, tuple) else ():
        volume = _volume_of_mount(text)
        if volume is None:
            kept.append(text)
        else:
            found.append(volume)
    return flags | ({"mount": tuple(kept)} if kept else {}) | ({"volume": tuple(found)} if found else {})


def _volume(text: str) -> str:
    source, *others = text.split(":")
    if not others:
        return _folder(source)
    if 1 + len(others) > _PARTS_OF_A_VOLUME or "" in others:
        return text
    if source.startswith(("./", f"{STANDS_FOR_THIS_FOLDER}/", "/")) or source == ".":
        source = source if source.startswith(("/", STANDS_FOR_THIS_FOLDER)) else f"{STANDS_FOR_THIS_FOLDER}/{source}"
        source = posixpath.normpath(source)
    options = sorted(set(others[1].split(",")) - {"rw"}) if others[1:] else []
    return ":".join([source, _folder(others[0]), *([",".join(options)] if options else [])])


def _volume_of_mount(text: str) -> str | None:
    """The mount as `-v` writes it; None for one of another type, or with more than `-v` can say."""
    fields = mount_fields(text)
    if fields is None or fields.get("type", "volume") != "volume" or not fields.keys() <= _OF_A_VOLUME:
        return None
    source, target = fields.get("source", ""), fields.get("target", "")
    switches = [fields.get("readonly", "false"), fields.get("volume-nocopy", "false")]
    if not target.startswith("/") or (source and not _VOLUME_NAME.fullmatch(source)):
        return None
    if not set(switches) <= {"true", "false"} or (not source and "true" in switches):
        return None
    options = [option for option, given in zip(("ro", "nocopy"), switches, strict=True) if given == "true"]
    return _volume(":".join([*([source] if source else []), target, *([",".join(options)] if options else [])]))


def _is_default_file(command: Command) -> bool:
    """Whether `--file` names the Dockerfile that is taken without it: that of the folder that is built from."""
    if "file" not in command.flags or len(command.args) != 1:
        return False
    context = _context(command.args[0])
    if _is_elsewhere(context):
        return False
    return _context(command.text("file")) == posixpath.join("" if context == "." else context, "Dockerfile")


def _context(path: str) -> str:
    if _is_elsewhere(path):
        return path
    folder = posixpath.normpath(path)
    if folder == STANDS_FOR_THIS_FOLDER:
        return "."
    return folder.removeprefix(f"{STANDS_FOR_THIS_FOLDER}/")


def _is_elsewhere(path: str) -> bool:
    return not path or path == "-" or "://" in path or path.startswith(("git@", "github.com/"))


def _without_here(path: str) -> str:
    """A path of `docker cp` without the `./` before it; what ends in `/` or `/.` differs from what does not."""
    if ":" in path:
        return path
    return "." if path in {".", "./", STANDS_FOR_THIS_FOLDER} else path.removeprefix("./")


def _folder(path: str) -> str:
    return posixpath.normpath(path) if path.startswith("/") else path


def _words_elsewhere(command: Command) -> tuple[str, ...]:
    """The words of a command without a grammar, its options by their long names where they are known here."""
    if command.path not in _ELSEWHERE:
        return command.args
    names, with_value = _ELSEWHERE[command.path]
    options, rest = [], []
    left = list(reversed(command.args))
    while left:
        word = left.pop()
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
        elif word.startswith("-") and word[1:2] in names:
            name, value = names[word[1]], word[2:].removeprefix("=")
            equals = "=" if value else ""
            if name not in with_value and value and word[2:3] != "=":
                left.append(f"-{value}")
                equals, value = "", ""
        else:
            rest.append(word)
            continue
        if name in with_value and not equals and left:
            equals, value = "=", left.pop()
        options.append(f"--{name}" + (f"={value}" if equals and (name in with_value or value != "true") else ""))
    images = map(_image, rest) if command.path in _WITH_IMAGES else rest
    return (*sorted(options), *images)


def _takes(kinds: Sequence[str], place: int) -> str:
    return kinds[min(place, len(kinds) - 1)] if kinds else ""


def _image(name: str) -> str:
    found = Reference.parse(name)
    return name if found is None else str(found)
