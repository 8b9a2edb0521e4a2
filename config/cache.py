"""The cache over Redis, but that a page does without it while the server is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# After a failure nobody asks again for so long: a server that hangs would cost every request its time-out.
REST_SECONDS = 2.0


class PatientCache(RedisCache):
    """Answers «not there» and keeps nothing while Redis is stopped, hangs or restarts.

    Sessions live in the database as well (`cached_db`), so that nobody is signed out; what counts attempts counts none
    meanwhile. The pause is this process's own.
    """

    _rests_until = 0.0

    def _or(self, default: Any, ask: Callable[[], Any]) -> Any:
        if time.monotonic() < PatientCache._rests_until:
            return default
        try:
            return ask()
        except RedisError:
            PatientCache._rests_until = time.monotonic() + REST_SECONDS
            log.warning("the cache is away", exc_info=True)
            return default

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._or(default, lambda: super(PatientCache, self).get(key, default, version))

    def get_many(self, keys: Any, version: Any = None) -> dict[Any, Any]:
        return self._or({}, lambda: super(PatientCache, self).get_many(keys, version))

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._or(None, lambda: super(PatientCache, self).set(key, value, *args, **kwargs))

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return self._or(True, lambda: super(PatientCache, self).add(key, value, *args, **kwargs))

    def delete(self, key: Any, version: Any = None) -> bool:
        return self._or(False, lambda: super(PatientCache, self).delete(key, version))

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return self._or(False, lambda: super(PatientCache, self).touch(key, *args, **kwargs))

    def has_key(self, key: Any, version: Any = None) -> bool:
        return self._or(False, lambda: super(PatientCache, self).has_key(key, version))

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        return self._or(delta, lambda: super(PatientCache, self).incr(key, delta, version))
