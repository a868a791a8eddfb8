"""Who gets into a quiz, and from where: its access code, and the networks that it is open to.

Both are for students. Course staff try a quiz out from wherever they are, without a code.
"""

import ipaddress
import secrets
import unicodedata
from collections.abc import Iterable

from django.core.cache import cache
from django.db import transaction

from accounts.errors import TooMany
from accounts.models import User
from courses.access import require_instructor
from courses.audit import note
from courses.models import JOIN_CODE_ALPHABET
from quizzes.errors import Conflict, DrydockError, NotAllowed
from quizzes.models import Attempt, Quiz

CODE_LENGTH = 6
SHORTEST_CODE, LONGEST_CODE = 4, 40
WRONG_CODES = 10
WRONG_CODES_SECONDS = 600
_MAPPED_BITS = 96
"""Of an IPv6 address that stands for an IPv4 one, those before it."""
MAX_NETWORKS = 100

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def draw_code() -> str:
    """A new access code: six symbols that do not look alike, about 30 bits, with ten guesses in ten minutes."""
    return "".join(secrets.choice(JOIN_CODE_ALPHABET) for _ in range(CODE_LENGTH))


def ensure_may_start(*, quiz: Quiz, student: User, code: str, address: str | None) -> None:
    """Raise unless the quiz lets this student start a try now and from here.

    Conflict (`quiz_paused`), NotAllowed (`address_not_allowed`, `code_needed`, `code_wrong`), TooMany (`code_guessed`).
    """
    if quiz.paused_at is not None:
        raise Conflict("quiz_paused", "Your instructor has paused this quiz. Wait until it goes on, then start.")
    ensure_address(quiz=quiz, address=address)
    _require_code(quiz, student, code)


def ensure_may_take(*, attempt: Attempt, address: str | None) -> None:
    """Raise NotAllowed (`address_not_allowed`) unless an attempt under way may be seen and answered from here."""
    if not attempt.is_tryout:
        ensure_address(quiz=attempt.quiz, address=address)


def ensure_address(*, quiz: Quiz, address: str | None) -> None:
    """Raise NotAllowed unless the quiz is open to this address."""
    if not quiz.allowed_addresses:
        return
    if address is not None:
        here = ipaddress.ip_address(address)
        if any(here in ipaddress.ip_network(network) for network in quiz.allowed_addresses):
            return
    place = f"You are at {address}." if address else "Your address could not be told."
    raise NotAllowed(
        "address_not_allowed",
        f"This quiz can be taken only from certain places, such as a room of your school. {place} "
        "Go there, or ask your instructor. What you saved is safe.",
    )


def _require_code(quiz: Quiz, student: User, code: str) -> None:
    if not quiz.access_code:
        return
    if not code.strip():
        needed = "This quiz asks for an access code: your instructor tells it to you."
        raise NotAllowed("code_needed", needed, fields={"code": needed})
    # Counted before it is looked at, so that guesses sent side by side are counted, too.
    key = f"quizzes.code/{quiz.pk}/{student.pk}"
    if _counted(key) > WRONG_CODES:
        raise TooMany(
            "code_guessed",
            f"That was {WRONG_CODES} times a wrong access code. Wait {WRONG_CODES_SECONDS // 60} minutes, and ask your "
            "instructor for the right one meanwhile.",
            retry_after_seconds=WRONG_CODES_SECONDS,
        )
    if not secrets.compare_digest(_plain(code).encode(), _plain(quiz.access_code).encode()):
        wrong = "This is not the access code. Capitals, spaces and hyphens do not matter; ask your instructor for it."
        raise NotAllowed("code_wrong", wrong, fields={"code": wrong})
    cache.delete(key)


def _counted(key: str) -> int:
    """How often a code was tried since the first try, this one counted in; 1 where nobody can tell."""
    cache.add(key, 0, WRONG_CODES_SECONDS)
    try:
        return int(cache.incr(key) or 1)
    except ValueError:
        return 1  # forgotten between the two lines


def _plain(code: str) -> str:
    """A code without what people type differently: capitals, spaces, hyphens."""
    folded = unicodedata.normalize("NFKC", code[: 4 * LONGEST_CODE]).casefold()
    return "".join(symbol for symbol in folded if symbol.isalnum())


@transaction.atomic
def set_access(*, by: User, quiz: Quiz, code: str, networks: Iterable[str]) -> Quiz:
    """Set what is asked for before a try, an empty `code` and no `networks` for nothing.

    `networks` are addresses or networks, IPv4 or IPv6 (192.0.2.7, 10.20.0.0/16, 2001:db8::/32). Attempts under way go
    on without a code, but only from where the quiz is open to. Raises NotAllowed, and DrydockError (`code_unfit`,
    `network_unknown`, `networks_too_many`) with the field to blame.
    """
    activity = quiz.activity
    require_instructor(by, activity.course)
    code = code.strip()
    _require_fit(code)
    wanted = _networks(networks)
    if (code, wanted) == (quiz.access_code, quiz.allowed_addresses):
        return quiz
    has_new_code = code != quiz.access_code
    has_new_places = wanted != quiz.allowed_addresses
    quiz.access_code, quiz.allowed_addresses = code, wanted
    quiz.save(update_fields=["access_code", "allowed_addresses"])
    said = []
    if has_new_code:
        said.append("Set an access code" if code else "Took the access code away")
    if has_new_places:
        said.append(f"Opened the quiz to {', '.join(wanted)} only" if wanted else "Opened the quiz to all addresses")
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action="quiz_access_set",
        summary=". ".join(said) + ".",
        detail={"has_code": bool(code), "networks": wanted},
    )
    return quiz


def _require_fit(code: str) -> None:
    if not code:
        return
    if len(code) > LONGEST_CODE or len(_plain(code)) < SHORTEST_CODE:
        message = f"An access code has at least {SHORTEST_CODE} letters or digits, and at most {LONGEST_CODE} symbols."
        raise DrydockError("code_unfit", message, fields={"code": message})


def _as_asked(network: Network) -> Network:
    """An IPv4 network written in IPv6's way as what it is: addresses of requests are compared as IPv4."""
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))


def _networks(given: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for text in given:
        if not text.strip():
            continue
        try:
            network = _as_asked(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError as unknown:
            message = (
                f"“{text.strip()[:60]}” is no address or network. Write 192.0.2.7, 10.20.0.0/16 or 2001:db8::/32, "
                "one a line."
            )
            raise DrydockError("network_unknown", message, fields={"networks": message}) from unknown
        found[str(network)] = None
    if len(found) > MAX_NETWORKS:
        message = f"At most {MAX_NETWORKS} networks are possible. Take one that holds several."
        raise DrydockError("networks_too_many", message, fields={"networks": message})
    return list(found)
