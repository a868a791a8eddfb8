"""`docker cp` between a container and the lab's folder, which is what stands for the local file system here.

The folder holds regular files only: links and special files are never followed and never copied, and it is said which
were left out. A copy that has no room leaves the folder as it was.
"""

import http.client
import posixpath
from collections.abc import Mapping

from graders.commands.amounts import memory_size
from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.folder import HOME, Folder
from graders.commands.model import Command, CommandRefused
from graders.commands.state import OwnContainer
from graders.commands.verbs.container_files import Fetched, TooMuch, fetch, held_still, place_at, put
from graders.commands.verbs.refusing import NOTE, not_here, remark
from graders.commands.verbs.targets import own_container

_MIB = 1024 * 1024
_MOST_NAMED = 3
_NO_DIRECTORY = "no such directory"


@carries("container", "cp")
def copy(doing: Doing, command: Command) -> int:
    """Copy out of a container, or into one."""
    source, path = _side(command.args[0])
    target, destination = _side(command.args[1])
    if source and target:
        raise _refused("copying between containers is not supported")
    if not source and not target:
        raise _refused("must specify at least one container source")
    if source:
        return _out(doing, command, source, path, destination)
    return _into(doing, command, path, target, destination)


def _out(doing: Doing, command: Command, word: str, path: str, destination: str) -> int:
    folder = Folder(doing.state, doing.rules)
    if destination == "-":
        raise not_here(
            command,
            "copying to -",
            "an archive is nothing to read. Copy into the lab's folder, as in"
            f" `docker cp {word}:{path} .`, and `cat` the file.",
        )
    _ensure_parent(folder, destination)
    asked = path
    own = _found(doing, "GET", word, path)
    try:
        with held_still(doing, own):
            there = place_at(doing, own, path) if path else None
            if there is not None and there.link and command.is_on("follow-link"):
                doing.daemon.note("HEAD", f"/containers/{word}/archive", query={"path": path})
                path = posixpath.join(posixpath.dirname(path), there.link)
                there = place_at(doing, own, path)
            if there is not None and there.link:
                raise _refused(
                    f"{NOTE} {word}:{path} is a symbolic link to {there.link}, and the lab's folder holds files only."
                    " 'docker cp -L' copies what it points to."
                )
            most_bytes = int(doing.rules.folder_mib * _MIB)
            fetched = fetch(doing, own, path, most_files=doing.rules.files, most_bytes=most_bytes)
    except TooMuch as much:
        raise _refused(
            f"{NOTE} {word}:{path} is more than the lab's folder takes: {doing.rules.files} files and"
            f" {memory_size(doing.rules.folder_mib * _MIB)} in all. Copy less of it."
        ) from much
    except DaemonRefused as refusal:
        doing.daemon.note("GET", f"/containers/{word}/archive", query={"path": path}, status=refusal.status)
        if refusal.status == http.client.NOT_FOUND:
            raise _no_path(word, path) from refusal
        raise
    doing.daemon.note("GET", f"/containers/{word}/archive", query={"path": path})
    doing.touch("container", own.name, own.id)
    folder.write_all(_placed(folder, fetched, asked, path, destination))
    _say_left_out(doing, fetched)
    return 0


def _placed(folder: Folder, fetched: Fetched, asked: str, path: str, destination: str) -> dict[str, bytes]:
    """Where in the folder each file goes, by docker's rules for what is there and what is not."""
    name = posixpath.basename(posixpath.normpath(asked))
    is_folder = folder.is_folder(destination)
    if not fetched.is_folder:
        if is_folder:
            destination = posixpath.join(destination, name)
        elif destination.endswith("/"):
            there = folder.is_file(destination)
            raise _refused(f"stat {_absolute(destination)}/: not a directory" if there else _NO_DIRECTORY)
        (content,) = fetched.files.values() or (None,)
        return {} if content is None else {destination: content}
    if folder.is_file(destination):
        raise _refused("cannot copy directory")
    contents = asked.endswith("/.") or posixpath.normpath(asked) in {"/", "."}
    if is_folder and not contents:
        destination = posixpath.join(destination, name)
    top = "" if contents else f"{posixpath.basename(posixpath.normpath(path))}/"
    return {posixpath.join(destination, file.removeprefix(top)): content for file, content in fetched.files.items()}


def _say_left_out(doing: Doing, fetched: Fetched) -> None:
    if fetched.left_out:
        named = ", ".join(fetched.left_out[:_MOST_NAMED])
        more = len(fetched.left_out) - _MOST_NAMED
        remark(
            doing,
            f"Left out, since the lab's folder holds files only: {named}{f' and {more} more' if more > 0 else ''}.",
        )
    if not fetched.files and fetched.is_folder:
        remark(doing, "There is no file in it, and the lab's folder keeps no empty folders.")


def _into(doing: Doing, command: Command, path: str, word: str, destination: str) -> int:
    folder = Folder(doing.state, doing.rules)
    if path == "-":
        raise not_here(command, "copying from -", "name a file or a folder of the lab's folder instead.")
    try:
        own = own_container(doing, word)
    except DaemonRefused as refusal:
        _note_head(doing, word, destination, refusal.status)
        raise _refused(_NO_DIRECTORY) from refusal
    doing.touch("container", own.name, own.id)
    with held_still(doing, own):
        there = place_at(doing, own, destination) if destination else None
        _note_head(doing, word, destination, http.client.OK if there else http.client.NOT_FOUND)
        if there is not None and there.link:
            destination = posixpath.join(posixpath.dirname(destination), there.link)
            there = place_at(doing, own, destination)
        files, name = _source(folder, path)
        is_folder = folder.is_folder(path)
        if there is not None and there.is_folder:
            into, top = destination, name
        elif there is not None and is_folder:
            raise _refused("cannot copy directory")
        elif not destination or (not is_folder and destination.endswith("/")):
            raise _refused(_NO_DIRECTORY)
        else:
            into, top = posixpath.split(destination.rstrip("/"))
        into = into or "."
        packed = {posixpath.join(top, file) if file else top: content for file, content in files.items()}
        query = {**({"copyUIDGID": "1"} if command.is_on("archive") else {}), "noOverwriteDirNonDir": "true"}
        try:
            put(doing, own, into, packed, query=query)
        except DaemonRefused as refusal:
            _note_put(doing, word, query, into, refusal.status)
            if refusal.status == http.client.NOT_FOUND:
                raise _no_path(word, into) from refusal
            raise
    _note_put(doing, word, query, into, http.client.OK)
    return 0


def _source(folder: Folder, path: str) -> tuple[Mapping[str, bytes], str]:
    """The files of what is to be copied, by their paths in it, and the name that it has; a single file is at ``."""
    if folder.is_folder(path):
        place = folder.place(path)
        contents = not place or path.endswith("/.")
        return folder.below(path), "" if contents else posixpath.basename(place)
    if not folder.is_file(path):
        raise _refused(f"lstat {_absolute(path)}: no such file or directory")
    if path.endswith("/"):
        raise _refused("not a directory")
    return {"": folder.read(path)}, posixpath.basename(folder.place(path))


def _side(text: str) -> tuple[str, str]:
    """A container's word and a path in it, or no word and a path of the folder (docker/cli, `splitCpArg`)."""
    word, colon, path = text.partition(":")
    if text.startswith("/") or not colon or word.startswith("."):
        return "", text
    return word, path


def _found(doing: Doing, method: str, word: str, path: str) -> OwnContainer:
    try:
        return own_container(doing, word)
    except DaemonRefused as refusal:
        doing.daemon.note(method, f"/containers/{word}/archive", query={"path": path}, status=refusal.status)
        raise _no_path(word, path) from refusal


def _ensure_parent(folder: Folder, destination: str) -> None:
    parent = posixpath.dirname(folder.place(destination))
    if parent and not folder.is_folder(parent):
        raise _refused(f'invalid output path: directory "{_absolute(parent)}" does not exist')


def _absolute(path: str) -> str:
    return posixpath.normpath(posixpath.join(HOME, path))


def _note_head(doing: Doing, word: str, path: str, status: int) -> None:
    doing.daemon.note("HEAD", f"/containers/{word}/archive", query={"path": path}, status=status)


def _note_put(doing: Doing, word: str, query: Mapping[str, str], path: str, status: int) -> None:
    doing.daemon.note("PUT", f"/containers/{word}/archive", query={**query, "path": path}, status=status)


def _no_path(word: str, path: str) -> CommandRefused:
    return CommandRefused(f"Error: No such container:path: {word}:{path}", code="no-such-path")


def _refused(words: str) -> CommandRefused:
    return CommandRefused(words, code="bad-copy")
