"""Reads /etc/passwd of an image: who is behind a user's name or number."""

from graders.observations import Observations
from graders.sandbox.base import FileFacts

PASSWD = "/etc/passwd"  # noqa: S105  # a path, no password


def users_of(seen: Observations, build: str) -> dict[str, int]:
    """Names and numbers of the image's users; a check that calls this wants PASSWD."""
    return users_in(seen.files.get((build, PASSWD)))


def users_in(found: FileFacts | None) -> dict[str, int]:
    """Names and numbers of the users in a file such as PASSWD, or in none; root is always there."""
    users: dict[str, int] = {}
    for line in (found.content if found is not None else b"").decode(errors="replace").splitlines():
        fields = line.split(":")
        if len(fields) > 3 and fields[2].isascii() and fields[2].isdigit():  # noqa: PLR2004  # name:password:uid:gid
            users.setdefault(fields[0], int(fields[2]))
    users.setdefault("root", 0)
    return users


def is_number(user: str) -> bool:
    """Whether a user is named by number, which needs no list of users."""
    return user.isascii() and user.isdigit()


def number_of(user: str, users: dict[str, int]) -> int | None:
    """The number of a user as USER may name it (`app`, `1000`, `app:staff`); None when the name is unknown."""
    name = user.partition(":")[0]
    if is_number(name):
        return int(name)
    return users.get(name) if name else 0


def poses_as(user: str, number: int) -> bool:
    """Whether a name is asked for and is but another name of root."""
    return number == 0 and user.partition(":")[0] not in {"root", "0"}


def is_owned_by(user: str, uid: int, users: dict[str, int]) -> bool:
    """Whether what belongs to this number belongs to the user, and not to root by another name."""
    return number_of(user, users) == uid and not poses_as(user, uid)


def name_of(number: int, users: dict[str, int]) -> str:
    """`app (1000)`, or the number alone."""
    name = next((name for name, one in users.items() if one == number), "")
    return f"{name} ({number})" if name else str(number)
