"""Local times and what clocks do to them: twice a year an hour is skipped, or comes again."""

import zoneinfo
from datetime import UTC, datetime


def later_of(local: datetime, zone: zoneinfo.ZoneInfo) -> datetime:
    """The moment of a local time in a zone; of the two that it can mean when clocks change, the later one."""
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def is_skipped(local: datetime, zone: zoneinfo.ZoneInfo) -> bool:
    """Whether clocks in the zone never show this local time, since they are put forward over it."""
    there = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None, fold=0) != local.replace(tzinfo=None, fold=0)


def comes_twice(local: datetime, zone: zoneinfo.ZoneInfo) -> bool:
    """Whether clocks in the zone show this local time twice, since they are put back over it."""
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second and not is_skipped(local, zone)
