"""Carries out `docker network prune`: removes the session's networks in which no container runs."""

import re
import time
from datetime import datetime

from graders.commands.amounts import moment_of
from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.filtering import (
    BAD_REQUEST,
    Filters,
    ensure_known,
    filters_of,
    has_labels,
    lacks_labels,
    query_of,
)
from graders.commands.model import Command
from graders.commands.rewriting import shown_labels
from graders.commands.verbs.confirming import is_confirmed
from graders.commands.verbs.networks import forget_network
from graders.commands.verbs.noting import noted_where_refused

_KNOWN = frozenset(("label", "label!", "until"))
_NOT_FOUND, _SERVER_ERROR = 404, 500
_WARNING = "This will remove all custom networks not used by at least one container."
_SPAN = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s|us|µs|ns))+", re.ASCII)
_PART = re.compile(r"([\d.]+)(h|ms|m|s|us|µs|ns)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@carries("network", "prune")
def prune_networks(doing: Doing, command: Command) -> int:
    """Remove the networks that nothing uses."""
    if not is_confirmed(doing, command, _WARNING):
        return 0
    filters = filters_of(command)
    with noted_where_refused(doing, "POST", "/networks/prune", query=query_of(filters)):
        ensure_known(filters, _KNOWN)
        before = _before(filters)
    names = [own.name for own in list(doing.state.networks) if own.id and _prune(doing, own.id, filters, before)]
    for own in [one for one in doing.state.networks if one.name in names]:
        forget_network(doing, own)
    doing.daemon.note("POST", "/networks/prune", query=query_of(filters))
    if names:
        doing.out("\n".join(("Deleted Networks:", *names, "")))
    return 0


def _prune(doing: Doing, id_: str, filters: Filters, before: float) -> bool:
    """Whether the network is gone now."""
    try:
        told = doing.daemon.get(f"/networks/{id_}", aside=True)
        labels = shown_labels(told.get("Labels"))
        if (
            told.get("Containers")
            or moment_of(str(told.get("Created"))) >= before
            or not (has_labels(filters, labels) and lacks_labels(filters, labels))
        ):
            return False
        doing.daemon.call("DELETE", f"/networks/{id_}", aside=True)
    except DaemonRefused as refusal:
        return refusal.status == _NOT_FOUND
    return True


def _before(filters: Filters) -> float:
    """The moment before which `until` wants networks to be made, in seconds since 1970."""
    values = filters.get("until", ())
    if not values:
        return time.time() + 1.0
    if len(values) > 1:
        raise DaemonRefused(BAD_REQUEST, "more than one until filter specified")
    text = values[0]
    if _SPAN.fullmatch(text):
        return time.time() - sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text, re.ASCII):
        return float(text)
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise DaemonRefused(_SERVER_ERROR, f'failed to parse value as time or duration: "{text}"') from None
