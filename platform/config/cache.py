"""The cache on Redis, such that a Redis that is away costs throttling and speed, and never a page."""

from typing import Any

from django_redis.cache import RedisCache as DjangoRedisCache  # type: ignore[import-untyped]  # ships no types


class RedisCache(DjangoRedisCache):  # type: ignore[misc]  # its base is untyped
    """Says “added” while Redis is away: who locks by `add`, as the counting of sign-ins does, must get on."""

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Add a key where there is none; True as well when nobody can tell."""
        added = super().add(*args, **kwargs)
        # None is what is left of an ignored connection error; a key that is there already gives False.
        return True if added is None else bool(added)
