"""Reads one layer from the tar stream that the engine writes of it. Nothing is extracted and no name is trusted.

A layer tells of removals by names: `.wh.a` means that `a` of the layers below is gone, `.wh..wh..opq` that its folder
shows nothing of them. Learners can give files such names, too. Docker writes the type bits of a mode with files and
without them with removals (seen with 20.10, done since 1.10), and a removal has no content: that tells them apart.
"""

import tarfile
from collections.abc import Iterator

from graders.image.budget import Budget, Source
from graders.image.contents import EntryKind, Find, FindPlace, LayerContents, LayerEntry, Search
from graders.image.needles import Needles, Scan

_WHITEOUT, _META, _OPAQUE = ".wh.", ".wh..wh.", ".wh..wh..opq"
_PIECE = 256 * 1024
_RIGHTS, _TYPE_BITS = 0o7777, 0o170000
_ATTRIBUTE = "SCHILY.xattr."
_FILES = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE})
_KINDS = {tarfile.DIRTYPE: EntryKind.FOLDER, tarfile.SYMTYPE: EntryKind.SYMLINK, tarfile.LNKTYPE: EntryKind.HARD_LINK}


def read_layer(source: Source, *, search: Search, needles: Needles, budget: Budget, packed: str = "") -> LayerContents:
    """Read a layer to its end; `packed` is `gz` for a compressed one.

    Raises TooMuch when the budget is spent, and tarfile.TarError for what is no layer.
    """
    entries: list[LayerEntry] = []
    removed: list[str] = []
    emptied: list[str] = []
    finds: list[Find] = []
    # The stubs want a whole file; a stream is only read.
    with tarfile.open(fileobj=source, mode=f"r|{packed}", bufsize=_PIECE) as archive:  # type: ignore[call-overload]
        for member in _members(archive):
            budget.spend_entry(member.name, target=member.linkname)
            path = clean(member.name)
            folder, _, name = path.rpartition("/")
            if _is_removal(member, name):
                if name == _OPAQUE:
                    emptied.append(folder or "/")
                elif not name.startswith(_META):
                    removed.append(f"{folder}/{name.removeprefix(_WHITEOUT)}")
                continue
            found, content = _look(archive, member, path, search=search, needles=needles, budget=budget)
            finds += found[: budget.limits.finds - len(finds)]
            entries.append(_entry(member, path, content, search.id_offset))
    return LayerContents(entries=tuple(entries), removed=tuple(removed), emptied=tuple(emptied), finds=tuple(finds))


def clean(name: str) -> str:
    """An absolute path; a name that climbs keeps its dots, and leads nowhere."""
    return "/" + "/".join(part for part in name.split("/") if part not in {"", "."})


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := archive.next()) is not None:
        yield member
        archive.members.clear()  # type: ignore[attr-defined]  # it would keep every one of them


def _is_removal(member: tarfile.TarInfo, name: str) -> bool:
    return name.startswith(_WHITEOUT) and not member.size and member.isreg() and not member.mode & _TYPE_BITS


def _entry(member: tarfile.TarInfo, path: str, content: bytes | None, id_offset: int) -> LayerEntry:
    kind = EntryKind.FILE if member.type in _FILES else _KINDS.get(member.type, EntryKind.OTHER)
    target = member.linkname if kind is EntryKind.SYMLINK else ""
    return LayerEntry(
        path=path,
        kind=kind,
        size_bytes=max(member.size, 0) if kind is EntryKind.FILE else 0,
        mode=member.mode & _RIGHTS,
        uid=_inside(member.uid, id_offset),
        gid=_inside(member.gid, id_offset),
        link_target=clean(member.linkname) if kind is EntryKind.HARD_LINK else target,
        content=content,
    )


def _inside(number: int, offset: int) -> int:
    """The engine maps owners back itself, except of files that have a removal's name (seen with 20.10)."""
    return number - offset if offset and number >= offset else number


def _look(
    archive: tarfile.TarFile, member: tarfile.TarInfo, path: str, *, search: Search, needles: Needles, budget: Budget
) -> tuple[list[Find], bytes | None]:
    """Search an entry's names and content, and keep the content's beginning where it was asked for."""
    finds = []
    if needles:
        places = [(FindPlace.NAME, path)]
        if member.issym():
            places.append((FindPlace.LINK, member.linkname))
        places += [
            (FindPlace.ATTRIBUTE, f"{key}={value}")
            for key, value in member.pax_headers.items()
            if key.startswith(_ATTRIBUTE)
        ]
        for place, text in places:
            hits = needles.found_in(text.encode("utf-8", errors="surrogateescape"))
            finds += [Find(text=hit, place=place, path=path, encoding=how) for hit, how in hits.items()]
    wanted = path.rpartition("/")[2] in search.names
    if member.type not in _FILES or not (needles or wanted):
        return finds, None
    scan, kept = Scan(needles), bytearray()
    room = budget.keepable(search.max_bytes) if wanted else 0
    reader = archive.extractfile(member)
    while reader is not None and (piece := reader.read(_PIECE)):
        budget.spend_bytes(0 if member.type != tarfile.GNUTYPE_SPARSE else len(piece))
        scan.feed(piece)
        kept += piece[: max(room - len(kept), 0)]
    budget.keep(len(kept))
    finds += [Find(text=hit, place=FindPlace.CONTENT, path=path, encoding=how) for hit, how in scan.found.items()]
    return finds, bytes(kept) if wanted else None
